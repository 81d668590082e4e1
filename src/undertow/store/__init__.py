"""Run folders: written as tails and sealed Parquet segments, read back as tables."""

from __future__ import annotations

from ._about import instant, read_about, state_of
from ._append import RunWriter
from ._compact import Compacted, compact
from ._follow import Follower, News
from ._read import RUNS, Recording, Table, by_step, load, newest_attempts
from ._unify import concatenate
from ._verify import FileCheck, RunSummary, summaries, verify

__all__ = [
    "RUNS",
    "Compacted",
    "FileCheck",
    "Follower",
    "News",
    "Recording",
    "RunSummary",
    "RunWriter",
    "Table",
    "by_step",
    "compact",
    "concatenate",
    "instant",
    "load",
    "newest_attempts",
    "read_about",
    "state_of",
    "summaries",
    "verify",
]

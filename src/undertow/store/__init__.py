"""Run folders: written as tails and sealed Parquet segments, read back as tables."""

from __future__ import annotations

from ._about import read_about, state_of
from ._append import RunWriter
from ._bucket import is_remote
from ._compact import Compacted, compact
from ._follow import Follower, News
from ._mirror import Mirror, RemoteRecording, publish
from ._parts import segments
from ._read import RUNS, Recording, Table, by_step, load, newest_attempts, run_row
from ._unify import concatenate
from ._verify import FileCheck, RunSummary, summaries, verify

__all__ = [
    "RUNS",
    "Compacted",
    "FileCheck",
    "Follower",
    "Mirror",
    "News",
    "Recording",
    "RemoteRecording",
    "RunSummary",
    "RunWriter",
    "Table",
    "by_step",
    "compact",
    "concatenate",
    "is_remote",
    "load",
    "newest_attempts",
    "publish",
    "read_about",
    "run_row",
    "segments",
    "state_of",
    "summaries",
    "verify",
]

"""Run folders: written as tails and sealed Parquet segments, read back as tables."""

from __future__ import annotations

from ._append import RunWriter
from ._compact import Compacted, compact
from ._follow import Follower, News
from ._read import Recording, Table, load
from ._verify import FileCheck, RunSummary, summaries, verify

__all__ = [
    "Compacted",
    "FileCheck",
    "Follower",
    "News",
    "Recording",
    "RunSummary",
    "RunWriter",
    "Table",
    "compact",
    "load",
    "summaries",
    "verify",
]

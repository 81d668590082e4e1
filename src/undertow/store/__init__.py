"""Run folders: written as sealed Parquet segments, read back as tables."""

from __future__ import annotations

from ._read import Recording, Table, load
from ._write import SegmentWriter

__all__ = ["Recording", "SegmentWriter", "Table", "load"]

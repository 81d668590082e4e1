"""Run folders: written as tails and sealed Parquet segments, read back as tables."""

from __future__ import annotations

from ._append import RunWriter
from ._read import Recording, Table, load

__all__ = ["Recording", "RunWriter", "Table", "load"]

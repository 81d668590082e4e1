"""What reading a file gives."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

__all__ = ["Read"]


class Read(NamedTuple):
    """Attributes: `table`, the rows; `skipped`, how many bad ones were left out."""

    table: pa.Table
    skipped: int = 0

"""Parquet, Arrow IPC and Feather."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ..errors import SourceError
from ._bytes import read_bytes
from ._infer import as_unix
from ._read import Read

__all__ = ["read_ipc", "read_parquet"]

_BROKEN = (pa.ArrowException, OSError, ValueError, KeyError, NotImplementedError)


def read_parquet(path: Path, skip_bad: bool = False) -> Read:
    """Reads a Parquet file.

    Raises:
        SourceError: If it is none, or damaged.
    """
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            table = file.read()
        table.validate(full=True)
    except _BROKEN as error:
        raise SourceError(f"{path} cannot be read as Parquet: {_short(error)}") from error
    return Read(_timed(table))


def read_ipc(path: Path, skip_bad: bool = False) -> Read:
    """Reads an Arrow IPC file or stream, or a Feather file.

    Raises:
        SourceError: If it is none, or damaged.
    """
    data = pa.py_buffer(read_bytes(path))
    try:
        if data[:4].to_pybytes() == b"FEA1":
            from pyarrow import feather

            table = feather.read_table(pa.BufferReader(data))
        elif data[:6].to_pybytes() == b"ARROW1":
            table = pa.ipc.open_file(data).read_all()
        else:
            table = pa.ipc.open_stream(data).read_all()
        # In full: Arrow takes offsets and indices at their word, and a damaged file would end the process.
        table.validate(full=True)
    except _BROKEN as error:
        raise SourceError(f"{path} cannot be read as Arrow: {_short(error)}") from error
    return Read(_timed(table))


def _timed(table: pa.Table) -> pa.Table:
    """With Unix times as times, and pandas' nameless index under a name."""
    names = [
        "index" if name == "__index_level_0__" and "index" not in table.column_names else name
        for name in table.column_names
    ]
    return pa.table([as_unix(table[place], name) for place, name in enumerate(names)], names=names)


def _short(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

"""Appending to a run folder: each table's rows go into a tail, and each tail becomes a segment."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ._tail import TailFile, order_of
from ._write import TableName, write_segment, writer_name

__all__ = ["REST", "RunWriter", "replaced", "seal"]

#: Ends the name of a segment with the rows of a tail that came after somebody else had sealed it.
REST = "-rest"


class RunWriter:
    """Writes the rows of one process into a run's folder. Not for several threads at once, but for `seal`.

    Args:
        folder: The run's folder; made where it is missing, also later on.
        run: The run's id.
        attempt: The attempt that the rows belong to.
        rank: The process's rank, from 0.

    Attributes:
        name: How its files begin; no other process ever has the same.
    """

    def __init__(self, folder: Path, run: str, attempt: int, rank: int) -> None:
        self.folder, self.name = folder, writer_name(rank)
        self._keys = (run, attempt, rank)
        self._open: dict[TableName, TailFile] = {}
        self._next: dict[TableName, int] = {"steps": 0, "layers": 0}

    def append(self, table: TableName, batch: pa.RecordBatch) -> None:
        """Write rows; on return any reader sees them, and they outlive this process.

        Args:
            table: Where they belong.
            batch: Without the keys run, attempt and rank, and with parameters' names as text.

        Raises:
            OSError: If they cannot be written. Nothing of them is left, and the same call may be tried again.
        """
        tail = self._open.get(table)
        if tail is None:
            path = self.folder / table / f"{self.name}-{self._next[table]:06d}.tail"
            path.parent.mkdir(parents=True, exist_ok=True)
            tail = TailFile(path, table, *self._keys)
            self._next[table] += 1
            self._open[table] = tail
        tail.append(batch)

    def columns(self, table: TableName) -> pa.Schema | None:
        """The columns of the open tail; None where there is none."""
        tail = self._open.get(table)
        return None if tail is None else tail.schema

    def nbytes(self, table: TableName) -> int:
        """How long the open tail is."""
        return self._open[table].nbytes if table in self._open else 0

    def broken(self) -> bool:
        """Whether an open tail was deleted, or is not as this process left it: then rotate and seal."""
        return any(tail.broken for tail in self._open.values())

    def rotate(self, table: TableName | None = None) -> list[TailFile]:
        """The open tails, to be sealed: the next row begins others.

        Args:
            table: Only this one's.
        """
        names = list(self._open) if table is None else [table]
        return [self._open.pop(name) for name in names if name in self._open]

    def is_open(self) -> bool:
        """Whether there is something to be sealed."""
        return bool(self._open)


def seal(tail: TailFile) -> int:
    """Turn a tail into the segment of its name, and remove it. May be called in another thread than `append`.

    Returns:
        How many of its rows could not be read back: 0, unless somebody damaged the file.

    Raises:
        OSError: If the segment cannot be written. The tail stays, is read by everyone, and may be sealed later.
    """
    path = tail.path.with_suffix(".parquet")
    sealed = _sealed_elsewhere(tail) if tail.vanished else 0
    missing = 0
    if tail.rows > sealed:
        table = tail.read()
        missing = tail.rows - len(table)
        if sealed:
            # Somebody took this process for dead and sealed its tail, while it still wrote.
            path = path.with_name(f"{path.stem}{REST}.parquet")
            table = table.slice(sealed)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_segment(path, table, tail.table, order_of(table, tail.table))
        del table
        # Arrow keeps what it freed; a training shall not pay 64 MB for it.
        pa.default_memory_pool().release_unused()
    tail.close()
    # Windows refuses while a reader has it open; beside its segment it is ignored.
    with contextlib.suppress(OSError):
        tail.path.unlink()
    return missing


def _sealed_elsewhere(tail: TailFile) -> int:
    """How many rows of a tail that is gone somebody else has sealed."""
    path = tail.path.with_suffix(".parquet")
    with contextlib.suppress(OSError, pa.ArrowException):
        if path.exists():
            return int(pq.ParquetFile(path).metadata.num_rows)
        for merged in path.parent.glob("c-*.parquet"):
            rows = replaced(merged).get(path.stem)
            if rows is not None:
                return rows
    return 0


def replaced(path: Path) -> Mapping[str, int]:
    """The segments that a merged one stands for, by name without suffix, each with its number of rows.

    Raises:
        OSError: If it cannot be read.
        pyarrow.ArrowException: Likewise.
    """
    metadata = pq.ParquetFile(path).metadata.metadata or {}
    return {str(name): int(rows) for name, rows in json.loads(metadata.get(b"undertow.replaces", b"{}")).items()}

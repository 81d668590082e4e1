"""Tidying run folders: tails that a crash left are sealed, and small segments merged into large ones.

A merged segment appears whole, by one rename, and its metadata name the segments that it stands for: from that moment
on readers leave those out, and then they are deleted. So nothing counts twice or not at all at any moment, after a
kill -9 neither, and the next call deletes what is left. Nothing is changed in place.
"""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import CorruptFileError
from ..schema import KEYS, LAYERS
from ._about import STALE_SECONDS, live_writers
from ._parts import MERGED, list_parts, read_parquet, read_tail
from ._read import Recording
from ._tail import order_of
from ._unify import concatenate
from ._write import TABLES, TableName, write_segment

__all__ = ["Compacted", "compact"]

#: Of rows in memory; what merging holds at most is three times as much.
MERGE_BYTES = 256 << 20

#: Temporary files older than this belong to nobody who is still writing.
_ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was done in one run.

    Attributes:
        run: Its folder.
        sealed: How many tails became segments.
        unread: Bytes at the end of these tails that could not be read. Half a frame went with its tail; where a frame
            was damaged, the tail is kept as `.damaged`.
        merged: How many segments became part of larger ones.
        removed: How many leftovers were deleted.
    """

    run: Path
    sealed: int
    unread: int
    merged: int
    removed: int


def compact(path: Path) -> list[Compacted]:
    """Seal the tails of processes that ended, and merge segments. Safe beside live writers, readers and itself.

    Args:
        path: A run's folder, or a folder of runs.

    Raises:
        NotARunError: If there is no run.
        CorruptFileError: If a segment fails its checks; nothing of it is changed.
        OSError: If something cannot be written.
    """
    return [_compact_run(folder) for folder in Recording(path).folders()]


def _compact_run(folder: Path) -> Compacted:
    sealed = unread = merged = removed = 0
    live = live_writers(folder)
    with _alone(folder) as alone:
        for table in TABLES if alone else ():
            removed += _sweep(folder / table)
            for tail in list_parts(folder / table).tails:
                if not _in_use(tail, live):
                    bytes_unread = _seal_left(tail, table)
                    sealed += bytes_unread is not None
                    unread += bytes_unread or 0
            merged += _merge(folder / table, table)
            _sweep(folder / table)
    return Compacted(folder, sealed, unread, merged, removed)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other compaction works in a run; none begins within the block.

    Two of them could each merge what the other merges. The system lets go of such a lock when a process is killed.
    """
    if sys.platform == "win32":
        # No lock of this kind; there, do not compact one run twice at once.
        yield True
        return
    import fcntl

    with (folder / "compact.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def _in_use(tail: Path, live: set[str]) -> bool:
    if tail.stem.rpartition("-")[0] in live:
        return True
    try:
        # A writer of an attempt that was resumed since, and still runs, stands in no file.
        return time.time() - tail.stat().st_mtime < STALE_SECONDS and bool(live)
    except OSError:
        return True


def _seal_left(tail: Path, table: TableName) -> int | None:
    """Seal what can be read of a tail; returns how many bytes could not, None where somebody else was faster."""
    try:
        rows, unread, problem = read_tail(tail)
        if len(rows):
            write_segment(tail.with_suffix(".parquet"), rows, table, order_of(rows, table), new=True)
    except (FileNotFoundError, FileExistsError):
        return None
    with contextlib.suppress(OSError):
        if problem in (None, "torn"):
            tail.unlink()
        else:
            # Behind the damage there may be frames that a person can save.
            tail.replace(tail.with_suffix(".damaged"))
    return unread


def _merge(folder: Path, name: TableName) -> int:
    """Merge the segments of one table in groups; returns how many became part of others."""
    merged = 0
    group: list[tuple[Path, pa.Table]] = []
    types: dict[str, pa.DataType] = {}
    nbytes = 0
    parts = list_parts(folder)
    for path in parts.segments:
        try:
            metadata = pq.ParquetFile(path).metadata
        except FileNotFoundError:
            continue
        except (pa.ArrowException, OSError, ValueError) as error:
            raise CorruptFileError(f"{path} cannot be read as Parquet: {error}") from error
        size = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
        if b"undertow" not in (metadata.metadata or {}) or size > MERGE_BYTES // 2:
            continue
        try:
            table = read_parquet(path)
        except FileNotFoundError:
            continue
        clash = any(types.get(field.name, field.type) != field.type for field in table.schema)
        if group and (clash or nbytes + table.nbytes > MERGE_BYTES):
            merged += _write_merged(folder, name, group)
            group, types, nbytes = [], {}, 0
        group.append((path, table))
        types.update({field.name: field.type for field in table.schema})
        nbytes += table.nbytes
    return merged + _write_merged(folder, name, group)


def _write_merged(folder: Path, name: TableName, group: list[tuple[Path, pa.Table]]) -> int:
    if len(group) < 2:
        return 0
    table = concatenate(group, LAYERS if name == "layers" else KEYS)
    standing = {path.stem: len(rows) for path, rows in group}
    for path, _ in group:
        if path.stem.startswith(MERGED):
            # What a merged segment stands for must stay known while a writer may ask for it.
            standing |= dict(list_parts(folder).standing.get(path.stem, {}))
    target = folder / f"{MERGED}{uuid.uuid4().hex[:12]}-000000.parquet"
    write_segment(target, table, name, order_of(table, name), standing, new=True)
    if len(read_parquet(target)) != len(table):
        raise CorruptFileError(f"{target} does not read back as it was written")
    return len(group)


def _sweep(folder: Path) -> int:
    """Delete what nobody reads any more; returns how much."""
    parts = list_parts(folder)
    removed = 0
    old = [path for path in parts.temporary if _age(path) > _ABANDONED_SECONDS]
    for path in (*parts.leftovers, *old):
        with contextlib.suppress(OSError):
            path.unlink()
            removed += 1
    return removed


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0

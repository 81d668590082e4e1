"""Which files of a table's folder count, and what is in them, while others write, seal and compact there."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import CorruptFileError, StoreError
from ._append import replaced
from ._tail import TailReader
from ._write import intact

__all__ = ["MERGED", "Parts", "last_step", "list_parts", "read_parquet", "read_parts", "read_tail", "segments"]

#: How the name of a segment begins that compaction made.
MERGED = "c-"

_TRIES = 50


class Parts:
    """The files of one table's folder at one moment.

    Attributes:
        segments: The sealed files that count, sorted.
        tails: The tails that count, sorted.
        leftovers: What a crash left and nobody reads: tails beside their own segment, segments that a merged one stands
            for.
        temporary: Files that are being written, or were when somebody crashed.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        stems = {suffix: {n[: -len(suffix)] for n in names if n.endswith(suffix)} for suffix in (".parquet", ".tail")}
        self.standing: dict[str, Mapping[str, int]] = {}
        for stem in stems[".parquet"]:
            if stem.startswith(MERGED):
                try:
                    self.standing[stem] = replaced(folder / f"{stem}.parquet")
                except FileNotFoundError:
                    raise
                except (pa.ArrowException, OSError, ValueError) as error:
                    raise CorruptFileError(f"{folder / stem}.parquet cannot be read as Parquet: {error}") from error
        gone = {name for names in self.standing.values() for name in names}
        sealed = stems[".parquet"] - gone
        tails = stems[".tail"] - gone - stems[".parquet"]
        self.segments = [folder / f"{stem}.parquet" for stem in sorted(sealed)]
        self.tails = [folder / f"{stem}.tail" for stem in sorted(tails)]
        left = [f"{stem}.parquet" for stem in stems[".parquet"] & gone]
        left += [f"{stem}.tail" for stem in stems[".tail"] - tails]
        self.leftovers = [folder / name for name in sorted(left)]
        self.temporary = [folder / name for name in sorted(names) if name.endswith(".tmp")]


def list_parts(folder: Path) -> Parts:
    """The files of a table's folder that count; none where there is no folder.

    A listing is no snapshot: while a segment takes the place of others, one may miss both. But what is gone was
    replaced before the listing ended, so the next one holds the new file. Two equal ones in a row miss nothing.

    Raises:
        CorruptFileError: If a merged segment cannot be read.
    """
    for _ in range(_TRIES):
        names = _names(folder)
        while (again := _names(folder)) != names:
            names = again
        try:
            return Parts(folder, names)
        except FileNotFoundError:
            continue
    raise StoreError(f"{folder} changes faster than it can be read")


def segments(folder: Path) -> list[Path]:
    """The sealed files of a table's folder that count, sorted.

    Raises:
        CorruptFileError: If a merged segment cannot be read.
    """
    return list_parts(folder).segments


def read_parts(folder: Path, live: bool = False) -> list[tuple[Path, pa.Table]]:
    """Every row of a table's folder, file by file: the sealed segments, then the whole frames of tails.

    Args:
        folder: `<run>/<table>`.
        live: Whether half a frame at the end is no loss, since it is being written.

    Raises:
        CorruptFileError: If a segment fails its checks.
    """
    for _ in range(_TRIES):
        parts = list_parts(folder)
        try:
            found = [(path, read_parquet(path)) for path in parts.segments]
            for path in parts.tails:
                table, unread, problem = read_tail(path)
                found.append((path, table))
                if problem is not None and not (live and problem == "torn"):
                    _warn(
                        f"{path}: the last {unread} bytes cannot be read ({problem}); {len(table)} rows before them are"
                    )
        except FileNotFoundError:
            # Sealed or compacted since it was listed.
            continue
        return found
    raise StoreError(f"{folder} changes faster than it can be read")


def read_tail(path: Path) -> tuple[pa.Table, int, str | None]:
    """A tail's rows, how many bytes behind them cannot be read, and why.

    Raises:
        FileNotFoundError: If it is gone.
    """
    with path.open("rb") as file:
        reader = TailReader(file)
        table = reader.table(reader.read())
        return table, reader.unread, reader.problem


def read_parquet(path: Path) -> pa.Table:
    """A segment's rows, after every check.

    Raises:
        FileNotFoundError: If it is gone.
        CorruptFileError: If it fails a check; the message names it.
    """
    try:
        content = path.read_bytes()
        # Never as a dataset: a folder named `a=b` on the way would become a column.
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        table = file.read()
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CorruptFileError(f"{path} cannot be read as Parquet: {error}") from error
    ours = any(key.startswith(b"undertow") for key in file.metadata.metadata or {})
    if ours and not intact(content):
        raise CorruptFileError(f"{path} is damaged: its checksum differs")
    return table


def last_step(folder: Path) -> int:
    """The highest step in a table's folder, -1 where there is none. Reads the ends of segments only, and the tails."""
    highest = -1
    parts = list_parts(folder)
    for path in parts.segments:
        try:
            metadata = pq.ParquetFile(path).metadata
        except (pa.ArrowException, OSError, ValueError):
            continue
        place = metadata.schema.to_arrow_schema().names.index("step")
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(place).statistics
            highest = max(highest, statistics.max if statistics is not None and statistics.has_min_max else -1)
    for path in parts.tails:
        try:
            steps = read_tail(path)[0]["step"]
        except FileNotFoundError:
            continue
        highest = max(highest, pc.max(steps).as_py() if len(steps) else -1)
    return highest


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=2)

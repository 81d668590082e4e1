"""Following runs while they are written: each call gives the rows that are new since the one before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from ..errors import CorruptFileError, StoreError
from ..schema import KEYS, LAYERS, OPTIONAL
from ._append import REST
from ._parts import MERGED, list_parts, read_parquet
from ._read import Recording
from ._tail import TailReader
from ._unify import concatenate
from ._write import TABLES, TableName

__all__ = ["Follower", "News"]


@dataclass(frozen=True, slots=True)
class News:
    """What is new since the last poll.

    Attributes:
        steps: New rows of `steps`, of every attempt, in no promised order.
        layers: New rows of `layers`, likewise.
        restarted: Whether these are all rows, the known ones included, since what was merged cannot be told apart.
        problems: What could not be read, in words; only what was not told before.
    """

    steps: pa.Table
    layers: pa.Table
    restarted: bool
    problems: list[str]


class Follower:
    """Reads a folder of runs, or one run, again and again, at the cost of what is new.

    It holds open the tails that it reads, so that it can go on in them after they were sealed; close it.

    Args:
        path: The folder.
        strict: Whether a file that cannot be read is an error. Otherwise it is one of the `problems`, and left out.

    Raises:
        NotARunError: If there is no such folder, or no run in it.
    """

    def __init__(self, path: Path, *, strict: bool = True) -> None:
        self._recording = Recording(path)
        self._strict = strict
        self._seen: dict[Path, set[str]] = {}
        self._open: dict[Path, tuple[BinaryIO, TailReader]] = {}
        self._followed: set[str] = set()
        self._told: set[str] = set()

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files."""
        for file, _ in self._open.values():
            file.close()
        self._open = {}

    def poll(self) -> News:
        """The rows that were written since the last call: at the first, all.

        Raises:
            CorruptFileError: If a segment fails its checks, where strict.
            StoreError: If a run cannot be read.
        """
        problems: list[str] = []
        try:
            found = self._new(problems)
            restarted = False
        except _MergedUnseen:
            self.close()
            self._seen, self._followed = {}, set()
            found = self._new(problems)
            restarted = True
        tables = {name: concatenate(parts, LAYERS if name == "layers" else KEYS) for name, parts in found.items()}
        news = [problem for problem in problems if problem not in self._told]
        self._told.update(news)
        return News(tables["steps"], tables["layers"], restarted, news)

    def _new(self, problems: list[str]) -> dict[TableName, list[tuple[Path, pa.Table]]]:
        found: dict[TableName, list[tuple[Path, pa.Table]]] = {name: [] for name in TABLES}
        for folder in self._recording.folders():
            for name in TABLES:
                found[name] += self._new_in(folder / name, problems)
        return found

    def _new_in(self, folder: Path, problems: list[str]) -> list[tuple[Path, pa.Table]]:
        seen = self._seen.setdefault(folder, set())
        for _ in range(50):
            try:
                return self._try(folder, seen, problems)
            except FileNotFoundError:
                # Sealed or compacted since it was listed; what was taken is remembered only when all of it is read.
                continue
        raise StoreError(f"{folder} changes faster than it can be read")

    def _try(self, folder: Path, seen: set[str], problems: list[str]) -> list[tuple[Path, pa.Table]]:
        parts = list_parts(folder)
        segments: list[tuple[Path, pa.Table]] = []
        taken: set[str] = set()
        finished: list[Path] = []
        for path in parts.segments:
            tail = path.with_suffix(".tail")
            if path.stem in seen:
                continue
            if path.stem.endswith(REST) and path.stem.removesuffix(REST) in self._followed:
                raise _MergedUnseen
            if tail in self._open:
                finished.append(tail)
                taken.add(path.stem)
                continue
            if path.stem.startswith(MERGED):
                stems = set(parts.standing[path.stem])
                followed = {known.stem for known in self._open if known.parent == folder}
                if stems & (seen | followed):
                    if not stems <= seen | followed:
                        raise _MergedUnseen
                    finished += [folder / f"{stem}.tail" for stem in stems & followed]
                    taken |= {path.stem, *stems}
                    continue
            try:
                segments.append((path, self._segment(path)))
            except CorruptFileError as error:
                if self._strict:
                    raise
                problems.append(str(error))
            taken.add(path.stem)
        for path in parts.tails:
            if path not in self._open:
                file = path.open("rb")
                self._open[path] = (file, TailReader(file))
                self._followed.add(path.stem)
        # From here on nothing is missing any more, so that no row that was read is forgotten.
        seen |= taken
        for path, (_, reader) in self._open.items():
            if path.parent == folder:
                batches = reader.read()
                if batches:
                    table = reader.table(batches)
                    missing = _missing(path, table)
                    if missing is None:
                        segments.append((path, table))
                    else:
                        problems.append(missing)
                if reader.problem not in (None, "torn"):
                    problems.append(f"{path}: the bytes from {reader.offset} on cannot be read ({reader.problem})")
        for path in finished:
            if path in self._open:
                self._open.pop(path)[0].close()
        return segments

    def _segment(self, path: Path) -> pa.Table:
        table = read_parquet(path)
        missing = _missing(path, table)
        if missing is not None:
            raise CorruptFileError(missing)
        return table


def _missing(path: Path, table: pa.Table) -> str | None:
    """Why a file's rows are none of ours, if they are not."""
    needed = LAYERS if path.parent.name == "layers" else KEYS
    missing = [name for name in needed.names if name not in {*table.column_names, *OPTIONAL}]
    return f"{path} is not a segment of ours: it has no column {missing[0]!r}" if missing else None


class _MergedUnseen(Exception):  # noqa: N818
    """A merged segment stands for rows of which only some were given out."""

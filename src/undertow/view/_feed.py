"""One run, read along while it is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import StoreError
from ..schema import KEYS, LAYERS, PARAMS
from ..store import Follower, concatenate, read_about, run_row, state_of

__all__ = ["Feed", "Listed", "strays"]

TableName = Literal["steps", "layers"]
Parts = list[tuple[Path, pa.Table]]

#: So many pieces of a table are joined into one, since every poll that finds something adds one.
_MOST_PIECES = 64


class Listed:
    """A run as the list shows it: what its `run.json` says, read anew when that changes.

    Attributes:
        folder: The run's folder.
        id: The folder's name, by which pages ask for it.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self._root = root
        self._stamp: object = None
        self._about: dict[str, Any] = {}
        self._row: dict[str, Any] = {}
        self._problem: str | None = None

    def entry(self) -> dict[str, Any]:
        """What a page is told of the run; JSON."""
        self._read()
        about = self._about
        state = "unreadable" if self._problem else str(state_of(about))
        return {
            "id": self.id,
            "name": str(about.get("name") or self.id),
            "state": state,
            "start": about.get("start"),
            "end": about.get("end"),
            "config": {str(name): str(value) for name, value in dict(about.get("config") or {}).items()},
            "problem": self._problem,
        }

    def row(self) -> dict[str, Any]:
        """A row of a Recording's `runs`, for a run that could be read."""
        # Whether it still runs is told by the clock, too.
        name = str(self._about.get("name") or self.id)
        return {**self._row, "run": self.id, "name": name, "state": state_of(self._about)}

    def _read(self) -> None:
        path = self.folder / "run.json"
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if stamp == self._stamp:
                return
            stray = next(strays(self.folder, self._root), None)
            if stray is not None:
                raise StoreError(f"{stray} leads out of {self._root}; this run is not read")
            about = read_about(self.folder)
            row = run_row(self.folder, about)
            dict(about.get("config") or {})
        except (StoreError, OSError, ValueError, TypeError, AttributeError) as error:
            self._stamp, self._problem, self._about, self._row = None, str(error), {}, {}
            return
        self._stamp, self._problem, self._about, self._row = stamp, None, about, row


class Feed:
    """The rows of one run by now, at the cost of what is new since the last look.

    Attributes:
        version: Grows whenever there is something new.
        problems: What could not be read, in words.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.version = 0
        self.problems: list[str] = []
        self._root = root
        self._follower: Follower | None = None
        self._parts: dict[TableName, Parts] = {"steps": [], "layers": []}
        self._params_stamp: object = None
        self._params = PARAMS.empty_table()

    def close(self) -> None:
        """Let go of all files."""
        if self._follower is not None:
            self._follower.close()
        self._follower = None

    def poll(self) -> bool:
        """Takes in what is new, and says whether there was anything. What cannot be read becomes a problem."""
        known = (self.version, len(self.problems))
        try:
            stray = next(strays(self.folder, self._root), None)
            if stray is not None:
                raise StoreError(f"{stray} leads out of {self._root}; this run is not read")
            self._poll()
        except Exception as error:  # a foreign file may bring any reader to any error; the other runs are read on
            if str(error) not in self.problems:
                self.problems.append(str(error))
                self.version += 1
        return known != (self.version, len(self.problems))

    def table(self, name: TableName) -> pa.Table:
        """The rows of a table by now, of every attempt."""
        schema = LAYERS if name == "layers" else KEYS
        parts = self._parts[name]
        if len(parts) > 1:
            parts[:] = [(self.folder / name, concatenate(parts, schema))]
        return parts[0][1] if parts else schema.empty_table()

    @property
    def params(self) -> pa.Table:
        """The parameters, each once. Schema `undertow.schema.PARAMS`."""
        return self._params

    def _poll(self) -> None:
        if self._follower is None:
            self._follower = Follower(self.folder, strict=False)
        news = self._follower.poll()
        if news.restarted:
            self._parts = {"steps": [], "layers": []}
        for name, table in (("steps", news.steps), ("layers", news.layers)):
            if len(table):
                parts = self._parts["steps" if name == "steps" else "layers"]
                parts.append((self.folder / name, table))
                if len(parts) > _MOST_PIECES:
                    self.table("steps" if name == "steps" else "layers")
        self.problems += news.problems
        changed = self._read_params()
        if changed or news.restarted or news.problems or len(news.steps) or len(news.layers):
            self.version += 1

    def _read_params(self) -> bool:
        paths = sorted(self.folder.glob("params*.parquet"))
        stamp = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
        if stamp == self._params_stamp:
            return False
        self._params_stamp = stamp
        known: dict[str, dict[str, Any]] = {}
        for path in paths:
            try:
                table = pq.ParquetFile(path).read().select(PARAMS.names).cast(PARAMS)
            except (pa.ArrowException, KeyError, ValueError, OSError) as error:
                self.problems.append(f"{path} cannot be read: {error}")
                continue
            for row in table.to_pylist():
                known.setdefault(row["param"], row)
        self._params = pa.Table.from_pylist(list(known.values()), schema=PARAMS)
        return True


def strays(folder: Path, root: Path) -> Iterator[Path]:
    """The links in a run's folder that lead out of `root`, the folder itself included. Nothing else is followed."""
    inside = root.resolve()
    if not folder.resolve().is_relative_to(inside):
        yield folder
        return
    for place in (folder, folder / "steps", folder / "layers"):
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(place) as entries:
            for entry in entries:
                if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(inside):
                    yield Path(entry.path)

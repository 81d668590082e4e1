"""A folder of runs whose rows stay where they are: a page sees what an engine answers about the sealed segments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from ..errors import StoreError
from ..frame import Frame
from ..query import Engine
from ..query.sealed import TableName, check_engine, engine_of, sealed_frame, segments
from ._feed import Listed
from ._live import Live, Snapshot

__all__ = ["Sealed"]

_TABLES: tuple[TableName, ...] = ("layers", "steps")


class Sealed(Live):
    """Looks at a folder as `Live` does, but reads no row. All methods may be called from any thread.

    Args:
        root: The folder; it need not hold a run yet.
        engine: "duckdb" or "spark".
        master: The cluster, for "spark".

    Raises:
        QueryError: If there is no such engine, or no cluster is named.
    """

    most_seconds = 600.0

    def __init__(self, root: Path, engine: str, master: Any = None) -> None:
        check_engine(engine, master)
        super().__init__(root)
        self._engine = engine
        self._master = master

    def latest(self) -> list[str]:
        """The ids of all runs that can be read, the newest first."""
        return [name for name, entry in self._entries.items() if entry["state"] != "unreadable"]

    def snapshot(self, runs: Sequence[str]) -> Snapshot:
        """The frames of some runs, as far as they are sealed by now."""
        with self._lock:
            known = {
                name: self._listed[name].folder
                for name in dict.fromkeys(runs)
                if name in self._listed and self._entries.get(name, {}).get("state") != "unreadable"
            }
            found: dict[str, list[Path]] = {}
            problems = []
            for table in _TABLES:
                found[table] = []
                for folder in known.values():
                    try:
                        found[table] += segments([folder], table)
                    except StoreError as error:
                        problems.append(str(error))
            stamp = tuple((str(path), 0) for table in _TABLES for path in found[table])
            if stamp not in self._kept:
                frames = tuple(sealed_frame(found[table], table) for table in _TABLES if found[table])
                self._number += 1
                made = Snapshot(f"{self._epoch}-{self._number}", tuple(known), frames, (), tuple(problems))
                made.made["paths"] = found
                self._kept[stamp] = made
                while len(self._kept) > 2:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(stamp)
            return self._kept[stamp]

    def engine(self, snapshot: Snapshot, frame: Frame) -> Engine:
        """See `Live.engine`."""
        lens: Literal["steps", "layers"] = "layers" if frame.lens == "layers" else "steps"
        return engine_of(snapshot.made["paths"][lens], self._engine, self._master)

    def _entry(self, listed: Listed) -> dict[str, Any]:
        entry = super()._entry(listed)
        # A sealed segment comes by a rename, which its folder's time of change tells.
        stamp = 0
        for table in _TABLES:
            try:
                stamp += (listed.folder / table).stat().st_mtime_ns
            except FileNotFoundError:
                continue
        entry["version"] = stamp
        return entry

"""A folder of runs as frames, kept up to date while trainings write into it."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..diagnose import Finding, find
from ..errors import UndertowError
from ..frame import Frame
from ..query import DuckEngine, Engine, named
from ..query import frames as frames_of
from ..schema import KEYS, LAYERS, PARAMS
from ..store import RUNS, by_step, concatenate, newest_attempts
from ._feed import Feed, Listed

__all__ = ["Live", "Snapshot"]

#: How many of the newest runs are shown where nobody has picked any.
LATEST = 10
#: A run that no page has asked for in so long is no longer read along.
_FORGET_SECONDS = 60.0
#: Snapshots that are kept for whoever still asks about them or grows from them, and their bytes; two in any case.
_MOST_KEPT = 16
_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Snapshot:
    """What some runs look like at one moment.

    Attributes:
        version: Tells it from every other of this server.
        runs: The runs' ids.
        frames: One a lens; empty where nothing was recorded yet.
        findings: What the rules found.
        problems: What could not be read, in words.
        made: Whatever was made of it, kept as long as it is.
    """

    version: str
    runs: tuple[str, ...]
    frames: tuple[Frame, ...]
    findings: tuple[Finding, ...]
    problems: tuple[str, ...]
    made: dict[Any, Any] = field(default_factory=dict)


class Live:
    """Reads a folder along. All methods may be called from any thread.

    Args:
        root: The folder; it need not hold a run yet.

    Attributes:
        most_seconds: So long may one question take.
    """

    most_seconds = 60.0

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.RLock()
        self._listed: dict[str, Listed] = {}
        self._entries: dict[str, dict[str, Any]] = {}
        self._feeds: dict[str, tuple[Feed, float]] = {}
        self._building: dict[tuple[str, ...], threading.Lock] = {}
        self._kept: OrderedDict[tuple[tuple[str, int], ...], Snapshot] = OrderedDict()
        self._number = 0
        self._epoch = f"{time.time_ns():x}"

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            for feed, _ in self._feeds.values():
                feed.close()
            self._feeds = {}

    def entries(self) -> dict[str, dict[str, Any]]:
        """The runs as of the last look, the newest first: see `Listed.entry`; `version` where they are read along."""
        return self._entries

    def look(self) -> bool:
        """Takes in what was written since the last look, and says whether anything is new."""
        with self._lock:
            before = self._entries
            folders = self._folders()
            for name in [name for name in self._listed if name not in folders]:
                del self._listed[name]
                if name in self._feeds:
                    self._feeds.pop(name)[0].close()
            for name, folder in folders.items():
                if name not in self._listed:
                    self._listed[name] = Listed(folder, self.root)
            now = time.monotonic()
            for name, (feed, asked) in list(self._feeds.items()):
                if now - asked > _FORGET_SECONDS:
                    feed.close()
                    del self._feeds[name]
                else:
                    feed.poll()
            entries = [self._entry(listed) for listed in self._listed.values()]
            entries.sort(key=lambda entry: (str(entry["start"] or ""), entry["id"]), reverse=True)
            self._entries = {entry["id"]: entry for entry in entries}
            return self._entries != before

    def latest(self) -> list[str]:
        """The ids of the newest runs, the newest first."""
        readable = (name for name, entry in self._entries.items() if entry["state"] != "unreadable")
        return [name for name, _ in zip(readable, range(LATEST), strict=False)]

    def snapshot(self, runs: Sequence[str]) -> Snapshot:
        """The frames of some runs by now; runs that are not there are left out. Made once for all who ask at a time."""
        key = tuple(dict.fromkeys(runs))
        with self._lock:
            building = self._building.setdefault(key, threading.Lock())
        with building:
            with self._lock:
                feeds = self._follow(key)
                stamp = tuple((name, feed.version) for name, feed in feeds.items())
                if stamp in self._kept:
                    self._kept.move_to_end(stamp)
                    return self._kept[stamp]
                tables = {
                    name: (feed.table("steps"), feed.table("layers"), feed.params) for name, feed in feeds.items()
                }
                about = [self._listed[name].row() for name in feeds]
                problems = [problem for feed in feeds.values() for problem in feed.problems]
            frames, findings = _build(tables, about, problems)
            with self._lock:
                self._number += 1
                made = Snapshot(f"{self._epoch}-{self._number}", tuple(feeds), frames, findings, tuple(problems))
                self._kept[stamp] = made
                while len(self._kept) > 2 and (len(self._kept) > _MOST_KEPT or self._held() > _MOST_BYTES):
                    self._kept.popitem(last=False)
                self._building = {name: lock for name, lock in self._building.items() if lock.locked()}
            return made

    def engine(self, snapshot: Snapshot, frame: Frame) -> Engine:
        """An engine over one of a snapshot's frames."""
        return DuckEngine(frame)

    def known(self, version: str) -> Snapshot | None:
        """The snapshot of that version, if it is still kept."""
        with self._lock:
            return next((made for made in self._kept.values() if made.version == version), None)

    def _held(self) -> int:
        return sum(int(frame.table.nbytes) for made in self._kept.values() for frame in made.frames)

    def _folders(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        with suppress(OSError), os.scandir(self.root) as entries:
            for entry in entries:
                folder = Path(entry.path)
                if entry.name == "run.json":  # the folder is itself a run
                    return {self.root.resolve().name: self.root}
                with suppress(OSError):
                    if (folder / "run.json").exists():
                        found[entry.name] = folder
        return found

    def _entry(self, listed: Listed) -> dict[str, Any]:
        entry = listed.entry()
        feed = self._feeds.get(listed.id)
        if feed is not None:
            entry["version"] = feed[0].version
            entry["problem"] = entry["problem"] or "; ".join(feed[0].problems[:3]) or None
        return entry

    def _follow(self, runs: Sequence[str]) -> dict[str, Feed]:
        """The feeds of the runs that are there, opened where they are new."""
        found = {}
        for name in runs:
            listed = self._listed.get(name)
            if listed is None or self._entries.get(name, {}).get("state") == "unreadable":
                continue
            feed = self._feeds[name][0] if name in self._feeds else Feed(listed.folder, self.root)
            if name not in self._feeds:
                feed.poll()
            self._feeds[name] = (feed, time.monotonic())
            found[name] = feed
        return found


class _Given:
    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def to_arrow(self) -> pa.Table:
        return self._table


class _Recorded:
    """Tables in memory, as the lenses read recordings; a row of `about` for each run, in order."""

    def __init__(self, tables: dict[str, tuple[pa.Table, pa.Table, pa.Table]], about: list[dict[str, Any]]) -> None:
        root = Path()
        steps = [(root / name, table[0]) for name, table in tables.items() if len(table[0])]
        layers = [(root / name, table[1]) for name, table in tables.items() if len(table[1])]
        self.runs = _Given(pa.Table.from_pylist(about, schema=RUNS))
        self.steps = _Given(by_step(newest_attempts(concatenate(steps, KEYS))))
        self.layers = _Given(newest_attempts(concatenate(layers, LAYERS)))
        schema = pa.schema([RUNS.field("run"), *PARAMS])
        params = [
            table[2].add_column(0, schema.field("run"), pa.array([row["run"]] * len(table[2]), pa.string()))
            for table, row in zip(tables.values(), about, strict=True)
        ]
        self.params = _Given(pa.concat_tables([schema.empty_table(), *params]))


def _build(
    tables: dict[str, tuple[pa.Table, pa.Table, pa.Table]], about: list[dict[str, Any]], problems: list[str]
) -> tuple[tuple[Frame, ...], tuple[Finding, ...]]:
    if not any(len(steps) or len(layers) for steps, layers, _ in tables.values()):
        return (), ()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            recorded = named(_Recorded(tables, about))
            frames = tuple(frames_of(recorded))
            findings = tuple(find(frames, recorded))
        except Exception as error:
            # Rows that do not fit together, of whatever run, must not end what others look at: the page says so.
            problems.append(str(error) if isinstance(error, UndertowError) else repr(error))
            return (), ()
    problems += [str(warning.message) for warning in said if issubclass(warning.category, UserWarning)]
    return frames, findings

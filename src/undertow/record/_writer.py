"""The background writer: one thread that takes what training hands over and never gives anything back but a warning."""

from __future__ import annotations

# pyarrow imports pandas at its first array where that is installed, and pandas this, which refuses to be imported while
# the interpreter shuts down: a run left open to the end would lose its rows.
import concurrent.futures.thread  # noqa: F401
import contextlib
import logging
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from ..store._write import SegmentWriter, TableName, replace_params
from ._buffer import LaterRows, LayerRows, Row, layers_table, steps_table
from ._values import Kind

__all__ = ["Observer", "Writer", "warn"]

Observer: TypeAlias = Callable[[TableName, pa.Table], object]

#: How often the thread looks for work. Waking it on each log() would cost the training thread more than it gains.
_POLL_SECONDS = 0.1

#: A segment is sealed at this age or size: what a crash may cost, and what a reader waits for.
SEAL_SECONDS = 30.0
SEAL_BYTES = 64 << 20

#: What may wait in memory, handed over but not yet taken; and sealed in vain, on a full disk.
_QUEUE_BYTES = 128 << 20
_KEPT_BYTES = 256 << 20

#: How long log() waits for room, once per stall: enough for a burst on a healthy disk, nothing on a dead one.
_PATIENCE_SECONDS = 0.05

_CLOSE_SECONDS = 60.0


class Writer:
    """Seals what is `put` into the segments of one process.

    Args:
        folder: The run's folder; created again where it is missing.
        run: The run's id.
        rank: The process's rank.
        on_degraded: Called once, in any thread, when something goes wrong for the first time.
    """

    def __init__(self, folder: Path, run: str, rank: int, on_degraded: Callable[[], None]) -> None:
        self.lost = 0
        self.reasons: list[str] = []
        self.observers: list[Observer] = []
        self._folder, self._run, self._rank = folder, run, rank
        self._on_degraded = on_degraded
        self._segments = SegmentWriter(folder, rank)
        self._kinds: dict[str, Kind] = {}
        self._lock = threading.Lock()
        self._queue: list[Row | LayerRows | LaterRows] = []
        self._queued_bytes = 0
        self._params: list[dict[str, Any]] | None = None
        self._stalled = False
        self._wake, self._taken = threading.Event(), threading.Event()
        self._closing = False
        self._rows: list[Row] = []
        self._chunks: list[LayerRows | LaterRows] = []
        self._kept_bytes = 0
        self._seal_at = time.monotonic() + SEAL_SECONDS
        self._failed_observers: set[int] = set()
        self._thread = threading.Thread(target=self._work, name=f"undertow-{run}", daemon=True)
        self._thread.start()

    @property
    def degraded(self) -> bool:
        return bool(self.reasons)

    def put(self, item: Row | LayerRows | LaterRows, kinds: dict[str, Kind] | None = None) -> None:
        """Hand over; costs a lock, and raises nothing.

        Args:
            item: Not to be changed any more.
            kinds: The kind of each metric in a Row, where it is new or has widened.
        """
        if self._queued_bytes > _QUEUE_BYTES and not self._has_room():
            self._lose(item.rows, "the writer cannot keep up")
            return
        with self._lock:
            if kinds:
                self._kinds = {**self._kinds, **kinds}
            self._queue.append(item)
            self._queued_bytes += item.nbytes
        if self._queued_bytes > _QUEUE_BYTES // 2:
            self._wake.set()

    def put_params(self, rows: list[dict[str, Any]]) -> None:
        """Hand over the whole `params` table, which replaces the one before."""
        with self._lock:
            self._params = rows

    def close(self) -> None:
        """Seal everything and end the thread; waits a minute at most, and raises nothing."""
        self._closing = True
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)
        left = _count(self._queue) + _count(self._rows) + _count(self._chunks)
        if left:
            self._lose(left, "the writer stands still" if self._thread.is_alive() else "the writer has ended")

    def _has_room(self) -> bool:
        if self._stalled or not self._thread.is_alive():
            self._stalled = True
        else:
            self._taken.clear()
            self._wake.set()
            self._stalled = not self._taken.wait(_PATIENCE_SECONDS)
        return not self._stalled

    def _work(self) -> None:
        while True:
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()
            closing = self._closing
            try:
                self._take()
                if closing or time.monotonic() >= self._seal_at or self._kept_bytes >= SEAL_BYTES:
                    self._seal()
            except Exception as error:
                self.degrade(f"{type(error).__name__}: {error}")
            if closing:
                return

    def _take(self) -> None:
        with self._lock:
            items, self._queue, self._queued_bytes = self._queue, [], 0
            params, self._params = self._params, None
            kinds = self._kinds
        self._stalled = False
        self._taken.set()
        if params is not None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                replace_params(self._folder / "params.parquet", params)
            except Exception as error:
                self._params = self._params or params
                self.degrade(f"params.parquet: {error}")
        rows, chunks = [], []
        for item in items:
            try:
                for failure in item.resolve():
                    self.degrade(f"a value could not be read, {failure}")
            except Exception as error:
                self._lose(item.rows, f"values could not be read, {type(error).__name__}: {error}")
                continue
            self._kept_bytes += item.nbytes
            if isinstance(item, Row):
                rows.append(item)
            elif len(item.step):
                chunks.append(item)
        if self.observers:
            self._notify(rows, chunks, kinds)
        self._rows += rows
        self._chunks += chunks

    def _notify(self, rows: list[Row], chunks: list[LayerRows | LaterRows], kinds: dict[str, Kind]) -> None:
        tables: list[tuple[TableName, pa.Table]] = []
        if rows:
            tables.append(("steps", steps_table(rows, self._run, self._rank, kinds)))
        if chunks:
            tables.append(("layers", layers_table(chunks, self._run, self._rank)))
        for observer in list(self.observers):
            for name, table in tables:
                try:
                    observer(name, table)
                except Exception as error:
                    if id(observer) not in self._failed_observers:
                        self._failed_observers.add(id(observer))
                        warn(f"an observer of run {self._run} failed, {type(error).__name__}: {error}")

    def _seal(self) -> None:
        self._seal_at = time.monotonic() + SEAL_SECONDS
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._rows:
                self._segments.seal("steps", steps_table(self._rows, self._run, self._rank, self._kinds))
                self._rows = []
            if self._chunks:
                self._segments.seal("layers", layers_table(self._chunks, self._run, self._rank))
                self._chunks = []
            self._kept_bytes = 0
        except Exception as error:
            # Kept, for the disk may have room again at the next attempt.
            self.degrade(str(error))
            if self._kept_bytes < _KEPT_BYTES:
                return
            self._lose(_count(self._rows) + _count(self._chunks), str(error))
            self._rows, self._chunks, self._kept_bytes = [], [], 0

    def _lose(self, rows: int, reason: str) -> None:
        self.lost += rows
        self.degrade(reason)

    def degrade(self, reason: str) -> None:
        """Remember that something went wrong; the first time, say so."""
        first = not self.reasons
        if reason not in self.reasons and len(self.reasons) < 10:
            self.reasons.append(reason)
        if first:
            warn(f"run {self._run} is not recorded completely: {reason}. Training goes on.")
            self._on_degraded()


def _count(items: Sequence[Row | LayerRows | LaterRows]) -> int:
    return sum(item.rows for item in items)


def warn(message: str) -> None:
    """Warn without ever raising, even where warnings are errors."""
    with contextlib.suppress(Exception):
        try:
            warnings.warn(message, RuntimeWarning, stacklevel=3)
        except Warning:
            logging.getLogger("undertow").warning(message)

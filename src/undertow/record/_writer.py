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

from ..store._append import RunWriter
from ..store._tail import with_keys
from ..store._write import TABLES, TableName, replace_params
from ._buffer import LaterRows, LayerRows, layers_table
from ._rows import Row, steps_table, wider
from ._sealer import Sealer
from ._values import Kind

__all__ = ["Observer", "Writer", "warn"]

Observer: TypeAlias = Callable[[TableName, pa.Table], object]

#: How often the thread looks for work. With what writing takes, a row is on its way to the disk within 0.1 s. Waking it
#: on each log() would cost the training thread more than it gains.
_POLL_SECONDS = 0.05

#: A tail is sealed at this age or size.
SEAL_SECONDS = 300.0
SEAL_BYTES = 64 << 20

_BEAT_SECONDS = 10.0

#: How many bytes of rows may wait to be taken: what is written within some 50 ms, so that a crash amid a tight loop
#: costs no more than one amid a slow one. Layers wait as tensors, which may be as large as the model.
_QUEUE_BYTES = 8 << 20
_CHUNK_BYTES = 128 << 20

#: What may wait in memory while the disk refuses it, and how often to ask the disk again.
_KEPT_BYTES = 64 << 20
_RETRY_SECONDS = 1.0

#: How long log() waits for room, once per stall: enough for a tight loop beside a slow disk, nothing on a dead one.
_PATIENCE_SECONDS = 1.0

#: The same before anything was written: the first rows also wait for Arrow to be loaded, which several processes that
#: start at once on a busy machine make each other wait for.
_COLD_SECONDS = 10.0

_CLOSE_SECONDS = 60.0


class Writer:
    """Writes what is `put` into the files of one process.

    Args:
        folder: The run's folder; made where it is missing, also later on.
        run: The run's id.
        attempt: The attempt that all rows belong to.
        rank: The process's rank.
        params: The name of the file for `put_params`, made from the writer's name.
        on_change: Called in any thread when something went wrong for the first time, and every few seconds to show that
            the process lives.

    Attributes:
        name: How its files begin.
        lost: How many rows were lost.
        reasons: What went wrong, in words.
        observers: Called with new rows.
    """

    def __init__(
        self,
        folder: Path,
        run: str,
        attempt: int,
        rank: int,
        params: Callable[[str], str],
        on_change: Callable[[bool], None],
    ) -> None:
        self.lost = 0
        self.reasons: list[str] = []
        self.observers: list[Observer] = []
        self._folder, self._keys, self._on_change = folder, (run, attempt, rank), on_change
        self._files = RunWriter(folder, run, attempt, rank)
        self.name = self._files.name
        self._params_path = folder / params(self.name)
        self._lock = threading.Lock()
        self._rows: list[Row] = []
        self._chunks: list[LayerRows | LaterRows] = []
        self._row_bytes = self._chunk_bytes = 0
        self._params: list[dict[str, Any]] | None = None
        self._params_written: list[dict[str, Any]] | None = None
        self._wanted = self._done = 0
        self._flushed = threading.Condition(self._lock)
        self._stalled = self._closing = self._warm = False
        self._wake, self._taken = threading.Event(), threading.Event()
        self._taken_rows = 0
        self._kinds: dict[str, Kind] = {}
        self._kept: list[tuple[TableName, pa.RecordBatch]] = []
        self._retry_at = 0.0
        self._sealer = Sealer(self._lose)
        self._seal_at = time.monotonic() + SEAL_SECONDS
        self._beat_at = time.monotonic() + _BEAT_SECONDS
        self._failed_observers: set[int] = set()
        self._thread = threading.Thread(target=self._work, name=f"undertow-{run}", daemon=True)
        self._thread.start()

    @property
    def degraded(self) -> bool:
        return bool(self.reasons)

    def put_row(self, row: Row) -> None:
        """Hand over a row of `steps`; costs a lock, and raises nothing. Not to be changed any more."""
        if self._row_bytes > _QUEUE_BYTES and not self._has_room():
            self._lose(1, "the writer cannot keep up")
            return
        shape = row[0]
        nbytes = shape.nbytes
        for index in shape.texts:
            nbytes += 4 * len(row[1][index])
        with self._lock:
            self._rows.append(row)
            self._row_bytes += nbytes
        # Half as much again may come while the thread wakes up.
        if self._row_bytes > _QUEUE_BYTES // 8:
            self._wake.set()

    def put(self, item: LayerRows | LaterRows) -> None:
        """Hand over rows of `layers`; costs a lock, and raises nothing. Not to be changed any more."""
        if self._chunk_bytes > _CHUNK_BYTES and not self._has_room():
            self._lose(item.rows, "the writer cannot keep up")
            return
        with self._lock:
            self._chunks.append(item)
            self._chunk_bytes += item.nbytes
        if self._chunk_bytes > _CHUNK_BYTES // 2:
            self._wake.set()

    def put_params(self, rows: list[dict[str, Any]]) -> None:
        """Hand over the whole `params` table, which replaces the one before."""
        with self._lock:
            self._params = rows

    def flush(self, seconds: float) -> bool:
        """Wait until what was put is written; raises nothing.

        Args:
            seconds: How long at most.

        Returns:
            Whether it is.
        """
        with self._flushed:
            self._wanted += 1
            wanted = self._wanted
            self._wake.set()
            written = self._flushed.wait_for(lambda: self._done >= wanted or not self._thread.is_alive(), seconds)
        return written and not self._kept and self._thread.is_alive()

    def close(self) -> None:
        """Write and seal everything and end the thread; waits a minute at most, and raises nothing."""
        self._closing = True
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)
        left = len(self._rows) + self._taken_rows + sum(item.rows for item in self._chunks) + _count(self._kept)
        if left:
            self._lose(left, "the writer stands still" if self._thread.is_alive() else "the writer has ended")

    def _has_room(self) -> bool:
        if self._stalled or not self._thread.is_alive():
            self._stalled = True
        else:
            self._taken.clear()
            self._wake.set()
            self._stalled = not self._taken.wait(_PATIENCE_SECONDS if self._warm else _COLD_SECONDS)
        return not self._stalled

    def _work(self) -> None:
        while True:
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()
            closing = self._closing
            try:
                self._turn(closing)
            except Exception as error:
                self.degrade(f"{type(error).__name__}: {error}")
            if closing:
                return

    def _turn(self, closing: bool) -> None:
        with self._lock:
            rows, self._rows, self._row_bytes = self._rows, [], 0
            chunks, self._chunks, self._chunk_bytes = self._chunks, [], 0
            params, self._params = self._params, None
            wanted = self._wanted
            self._taken_rows = len(rows) + sum(item.rows for item in chunks)
        self._stalled = False
        self._taken.set()
        now = time.monotonic()
        if self._files.is_open() and self._files.broken():
            self._rotate()
        if params is not None:
            self._write_params(params)
        new: list[tuple[TableName, pa.Table]] = []
        if rows:
            self._convert("steps", len(rows), lambda: self._steps(rows), new)
        if chunks:
            self._convert("layers", sum(item.rows for item in chunks), lambda: self._layers(chunks), new)
        self._kept += [(name, batch) for name, table in new for batch in table.combine_chunks().to_batches()]
        self._taken_rows = 0
        if self._kept and (closing or now >= self._retry_at):
            self._write_kept(closing)
        for name in TABLES:
            if self._files.nbytes(name) >= SEAL_BYTES:
                self._rotate(name)
        if closing or now >= self._seal_at:
            self._rotate()
            self._sealer.retry(wait=closing)
        self._warm = self._warm or bool(new)
        with self._flushed:
            self._done = wanted
            self._flushed.notify_all()
        if self.observers:
            self._notify(new)
        if now >= self._beat_at and not closing:
            self._beat_at = now + _BEAT_SECONDS
            self._on_change(False)

    def _convert(
        self, name: TableName, count: int, make: Callable[[], pa.Table | None], into: list[tuple[TableName, pa.Table]]
    ) -> None:
        try:
            table = make()
        except Exception as error:
            self._lose(count, f"values could not be read, {type(error).__name__}: {error}")
            return
        if table is not None:
            into.append((name, table))

    def _steps(self, rows: list[Row]) -> pa.Table:
        for shape in dict.fromkeys(row[0] for row in rows):
            for name, kind in zip(shape.names, shape.kinds, strict=True):
                self._kinds[name] = wider(self._kinds.get(name), kind)
        return steps_table(rows, self._kinds, self.degrade)

    def _layers(self, chunks: Sequence[LayerRows | LaterRows]) -> pa.Table | None:
        whole = []
        for chunk in chunks:
            rows = chunk.rows
            try:
                chunk.resolve()
            except Exception as error:
                self._lose(rows, f"values could not be read, {type(error).__name__}: {error}")
                continue
            if len(chunk.step):
                whole.append(chunk)
        return layers_table(whole) if whole else None

    def _write_params(self, params: list[dict[str, Any]]) -> None:
        if params == self._params_written and self._params_path.exists():
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_params(self._params_path, params)
            self._params_written = params
        except Exception as error:
            self._params = self._params or params
            self.degrade(f"{self._params_path.name}: {error}")

    def _write_kept(self, closing: bool) -> None:
        try:
            while self._kept:
                self._files.append(*self._kept[0])
                del self._kept[0]
        except Exception as error:
            # Kept, for the disk may have room again at the next attempt.
            self.degrade(str(error))
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            if closing or sum(batch.nbytes for _, batch in self._kept) > _KEPT_BYTES:
                self._lose(_count(self._kept), str(error))
                self._kept = []

    def _rotate(self, name: TableName | None = None) -> None:
        if name is None:
            self._seal_at = time.monotonic() + SEAL_SECONDS
        if name != "layers":
            # The columns of the next tail are those that occur from now on.
            self._kinds = {}
        self._sealer.add(self._files.rotate(name))

    def _notify(self, new: list[tuple[TableName, pa.Table]]) -> None:
        for observer in list(self.observers):
            for name, table in new:
                try:
                    observer(name, with_keys(table, *self._keys))
                except Exception as error:
                    if id(observer) not in self._failed_observers:
                        self._failed_observers.add(id(observer))
                        warn(f"an observer of run {self._keys[0]} failed, {type(error).__name__}: {error}")

    def _lose(self, rows: int, reason: str) -> None:
        self.lost += rows
        self.degrade(reason)

    def degrade(self, reason: str) -> None:
        """Remember that something went wrong; the first time, say so."""
        first = not self.reasons
        if reason not in self.reasons and len(self.reasons) < 10:
            self.reasons.append(reason)
        if first:
            warn(f"run {self._keys[0]} is not recorded completely: {reason}. Training goes on.")
            self._on_change(True)


def _count(kept: Sequence[tuple[TableName, pa.RecordBatch]]) -> int:
    return sum(len(batch) for _, batch in kept)


def warn(message: str) -> None:
    """Warn without ever raising, even where warnings are errors."""
    with contextlib.suppress(Exception):
        try:
            warnings.warn(message, RuntimeWarning, stacklevel=3)
        except Warning:
            logging.getLogger("undertow").warning(message)

"""Statistics of many steps, read together: to read one small array after the other would hold the training up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._buffer import LaterRows, LayerRows
from ._run import Run

__all__ = ["Series"]

#: How many are read together at most; the writer looks for them every 50 ms.
_BATCH = 256


class Series:
    """What one run has of one set of parameters, in batches.

    Args:
        parameters: How many.
        read: Makes rows of the items of a batch, for the writer's thread: takes the items, when each was added (µs
            since 1970 UTC), and the epoch of all.
    """

    def __init__(self, parameters: int, read: Callable[[Sequence[Any], NDArray[Any], int | None], LayerRows]) -> None:
        self._parameters, self._make = parameters, read
        self._lock = threading.Lock()
        self._open: list[tuple[Any, int]] = []
        self._epoch: int | None = None

    def add(self, run: Run, epoch: int | None, item: Any, steps: int = 1) -> None:
        """Add the statistics of one step, or of several; what they are of is still being computed.

        Raises:
            RunClosedError: If the run is closed.
        """
        timed = item, time.time_ns() // 1000
        with self._lock:
            if 0 < len(self._open) < _BATCH and self._epoch == epoch:
                self._open.append(timed)
                return
            batch = self._open = [timed]
            self._epoch = epoch
        rows = self._parameters * steps
        run.record_later(LaterRows(lambda: self._read(batch, epoch), rows, _BATCH * 1000 + 60 * rows))

    def _read(self, batch: list[tuple[Any, int]], epoch: int | None) -> LayerRows:
        with self._lock:
            if self._open is batch:
                self._open = []
        items, times = zip(*batch, strict=True)
        return self._make(items, np.array(times, np.int64), epoch)

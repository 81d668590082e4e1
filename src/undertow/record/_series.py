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
            since 1970 UTC), and their epochs (-1 where there is none).
    """

    def __init__(self, parameters: int, read: Callable[[Sequence[Any], NDArray[Any], NDArray[Any]], LayerRows]) -> None:
        self._parameters, self._make = parameters, read
        self._lock = threading.Lock()
        self._open: list[tuple[Any, int, int]] = []

    def add(self, run: Run, epoch: int | None, item: Any, steps: int = 1) -> None:
        """Add the statistics of one step, or of several; what they are of is still being computed.

        Raises:
            RunClosedError: If the run is closed.
        """
        added = item, time.time_ns() // 1000, -1 if epoch is None else epoch
        with self._lock:
            if 0 < len(self._open) < _BATCH:
                self._open.append(added)
                return
            batch = self._open = [added]
        rows = self._parameters * steps
        run.record_later(LaterRows(lambda: self._read(batch), rows, _BATCH * 1000 + 60 * rows))

    def _read(self, batch: list[tuple[Any, int, int]]) -> LayerRows:
        with self._lock:
            if self._open is batch:
                self._open = []
        items, times, epochs = zip(*batch, strict=True)
        return self._make(items, np.array(times, np.int64), np.array(epochs, np.int32))

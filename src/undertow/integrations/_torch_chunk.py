"""Recorded steps of one set of parameters, on their way to the writer's thread.

Tensors of a few thousand elements cost more to reduce than to copy, a microsecond an operation and a dozen operations
each. So the training thread only copies them, all in one call, into a row of a shared buffer, and the writer's thread
reduces many steps at once.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..record._buffer import LaterRows, LayerRows
from ..statistics import BINS, LOWEST_EXPONENT

__all__ = ["Chunk", "Layout", "Slot"]

#: Up to this many elements a tensor on the CPU is copied rather than reduced at once, and so many in one step.
SMALL = 16_384
_SMALL_TOTAL = 262_144

#: Elements that are reduced together.
_PIECE = 131_072

_STEPS = 64
_BUFFER_BYTES = 4 << 20


@dataclass(slots=True)
class Slot:
    """One recorded step.

    Attributes:
        step: Its number.
        epoch: The epoch it belongs to, or None.
        time: µs since 1970 UTC.
        row: Its row in the chunk's buffer.
        scale: What gradients are to be divided by.
        large: The sums of what was reduced at once, by name and device.
    """

    step: int
    epoch: int | None
    time: int
    row: int
    scale: float = 1.0
    large: list[tuple[NDArray[np.int64], Callable[[], dict[str, Any]]]] = field(default_factory=list)


class Layout:
    """Which of P parameters are copied, and where in a row of the buffer each lies.

    Args:
        names: Their paths.
        tensors: The local parts of the parameters.
        copied: Whether each may be copied: it and its gradient are dense and on the CPU.
        updates: Whether the weights after the step are wanted too.
        cosine: Whether products with the previous gradient are.
        histograms: Whether histograms are.
    """

    def __init__(
        self,
        names: Sequence[str],
        tensors: Sequence[torch.Tensor],
        copied: Sequence[bool],
        updates: bool,
        cosine: bool,
        histograms: bool,
    ) -> None:
        self.names = tuple(names)
        self.sizes = [tensor.numel() for tensor in tensors]
        self.updates, self.cosine, self.histograms = updates, cosine, histograms
        self.small: list[int] = []
        self.width = 0
        for index, size in enumerate(self.sizes):
            if copied[index] and size <= SMALL and self.width + size <= _SMALL_TOTAL:
                self.small.append(index)
                self.width += size
        chosen = set(self.small)
        self.large = [index for index in range(len(self.sizes)) if index not in chosen]
        wide = any(tensors[index].dtype == torch.float64 for index in self.small)
        self.dtype = torch.float64 if wide else torch.float32
        self.parts = 3 if updates else 2
        row_bytes = max(1, self.parts * self.width * (8 if wide else 4))
        self.steps = max(1, min(_STEPS, _BUFFER_BYTES // row_bytes))
        self._begins = [0, *itertools.accumulate(self.sizes[index] for index in self.small[:-1])]
        self._shapes = [tensors[index].shape for index in self.small]
        #: Seconds that the writer's thread took for one step, last time.
        self.background = 0.0
        # What the writer has read is used again, since fresh memory costs a page fault every 4 kB.
        self._free: deque[Buffer] = deque(maxlen=4)
        # The last gradient read, for the cosine; only the writer's thread touches it.
        self._previous: tuple[NDArray[Any], NDArray[Any]] | None = None

    def buffer(self) -> Buffer:
        """A buffer of which nothing is in use."""
        try:
            return self._free.pop()
        except IndexError:
            return Buffer(self.steps, self.parts, self.width, self.dtype, self._shapes)

    def give_back(self, buffer: Buffer) -> None:
        """Say that a buffer has been read."""
        self._free.append(buffer)

    def reduce(self, values: NDArray[Any], scales: NDArray[np.float64]) -> dict[str, Any]:
        """The sums of what was copied.

        Args:
            values: Gradient, weight before the step, and weight after it where wanted; used up. Shape
                (K, parts, width).
            scales: What to divide the gradients by. Shape (K,).

        Returns:
            Columns of shape (K, small), the histogram (K, small, 64).
        """
        if not np.all(scales == 1.0):
            values[:, 0] /= scales[:, None]
        # What fits the second cache at a time, and needs no fresh pages.
        rows = max(1, _PIECE // (self.parts * self.width))
        with np.errstate(all="ignore"):
            pieces = [self._reduce_some(values[begin : begin + rows]) for begin in range(0, len(values), rows)]
            columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
            if self.histograms:
                bounds = [*self._begins, self.width]
                parts = [values[:, 0, begin:end] for begin, end in itertools.pairwise(bounds)]
                columns["histogram"] = np.stack([_histograms(part) for part in parts], axis=1)
            if self.cosine:
                columns |= self._products(values[:, 0], columns["sum_sq"])
        return columns

    def _reduce_some(self, values: NDArray[Any]) -> dict[str, Any]:
        """All but histograms and products. One call a statistic: on so few elements NumPy's calls are what costs."""
        g, begins = values[:, 0], self._begins
        if self.updates:
            np.subtract(values[:, 2], values[:, 1], out=values[:, 2])
        # Within a segment NumPy adds up pairwise, which keeps float32 good to 1e-6.
        squares = np.add.reduceat(np.square(values), begins, axis=2)
        abs_max = np.maximum.reduceat(np.abs(g), begins, axis=1)
        nonfinite = np.zeros(abs_max.shape, np.int64)
        if not (np.isfinite(abs_max).all() and np.isfinite(squares[:, 0]).all()):
            nonfinite = np.add.reduceat(~np.isfinite(g), begins, axis=1, dtype=np.int64)
        found = {
            "sum": np.add.reduceat(g, begins, axis=1),
            "sum_sq": squares[:, 0],
            "abs_max": abs_max,
            "zeros": np.add.reduceat(g == 0, begins, axis=1, dtype=np.int64),
            "nonfinite": nonfinite,
            "w_sum_sq": squares[:, 1],
        }
        if self.updates:
            found["u_sum_sq"] = squares[:, 2]
        return found

    def _products(self, g: NDArray[Any], sum_sq: NDArray[Any]) -> dict[str, Any]:
        """dot_prev and prev_sum_sq, masked where there was no gradient before."""
        blank = np.full_like(g[:1], np.nan), np.full_like(sum_sq[:1], np.nan)
        last, last_sum_sq = blank if self._previous is None else self._previous
        self._previous = g[-1:].copy(), sum_sq[-1:]
        dots = np.add.reduceat(g * np.concatenate([last, g[:-1]]), self._begins, axis=1)
        return {"dot_prev": dots, "prev_sum_sq": np.concatenate([last_sum_sq, sum_sq[:-1]])}


def _histograms(g: NDArray[Any]) -> NDArray[np.int64]:
    """`undertow.statistics.histogram` of each row. Shapes (K, n) and (K, 64)."""
    bins = np.clip(np.frexp(g)[1] - 1 - LOWEST_EXPONENT, 0, BINS - 1)
    bins[~np.isfinite(g) | (g == 0)] = BINS
    bins += np.arange(len(g), dtype=bins.dtype)[:, None] * (BINS + 1)
    return np.bincount(bins.ravel(), minlength=len(g) * (BINS + 1)).reshape(len(g), -1)[:, :BINS]


class Buffer:
    """Room for the copies of K steps, and its views in the parameters' shapes. Shape (K, parts, width)."""

    def __init__(self, steps: int, parts: int, width: int, dtype: torch.dtype, shapes: Sequence[torch.Size]) -> None:
        self.data = torch.empty((steps, parts, width), dtype=dtype)
        self._shapes = shapes
        self._views: dict[int, list[list[torch.Tensor]]] = {}

    def views(self, row: int) -> list[list[torch.Tensor]]:
        """Per part, a view for each parameter."""
        views = self._views.get(row)
        if views is None:
            views = []
            for part in self.data[row].unbind(0):
                pieces = part.split([shape.numel() for shape in self._shapes])
                views.append([piece.view(shape) for piece, shape in zip(pieces, self._shapes, strict=True)])
            self._views[row] = views
        return views


class Chunk:
    """Up to K recorded steps that one thread fills while another may take what is there at any moment."""

    def __init__(self, layout: Layout, epoch: int | None) -> None:
        self.layout, self.epoch = layout, epoch
        self.buffer = layout.buffer()
        self.slots: list[Slot] = []
        self._lock = threading.Lock()
        self._taken = False

    @property
    def full(self) -> bool:
        """Whether there is no room left, or will not be looked at any more."""
        return self._taken or len(self.slots) >= self.layout.steps

    def add(self, slot: Slot) -> bool:
        """Put in a step whose copies lie in its row; False if the chunk was taken meanwhile."""
        with self._lock:
            if not self._taken:
                self.slots.append(slot)
            return not self._taken

    def later(self) -> LaterRows:
        """What the writer's queue gets."""
        layout = self.layout
        return LaterRows(self._read, layout.steps * len(layout.names), self.buffer.data.nbytes)

    def _read(self) -> LayerRows | None:
        with self._lock:
            self._taken = True
        start = time.thread_time()
        rows = self._rows() if self.slots else None
        self.layout.give_back(self.buffer)
        self.layout.background = (time.thread_time() - start) / max(1, len(self.slots))
        return rows

    def _rows(self) -> LayerRows:
        layout, slots = self.layout, self.slots
        k, p = len(slots), len(layout.names)
        columns: dict[str, Any] = {}

        def put(name: str, indices: Any, values: Any, step: Any = slice(None)) -> None:
            if name not in columns:
                dtype = np.int64 if name in ("zeros", "nonfinite", "histogram", "m_count") else np.float64
                blank = np.nan if name in ("dot_prev", "prev_sum_sq") else 0
                columns[name] = np.full((k, p, *values.shape[2:]), blank, dtype)
            columns[name][step, indices] = values

        if layout.small:
            values = self.buffer.data.numpy()[:k]
            for name, column in layout.reduce(values, np.array([slot.scale for slot in slots])).items():
                put(name, layout.small, column)
        for step, slot in enumerate(slots):
            for indices, read in slot.large:
                for name, column in read().items():
                    put(name, indices, np.asarray(column)[None], slice(step, step + 1))
        for name in ("dot_prev", "prev_sum_sq"):
            if name in columns:
                columns[name] = np.ma.masked_invalid(columns[name])
        if "m_count" in columns:
            absent = columns["m_count"] == 0
            columns |= {name: np.ma.masked_array(columns[name], absent) for name in ("m_sum_sq", "m_count")}
        times = np.array([slot.time for slot in slots])
        steps = np.array([slot.step for slot in slots])
        return LayerRows(steps, self.epoch, times, layout.names, layout.sizes, None, None, columns)

"""Rows of `layers` on their way to a tail: collected one by one, handed out as Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, SupportsInt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..schema import KEYS, LAYERS
from ..statistics import BINS, COUNTS, FLOATS
from ..store._arrays import lists, of_numpy, texts
from ._values import to_numpy

__all__ = ["TAIL_KEYS", "TIME", "LaterRows", "LayerRows", "Statistics", "layers_table"]

#: The keys of a row in a tail; the others are the same in all rows of a process.
TAIL_KEYS = ("step", "epoch", "time")
TIME = KEYS.field("time").type


class Statistics(Protocol):
    """Statistics of layers that `Run.log` takes in place of metrics, since the training loop hands them on itself."""

    def record_into(self, run: Any, epoch: int | None) -> SupportsInt:
        """Record them, and return the step they belong to: a number, or what waits for one when asked."""


@dataclass(slots=True)
class LayerRows:
    """The statistics of P parameters at one step, or at each of K steps.

    Attributes:
        step: One number, or K of them (an array of any framework); a row whose step is negative is left out.
        epoch: The epoch they belong to, None where there is none; or K of them, where -1 is none.
        time: µs since 1970 UTC: one number, or K of them.
        params: P paths.
        sizes: P numbers of elements; None where they have none, as the outputs of modules.
        floats: `undertow.statistics.FLOATS`. Shape (P, 5) or (K, P, 5), any framework; None where `more` has all.
        counts: `undertow.statistics.COUNTS`. Shape (P, 2) or (K, P, 2), any framework; None likewise.
        more: Further columns of `undertow.schema.LAYERS` by name. Shape (P,) or (K, P), any framework; the histogram
            with its bins as another axis. What a masked array masks is null.
    """

    step: Any
    epoch: Any
    time: Any
    params: tuple[str, ...]
    sizes: Sequence[int] | None
    floats: Any
    counts: Any
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.params) * (len(self.step) if getattr(self.step, "shape", ()) else 1)

    @property
    def nbytes(self) -> int:
        return 1000 + 60 * self.rows

    def resolve(self) -> list[str]:
        """Turn tensors into NumPy arrays in `more`, in place, with K as the first axis of each."""
        self.step = to_numpy(self.step).reshape(-1).astype(np.int64)
        k, p = len(self.step), len(self.params)
        columns: dict[str, NDArray[Any]] = {}
        for names, values in ((FLOATS, self.floats), (COUNTS, self.counts)):
            if values is not None:
                array = to_numpy(values).reshape(k, p, len(names))
                columns.update({name: array[:, :, index] for index, name in enumerate(names)})
        for name, values in self.more.items():
            array = values if isinstance(values, np.ma.MaskedArray) else to_numpy(values)
            columns[name] = array.reshape((k, p, BINS) if name == "histogram" else (k, p))
        valid = self.step >= 0
        self.time = np.broadcast_to(np.asarray(self.time, np.int64), k)[valid]
        self.epoch = np.broadcast_to(np.asarray(-1 if self.epoch is None else self.epoch, np.int32), k)[valid]
        self.step, self.more = self.step[valid], {name: array[valid] for name, array in columns.items()}
        self.floats = self.counts = None
        return []


@dataclass(slots=True)
class LaterRows:
    """Rows that are still to be measured, of tensors that the training thread only copied.

    Attributes:
        read: Measures, in the writer's thread, and once. None where nothing is left.
        rows: How many there will be, for the count of what is lost.
        nbytes: What waiting costs.
    """

    read: Callable[[], LayerRows | None]
    rows: int
    nbytes: int
    _measured: LayerRows | None = None

    def resolve(self) -> list[str]:
        self._measured, self.read = self.read(), _nothing
        return [] if self._measured is None else self._measured.resolve()

    @property
    def step(self) -> Any:
        return () if self._measured is None else self._measured.step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._measured, name)


def _nothing() -> None:
    return None


def layers_table(chunks: Sequence[LayerRows | LaterRows]) -> pa.Table:
    """The chunks as rows of a tail: `layers` without run, attempt and rank, and names as text; by (param, step).

    Args:
        chunks: Resolved, at least one.
    """
    names = sorted({name for chunk in chunks for name in chunk.params})
    code = {name: index for index, name in enumerate(names)}
    codes = _joined([np.tile(np.array([code[name] for name in c.params], np.int32), len(c.step)) for c in chunks])
    steps = _joined([np.repeat(c.step, len(c.params)) for c in chunks])
    order = np.lexsort((steps, codes))
    epochs = _joined([np.repeat(c.epoch, len(c.params)) for c in chunks])[order]
    times = _joined([np.repeat(c.time, len(c.params)) for c in chunks])[order]
    param = texts(names).take(of_numpy(codes[order]))
    measured = [_measured(chunks, column, order) for column in list(LAYERS)[len(KEYS) + 1 :]]
    keys = [of_numpy(steps[order]), of_numpy(epochs, epochs < 0), of_numpy(times).view(TIME)]
    return pa.table([*keys, param, *measured], names=[*TAIL_KEYS, *LAYERS.names[len(KEYS) :]])


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _measured(chunks: Sequence[LayerRows | LaterRows], column: pa.Field, order: NDArray[Any]) -> pa.Array:
    """One column of all chunks, null where a chunk does not have it."""
    if column.name != "count" and not any(column.name in chunk.more for chunk in chunks):
        return pa.nulls(len(order), column.type)
    histogram = pa.types.is_list(column.type)
    dtype = (column.type.value_type if histogram else column.type).to_pandas_dtype()
    parts, masks = [], []
    for chunk in chunks:
        shape = (len(chunk.step), len(chunk.params))
        if column.name == "count":
            absent = chunk.sizes is None
            values: NDArray[Any] = np.broadcast_to(np.asarray(0 if absent else chunk.sizes, np.int64), shape)
        else:
            absent = column.name not in chunk.more
            values = np.zeros((*shape, BINS) if histogram else shape) if absent else chunk.more[column.name]
        mask = np.ma.getmask(values)
        rows = np.ma.getdata(values).reshape(-1, *values.shape[2:])
        with np.errstate(over="ignore"):  # beyond float32 a sum is inf
            parts.append(rows.astype(dtype, copy=False))
        masks.append(absent if mask is np.ma.nomask else mask.reshape(len(rows), -1).any(1))
    values, missing = _joined(parts)[order], None
    if any(mask is not False for mask in masks):
        # Each operation on a thousand rows lets go of the interpreter and asks the training for it again: none in vain.
        missing = _joined([np.broadcast_to(mask, len(part)) for mask, part in zip(masks, parts, strict=True)])[order]
        if missing.all():
            return pa.nulls(len(missing), column.type)
    if not histogram:
        return of_numpy(values, missing)
    return lists(values.reshape(-1), np.full(len(values), BINS), missing)

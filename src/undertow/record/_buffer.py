"""Rows on their way to a segment: collected one by one, handed out as Arrow tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..schema import KEYS, LAYERS
from ..statistics import COUNTS, FLOATS
from ._values import Kind, resolve, to_numpy

__all__ = ["LayerRows", "Row", "layers_table", "steps_table"]

_TYPES: dict[Kind, pa.DataType] = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string()}


@dataclass(slots=True)
class Row:
    """One row of `steps`; `time` in µs since 1970 UTC."""

    step: int
    epoch: int | None
    time: int
    values: dict[str, Any]

    @property
    def rows(self) -> int:
        return 1

    @property
    def nbytes(self) -> int:
        return 200 + 100 * len(self.values)

    def resolve(self) -> list[str]:
        """Turn tensors into numbers, in place; returns what could not be read, in words."""
        failures = []
        for name, value in list(self.values.items()):
            try:
                self.values[name] = resolve(value)
            except Exception as error:
                del self.values[name]
                failures.append(f"{name}: {error}")
        return failures


@dataclass(slots=True)
class LayerRows:
    """The statistics of P parameters at one step, or at each of K steps.

    Attributes:
        step: One number, or K of them (an array of any framework); a row whose step is negative is left out.
        epoch: The epoch they belong to.
        time: µs since 1970 UTC.
        params: P paths.
        sizes: P numbers of elements.
        floats: `undertow.statistics.FLOATS`. Shape (P, 5) or (K, P, 5), any framework.
        counts: `undertow.statistics.COUNTS`. Shape (P, 2) or (K, P, 2), any framework.
    """

    step: Any
    epoch: int | None
    time: int
    params: tuple[str, ...]
    sizes: Sequence[int]
    floats: Any
    counts: Any

    @property
    def rows(self) -> int:
        return len(self.params) * (self.floats.shape[0] if len(self.floats.shape) == 3 else 1)

    @property
    def nbytes(self) -> int:
        return 1000 + 60 * self.rows

    def resolve(self) -> list[str]:
        """Turn tensors into NumPy arrays, in place, with K as the first axis of each."""
        self.floats = to_numpy(self.floats).reshape(-1, len(self.params), len(FLOATS)).astype(np.float32)
        self.counts = to_numpy(self.counts).reshape(-1, len(self.params), len(COUNTS)).astype(np.int64)
        self.step = to_numpy(self.step).reshape(-1).astype(np.int64)
        valid = self.step >= 0
        self.step, self.floats, self.counts = self.step[valid], self.floats[valid], self.counts[valid]
        return []


def steps_table(rows: Sequence[Row], run: str, rank: int, kinds: dict[str, Kind]) -> pa.Table:
    """The rows as a table: the keys, then a column per metric that occurs, in order of first appearance.

    Args:
        rows: Resolved.
        run: The run's id.
        rank: The process's rank.
        kinds: The kind of each metric so far, so that a column keeps its type from segment to segment.
    """
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    keys = _keys(
        run,
        rank,
        np.array([row.step for row in rows], np.int64),
        pa.array([row.epoch for row in rows], pa.int32()),
        np.array([row.time for row in rows], np.int64),
    )
    columns = [_column([row.values.get(name) for row in rows], kinds[name]) for name in names]
    fields = [pa.field(name, _TYPES[kinds[name]]) for name in names]
    return pa.table([*keys, *columns], schema=pa.schema([*KEYS, *fields]))


def _column(values: list[Any], kind: Kind) -> pa.Array:
    if kind == "float":
        values = [None if value is None else float(value) for value in values]
    elif kind == "int":
        values = [None if value is None else int(value) for value in values]
    return pa.array(values, _TYPES[kind])


def layers_table(chunks: Sequence[LayerRows], run: str, rank: int) -> pa.Table:
    """The chunks as one table in the schema of `layers`, sorted by (param, step).

    Args:
        chunks: Resolved, at least one.
        run: The run's id.
        rank: The process's rank.
    """
    names = sorted({name for chunk in chunks for name in chunk.params})
    code = {name: index for index, name in enumerate(names)}
    codes = np.concatenate([np.tile([code[name] for name in c.params], len(c.step)) for c in chunks]).astype(np.int32)
    steps = np.concatenate([np.repeat(c.step, len(c.params)) for c in chunks])
    order = np.lexsort((steps, codes))
    repeats = [len(c.step) * len(c.params) for c in chunks]
    epochs = np.repeat(np.array([-1 if c.epoch is None else c.epoch for c in chunks], np.int32), repeats)[order]
    times = np.repeat(np.array([c.time for c in chunks], np.int64), repeats)[order]
    sizes = np.concatenate([np.tile(np.asarray(c.sizes, np.int64), len(c.step)) for c in chunks])[order]
    floats = np.concatenate([c.floats.reshape(-1, len(FLOATS)) for c in chunks])[order]
    counts = np.concatenate([c.counts.reshape(-1, len(COUNTS)) for c in chunks])[order]
    columns: dict[str, NDArray[Any]] = {"count": sizes}
    columns.update({name: floats[:, index] for index, name in enumerate(FLOATS)})
    columns.update({name: counts[:, index] for index, name in enumerate(COUNTS)})
    param = pa.DictionaryArray.from_arrays(pa.array(codes[order]), pa.array(names, pa.string()))
    measured = [pa.array(columns[field.name], field.type) for field in list(LAYERS)[len(KEYS) + 1 :]]
    keys = _keys(run, rank, steps[order], pa.array(epochs, mask=epochs < 0), times)
    return pa.table([*keys, param, *measured], schema=LAYERS)


def _keys(run: str, rank: int, steps: NDArray[Any], epochs: pa.Array, times: NDArray[Any]) -> list[pa.Array]:
    n = len(steps)
    return [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([run], pa.string())),
        pa.array(np.zeros(n, np.int32)),
        pa.array(np.full(n, rank, np.int32)),
        pa.array(steps),
        epochs,
        pa.array(times).cast(pa.timestamp("us", tz="UTC")),
    ]

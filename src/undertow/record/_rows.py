"""Rows of `steps` on their way to a tail: what `log` hands over, and its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, SupportsInt, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..store._arrays import bools, of_numpy, texts
from ._buffer import TAIL_KEYS, TIME
from ._values import Kind, resolve

__all__ = ["Row", "Shape", "steps_table", "wider"]

_TYPES: dict[Kind, pa.DataType] = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string()}
_DTYPES: dict[Kind, Any] = {"bool": np.bool_, "int": np.int64, "float": np.float64, "text": object}
_WIDTH: dict[Kind, int] = {"bool": 0, "int": 1, "float": 2, "text": 3}


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What rows have in common that are logged at one place of the training: the same names with the same types.

    Attributes:
        names: Checked.
        kinds: One for each name.
        whole: Which of the values must be looked at, since they may not fit 64 bits.
        texts: Which of the values are text, whose length counts.
        lazy: Whether a value may be a tensor that is still being computed.
        nbytes: What a row costs in memory while it waits.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    whole: tuple[int, ...] = ()
    texts: tuple[int, ...] = ()
    lazy: bool = False
    nbytes: int = 0


#: Its shape, a value for each name, step (which a device may still be counting), epoch or None, µs since 1970 UTC. A
#: tuple, since `log` makes one each time.
Row: TypeAlias = tuple[Shape, tuple[Any, ...], int | SupportsInt, int | None, int]


def wider(first: Kind | None, second: Kind) -> Kind:
    """The kind that holds both; text and numbers do not meet."""
    return second if first is None or _WIDTH[second] > _WIDTH[first] else first


def steps_table(rows: Sequence[Row], kinds: Mapping[str, Kind], failed: Callable[[str], object]) -> pa.Table:
    """The rows as rows of a tail: `steps` without run, attempt and rank; those of one shape stand together.

    Args:
        rows: At least one. Tensors among the values are waited for.
        kinds: The columns to make, in order, all that occur among them; null where a row does not have one.
        failed: Called with a sentence on each value that could not be read; it is null then. A row whose step could
            not be read is left out.
    """
    if not all(type(row[2]) is int for row in rows):
        rows = [row for row in (_counted(row, failed) for row in rows) if row is not None]
    groups: dict[Shape, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    ordered = list(chain.from_iterable(groups.values())) if len(groups) > 1 else rows
    n = len(rows)
    data: dict[str, NDArray[Any]] = {}
    valid: dict[str, NDArray[Any]] = {}
    start = 0
    for shape, group in groups.items():
        end = start + len(group)
        for name, values, present in _columns(shape, [row[1] for row in group], failed):
            if name not in data:
                data[name] = np.zeros(n, _DTYPES[kinds[name]])
                valid[name] = np.zeros(n, np.bool_)
            data[name][start:end] = values
            valid[name][start:end] = present
        start = end
    no_epoch = np.fromiter((row[3] is None for row in ordered), np.bool_, n)
    epochs = np.fromiter((0 if row[3] is None else row[3] for row in ordered), np.int32, n)
    columns = [
        of_numpy(np.fromiter((row[2] for row in ordered), np.int64, n)),
        of_numpy(epochs, no_epoch if no_epoch.any() else None),
        of_numpy(np.fromiter((row[4] for row in ordered), np.int64, n)).view(TIME),
    ]
    for name, kind in kinds.items():
        columns.append(_array(data[name], valid[name], kind) if name in data else pa.nulls(n, _TYPES[kind]))
    return pa.table(columns, names=[*TAIL_KEYS, *kinds])


def _counted(row: Row, failed: Callable[[str], object]) -> Row | None:
    """The row with its step as a number."""
    try:
        return (*row[:2], int(row[2]), *row[3:])
    except Exception as error:
        failed(f"a step could not be read, so its row is lost: {error}")
        return None


def _array(values: NDArray[Any], valid: NDArray[Any], kind: Kind) -> pa.Array:
    if kind in ("int", "float"):
        return of_numpy(values, None if valid.all() else ~valid)
    given = [value if there else None for value, there in zip(values.tolist(), valid.tolist(), strict=True)]
    return bools(given) if kind == "bool" else texts(given)


def _columns(
    shape: Shape, values: list[tuple[Any, ...]], failed: Callable[[str], object]
) -> list[tuple[str, Any, Any]]:
    """Each name of one shape with its values and whether they are there."""
    count = len(values)
    if not shape.lazy and shape.kinds.count("float") == len(shape.kinds):
        flat = np.fromiter(chain.from_iterable(values), np.float64, count * len(shape.names))
        return [(name, column, True) for name, column in zip(shape.names, flat.reshape(count, -1).T, strict=True)]
    columns = []
    for name, kind, column in zip(shape.names, shape.kinds, zip(*values, strict=True), strict=True):
        present: Any = True
        given: Sequence[Any] = column
        if shape.lazy:
            given, present = _resolved(name, column, failed)
        array = np.empty(count, _DTYPES[kind])
        array[:] = given
        columns.append((name, array, present))
    return columns


def _resolved(name: str, values: Sequence[Any], failed: Callable[[str], object]) -> tuple[list[Any], NDArray[Any]]:
    numbers, present = [], np.ones(len(values), np.bool_)
    for index, value in enumerate(values):
        try:
            numbers.append(resolve(value))
        except Exception as error:
            numbers.append(0)
            present[index] = False
            failed(f"a value could not be read, {name}: {error}")
    return numbers, present

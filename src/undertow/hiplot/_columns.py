"""The values of an experiment that came as columns, kept so until somebody asks for its datapoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from ..sources import as_unix, inferred_array
from ._values import Datapoint

__all__ = ["Columns"]

#: Python values as they were given; numbers of one type; or values that were told from a file's text already.
Values: TypeAlias = Sequence[Any] | np.ndarray[Any, Any] | pa.ChunkedArray

#: NumPy's types that come back from Python's numbers as they went.
_EXACT = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}


class Columns:
    """Columns of one length; row n is the datapoint with the uid n.

    Making a datapoint of each row, and columns of those again, costs most of what a page of many rows does.

    Args:
        values: By name; not to be changed any more.
    """

    def __init__(self, values: Mapping[str, Values]) -> None:
        self._values = dict(values)

    def __len__(self) -> int:
        return len(next(iter(self._values.values()), ()))

    @classmethod
    def of_pandas(cls, frame: Any, names: Sequence[str]) -> Columns:
        """The columns of a pandas DataFrame, called by these names."""
        return cls({name: _of_series(frame.iloc[:, place]) for place, name in enumerate(names)})

    @classmethod
    def of_arrow(cls, table: pa.Table) -> Columns:
        """The columns of a table whose values are told already."""
        return cls(dict(zip(table.column_names, table.columns, strict=True)))

    @classmethod
    def of_frame(cls, table: pa.Table) -> Columns:
        """The columns of a DataFrame that speaks Arrow, in whose text there may be numbers yet."""
        return cls({name: _of_arrow(table[name]) for name in table.column_names})

    def datapoints(self) -> list[Datapoint]:
        """A datapoint a row."""
        names = list(self._values)
        columns = [_listed(values) for values in self._values.values()]
        return [
            Datapoint(dict(zip(names, row, strict=True)), uid=number)
            for number, row in enumerate(zip(*columns, strict=True))
        ]

    def table(self) -> pa.Table:
        """The table that a source makes of these datapoints.

        Raises:
            SourceError: If a value is nothing a column can hold; the message names its row and column.
        """
        return pa.table({name: _told(values, name) for name, values in self._values.items()})


def _of_series(series: Any) -> Values:
    dtype = series.dtype
    kind = getattr(dtype, "kind", "") if isinstance(dtype, np.dtype) else ""
    if kind in _EXACT and dtype.itemsize <= 8 and dtype != np.uint64:
        # A copy: what happens to the DataFrame from now on is not the experiment's.
        return np.array(series.to_numpy(), _EXACT[kind])
    return series.tolist()


def _of_arrow(values: pa.ChunkedArray) -> Values:
    kind = values.type
    number = pa.types.is_floating(kind) or (pa.types.is_integer(kind) and kind != pa.uint64())
    if number and not values.null_count:
        return np.array(values.to_numpy(), np.float64 if pa.types.is_floating(kind) else np.int64)
    return values.to_pylist()


def _listed(values: Values) -> Sequence[Any]:
    if isinstance(values, pa.ChunkedArray):
        return values.to_pylist()  # type: ignore[no-any-return]
    return values.tolist() if isinstance(values, np.ndarray) else values


def _told(values: Values, name: str) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.ChunkedArray):
        return values
    if isinstance(values, np.ndarray):
        return as_unix(pa.chunked_array([pa.array(values)]), name)
    return inferred_array(values, name)

"""Arrow tables, and every DataFrame that hands itself over as one: pandas, Polars, DuckDB and their like."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._columns import from_columns
from ._describe import frame_of
from ._values import encodable

__all__ = ["from_arrow", "is_arrow"]

_DOORS = ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")


def is_arrow(data: object) -> bool:
    """Whether the object hands over its rows by one of the protocols that `from_arrow` reads."""
    return isinstance(data, pa.Table | pa.RecordBatch | pa.RecordBatchReader) or any(
        hasattr(data, door) for door in _DOORS
    )


def from_arrow(data: Any) -> Frame:
    """Returns a table of any library as a Frame, by the Arrow C stream or else the DataFrame interchange protocol.

    Args:
        data: A pyarrow Table, RecordBatch or RecordBatchReader, or an object with `__arrow_c_stream__`,
            `__arrow_c_array__` (https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html) or
            `__dataframe__`.

    Raises:
        SourceError: If it has no columns or rows, a name occurs twice, or a value cannot be held.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        table = _from_pandas(data)
    else:
        try:
            table = _read(data)
        except (pa.ArrowException, TypeError, ValueError, NotImplementedError) as error:
            raise SourceError(f"the {type(data).__name__} could not be read as a table: {error}") from error
    if isinstance(table, Frame):
        return table
    if not table.num_columns:
        raise SourceError("there is nothing to show: the table has no columns")
    if not table.num_rows:
        raise SourceError("there are no rows to show: the table is empty")
    return frame_of(table)


def _read(data: Any) -> pa.Table:
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, pa.RecordBatchReader):
        return data.read_all()
    if hasattr(data, "__arrow_c_stream__"):
        try:
            return pa.table(data)
        except (pa.ArrowInvalid, TypeError):
            series = pa.chunked_array(data)  # a Series streams an array, not a table
            return pa.table({str(getattr(data, "name", None) or "value"): series})
    if hasattr(data, "__arrow_c_array__"):
        return pa.table(pa.record_batch(data))
    from pyarrow.interchange import from_dataframe

    return from_dataframe(data)


def _from_pandas(data: Any) -> pa.Table | Frame:
    """A pandas DataFrame; its index is a column unless it merely counts the rows."""
    names = [encodable(".".join(map(str, name)) if isinstance(name, tuple) else str(name)) for name in data.columns]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SourceError(f"column name {repeated!r} occurs more than once")
    if not len(data):
        raise SourceError("there are no rows to show: the DataFrame is empty")
    data = data.set_axis(names, axis="columns")
    pandas = sys.modules["pandas"]
    if not isinstance(data.index, pandas.RangeIndex):
        levels = [name if name is not None else "index" for name in data.index.names]
        fresh = [str(name) if str(name) not in names else f"{name} (index)" for name in levels]
        data = data.set_axis(data.index.set_names(fresh)).reset_index()
    try:
        return pa.Table.from_pandas(data, preserve_index=False)
    except (
        pa.ArrowException,
        TypeError,
        OverflowError,
        UnicodeError,
    ):  # an object column with mixed types, or a lone surrogate
        return from_columns({name: _series(data[name]) for name in data.columns})


def _series(series: Any) -> Any:
    try:
        return pa.Array.from_pandas(series)
    except (pa.ArrowException, TypeError, OverflowError, UnicodeError):
        return series.tolist()

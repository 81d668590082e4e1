"""Columns: a dict of lists or arrays, and NumPy's structured arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._describe import frame_of
from ._rows import flatten
from ._values import array_of

__all__ = ["from_columns", "from_structured"]


def from_columns(columns: Mapping[Any, object]) -> Frame:
    """Returns a mapping of names to columns as a Frame.

    Args:
        columns: One-dimensional lists, tuples, ranges, NumPy or Arrow arrays or series, all of one length. Nested
            mappings flatten, joined by dots. Names that are not text are written as text.

    Raises:
        SourceError: If there is no column, no row, a name occurs twice, the lengths differ, a column is a single value
            or has more than one dimension, or a value cannot be held.
    """
    arrays: dict[str, Any] = {}
    for name, values in flatten(columns, "the dict"):
        if name in arrays:
            raise SourceError(f"column name {name!r} occurs more than once")
        arrays[name] = _column(values, name)
        first = next(iter(arrays))
        if len(arrays[name]) != len(arrays[first]):
            raise SourceError(
                f"column {name!r} has {len(arrays[name])} values where column {first!r} has {len(arrays[first])}"
            )
    if not arrays:
        raise SourceError("there is nothing to show: the dict has no columns")
    if not len(arrays[first]):
        raise SourceError(f"there are no rows to show: column {first!r} is empty")
    return frame_of(pa.table(arrays))


def from_structured(array: np.ndarray[Any, Any]) -> Frame:
    """Returns a structured array (`dtype.names`) of any shape as a Frame, one row an element.

    Raises:
        SourceError: If the array is empty, or has no named fields.
    """
    if array.dtype.names is None:
        raise SourceError(
            f"an array of shape {array.shape} has no column names; name its columns: "
            '{"a": array[:, 0], …} or a structured array'
        )
    flat = array.reshape(-1)
    return from_columns({name: flat[name] for name in array.dtype.names})


def _column(values: Any, name: str) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise SourceError(
            f"column {name!r} is a single value of type {type(values).__name__}, not a list of values; "
            "to show one row, pass a list of one dict"
        )
    if hasattr(values, "__arrow_c_stream__"):
        try:
            return pa.chunked_array(values)
        except (pa.ArrowException, TypeError, UnicodeError):  # a series of Python objects, or a lone surrogate
            return array_of(list(values), name)
    if hasattr(values, "shape"):
        values = _to_numpy(values, name)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise SourceError(f"column {name!r} has shape {values.shape}; a column has one dimension")
        if values.dtype.kind in "biufmM" and values.dtype.itemsize <= 8:
            try:
                return pa.array(values)
            except pa.ArrowException:  # a date unit that Arrow lacks, as datetime64[Y]
                pass
        values = list(values)
    return array_of(list(values), name)


def _to_numpy(values: Any, name: str) -> Any:
    """The array behind a tensor or series of any framework; a list of its values where NumPy would blur them."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if hasattr(values, "to_list"):
        return values.to_list()
    if hasattr(values, "tolist") and not isinstance(values, np.ndarray) and getattr(values, "ndim", 1) == 1:
        return values.tolist()
    try:
        return np.asarray(values)
    except Exception as error:
        raise SourceError(
            f"column {name!r} is a {type(values).__name__}, which cannot be read as an array: {error}"
        ) from error

"""A list of Python values as one Arrow array."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import numbers
import os
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import SourceError

__all__ = ["array_of", "encodable", "plain"]

#: A list in a cell (`[64, 64]`) is a setting and becomes text; a longer one is data in the wrong place.
LONGEST_LIST = 32

_TYPES: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    float: pa.float64(),
    str: pa.string(),
}


def array_of(values: Sequence[object], column: str) -> pa.Array:
    """Returns the values as one Arrow array of the narrowest type that holds them all.

    Numbers stay numbers: integers are int64 as long as all fit, else float64. Numbers mixed with text become text, and
    so do dates mixed with anything. Durations are `duration[us]`, dates and times `timestamp[us]`; a time without a
    zone counts as UTC where others in the column have one. None, `pandas.NA` and NaT are null; NaN and ±inf are values.

    Args:
        values: Scalars of Python, NumPy, or of any framework (arrays of one element); short lists become text.
        column: The column's name, for the error's message.

    Raises:
        SourceError: If a value is nothing a column can hold; the message names its row and column.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds <= {bool, int, float, str}:
        values = [plain(value, row, column) for row, value in enumerate(values)]
        kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pa.nulls(len(values), pa.float64())
    if kinds == {dt.datetime}:
        return _timestamps(values, column)
    if kinds & {str, dt.datetime} and kinds != {str}:
        values, kinds = [_text(value) for value in values], {str}
    if kinds == {dt.timedelta}:
        try:
            return pa.array(values, pa.duration("us"))
        except (OverflowError, pa.ArrowInvalid):  # beyond 292,000 years; seconds as numbers hold that, too
            pass
    if dt.timedelta in kinds:
        values = [value.total_seconds() if isinstance(value, dt.timedelta) else value for value in values]
        kinds = kinds - {dt.timedelta} | {float}
    if int in kinds and kinds <= {int, bool}:
        whole: list[Any] = [None if value is None else int(value) for value in values]  # type: ignore[call-overload]
        try:
            return pa.array(whole, pa.int64())
        except (OverflowError, pa.ArrowInvalid):
            kinds = {int, float}
    if len(kinds) > 1:
        values, kinds = _each(values, column, lambda value: float(value)), {float}
    if kinds == {str}:
        values = [encodable(value) if isinstance(value, str) else value for value in values]
    return pa.array(values, _TYPES[kinds.pop()])


def _each(values: Sequence[Any], column: str, convert: Callable[[Any], object]) -> list[object]:
    converted: list[object] = []
    for row, value in enumerate(values):
        try:
            converted.append(None if value is None else convert(value))
        except OverflowError as error:
            raise _refuse(row, column, "is too large for a number") from error
    return converted


def _timestamps(values: Sequence[Any], column: str) -> pa.Array:
    if any(value is not None and value.tzinfo is not None for value in values):
        utc = dt.UTC
        values = _each(
            values, column, lambda value: value.replace(tzinfo=utc) if value.tzinfo is None else value.astimezone(utc)
        )
        return pa.array(values, pa.timestamp("us", tz="UTC"))
    return pa.array(values, pa.timestamp("us"))


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.timedelta():
            return repr(value.total_seconds())
        case _:
            return str(value)


def encodable(text: str) -> str:
    """Returns the text with lone surrogates (as in undecodable file names) written out: UTF-8 has no place for them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def plain(value: Any, row: int, column: str) -> object:
    """The value as None, bool, int, float, str, datetime or timedelta."""
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case float() | np.floating():
            return float(value)
        case str():
            return str.__str__(value)
        case np.datetime64():
            return value.astype("datetime64[us]").item()
        case np.timedelta64():
            return value.astype("timedelta64[us]").item()
        case enum.Enum():
            return value.name
        case dt.datetime():
            return _moment(value)
        case dt.date():
            return dt.datetime.combine(value, dt.time())
        case dt.timedelta():
            return dt.timedelta(days=value.days, seconds=value.seconds, microseconds=value.microseconds)
        case dt.time() | uuid.UUID():
            return str(value)
        case os.PathLike():
            return os.fsdecode(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError as error:
                raise _refuse(row, column, "holds bytes that are not UTF-8 text") from error
    if isinstance(value, decimal.Decimal | numbers.Real) and not isinstance(value, np.generic):
        return _real(value, row, column)
    if type(value).__name__ == "NAType":
        return None
    if isinstance(value, np.ndarray | np.generic) or hasattr(value, "__array__"):
        return _element(value, row, column)
    if isinstance(value, list | tuple | set | frozenset):
        return _short(value, row, column)
    raise _refuse(row, column, f"holds a value of type {type(value).__name__}, which no column can hold")


def _moment(value: dt.datetime) -> dt.datetime | None:
    if value != value:  # pandas.NaT is a datetime that differs from itself
        return None
    return value if type(value) is dt.datetime else dt.datetime.combine(value.date(), value.timetz())


def _real(value: Any, row: int, column: str) -> float:
    try:
        number = float(value)
    except (OverflowError, ValueError) as error:
        if isinstance(value, decimal.Decimal) and value.is_nan():
            return math.nan
        raise _refuse(row, column, "is too large for a number") from error
    if math.isinf(number) and isinstance(value, decimal.Decimal) and value.is_finite():
        raise _refuse(row, column, "is too large for a number")
    return number


def _element(value: Any, row: int, column: str) -> object:
    """The one element of an array or tensor of NumPy, PyTorch, JAX or TensorFlow; a short array as text."""
    if math.prod(getattr(value, "shape", ())) == 1:
        item = value.item() if hasattr(value, "item") else np.asarray(value).item()
        if isinstance(item, bool | int | float | str | bytes | dt.date | dt.timedelta):
            return plain(item, row, column)
    elif not isinstance(value, np.generic):
        return _short(np.asarray(value.detach() if hasattr(value, "detach") else value).tolist(), row, column)
    raise _refuse(row, column, f"holds a value of type {type(value).__name__}, which no column can hold")


def _short(value: Collection[object], row: int, column: str) -> str:
    if len(value) > LONGEST_LIST:
        raise _refuse(row, column, f"holds {len(value)} values; a cell holds one")
    return str(value)


def _refuse(row: int, column: str, why: str) -> SourceError:
    return SourceError(f"row {row}, column {column!r} {why}")

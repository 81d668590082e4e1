"""From an Arrow table of any origin to a Frame: types brought to the Frame's few, columns described."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SourceError
from ..frame import Frame
from ..schema import Column

__all__ = ["describe", "frame_of", "normalise", "time_column"]

#: More axes than this side by side are no longer told apart; the others start hidden.
MOST_AXES = 24
#: A text column in which nearly every row differs (a note, a path, an id) says nothing as an axis.
MOST_CATEGORIES = 200


def frame_of(table: pa.Table, note: str = "") -> Frame:
    """Returns the table as a Frame of lens "rows", with the columns worth an axis shown.

    Raises:
        SourceError: If a column name occurs twice, or a column is of a type that cannot be shown.
    """
    table = normalise(table)
    columns = describe(table)
    axes = [column.name for column in columns if column.kind != "category" or _few(table[column.name])][:MOST_AXES]
    numbers = [column.name for column in columns if column.kind == "number" and column.name in axes]
    return Frame(
        table=table,
        columns=columns,
        axes=tuple(axes or table.column_names[:MOST_AXES]),
        color=(numbers or axes or table.column_names)[-1],
        note=note or "One line is one row.",
    )


def _few(values: pa.ChunkedArray) -> bool:
    distinct = len(pc.unique(values))
    return bool(distinct <= MOST_CATEGORIES and (distinct < len(values) or len(values) <= 50))


def describe(table: pa.Table) -> tuple[Column, ...]:
    """Describes each column of a normalised table. The page chooses the scale of a number, by its values."""
    return tuple(_describe(name, table[name], table.schema.field(name).metadata or {}) for name in table.column_names)


def _describe(name: str, values: pa.ChunkedArray, metadata: dict[bytes, bytes]) -> Column:
    kind = values.type
    if pa.types.is_timestamp(kind):
        return time_column(name, kind)
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_boolean(kind):
        return Column(name, "category", scale="category")
    return Column(name, "number", unit=metadata.get(b"unit", b"").decode())


def time_column(name: str, kind: pa.TimestampType) -> Column:
    """Describes a column of times. Those with a zone are shown in UTC, and say so; those without as they stand."""
    zone = kind.tz
    if zone is None:
        return Column(name, "time", scale="time")
    utc = zone.upper() in {"UTC", "ETC/UTC", "+00:00", "Z"}
    return Column(
        name, "time", scale="time", unit="UTC", description="" if utc else f"Shown in UTC; recorded in {zone}."
    )


def normalise(table: pa.Table) -> pa.Table:
    """Brings every column to one of the Frame's types: bool, integer, float, timestamp, string, dictionary of string.

    Structs flatten with dots; lists and maps become JSON text; decimals float64; durations float64 seconds; dates
    timestamps; unsigned 64-bit integers beyond int64 float64; a column without any value float64.

    Raises:
        SourceError: If a name occurs twice, or a type cannot be shown.
    """
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    names = table.column_names
    for name in names:
        if names.count(name) > 1:
            raise SourceError(f"column name {name!r} occurs more than once")
    fields, arrays = [], []
    for name in names:
        values, unit = _normal(table[name], name)
        arrays.append(values)
        fields.append(pa.field(name, values.type, metadata={"unit": unit} if unit else None))
    return pa.table(arrays, schema=pa.schema(fields))


def _normal(values: pa.ChunkedArray, name: str) -> tuple[pa.ChunkedArray, str]:
    """One column in a Frame's type, and the unit that the type implied."""
    kind, unit = values.type, ""
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "pandas.interval":
        return pa.chunked_array([_intervals(chunk) for chunk in values.chunks], pa.string()), unit
    if isinstance(kind, pa.BaseExtensionType):
        values = pa.chunked_array([chunk.storage for chunk in values.chunks], kind.storage_type)
        return _normal(values, name)
    if pa.types.is_run_end_encoded(kind):
        return _normal(pc.run_end_decode(values), name)
    if pa.types.is_dictionary(kind):
        if _is_text(kind.value_type):
            return values.cast(pa.dictionary(pa.int32(), pa.string())).unify_dictionaries(), unit
        if isinstance(kind.value_type, pa.BaseExtensionType):  # the bins of pandas.cut; Arrow cannot decode them
            words = [pa.chunked_array([chunk.dictionary]) for chunk in values.chunks]
            chunks = [
                pa.DictionaryArray.from_arrays(chunk.indices, _normal(each, name)[0].combine_chunks())
                for chunk, each in zip(values.chunks, words, strict=True)
            ]
            return _normal(pa.chunked_array(chunks), name) if chunks else (pa.chunked_array([], pa.string()), unit)
        return _normal(values.cast(kind.value_type), name)
    if pa.types.is_duration(kind):
        ticks = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
        return pc.divide(values.cast(pa.int64()).cast(pa.float64(), safe=False), float(ticks)), "s"
    for suits, target in _CASTS:
        if suits(kind):
            try:
                return values.cast(target(values), safe=_is_binary(kind)), unit
            except pa.ArrowException as error:
                raise _refuse(values, name, error) from error
    if pa.types.is_nested(kind):
        texts = [None if value is None else json.dumps(value, default=str) for value in values.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())]), unit
    if (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_timestamp(kind)
    ):
        return values, unit
    raise SourceError(f"column {name!r} is of Arrow type {kind}, which cannot be shown")


def _intervals(values: Any) -> pa.Array:
    """Intervals as pandas writes them: "(0, 10]"."""
    closed = values.type.closed
    opens, closes = "[" if closed in {"left", "both"} else "(", "]" if closed in {"right", "both"} else ")"
    sides = values.storage.to_pylist()
    texts = [None if side is None else f"{opens}{side['left']}, {side['right']}{closes}" for side in sides]
    return pa.array(texts, pa.string())


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _whole(values: pa.ChunkedArray) -> pa.DataType:
    top = pc.max(values).as_py()
    return pa.int64() if top is None or top < 2**63 else pa.float64()


_CASTS: tuple[tuple[Callable[[Any], bool], Callable[[pa.ChunkedArray], pa.DataType]], ...] = (
    (_is_text, lambda values: pa.string()),
    (_is_binary, lambda values: pa.string()),
    (pa.types.is_null, lambda values: pa.float64()),
    (pa.types.is_uint64, _whole),
    (pa.types.is_float16, lambda values: pa.float32()),
    (pa.types.is_decimal, lambda values: pa.float64()),
    (pa.types.is_date32, lambda values: pa.timestamp("s")),
    (pa.types.is_date64, lambda values: pa.timestamp("ms")),
    (pa.types.is_time, lambda values: pa.string()),
)


def _refuse(values: pa.ChunkedArray, name: str, error: Exception) -> SourceError:
    for row, value in enumerate(values):
        if isinstance(value.as_py(), bytes):
            try:
                value.as_py().decode()
            except UnicodeDecodeError:
                return SourceError(f"row {row}, column {name!r} holds bytes that are not UTF-8 text")
    return SourceError(f"column {name!r} cannot be shown: {error}")

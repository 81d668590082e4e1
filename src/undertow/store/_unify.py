"""Segments whose columns differ, as one table: by name, each column in the one type that holds all its parts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

__all__ = ["concatenate"]


def concatenate(parts: Sequence[tuple[Path, pa.Table]], schema: pa.Schema) -> pa.Table:
    """All parts as one table: the columns of `schema` first and in its types, then the others as they first appear.

    A bool that meets a number becomes that number, an int64 that meets a float becomes float64 (beyond 2⁵³ it is then
    rounded), and whatever meets text becomes text, with a warning that names the column and the file.

    Args:
        parts: Each with the file it came from.
        schema: The columns that every part has.
    """
    types: dict[str, pa.DataType] = {field.name: field.type for field in schema}
    fixed = set(types)
    for path, table in parts:
        for field in table.schema:
            if field.name in fixed:
                continue
            known = types.get(field.name, field.type)
            types[field.name] = _common(known, field.type)
            if known != field.type and pa.types.is_string(types[field.name]):
                warnings.warn(
                    f"column {field.name!r} is text in one file and {_other(known, field.type)} in another ({path});"
                    " it is read as text",
                    UserWarning,
                    stacklevel=2,
                )
    fields = [schema.field(name) if name in fixed else pa.field(name, type_) for name, type_ in types.items()]
    unified = pa.schema(fields)
    if not parts:
        return unified.empty_table()
    tables = [_conform(table, unified) for _, table in parts]
    # Dictionaries of several files are merged, so that one code means one name throughout.
    return pa.concat_tables(tables).unify_dictionaries()


def _common(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    if first == second:
        return first
    ranks = [_rank(first), _rank(second)]
    if None in ranks:
        return pa.string()
    return [pa.bool_(), pa.int64(), pa.float64()][max(rank for rank in ranks if rank is not None)]


def _rank(type_: pa.DataType) -> int | None:
    if pa.types.is_null(type_) or pa.types.is_boolean(type_):
        return 0
    if pa.types.is_integer(type_):
        return 1
    return 2 if pa.types.is_floating(type_) else None


def _other(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    return second if pa.types.is_string(first) else first


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
        else:
            columns.append(_cast(table[field.name], field.type))
    return pa.table(columns, schema=schema)


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if column.type == type_:
        return column
    if pa.types.is_dictionary(type_):
        # Other writers keep names as plain text.
        return column.cast(type_.value_type).dictionary_encode()
    if pa.types.is_boolean(column.type) and pa.types.is_floating(type_):
        column = column.cast(pa.int64())
    return column.cast(type_, safe=False)

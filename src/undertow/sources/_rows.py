"""Rows: a list of dicts, as a training loop that keeps its own log has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._describe import frame_of
from ._values import array_of, encodable

__all__ = ["columns_of_rows", "flatten", "from_rows"]

#: Deeper than any setting; a dict that holds itself would never end.
DEEPEST = 32


def from_rows(rows: Iterable[object]) -> Frame:
    """Returns rows, one mapping each, as a Frame.

    The columns are the union of the keys in order of appearance; a key that a row lacks is missing there. Nested
    mappings flatten, joined by dots: `{"opt": {"lr": 1}}` is column `opt.lr`. Keys are written as text.

    Raises:
        SourceError: If there are no rows or no columns, a row is no mapping, two keys of a row mean one column, or a
            value cannot be held; the message names row and column.
    """
    columns, _ = columns_of_rows(rows, "the list")
    return frame_of(pa.table({name: array_of(values, name) for name, values in columns.items()}))


def columns_of_rows(
    rows: Iterable[object],
    where: str,
    skip_bad: bool = False,
    number: Callable[[int], str] = "row {}".format,
) -> tuple[dict[str, list[object]], int]:
    """Returns the values of rows by column, None where a row has none, and how many rows were left out.

    Args:
        rows: One mapping each; what nests flattens, joined by dots.
        where: What errors call them all.
        skip_bad: Whether rows that are no mapping, or have two values for one column, are left out.
        number: What errors call the row of a number, from 0.

    Raises:
        SourceError: If there is no row or no column, or a row is bad.
    """
    rows = list(rows)
    columns: dict[str, list[object]] = {}
    count = 0
    for place, row in enumerate(rows):
        try:
            values = _values(row, number(place))
        except SourceError:
            if not skip_bad:
                raise
            continue
        for name, value in values.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = [None] * len(rows)
            column[count] = value
        count += 1
    if not count:
        raise SourceError(f"there are no rows to show: {where} {'has none' if rows else 'is empty'}")
    if not columns:
        raise SourceError("there is nothing to show: no row has a column")
    return {name: values[:count] for name, values in columns.items()}, len(rows) - count


def _values(row: object, where: str) -> dict[str, object]:
    if not isinstance(row, Mapping):
        raise SourceError(f"{where} is of type {type(row).__name__}, not a dict of column names and values")
    values: dict[str, object] = {}
    for name, value in flatten(row, where):
        if name in values:
            raise SourceError(f"{where} has two values for column {name!r}")
        values[name] = value
    return values


def flatten(
    mapping: Mapping[object, object], where: str, prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, object]]:
    """Yields the names and values of a mapping, those of nested ones with dots between the names.

    Raises:
        SourceError: If the mappings nest deeper than 32 levels.
    """
    if depth > DEEPEST:
        raise SourceError(f"{where}, column {prefix[:40]!r}… nests more than {DEEPEST} levels deep")
    for key, value in mapping.items():
        name = encodable(f"{prefix}{key}")
        if isinstance(value, Mapping):
            yield from flatten(value, where, f"{name}.", depth + 1)
        else:
            yield name, value

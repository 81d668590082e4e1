"""Rows: a list of dicts, as a training loop that keeps its own log has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._describe import frame_of
from ._values import array_of, encodable

__all__ = ["flatten", "from_rows"]

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
    rows = list(rows)
    if not rows:
        raise SourceError("there are no rows to show: the list is empty")
    columns: dict[str, list[object]] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise SourceError(f"row {number} is of type {type(row).__name__}, not a dict of column names and values")
        seen: set[str] = set()
        for name, value in flatten(row, f"row {number}"):
            if name in seen:
                raise SourceError(f"row {number} has two values for column {name!r}")
            seen.add(name)
            if name not in columns:
                columns[name] = [None] * len(rows)
            columns[name][number] = value
    if not columns:
        raise SourceError("there is nothing to show: no row has a column")
    return frame_of(pa.table({name: array_of(values, name) for name, values in columns.items()}))


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

"""A Frame: a table with described columns, whatever it came from.

Sources make Frames, lenses make Frames, and every engine answers questions about one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from .errors import SourceError
from .schema import Column

__all__ = ["Frame", "Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of axes within one Frame, e.g. the layers by gradient norm or by update ratio."""

    label: str
    axes: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A table with described columns.

    Attributes:
        table: The rows. Column types are bool, integer, float, timestamp, string or dictionary of string.
        columns: One description per column of `table`, in its order.
        lens: What one row is: "steps", "layers", "flow", "runs", or "rows" for foreign data.
        axes: The names of the columns shown as axes at first, in order; the others start hidden.
        color: The column that colours the lines at first, or None.
        presets: Other choices of axes, the first of which is `axes` itself; empty where there is but one.
        note: One sentence that says what a line is and how to read it.
    """

    table: pa.Table
    columns: tuple[Column, ...]
    lens: str = "rows"
    axes: tuple[str, ...] = ()
    color: str | None = None
    presets: tuple[Preset, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        names = self.table.column_names
        described = [column.name for column in self.columns]
        if names != described:
            raise SourceError(f"the table's columns {names} and their descriptions {described} differ")
        repeated = sorted(name for name, times in Counter(names).items() if times > 1)
        if repeated:
            raise SourceError(f"column name {repeated[0]!r} occurs more than once")
        known = set(names)
        unknown = [name for name in (*self.axes, *([self.color] if self.color else [])) if name not in known]
        if unknown:
            raise SourceError(f"no column named {unknown[0]!r}; there are: {', '.join(map(repr, names))}")

    @property
    def cells(self) -> int:
        """How many values it has, rows times columns."""
        return len(self) * len(self.columns)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

"""A Frame: a table with described columns, whatever it came from.

Sources make Frames, lenses make Frames, and every engine answers questions about one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from .errors import SourceError
from .schema import Column

__all__ = ["Beside", "Frame", "Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of axes within one Frame, e.g. the layers by gradient norm or by update ratio."""

    label: str
    axes: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """How the views beside the plot start; what is None or empty is left to the page.

    Attributes:
        open: The views that are open, of "table", "series", "scatter", "heatmap", "distribution", "ranking" and
            "findings".
        scatter: The columns across and up.
        distribution: The column whose values are counted.
        sort: The table's columns to sort by, each with whether it descends.
        order: The table's columns from left to right.
    """

    open: tuple[str, ...] | None = None
    scatter: tuple[str | None, str | None] = (None, None)
    distribution: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    order: tuple[str, ...] = ()


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
        inverted: The names of the columns whose axes start upside down.
        weight: The column that says how much each row weighs, or None.
        beside: How the views beside the plot start.
        remote: How many rows there are where `table` has none of them, since an engine is asked about them elsewhere;
            None where it has them all.
    """

    table: pa.Table
    columns: tuple[Column, ...]
    lens: str = "rows"
    axes: tuple[str, ...] = ()
    color: str | None = None
    presets: tuple[Preset, ...] = ()
    note: str = ""
    inverted: tuple[str, ...] = ()
    weight: str | None = None
    beside: Beside = field(default_factory=Beside)
    remote: int | None = None

    def __post_init__(self) -> None:
        names = self.table.column_names
        described = [column.name for column in self.columns]
        if names != described:
            raise SourceError(f"the table's columns {names} and their descriptions {described} differ")
        repeated = sorted(name for name, times in Counter(names).items() if times > 1)
        if repeated:
            raise SourceError(f"column name {repeated[0]!r} occurs more than once")
        known = set(names)
        named = (*self.axes, *self.inverted, self.color, self.weight)
        unknown = [name for name in named if name is not None and name not in known]
        if unknown:
            raise SourceError(f"no column named {unknown[0]!r}; there are: {', '.join(map(repr, names))}")

    @property
    def cells(self) -> int:
        """How many values it has, rows times columns."""
        return len(self) * len(self.columns)

    def __len__(self) -> int:
        return int(self.table.num_rows) if self.remote is None else self.remote

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

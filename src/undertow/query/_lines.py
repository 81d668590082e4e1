"""What the lenses share: keys, metrics joined to their lines, free names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from ..frame import Frame, Preset
from ..schema import KEYS, Column
from ._merge import Clock, Ints, floats, integers

__all__ = ["Table", "fresh", "metric_names", "metrics_of", "runs_of", "varies"]


@dataclass
class Table:
    """A frame under construction: columns with their descriptions, in order."""

    arrays: dict[str, pa.Array] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)

    def add(self, column: Column, values: pa.Array) -> str:
        """Adds a column, under a free name where its own is taken, and returns the name."""
        name = fresh(column.name, self.arrays)
        if name != column.name:
            column = replace(column, name=name)
        self.arrays[name] = values
        self.columns.append(column)
        return name

    def frame(
        self, lens: str, axes: Collection[str], color: str | None, note: str, presets: tuple[Preset, ...] = ()
    ) -> Frame:
        """The finished frame."""
        return Frame(pa.table(self.arrays), tuple(self.columns), lens, tuple(axes), color, presets, note)


def fresh(name: str, taken: Collection[str]) -> str:
    """The name, or where it is taken the name with the first number that is free."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def runs_of(*tables: pa.Table) -> list[str]:
    """The runs that the tables hold, in order of first appearance."""
    seen: dict[str, None] = {}
    for table in tables:
        seen.update(dict.fromkeys(table["run"].cast(pa.string()).unique().to_pylist()))
    return list(seen)


def metric_names(steps: pa.Table) -> list[str]:
    """The columns of a `steps` table that are numbers or truths and no keys."""
    return [
        column.name
        for column in steps.schema
        if column.name not in KEYS.names
        and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type))
    ]


def metrics_of(
    steps: pa.Table, steps_run: Ints, line_run: Ints, line_span: Ints, line_epoch: Ints, clock: Clock
) -> dict[str, pa.Array]:
    """The mean of every metric over what each line spans; where nothing was logged within it, over the line's epoch.

    Args:
        steps: Rows of the `steps` table.
        steps_run: Index of the run of each row. Shape (rows,).
        line_run: Index of the run of each line. Shape (lines,).
        line_span: Span of each line. Shape (lines,).
        line_epoch: Epoch of each line, -1 where it has none. Shape (lines,).
        clock: What a span is.

    Returns:
        float64 per metric, null where a line has no value. Shape (lines,).
    """
    joins = [(clock.spans(steps), line_span)]
    if clock.name != "epoch":
        joins.append((integers(steps["epoch"]), line_epoch))
    found: dict[str, pa.Array] = {}
    for name in metric_names(steps):
        values, null = floats(steps[name])
        mean = np.full(len(line_run), np.nan)
        absent = np.ones(len(line_run), dtype=bool)
        for of_row, of_line in joins:
            group = _match(steps_run, of_row, line_run, of_line)
            usable = (group >= 0) & ~null
            count = np.bincount(group[usable], minlength=len(mean))
            total = np.bincount(group[usable], weights=values[usable], minlength=len(mean))
            line = _match(line_run, of_line, line_run, of_line)  # lines of one epoch share its values
            fill = absent & (line >= 0) & (count[line] > 0)
            mean[fill] = total[line][fill] / count[line][fill]
            absent &= ~fill
        found[name] = pa.array(mean, mask=absent)
    return found


def _match(run: Ints, key: Ints, line_run: Ints, line_key: Ints) -> Ints:
    """The first line with the same run and key as each row, -1 where there is none or the key is -1. Shape (rows,)."""
    keys, place = np.unique(np.concatenate([line_key, key]), return_inverse=True)
    lines = len(line_key)
    of_line, of_row = line_run * len(keys) + place[:lines], run * len(keys) + place[lines:]
    distinct, first = np.unique(of_line, return_index=True)
    if not len(distinct):
        return np.full(len(run), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(distinct, of_row), len(distinct) - 1)
    return np.where((distinct[at] == of_row) & (key >= 0), first[at], -1)


def varies(values: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a column says anything as an axis: more than one value, or but one row."""
    return len(values) == 1 or len(values.unique()) > 1

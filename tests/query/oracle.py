"""The engine by the book: one row after another, in plain Python. What every engine is compared with."""

from __future__ import annotations

import bisect
import math
from typing import Any

import numpy as np

from undertow.query._questions import Binning, CubeQuery, Filters, RowsQuery
from undertow.query.binning import edges


class Oracle:
    """A table as lists.

    Args:
        columns: Numbers (None is missing), or names of categories.
    """

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self.columns = columns
        self.rows = len(next(iter(columns.values()), []))
        self.names = {
            name: list(dict.fromkeys(value for value in values if value is not None))
            for name, values in columns.items()
            if any(isinstance(value, str) for value in values)
        }

    def passes(self, row: int, filters: Filters) -> bool:
        for step in filters.steps:
            if self._passes(row, step.columns, step.search) != (step.action == "keep"):
                return False
        return self._passes(row, filters.columns, filters.search)

    def _passes(self, row: int, columns: Any, search: str) -> bool:
        return all(self._meets(self.columns[name][row], wanted) for name, wanted in columns.items()) and (
            not search or any(search.lower() in spoken(values[row]).lower() for values in self.columns.values())
        )

    def _meets(self, value: Any, wanted: Any) -> bool:
        if value is None:
            return wanted.missing
        if isinstance(value, str):
            return value in wanted.values
        if math.isnan(value):
            return "nan" in wanted.special
        if math.isinf(value):
            return ("+inf" if value > 0 else "-inf") in wanted.special
        return any(low <= value <= high for low, high in wanted.ranges)

    def bin(self, row: int, axis: Binning, bins: int) -> int:
        value = self.columns[axis.column][row]
        if value is None:
            return bins + 4
        if axis.scale == "category":
            names = self.names[axis.column]
            code = names.index(value)
            return code if len(names) <= bins else code * bins // len(names)
        if math.isnan(value):
            return bins + 3
        if math.isinf(value):
            return bins if value > 0 else bins + 2
        if axis.scale == "log" and value <= 0:
            return bins + 1
        cut = edges(axis.scale, axis.domain, bins, axis.percentiles).tolist()
        if cut[0] == cut[-1]:
            return bins // 2
        return min(bins - 1, max(0, bisect.bisect_right(cut, value) - 1))

    def cube(self, query: CubeQuery) -> list[np.ndarray]:
        side = query.bins + 5
        positions = query.active[1] + 5 if query.active else 0
        grids = []
        for left, right in query.pairs:
            grid = np.zeros((positions + 1 if query.active else 1, side, side), np.uint32)
            for row in range(self.rows):
                if not self.passes(row, query.filters):
                    continue
                at = self.bin(row, left, query.bins), self.bin(row, right, query.bins)
                first = self.bin(row, query.active[0], query.active[1]) + 1 if query.active else 0
                grid[(slice(first, None), *at)] += 1
            grids.append(grid)
        return grids

    def ordered(self, query: RowsQuery) -> list[int]:
        ids = [row for row in range(self.rows) if self.passes(row, query.filters)]
        for name, descending in reversed(query.order):
            values = self.columns[name]

            def known(row: int, values: list[Any] = values) -> bool:
                return values[row] is not None and (isinstance(values[row], str) or math.isfinite(values[row]))

            first = sorted(filter(known, ids), key=lambda row, values=values: values[row], reverse=descending)
            if descending:  # reverse keeps ties as they were, in the order of rows
                first = sorted(filter(known, ids), key=lambda row, v=values: (v[row],), reverse=True)
            ids = first + [row for row in ids if not known(row)]
        return ids


def spoken(value: Any) -> str:
    """A value as the page writes it, for numbers that need no exponent."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value == int(value) else repr(value)

"""What a cluster's tasks need of a question: which columns, and how they become bin codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from . import _tasks
from ._counting import check_axis, coarsened
from ._questions import Binning
from ._sql import Variable
from .binning import edges

__all__ = ["Names", "Plans"]


class Names(Sequence[str]):
    """Categories' names, which the cluster is asked for once somebody looks."""

    def __init__(self, load: Callable[[], list[str]]) -> None:
        self._load = load

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self._load()[place]

    def __len__(self) -> int:
        return len(self._load())


class Plans:
    """The codes that a question needs, each once, and the columns that they are made of.

    Args:
        variable: How SQL speaks of a column.
        selected: What is selected before them.

    Attributes:
        selected: What a query must select.
        made: How the codes are made of it.
    """

    def __init__(self, variable: Callable[[str], Variable], selected: Sequence[str] = ()) -> None:
        self._variable = variable
        self._places: dict[str, int] = {}
        self._columns: dict[str, int] = {}
        self.selected = list(selected)
        self.made: list[_tasks.CodePlan] = []

    def place(self, axis: Binning, bins: int) -> int:
        """Which of the codes are those of an axis."""
        variable = self._variable(axis.column)
        check_axis(axis, variable.names is not None)
        fine = None if axis.percentiles is None else axis.percentiles.tolist()
        key = json.dumps([axis.column, axis.scale, axis.domain, bins, fine])
        if key not in self._places:
            if axis.column not in self._columns:
                self._columns[axis.column] = len(self.selected)
                value = variable.value if variable.names is not None else f"CAST({variable.value} AS DOUBLE)"
                self.selected.append(f"{value} AS a{len(self.selected)}")
            cut = names = None
            if variable.names is None:
                cut = edges(axis.scale, axis.domain, bins, axis.percentiles)  # type: ignore[arg-type]
            else:
                names = pa.array(list(variable.names), pa.string()) if variable.text else len(variable.names)
            self._places[key] = len(self.made)
            self.made.append(_tasks.CodePlan(self._columns[axis.column], bins, cut, axis.scale == "log", names))
        return self._places[key]

    def part(self, axis: Binning, bins: int, factor: int) -> tuple[int, npt.NDArray[np.int64]]:
        """An axis' codes, and what each adds to the number of a cell."""
        fine, table = coarsened(axis, bins)
        return self.place(axis, fine), table * factor

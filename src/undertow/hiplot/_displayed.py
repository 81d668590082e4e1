"""An experiment that is on show, and what a person selected of it."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any

from ..view import View, has_kernel
from ._values import Datapoint

__all__ = ["DisplayedView", "ExperimentDisplayed"]

_TYPES = {"linear": "numeric", "log": "numericlog", "percentile": "numericpercentile"}


class ExperimentDisplayed(metaclass=ABCMeta):
    """Tells what a person selected; `Experiment.display` returns one."""

    @abstractmethod
    def get_selected(self) -> list[Datapoint]:
        """Returns the datapoints that are brushed, or all where none are."""

    @abstractmethod
    def get_brush_extents(self) -> dict[str, dict[str, Any]]:
        """Returns what is brushed, by column: `type`, and `range` with all `ranges`, or the `values` of categories."""


class DisplayedView(ExperimentDisplayed):
    """An experiment that a View shows; `view` is that View.

    Args:
        datapoints: Those that are shown, in the rows' order.
        view: What shows them.
    """

    def __init__(self, datapoints: Sequence[Datapoint], view: View) -> None:
        self._datapoints = list(datapoints)
        self.view = view

    def show(self) -> None:
        """Shows it below the cell, where this is a notebook."""
        if has_kernel():
            self.view._ipython_display_()

    def get_selected(self) -> list[Datapoint]:
        """Returns the datapoints that are brushed in the notebook, or all where none are.

        Raises:
            ViewError: If anywidget is missing.
        """
        return [self._datapoints[row] for row in self.view.selected_rows]

    def get_brush_extents(self) -> dict[str, dict[str, Any]]:
        """Returns what is brushed in the notebook, by column.

        A number has its outer limits in `range` and every range in `ranges`, a time in seconds since 1970; a category
        has its `values`.

        Raises:
            ViewError: If anywidget is missing.
        """
        frame = self.view.frames[0]
        extents: dict[str, dict[str, Any]] = {}
        for name, brushed in self.view.brushes.items():
            column = frame[name]
            if column.kind == "category":
                extents[name] = {"type": "categorical", "values": list(brushed.get("values", ()))}
                continue
            unit = 1000 if column.kind == "time" else 1
            ranges = [[low / unit, high / unit] if unit > 1 else [low, high] for low, high in brushed.get("ranges", ())]
            if not ranges:
                continue
            kind = "timestamp" if column.kind == "time" else _TYPES.get(column.scale or "linear", "numeric")
            whole = [min(low for low, _ in ranges), max(high for _, high in ranges)]
            extents[name] = {"type": kind, "range": whole, "ranges": ranges}
        return extents

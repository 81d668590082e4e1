"""The curves that rules read: a run's metrics over its epochs, or over its steps where it has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..frame import Frame

__all__ = ["FEWEST_POINTS", "Curves", "curves_of", "noise", "smooth"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Fewer points than this are no curve; no rule speaks about them.
FEWEST_POINTS = 8

#: More points than this say nothing more of a curve's shape, and cost the square of their number to smooth.
MOST_POINTS = 2000

#: A training loss and the validation loss that goes with it, as the frameworks and their users name them.
LOSSES = (
    ("loss", "val_loss"),
    ("train_loss", "val_loss"),
    ("train_loss", "valid_loss"),
    ("train/loss", "val/loss"),
    ("train/loss", "eval/loss"),
    ("training_loss", "validation_loss"),
    ("loss", "eval_loss"),
)


@dataclass(frozen=True, slots=True)
class Curves:
    """One run's metrics over time.

    Attributes:
        run: Its name; empty where the data name none.
        clock: The column that counts: "epoch" or "step".
        x: Its values, ascending. Shape (points,).
        step: The last step of each point; None where the data count none. Shape (points,).
        metrics: The mean of each metric at each point, nan where it has none. Shape (points,) each.
        broken: The metrics that were not finite when logged, each with the first point where.
        lens: The lens of the frame they are from.
        by_run: Whether the frame has a column `run`.
    """

    run: str
    clock: str
    x: Ints
    step: Ints | None
    metrics: dict[str, Floats] = field(default_factory=dict)
    lens: str = "steps"
    by_run: bool = False
    broken: dict[str, int] = field(default_factory=dict)

    def losses(self) -> tuple[str | None, str | None]:
        """The names of the training loss and of the validation loss, None where there is none."""
        for training, validation in LOSSES:
            if training in self.metrics and validation in self.metrics:
                return training, validation
        both = [name for pair in LOSSES for name in pair if name in self.metrics]
        trainings = {training for training, _ in LOSSES}
        return (
            next((name for name in both if name in trainings), None),
            next((name for name in both if name not in trainings), None),
        )

    def points(self, *names: str) -> tuple[Ints, list[Floats]]:
        """The points at which all the metrics are finite: their indices, and each metric there."""
        index = np.flatnonzero(np.all([np.isfinite(self.metrics[name]) for name in names], axis=0))
        return index, [self.metrics[name][index] for name in names]

    def evidence(self, first: int, last: int) -> dict[str, Any]:
        """The fields of a Finding that say where it is, for the points from `first` to `last`, both included."""
        filters: dict[str, Any] = {self.clock: {"ranges": [[int(self.x[first]), int(self.x[last])]]}}
        if self.by_run:
            filters["run"] = {"values": [self.run]}
        return {
            "run": self.run,
            "first_step": None if self.step is None else int(self.step[first]),
            "last_step": None if self.step is None else int(self.step[last]),
            "lens": self.lens,
            "filters": filters,
        }


def curves_of(frame: Frame, clocks: tuple[str, ...] = ("epoch", "step")) -> Iterator[Curves]:
    """Yields each run's curves; nothing where the frame counts neither epochs nor steps.

    Rows of one epoch are averaged where there are enough epochs for a curve; else the steps are the points, those of
    equal spans averaged where there are more than 2,000.

    Args:
        frame: What was logged.
        clocks: What may count, the first that has enough points for a curve; where none has, the one with most.
    """
    table = frame.table
    runs = table["run"].cast(pa.string()) if "run" in table.column_names else None
    names = [None] if runs is None else [name for name in runs.unique().to_pylist() if name is not None]
    for run in names:
        rows = table if run is None else table.filter(pc.equal(runs, run))
        points = {name: _counts(rows, name) for name in clocks}
        clock = next((name for name in clocks if points[name] >= FEWEST_POINTS), max(clocks, key=points.__getitem__))
        if not points[clock]:
            continue
        counted = rows.filter(rows[clock].is_valid())
        x, point = np.unique(_numbers(counted[clock]).astype(np.int64), return_inverse=True)
        if len(x) > MOST_POINTS:
            # Equal spans; each goes by its last epoch or step.
            span = np.arange(len(x)) * MOST_POINTS // len(x)
            x, point = x[np.append(np.flatnonzero(np.diff(span)), len(x) - 1)], span[point]
        step = None
        if (
            "step" in counted.column_names
            and pa.types.is_integer(counted["step"].type)
            and not counted["step"].null_count
        ):
            step = np.zeros(len(x), dtype=np.int64)
            np.maximum.at(step, point, np.asarray(counted["step"].to_numpy(), dtype=np.int64))
        metrics = {
            column.name: _means(_numbers(counted[column.name]), counted[column.name], point, len(x))
            for column in frame.columns
            if column.kind == "number" and column.name not in {"epoch", "step"} and ":" not in column.name
        }
        broken = {name: _broken(counted[name], point) for name in metrics}
        known = {name: first for name, first in broken.items() if first is not None}
        yield Curves(run or "", clock, x, step, metrics, frame.lens, runs is not None, known)


def _counts(rows: pa.Table, name: str) -> int:
    """How many points a column counts; 0 where it does not count."""
    if name not in rows.column_names or not (
        pa.types.is_integer(rows[name].type) or pa.types.is_floating(rows[name].type)
    ):
        return 0
    values = _numbers(rows[name].drop_null())
    return len(np.unique(values)) if np.all(np.isfinite(values)) and np.all(values % 1 == 0) else 0


def _broken(column: pa.ChunkedArray, point: Ints) -> int | None:
    """The first point at which a value was logged that is not finite."""
    logged = np.asarray(column.is_valid().to_numpy(), dtype=bool)
    bad = logged & ~np.isfinite(_numbers(column))
    return int(point[bad].min()) if bad.any() else None


def _numbers(values: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.fill_null(values.cast(pa.float64(), safe=False), np.nan).to_numpy(), dtype=np.float64)


def _means(values: Floats, column: pa.ChunkedArray, point: Ints, points: int) -> Floats:
    """The mean per point of the rows that have a value; a NaN that was logged makes its point nan. Shape (points,)."""
    present = np.asarray(column.is_valid().to_numpy(), dtype=bool)
    count = np.bincount(point[present], minlength=points)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.bincount(point[present], weights=values[present], minlength=points) / count)


def smooth(values: Floats) -> Floats:
    """The running median over 3 points, over a twentieth of them where there are many; the ends as they are.

    A median lets a single lucky epoch pass without a trace, and keeps an elbow where it is. Shape as `values`.
    """
    most, last = max(1, len(values) // 40), len(values) - 1
    reach = [min(most, i, last - i) for i in range(len(values))]
    return np.array([np.median(values[i - r : i + r + 1]) for i, r in enumerate(reach)])


def noise(values: Floats) -> float:
    """The standard deviation of the jitter from point to point, by the median difference; 0 for a straight line."""
    steps = np.diff(values)
    return float(1.4826 * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2)) if len(steps) else 0.0

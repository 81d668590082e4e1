"""The `steps` lens: where does fitting taper off, when does overfitting start?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SourceError
from ..frame import Frame
from ..schema import KEYS, Column
from ..sources import describe, is_learning_rate, normalise, order_metrics, pair_validation
from ._lines import Table, runs_of, varies
from ._merge import MEASURES, Clock, codes, integers, merge

__all__ = ["metric_columns", "steps"]

_TOTALS = ("grad_norm", "update_ratio")


def steps(steps: pa.Table, layers: pa.Table | None = None) -> Frame:
    """One line a logged row: an epoch, or a step where a training logs more than one row an epoch.

    The columns are the keys that say something (run, rank and attempt only where there are several), the metrics, and,
    where gradients were recorded, the norm and update ratio of all parameters together over the same epoch or step.

    Args:
        steps: Rows of the `steps` table: `undertow.schema.KEYS` and the metrics.
        layers: Rows of `undertow.schema.LAYERS`; None where there is none.

    Raises:
        SourceError: If `steps` has no rows.
    """
    if not len(steps):
        raise SourceError("there are no steps to show: nothing was logged")
    clock = _clock(steps)
    steps = _without_empty(steps)
    table = Table()
    axes: list[str] = []
    described = {column.name: column for column in describe(steps)}
    for name in ("run", "attempt", "rank"):
        if len(steps[name].unique()) > 1:
            axes.append(table.add(described[name], steps[name]))
    if pc.count(steps["epoch"]).as_py():
        table.add(replace(described["epoch"], scale="linear"), steps["epoch"])
    table.add(replace(described["step"], scale="linear"), steps["step"])
    axes.append(clock.name)
    metrics = {name: steps[name] for name in steps.column_names if name not in KEYS.names}
    ordered = order_metrics(metrics)
    shown = [name for name in ordered if varies(metrics[name])]
    rates = [name for name in shown if is_learning_rate(name)]
    columns = dict(zip(ordered, metric_columns({name: metrics[name] for name in ordered}), strict=True))
    names = {name: table.add(*columns[name]) for name in ordered}
    axes += [names[name] for name in shown if name not in rates]
    if layers is not None and len(layers):
        axes += _add_totals(table, steps, layers, clock)
    axes += [names[name] for name in rates]
    table.add(described["time"], steps["time"])
    return table.frame("steps", axes, clock.name, f"One line is one {clock.name}.")


def metric_columns(
    metrics: Mapping[str, pa.Array | pa.ChunkedArray],
) -> list[tuple[Column, pa.Array | pa.ChunkedArray]]:
    """Describes metrics, a validation beside its metric in one domain."""
    table = normalise(pa.table(dict(metrics)))
    return [(column, table[column.name]) for column in pair_validation(describe(table))]


def _clock(steps: pa.Table) -> Clock:
    """Epochs where each has one row, else steps."""
    if steps["epoch"].null_count:
        return Clock("step")
    keys = np.stack(
        [codes(steps["run"], runs_of(steps)), *(integers(steps[name]) for name in ("epoch", "rank", "attempt"))]
    )
    return Clock("epoch" if np.unique(keys, axis=1).shape[1] == len(steps) else "step")


def _without_empty(steps: pa.Table) -> pa.Table:
    """Without metrics that have no value at all, and types as a Frame has them."""
    kept = [name for name in steps.column_names if name in KEYS.names or steps[name].null_count < len(steps)]
    return normalise(steps.select(kept))


def _add_totals(table: Table, steps: pa.Table, layers: pa.Table, clock: Clock) -> list[str]:
    """Adds the measures of all parameters together, and returns the names of those that have values."""
    runs = runs_of(steps, layers)
    merged = merge(layers, codes(layers["run"], runs), np.zeros(len(layers), dtype=np.int64), clock)
    group = {key: index for index, key in enumerate(zip(merged.run.tolist(), merged.span.tolist(), strict=True))}
    rows = zip(codes(steps["run"], runs).tolist(), clock.spans(steps).tolist(), strict=True)
    place = pa.array([group.get(row) for row in rows], pa.int64())
    added = []
    for measure in (measure for measure in MEASURES if measure.name in _TOTALS):
        values = measure.of(merged).take(place)
        if values.null_count < len(values):
            column = Column(
                measure.name, "number", measure.label, scale="log", description=f"of all layers: {measure.description}"
            )
            added.append(table.add(column, values))
    return added

"""The `runs` lens: which hyperparameters matter?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..errors import SourceError
from ..frame import Frame, Preset
from ..schema import Column, Scale
from ..sources import array_of, describe, flatten, higher_is_better, is_learning_rate, normalise, order_metrics
from ._lines import Table, metric_names, varies
from ._merge import MEASURES, Clock, Floats, Ints, codes, floats, integers, merge

__all__ = ["runs"]

#: Which value of a metric stands for its run, and what that is.
CHOICES = {
    "best": "the best value of the run: the highest where its name says that more is better, else the lowest",
    "last": "the last value that was logged",
    "min": "the lowest finite value of the run",
    "max": "the highest finite value of the run",
}
#: Of all parameters together, where gradients were recorded; neither large nor small is best.
_TOTALS = ("grad_norm", "update_ratio")
#: More names than this on an axis cannot be read.
_MOST_NAMES = 20
_MOST_AXES = 24
_CATEGORIES = 50
#: A setting whose highest value is so many times its lowest was chosen by its order of magnitude.
_DECADES = 100


def runs(about: pa.Table, steps: pa.Table, layers: pa.Table | None = None) -> Frame:
    """One line a run: its hyperparameters, then what became of its metrics.

    Each metric has four columns, `loss:best`, `loss:last`, `loss:min` and `loss:max`, and a preset shows one kind of
    them. Hyperparameters are the run's `config`, nested ones with dots; those in which runs differ are axes.

    Args:
        about: One row a run: `run`, and where known `config` (JSON), `tags`, `state`, `start`, `end`, `host`.
        steps: Rows of the `steps` table of these runs, `run` as in `about`.
        layers: Rows of `undertow.schema.LAYERS`; None where there are none.

    Raises:
        SourceError: If there are no runs.
    """
    names = about["run"].cast(pa.string()).to_pylist()
    if not names:
        raise SourceError("there are no runs to show")
    table = Table()
    run = pa.DictionaryArray.from_arrays(pa.array(np.arange(len(names)), pa.int32()), pa.array(names, pa.string()))
    table.add(Column("run", "category", scale="category"), run)
    axes = ["run"] if 1 < len(names) <= _MOST_NAMES else []
    for column, values in _settings(about):
        name = table.add(column, values)
        if _worth_an_axis(column, values):
            axes.append(name)
    chosen: dict[str, list[str]] = {choice: [] for choice in CHOICES}
    summaries = _summaries(steps, names) | (_totals(layers, names) if layers is not None and len(layers) else {})
    for metric, kinds in summaries.items():
        for choice in CHOICES:
            if choice not in kinds or kinds[choice].null_count == len(names):
                continue
            name = table.add(_column(metric, choice, summaries), kinds[choice])
            if varies(kinds[choice]) and not is_learning_rate(metric):
                chosen[choice].append(name)
    _add_course(table, about, steps, names, summaries)
    # What has no best of its own is seen by its last value.
    rest = [name for name in chosen["last"] if name.removesuffix(":last") in _TOTALS]
    presets = tuple(
        Preset(choice, (*axes, *found, *(rest if choice == "best" else ()))[:_MOST_AXES], f"Of each metric {what}.")
        for (choice, what), found in zip(CHOICES.items(), chosen.values(), strict=True)
        if found
    )
    shown = presets[0].axes if presets else tuple(axes or table.arrays)
    color = next((name for name in shown if name in chosen["best"] and name.startswith("val_")), None)
    color = color or next((name for name in shown if name in chosen["best"]), shown[-1])
    note = "One line is one run: its settings, and what became of it."
    return table.frame("runs", shown, color, note, presets)


def _settings(about: pa.Table) -> list[tuple[Column, pa.Array]]:
    """The hyperparameters, as columns over the runs."""
    columns: dict[str, list[object]] = {}
    for row, config in enumerate(_given(about, "config")):
        settings = json.loads(config) if config else None
        for name, value in flatten(settings, f"run {row}") if isinstance(settings, Mapping) else ():
            columns.setdefault(name, [None] * len(about))[row] = value
    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = array_of(values, name)
        except SourceError:  # a list longer than any setting, say
            arrays[name] = array_of([None if value is None else json.dumps(value) for value in values], name)
    table = normalise(pa.table(arrays)) if arrays else pa.table({})
    return [
        (
            replace(column, group="config", scale=column.scale or _scale(table[column.name])),
            table[column.name].combine_chunks(),
        )
        for column in describe(table)
    ]


def _scale(values: pa.ChunkedArray) -> Scale | None:
    """Log for what was sampled over decades, as learning rates are; else as the page finds best."""
    if not pa.types.is_floating(values.type):
        return None
    extent = pc.min_max(values)
    least, most = extent["min"].as_py(), extent["max"].as_py()
    return "log" if least is not None and 0 < _DECADES * least <= most < np.inf else None


def _worth_an_axis(column: Column, values: pa.Array) -> bool:
    distinct = len(values.unique())
    return distinct > 1 and (column.kind != "category" or distinct <= _CATEGORIES)


def _summaries(steps: pa.Table, names: list[str]) -> dict[str, dict[str, pa.Array]]:
    """By metric and choice a value a run, null where it was never logged. Shape (runs,)."""
    if not len(steps):
        return {}
    run = codes(steps["run"], names)
    order = np.lexsort((integers(steps["step"]), run))
    order = order[run[order] >= 0]
    found = {}
    for metric in order_metrics(metric_names(steps)):
        values, null = floats(steps[metric])
        found[metric] = _reduced(run[order], values[order], null[order], len(names))
        found[metric]["best"] = found[metric]["max" if higher_is_better(metric) else "min"]
    return found


def _reduced(run: Ints, values: Floats, null: NDArray[np.bool_], runs: int) -> dict[str, pa.Array]:
    """The last, lowest and highest value of each run, of rows in order; the lowest of no finite value is NaN."""
    run, values = run[~null], values[~null]
    logged = np.bincount(run, minlength=runs) > 0
    last = np.full(runs, np.nan)
    last[run] = values  # the last assignment stays
    finite = np.isfinite(values)
    least, most = np.full(runs, np.inf), np.full(runs, -np.inf)
    np.minimum.at(least, run[finite], values[finite])
    np.maximum.at(most, run[finite], values[finite])
    kinds = {
        "last": last,
        "min": np.where(np.isinf(least), np.nan, least),
        "max": np.where(np.isinf(most), np.nan, most),
    }
    return {choice: pa.array(each, mask=~logged) for choice, each in kinds.items()}


def _totals(layers: pa.Table, names: list[str]) -> dict[str, dict[str, pa.Array]]:
    """The measures of all parameters together, step by step."""
    known = layers.filter(pa.array(codes(layers["run"], names) >= 0))
    merged = merge(known, codes(known["run"], names), np.zeros(len(known), dtype=np.int64), Clock("step"))
    found = {}
    for measure in (measure for measure in MEASURES if measure.name in _TOTALS):
        values, null = floats(measure.of(merged))
        if not null.all():
            found[measure.name] = _reduced(merged.run, values, null, len(names))
    return found


def _column(metric: str, choice: str, metrics: Mapping[str, Any]) -> Column:
    measure = next((measure for measure in MEASURES if measure.name == metric and metric in _TOTALS), None)
    training = metric.removeprefix("val_")
    paired = training in metrics and f"val_{training}" in metrics
    return Column(
        f"{metric}:{choice}",
        "number",
        label=measure.label if measure else metric,
        unit=choice,
        scale="log" if measure else None,
        share=f"{training}:{choice}" if paired else "",
        group=metric,
        description=f"{measure.description + '; of all layers: ' if measure else ''}{CHOICES[choice]}",
    )


def _add_course(
    table: Table, about: pa.Table, steps: pa.Table, names: list[str], metrics: Mapping[str, Mapping[str, pa.Array]]
) -> None:
    """When the run was at its best, how long it took, and how it ended."""
    run = codes(steps["run"], names) if len(steps) else np.zeros(0, np.int64)
    for clock in ("epoch", "step"):
        last = np.full(len(names), -1)
        if len(steps):
            np.maximum.at(last, run[run >= 0], integers(steps[clock])[run >= 0])
        if (last >= 0).any():
            told = Column(f"{clock}s", "number", scale="linear", description=f"the last {clock} that was logged")
            table.add(told, pa.array(last, mask=last < 0))
    main = next((name for name in metrics if name.startswith("val_")), next(iter(metrics), None))
    if main is not None:
        clock = "epoch" if len(steps) and pc.count(steps["epoch"]).as_py() else "step"
        values, null = floats(steps[main])
        best, _ = floats(metrics[main]["best"])
        at = ~null & (run >= 0) & (values == best[run])
        first = np.full(len(names), np.iinfo(np.int64).max)
        np.minimum.at(first, run[at], integers(steps[clock])[at])
        told = Column(
            f"best {clock}", "number", scale="linear", description=f"the first {clock} at which {main} was at its best"
        )
        table.add(told, pa.array(first, mask=first == np.iinfo(np.int64).max))
    starts, ends = (pa.array(_given(about, name), pa.timestamp("us", tz="UTC")) for name in ("start", "end"))
    if len(steps) and starts.null_count < len(names):
        seen = np.zeros(len(names), np.int64)
        np.maximum.at(seen, run[run >= 0], integers(steps["time"])[run >= 0])
        # A run that goes on, or crashed, has no end; its last row is as good.
        until = pc.if_else(ends.is_valid(), ends.cast(pa.int64()), pa.array(seen, mask=seen == 0))
        seconds = pc.divide(pc.subtract(until, starts.cast(pa.int64())).cast(pa.float64()), 1e6)
        table.add(Column("duration", "number", unit="s"), seconds)
    if starts.null_count < len(names):
        table.add(Column("start", "time", unit="UTC", scale="time"), starts)
    for name in ("state", "host", "tags"):
        words = [", ".join(value) if isinstance(value, list) else value for value in _given(about, name)]
        if any(words):
            table.add(
                Column(name, "category", scale="category"), pa.array([word or None for word in words], pa.string())
            )


def _given(about: pa.Table, name: str) -> list[Any]:
    return about[name].to_pylist() if name in about.column_names else [None] * len(about)

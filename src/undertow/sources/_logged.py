"""Runs that another tool logged, as the tables that a recording of ours has."""

from __future__ import annotations

import datetime as dt
import json
import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schema import KEYS, LAYERS, PARAMS
from ..store import RUNS, concatenate
from ._describe import normalise
from ._values import encodable

__all__ = ["NO_LAYERS", "Logged", "LoggedRun", "Points", "moment", "steps_of"]

#: What a row has before its metrics; run, attempt and rank are the same in a whole run.
STEP_KEYS = pa.schema([KEYS.field(name) for name in ("step", "epoch", "time")])
#: The rows of layers that a log can give, as `undertow.schema.LAYERS` without what is the same in a whole run.
NO_LAYERS = pa.schema([*STEP_KEYS, *(each for each in LAYERS if each.name not in KEYS.names)]).empty_table()


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One run that another tool logged.

    Attributes:
        name: What tells it from others of its log.
        steps: One row a step: `step`, `epoch`, `time`, and a column a metric; of bool, int64, float64 or text.
        config: Settings, nested or not.
        layers: Rows as `NO_LAYERS` has them.
        params: Rows of `undertow.schema.PARAMS`, for the parameters in `layers`.
        start: When it began, where the log says so.
        end: When it ended, where the log says so.
        state: "finished", "failed" or "running", where the log says so.
        tags: Words.
        host: The machine.
        left_out: What the log has and this has not, in words.
    """

    name: str
    steps: pa.Table
    config: Mapping[str, Any] = field(default_factory=dict)
    layers: pa.Table = field(default_factory=lambda: NO_LAYERS)
    params: Sequence[Mapping[str, Any]] = ()
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    state: str | None = None
    tags: tuple[str, ...] = ()
    host: str | None = None
    left_out: tuple[str, ...] = ()


class Logged:
    """Logged runs as `undertow.store.Recording` has recorded ones: the lenses show both alike.

    Args:
        several: The runs; those of one name are numbered.

    Attributes:
        several: The runs, their names all different.
        runs: One row a run, as `undertow.store.RUNS`.
        steps: All rows of all runs, by `undertow.schema.KEYS` and metrics.
        layers: Rows of `undertow.schema.LAYERS`.
        params: Rows of `undertow.schema.PARAMS`, each with its run.
    """

    def __init__(self, several: Iterable[LoggedRun]) -> None:
        self.several: dict[str, LoggedRun] = {}
        for each in several:
            self.several[_fresh(encodable(each.name), self.several)] = each
        self.runs, self.steps, self.layers, self.params = map(
            _Lazy, (self._runs, self._steps, self._layers, self._params)
        )

    @property
    def left_out(self) -> str:
        """What the logs have and this has not, as a sentence; empty where there is nothing."""
        words = dict.fromkeys(word for each in self.several.values() for word in each.left_out)
        return f"Left out: {'; '.join(words)}." if words else ""

    def _runs(self) -> pa.Table:
        rows = [
            {
                "run": name,
                "name": name,
                "state": each.state,
                "attempt": 0,
                "start": each.start,
                "end": each.end,
                "config": json.dumps(each.config, ensure_ascii=False, default=str),
                "tags": list(each.tags),
                "host": each.host,
                "lost": 0,
            }
            for name, each in self.several.items()
        ]
        return pa.Table.from_pylist(rows, schema=RUNS)

    def _steps(self) -> pa.Table:
        return concatenate([(Path(name), _keyed(each.steps, name)) for name, each in self.several.items()], KEYS)

    def _layers(self) -> pa.Table:
        having = [(Path(name), _keyed(each.layers, name)) for name, each in self.several.items() if len(each.layers)]
        return concatenate(having, LAYERS)

    def _params(self) -> pa.Table:
        schema = pa.schema([RUNS.field("run"), *PARAMS])
        rows = [{"run": name, **param} for name, each in self.several.items() for param in each.params]
        return pa.Table.from_pylist(rows, schema=schema)


class _Lazy:
    """A table that is made when asked for."""

    def __init__(self, make: Callable[[], pa.Table]) -> None:
        self.to_arrow = make


class Points:
    """The values of many metrics, each with its step and time, as a log has them one after another.

    Attributes:
        replaced: How many came again for a step that had one; the later stands.
    """

    def __init__(self) -> None:
        self.replaced = 0
        self._columns: dict[str, tuple[array[int], array[float], array[float]]] = {}

    def __len__(self) -> int:
        return sum(len(steps) for steps, _, _ in self._columns.values())

    def add(self, name: str, step: int, seconds: float, value: float) -> None:
        """Adds a value that was logged so many seconds after 1970."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = (array("q"), array("d"), array("d"))
        column[0].append(step)
        column[1].append(seconds)
        column[2].append(value)

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics."""
        return tuple(self._columns)

    def keep(self, names: Mapping[str, str]) -> None:
        """Leaves out all metrics but these, and gives them other names."""
        self._columns = {new: self._columns[name] for name, new in names.items()}

    def count_epochs(self) -> None:
        """Takes each step for an epoch."""
        seen: dict[int, float] = {}
        for steps, times, _ in self._columns.values():
            seen.update(zip(steps, times, strict=True))
        for step, seconds in seen.items():
            self.add("epoch", step, seconds, step)

    @property
    def last_step(self) -> int | None:
        """The last step that has a value, None where there is none."""
        return max((max(steps) for steps, _, _ in self._columns.values()), default=None)

    def take(self, other: Points, prefix: str = "", step: int | None = None) -> None:
        """Adds another's values: their names with a prefix, all at one step where one is given."""
        for name, held in other._columns.items():
            for at, seconds, value in zip(*held, strict=True):
                self.add(prefix + name, at if step is None else step, seconds, value)

    def table(self) -> pa.Table:
        """One row a step that has a value: `step`, `time` (the latest of its values), and the metrics."""
        given = {name: [np.frombuffer(each, each.typecode) for each in held] for name, held in self._columns.items()}
        every = [steps for steps, _, _ in given.values()]
        steps = np.unique(np.concatenate(every)) if every else np.zeros(0, np.int64)
        seconds = np.full(len(steps), -math.inf)
        columns = {}
        self.replaced = 0
        for name, (at, times, values) in given.items():
            place = np.searchsorted(steps, at)
            np.maximum.at(seconds, place, times)
            column, missing = np.full(len(steps), math.nan), np.ones(len(steps), bool)
            column[place], missing[place] = values, False  # of several the last assignment stays
            self.replaced += len(place) - int((~missing).sum())
            columns[name] = pa.array(column, mask=missing)
        micros = np.round(np.nan_to_num(seconds, neginf=0.0) * 1e6).astype(np.int64)
        return steps_of(
            pa.table(columns) if columns else pa.table({}), pa.array(steps), pa.array(micros).cast(STEP_KEYS[2].type)
        )


def steps_of(metrics: pa.Table, step: pa.Array, time: pa.Array, epoch: pa.Array | None = None) -> pa.Table:
    """Returns the steps of a `LoggedRun`.

    Metrics take the four types that a store has. Their names are freed of clashes: one called as a key is
    "name (logged)", and of two that differ by case alone the second is numbered. Without `epoch`, a metric of that name
    that counts whole numbers from 0 is the epochs.

    Args:
        metrics: A column a metric, of any type that can be shown.
        step: Whole numbers, one a row.
        time: When each row was logged, `timestamp[us]` in UTC.
        epoch: Whole numbers, null where there is none.
    """
    metrics = normalise(metrics)
    if epoch is None:
        found = next((name for name in metrics.column_names if name.casefold() == "epoch"), None)
        if found is not None and _counts(metrics[found]):
            epoch = metrics[found].cast(pa.int32(), safe=False).combine_chunks()
            metrics = metrics.drop_columns([found])
    columns = {
        "step": step.cast(pa.int64()),
        "epoch": pa.nulls(len(step), pa.int32()) if epoch is None else epoch.cast(pa.int32()),
        "time": time.cast(STEP_KEYS[2].type),
    }
    taken = set(KEYS.names)
    for name in metrics.column_names:
        plain = name or "(no name)"
        free = _fresh(f"{plain} (logged)" if plain.casefold() in KEYS.names else plain, taken, str.casefold)
        taken.add(free.casefold())
        values = metrics[name]
        columns[free] = values.cast(_stored(values.type))
    return pa.table(columns)


def moment(seconds: float | None) -> dt.datetime | None:
    """The time so many seconds after 1970, in UTC; None for none, and for what is no time."""
    try:
        return None if not seconds else dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _stored(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_boolean(kind):
        return pa.bool_()
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) else pa.string()


def _counts(values: pa.ChunkedArray) -> bool:
    """Whether these are whole numbers from 0, some of them there."""
    if pa.types.is_boolean(values.type) or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return False
    there = pc.drop_null(values).cast(pa.float64())
    extent = pc.min_max(there)
    low, high = extent["min"].as_py(), extent["max"].as_py()
    return low is not None and low >= 0 and high < 2**31 and bool(pc.all(pc.equal(pc.floor(there), there)).as_py())


def _fresh(name: str, taken: Any, fold: Callable[[str], str] = str) -> str:
    """The name, or with the first number that makes it another than those taken."""
    number, free = 2, name
    while fold(free) in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _keyed(table: pa.Table, run: str) -> pa.Table:
    """With what is the same in all rows of a run, in the order of `undertow.schema.KEYS`."""
    rows = len(table)
    whole = {
        "run": pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([run], pa.string())),
        "attempt": pa.array(np.zeros(rows, np.int32)),
        "rank": pa.array(np.zeros(rows, np.int32)),
    }
    return pa.table({**whole, **{name: table[name] for name in table.column_names}})

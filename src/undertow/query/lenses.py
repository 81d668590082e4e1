"""The lenses: what one line of the plot is. Each makes a Frame of recorded tables."""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._flow import flow, flows
from ._layers import layers
from ._lines import runs_of
from ._runs import runs
from ._steps import steps

__all__ = ["LENSES", "Readable", "Recorded", "flow", "frames", "layers", "named", "runs", "steps"]

#: In the order in which the page offers them.
LENSES = ("flow", "steps", "layers", "runs")

#: From so many runs on they are what one looks at first.
_SWEEP = 10


class Readable(Protocol):
    """A table that can be read."""

    def to_arrow(self) -> pa.Table:
        """Its rows by now."""


class Recorded(Protocol):
    """Recorded runs as tables; `undertow.store.Recording` is one."""

    runs: Any
    steps: Any
    layers: Any
    params: Any


def frames(recorded: Recorded, lens: str | None = None) -> list[Frame]:
    """Returns the frames of a recording, one a lens, those that have rows.

    Args:
        recorded: The recording.
        lens: The lens to put first; without it `runs` where there are ten and more, `flow` where gradients were
            recorded, else `steps`.

    Raises:
        SourceError: If there is no such lens, it has no rows, or nothing was recorded at all.
    """
    if lens is not None and lens not in LENSES:
        raise SourceError(f"there is no lens {lens!r}; there are: {', '.join(LENSES)}")
    recorded = named(recorded)
    about, logged, sums, params = (
        table.to_arrow() for table in (recorded.runs, recorded.steps, recorded.layers, recorded.params)
    )
    made: dict[str, Frame] = {}
    if len(sums):
        if flows(sums):
            made["flow"] = flow(sums, params, logged)
        made["layers"] = layers(sums, params)
    if len(logged):
        made["steps"] = steps(logged, sums)
    several = _seen(about, [table for table in (logged, sums) if len(table)])
    if len(several) > 1:
        made["runs"] = runs(several, logged, sums)
    if not made:
        raise SourceError("there is nothing to show yet: no step was recorded")
    if lens is not None and lens not in made:
        what = {"steps": "no step was logged", "runs": "it takes two runs"}.get(lens, "no gradients were recorded")
        raise SourceError(f"lens {lens!r} has nothing to show: {what}")
    first = lens or ("runs" if len(several) >= _SWEEP else None)
    order = [name for name in (first, *LENSES) if name in made]
    return [made[name] for name in dict.fromkeys(order) if name is not None]


class _Read:
    """A table that was read."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def to_arrow(self) -> pa.Table:
        return self._table


class _Named:
    """Recorded runs, read once, that go by what a person calls them; with what the log of another tool lacks."""

    def __init__(self, recorded: Recorded) -> None:
        self.left_out: str = getattr(recorded, "left_out", "")
        about = recorded.runs.to_arrow()
        labels = _labels(about)
        known = pa.array([labels[run] for run in about["run"].cast(pa.string()).to_pylist()], pa.string())
        self.runs = _Read(about.set_column(about.schema.get_field_index("run"), "run", known))
        self.steps, self.layers = (
            _Read(_relabel(table.to_arrow(), labels)) for table in (recorded.steps, recorded.layers)
        )
        params = recorded.params.to_arrow()
        self.params = _Read(_relabel(params, labels) if "run" in params.column_names else params)


def named(recorded: Recorded) -> Recorded:
    """The recorded runs as they are by now, each by its name where no other has it: what the lenses show."""
    return recorded if isinstance(recorded, _Named) else _Named(recorded)


def _seen(about: pa.Table, tables: list[pa.Table]) -> pa.Table:
    """What is known of the runs that recorded anything."""
    seen = set(runs_of(*tables))
    return about.filter(pa.array([run in seen for run in about["run"].to_pylist()], pa.bool_()))


def _labels(runs: pa.Table) -> dict[str, str]:
    """What a person calls each run: its name where no other has it, else its id."""
    ids, names = runs["run"].to_pylist(), runs["name"].to_pylist()
    return {
        run: name if name and names.count(name) == 1 and name not in ids else run
        for run, name in zip(ids, names, strict=True)
    }


def _relabel(table: pa.Table, labels: dict[str, str]) -> pa.Table:
    run = table["run"].cast(pa.string()).combine_chunks().dictionary_encode()
    known = pa.array([labels.get(name, name) for name in run.dictionary.to_pylist()], pa.string())
    place = table.schema.get_field_index("run")
    return table.set_column(place, "run", pa.DictionaryArray.from_arrays(run.indices, known))

"""The lenses: what one line of the plot is. Each makes a Frame of recorded tables."""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._flow import flow
from ._layers import layers
from ._steps import steps

__all__ = ["LENSES", "Readable", "Recorded", "flow", "frames", "layers", "steps"]

#: In the order in which the page offers them.
LENSES = ("flow", "steps", "layers")


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
        lens: The lens to put first; without it `flow` where gradients were recorded, else `steps`.

    Raises:
        SourceError: If there is no such lens, it has no rows, or nothing was recorded at all.
    """
    if lens is not None and lens not in LENSES:
        raise SourceError(f"there is no lens {lens!r}; there are: {', '.join(LENSES)}")
    labels = _labels(recorded.runs.to_arrow())
    logged, sums = (_relabel(table.to_arrow(), labels) for table in (recorded.steps, recorded.layers))
    params = recorded.params.to_arrow()
    made: dict[str, Frame] = {}
    if len(sums):
        made["flow"] = flow(sums, params, logged)
        made["layers"] = layers(sums, params)
    if len(logged):
        made["steps"] = steps(logged, sums)
    if not made:
        raise SourceError("there is nothing to show yet: no step was recorded")
    if lens is not None and lens not in made:
        what = "no step was logged" if lens == "steps" else "no gradients were recorded"
        raise SourceError(f"lens {lens!r} has nothing to show: {what}")
    order = [name for name in (lens, *LENSES) if name in made]
    return [made[name] for name in dict.fromkeys(order) if name is not None]


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

"""The `layers` lens: which layer starves, and when?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ..schema import Column
from ._lines import Table, runs_of, varies
from ._merge import MEASURES, choose_clock, codes, merge

__all__ = ["layers"]

_HIDDEN = ("grad_rms", "nonfinite", "noise_scale", "activation_rms")


def layers(layers: pa.Table, params: pa.Table) -> Frame:
    """One line per parameter and epoch (or step, where there are fewer than three epochs).

    Args:
        layers: Rows of `undertow.schema.LAYERS`, in any order, of one or more runs.
        params: Rows of `undertow.schema.PARAMS`. Depth and size are missing for a parameter that it lacks.

    Raises:
        SourceError: If `layers` has no rows.
    """
    if not len(layers):
        raise SourceError("there are no layers to show: no gradients were recorded")
    clock = choose_clock(layers)
    runs = runs_of(layers)
    known = {row["param"]: row for row in params.select(["param", "module", "depth", "size"]).to_pylist()}
    names = sorted(layers["param"].cast(pa.string()).unique().to_pylist(), key=lambda name: _depth(known, name))
    merged = merge(layers, codes(layers["run"], runs), codes(layers["param"], names), clock)
    owner = pa.array(merged.owner, pa.int32())

    def of_owner(field: str, kind: pa.DataType) -> pa.Array:
        return pa.array([known.get(name, {}).get(field) for name in names], kind).take(owner)

    table = Table()
    axes: list[str] = []
    if len(runs) > 1:
        labels = pa.DictionaryArray.from_arrays(pa.array(merged.run, pa.int32()), pa.array(runs, pa.string()))
        axes.append(table.add(Column("run", "category", scale="category"), labels))
    depth = Column("depth", "number", scale="linear", description="modules between the input (0) and this one")
    axes.append(table.add(depth, of_owner("depth", pa.int32())))
    labels = pa.DictionaryArray.from_arrays(owner, pa.array(names, pa.string()))
    axes.append(table.add(Column("layer", "category", scale="category", description="the parameter"), labels))
    table.add(Column("module", "category", scale="category"), of_owner("module", pa.string()))
    size = Column("size", "number", scale="log", description="how many weights it has")
    table.add(size, of_owner("size", pa.int64()))
    for measure in MEASURES:
        values = measure.of(merged)
        if values.null_count == len(values):
            continue
        column = Column(
            measure.name,
            "number",
            measure.label,
            scale="log" if measure.logarithmic else "linear",
            description=measure.description,
        )
        name = table.add(column, values)
        if measure.name not in _HIDDEN and varies(values):
            axes.append(name)
    epoch = pa.array(merged.epoch, mask=merged.epoch < 0)
    if epoch.null_count < len(epoch):
        table.add(Column("epoch", "number", scale="linear"), epoch)
    table.add(Column("step", "number", scale="linear", description="the last step of the line"), pa.array(merged.step))
    axes.append(clock.name)
    color = "depth" if np.any(of_owner("depth", pa.int32()).is_valid()) else clock.name
    return table.frame("layers", axes, color, f"One line is one parameter in one {clock.noun}.")


def _depth(known: dict[str, dict[str, int]], name: str) -> tuple[int, int]:
    places = {each: place for place, each in enumerate(known)}
    return (known[name]["depth"], places[name]) if name in known else (-1, 0)

"""The `flow` lens: backpropagation drawn as what it is, a signal that passes the layers one after another."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SourceError
from ..frame import Frame, Preset
from ..schema import MODULE_SUFFIX, Column, Fold
from ._folds import Group, first_axes, fold, grouped
from ._lines import Table, fresh, metrics_of, runs_of
from ._merge import MEASURES, Ints, Measure, choose_clock, codes, merge
from ._steps import metric_columns

__all__ = ["flow", "flows"]

_SHOWN = ("grad_norm", "grad_rms", "update_ratio", "weight_norm", "signal", "activation_zeros")
#: What these are made of.
_SUMS = ("sum_sq", "w_sum_sq", "s_sum_sq", "a_zeros")
#: Beyond this many parameters their own columns would be most of the table.
MOST_PARAMETERS = 64


def flows(layers: pa.Table) -> bool:
    """Whether rows of `undertow.schema.LAYERS` hold anything that flow draws; histograms of some logs give none."""
    return any(layers[name].null_count < len(layers) for name in _SUMS if name in layers.column_names)


def flow(layers: pa.Table, params: pa.Table, steps: pa.Table | None = None) -> Frame:
    """One line an epoch, travelling back through the network: epoch, loss, then the layers down to the input.

    The height on a layer's axis is the logarithm of its gradient's norm, kernel and bias together, the root mean square
    over the epoch's recorded steps: √(mean over steps of Σg²). All layers share one domain, so that a line that sinks
    towards the input is a gradient that vanishes, and one that rises is one that explodes. Presets show the gradient
    per weight, the update ratio and the weight norm in the same way, and where they were recorded the signal ∂L/∂a and
    the zeros among the activations a; the signal's drop from axis to axis is the backward gain. With fewer than three
    epochs one line is a step.

    Layers are grouped by module path; each group has a column of its own, the median over its layers, which stands for
    them while the group is folded (`undertow.schema.Fold`). Where there are more than 30 layers, presets start folded.

    Args:
        layers: Rows of `undertow.schema.LAYERS`, in any order, of one or more runs.
        params: Rows of `undertow.schema.PARAMS`; a parameter that it lacks counts as a module of its own, at the input.
        steps: Rows of the `steps` table, for the metrics; None where there is none.

    Raises:
        SourceError: If `layers` has no rows.
    """
    if not len(layers):
        raise SourceError("there is no flow to show: no gradients were recorded")
    clock = choose_clock(layers)
    runs = runs_of(layers)
    run = codes(layers["run"], runs)
    names, modules, owner_of = _owners(layers, params)
    param = codes(layers["param"], names)
    merged = merge(layers, run, owner_of[param], clock)
    lines, line = np.unique(np.stack([merged.run, merged.span]), axis=1, return_inverse=True)
    line_run, line_span, line = lines[0], lines[1], line.reshape(-1)
    last = np.zeros((2, len(line_run)), dtype=np.int64)
    np.maximum.at(last[0], line, merged.step)
    np.maximum.at(last[1], line, merged.epoch)

    table = Table()
    axes: list[str] = []
    if len(runs) > 1:
        labels = pa.DictionaryArray.from_arrays(pa.array(line_run, pa.int32()), pa.array(runs, pa.string()))
        axes.append(table.add(Column("run", "category", scale="category"), labels))
    epoch = pa.array(last[1], mask=last[1] < 0)
    if clock.name == "epoch" or epoch.null_count < len(epoch):
        table.add(Column("epoch", "number", scale="linear"), epoch)
    table.add(Column("step", "number", scale="linear", description="the last step of the line"), pa.array(last[0]))
    axes.append(clock.name)
    if steps is not None and len(steps):
        known = steps.filter(pa.array(codes(steps["run"], runs) >= 0))
        found = metrics_of(known, codes(known["run"], runs), line_run, line_span, last[1], clock)
        for column, values in metric_columns(
            {name: values for name, values in found.items() if values.null_count < len(values)}
        ):
            name = table.add(column, values)
            if column.name == _loss(found):
                axes.append(name)

    presets = []
    for measure in (measure for measure in MEASURES if measure.name in _SHOWN):
        values = measure.of(merged)
        wide = [
            (_put(values, merged.owner == index, line, len(line_run)), module) for index, module in enumerate(modules)
        ]
        # A module without parameters has no gradient, one whose output was not measured no signal.
        wide = [(column, module) for column, module in wide if column.null_count < len(column)]
        if not wide:
            continue
        chosen = _add_layers(table, measure, wide, modules)
        presets.append(
            Preset(measure.label, (*axes, *chosen), f"The layers' {measure.label}, from the loss back to the input.")
        )
    if not presets:
        raise SourceError("there is no flow to show: no gradients were recorded")
    if len(modules) < len(names) <= MOST_PARAMETERS:
        single = merge(layers, run, param, clock)
        at = {key: index for index, key in enumerate(zip(line_run.tolist(), line_span.tolist(), strict=True))}
        place = np.array(
            [at[key] for key in zip(single.run.tolist(), single.span.tolist(), strict=True)], dtype=np.int64
        )
        values = MEASURES[0].of(single)
        shared = _shared(names)
        for index, name in enumerate(names):
            if name.endswith(MODULE_SUFFIX):
                continue
            column = _column(MEASURES[0], name, name[shared:], modules[owner_of[index]])
            # A domain of their own: small biases must not squeeze the modules' axes.
            column = replace(column, share=f"{column.share} of parameters")
            table.add(column, _put(values, single.owner == index, place, len(line_run)))
    note = (
        f"One line is one {clock.noun}, travelling back from the loss to the input; "
        f"the height is the log of the {presets[0].label}."
    )
    return table.frame("flow", presets[0].axes, clock.name, note, tuple(presets))


def _add_layers(table: Table, measure: Measure, wide: list[tuple[pa.Array, str]], modules: list[str]) -> list[str]:
    """Adds a column a layer, and before each group of layers one that stands for it; returns which to show at first."""
    members = grouped([module for _, module in wide])
    shared = _shared(modules)
    values = np.stack([column.to_numpy(zero_copy_only=False) for column, _ in wide], axis=1)
    present = np.stack([column.is_valid().to_numpy(zero_copy_only=False) for column, _ in wide], axis=1)
    shown = {id(member) if isinstance(member, Group) else member for member in first_axes(members)}
    axes: list[str] = []

    def add(member: Group | int) -> None:
        if isinstance(member, Group):
            within = list(member.modules())
            middle, low, high = fold(values[:, within], present[:, within])
            column = _column(measure, member.path, member.path[shared:])
            name, least, greatest = (fresh(f"{member.path}.*:{each}", table.arrays) for each in _fold_names(measure))
            said = f"{measure.label} in {member.path}: the median of {len(within)} layers"
            ends = Fold(member.path, least, greatest)
            table.add(replace(column, name=name, description=said, fold=ends), middle)
            for end, spread in ((ends.low, low), (ends.high, high)):
                table.add(replace(column, name=end, share="", description=f"{said}; how far they spread"), spread)
        else:
            column, module = wide[member]
            name = table.add(_column(measure, module, module[shared:]), column)
        if (id(member) if isinstance(member, Group) else member) in shown:
            axes.append(name)
        for each in member.members if isinstance(member, Group) else ():
            add(each)

    for member in members:
        add(member)
    return axes


def _fold_names(measure: Measure) -> tuple[str, str, str]:
    return measure.name, f"{measure.name} least", f"{measure.name} greatest"


def _owners(layers: pa.Table, params: pa.Table) -> tuple[list[str], list[str], Ints]:
    """The parameters and the modules, both from the output back to the input, and the module of each parameter."""
    where = {
        name: (module, depth)
        for name, module, depth in zip(*(params[c].to_pylist() for c in ("param", "module", "depth")), strict=True)
    }
    seen = layers["param"].cast(pa.string()).unique().to_pylist()
    order = {name: place for place, name in enumerate(where)}
    seen.sort(key=lambda name: (-where.get(name, ("", -1))[1], order.get(name, len(order))))
    of = [where.get(name, (name, -1))[0] for name in seen]
    place = {module: index for index, module in enumerate(dict.fromkeys(of))}
    return seen, list(place), np.array([place[module] for module in of], dtype=np.int64)


def _put(values: pa.Array, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]], line: Ints, lines: int) -> pa.Array:
    """One owner's values at their lines, null where a line has none. Shape (lines,)."""
    place = np.full(lines, -1, dtype=np.int64)
    place[line[chosen]] = np.flatnonzero(chosen)
    return values.take(pa.array(place, mask=place < 0))


def _column(measure: Measure, path: str, label: str, group: str = "") -> Column:
    return Column(
        name=f"{path}:{measure.name}",
        kind="number",
        label=label,
        unit=measure.label,
        scale="log" if measure.logarithmic else "linear",
        share=measure.name,
        group=group or path,
        description=f"{measure.label} of {path}: {measure.description}",
    )


def _shared(paths: list[str]) -> int:
    """How many characters the folders take that all paths share."""
    shared = os.path.commonprefix(paths)  # noqa: RUF071 - modules are parted by / or by .
    return max(shared.rfind("/"), shared.rfind(".")) + 1


def _loss(metrics: dict[str, pa.Array]) -> str | None:
    for suits in (
        lambda name: name == "loss",
        lambda name: "loss" in name and not name.startswith("val_"),
        lambda name: "loss" in name,
    ):
        for name in metrics:
            if suits(name) and pc.count(metrics[name]).as_py():
                return name
    return None

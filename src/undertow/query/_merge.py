"""Merging the recorded sums: over the steps of an epoch, the ranks of a step, the parameters of a module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..statistics import FIELDS, OPTIONAL_FIELDS, cosine, noise_scale, norm, rms, update_ratio, zero_share

__all__ = ["MEASURES", "Clock", "Measure", "Merged", "choose_clock", "codes", "floats", "merge"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Fewer epochs than this draw too few lines to show a course; the steps themselves are shown then.
FEWEST_EPOCHS = 3
#: More lines than this per run add nothing that the eye could follow; steps are merged into equal spans then.
MOST_SPANS = 1000

SUMMED = tuple(
    field.name for field in (*FIELDS, *OPTIONAL_FIELDS) if field.merge == "sum" and field.name != "histogram"
)


@dataclass(frozen=True, slots=True)
class Clock:
    """What one line of a lens spans in time: an epoch, or `width` steps."""

    name: Literal["epoch", "step"]
    width: int = 1

    @property
    def noun(self) -> str:
        """What a person calls one line's span: "epoch", "step", "span of 10 steps"."""
        return self.name if self.width == 1 else f"span of {self.width} steps"

    def spans(self, table: pa.Table) -> Ints:
        """The number of the span that each row falls into; -1 where the row has no epoch. Shape (rows,)."""
        if self.name == "epoch":
            return integers(table["epoch"])
        return integers(table["step"]) // self.width


def choose_clock(table: pa.Table) -> Clock:
    """Returns epochs where a run has at least three, else steps, merged into spans where there are more than 1000."""
    epochs = pc.count_distinct(table["epoch"]).as_py()  # nulls do not count
    if epochs >= FEWEST_EPOCHS:
        return Clock("epoch")
    if pc.count_distinct(table["step"]).as_py() <= MOST_SPANS:
        return Clock("step")
    extent = pc.min_max(table["step"])
    return Clock("step", -(-(extent["max"].as_py() - extent["min"].as_py() + 1) // MOST_SPANS))


@dataclass(frozen=True, slots=True)
class Merged:
    """Sums merged into groups of (run, owner, span), sorted by these. All arrays have shape (groups,).

    Attributes:
        run: Index into the runs.
        owner: Index into whatever the rows were grouped by: parameters, modules, or 0.
        span: Epoch, or step // width.
        step: The last step merged.
        epoch: The epoch of that step, -1 where it has none.
        steps: How many distinct steps were merged.
        sums: float64 per field of `undertow.schema.LAYERS`.
        missing: Per field, where no row of the group recorded it.
    """

    run: Ints
    owner: Ints
    span: Ints
    step: Ints
    epoch: Ints
    steps: Ints
    sums: dict[str, Floats]
    missing: dict[str, NDArray[np.bool_]]


def merge(layers: pa.Table, run: Ints, owner: Ints, clock: Clock) -> Merged:
    """Merges the rows of each (run, owner, span): sums add up, the absolute maximum is the largest.

    Args:
        layers: Rows of `undertow.schema.LAYERS`.
        run: Index of the run of each row. Shape (rows,).
        owner: Index of the group of parameters of each row. Shape (rows,).
        clock: What a span is. Rows without an epoch are left out where it counts epochs.
    """
    span = clock.spans(layers)
    keep = span >= 0 if clock.name == "epoch" else np.ones(len(span), dtype=bool)
    if not keep.all():
        layers, run, owner, span = layers.filter(pa.array(keep)), run[keep], owner[keep], span[keep]
    step, epoch = integers(layers["step"]), integers(layers["epoch"])
    spans, span_code = np.unique(span, return_inverse=True)
    owners = int(owner.max(initial=-1)) + 1
    key, group = np.unique((run * owners + owner) * len(spans) + span_code, return_inverse=True)
    order = np.lexsort((step, group))
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    last = np.append(first[1:], len(order))[: len(first)] - 1
    fresh = np.diff(step[order], prepend=-1) != 0
    fresh[first] = True
    sums: dict[str, Floats] = {}
    missing: dict[str, NDArray[np.bool_]] = {}
    for name in (*SUMMED, "abs_max"):
        if name not in layers.column_names:
            sums[name], missing[name] = np.zeros(len(key)), np.ones(len(key), dtype=bool)
            continue
        values, null = floats(layers[name])
        missing[name] = np.bincount(group[~null], minlength=len(key)) == 0
        if name == "abs_max":
            sums[name] = np.maximum.reduceat(values[order], first) if len(first) else np.zeros(0)
        else:
            sums[name] = np.bincount(group, weights=values, minlength=len(key)).astype(np.float64)
    return Merged(
        run=key // (owners * len(spans)) if len(key) else key,
        owner=key // len(spans) % owners if len(key) else key,
        span=spans[key % len(spans)] if len(key) else key,
        step=step[order][last],
        epoch=epoch[order][last],
        steps=np.bincount(group[order], weights=fresh, minlength=len(key)).astype(np.int64),
        sums=sums,
        missing=missing,
    )


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that derives from merged sums, as columns of a lens show it."""

    name: str
    label: str
    description: str
    logarithmic: bool = True

    def of(self, merged: Merged) -> pa.Array:
        """The measure of each group as float64; null where it was not recorded or has no meaning. Shape (groups,)."""
        s, gone = merged.sums, merged.missing
        match self.name:
            case "grad_norm":
                values, null = norm(s["sum_sq"] / merged.steps), gone["sum_sq"]
            case "grad_rms":
                values, null = rms(s["sum_sq"], s["count"]), gone["sum_sq"] | (s["count"] == 0)
            case "update_ratio":
                values = update_ratio(s["u_sum_sq"], s["w_sum_sq"])
                null = gone["u_sum_sq"] | gone["w_sum_sq"] | (s["w_sum_sq"] == 0)
            case "weight_norm":
                values, null = norm(s["w_sum_sq"] / merged.steps), gone["w_sum_sq"]
            case "zero_share":
                values, null = zero_share(s["zeros"], s["count"]), gone["zeros"] | (s["count"] == 0)
            case "cosine":
                values = cosine(s["dot_prev"], s["sum_sq"], s["prev_sum_sq"])
                null = gone["dot_prev"] | np.isnan(values)
            case "noise_scale":
                steps = merged.steps
                values = noise_scale(s["sum_sq"] / steps, s["m_sum_sq"] / steps, s["m_count"] / steps)
                null = gone["m_sum_sq"] | np.isnan(values)
            case "signal":
                values, null = norm(s["s_sum_sq"] / merged.steps), gone["s_sum_sq"]
            case "activation_zeros":
                values, null = zero_share(s["a_zeros"], s["a_count"]), gone["a_zeros"] | (s["a_count"] == 0)
            case "activation_rms":
                values, null = rms(s["a_sum_sq"], s["a_count"]), gone["a_sum_sq"] | (s["a_count"] == 0)
            case _:
                values, null = s[self.name], gone[self.name]
        if np.isnan(values[~null]).all():  # what an integration does not measure is NaN
            null = np.ones(len(null), dtype=bool)
        return pa.array(values, mask=null)


#: In the order in which a lens offers them.
MEASURES = (
    Measure("grad_norm", "gradient norm", "‖g‖₂, the root mean square over the steps merged"),
    Measure("grad_rms", "gradient rms", "√(Σg²/n) per weight, which does not grow with the size of the layer"),
    Measure("update_ratio", "update ratio", "‖Δw‖₂ / ‖w‖₂: how far a step moves the weights; about 1e-3 is healthy"),
    Measure("weight_norm", "weight norm", "‖w‖₂ before the step, the root mean square over the steps merged"),
    Measure("abs_max", "largest gradient", "max |g| over the steps merged"),
    Measure("zero_share", "zero share", "share of gradient elements that are exactly 0", logarithmic=False),
    Measure("nonfinite", "non-finite", "how many gradient elements were NaN or infinite", logarithmic=False),
    Measure("cosine", "cosine", "cosine between a gradient and the one recorded before it", logarithmic=False),
    Measure("noise_scale", "noise scale", "at how many micro-batches gradient and noise weigh the same"),
    Measure("signal", "signal", "‖∂L/∂a‖₂ at the module's output, the root mean square over the steps merged"),
    Measure("activation_zeros", "activation zeros", "share of outputs that are exactly 0", logarithmic=False),
    Measure("activation_rms", "activation rms", "√(Σa²/n) of the module's output"),
)


def codes(values: pa.ChunkedArray, known: list[str]) -> Ints:
    """The index of each text in `known`; -1 where it is not there. Shape (rows,)."""
    found = pc.index_in(values.cast(pa.string()), value_set=pa.array(known, pa.string()))
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64)


def integers(values: pa.ChunkedArray) -> Ints:
    """Integers with null as -1. Shape (rows,)."""
    return np.asarray(pc.fill_null(values.cast(pa.int64()), -1).to_numpy(), dtype=np.int64)


def floats(values: Any) -> tuple[Floats, NDArray[np.bool_]]:
    """Numbers or truths as float64 with 0 for null, and where they are null. Shapes (rows,)."""
    numbers = values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values
    filled = pc.fill_null(numbers.cast(pa.float64(), safe=False), 0.0)
    null = values.is_null().to_numpy(zero_copy_only=False)
    return np.asarray(filled.to_numpy(), dtype=np.float64), np.asarray(null, dtype=bool)

"""Where values stand on an axis: the twin of `web/src/core/scale.ts` and `category-scale.ts`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...query.binning import FINE_BINS
from ...schema import Column
from ._format import format_number, format_time, log_label, rounded, tick_label
from ._ticks import Tick, even_ticks, named, power_ticks, time_ticks, with_ends

__all__ = ["LOWER_SLOTS", "SLOT_LABELS", "Scale", "ScaleName", "default_scale", "make_scale", "slots_of"]

Floats = npt.NDArray[np.float64]
ScaleName = Literal["linear", "time", "log", "symlog", "percentile", "category"]

#: Places beyond the scale, each in a gutter of its own; a place in [0, 1] lies on it, foot to head.
POSITIVE_INFINITY, NON_POSITIVE, NEGATIVE_INFINITY, NAN, MISSING = 2, 3, 4, 5, 6
#: The gutters from the foot of an axis downwards; +∞ alone stands above its head.
LOWER_SLOTS = (NON_POSITIVE, NEGATIVE_INFINITY, NAN, MISSING)
SLOT_LABELS = {POSITIVE_INFINITY: "+∞", NON_POSITIVE: "≤ 0", NEGATIVE_INFINITY: "−∞", NAN: "NaN", MISSING: "missing"}

#: A category's tick every so many pixels at most, and the height of its name.
_MARK, _LINE = 3, 14


@dataclass(frozen=True)
class Scale:
    """A mapping between the values of a column and places on its axis.

    Attributes:
        name: Which kind.
        domain: Finite, ordered; [0, categories − 1] for categories.
        names: The categories' names by code.
        frequent: Their codes and counts, the most frequent first.
        whole: Whether every value is a whole number.
        percentiles: What `binning.percentiles` returned. Shape (241,).
    """

    name: ScaleName
    domain: tuple[float, float]
    names: Sequence[str] = ()
    frequent: Sequence[Sequence[int]] = ()
    whole: bool = False
    percentiles: Floats | None = None

    def places(self, values: npt.NDArray[Any], present: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.float32]:
        """Where values stand: in [0, 1], or a slot. Shape as `values`."""
        numbers = np.asarray(values, np.float64)
        with np.errstate(all="ignore"):
            found = np.clip(self._raw(numbers), 0, 1)
        if self.name == "log":
            found[numbers <= 0] = NON_POSITIVE
        found[np.isnan(numbers)] = NAN
        found[np.isposinf(numbers)] = POSITIVE_INFINITY
        found[np.isneginf(numbers)] = NEGATIVE_INFINITY
        if present is not None:
            found[~present] = MISSING
        return found.astype(np.float32)

    def _raw(self, values: Floats) -> Floats:
        low, high = self.domain
        if self.name == "category":
            return 1 - (values + 0.5) / max(1, len(self.names))
        if low == high or math.isnan(low):
            return np.full(values.shape, 0.5)
        if self.name == "percentile":
            cut = self._edges
            k = np.clip(np.searchsorted(cut, values, side="right") - 1, 0, FINE_BINS - 1)
            width = cut[k + 1] - cut[k]
            inner = (k + np.where(width > 0, (values - cut[k]) / np.where(width > 0, width, 1), 0)) / FINE_BINS
            return np.where(values >= high, 1.0, np.where(values <= low, 0.0, inner))
        if self.name == "log":
            a, b = math.log10(low), math.log10(high)
            return np.asarray((np.log10(np.maximum(values, 5e-324)) - a) / (b - a), np.float64)
        if self.name == "symlog":
            c = self._constant
            a, b = _symlog(np.array([low, high]), c)
            return np.asarray((_symlog(values, c) - a) / (b - a), np.float64)
        # Halved before subtracting: the distance between ±1.7e308 is no number.
        return (values / 2 - low / 2) / (high / 2 - low / 2)

    @property
    def _constant(self) -> float:
        """The linear threshold of symlog: three decades below the larger end."""
        largest = max(map(abs, self.domain))
        return max(5e-324, float(f"1e{rounded(largest, 17).adjusted() - 3}")) if largest else 1.0

    @property
    def _edges(self) -> Floats:
        return np.full(FINE_BINS + 1, math.nan) if self.percentiles is None else self.percentiles

    def _at(self, value: float) -> float:
        with np.errstate(all="ignore"):
            return float(self._raw(np.array([value]))[0])

    def ticks(self, length: float) -> list[Tick]:
        """Ticks for an axis so many CSS pixels long."""
        low, high = self.domain
        if self.name == "category":
            return self._category_ticks(length)
        if math.isnan(low):
            return []
        if low == high:
            return [Tick(low, 0.5, format_time(low) if self.name == "time" else format_number(low))]
        if self.name == "time":
            return time_ticks(self.domain, length)
        if self.name == "linear":
            return self._linear_ticks(length)
        if self.name == "log":
            inner = self._log_ticks(length)
        elif self.name == "symlog":
            powers = [self._constant * 10**i for i in range(5)]
            values = [value for value in (0.0, *powers, *(-power for power in powers)) if low <= value <= high]
            inner = [
                Tick(value, self._at(value), format_number(float(rounded(value, 12))), 0 if value == 0 else 1)
                for value in values
            ]
        else:
            shares = ((0.1, 24), (0.25, 60), (0.5, 120), (0.75, 180), (0.9, 216))
            cut = self._edges.tolist()
            inner = [Tick(cut[k], share, format_number(cut[k]), 0 if share == 0.5 else 1) for share, k in shares]
        return with_ends(inner, self.domain, length, format_number)

    def _linear_ticks(self, length: float) -> list[Tick]:
        low, high = self.domain
        values = even_ticks(low, high, max(2, math.floor(length / 48 + 0.5)))
        values = [value for value in values if not self.whole or value == int(value)]
        # The step in digits, so that a narrow axis does not print one label five times.
        step = abs((values[1] if len(values) > 1 else high) - (values[0] if values else low))
        inner = [Tick(value, self._at(value), tick_label(value, step)) for value in values]
        return with_ends(inner, self.domain, length, lambda value: tick_label(value, step / 10))

    def _log_ticks(self, length: float) -> list[Tick]:
        low, high = self.domain
        decades = math.log10(high) - math.log10(low)
        every = max(1, math.ceil(decades * 26 / length))
        ticks = []
        for value in power_ticks(low, high):
            exponent = math.floor(math.log10(value) + 1e-9)
            leading = math.floor(value / float(f"1e{exponent}") + 0.5)
            if leading == 1:
                rank, label = (0 if exponent % every == 0 else 9), log_label(value, exponent)
            else:
                # Between the powers only as much as leaves the axis airy.
                rank = 1 if decades <= 2.5 and leading in (2, 5) else 2 if decades <= 1.2 else 9
                label = format_number(value)
            at = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
            ticks.append(Tick(value, at, label, rank))
        return ticks

    def _category_ticks(self, length: float) -> list[Tick]:
        count = max(1, len(self.names))
        room = max(1, math.floor(length / _LINE))
        # Where not every category can be named, the frequent ones are, since they are asked for; between them any.
        usual = self.frequent[-1][1] if self.frequent else 0
        ranks: dict[int, int] = {}
        for i, (code, rows) in enumerate(self.frequent[: 4 * room]):
            if rows > usual or count <= room:
                ranks[code] = i - count
        every = count <= length / _MARK
        step = 1.0 if every else count / (2 * room)
        at = 0.0
        while at < len(self.names):
            ranks.setdefault(math.floor(at), 0)
            at += step
        ticks = named([Tick(code, self._at(code), self.names[code], rank) for code, rank in ranks.items()], length)
        ticks.sort(key=lambda tick: -tick.position)
        return ticks if every else [tick for tick in ticks if tick.label]


def default_scale(column: Column, summary: Mapping[str, Any]) -> ScaleName:
    """The scale that a column starts with.

    Positive values go on a log axis when they span three decades with a quarter of the rows in the lower half of those,
    or when nearly all of them crowd at the foot of a linear one.
    """
    if column.kind != "number":
        return column.kind
    if column.scale is not None:
        return column.scale
    low, high = summary["min"], summary["max"]
    if low is None or not low > 0 or summary["non_positive"] > 0:
        return "linear"
    quarter, median = summary["quantiles"][1:3]
    decades = math.log10(high) - math.log10(low)

    def lower(value: float) -> bool:
        return math.log10(value) - math.log10(low) <= decades / 2

    crowded = high / low >= 5 and high - median >= 6 * (median - low) and lower(median)
    # Of a handful of values the quartiles lie between them, and say nothing.
    few = summary["known"] < 5
    return "log" if crowded or (decades >= 3 - 1e-9 and (few or lower(quarter))) else "linear"


def make_scale(
    name: ScaleName,
    summaries: Sequence[Mapping[str, Any]],
    names: Sequence[str] = (),
    percentiles: Floats | None = None,
) -> Scale:
    """The scale of a column.

    Args:
        name: Which kind.
        summaries: The column's own summary first; those after it share its domain.
        names: The categories' names by code.
        percentiles: What the percentile scale is made of.
    """
    own = summaries[0]
    if name == "category":
        return Scale(name, (0.0, float(max(1, len(names)) - 1)), names, own["categories"])
    if name == "percentile" and percentiles is not None and own["min"] is not None:
        return Scale(name, (float(percentiles[0]), float(percentiles[-1])), percentiles=percentiles)
    least = "min_positive" if name == "log" else "min"
    finite = [summary for summary in summaries if summary[least] is not None]
    if not finite:
        return Scale(name, (math.nan, math.nan))
    domain = (min(summary[least] for summary in finite), max(summary["max"] for summary in finite))
    return Scale(name, domain, whole=all(summary["integer"] for summary in finite))


def slots_of(name: ScaleName, summary: Mapping[str, Any]) -> list[int]:
    """The gutters that an axis uses."""
    counts = {
        POSITIVE_INFINITY: summary["positive_infinity"],
        NON_POSITIVE: summary["non_positive"] if name == "log" else 0,
        NEGATIVE_INFINITY: summary["negative_infinity"],
        NAN: summary["nan"],
        MISSING: summary["missing"],
    }
    return [slot for slot in (POSITIVE_INFINITY, *LOWER_SLOTS) if counts[slot] > 0]


def _symlog(values: Floats, c: float) -> Floats:
    return np.asarray(np.copysign(np.log1p(np.abs(values) / c), values), np.float64)

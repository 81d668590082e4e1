"""Cuts axes into bins, as docs/protocol.md ("Binning") says and as the page does: alike, to the last row."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "FINE_BINS",
    "SPECIAL_BINS",
    "Scale",
    "bin_codes",
    "category_codes",
    "edges",
    "percentile_ranks",
    "percentiles",
]

Floats = npt.NDArray[np.float64]
Scale = Literal["linear", "time", "log", "symlog", "percentile"]

FINE_BINS = 240
SPECIAL_BINS = 5
"""Bins beyond the scale, after those on it: +∞, no place on the scale (≤ 0 on log), −∞, NaN, missing."""

_DIGITS = {"linear": 12, "time": 12, "log": 10, "symlog": 10}
_NARROW = 1e-8
_NOTHING = 1e-12


def edges(scale: Scale, domain: tuple[float, float], bins: int, percentiles: Floats | None = None) -> Floats:
    """The ascending edges that cut a domain into bins.

    Args:
        scale: How values become places on the axis.
        domain: (lo, hi), finite, lo ≤ hi; lo > 0 on log. Not asked for percentile.
        bins: How many, at least 1; at most 240 for percentile.
        percentiles: What `percentiles` returned, for percentile only.

    Returns:
        Shape (bins + 1,), the first lo and the last hi. Neighbours may be equal: the bins between them stay empty.
    """
    k = np.arange(bins + 1)
    if scale == "percentile":
        if percentiles is None:
            raise ValueError("The percentile scale needs the column's percentiles.")
        return percentiles[k * FINE_BINS // bins]
    lo, hi = float(domain[0]), float(domain[1])
    largest = max(abs(lo), abs(hi))
    cut = _unrounded(scale, lo, hi, k / bins)
    if scale in ("log", "symlog") or not hi - lo < _NARROW * largest:
        nothing = 0 if scale == "log" else _NOTHING * largest
        cut = np.array([_round(edge, _DIGITS[scale], nothing) for edge in cut.tolist()])
    cut[0] = lo
    cut = np.minimum(np.maximum.accumulate(cut), hi) + 0.0  # −0 is 0
    cut[-1] = hi
    return cut


def bin_codes(
    values: npt.NDArray[Any], cut: Floats, *, log: bool = False, valid: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.uint16]:
    """The bin of every value: the last whose lower edge it reaches.

    Args:
        values: Numbers of any shape.
        cut: What `edges` returned: bins + 1 ascending numbers.
        log: Whether values ≤ 0 have no place on the scale.
        valid: Same shape; False where a value is missing. None: all are there.

    Returns:
        Same shape: [0, bins) for what stands on the scale, bins + 0 … bins + 4 for +∞, no place, −∞, NaN, missing.
        Where the first edge is the last, every finite value lies in bin ⌊bins / 2⌋.
    """
    bins = len(cut) - 1
    numbers = np.asarray(values, np.float64)
    if cut[0] == cut[-1]:
        codes = np.full(numbers.shape, bins // 2, np.int64)
    else:
        codes = np.clip(np.searchsorted(cut, numbers, side="right") - 1, 0, bins - 1)
    if log:
        codes[numbers <= 0] = bins + 1
    codes[np.isposinf(numbers)] = bins
    codes[np.isneginf(numbers)] = bins + 2
    codes[np.isnan(numbers)] = bins + 3
    if valid is not None:
        codes[~valid] = bins + 4
    return codes.astype(np.uint16)


def category_codes(
    codes: npt.NDArray[np.integer[Any]], categories: int, bins: int, valid: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.uint16]:
    """The bin of every category: its code, or ⌊code · bins / categories⌋ where there are more categories than bins."""
    wide = np.asarray(codes, np.int64)
    found = wide if categories <= bins else wide * bins // categories
    if valid is not None:
        found = np.where(valid, found, bins + 4)
    return found.astype(np.uint16)


def percentiles(values: npt.NDArray[Any]) -> Floats:
    """The finite values sorted, at index ⌊n · k / 240⌋ for k < 240, the largest last.

    Returns:
        Shape (241,); all NaN where no value is finite.
    """
    numbers = np.asarray(values, np.float64)
    known = numbers[np.isfinite(numbers)]
    if known.size == 0:
        return np.full(FINE_BINS + 1, np.nan)
    ranks = percentile_ranks(known.size)
    # Selection finds what a whole sort would, and need not sort what lies between.
    known.partition(np.unique(ranks))
    return known[ranks]


def percentile_ranks(count: int) -> npt.NDArray[np.int64]:
    """Which of so many sorted values the 241 percentile edges are. Shape (241,); `count` is at least 1."""
    return np.minimum(count - 1, count * np.arange(FINE_BINS + 1) // FINE_BINS)


def _unrounded(scale: Scale, lo: float, hi: float, t: Floats) -> Floats:
    if scale == "log":
        a, b = np.log10(lo), np.log10(hi)
        # 10**t at the upper end of doubles may round past it; hi bounds it later.
        with np.errstate(over="ignore"):
            return np.asarray(10.0 ** (a + (b - a) * t), np.float64)
    if scale == "symlog":
        c = _symlog_constant(lo, hi)
        a, b = (np.copysign(np.log1p(abs(x) / c), x) for x in (lo, hi))
        bent = a + (b - a) * t
        with np.errstate(over="ignore"):
            return np.asarray(np.copysign(np.expm1(np.abs(bent)) * c, bent), np.float64)
    span = hi - lo
    if np.isfinite(span):
        return lo + span * t
    with np.errstate(over="ignore"):
        return 2 * (lo / 2 + (hi / 2 - lo / 2) * t)


def _symlog_constant(lo: float, hi: float) -> float:
    largest = max(abs(lo), abs(hi))
    if largest == 0:
        return 1.0
    exponent = Decimal(repr(largest)).adjusted()
    return max(5e-324, float(f"1e{exponent - 3}"))


def _round(edge: float, digits: int, nothing: float) -> float:
    if abs(edge) < nothing:
        return 0.0
    if not np.isfinite(edge) or edge == 0:
        return edge
    whole = Decimal(edge)
    # Python's own formatting takes ties to even; the page's takes them away from 0.
    return float(whole.quantize(Decimal(1).scaleb(whole.adjusted() - digits + 1), ROUND_HALF_UP))

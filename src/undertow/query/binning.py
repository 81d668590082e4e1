"""The binning rule of `docs/protocol.md` in NumPy: how an axis' scale is cut, and which bin each value lies in."""

from __future__ import annotations

import math
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["SPECIAL_BINS", "BinScale", "bin_categories", "bin_numbers", "edges", "percentile_edges"]

BinScale: TypeAlias = Literal["linear", "time", "log", "symlog"]

#: Bins after those on the scale: +∞, values without a place on it (≤ 0 on log), −∞, NaN, missing.
SPECIAL_BINS = 5


def edges(scale: BinScale, domain: tuple[float, float], bins: int) -> NDArray[np.float64]:
    """The edges that cut a domain; a value lies in the last bin whose lower edge it reaches.

    Args:
        scale: How the domain is cut evenly; percentiles have `percentile_edges`.
        domain: Lowest and highest value, ordered and finite; above 0 for log.
        bins: How many.

    Returns:
        Ascending. Shape (bins + 1,).
    """
    low, high = map(float, domain)
    inner = np.array([_edge(scale, low, high, k / bins) for k in range(1, bins)])
    if scale in ("log", "symlog"):
        # Two mathematics libraries may differ in the last bit of a logarithm or a power.
        inner = np.array([float(f"{edge:.11e}") for edge in inner])
    return np.array([low, *np.clip(inner, low, high), high])


def percentile_edges(values: ArrayLike, bins: int) -> NDArray[np.float64]:
    """The edges that cut a column into equal shares of its n finite values: of them sorted, those at ⌊n · k / bins⌋.

    Returns:
        Ascending, equal ones where values repeat; nan where no value is finite. Shape (bins + 1,).
    """
    numbers = np.asarray(values, dtype=np.float64)
    finite = np.sort(numbers[np.isfinite(numbers)])
    if not len(finite):
        return np.full(bins + 1, np.nan)
    places = np.minimum(len(finite) - 1, np.arange(bins + 1) * len(finite) // bins)
    return np.asarray(finite[places])


def bin_numbers(
    values: ArrayLike, cut: NDArray[np.float64], present: NDArray[np.bool_] | None = None, log: bool = False
) -> NDArray[np.int64]:
    """The bin of every value, in [0, bins + `SPECIAL_BINS`).

    Args:
        values: Any shape.
        cut: The edges. Shape (bins + 1,).
        present: False where a value is missing. Shape as `values`.
        log: Whether values ≤ 0 have no place on the scale.
    """
    numbers = np.asarray(values, dtype=np.float64)
    bins = len(cut) - 1
    if cut[0] == cut[-1]:
        codes = np.full(numbers.shape, bins // 2)
    else:
        codes = np.clip(np.searchsorted(cut, numbers, side="right") - 1, 0, bins - 1)
    if log:
        codes = np.where(numbers <= 0, bins + 1, codes)
    codes = np.where(numbers == np.inf, bins, codes)
    codes = np.where(numbers == -np.inf, bins + 2, codes)
    codes = np.where(np.isnan(numbers), bins + 3, codes)
    return _without_missing(codes, bins, present)


def bin_categories(
    codes: ArrayLike, categories: int, bins: int, present: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """The bin of every category's code: the code itself, or where there are more than `bins` its share of them."""
    whole = np.asarray(codes, dtype=np.int64)
    return _without_missing(whole if categories <= bins else whole * bins // categories, bins, present)


def _without_missing(codes: NDArray[Any], bins: int, present: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    return np.asarray(codes if present is None else np.where(present, codes, bins + 4), dtype=np.int64)


def _edge(scale: BinScale, low: float, high: float, t: float) -> float:
    if scale == "log":
        a, b = math.log10(low), math.log10(high)
        return float(np.power(10.0, a + (b - a) * t))
    if scale == "symlog":
        largest = max(abs(low), abs(high))
        c = 10.0 ** (math.floor(math.log10(largest)) - 3) if largest else 1.0
        a, b = (math.copysign(math.log1p(abs(x) / c), x) for x in (low, high))
        y = a + (b - a) * t
        return math.copysign(math.expm1(abs(y)) * c, y)
    span = high - low
    return low + span * t if math.isfinite(span) else 2 * (low / 2 + (high / 2 - low / 2) * t)

"""What derives from the merged sums. To be replaced by `undertow.statistics` when that is merged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["norm", "rms", "update_ratio", "zero_share"]

Floats = NDArray[np.floating[Any]]


def norm(sum_sq: ArrayLike) -> Floats:
    """The norm √Σg². Shape as `sum_sq`."""
    return np.asarray(np.sqrt(np.asarray(sum_sq, dtype=np.float64)))


def rms(sum_sq: ArrayLike, count: ArrayLike) -> Floats:
    """The root mean square √(Σg² / n); nan where `count` is 0."""
    return np.asarray(np.sqrt(_divide(sum_sq, count)))


def update_ratio(u_sum_sq: ArrayLike, w_sum_sq: ArrayLike) -> Floats:
    """‖Δw‖₂ / ‖w‖₂; nan where ‖w‖₂ is 0."""
    return _divide(norm(u_sum_sq), norm(w_sum_sq))


def zero_share(zeros: ArrayLike, count: ArrayLike) -> Floats:
    """The share of elements that are exactly 0; nan where `count` is 0."""
    return _divide(zeros, count)


def _divide(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    n, d = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.asarray(np.where(d == 0, np.nan, n / d))

"""The mergeable gradient statistics, and what derives from them.

Per parameter and step we keep sums, not results: the sums of two shards of one parameter add up to the sums of the
whole, so that no rank ever has to talk to another while training, and everything that a person wants to see (norm,
mean, standard deviation, update ratio …) follows from the sums when they are read.

A non-finite gradient element is counted in `nonfinite` and stays in the sums, which become nan or inf by it: a step
that exploded shows as one, rather than as the healthy remainder of its elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ShapeError

__all__ = [
    "BINS",
    "COUNTS",
    "FIELDS",
    "FLOATS",
    "LOWEST_EXPONENT",
    "OPTIONAL_FIELDS",
    "Field",
    "backward_gain",
    "cosine",
    "histogram",
    "mean",
    "merge",
    "noise_scale",
    "norm",
    "quantile",
    "rms",
    "std",
    "summarize",
    "update_norm",
    "update_ratio",
    "weight_norm",
    "zero_share",
]

Floats: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Field:
    """One of the sums.

    Attributes:
        name: The column of `undertow.schema.LAYERS`.
        merge: How the values of two shards become one.
        dtype: "int64" for counts, "float32" for sums.
        meaning: The formula, over the elements g of the gradient, w of the weight before the step, u of its update,
            s of the signal ∂L/∂a, and a of the activation, a module's output.
    """

    name: str
    merge: Literal["sum", "max"]
    dtype: Literal["int64", "float32"]
    meaning: str


#: The sums, in the order of `undertow.schema.LAYERS`.
FIELDS: tuple[Field, ...] = (
    Field("count", "sum", "int64", "the number of elements"),
    Field("sum", "sum", "float32", "Σg"),
    Field("sum_sq", "sum", "float32", "Σg²"),
    Field("abs_max", "max", "float32", "max |g|; nan if any g is nan, 0 without elements"),
    Field("zeros", "sum", "int64", "how many g are exactly 0"),
    Field("nonfinite", "sum", "int64", "how many g are nan or ±inf"),
    Field("w_sum_sq", "sum", "float32", "Σw², the weight before the step"),
    Field("u_sum_sq", "sum", "float32", "Σu², the update u = w after the step − w before it"),
)

#: The sums that are recorded on demand only, in the order of `undertow.schema.OPTIONAL`.
OPTIONAL_FIELDS: tuple[Field, ...] = (
    Field("dot_prev", "sum", "float32", "Σg·g′, with g′ the gradient at the previous recorded step"),
    Field("prev_sum_sq", "sum", "float32", "Σg′²"),
    Field("m_sum_sq", "sum", "float32", "Σ over micro-batches of Σgᵢ²; the mean of the gᵢ over all ranks is g"),
    Field("m_count", "sum", "int64", "how many micro-batches"),
    Field("s_sum_sq", "sum", "float32", "Σs², over all elements of the batch"),
    Field("s_count", "sum", "int64", "the number of s"),
    Field("a_sum", "sum", "float32", "Σa"),
    Field("a_sum_sq", "sum", "float32", "Σa²"),
    Field("a_zeros", "sum", "int64", "how many a are exactly 0"),
    Field("a_count", "sum", "int64", "the number of a"),
    Field("histogram", "sum", "int64", "how many g have ⌊log₂|g|⌋ = i + `LOWEST_EXPONENT`, for each of the 64 bins i"),
)

#: The histogram's bins, and the power of two where the first begins. The first and the last take what lies beyond them;
#: zeros and what is not finite are in none.
BINS = 64
LOWEST_EXPONENT = -48

#: What an integration measures each step, as the columns of one float32 array. Shape (parameters, 5).
FLOATS = ("sum", "sum_sq", "abs_max", "w_sum_sq", "u_sum_sq")

#: What an integration counts each step, as the columns of one integer array; float32 could not count past 2²⁴.
#: Shape (parameters, 2).
COUNTS = ("zeros", "nonfinite")


def summarize(
    gradient: ArrayLike, weight: ArrayLike | None = None, update: ArrayLike | None = None
) -> dict[str, float]:
    """The sums of one parameter's gradient, weight and update: the reference that every integration is tested against.

    Args:
        gradient: g, any shape and any real dtype.
        weight: w before the step. Shape as `gradient`.
        update: Δw, what the step added. Shape as `gradient`.

    Returns:
        A value per name of `FIELDS`; `w_sum_sq` and `u_sum_sq` are nan where `weight` and `update` are None.
        Accumulated in float64 and rounded to float32 once, so Σg² beyond 3.4e38 is inf, and below 1e-45 it is 0: a norm
        under 1e-19 loses digits and one under 1e-22 reads 0, where `abs_max` still tells. Without elements, sums are 0.

    Raises:
        ShapeError: If the shapes differ.
    """
    g = np.asarray(gradient, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        return {
            "count": g.size,
            "sum": float(np.float32(g.sum())),
            "sum_sq": float(np.float32(np.square(g).sum())),
            "abs_max": float(np.float32(np.abs(g).max(initial=0.0))),
            "zeros": int(np.count_nonzero(g == 0)),
            "nonfinite": int(np.count_nonzero(~np.isfinite(g))),
            "w_sum_sq": _sum_sq(weight, g.shape, "weight"),
            "u_sum_sq": _sum_sq(update, g.shape, "update"),
        }


def _sum_sq(values: ArrayLike | None, shape: tuple[int, ...], name: str) -> float:
    if values is None:
        return float("nan")
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape:
        raise ShapeError(f"the {name} has shape {array.shape}, its gradient {shape}")
    return float(np.float32(np.square(array).sum()))


def merge(first: Mapping[str, ArrayLike], second: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
    """The sums of two parts together, e.g. of two shards of one parameter. Associative and commutative.

    Args:
        first: An array per name of `FIELDS`, and of `OPTIONAL_FIELDS` as recorded; shapes must broadcast against
            `second`'s. A histogram's last axis are its bins.
        second: Likewise.

    Returns:
        An array per name of `FIELDS`, and per optional name that either part has: float64 for sums (so that merging
        many shards loses nothing), int64 for counts. A nan in either part is a nan in the merged sum and maximum.
    """
    merged: dict[str, NDArray[Any]] = {}
    for field in (*FIELDS, *OPTIONAL_FIELDS):
        parts = [part[field.name] for part in (first, second) if field in FIELDS or field.name in part]
        dtype = np.int64 if field.dtype == "int64" else np.float64
        if len(parts) < 2:
            for part in parts:
                merged[field.name] = np.asarray(part, dtype=dtype)
            continue
        a, b = (np.asarray(part, dtype=dtype) for part in parts)
        with np.errstate(invalid="ignore"):
            merged[field.name] = np.asarray(np.maximum(a, b) if field.merge == "max" else a + b)
    return merged


def norm(sum_sq: ArrayLike) -> Floats:
    """The gradient's norm ‖g‖₂ = √Σg². Shape as `sum_sq`; nan and inf where it is."""
    return np.asarray(np.sqrt(_floats(sum_sq)))


def weight_norm(w_sum_sq: ArrayLike) -> Floats:
    """The weight's norm before the step, ‖w‖₂ = √Σw². Shape as `w_sum_sq`."""
    return norm(w_sum_sq)


def update_norm(u_sum_sq: ArrayLike) -> Floats:
    """The update's norm ‖Δw‖₂ = √Σu². Shape as `u_sum_sq`."""
    return norm(u_sum_sq)


def update_ratio(u_sum_sq: ArrayLike, w_sum_sq: ArrayLike) -> Floats:
    """How far one step moved a parameter, as a share of it: ‖Δw‖₂ / ‖w‖₂.

    Args:
        u_sum_sq: Σu². Any shape.
        w_sum_sq: Σw² before the step. Same shape.

    Returns:
        Dimensionless; nan where ‖w‖₂ is 0 (a bias before its first step), so that the plot shows a gap.

    Around 1e-3 is healthy: https://cs231n.github.io/neural-networks-3/#ratio
    """
    return _divide(norm(u_sum_sq), norm(w_sum_sq))


def mean(sum: ArrayLike, count: ArrayLike) -> Floats:
    """The mean gradient Σg / n. Shape as `sum`; nan where `count` is 0."""
    return _divide(_floats(sum), _floats(count))


def rms(sum_sq: ArrayLike, count: ArrayLike) -> Floats:
    """The root mean square √(Σg² / n): a norm that does not grow with the parameter. nan where `count` is 0."""
    return np.asarray(np.sqrt(_divide(_floats(sum_sq), _floats(count))))


def std(sum: ArrayLike, sum_sq: ArrayLike, count: ArrayLike) -> Floats:
    """The population standard deviation √(Σg²/n − (Σg/n)²). nan where `count` is 0.

    Never below 0; where it is under 1e-3 of |mean| the float32 sums no longer resolve it, and noise remains.
    """
    n = _floats(count)
    with np.errstate(invalid="ignore", over="ignore"):
        variance = _divide(_floats(sum_sq), n) - np.square(_divide(_floats(sum), n))
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def zero_share(zeros: ArrayLike, count: ArrayLike) -> Floats:
    """The share of gradient elements that are exactly 0, from 0 to 1. nan where `count` is 0."""
    return _divide(_floats(zeros), _floats(count))


def cosine(dot_prev: ArrayLike, sum_sq: ArrayLike, prev_sum_sq: ArrayLike) -> Floats:
    """The cosine between a gradient and the one recorded before it, Σg·g′ / (‖g‖‖g′‖), from −1 to 1.

    Shape as the arguments; nan where either gradient is 0 or there was none before. Near 1 the steps agree and could
    be longer; below 0 they undo each other.
    """
    with np.errstate(invalid="ignore"):  # inf · 0
        norms = np.sqrt(_floats(sum_sq)) * np.sqrt(_floats(prev_sum_sq))
    return _divide(_floats(dot_prev), norms)


def backward_gain(s_sum_sq: ArrayLike, s_sum_sq_next: ArrayLike) -> Floats:
    """By how much the backward pass through a module changes the signal: ‖∂L/∂a‖ before it ÷ ‖∂L/∂a‖ after it.

    Args:
        s_sum_sq: Σs² at the output of the module before, nearer to the input. Any shape.
        s_sum_sq_next: Σs² at the module's own output. Same shape.

    Returns:
        Dimensionless; nan where no signal arrives. Products of gains below 1 vanish, above 1 explode:
        https://arxiv.org/abs/1711.04735
    """
    return _divide(norm(s_sum_sq), norm(s_sum_sq_next))


def noise_scale(sum_sq: ArrayLike, m_sum_sq: ArrayLike, m_count: ArrayLike) -> Floats:
    """The gradient noise scale, in micro-batches: the batch size at which noise and signal weigh the same.

    With N micro-batches, |G|² = (N·g_N − g_1)/(N − 1) and S = (g_1 − g_N)/(1 − 1/N), where g_N = Σg² of the whole
    batch and g_1 the mean Σgᵢ² of one micro-batch; the noise scale is S / |G|². Times the examples in a micro-batch
    it is a number of examples. Both estimates are noisy: merge many steps, by their sums, before dividing.

    Args:
        sum_sq: Σg²; the mean over steps where several were merged. Any shape.
        m_sum_sq: ΣΣgᵢ² over the micro-batches of all ranks; likewise. Same shape.
        m_count: N; likewise. Same shape.

    Returns:
        nan with fewer than two micro-batches, and where the estimate of |G|² is not above 0: all noise.

    Source: McCandlish et al. 2018, appendix A.1, https://arxiv.org/abs/1812.06162
    """
    n = np.where(_floats(m_count) > 1, _floats(m_count), np.nan)
    whole, one = _floats(sum_sq), _floats(m_sum_sq) / n
    signal, noise = (n * whole - one) / (n - 1), (one - whole) / (1 - 1 / n)
    return _divide(noise, np.where(signal > 0, signal, np.nan))


def histogram(gradient: ArrayLike) -> NDArray[np.int64]:
    """The reference of the `histogram` column: elements by ⌊log₂|g|⌋. Shape (64,); of any shape and real dtype."""
    g = np.abs(np.asarray(gradient, dtype=np.float64)).ravel()
    exponents = np.frexp(g[np.isfinite(g) & (g > 0)])[1] - 1
    return np.bincount(np.clip(exponents - LOWEST_EXPONENT, 0, BINS - 1), minlength=BINS).astype(np.int64)


def quantile(histogram: ArrayLike, q: float) -> Floats:
    """The |g| below which a share q of the non-zero, finite elements lies, to within a factor of √2.

    Args:
        histogram: Counts by bin. Shape (…, 64).
        q: From 0 to 1.

    Returns:
        The geometric middle of the bin, √2·2ᵉ. Shape (…); nan where the histogram is empty.
    """
    counts = np.asarray(histogram, dtype=np.float64)
    cumulative = counts.cumsum(axis=-1)
    total = cumulative[..., -1:]
    bins = np.argmax((cumulative >= q * total) & (cumulative > 0), axis=-1)
    return np.asarray(np.where(total[..., 0] > 0, 2.0 ** (bins + LOWEST_EXPONENT + 0.5), np.nan))


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.asarray(np.where(denominator == 0, np.nan, numerator / denominator))

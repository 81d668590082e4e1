"""The sums of `undertow.statistics` in JAX: traced into the optimizer's update, one array for all parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..statistics import BINS, COUNTS, FLOATS, LOWEST_EXPONENT

__all__ = ["Sums", "nothing_measured", "pack", "summarize", "unpack", "wide"]

#: Of float32: how many bits the fraction has, the mask of its exponent, and what that is more than the power of two.
_FRACTION, _EXPONENT, _BIAS = 23, 0xFF, 127

#: Of the fields of `Sums`.
_DTYPES = (np.float32, np.int32, np.float32, np.int32)


class Sums(NamedTuple):
    """The statistics of P parameters at one step.

    Attributes:
        floats: `undertow.statistics.FLOATS`; nan where there was no weight or update. Shape (P, 5), float32.
        counts: `undertow.statistics.COUNTS`. Shape (P, 2), int32.
        dots: dot_prev and prev_sum_sq; nan at the first step. Shape (P, 2), float32; None where not asked for.
        histograms: Shape (P, 64), int32; None where not asked for.
    """

    floats: Any
    counts: Any
    dots: Any
    histograms: Any

    @property
    def widths(self) -> tuple[int, ...]:
        """How many columns each field has; 0 where it is None."""
        return tuple(0 if part is None else int(part.shape[-1]) for part in self)

    def optional(self) -> Mapping[str, Any]:
        """The columns of `undertow.schema.OPTIONAL` by name."""
        more = {} if self.histograms is None else {"histogram": self.histograms}
        if self.dots is not None:
            more |= {"dot_prev": self.dots[..., 0], "prev_sum_sq": self.dots[..., 1]}
        return more


def pack(numbers: Sequence[Any], sums: Sums) -> Any:
    """All in one array, since each array that leaves a jitted function, and each that is read, costs microseconds.

    Args:
        numbers: Scalars, int32.
        sums: Of P parameters.

    Returns:
        Shape (N,), int32: the bits of all, one after the other, so that no counter is rounded.
    """
    parts = [*numbers, *(jax.lax.bitcast_convert_type(part, jnp.int32) for part in sums if part is not None)]
    return jnp.concatenate([part.reshape(-1) for part in parts])


def unpack(packed: Any, numbers: int, parameters: int, widths: Sequence[int]) -> tuple[NDArray[np.int32], Sums]:
    """The inverse of `pack`, in NumPy; waits until it is computed.

    Args:
        packed: Shape (N,), or (K, N) of K steps.
        numbers: How many scalars.
        parameters: P.
        widths: As in `Sums.widths`.

    Returns:
        The scalars, shape (K, numbers), and the sums, each with a first axis of K.
    """
    rows = np.asarray(packed)
    rows = rows.reshape(-1, rows.shape[-1])
    ends = np.cumsum([numbers, *(parameters * width for width in widths)])
    parts = [
        rows[:, start:end].view(dtype).reshape(len(rows), parameters, width) if width else None
        for start, end, width, dtype in zip(ends[:-1], ends[1:], widths, _DTYPES, strict=True)
    ]
    return rows[:, :numbers], Sums(*parts)


def nothing_measured(parameters: int, histograms: bool, cosine: bool) -> Sums:
    """What `summarize` returns, in shape and dtype, of that many parameters."""
    return Sums(
        jnp.zeros((parameters, len(FLOATS)), jnp.float32),
        jnp.zeros((parameters, len(COUNTS)), jnp.int32),
        jnp.zeros((parameters, 2), jnp.float32) if cosine else None,
        jnp.zeros((parameters, BINS), jnp.int32) if histograms else None,
    )


def summarize(
    grads: Sequence[Any],
    weights: Sequence[Any] | None,
    after: Sequence[Any] | None,
    previous: Sequence[Any] | None,
    has_previous: Any,
    histograms: bool,
) -> Sums:
    """Measure P parameters, in float32 or wider.

    Args:
        grads: P gradients.
        weights: P weights before the update; None where unknown.
        after: The weights after it; None where unknown.
        previous: P gradients measured before; None where no cosine is wanted.
        has_previous: Whether there are any by now. Bool scalar.
        histograms: Whether to count by powers of two.
    """
    floats, counts, dots, bins = [], [], [], []
    for index, gradient in enumerate(grads):
        g = wide(gradient)
        w = None if weights is None else wide(weights[index])
        u = None if w is None or after is None else wide(after[index]) - w
        sums = (_sums_in_rows if jax.default_backend() == "cpu" else _sums)(g, w, u)
        # XLA may find a largest among nan; but a square that is nan makes the sum of squares nan.
        sums[2] = jnp.where(jnp.isnan(sums[1]), _nan(), sums[2])
        floats += [_nan() if value is None else value.astype(jnp.float32) for value in sums[: len(FLOATS)]]
        counts += sums[len(FLOATS) :]
        if previous is not None:
            p = wide(previous[index])
            pair = (g * p).sum(), jnp.square(p).sum()
            dots += [jnp.where(has_previous, value.astype(jnp.float32), _nan()) for value in pair]
        if histograms:
            bins.append(_histogram(g))
    nothing = nothing_measured(len(grads), histograms, previous is not None)
    parts = (floats, counts, dots, bins)
    # Stacked all at once: XLA on a CPU starts each operation anew.
    return Sums(*(jnp.stack(p).reshape(like.shape) if p else like for p, like in zip(parts, nothing, strict=True)))


#: How the terms of two elements become one: all add up but the largest.
_MERGES = (jnp.add, jnp.add, jnp.maximum, jnp.add, jnp.add, jnp.add, jnp.add)
_LONGEST_ROW = 4096


def _sums(g: Any, w: Any, u: Any) -> list[Any]:
    """Five sums, None where there is nothing to add up, and two counts."""
    return _fold(_terms(g, w, u))


def _sums_in_rows(g: Any, w: Any, u: Any) -> list[Any]:
    """As `_sums`, in one pass, which XLA on a CPU does not make of seven reductions by itself: 1.6 to 4 times faster.

    One pass adds one element after the other, which loses digits in long rows; so only in short ones.
    """
    given = [None if x is None else x.ravel() for x in (g, w, u)]
    row = g.size if g.size <= _LONGEST_ROW else next((n for n in range(512, 127, -1) if g.size % n == 0), 256)
    rows, rest = divmod(g.size, max(row, 1))
    sums = _reduce(_terms(*(None if x is None else x[: rows * row].reshape(rows, row) for x in given)))
    sums = [x if x is None else x[0] for x in sums] if rows == 1 else _fold(sums)
    if rest:
        last = _reduce(_terms(*(None if x is None else x[rows * row :] for x in given)))
        sums = [x if x is None else merge(x, y) for merge, x, y in zip(_MERGES, sums, last, strict=True)]
    return sums


def _terms(g: Any, w: Any, u: Any) -> list[Any]:
    """What an element adds to each sum; None where it is unknown."""
    squares = [None if x is None else jnp.square(x) for x in (g, w, u)]
    counted = [x.astype(jnp.int32) for x in (g == 0, ~jnp.isfinite(g))]
    return [g, squares[0], jnp.abs(g), *squares[1:], *counted]


def _fold(terms: Sequence[Any]) -> list[Any]:
    """Each of the terms put together over all axes, in its own dtype: with 64 bits JAX would add up counts in them."""
    return [
        x if x is None else x.max(initial=0.0) if merge is jnp.maximum else x.sum(dtype=x.dtype)
        for merge, x in zip(_MERGES, terms, strict=True)
    ]


def _reduce(terms: Sequence[Any]) -> list[Any]:
    """The terms put together along the last axis, by `_MERGES`."""
    there = [index for index, term in enumerate(terms) if term is not None]

    def merge(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(_MERGES[index](x, y) for index, x, y in zip(there, first, second, strict=True))

    operands = [terms[index] for index in there]
    # All terms whose largest is sought are 0 or more.
    starts = [jnp.zeros([], operand.dtype) for operand in operands]
    results = jax.lax.reduce(operands, starts, merge, (operands[0].ndim - 1,))
    placed: list[Any] = [None] * len(terms)
    for index, result in zip(there, results, strict=True):
        placed[index] = result
    return placed


def _nan() -> Any:
    return jnp.full([], jnp.nan, jnp.float32)


def wide(array: Any) -> Any:
    """In float32 where it was narrower."""
    return array.astype(jnp.promote_types(array.dtype, jnp.float32))


def _histogram(g: Any) -> Any:
    """As `undertow.statistics.histogram`. The exponent is read from the bits: a logarithm rounds at powers of two."""
    if g.dtype == jnp.float32:
        bits = jax.lax.bitcast_convert_type(g, jnp.int32)
        exponents = ((bits >> _FRACTION) & _EXPONENT) - _BIAS
        counted = (bits & 0x7FFFFFFF != 0) & (exponents <= _BIAS)
    else:
        exponents = jnp.frexp(g)[1] - 1
        counted = jnp.isfinite(g) & (g != 0)
    index = jnp.clip(exponents - LOWEST_EXPONENT, 0, BINS - 1)
    # What is not counted goes beyond the last bin, where it is dropped.
    index = jnp.where(counted, index, BINS).ravel().astype(jnp.int32)
    return jnp.zeros(BINS, jnp.int32).at[index].add(1, mode="drop")

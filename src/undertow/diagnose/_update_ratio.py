"""Updates that are too large or too small for the weights that they change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ._evidence import Evidence, lasting
from ._finding import Finding, Number
from ._layers import Layers

__all__ = ["update_ratio"]

#: About 1e-3 is healthy. Small networks under Adam do well at 1e-2, so that a tenth is what speaks.
LARGE, SMALL = 0.1, 1e-5

_SOURCE = "CS231n, Neural Networks 3, https://cs231n.github.io/neural-networks-3/#ratio"


def update_ratio(evidence: Evidence) -> Iterator[Finding]:
    """Finds updates that are out of proportion with the weights, for all of the network together.

    With r(t) = √(Σ u² / Σ w²) over all weights of two dimensions and more, the median over a window,

        r > 0.1   in three quarters of the windows from some window on to the end, the first not counted: a step
                  rewrites a tenth of the network;
        r < 1e-5  in three quarters of the windows from the very first on, so that it never was larger.

    Silent when: updates were not recorded; the ratio is small at the end only, where the schedule or the fit has come
    to its end; or single layers alone are out of range (see the lens `layers`): a small share of the weights may be.

    Source: Karpathy, CS231n, *Ratio of weights:updates*: around 1e-3; the limits are wider, so that no optimizer's
    habits are taken for a fault. https://cs231n.github.io/neural-networks-3/#ratio
    """
    layers = evidence.layers
    if layers is None or not layers.params.has("u_sum_sq"):
        return
    ratio = ratios(layers)
    first = lasting(ratio > LARGE)
    if first is not None:
        yield _finding(layers, ratio, first, LARGE)
        return
    small = ratio < SMALL
    known = np.isfinite(ratio)
    if known.sum() >= 3 and known[0] and small[0] and small[known].mean() >= 0.75:
        yield _finding(layers, ratio, 0, SMALL)


def ratios(layers: Layers) -> NDArray[np.float64]:
    """The update ratio of the whole network by window; nan where it is not known. Shape (W,)."""
    params = layers.params
    chosen = [i for i, shape in enumerate(params.shapes) if len(shape) > 1] or list(range(len(params.names)))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        squares = [np.nansum(params.sums[name][:, chosen], axis=1) for name in ("u_sum_sq", "w_sum_sq")]
        finite = np.isfinite(params.sums["u_sum_sq"][:, chosen]).any(axis=1)
        return layers.by_window(np.where(finite & (squares[1] > 0), np.sqrt(squares[0] / squares[1]), np.nan))


def _finding(layers: Layers, ratio: NDArray[np.float64], first: int, threshold: float) -> Finding:
    typical = float(np.nanmedian(ratio[first:]))
    start, end = layers.span(first, len(ratio) - 1)
    large = threshold == LARGE
    return Finding(
        kind="update_ratio",
        severity="warning",
        sentence=(
            f"Updates are too large from {layers.when(start)}: a step changes the weights by {100 * typical:.3g} % of "
            "themselves; about 0.1 % is healthy."
            if large
            else f"Updates are too small: a step changes the weights by {typical:.1e} of themselves; about 1e-3 is "
            "healthy."
        ),
        advice=(
            "Lower the learning rate, or warm it up."
            if large
            else "Raise the learning rate; see whether the loss, or its gradient, is scaled down and never up again."
        ),
        source=_SOURCE,
        numbers=(Number("update ratio", typical, threshold),),
        **layers.evidence(start, end),
    )

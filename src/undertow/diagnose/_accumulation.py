"""Accumulation: gradients that are added to those of all steps before, because nobody cleared them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._evidence import Evidence, lasting
from ._finding import Finding, Number
from ._oscillation import cosines

__all__ = ["accumulation"]

#: Successive gradients that are almost one and the same.
ALIKE = 0.9
#: And that have grown by this factor over the first windows: a sum grows by what is added.
GROWN = 3.0


def accumulation(evidence: Evidence) -> Iterator[Finding]:
    """Finds gradients that look like a sum of all those before: `zero_grad()` is missing.

    A sum over t batches differs from the one over t + 1 by a share 1/t: the cosine of successive gradients comes to be
    above 0.9 at the median, in three quarters of the windows to the end, while the gradient's norm grows threefold from
    the first window's to the greatest. Gradients of single batches are far less alike, and those of full-batch descent,
    which are as much alike, become smaller as the loss falls.

    Silent when: no cosine was recorded (`run.watch(…, cosine=True)`), or the recorded steps do not follow each other.

    Source: PyTorch, *What does zero_grad do and why*: gradients accumulate by default.
    https://pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html
    """
    layers = evidence.layers
    if layers is None or layers.every != 1 or not layers.params.has("dot_prev"):
        return
    cosine = cosines(layers)
    first = lasting(cosine > ALIKE)
    with np.errstate(invalid="ignore", over="ignore"):
        total = layers.by_window(np.sqrt(np.nansum(layers.params.sums["sum_sq"], axis=1)))
        early = layers.params.sums["sum_sq"][: max(1, len(layers.step) // 100)]
        start = float(np.sqrt(np.nanmedian(np.nansum(early, axis=1))))
    if first is None or not start > 0 or not np.isfinite(total).any():
        return
    grown, alike = float(np.nanmax(total) / start), float(np.nanmedian(cosine[first:]))
    if grown < GROWN:
        return
    at, end = layers.span(first, len(cosine) - 1)
    yield Finding(
        kind="accumulation",
        severity="warning",
        sentence=(
            f"Gradients pile up from {layers.when(at)}: each is almost the one before (cosine {alike:.2f}), and they "
            f"have grown to {grown:.1f} times the first."
        ),
        advice="See that gradients are cleared after each update: optimizer.zero_grad().",
        source="PyTorch, https://pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html",
        numbers=(
            Number("cosine of successive gradients", alike, ALIKE),
            Number("growth of the gradient", grown, GROWN, " times"),
        ),
        **layers.evidence(at, end),
    )

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
#: And that grow by this factor from the first point to about the tenth: a sum grows by what is added.
GROWN, TENTH = 3.0, slice(8, 13)


def accumulation(evidence: Evidence) -> Iterator[Finding]:
    """Finds gradients that look like a sum of all those before: `zero_grad()` is missing.

    A sum over t batches differs from the one over t + 1 by a share 1/t: the cosine of successive gradients comes to be
    above 0.9 at the median, in three quarters of the windows to the end, while the gradient's norm grows threefold from
    the first recorded step to the median of the ninth to the thirteenth. Gradients of single batches are far less
    alike, and those of full-batch descent, which are as much alike, change little within ten steps.

    Silent when: no cosine was recorded (`run.watch(…, cosine=True)`), or the recorded steps do not follow each other.

    Source: PyTorch, *What does zero_grad do and why*: gradients accumulate by default.
    https://pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html
    """
    layers = evidence.layers
    if layers is None or layers.every != 1 or not layers.params.has("dot_prev"):
        return
    cosine = cosines(layers)
    first = lasting(cosine > ALIKE)
    if first is None or len(layers.step) < TENTH.stop:
        return
    norm = np.sqrt(np.nansum(layers.params.sums["sum_sq"][: TENTH.stop], axis=1))
    grown = float(np.median(norm[TENTH]) / norm[0]) if norm[0] > 0 else 0.0
    alike = float(np.nanmedian(cosine[first:]))
    if not GROWN <= grown < np.inf:
        return
    at, end = layers.span(first, len(cosine) - 1)
    yield Finding(
        kind="accumulation",
        severity="warning",
        sentence=(
            f"Gradients pile up from {layers.when(at)}: each is almost the one before (cosine {alike:.2f}), and within "
            f"the first ten recorded steps they grew {grown:.1f}-fold."
        ),
        advice="See that gradients are cleared after each update: optimizer.zero_grad().",
        source="PyTorch, https://pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html",
        numbers=(
            Number("cosine of successive gradients", alike, ALIKE),
            Number("growth of the gradient", grown, GROWN, " times"),
        ),
        **layers.evidence(at, end),
    )

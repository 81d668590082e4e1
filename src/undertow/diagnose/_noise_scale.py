"""The gradient noise scale against the batch: whether the batch is far too small, or far too large."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..statistics import noise_scale as scale_of
from ._evidence import Evidence
from ._finding import Finding, Number

__all__ = ["noise_scale"]

#: By this factor the noise scale is above the batch, or below it.
APART = 10.0
#: The parts of the estimate are noisy, and averaged over so many steps at least.
FEWEST_STEPS = 50


def noise_scale(evidence: Evidence) -> Iterator[Finding]:
    """Finds that the batch is ten times smaller, or larger, than the gradient noise scale.

    With g_N the squared gradient of the whole batch of N micro-batches, g_1 that of one, both averaged over the second
    half of the steps and all parameters, B = S / |G|² is the noise scale in micro-batches (see
    `undertow.statistics.noise_scale`). B > 10 · N: the gradient is mostly noise, and a larger batch would pay in fewer
    steps. B < N / 10: most of the batch tells the same, and a smaller one would do. Where the estimate of |G|² is not
    above 0, B is larger than can be measured, and taken as 100 · N.

    It is worth knowing, no fault: many trainings do well with much noise.

    Silent when: micro-batches were not measured (`run.watch(…, noise=True)` and two and more of them a step), or for
    fewer than 50 steps in that half.

    Source: McCandlish et al. (2018), *An Empirical Model of Large-Batch Training*, https://arxiv.org/abs/1812.06162
    """
    layers = evidence.layers
    if layers is None or not layers.params.has("m_sum_sq"):
        return
    sums = layers.params.sums
    half = len(layers.step) // 2
    known = np.isfinite(sums["m_sum_sq"][half:]) & np.isfinite(sums["sum_sq"][half:])
    if known.any(axis=1).sum() < FEWEST_STEPS:
        return
    whole, parts = (float(np.where(known, sums[name][half:], 0).sum()) for name in ("sum_sq", "m_sum_sq"))
    count = float(np.nanmedian(sums["m_count"][half:]))
    if count < 2 or whole <= 0:
        return
    steps = known.any(axis=1).sum()
    scale = float(scale_of(whole / steps, parts / steps, count))
    measured = np.isfinite(scale)
    ratio = max(scale, 0.0) / count if measured else 100.0
    if 1 / APART <= ratio <= APART:
        return
    large = ratio > APART
    times = f"{ratio:.3g} times the batch" if measured else "too large to be measured"
    yield Finding(
        kind="noise_scale",
        severity="info",
        sentence=(
            f"The gradient is mostly noise: the noise scale is {times}."
            if large
            else f"The batch is larger than it need be: the noise scale is {ratio:.2g} of it."
        ),
        advice=(
            "A larger batch, with a larger learning rate, would take fewer steps; it may also be the labels."
            if large
            else "A smaller batch would learn as much from fewer examples."
        ),
        source="McCandlish et al. (2018), https://arxiv.org/abs/1812.06162",
        numbers=(Number("noise scale over batch", ratio, APART if large else 1 / APART),),
        **layers.evidence(half, len(layers.step) - 1),
    )

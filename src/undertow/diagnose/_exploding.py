"""Exploding gradients: the signal grows on its way back, or leaps from step to step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._depth import Depth, depth_of
from ._evidence import Evidence, lasting
from ._finding import Finding, Number
from ._layers import Layers

__all__ = ["exploding"]

#: The signal at the input against that at the loss: AutoTrainer's 70, in powers of ten.
DECADES = float(np.log10(70))
#: It grows from module to module: this rank correlation at the most.
STEADY = -0.8
#: A step's gradient against the median of the steps before, and against that of the first tenth.
LEAP, ABOVE_START = 100.0, 10.0
#: So many leaps make it a habit; so many steps before are a yardstick.
FEWEST, WINDOW, FEWEST_BEFORE = 3, 64, 16

_ADVICE = (
    "Clip the gradient's norm, lower the learning rate, start from smaller weights (He; orthogonal for recurrences), "
    "or normalise."
)


def exploding(evidence: Evidence) -> Iterator[Finding]:
    """Finds gradients that grow with depth, or that leap in time.

    In depth: with k the slope of log₁₀ h_l over the L modules (see `vanishing`), −k · (L − 1) > log₁₀ 70 and
    Spearman(h, l) ≤ −0.8, in three quarters of the windows from some window on to the end, the first not counted.

    In time: with G(t) the norm of the whole gradient, a step leaps when G(t) > 100 × the median of the 64 steps before
    and G(t) > 10 × the median of the first tenth of the steps. Three leaps are a warning, or the last tenth of the
    steps at a median of 100 × that of the first tenth and more.

    Silent when: there are fewer than five modules (depth) or fewer than 32 recorded steps (time); gradients are small
    and single batches merely stand out at the end of a fit, which the second condition keeps out; or a sum is not
    finite (`nonfinite` says so).

    Source: Zhang et al. (2021), *AutoTrainer*, for 70: https://doi.org/10.1109/ICSE43902.2021.00043; Pascanu et al.
    (2013) for leaps, https://arxiv.org/abs/1211.5063
    """
    layers = evidence.layers
    if layers is None:
        return
    depth = depth_of(layers)
    first = None if depth is None else lasting((depth.change < -DECADES) & (depth.order <= STEADY))
    if depth is not None and first is not None:
        yield _in_depth(layers, depth, first)
        return
    found = _in_time(layers)
    if found is not None:
        yield found


def _in_depth(layers: Layers, depth: Depth, first: int) -> Finding:
    level, change = np.nanmedian(depth.level[first:], axis=0), -float(np.nanmedian(depth.change[first:]))
    strong = np.flatnonzero(level > level[-1] + DECADES)
    where = int(strong[-1]) if len(strong) else 0
    concerned = {depth.modules[index] for index in range(where + 1)}
    start, end = layers.span(first, len(depth.change) - 1)
    return Finding(
        kind="exploding",
        severity="warning",
        sentence=(
            f"Gradients explode towards the input: from {depth.modules[-1] or 'the loss'} to "
            f"{depth.modules[0] or 'the input'} the {depth.what} grows by 10^{change:.1f}, and is beyond 70 times from "
            f"{depth.modules[where]} on."
        ),
        advice=_ADVICE,
        source="Zhang et al. (2021), AutoTrainer, https://doi.org/10.1109/ICSE43902.2021.00043",
        numbers=(
            Number("powers of ten gained", change, DECADES),
            Number("rank correlation with depth", float(np.nanmedian(depth.order[first:])), STEADY),
        ),
        **layers.evidence(
            start,
            end,
            [n for n, m in zip(layers.params.names, layers.params.modules, strict=True) if m in concerned],
            lens="flow",
        ),
    )


def _in_time(layers: Layers) -> Finding | None:
    with np.errstate(invalid="ignore", over="ignore"):
        norm = np.sqrt(np.where(np.isnan(layers.params.sums["sum_sq"]), 0, layers.params.sums["sum_sq"]).sum(axis=1))
    known = np.flatnonzero(np.isfinite(norm) & (norm > 0))
    if len(known) < 2 * FEWEST_BEFORE:
        return None
    values = norm[known]
    tenth = max(3, len(values) // 10)
    start, end = float(np.median(values[:tenth])), float(np.median(values[-tenth:]))
    padded = np.concatenate([np.full(WINDOW, np.nan), values[:-1]])
    padded[WINDOW - 1] = values[0]
    before = np.nanmedian(sliding_window_view(padded, WINDOW)[: len(values)], axis=1)
    leaps = np.flatnonzero((values > LEAP * before) & (values > ABOVE_START * start))
    leaps = leaps[leaps >= FEWEST_BEFORE]
    grown = end > LEAP * start
    if len(leaps) < FEWEST and not grown:
        return None
    worst = int(leaps[np.argmax(values[leaps])]) if len(leaps) else int(np.argmax(values))
    first = int(leaps[0]) if len(leaps) else int(np.argmax(values > LEAP * start))
    squares = layers.params.sums["sum_sq"][known[worst]]
    layer = layers.params.names[int(np.nanargmax(squares))]
    times = values[worst] / (before[worst] if len(leaps) else start)
    return Finding(
        kind="exploding",
        severity="warning",
        sentence=(
            f"Gradients explode from step {layers.step[known[first]]}: at step {layers.step[known[worst]]} the norm is "
            f"{values[worst]:.3g}, {times:.3g} times what it was before, most of it in {layer}."
        ),
        advice=_ADVICE,
        source="Pascanu et al. (2013), On the difficulty of training RNNs, https://arxiv.org/abs/1211.5063",
        numbers=(Number("times the gradient before", float(times), LEAP), Number("leaps", len(leaps), FEWEST)),
        **layers.evidence(int(known[first]), int(known[-1]), (layer,)),
    )

"""Vanishing gradients: the signal fades on its way back to the input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._depth import depth_of
from ._evidence import Evidence, lasting
from ._finding import Finding, Number

__all__ = ["vanishing"]

#: The signal at the input, as a share of that at the loss, in powers of ten.
DECADES = 3.0
#: It fades from module to module: this rank correlation with depth at the least.
STEADY = 0.8


def vanishing(evidence: Evidence) -> Iterator[Finding]:
    """Finds that the signal arrives at the input a thousand times weaker than it left the loss, and fades all the way.

    With h_l the norm of ∂L/∂a at module l (the gradients of the biases where signals were not recorded, those of the
    weights where there are no biases), the median over a window, and k the slope of log₁₀ h_l over the L modules,

        k · (L − 1)  >  3    and    Spearman(h, l)  ≥  0.8,

    in three quarters of the windows (epochs, or twelfths) from some window on to the end; the first, the warm-up, does
    not count. The layer named is the first, from the loss, whose signal is below a thousandth of that at the loss.

    Silent when: there are fewer than five modules; the signal is uneven over depth, as within the branches of residual
    and normalised networks, whose stream keeps it up; or it faded at first only.

    Source: Pennington et al. (2017) for the slope (dynamical isometry), https://arxiv.org/abs/1711.04735; Zhang et al.
    (2021), AutoTrainer, for 1e-3.
    """
    layers = evidence.layers
    depth = None if layers is None else depth_of(layers)
    if layers is None or depth is None:
        return
    first = lasting((depth.change > DECADES) & (depth.order >= STEADY))
    if first is None:
        return
    level = np.nanmedian(depth.level[first:], axis=0)
    change = float(np.nanmedian(depth.change[first:]))
    gone = np.flatnonzero(level < level[-1] - DECADES)
    where = int(gone[-1]) if len(gone) else 0
    concerned = {depth.modules[index] for index in range(where + 1)}
    start, end = layers.span(first, len(depth.change) - 1)
    yield Finding(
        kind="vanishing",
        severity="warning",
        sentence=(
            f"Gradients vanish towards the input: from {depth.modules[-1] or 'the loss'} to "
            f"{depth.modules[0] or 'the input'} the {depth.what} fades by 10^{change:.1f}, and is below a thousandth "
            f"from {depth.modules[where]} on."
        ),
        advice=(
            "Use activations that do not saturate (ReLU, GELU), an initialisation that fits them (He), residual "
            "connections or normalisation."
        ),
        source="Pennington et al. (2017), Resurrecting the sigmoid, https://arxiv.org/abs/1711.04735",
        numbers=(
            Number("powers of ten lost", change, DECADES),
            Number("rank correlation with depth", float(np.nanmedian(depth.order[first:])), STEADY),
        ),
        **layers.evidence(
            start,
            end,
            [n for n, m in zip(layers.params.names, layers.params.modules, strict=True) if m in concerned],
            lens="flow",
        ),
    )

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
#: Time lost at the start is worth a word from this share of the training on.
EARLY = 0.1


def vanishing(evidence: Evidence) -> Iterator[Finding]:
    """Finds that the signal arrives at the input a thousand times weaker than it left the loss, and fades all the way.

    With h_l the norm of ∂L/∂a at module l (the gradients of the biases where signals were not recorded, those of the
    weights where there are no biases), the median over a window, and k the slope of log₁₀ h_l over the L modules,

        k · (L − 1)  >  3    and    Spearman(h, l)  ≥  0.8,

    in three quarters of the windows (epochs, or twelfths) from some window on to the end, the first, the warm-up, not
    counted; or in the first windows, two at least and a tenth of all, which is time that the training lost. The layer
    named is the first, from the loss, whose signal is below a thousandth of that at the loss.

    Silent when: there are fewer than five modules; the signal is uneven over depth, as within the branches of residual
    and normalised networks, whose stream keeps it up; or it faded within the first window only.

    Source: Pennington et al. (2017) for the slope (dynamical isometry), https://arxiv.org/abs/1711.04735; Zhang et al.
    (2021), AutoTrainer, for 1e-3.
    """
    layers = evidence.layers
    depth = None if layers is None else depth_of(layers)
    if layers is None or depth is None:
        return
    fades = (depth.change > DECADES) & (depth.order >= STEADY)
    first, last = lasting(fades), len(fades) - 1
    if first is None:
        early = int(np.argmin(fades)) if not fades.all() else len(fades)
        if early < max(2, EARLY * len(fades)):
            return
        first, last = 0, early - 1
    level = np.nanmedian(depth.level[first : last + 1], axis=0)
    change = float(np.nanmedian(depth.change[first : last + 1]))
    gone = np.flatnonzero(level < level[-1] - DECADES)
    where = int(gone[-1]) if len(gone) else 0
    concerned = {depth.modules[index] for index in range(where + 1)}
    start, end = layers.span(first, last)
    until = "" if last == len(fades) - 1 else f" until {layers.when(end)}"
    yield Finding(
        kind="vanishing",
        severity="warning",
        sentence=(
            f"Gradients vanish towards the input{until}: from {depth.modules[-1] or 'the loss'} to "
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
            Number("rank correlation with depth", float(np.nanmedian(depth.order[first : last + 1])), STEADY),
        ),
        **layers.evidence(
            start,
            end,
            [n for n, m in zip(layers.params.names, layers.params.modules, strict=True) if m in concerned],
            lens="flow",
        ),
    )

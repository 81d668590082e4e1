"""Parameters that are not trained: unused, cut off, or frozen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._evidence import Evidence
from ._finding import Finding, Number
from ._layers import Layers

__all__ = ["unused"]

#: Below this many recorded steps nobody can tell.
FEWEST_STEPS = 3
#: Where most of a model is frozen, somebody meant it.
MOST = 0.5

_SOURCE = "PyTorch, find_unused_parameters, https://pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html"


def unused(evidence: Evidence) -> Iterator[Finding]:
    """Finds parameters that no step changed.

    A parameter of two dimensions and more is not trained when it was described but had no gradient at any recorded step
    (frozen, or nothing goes through it), or when its gradient was exactly 0, all zeros = count, at every recorded step
    while others had one (cut off from the loss, or behind dead units); the threshold is 100 % of at least 3 steps.

    It is a warning, and merely worth knowing where it looks meant: all parameters without gradient lie nearer to the
    input than all that are trained (transfer learning), or they are half of the weights and more (adapters).

    Silent when: there are fewer than 3 recorded steps; nothing is trained at all; or only biases and scales (a bias
    before a normalisation has no effect) are not trained. Keras does not describe frozen layers, so that only those
    cut off from the loss can be told there.

    Source: PyTorch, DistributedDataParallel, `find_unused_parameters`.
    https://pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html
    """
    layers = evidence.layers
    if layers is None or len(layers.step) < FEWEST_STEPS:
        return
    params = layers.params
    share = params.share("zeros", "count")
    with np.errstate(invalid="ignore"):
        silent = np.array([bool(np.nanmin(column, initial=1.0) >= 1) for column in share.T], dtype=bool)
    weights = np.array([len(shape) > 1 for shape in params.shapes], dtype=bool)
    if not len(silent) or silent.all():
        return
    sizes = np.array([int(np.prod(shape)) for shape in params.shapes])
    cut = [params.names[i] for i in np.flatnonzero(silent & weights)]
    absent = [(name, size, depth) for name, size, depth in layers.absent if size > 1 and _is_weight(name, layers)]
    if not cut and not absent:
        return
    trained = params.depth[~silent]
    prefix = all(depth < trained.min() for _, _, depth in absent) and not cut
    idle = sum(size for _, size, _ in absent) + int(sizes[silent & weights].sum())
    whole = idle + int(sizes[~silent].sum())
    meant = prefix or idle >= MOST * whole
    names = [name for name, _, _ in absent] + cut
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    how = "without a gradient" if not cut else "with a gradient of exactly 0"
    if absent and cut:
        how = "without a gradient, or with one of exactly 0,"
    yield Finding(
        kind="unused",
        severity="info" if meant else "warning",
        sentence=(
            f"{shown}: {how} at every step, so that {idle:,} weights, {100 * idle / whole:.0f} % of all, are not "
            "trained."
        ),
        advice=(
            "This looks like transfer learning or adapters; nothing to do if so."
            if meant
            else "See that they are in the forward pass and in the optimizer, and that nothing is frozen or detached "
            "by mistake."
        ),
        source=_SOURCE,
        numbers=(Number("recorded steps without a gradient", 100.0, 100.0, " %"),),
        **layers.evidence(0, len(layers.step) - 1, names),
    )


def _is_weight(name: str, layers: Layers) -> bool:
    """By its name: what was never measured has no shape here but its size; biases and scales are called so."""
    last = name.replace("/", ".").rpartition(".")[2]
    return last not in {"bias", "beta", "gamma", "scale"}

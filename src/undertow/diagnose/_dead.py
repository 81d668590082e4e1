"""Dead units: units of a layer that are never active, so that nothing they have is trained."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._evidence import Evidence, lasting
from ._finding import Finding, Number

__all__ = ["dead"]

#: Half of a layer's units, at each recorded step.
SHARE = 0.5
#: Of fewer units than this a half says nothing.
FEWEST_UNITS = 8


def dead(evidence: Evidence) -> Iterator[Finding]:
    """Finds layers of which half the units or more are inactive for whole batches, again and again.

    A unit behind a ReLU that is inactive for every example of a batch passes no gradient, so the gradient of its bias
    is exactly 0. With z(t) = zeros / count over a layer's bias, the layer is dead when the least z over a window's
    steps is ≥ 0.5 in three quarters of the windows from some window on to the end, the first not counted.

    The least, not the mean: units that merely have nothing to say to one batch differ from step to step. With batches
    of a few examples even that leaves sparse layers in; the batch is the yardstick.

    Silent when: the layer has no bias or fewer than 8 units (embeddings, whose rows are rarely hit, have none); its
    module owns no weight of two dimensions and more (the biases of normalisations); no gradient arrives at all, nothing
    being trained; or gradients were not finite before.

    Source: SageMaker Debugger, DeadRelu: more than half of a layer active in less than 1 % of the time.
    https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html
    """
    layers = evidence.layers
    if layers is None or not layers.params.has("zeros"):
        return
    params = layers.params
    weights = {params.modules[i] for i, shape in enumerate(params.shapes) if len(shape) > 1}
    share = layers.by_window(params.share("zeros", "count"), np.nanmin)
    if layers.broken is not None and layers.broken.gradients:
        # What is not finite passes no gradient either.
        share[layers.windows()[np.searchsorted(layers.step, layers.broken.step)] :] = np.nan
    alive = np.fmin.reduce(share, axis=1) < 1 if share.size else np.zeros(0, bool)
    hit: list[tuple[int, int, float]] = []
    for index, shape in enumerate(params.shapes):
        if len(shape) != 1 or shape[0] < FEWEST_UNITS or params.modules[index] not in weights:
            continue
        first = lasting((share[:, index] >= SHARE) & alive)
        if first is not None:
            hit.append((index, first, float(np.nanmedian(share[first:, index]))))
    if not hit:
        return
    index, first, worst = max(hit, key=lambda each: (each[2], each[0]))
    start, end = layers.span(min(each[1] for each in hit), len(share) - 1)
    names = [params.names[each[0]] for each in hit]
    units = params.shapes[index][0]
    others = (
        f"; {len(hit) - 1} more {'layer is' if len(hit) == 2 else 'layers are'} at least half dead" if hit[1:] else ""
    )
    yield Finding(
        kind="dead",
        severity="warning",
        sentence=(
            f"{round(worst * units)} of the {units} units of {params.modules[index]} are dead from "
            f"{layers.when(layers.span(first, first)[0])}: no example of any batch activates them{others}."
        ),
        advice="Lower the learning rate, start biases at 0 or above, or use an activation with a slope (LeakyReLU).",
        source="SageMaker Debugger, https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html",
        numbers=(Number("units without a gradient", 100 * worst, 100 * SHARE, " %"),),
        **layers.evidence(start, end, names),
    )

"""Values that are not finite, and the layer where they appeared first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._curves import LOSSES, Curves
from ._evidence import Evidence
from ._finding import Finding, Number
from ._layers import Layers

__all__ = ["nonfinite"]

_ADVICE = (
    "Look at the inputs of that step, at logarithms, divisions and roots near 0, and at what the loss scale does in "
    "half precision; lower the learning rate or clip gradients if the loss was rising before."
)
_SOURCE = "TensorFlow Debugger's numeric health checks, https://www.tensorflow.org/tensorboard/debugger_v2"


def nonfinite(evidence: Evidence) -> Iterator[Finding]:
    """Finds the first step at which a gradient, an activation or a loss was NaN or infinite, and where.

    The threshold is one element: n = Σ nonfinite(g) > 0. Signals travel back from the loss, so of the parameters hit at
    the first such step the deepest is where it began, unless activations were recorded: then the first module, on the
    way forward, whose outputs were not finite is where it began. It is an error; a warning where gradients were finite
    again afterwards, to the end, so that something skipped the step.

    Silent when: a loss scaler skipped the step (`amp.skipped`), which is how it finds its scale; only metrics other
    than losses are NaN, which an accuracy without positives rightly is; and about losses where gradients say it
    already.

    Source: TensorFlow Debugger V2, which tells the first operation with NaN or infinity in its output.
    https://www.tensorflow.org/tensorboard/debugger_v2
    """
    layers = evidence.layers
    if layers is not None and layers.broken is not None:
        yield _of_layers(layers)
        return
    curves = evidence.fine or evidence.curves
    names = {name for pair in LOSSES for name in pair}
    hit = {} if curves is None else {name: at for name, at in curves.broken.items() if name in names}
    if curves is not None and hit:
        yield _of_curves(curves, min(hit, key=lambda name: (hit[name], name)))


def _of_layers(layers: Layers) -> Finding:
    broken = layers.broken
    assert broken is not None  # noqa: S101 - the caller asked
    point = min(int(np.searchsorted(layers.step, broken.step)), len(layers.step) - 1)
    names = [name for name, _ in broken.gradients]
    elements = sum(count for _, count in broken.gradients)
    when = f"step {broken.step}" + (f" (epoch {broken.epoch})" if broken.epoch >= 0 else "")
    over = broken.last < int(layers.step[-1])
    if broken.outputs:
        where = f"first in the outputs of {broken.outputs[0] or 'the model'}, on the way forward"
    elif len(names) == broken.measured:
        where = f"in all {len(names)} parameters at once, so in the loss or before it"
    else:
        where = f"first in {names[-1]}, the nearest to the loss of {len(names)} parameters hit"
    after = (
        f"; they are finite again after step {broken.last}"
        if over
        else f", and from there on at {broken.steps:,} recorded steps"
        if broken.steps > 1
        else ""
    )
    concerned = names or [name for name in layers.params.names if name.startswith(broken.outputs[0])]
    what = "Gradients are" if names else "Outputs are"
    return Finding(
        kind="nonfinite",
        severity="warning" if over else "error",
        sentence=f"{what} not finite from {when}: {where}{after}.",
        advice=_ADVICE,
        source=_SOURCE,
        numbers=(Number("elements that are not finite", max(elements, 1), 1),),
        **{**layers.evidence(point, len(layers.step) - 1, concerned), "first_step": broken.step},
    )


def _of_curves(curves: Curves, name: str) -> Finding:
    first = curves.broken[name]
    later = np.isfinite(curves.metrics[name][first + 1 :])
    return Finding(
        kind="nonfinite",
        severity="warning" if len(later) and later[-1] else "error",
        sentence=f"{name} is not finite from {curves.clock} {curves.x[first]}.",
        advice=_ADVICE,
        source=_SOURCE,
        numbers=(Number("values that are not finite", 1, 1),),
        **curves.evidence(first, len(curves.x) - 1),
    )

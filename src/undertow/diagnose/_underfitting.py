"""Underfitting: the training loss hardly falls at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._curves import FEWEST_POINTS, noise
from ._evidence import Evidence
from ._finding import Finding, Number

__all__ = ["underfitting"]

#: What the training loss falls by at the least, as a share of its start.
SMALL_FALL = 0.02
#: Fewer updates than this may simply not be enough.
FEWEST_STEPS = 100
#: It fits already: an accuracy of this height has nowhere to go.
FITTED = 0.9


def underfitting(evidence: Evidence) -> Iterator[Finding]:
    """Finds that a training loss ended about where it began.

    With s the mean of the first tenth of the training losses (3 at least; by step where they were logged so) and e that
    of the last tenth,

        (s − e) / |s|  <  2 %.

    Silent when: there are fewer than 8 points or, where steps are counted, fewer than 100 updates; the loss rose by
    more than 2 % (that is divergence); the loss is not above 0 at its start (a share has no meaning); it is within its
    own jitter of 0; or a recorded accuracy is 90 % and more, as when a fitted model is trained on.

    Source: Goodfellow et al. (2016), *Deep Learning*, section 5.2, for what it is; the threshold is ours.
    https://www.deeplearningbook.org/contents/ml.html
    """
    curves = evidence.fine or evidence.curves
    if curves is None:
        return
    name, _ = curves.losses()
    if name is None:
        return
    index, (values,) = curves.points(name)
    if len(values) < FEWEST_POINTS or (curves.step is not None and curves.step[-1] < FEWEST_STEPS):
        return
    count = max(3, len(values) // 10)
    start, end = float(np.mean(values[:count])), float(np.mean(values[-count:]))
    if start <= 0 or start < 2 * noise(values) or (abs(start - end) > abs(start) and end > start):
        return
    fall = (start - end) / start
    if not -SMALL_FALL <= fall < SMALL_FALL or _accurate(evidence):
        return
    yield Finding(
        kind="underfitting",
        severity="warning",
        sentence=(
            f"{name} hardly falls: {start:.4g} at first, {end:.4g} at the end, {100 * fall:.1f} % less after "
            f"{len(values):,} {curves.clock}s."
        ),
        advice=(
            "See that gradients reach the weights and the learning rate is large enough (the update ratio tells), that "
            "inputs and targets belong together, and that the model is large enough."
        ),
        source="Goodfellow et al. (2016), Deep Learning, 5.2, https://www.deeplearningbook.org/contents/ml.html",
        numbers=(Number("fall of the training loss", 100 * fall, 100 * SMALL_FALL, " %"),),
        **curves.evidence(int(index[0]), int(index[-1])),
    )


def _accurate(evidence: Evidence) -> bool:
    curves = evidence.curves
    accuracies = {} if curves is None else {name: v for name, v in curves.metrics.items() if "acc" in name.lower()}
    return any(np.nanmax(v, initial=0) >= FITTED for v in accuracies.values())

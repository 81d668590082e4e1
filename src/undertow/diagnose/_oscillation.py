"""Oscillation: each step undoes the one before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._curves import Curves, Floats
from ._evidence import Evidence, lasting
from ._finding import Finding, Number
from ._layers import Layers

__all__ = ["oscillation"]

#: The cosine of successive gradients below which they are opposed.
OPPOSED = -0.5
#: Without gradients: the share of points at which the loss turns; noise turns at two thirds.
TURNS, FEWEST_POINTS = 0.9, 24
#: And the loss moves by this share of itself from point to point.
SWING = 0.02

#: Or it gives back this share of what was won, so many times, and is there at this share of the second half.
GIVEN_BACK, FEWEST_RISES, SHARE_UP = 0.25, 3, 0.25
#: The loss falls all the same, by this share of itself.
FALLS = 0.1
#: And lies no further above its best than this share of it.
ABOVE_BEST = 0.2

_SOURCE = "Cohen et al. (2021), Gradient Descent … at the Edge of Stability, https://arxiv.org/abs/2103.00065"


def oscillation(evidence: Evidence) -> Iterator[Finding]:
    """Finds that successive gradients point against each other.

    With g the whole gradient, cos = Σ g·g′ / (‖g‖‖g′‖) over all parameters, from one step to the next. Oscillation is a
    median below −0.5 in three quarters of the windows (epochs, or twelfths) from some window on to the end. Where no
    cosine was recorded, the loss itself must turn, up and down, at 90 % of the points of the second half, and swing by
    2 % of itself: noise from batch to batch turns at 67 %.

    It is a warning where that costs something: the training loss does not fall meanwhile, by 10 % of itself from the
    first to the last third of that stretch, or it lies a fifth above its best there. Full-batch descent that works its
    way along the edge of stability is merely worth knowing.

    Longer swings count too: with b the best loss so far and s the first one, the loss by epoch bounces when it comes
    above b + 0.25 · (s − b), from below that, three times and more, and lies there at a quarter of the points of the
    second half; s − b must be a tenth of s for that.

    Silent when: the recorded steps do not follow each other (`every` above 1; the cosine says nothing of successive
    steps then); there are fewer than 24 points of the loss.

    Source: Cohen et al. (2021): beyond 2/η, the sharpest direction flips at each step.
    https://arxiv.org/abs/2103.00065
    """
    layers = evidence.layers
    if layers is not None and layers.every == 1 and layers.params.has("dot_prev"):
        found = _of_gradients(layers, evidence.fine)
    else:
        found = None if evidence.fine is None else _of_loss(evidence.fine)
    if evidence.curves is not None and (found is None or found.severity == "info"):
        found = _bounces(evidence.curves) or found
    if found is not None:
        yield found


def cosines(layers: Layers) -> Floats:
    """The cosine of the whole gradient and the one before, by window; nan where there is none. Shape (W,)."""
    sums = layers.params.sums
    known = np.isfinite(sums["dot_prev"])

    def total(name: str) -> Floats:
        return np.asarray(np.where(known, sums[name], 0.0).sum(axis=1))

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        each = total("dot_prev") / np.sqrt(total("sum_sq") * total("prev_sum_sq"))
    return layers.by_window(each)


def _of_gradients(layers: Layers, curves: Curves | None) -> Finding | None:
    cosine = cosines(layers)
    first = lasting(cosine < OPPOSED)
    if first is None:
        return None
    since = float(np.nanmedian(cosine[first:]))
    start, end = layers.span(first, len(cosine) - 1)
    return Finding(
        kind="oscillation",
        severity="info" if curves is not None and _falls(curves, int(layers.step[start])) else "warning",
        sentence=(
            f"Steps undo each other from {layers.when(start)}: the cosine of successive gradients is {since:.2f} at "
            "the median."
        ),
        advice="Lower the learning rate, to half at first.",
        source=_SOURCE,
        numbers=(Number("cosine of successive gradients", since, OPPOSED),),
        **layers.evidence(start, end),
    )


def _falls(curves: Curves, first: int) -> bool:
    """Whether the training loss falls by a tenth of itself from a step on, and stays near its best."""
    name, _ = curves.losses()
    if name is None or curves.step is None:
        return False
    values = curves.metrics[name][curves.step >= first]
    values = values[np.isfinite(values)]
    third = len(values) // 3
    if not third:
        return False
    before, after = float(np.median(values[:third])), float(np.median(values[-third:]))
    return after < before - FALLS * abs(before) and after <= values.min() + ABOVE_BEST * abs(values.min())


def _bounces(curves: Curves) -> Finding | None:
    """Finds that the loss gives back a quarter of what it won, again and again."""
    name, _ = curves.losses()
    if name is None or curves.clock != "epoch":
        return None
    index, (values,) = curves.points(name)
    if len(values) < FEWEST_POINTS:
        return None
    best = np.minimum.accumulate(values)
    won = values[0] - best
    up = (values > best + GIVEN_BACK * won) & (won > FALLS * abs(values[0]))
    rises = np.flatnonzero(up[1:] & ~up[:-1]) + 1
    share = float(np.mean(up[len(up) // 2 :]))
    if len(rises) < FEWEST_RISES or share < SHARE_UP:
        return None
    return Finding(
        kind="oscillation",
        severity="warning",
        sentence=(
            f"{name} bounces from epoch {curves.x[index[rises[0]]]}: {len(rises)} times it gives back a quarter and "
            "more of what was won."
        ),
        advice="Lower the learning rate, to half at first.",
        source=_SOURCE,
        numbers=(
            Number("rises", len(rises), FEWEST_RISES),
            Number("epochs of the second half above", 100 * share, 100 * SHARE_UP, " %"),
        ),
        **curves.evidence(int(index[rises[0]]), int(index[-1])),
    )


def _of_loss(curves: Curves) -> Finding | None:
    name, _ = curves.losses()
    if name is None:
        return None
    index, (values,) = curves.points(name)
    if len(values) < FEWEST_POINTS:
        return None
    half = len(values) // 2
    steps = np.diff(values[half:])
    turns = float(np.mean(steps[1:] * steps[:-1] < 0))
    swing = float(np.median(np.abs(steps)) / max(abs(float(np.median(values[half:]))), 1e-300))
    if turns < TURNS or swing < SWING:
        return None
    return Finding(
        kind="oscillation",
        severity="warning",
        sentence=f"{name} goes up and down by turns, at {100 * turns:.0f} % of the {curves.clock}s of the second half.",
        advice="Lower the learning rate, to half at first.",
        source=_SOURCE,
        numbers=(
            Number("points at which the loss turns", 100 * turns, 100 * TURNS, " %"),
            Number("swing", 100 * swing, 100 * SWING, " %"),
        ),
        **curves.evidence(int(index[half]), int(index[-1])),
    )

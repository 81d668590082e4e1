"""Plateau: the epoch at which the fit tapers off."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..sources import is_learning_rate
from ._curves import FEWEST_POINTS, Curves, noise, smooth
from ._evidence import Evidence
from ._finding import Finding, Number

__all__ = ["plateau"]

#: A tail that brings less than this share of the whole fall is a plateau.
SMALL_GAIN = 0.01
#: The tail is at least this share of the training, and at least this many epochs; anything shorter is just the end.
LONG_TAIL, FEWEST_LEFT = 0.25, 3
#: A fit has happened: the loss fell by this share of its first value, and by this many times its jitter.
REAL_FALL, ABOVE_NOISE = 0.1, 8.0
#: The tail lies flat: it ends no higher above the best than this share of the whole fall.
RISEN = 0.1
#: A learning rate that is spent: this share of its highest.
SPENT = 0.05


def plateau(evidence: Evidence) -> Iterator[Finding]:
    """Finds the epoch from which on a loss falls by less than 1 % of its whole fall.

    With s the validation loss (the training loss where there is none) smoothed by a running median, and
    b(t) = min s(0…t) the best so far, the fit tapers off at

        t* = the first t with  b(t) − b(end)  <  0.01 · (s(0) − b(end)).

    The whole fall is the yardstick rather than the loss itself: it has the same meaning for a loss that is negative or
    comes near 0, and it is the elbow that a person sees in the curve. The sentence says both, since a small part of a
    large fall can still be worth its epochs.

    Where a learning rate was logged that has fallen by t* to 5 % of its highest and less, the advice says that the
    schedule ended the fit.

    Silent when: there are fewer than 8 points; the loss never fell by 10 % and by 8 times its jitter (nothing was
    fitted); fewer than a quarter of the epochs, or fewer than 3, come after t*; t* is the first or second epoch (one
    outlier at the start makes everything after it look flat); or the curve ends more than 10 % of its fall above the
    best (that is no plateau).

    Source: the relative form of the usual patience test, with a share of the range for `min_delta`; Prechelt (1998),
    *Early Stopping – But When?*, section 2.2, training progress. https://doi.org/10.1007/3-540-49430-8_3
    """
    curves = evidence.curves
    if curves is None:
        return
    training, validation = curves.losses()
    name = validation or training
    if name is None:
        return
    index, (values,) = curves.points(name)
    if len(index) < FEWEST_POINTS:
        return
    level = smooth(values)
    best = np.minimum.accumulate(level)
    fall = level[0] - best[-1]
    if fall < REAL_FALL * abs(level[0]) or fall < ABOVE_NOISE * noise(values) or fall <= 0:
        return
    tapers = int(np.argmax(best - best[-1] < SMALL_GAIN * fall))
    left = len(index) - 1 - tapers
    if tapers < 2 or left < max(FEWEST_LEFT, LONG_TAIL * len(index)):
        return
    if np.median(level[-FEWEST_LEFT:]) - best[-1] > RISEN * fall:
        return
    rate = _rate(curves, int(index[tapers]))
    gain = float((best[tapers] - best[-1]) / fall)
    less = 100 * (1 - best[-1] / best[tapers]) if best[-1] > 0 else 0.0
    itself = f", −{less:.0f} %" if less >= 1 else ""
    at, unit = curves.x[index[tapers]], curves.clock
    yield Finding(
        kind="plateau",
        severity="info",
        sentence=(
            f"The fit tapers off at {unit} {at}: the remaining {left} {unit}s bring only {100 * gain:.1f} % "
            f"of the whole fall of {name} ({best[tapers]:.4g} → {best[-1]:.4g}{itself}, from {level[0]:.4g})."
        ),
        advice=(
            f"The learning rate had fallen to {100 * rate:.2g} % of its highest by then: the schedule ended the fit. "
            "If the loss should fall further, let it fall later."
            if rate <= SPENT
            else f"If that last gain does not matter, stop around {unit} {at}; if it does, try a learning-rate "
            "schedule or a larger model rather than more of the same."
        ),
        source="Prechelt (1998), Early Stopping – But When?, https://doi.org/10.1007/3-540-49430-8_3",
        numbers=(
            Number("gain of the tail", 100 * gain, 100 * SMALL_GAIN, " %"),
            Number("length of the tail", left, max(FEWEST_LEFT, LONG_TAIL * len(index)), f" {unit}s"),
        ),
        **curves.evidence(int(index[tapers]), int(index[-1])),
    )


def _rate(curves: Curves, point: int) -> float:
    """The learning rate at a point as a share of its highest; 1 where none was logged."""
    for name, values in curves.metrics.items():
        if is_learning_rate(name) and np.isfinite(values[: point + 1]).any():
            known = values[: point + 1][np.isfinite(values[: point + 1])]
            return float(known[-1] / known.max()) if known.max() > 0 else 1.0
    return 1.0

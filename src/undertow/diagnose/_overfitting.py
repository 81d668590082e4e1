"""Overfitting: the epoch from which the validation loss rises while the training loss goes on falling."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._curves import FEWEST_POINTS, noise, smooth
from ._evidence import Evidence
from ._finding import Finding, Number

__all__ = ["overfitting"]

#: Prechelt's GL₅: the validation loss ends 5 % above its best.
GENERALISATION_LOSS = 0.05
#: The rise lasts: at least this many epochs, and this share of all, follow the best and none of them comes back to it.
FEWEST_AFTER, SHARE_AFTER = 4, 0.1
#: The rise stands out of the jitter of the curve by this factor.
ABOVE_NOISE = 3.0
#: The training loss falls on by this share of its value at the best; otherwise both rise, which is divergence.
TRAINING_FALL = 0.02


def overfitting(evidence: Evidence) -> Iterator[Finding]:
    """Finds the epoch from which on the validation loss rises for good while the training loss falls.

    With v and l the validation and training loss, smoothed by a running median, and t° = argmin v, the onset is t° + 1
    when

        GL = (mean of v over the last third after t°) / v(t°) − 1  ≥  5 %    (Prechelt's generalisation loss, α = 5)
        GL · v(t°)  ≥  3 × the jitter of v from epoch to epoch
        1 − l(end) / l(t°)  ≥  2 %

    and the rise lasts: at least 4 epochs and a tenth of all come after t°. As t° is the last best, none of them returns
    to it.

    Silent when: either loss is missing, there are fewer than 8 points with both, the best validation loss is not above
    0 (a relative rise has no meaning then), or one of the above does not hold.

    Source: Prechelt (1998), *Early Stopping – But When?*, section 2.2, criteria GL and UP.
    https://doi.org/10.1007/3-540-49430-8_3
    """
    curves = evidence.curves
    if curves is None:
        return
    training, validation = curves.losses()
    if training is None or validation is None:
        return
    index, (fitted, held_out) = curves.points(training, validation)
    if len(index) < FEWEST_POINTS:
        return
    level, fit = smooth(held_out), smooth(fitted)
    best = len(level) - 1 - int(np.argmin(level[::-1]))
    after = len(level) - 1 - best
    if level[best] <= 0 or after < max(FEWEST_AFTER, SHARE_AFTER * len(level)):
        return
    third = max(3, after // 3)
    rise = float(np.mean(held_out[-third:]) / level[best] - 1)
    if rise < GENERALISATION_LOSS or rise * level[best] < ABOVE_NOISE * noise(held_out):
        return
    drop = float(1 - np.mean(fitted[-third:]) / fit[best]) if fit[best] > 0 else 0.0
    if drop < TRAINING_FALL:
        return
    unit, onset, top = curves.clock, curves.x[index[best + 1]], curves.x[index[best]]
    yield Finding(
        kind="overfitting",
        severity="warning",
        sentence=(
            f"Overfitting from {unit} {onset}: {validation} rises {100 * rise:.0f} % above its best "
            f"of {level[best]:.4g} at {unit} {top}, while {training} falls by another {100 * drop:.0f} %."
        ),
        advice=(
            f"Stop at {unit} {top} (early stopping that restores the best weights), or regularise: weight decay, "
            "dropout, augmentation, more data, a smaller model."
        ),
        source="Prechelt (1998), Early Stopping – But When?, https://doi.org/10.1007/3-540-49430-8_3",
        numbers=(
            Number("generalisation loss", 100 * rise, 100 * GENERALISATION_LOSS, " %"),
            Number("further fall of the training loss", 100 * drop, 100 * TRAINING_FALL, " %"),
            Number(f"{unit}s after the best", after, max(FEWEST_AFTER, SHARE_AFTER * len(level))),
        ),
        **curves.evidence(int(index[best + 1]), int(index[-1])),
    )

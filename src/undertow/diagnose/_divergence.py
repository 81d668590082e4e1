"""Divergence: the training loss gives back what it had won."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._curves import FEWEST_POINTS, Curves, noise, smooth
from ._evidence import Evidence
from ._finding import Finding, Number

__all__ = ["divergence"]

#: The end lies above the best by this share of all that was won: a third is lost, 1 is all.
LOST = 1 / 3
#: And above it by this factor, and by so many times the jitter of the curve.
ABOVE_BEST, ABOVE_NOISE = 1.2, 6.0
#: The end is this share of the points, and at least so many.
END_SHARE, FEWEST_END = 0.1, 3
#: Where the curve has left its best for good: this share of the rise.
LEFT = 0.1


def divergence(evidence: Evidence) -> Iterator[Finding]:
    """Finds that the training loss ends far above its best.

    With l the training loss (by epoch, or by step where no epoch is logged), smoothed by a running median, t° = argmin
    l, e the median of its last tenth (3 points at least) and s that of its first three points:

        e − l(t°)  ≥  (s − l(t°)) / 3       a third of what was won is lost; all of it is an error
        e  ≥  1.2 · l(t°)                   (for losses above 0)
        e − l(t°)  ≥  6 × the jitter of l

    The onset is the point after the last one at which l was within a tenth of the rise from its best. Where the loss
    was never below its start, it counts as diverged when it ends at twice its start.

    Silent when: there are fewer than 8 finite points or no training loss; the rise is one of the validation loss alone
    (that is overfitting); or the loss comes down again (those are spikes). Points that are not finite are passed over;
    `nonfinite` speaks of them.

    Source: Goodfellow et al. (2016), *Deep Learning*, section 8.2.4; the yardstick is ours, made for losses of any
    offset. https://www.deeplearningbook.org/contents/optimization.html
    """
    curves = evidence.curves
    for each in (curves, evidence.fine):
        # Few epochs may hide in their means what the steps show.
        found = None if each is None else _found(each)
        if found is not None:
            yield found
            return


def _found(curves: Curves) -> Finding | None:
    name, _ = curves.losses()
    if name is None:
        return None
    index, (values,) = curves.points(name)
    if len(index) < FEWEST_POINTS:
        return None
    level = smooth(values)
    count = max(FEWEST_END, int(END_SHARE * len(level)))
    end, start, best = float(np.median(values[-count:])), float(np.median(values[:3])), int(np.argmin(level))
    start = max(start, float(values[0]))
    low = float(level[best])
    rise, won = end - low, start - low
    never = won <= 0.02 * abs(start)
    lost = rise / won if won > 0 else np.inf
    if rise <= ABOVE_NOISE * noise(values) or (low > 0 and end < ABOVE_BEST * low):
        return None
    if never and end < start + abs(start):
        return None
    if not never and lost < LOST:
        return None
    near = np.flatnonzero(level <= low + LEFT * rise)
    onset = min(int(near[-1]) + 1, len(index) - 1)
    unit = curves.clock
    much = "more than all" if never or lost >= 1 else f"{100 * lost:.0f} %"
    return Finding(
        kind="divergence",
        severity="error" if never or lost >= 1 else "warning",
        sentence=(
            f"{name} diverges from {unit} {curves.x[index[onset]]}: it ends at {end:.4g}, after a best of {low:.4g} "
            f"and a start of {start:.4g}, so {much} of what was learned is lost."
        ),
        advice=(
            f"Go back to before {unit} {curves.x[index[onset]]} with a lower learning rate, warm it up, or clip "
            "gradients; see whether the data or the schedule change there."
        ),
        source="Goodfellow et al. (2016), Deep Learning, 8.2.4, https://www.deeplearningbook.org/contents/optimization.html",
        numbers=(
            Number("share of the gain that is lost", 100 * min(lost, 1e6), 100 * LOST, " %"),
            Number("rise above the best", rise, ABOVE_NOISE * noise(values)),
        ),
        **curves.evidence(int(index[onset]), int(index[-1])),
    )

"""Order: the loss depends on where in the epoch a batch comes, so the data are not shuffled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._curves import Curves, Floats, Ints
from ._evidence import Evidence
from ._finding import Finding, Number

__all__ = ["order"]

#: How much of the loss' variance the place within the epoch explains, adjusted for the number of places.
EXPLAINED = 0.4
#: The loss swings by this share of its mean with the place.
SWING = 0.3
#: Neighbouring places are alike, by this correlation: blocks last for many batches, where a fixed but mixed order has
#: none.
BLOCKS = 0.4
#: Epochs after the first, and steps in each, at the least.
FEWEST_EPOCHS, FEWEST_STEPS = 7, 8
#: Places that the epoch is divided into at most: a class lasts for many batches.
PLACES = 32


def order(evidence: Evidence) -> Iterator[Finding]:
    """Finds that the loss follows the place of a batch within its epoch: the shuffle was lost.

    Each epoch's steps are divided into up to 32 places. With l(e, p) the mean loss at place p of epoch e, less the mean
    of its epoch, over all epochs but the first, the place explains R² = 1 − Σ(l − l̄ₚ)² / Σl², adjusted as R² − (1 − R²)
    (P − 1) / (P·E − P). It is no coincidence when R² ≥ 0.4, and it matters when the places swing, max l̄ₚ − min l̄ₚ, by
    three tenths of the mean loss, and in blocks: the correlation of l̄ₚ and l̄ₚ₊₁ is 0.4 and more.

    Silent when: the loss was not logged by the step with its epoch; there are fewer than 8 epochs, or fewer than 8
    steps in one; or the epoch is merely read in the same order each time, but mixed: neighbouring places
    are not alike then.

    Source: Bengio (2012), *Practical Recommendations*, section 3.1.1, on the order of examples.
    https://arxiv.org/abs/1206.5533
    """
    fine, curves = evidence.fine, evidence.curves
    if fine is None or curves is None or fine.clock != "step" or curves.clock != "epoch" or curves.step is None:
        return
    name, _ = fine.losses()
    if name is None:
        return
    index, (values,) = fine.points(name)
    table = _by_place(fine, curves, index, values)
    if table is None:
        return
    level = float(np.abs(table).mean())
    table = table - table.mean(axis=1, keepdims=True)
    epochs, places = table.shape
    mean = table.mean(axis=0)
    whole = float(np.square(table).sum())
    explained = 1 - float(np.square(table - mean).sum()) / whole if whole > 0 else 0.0
    adjusted = explained - (1 - explained) * (places - 1) / (places * epochs - places)
    swing = float(np.ptp(mean) / level) if level > 0 else 0.0
    alike = float((mean[1:] * mean[:-1]).sum() / np.square(mean).sum()) if swing > 0 else 0.0
    if adjusted < EXPLAINED or swing < SWING or alike < BLOCKS:
        return
    yield Finding(
        kind="order",
        severity="warning",
        sentence=(
            f"{name} follows the place of the batch within the epoch, which explains {100 * adjusted:.0f} % of its "
            "ups and downs: the examples come in the same order each time, and in blocks."
        ),
        advice="Shuffle the examples anew each epoch; see that a sampler or a cached data set did not replace that.",
        source="Bengio (2012), Practical Recommendations, 3.1.1, https://arxiv.org/abs/1206.5533",
        numbers=(
            Number("explained by the place", 100 * adjusted, 100 * EXPLAINED, " %"),
            Number("swing with the place", 100 * swing, 100 * SWING, " %"),
            Number("correlation of neighbouring places", alike, BLOCKS),
        ),
        **fine.evidence(int(index[0]), int(index[-1])),
    )


def _by_place(fine: Curves, curves: Curves, index: Ints, values: Floats) -> Floats | None:
    """The mean loss by epoch, the first left out, and place. Shape (E, P); None where there is too little."""
    assert curves.step is not None  # noqa: S101 - the caller asked
    epoch = np.searchsorted(curves.step, fine.x[index])
    counts = np.bincount(epoch, minlength=len(curves.x))
    full = np.flatnonzero(counts >= max(FEWEST_STEPS, 0.9 * np.median(counts)))
    full = full[full > 0]
    if len(full) < FEWEST_EPOCHS:
        return None
    places = int(min(PLACES, counts[full].min()))
    rows = []
    for each in full:
        own = values[epoch == each]
        rows.append([part.mean() for part in np.array_split(own, places)])
    return np.array(rows)

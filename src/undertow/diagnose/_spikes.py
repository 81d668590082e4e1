"""Loss spikes: single steps at which the training loss leaps, and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._curves import Curves, Floats, Ints
from ._evidence import Evidence
from ._finding import Finding, Number

__all__ = ["spikes"]

#: OLMo-core's test: so many deviations above the mean of so many steps before.
DEVIATIONS, WINDOW = 6.0, 128
#: Fewer steps than this before are no yardstick.
FEWEST_BEFORE = 16
#: A spike also gives back this share of all that was won by then, or it is the tail of a noisy batch.
SHARE = 0.25
#: Fewer than this many may be bad luck.
FEWEST = 3


def spikes(evidence: Evidence) -> Iterator[Finding]:
    """Finds steps whose training loss leaps out of those before it.

    With m the median and d = 1.4826 · MAD of the up to 128 losses before step t (16 at least), l(t) is a spike when

        l(t) − m  >  6 · d    and    l(t) − m  ≥  0.25 · (s − b)

    where s is the median of the first 16 losses and b the lowest median so far: the losses of single batches have heavy
    tails, and of those that stand out by deviations only the ones that cost real progress are worth a word. A run of
    spikes counts once. Three and more are a warning, and one that gives back more than was ever won; fewer are worth
    knowing.

    Silent when: losses were logged by the epoch only, or for fewer than 32 steps; nothing was won by then (s ≤ b); or
    the loss does not come back below the threshold at all (that is divergence).

    Source: OLMo-core, `SkipStepOptimizer` and its σ factor of 6 over 128 steps.
    https://github.com/allenai/OLMo-core/blob/main/src/olmo_core/optim/skip_step_optimizer.py
    """
    curves = evidence.fine
    if curves is None or curves.clock != "step":
        return
    name, _ = curves.losses()
    if name is None:
        return
    index, (values,) = curves.points(name)
    if len(values) < 2 * FEWEST_BEFORE:
        return
    middle, deviation = _before(values)
    start, best = float(np.median(values[:FEWEST_BEFORE])), np.minimum.accumulate(middle)
    rise, won = values - middle, start - best
    high = (rise > DEVIATIONS * deviation) & (rise >= SHARE * won) & (won > 0.1 * abs(start))
    high[:FEWEST_BEFORE] = False
    starts = np.flatnonzero(high & ~np.r_[False, high[:-1]])
    # A level that it stays at is no spike: within a window's half it is back.
    back = [at for at in starts if np.any(rise[at + 1 : at + WINDOW // 2] < SHARE * won[at] / 2)]
    if back:
        yield _finding(curves, name, index, np.array(back), values, middle, deviation, won)


def _before(values: Floats) -> tuple[Floats, Floats]:
    """The median and the deviation of the losses before each, of the first few those there are. Shape (points,)."""
    padded = np.concatenate([np.full(WINDOW, np.nan), values[:-1]])
    padded[WINDOW - 1] = values[0]
    windows = sliding_window_view(padded, WINDOW)[: len(values)]
    middle = np.nanmedian(windows, axis=1)
    return middle, 1.4826 * np.nanmedian(np.abs(windows - middle[:, None]), axis=1)


def _finding(
    curves: Curves, name: str, index: Ints, at: Ints, values: Floats, middle: Floats, deviation: Floats, won: Floats
) -> Finding:
    worst = int(at[np.argmax(values[at] - middle[at])])
    grave = len(at) >= FEWEST or values[worst] - middle[worst] >= won[worst]
    steps = ", ".join(str(curves.x[index[each]]) for each in at[:4]) + (", …" if len(at) > 4 else "")
    sigmas = (values[worst] - middle[worst]) / deviation[worst] if deviation[worst] > 0 else np.inf
    return Finding(
        kind="spikes",
        severity="warning" if grave else "info",
        sentence=(
            f"{name} spikes at {len(at)} {'step' if len(at) == 1 else 'steps'} ({steps}): the highest reaches "
            f"{values[worst]:.4g} from {middle[worst]:.4g} at step {curves.x[index[worst]]}."
        ),
        advice=(
            "Look at the batches of those steps; clip gradients, lengthen the warm-up, or lower the learning rate or "
            "Adam's second beta."
        ),
        source="OLMo-core, https://github.com/allenai/OLMo-core/blob/main/src/olmo_core/optim/skip_step_optimizer.py",
        numbers=(
            Number("deviations above the steps before", float(min(sigmas, 1e6)), DEVIATIONS),
            Number("spikes", len(at), FEWEST),
        ),
        **curves.evidence(int(index[at[0]]), int(index[at[-1]])),
    )

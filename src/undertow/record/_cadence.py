"""Which steps to record: every so many, or so many that recording stays within a share of the training time."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable

__all__ = ["Cadence"]

#: Recorded one after another at first, to learn what recording costs, after one more that is dearer and does not count.
_TRIALS = 3

#: Of so many the median is taken, and after a change none is judged by what was measured before it.
_MEMORY = 7
_MOST_PATIENCE = 500

#: Of what recording costs a training, so much is seen by the clocks around it. The rest comes after: caches that it
#: leaves cold, and a writer on the same cores. Measured on a network of 0.45 ms a step: 1 % by the clocks was 3 %.
_SEEN = 0.5


class Cadence:
    """Decides at which steps to record.

    With a budget the spacing follows from two medians, of what a recorded step costs (twice what clocks show) and of
    how long a bare step takes, and is rounded up to 1, 2, 5, 10, 20, 50 …; it widens where the budget is exceeded, and
    narrows where that leaves half as much again to spare.

    Args:
        every: Record the steps that are multiples of it.
        budget: The share of the training time that recording may take, e.g. 0.01; `every` is where it starts then.
        on_change: Called with the step and the new spacing when it changes.

    Attributes:
        every: The spacing now.

    Raises:
        ValueError: If `every` is below 1 or `budget` not between 0 and 1.
    """

    def __init__(
        self, every: int = 1, budget: float | None = None, on_change: Callable[[int, int], object] | None = None
    ) -> None:
        if every < 1:
            raise ValueError(f"every = {every}: the least is 1, each update")
        if budget is not None and not 0 < budget < 1:
            raise ValueError(f"budget = {budget}: it is a share of the training time, between 0 and 1, e.g. 0.01")
        self.every, self._budget, self._on_change = every, budget, on_change
        self._least = every
        self._costs: deque[float] = deque(maxlen=_MEMORY)
        self._bare: deque[float] = deque(maxlen=_MEMORY)
        self._last: tuple[int, float] | None = None
        self._recorded = 0
        # How many costs since the last change, and how many to wait for before judging.
        self._since, self._patience = 0, _TRIALS

    def due(self, step: int) -> bool:
        """Whether to record this step."""
        return step % self.every == 0

    def next(self, step: int) -> int:
        """The next step after this one that is to be recorded."""
        return (step // self.every + 1) * self.every

    def begin(self, step: int, now: float) -> None:
        """Say that recording of a step begins.

        Args:
            step: Its number.
            now: The time in seconds, as all times here.
        """
        if self._last is not None and step > self._last[0]:
            # The step that is recorded took place within this time as well, but for the recording.
            self._bare.append((now - self._last[1]) / (step - self._last[0]))

    def end(self, step: int, now: float, cost: float) -> None:
        """Say that recording of a step ended.

        Args:
            step: Its number.
            now: The time.
            cost: How long recording took, in this thread and in others.
        """
        self._last = (step, now)
        if self._budget is None:
            return
        self._recorded += 1
        if self._recorded > 1:
            self._costs.append(cost)
            self._since += 1
        if self._since < self._patience or not self._bare:
            return
        bare = statistics.median(self._bare)
        wanted = statistics.median(self._costs) / (_SEEN * self._budget * bare) if bare > 0 else 1.0
        every = max(self._least, _nice(wanted))
        if every < self.every:
            # Not at once where the two medians waver about the limit.
            every = max(self._least, _nice(1.5 * wanted))
        if every != self.every:
            self.every, self._since = every, 0
            # Twice as long each time: a training that lies between two spacings is not told of for ever.
            self._patience = min(max(_MEMORY, 2 * self._patience), _MOST_PATIENCE)
            self._costs.clear()
            if self._on_change is not None:
                self._on_change(step, every)


def _nice(value: float) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not below `value`."""
    value *= 1 - 1e-9  # what rounding adds to 10 must not make it 20
    power = 10 ** max(0, math.floor(math.log10(value))) if value > 1 else 1
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value)

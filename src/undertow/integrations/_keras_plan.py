"""What the three Keras backends share: where to hook in, which steps to measure, and how to leave no trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

__all__ = ["Capture", "Patches", "Plan", "Sink"]

#: Takes (step, or an array of steps; variables; what `Capture.read` reads).
Sink: TypeAlias = Callable[[Any, Sequence[Any], Any], None]

_ABSENT = object()


class Patches:
    """Attributes set on instances, never on classes, and put back as they were."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Set `owner.name` until `undo`."""
        self._before.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def undo(self) -> None:
        """Put everything back, last change first. A second call does nothing."""
        while self._before:
            owner, name, value = self._before.pop()
            if value is not _ABSENT:
                setattr(owner, name, value)
            elif name in vars(owner):
                delattr(owner, name)


@dataclass
class Plan:
    """One `fit`, as a capture sees it.

    Attributes:
        model: The model.
        optimizer: The outermost optimizer; its `apply` is where loss-scaled, unclipped gradients pass.
        first: The number of the first optimizer update of this fit.
        calls: Calls of `apply` so far; starts within an accumulation where the last fit ended within one.
        accumulate: Calls that make one update.
        every: Each how many updates to measure.
        sink: Takes what was measured.
        fail: Takes an exception of ours, which must not reach the training.
    """

    model: Any
    optimizer: Any
    first: int
    calls: int
    accumulate: int
    every: int
    sink: Sink
    fail: Callable[[Exception], None]
    patches: Patches = field(default_factory=Patches)

    def __post_init__(self) -> None:
        self._history = getattr(self.model, "history", None)

    @property
    def inner(self) -> Any:
        """The optimizer that does the work, within a LossScaleOptimizer."""
        return getattr(self.optimizer, "inner_optimizer", self.optimizer)

    @property
    def next_step(self) -> int:
        """The number of the next update."""
        return self.first + self.calls // self.accumulate

    def due(self) -> bool:
        """Whether the next call of `apply` makes an update that is to be measured."""
        return (self.calls + 1) % self.accumulate == 0 and self.next_step % self.every == 0

    def over(self) -> bool:
        """Whether this fit ended without telling: Keras skips `on_train_end` when anything in `fit` raises.

        Every fit has a History of its own.
        """
        return getattr(self.model, "history", None) is not self._history

    def watch(self, before: Callable[[], object], after: Callable[[], object]) -> None:
        """Wrap the train function that Keras made: `before` and `after` go around each call, until this fit is over."""
        model, original = self.model, self.model.train_function

        def train_function(*args: Any) -> Any:
            if self.over():
                self.patches.undo()
                model.make_train_function(force=True)
                return model.train_function(*args)
            before()
            try:
                logs = original(*args)
            except StopIteration:
                # The end of the data, by which Keras ends an epoch.
                raise
            except BaseException:
                self.patches.undo()
                raise
            after()
            return logs

        self.patches.set(model, "train_function", train_function)


class Capture(Protocol):
    """How one backend measures its gradients."""

    def __init__(self, plan: Plan) -> None:
        """Hook in; called before Keras makes its train function."""

    def start(self) -> None:
        """Called when Keras has made its train function, before the first step."""

    @property
    def next_step(self) -> int:
        """The number of the next update; may wait for the device."""

    @staticmethod
    def read(measured: Sequence[Any], parameters: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """The floats and counts of `Run.record_layers` of what the sink was given, all together; for another thread."""

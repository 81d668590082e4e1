"""Transformers: `Trainer(callbacks=[Recorder(run)])` over the PyTorch watcher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback

from ..errors import RecordingError, TrainingStoppedError
from ..record import Run
from ..record._writer import warn
from ..schema import KEYS
from .torch import Watcher, watch

__all__ = ["Recorder"]


class Recorder(TrainerCallback):
    """Records a `train`: what the trainer logs, and what each optimizer step did, by layer.

    Gradients are those of the update: accumulated, unscaled, and clipped to `max_grad_norm`.

    Args:
        run: Where to; it stays open.
        **options: As for `undertow.integrations.torch.watch`: every, budget, updates, signals …

    Raises:
        RunClosedError: From `train`, if the run is closed.
    """

    def __init__(self, run: Run, **options: Any) -> None:
        self._run, self._options = run, options
        self._watcher: Watcher | None = None
        self._first = 0

    @property
    def watcher(self) -> Watcher | None:
        """What watches the model during `train`."""
        return self._watcher

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Watch the model and its optimizer."""
        self._close()
        # Where it is not made yet, as under some strategies, it is found when it steps.
        self._first = self._run.next_step - state.global_step
        self._watcher = watch(self._run, kwargs["model"], kwargs.get("optimizer"), **self._options)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tell the epoch that the next update belongs to."""
        if self._watcher is not None and state.epoch is not None:
            self._watcher.epoch = int(state.epoch)

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """Record what the trainer logs, with the update that was done last."""
        row = {_free(name): value for name, value in (logs or {}).items() if name != "epoch"}
        epoch = None if state.epoch is None else max(0, int(state.epoch - 1e-9))
        try:
            self._run.log(row, step=max(0, self._first + state.global_step - 1), epoch=epoch)
        except TrainingStoppedError:
            control.should_training_stop = True
        except RecordingError as error:
            warn(f"undertow does not record everything of this training: {error}")

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave no hook behind."""
        self._close()

    def _close(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None


def _free(name: str) -> str:
    """The metric's name, or another where a key of every row has it."""
    return f"{name}_metric" if name.casefold() in {key.casefold() for key in KEYS.names} else name

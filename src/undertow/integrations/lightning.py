"""Lightning: `Trainer(callbacks=[Recorder(run)])` over the PyTorch watcher."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..errors import RecordingError, TrainingStoppedError
from ..record import Run
from ..record._writer import warn
from ..schema import KEYS
from .torch import Watcher, watch

# Two packages bear the same classes; a Trainer takes the callbacks of its own only.
if "pytorch_lightning" in sys.modules and "lightning" not in sys.modules:
    from pytorch_lightning import Callback
else:
    from lightning.pytorch import Callback

__all__ = ["Recorder"]


class Recorder(Callback):
    """Records a `fit`: what the module logs, the learning rates, and what each optimizer step did, by layer.

    Gradients are those of the update: accumulated, unscaled, clipped by the trainer. A row is logged where the
    trainer's own loggers get one, every `log_every_n_steps` updates, and after each validation.

    Args:
        run: Where to; it stays open.
        **options: As for `undertow.integrations.torch.watch`: every, budget, updates, signals …

    Raises:
        RunClosedError: From `fit`, if the run is closed.
    """

    def __init__(self, run: Run, **options: Any) -> None:
        super().__init__()
        self._run, self._options = run, options
        self._watcher: Watcher | None = None
        self._logged = -1

    @property
    def watcher(self) -> Watcher | None:
        """What watches the model during `fit`."""
        return self._watcher

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Watch the module, as the strategy wrapped it, and its optimizers."""
        self._close()
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        model = trainer.strategy.model if trainer.strategy.model is not None else pl_module
        options = {"scaler": scaler, **self._options}
        self._watcher = watch(self._run, model, list(trainer.optimizers), **options)

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Tell the epoch that the next updates belong to."""
        if self._watcher is not None:
            self._watcher.epoch = trainer.current_epoch

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Record what the module logged, where an update was done and the trainer's loggers are due."""
        done = trainer.global_step
        if done and done != self._logged and done % trainer.log_every_n_steps == 0:
            self._logged = done
            self._log(trainer, trainer.callback_metrics)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Record the validation's metrics with the update it came after."""
        if self._watcher is not None and not trainer.sanity_checking:
            self._log(trainer, trainer.callback_metrics)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Leave no hook behind."""
        self._close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Likewise."""
        self._close()

    def _log(self, trainer: Any, metrics: Mapping[str, Any]) -> None:
        rates = [group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups]
        row = {_free(name): value for name, value in metrics.items()}
        row |= {"lr" if index == 0 else f"lr.{index}": rate for index, rate in enumerate(rates)}
        try:
            self._run.log(row, epoch=trainer.current_epoch)
        except TrainingStoppedError:
            trainer.should_stop = True
        except RecordingError as error:
            warn(f"undertow does not record everything of this fit: {error}")

    def _close(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None


def _free(name: str) -> str:
    """The metric's name, or another where a key of every row has it."""
    return f"{name}_metric" if name.casefold() in {key.casefold() for key in KEYS.names} else name

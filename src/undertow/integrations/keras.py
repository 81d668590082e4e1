"""Keras 3 on TensorFlow, JAX and PyTorch: `model.fit(..., callbacks=[Recorder(run)])`.

The optimizer is wrapped on the instance for the length of one `fit`, where gradients and weights pass anyway, and the
statistics are computed by the compiled step itself. Keras' own train step, or the user's, stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..errors import RunClosedError, TrainingStoppedError
from ..record import Run
from ..record._buffer import LayerRows
from ..record._series import Series
from ..record._values import to_numpy
from ..record._writer import warn
from ..schema import KEYS
from ._keras_params import describe
from ._keras_plan import Capture, Plan

__all__ = ["Recorder"]


class Recorder(keras.callbacks.Callback):
    """Records a `fit`: each epoch's logs and learning rate, and each step's gradients, weights and updates by layer.

    Gradients are those of the loss, before clipping, without loss scaling; with gradient accumulation the average that
    makes one update. The training's result is the same to the last bit.

    Args:
        run: Where to; it stays open, so that several fits go into one run and their steps go on counting.
        every: Measure each how many optimizer updates. On JAX the sums are computed each step, and kept as asked.

    Raises:
        RunClosedError: From `fit`, before it trains, if the run is closed.
    """

    def __init__(self, run: Run, every: int = 1) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"every = {every}: the least is 1, each update")
        self._run, self._every = run, every
        self._plan: Plan | None = None
        self._capture: Capture | None = None
        self._training = False
        self._epoch: int | None = None
        self._described: dict[int, tuple[str, int]] = {}
        self._series: tuple[tuple[int, ...], Series] | None = None
        self._warned: set[str] = set()

    def set_model(self, model: Any) -> None:
        """Hook in. Keras calls it before it makes its train function."""
        super().set_model(model)
        self._undo()
        if self._run.closed:
            raise RunClosedError(f"run {self._run.id} is closed; record into a new one")
        optimizer = getattr(model, "optimizer", None)
        if not isinstance(optimizer, keras.optimizers.Optimizer):
            self._warn("the model has no Keras optimizer, so its layers are not recorded")
            return
        if keras.backend.backend() == "jax" and getattr(keras.config, "is_nnx_enabled", bool)():
            self._warn("in Keras' NNX mode nothing passes where gradients are measured, so its layers are not recorded")
            return
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        accumulate = inner.gradient_accumulation_steps or 1
        done = int(keras.ops.convert_to_numpy(inner._iterations))
        first = max(self._run.next_step, done // accumulate)
        plan = Plan(model, optimizer, first, done % accumulate, accumulate, self._every, self._take, self._fail)
        try:
            backend = import_module(f"undertow.integrations._keras_{keras.backend.backend()}")
            self._plan, self._capture = plan, backend.Capture(plan)
        except Exception as error:
            plan.patches.undo()
            self._plan = None
            self._fail(error)
            return
        # A train function made before knows nothing of the wrapped optimizer; it comes back afterwards.
        plan.patches.set(model, "train_function", None)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Describe the parameters, where they exist by now."""
        self._training = True
        try:
            self._describe()
        except Exception as error:
            self._fail(error)
        if self._capture is not None:
            self._capture.start()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Remember the epoch that the next steps belong to."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch's logs, as Keras reports them, with the last step it did."""
        metrics: dict[str, Any] = {}
        taken = {name.casefold() for name in KEYS.names}
        for name, value in (logs or {}).items():
            if np.ndim(value):
                self._warn(f"{name!r} has shape {np.shape(value)}; only single values are recorded")
                continue
            while name.casefold() in taken:
                name = f"{name}_metric"
            taken.add(name.casefold())
            metrics[name] = value
        try:
            optimizer = self._model.optimizer
            if "learning_rate" not in metrics and optimizer is not None:
                rate = optimizer.learning_rate
                metrics["learning_rate"] = float(to_numpy(getattr(rate, "value", rate)))
            following = self._run.next_step + 1 if self._capture is None else self._capture.next_step
            self._run.log(metrics, step=max(following - 1, 0), epoch=epoch)
        except TrainingStoppedError:
            self._model.stop_training = True
        except Exception as error:
            self._fail(error)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Leave no trace on model and optimizer."""
        self._training = False
        self._undo()

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Likewise, where given to `evaluate` or `predict` rather than `fit`."""
        if not self._training:
            self._undo()

    on_predict_end = on_test_end

    def _undo(self) -> None:
        if self._plan is not None:
            self._plan.patches.undo()
        self._plan = self._capture = None

    def _take(self, step: Any, variables: Sequence[Any], measured: Any) -> None:
        capture = self._capture
        if capture is None:
            return
        try:
            key = tuple(map(id, variables))
            if self._series is None or key != self._series[0]:
                if any(item not in self._described for item in key):
                    self._describe()
                described = [self._described[item] for item in key]
                names, sizes = (tuple(column) for column in zip(*described, strict=True))
                self._series = key, Series(len(key), partial(_read, capture.read, names, sizes))
            count = 1 if isinstance(step, int) else int(step.shape[0])
            if isinstance(step, int):
                self._run.reach(step)
            self._series[1].add(self._run, self._epoch, (step, measured), count)
        except Exception as error:
            self._fail(error)

    def _describe(self) -> None:
        rows = describe(self._model)
        self._described = {id(variable): (row["param"], row["size"]) for variable, row in rows}
        if rows:
            self._run.set_params([row for _, row in rows])

    def _fail(self, error: Exception) -> None:
        self._warn(f"{type(error).__name__}: {error}")

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            warn(f"undertow does not record everything of this fit: {message}")


def _read(
    read: Callable[[Sequence[Any], int], tuple[Any, Any]],
    names: tuple[str, ...],
    sizes: tuple[int, ...],
    items: Sequence[Any],
    times: NDArray[Any],
    epochs: NDArray[Any],
) -> LayerRows:
    """Rows of (step or steps, what was measured); for the writer's thread."""
    given, measured = zip(*items, strict=True)
    if isinstance(given[0], int):
        steps = np.array(given, np.int64)
    else:
        parts = [to_numpy(each) for each in given]
        steps, lengths = np.concatenate(parts), [len(part) for part in parts]
        times, epochs = np.repeat(times, lengths), np.repeat(epochs, lengths)
    return LayerRows(steps, epochs, times, names, sizes, *read(measured, len(names)))

"""PyTorch: `run.watch(model, optimizer)`, and the training loop stays as it is.

Gradients are taken where the optimizer steps, by its own hooks, so they are what the update is made of: accumulated,
averaged over ranks, unscaled and clipped. Nothing is communicated and nothing waited for.
"""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import torch
import torch.distributed as dist
from torch.optim.optimizer import register_optimizer_step_pre_hook

from ..errors import RunClosedError
from ..record import Run
from ..record._cadence import Cadence
from ..record._writer import warn
from ._torch_hooks import Hook
from ._torch_micro import MicroBatches
from ._torch_params import describe, placements
from ._torch_plan import Options
from ._torch_signals import Signals
from ._torch_tap import Tap

__all__ = ["Watcher", "watch"]


def watch(
    run: Run,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None = None,
    every: int = 1,
    budget: float | None = None,
    updates: bool = True,
    signals: bool = False,
    activations: bool = False,
    histograms: bool = False,
    *,
    cosine: bool = False,
    noise: bool = False,
    scaler: Any = None,
    replicated: bool = True,
) -> Watcher:
    """Record what each optimizer step does to each parameter of a model; `Run.watch` calls this.

    Args:
        run: Where to.
        model: As it is trained, in whatever it is wrapped or compiled.
        optimizer: What trains it; several in a sequence. If None, every optimizer that holds a parameter of it, found
            when it steps.
        every: Record the steps that are multiples of it.
        budget: Rather keep recording within this share of the training time, e.g. 0.01, and choose the steps by what
            recording costs; what was chosen stands in `run.json`. Where ranks hold shards, they could not agree without
            talking: there each 1/budget-th step is recorded, which costs no more unless recording takes longer than
            a step.
        updates: Whether to measure Δw, for which the weights are copied on recorded steps.
        signals: Whether to measure ∂L/∂a at the output of each module without children.
        activations: Whether to measure these outputs a themselves.
        histograms: Whether to count gradients by ⌊log₂|g|⌋.
        cosine: Whether to multiply each gradient with the one recorded before, which keeps a copy of all gradients.
        noise: Whether to measure the gradient of each micro-batch, for the gradient noise scale.
        scaler: The GradScaler, where one is used: to record skipped steps, and signals without its scale.
        replicated: Whether parameters that are no DTensor are the same on all ranks, so that rank 0 alone writes them.
            False where each rank has other parameters, e.g. pipeline stages.

    Returns:
        The watcher; it needs no attention. It ends with the run, or at `close`.

    Raises:
        RunClosedError: If the run is closed.
        TypeError: If `model` or `optimizer` is none.
        ValueError: If `every` or `budget` is out of range, or an optimizer holds no parameter of the model.
    """
    if run.closed:
        raise RunClosedError(f"run {run.id} is closed; record into a new one")
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"only a torch.nn.Module can be watched, not a {type(model).__name__}")
    if any(base.__module__.split(".")[0] == "keras" for base in type(model).__mro__):
        raise TypeError("a Keras model is recorded by model.fit(..., callbacks=[undertow.keras.Recorder(run)])")
    optimizers = [] if optimizer is None else [optimizer] if not isinstance(optimizer, Sequence) else list(optimizer)
    settings = {
        "every": every,
        "budget": budget,
        "updates": updates,
        "signals": signals,
        "activations": activations,
        "histograms": histograms,
        "cosine": cosine,
        "noise": noise,
    }
    options = Options(updates, histograms, cosine, replicated)
    return Watcher(run, model, [_bare(each) for each in optimizers], settings, options, scaler)


def _bare(optimizer: Any) -> torch.optim.Optimizer:
    """The optimizer within what Accelerate or Lightning wrap around it, which runs the hooks."""
    while isinstance(getattr(optimizer, "optimizer", None), torch.optim.Optimizer):
        optimizer = optimizer.optimizer
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"only a torch.optim.Optimizer can be watched, not a {type(optimizer).__name__}")
    return optimizer


class Watcher:
    """What `watch` returns; also a context that ends the watching.

    Attributes:
        epoch: The epoch that the next steps belong to; None where the loop does not say.
    """

    def __init__(
        self,
        run: Run,
        model: torch.nn.Module,
        optimizers: list[torch.optim.Optimizer],
        settings: dict[str, Any],
        options: Options,
        scaler: Any,
    ) -> None:
        self.epoch: int | None = None
        self._run, self._options, self._scaler, self._settings = run, options, scaler, settings
        self._model: torch.nn.Module | None = model
        self._pid = os.getpid()
        self._closed = False
        # By the optimizer's id; a weak reference tells whether that is still the same one.
        self._taps: dict[int, tuple[weakref.ref[Any], Tap | None]] = {}
        self._handles: list[Any] = []
        self._signals: Signals | None = None
        self._micro: MicroBatches | None = None
        self._paths: dict[int, str] = {}
        self._modules = bool(settings["signals"] or settings["activations"])
        self._every, self._budget = self._agreed(model, settings["every"], settings["budget"])
        self._changes: list[tuple[int, int]] = [(run.next_step, self._every)]
        Cadence(self._every, self._budget)  # raises if either is out of range
        self._first = self._last = run.next_step
        self._describe()
        for optimizer in optimizers:
            if self._tap(optimizer) is None:
                raise ValueError("the optimizer holds no parameter of the model")
        if self._modules:
            self._signals = Signals(model, settings["signals"], settings["activations"], self._fail)
        if settings["noise"]:
            self._micro = MicroBatches(list(model.parameters()), lambda function: Hook(function, self._fail))
        for _, tap in self._taps.values():
            self._share(tap)
        if not optimizers:
            self._handles.append(register_optimizer_step_pre_hook(self._find))
        if scaler is not None:
            self._watch_scaler(scaler)
        run.at_close(self.close)
        run.follow(lambda: None if self.step == self._first else self.step)
        self._note()

    @property
    def closed(self) -> bool:
        """Whether it watches no more."""
        return self._closed

    @property
    def step(self) -> int:
        """The number of the next optimizer update; the highest where there are several optimizers."""
        return max((tap.step for _, tap in self._taps.values() if tap is not None), default=self._last)

    @property
    def every(self) -> int:
        """Each how many updates are recorded now."""
        return self._changes[-1][1]

    def before_clip(self) -> None:
        """Measure the gradients now rather than when the optimizer steps: call it right before clipping."""
        for _, tap in list(self._taps.values()):
            if tap is not None:
                tap.measure()

    def close(self) -> None:
        """Stop watching, and leave no hook behind. A second call does nothing."""
        if self._closed:
            return
        self._last = self.step
        self._closed = True
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        for part in (self._signals, self._micro):
            if part is not None:
                part.close()
        if self._scaler is not None:
            vars(self._scaler).pop("step", None)
        self._taps.clear()
        self._model = self._signals = self._micro = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _find(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """The pre-hook of all optimizers there are: taps those that it has not met yet."""
        known = self._taps.get(id(optimizer))
        if (known is None or known[0]() is not optimizer) and not self._closed and os.getpid() == self._pid:
            try:
                self._share(self._tap(optimizer))
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        """End the watching with one warning; the training goes on."""
        if not self._closed:
            self.close()
            if not isinstance(error, RunClosedError):
                warn(f"undertow watches this training no longer: {type(error).__name__}: {error}")

    def _tap(self, optimizer: Any) -> Tap | None:
        """The tap of an optimizer; None, once and for all, where it holds no parameter of the model."""
        tap: Tap | None = None
        if any(self._path(p) is not None for group in optimizer.param_groups for p in group["params"]):
            cadence = Cadence(self._every, self._budget, self._change)
            tap = Tap(
                self._run,
                optimizer,
                self._path,
                cadence,
                self._options,
                self._scaler,
                lambda: self.epoch,
                self._fail,
                self._first,
            )
            self._handles.append(optimizer.register_step_pre_hook(tap.pre))
            self._handles.append(optimizer.register_step_post_hook(tap.post))
        self._taps[id(optimizer)] = weakref.ref(optimizer), tap
        return tap

    def _share(self, tap: Tap | None) -> None:
        """Give modules and micro-batches to the first tap: each is measured once an update."""
        taken = any(other is not None and other.leads for _, other in self._taps.values())
        if tap is not None and not taken:
            tap.lead(self._signals, self._micro)

    def _path(self, parameter: Any) -> str | None:
        path = self._paths.get(id(parameter))
        if path is None and self._model is not None and self._grown():
            self._describe()
            path = self._paths.get(id(parameter))
        return path

    def _grown(self) -> bool:
        """Whether the model has other parameters than when it was described: adapters, a new head."""
        return self._model is not None and any(id(p) not in self._paths for p in self._model.parameters())

    def _describe(self) -> None:
        if self._model is not None:
            self._paths, rows = describe(self._model, self._modules)
            self._run.set_params(rows)

    def _agreed(self, model: torch.nn.Module, every: int, budget: float | None) -> tuple[int, float | None]:
        """The cadence to start with, and the budget where this rank may follow it on its own."""
        several = dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        sharded = not self._options.replicated or any(placements(p) for p in model.parameters())
        if budget is None or not 0 < budget < 1 or not several or not (sharded or self._modules):
            return every, budget
        return max(every, math.ceil(1 / budget)), None

    def _change(self, step: int, every: int) -> None:
        self._changes.append((step, every))
        self._note()

    def _note(self) -> None:
        cadence = [{"step": step, "every": every} for step, every in self._changes]
        self._run.note("watch", {**self._settings, "cadence": cadence})

    def _watch_scaler(self, scaler: Any) -> None:
        """Have `scaler.step` tell when it keeps an optimizer from stepping; on the instance, until `close`.

        Nothing else tells: an optimizer that is not fused is not even called then.
        """
        inner = scaler.step

        def step(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            _, tap = self._taps.get(id(_bare(optimizer)), (None, None))
            before = -1 if tap is None else tap.step
            result = inner(optimizer, *args, **kwargs)
            if tap is not None and tap.step == before and not self._closed:
                try:
                    tap.skipped()
                except Exception as error:
                    self._fail(error)
            return result

        scaler.step = step

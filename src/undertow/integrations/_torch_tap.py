"""One optimizer being watched: what its parameters' gradients and weights are before a step, and after it."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..errors import RunClosedError
from ..record import Run
from ..record._buffer import LaterRows
from ..record._cadence import Cadence
from ._torch_chunk import Chunk, Layout, Slot
from ._torch_micro import MicroBatches
from ._torch_params import local, placements, writes
from ._torch_reduce import dots, histograms, measure, ship, sums_of_squares
from ._torch_signals import Signals

__all__ = ["Options", "Tap"]


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure besides gradients and weights; see `undertow.integrations.torch.watch`."""

    updates: bool = True
    histograms: bool = False
    cosine: bool = False
    replicated: bool = True


class Plan:
    """The parameters that have a gradient at a step, which are mostly the same at every step."""

    def __init__(self, parameters: list[Any], names: list[str], options: Options) -> None:
        self.parameters = parameters
        parts = [local(parameter.detach()) for parameter in parameters]
        copied = [
            part.device.type == "cpu" and not placements(parameter) and parameter.grad.layout == torch.strided
            for parameter, part in zip(parameters, parts, strict=True)
        ]
        self.layout = Layout(names, parts, copied, options.updates, options.cosine, options.histograms)
        self.small = [parameters[index] for index in self.layout.small]
        devices = dict.fromkeys(parts[index].device for index in self.layout.large)
        #: By device, since what is measured on one is shipped together.
        self.large = [[index for index in self.layout.large if parts[index].device == device] for device in devices]
        self.chunk: Chunk | None = None
        self.previous: dict[int, tuple[torch.Tensor, Any, Any]] = {}


@dataclass(slots=True)
class _Open:
    """A step between its pre-hook and its post-hook."""

    plan: Plan
    chunk: Chunk
    slot: Slot
    sums: list[dict[str, Any]]
    before: list[list[torch.Tensor]]
    weighed: bool = False


class Tap:
    """Watches one optimizer.

    Args:
        run: Where to.
        optimizer: What is watched.
        names: Gives the path of each parameter by its `id`.
        cadence: Which steps to record.
        options: What to measure.
        scaler: The GradScaler, or None.
        epoch: Tells the epoch.
        first: The number of the next step.

    Attributes:
        step: The number of the next update.
        leads: Whether modules and micro-batches are measured with the steps of this optimizer.
        fired: Whether the optimizer stepped since this was last set to False.
        guarded: Calls a function of ours so that nothing it raises gets any further; set by the watcher.
    """

    def __init__(
        self,
        run: Run,
        optimizer: torch.optim.Optimizer,
        names: Callable[[Any], str | None],
        cadence: Cadence,
        options: Options,
        scaler: Any,
        epoch: Callable[[], int | None],
        first: int,
    ) -> None:
        self.step = first
        self.leads = self.fired = False
        self.guarded: Callable[[Callable[[], object]], object] = lambda function: function()
        # Weak, or the hooks that hold this would keep the optimizer alive.
        self._optimizer = weakref.proxy(optimizer)
        self._cadence = cadence
        self._run, self._names, self._options = run, names, options
        self._scaler, self._epoch = scaler, epoch
        self._signals: Signals | None = None
        self._micro: MicroBatches | None = None
        self._groups: tuple[int, ...] = ()
        self._parameters: list[Any] = []
        self._paths: list[str] = []
        self._plans: dict[tuple[int, ...], Plan] = {}
        self._open: _Open | None = None
        self._spent = 0.0
        self._due = cadence.due(first)

    def lead(self, signals: Signals | None, micro: MicroBatches | None) -> None:
        """Take along what is measured of modules and micro-batches with the steps of this optimizer."""
        self.leads, self._signals, self._micro = True, signals, micro
        self._activate()

    def _activate(self) -> None:
        if self._signals is not None:
            self._signals.active = self._due
        if self._micro is not None:
            self._micro.active = self._due

    def before(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any] | None:
        """The pre-hook: measures what the step starts from, or, with a closure, has the closure measure it."""
        self.fired = True
        if not self._due:
            return None
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            self._weigh()
            return None

        # The gradient of such a step comes to be within it: where LBFGS calls its closure again, the first one counts.
        def measured(*inputs: Any, **named: Any) -> Any:
            loss = closure(*inputs, **named)
            if self._due and (self._open is None or not self._open.weighed):
                self.guarded(self._weigh)
            return loss

        if "closure" in kwargs:
            return args, {**kwargs, "closure": measured}
        return (args[0], measured, *args[2:]), kwargs

    def measure(self) -> None:
        """Measure the gradients now, in place of when the optimizer steps."""
        if self._due:
            self._timed(self._measure)

    def after(self) -> None:
        """The post-hook: measures what the step did."""
        if self._due:
            self._timed(self._finish)
        step = self.step
        self.step = step + 1
        self._run.set_step(step)
        self._due = self._cadence.due(step + 1)
        if self.leads:
            self._activate()

    def skipped(self) -> None:
        """Say that the scaler kept the optimizer from stepping: a step that changed nothing."""
        self._run.log({"amp.skipped": True, "amp.scale": self._scaler._scale}, step=self.step)
        if self._due:
            self._weigh()
        self.after()

    def _timed(self, function: Callable[[], None]) -> None:
        start = time.perf_counter()
        with torch.no_grad():
            function()
        self._spent += time.perf_counter() - start

    def _weigh(self) -> None:
        self._timed(self._weigh_now)

    def _measure(self) -> None:
        start = time.perf_counter()
        self._cadence.begin(self.step, start)
        plan = self._plan()
        if plan is None:
            return
        epoch = self._epoch()
        chunk = plan.chunk
        if chunk is None or chunk.full or chunk.epoch != epoch:
            chunk = plan.chunk = Chunk(plan.layout, epoch)
        slot = Slot(self.step, epoch, time.time_ns() // 1000, len(chunk.slots))
        if plan.small:
            torch._foreach_copy_(chunk.buffer.views(slot.row)[0], [p.grad for p in plan.small])
        sums = []
        for indices in plan.large:
            grads = [local(plan.parameters[index].grad) for index in indices]
            sums.append(measure(grads, [plan.layout.sizes[index] for index in indices]))
            if self._options.histograms:
                sums[-1]["histogram"] = histograms(grads, getattr(self._optimizer, "grad_scale", None))
            if self._options.cosine:
                self._multiply(plan, indices, grads, sums[-1])
        self._open = _Open(plan, chunk, slot, sums, [])

    def _multiply(self, plan: Plan, indices: list[int], grads: list[torch.Tensor], sums: dict[str, Any]) -> None:
        scale = self._grad_scale()
        dense = [g if g.layout == torch.strided else g.to_dense() for g in grads]
        known = all(index in plan.previous for index in indices)
        key = indices[0]
        if known:
            pairs = [plan.previous[index][0] for index in indices]
            before, sum_sq = plan.previous[key][1:]
            sums["dot_prev"] = _divide(dots(dense, pairs), before)
            sums["prev_sum_sq"] = _divide(_divide(sum_sq, before), before)
        for index, gradient in zip(indices, dense, strict=True):
            held = plan.previous.get(index)
            kept = gradient.clone() if held is None or held[0].shape != gradient.shape else held[0].copy_(gradient)
            plan.previous[index] = (kept, scale, sums["sum_sq"])

    def _weigh_now(self) -> None:
        """Measure the gradients, unless that was done before clipping, and the weights."""
        if self._open is None or self._open.slot.step != self.step:
            self._measure()
        if self._open is None:
            return
        plan, slot, sums = self._open.plan, self._open.slot, self._open.sums
        self._open.weighed = True
        if plan.small:
            torch._foreach_copy_(self._open.chunk.buffer.views(slot.row)[1], plan.small)
        for indices, found in zip(plan.large, sums, strict=True):
            weights = [local(plan.parameters[index].detach()) for index in indices]
            found["w_sum_sq"] = sums_of_squares(weights)
            if self._options.updates:
                self._open.before.append([weight.clone() for weight in weights])
        scale = self._grad_scale()
        slot.scale = 1.0
        if scale is not None:
            if plan.small:
                slot.scale = float(scale)
            for found in sums:
                for name, power in (("sum", 1), ("abs_max", 1), ("sum_sq", 2), ("dot_prev", 1)):
                    for _ in range(power if name in found else 0):
                        found[name] = _divide(found[name], scale)

    def _grad_scale(self) -> Any:
        """What the gradients are multiplied by as the optimizer sees them: fused ones take them scaled, under AMP."""
        scale = getattr(self._optimizer, "grad_scale", None)
        return scale.clone() if isinstance(scale, torch.Tensor) else scale

    def _finish(self) -> None:
        opened, self._open = self._open, None
        found_inf = getattr(self._optimizer, "found_inf", None)
        if isinstance(found_inf, torch.Tensor):
            self._note_skip(found_inf)
        if opened is not None and opened.weighed and opened.slot.step == self.step:
            self._commit(opened)
        scale = self._loss_scale()
        take = None if self._signals is None else self._signals.take(scale)
        if take is not None:
            step, epoch, now = self.step, self._epoch(), time.time_ns() // 1000
            self._run.record_later(LaterRows(lambda: take(step, epoch, now), 1, 10_000))
        chunk = None if opened is None else opened.chunk
        cost = self._spent + (0.0 if chunk is None else chunk.background)
        self._spent = 0.0
        self._cadence.end(self.step, time.perf_counter(), cost)

    def _note_skip(self, found_inf: torch.Tensor) -> None:
        """Record that a fused optimizer skipped the step, once the device has told."""
        step, wait = self.step, ship({"found_inf": found_inf.clone(), "scale": self._loss_scale()})

        def read() -> None:
            found = wait()
            if found["found_inf"].any():
                with contextlib.suppress(RunClosedError):
                    self._run.log({"amp.skipped": True, "amp.scale": float(found["scale"])}, step=step)

        if found_inf.device.type == "cpu":
            read()
        else:
            self._run.record_later(LaterRows(read, 1, 1000))

    def _commit(self, opened: _Open) -> None:
        plan, chunk, slot = opened.plan, opened.chunk, opened.slot
        if self._options.updates:
            if plan.small:
                torch._foreach_copy_(chunk.buffer.views(slot.row)[2], plan.small)
            for indices, found, before in zip(plan.large, opened.sums, opened.before, strict=True):
                now = [local(plan.parameters[index].detach()) for index in indices]
                if all(w.dtype in (torch.float32, torch.float64) for w in before):
                    torch._foreach_neg_(before)
                    torch._foreach_add_(before, now)
                else:
                    before = [new.float() - old.float() for new, old in zip(now, before, strict=True)]
                found["u_sum_sq"] = sums_of_squares(before)
        for indices, found in zip(plan.large, opened.sums, strict=True):
            slot.large.append((np.array(indices), ship(found)))
        if self._micro is not None:
            micro = self._micro.take(plan.parameters, self._loss_scale())
            if micro is not None:
                slot.large.append((np.arange(len(plan.parameters)), micro))
        if not chunk.add(slot):
            # The writer took the chunk while this step was on its way; its copies move to the next one.
            row, slot.row = chunk.buffer.data[slot.row], 0
            old, chunk = chunk, Chunk(plan.layout, chunk.epoch)
            plan.chunk = chunk
            if old.buffer is not chunk.buffer or len(row):
                chunk.buffer.data[0].copy_(row.clone())
            chunk.add(slot)
        if len(chunk.slots) == 1:
            self._run.record_later(chunk.later())

    def _loss_scale(self) -> Any:
        """What the loss was multiplied by before it was propagated back."""
        scale = getattr(self._scaler, "_scale", None)
        if scale is None:
            scale = getattr(self._optimizer, "grad_scale", None)
        return scale.clone() if isinstance(scale, torch.Tensor) else 1.0

    def _plan(self) -> Plan | None:
        groups = tuple(len(group["params"]) for group in self._optimizer.param_groups)
        if groups != self._groups:
            self._groups = groups
            named = [(p, self._names(p)) for group in self._optimizer.param_groups for p in group["params"]]
            chosen = [(p, path) for p, path in named if path is not None and writes(p, self._options.replicated)]
            self._parameters, self._paths = [p for p, _ in chosen], [str(path) for _, path in chosen]
            self._plans = {}
        present = tuple([index for index, p in enumerate(self._parameters) if p.grad is not None])
        plan = self._plans.get(present)
        if plan is None and present:
            if len(self._plans) > 64:  # experts come and go: what is kept for each set must not pile up
                self._plans.clear()
            kept = [index for index in present if self._measurable(self._parameters[index])]
            parameters, paths = [self._parameters[index] for index in kept], [self._paths[index] for index in kept]
            plan = self._plans[present] = Plan(parameters, paths, self._options)
        return plan if plan is not None and plan.parameters else None

    def _measurable(self, parameter: Any) -> bool:
        """Whether this rank's part has elements, and its sums add up with those of the others."""
        gradient = parameter.grad
        if placements(gradient) != placements(parameter):
            return False  # a partial gradient: sums of squares of its terms say nothing of its own
        return bool(parameter.is_floating_point()) and local(parameter).numel() > 0


def _divide(values: Any, scale: Any) -> Any:
    """Numbers or a tensor by a number or tensor, each where it is; None divides nothing."""
    if scale is None:
        return values
    if isinstance(values, torch.Tensor):
        return values / (scale.to(values.device, non_blocking=True) if isinstance(scale, torch.Tensor) else scale)
    factor = float(scale)
    return [value / factor for value in values]

"""One optimizer being watched: what its parameters' gradients and weights are before a step, and after it."""

from __future__ import annotations

import os
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np
import torch

from ..errors import RunClosedError, TrainingStoppedError
from ..record import Run
from ..record._buffer import LaterRows
from ..record._cadence import Cadence
from ._torch_chunk import Chunk, Slot
from ._torch_micro import MicroBatches
from ._torch_params import local, placements, writes
from ._torch_plan import Options, Plan
from ._torch_reduce import histograms, measure, ship, sums_of_squares
from ._torch_signals import Signals

__all__ = ["Tap"]


@dataclass(slots=True)
class _Open:
    """A step that is being recorded.

    Attributes:
        plan: Its parameters.
        chunk: Where it goes.
        slot: What is known of it.
        sums: Per device, the sums of the large tensors.
        before: Per device, the large weights before the step.
        weighed: Whether the weights were measured.
    """

    plan: Plan
    chunk: Chunk
    slot: Slot
    sums: list[dict[str, Any]] = field(default_factory=list)
    before: list[list[torch.Tensor]] = field(default_factory=list)
    weighed: bool = False


class Tap:
    """Watches one optimizer.

    Args:
        run: Where to.
        optimizer: What is watched.
        name: Gives the path of a parameter, None where it is not of the model.
        cadence: Which steps to record.
        options: What to measure.
        scaler: The GradScaler, or None.
        epoch: Tells the epoch.
        fail: Takes an exception of ours.
        first: The number of the next step.

    Attributes:
        step: The number of the next update.
        leads: Whether modules and micro-batches are measured with the steps of this optimizer.
    """

    def __init__(
        self,
        run: Run,
        optimizer: torch.optim.Optimizer,
        name: Callable[[Any], str | None],
        cadence: Cadence,
        options: Options,
        scaler: Any,
        epoch: Callable[[], int | None],
        fail: Callable[[Exception], None],
        first: int,
    ) -> None:
        self.step = first
        self.leads = False
        self._due = cadence.due(first)
        self._next = cadence.next(first)
        # Weak, or the optimizer's hooks would keep it alive through this.
        self._optimizer = weakref.ref(optimizer)
        self._run, self._name, self._cadence, self._options = run, name, cadence, options
        self._scaler, self._epoch, self._fail = scaler, epoch, fail
        self._pid = os.getpid()
        steps = [vars(base)["step"] for base in type(optimizer).__mro__ if "step" in vars(base)]
        # All but the one of the abstract base, which nobody calls.
        self._nests = len(steps) > 2
        self._signals: Signals | None = None
        self._micro: MicroBatches | None = None
        self._groups: list[int] = []
        self._parameters: list[Any] = []
        self._paths: list[str] = []
        self._plans: dict[tuple[int, ...], Plan] = {}
        self._last_plan: Plan | None = None
        self._open: _Open | None = None
        self._scale: Any = None
        self._spent = 0.0

    def lead(self, signals: Signals | None, micro: MicroBatches | None) -> None:
        """Take along what is measured of modules and micro-batches with the steps of this optimizer."""
        self.leads, self._signals, self._micro = True, signals, micro
        self._activate()

    def _activate(self) -> None:
        for part in (self._signals, self._micro):
            if part is not None:
                part.active = self._due

    # The two hooks run at every step, with cold caches: on steps that are not recorded each line costs a small network
    # a part in a thousand.

    def pre(self, optimizer: Any, args: Any, kwargs: Any) -> Any:
        """The optimizer's pre-hook: measures what the step starts from, or has its closure measure it."""
        if self._nests and _is_within_step(optimizer):
            return None
        return self._begin(args, kwargs) if self._due else None

    def post(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """The optimizer's post-hook: measures what the step did."""
        if self._nests and _is_within_step(optimizer):
            return
        if self._due:
            self._guarded(self._finish)
            self._next = self._cadence.next(self.step)
        self.step = step = self.step + 1
        if (step == self._next) is not self._due:
            self._due = not self._due
            self._activate()

    def measure(self) -> None:
        """Measure the gradients now, in place of when the optimizer steps."""
        if self._due:
            self._guarded(self._measure)

    def skipped(self) -> None:
        """Say that the scaler kept the optimizer from stepping: a step that changed nothing."""
        self._log_skip(self.step, self._scaler._scale)
        if self._due:
            self._guarded(self._weigh)
        self.post(None, (), {})

    def _begin(self, args: Any, kwargs: Any) -> Any:
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            self._guarded(self._weigh)
            return None

        # The gradient of such a step comes to be within it: where LBFGS calls its closure again, the first one counts.
        def measured(*inputs: Any, **named: Any) -> Any:
            loss = closure(*inputs, **named)
            if self._due and (self._open is None or not self._open.weighed):
                self._guarded(self._weigh)
            return loss

        if "closure" in kwargs:
            return args, {**kwargs, "closure": measured}
        return (args[0], measured, *args[2:]), kwargs

    def _guarded(self, function: Callable[[], None]) -> None:
        if os.getpid() != self._pid:
            return  # a forked child has no writer
        start = time.perf_counter()
        try:
            with torch.no_grad():
                function()
        except Exception as error:
            self._fail(error)
        self._spent += time.perf_counter() - start

    def _measure(self) -> None:
        """Measure the gradients."""
        self._cadence.begin(self.step, time.perf_counter())
        self._open = None
        plan = self._find_plan()
        if plan is None:
            return
        epoch = self._epoch()
        chunk = plan.chunk
        if chunk is None or chunk.full or chunk.epoch != epoch:
            chunk = plan.chunk = Chunk(plan.layout, epoch)
        slot = Slot(self.step, epoch, time.time_ns() // 1000, len(chunk.slots))
        self._open = opened = _Open(plan, chunk, slot)
        if plan.small:
            torch._foreach_copy_(chunk.buffer.views(slot.row)[0], [p.grad for p in plan.small])
        for indices in plan.large:
            grads = [local(plan.parameters[index].grad) for index in indices]
            sums = measure(grads, [plan.layout.sizes[index] for index in indices])
            opened.sums.append(sums)
            if self._options.histograms:
                sums["histogram"] = histograms(grads, self._grad_scale())
            if self._options.cosine:
                sums.update(plan.products(indices, grads, sums["sum_sq"], self._grad_scale()))

    def _weigh(self) -> None:
        """Measure the gradients, unless that was done before clipping, and the weights."""
        if self._open is None or self._open.slot.step != self.step:
            self._measure()
        opened = self._open
        if opened is None:
            return
        opened.weighed = True
        plan = opened.plan
        if plan.small:
            torch._foreach_copy_(opened.chunk.buffer.views(opened.slot.row)[1], plan.small)
        for indices, sums in zip(plan.large, opened.sums, strict=True):
            weights = [local(plan.parameters[index].detach()) for index in indices]
            sums["w_sum_sq"] = sums_of_squares(weights)
            if self._options.updates:
                opened.before.append(plan.keep(indices, weights))
        scale = self._grad_scale()
        if scale is not None:
            if plan.small:
                opened.slot.scale = float(scale)
            for sums in opened.sums:
                for name in ("sum", "abs_max", "sum_sq", "sum_sq", "dot_prev"):
                    if name in sums:
                        sums[name] = plan.divide(sums[name], scale)

    def _finish(self) -> None:
        opened, self._open = self._open, None
        self._note_skip()
        if opened is not None and opened.weighed and opened.slot.step == self.step:
            self._commit(opened)
        take = None if self._signals is None else self._signals.take(self._loss_scale())
        if take is not None:
            step, epoch, now = self.step, self._epoch(), time.time_ns() // 1000
            self._run.record_later(LaterRows(lambda: take(step, epoch, now), 1, 10_000))
        background = 0.0 if opened is None else opened.plan.layout.background
        self._cadence.end(self.step, time.perf_counter(), self._spent + background)
        self._spent = 0.0

    def _commit(self, opened: _Open) -> None:
        plan, chunk, slot = opened.plan, opened.chunk, opened.slot
        if self._options.updates:
            if plan.small:
                torch._foreach_copy_(chunk.buffer.views(slot.row)[2], plan.small)
            for indices, sums, before in zip(plan.large, opened.sums, opened.before, strict=True):
                after = [local(plan.parameters[index].detach()) for index in indices]
                sums["u_sum_sq"] = plan.updates(before, after)
        for indices, sums in zip(plan.large, opened.sums, strict=True):
            slot.large.append((np.array(indices), ship(sums)))
        if self._micro is not None:
            micro = self._micro.take(plan.parameters, self._loss_scale())
            if micro is not None:
                slot.large.append((np.arange(len(plan.parameters)), micro))
        if not chunk.add(slot):
            # The writer took the chunk while this step was on its way; its copies move to the next one, whose buffer
            # may be the same.
            copies, slot.row = chunk.buffer.data[slot.row].clone(), 0
            chunk = plan.chunk = Chunk(plan.layout, chunk.epoch)
            chunk.buffer.data[0].copy_(copies)
            chunk.add(slot)
        if len(chunk.slots) == 1:
            self._run.record_later(chunk.later())

    def _grad_scale(self) -> Any:
        """What the gradients are multiplied by as the optimizer sees them: fused ones take them scaled, under AMP."""
        scale = getattr(self._optimizer(), "grad_scale", None)
        return scale.clone() if isinstance(scale, torch.Tensor) else scale

    def _loss_scale(self) -> Any:
        """What the loss was multiplied by before it was propagated back."""
        scale = getattr(self._scaler, "_scale", None)
        scale = self._grad_scale() if scale is None else scale
        return scale.clone() if isinstance(scale, torch.Tensor) else 1.0

    def _note_skip(self) -> None:
        """Record that a fused optimizer skipped the step, once the device has told."""
        found_inf = getattr(self._optimizer(), "found_inf", None)
        if not isinstance(found_inf, torch.Tensor):
            return
        step, wait = self.step, ship({"found_inf": found_inf.clone(), "scale": self._loss_scale()})

        def read() -> None:
            found = wait()
            if found["found_inf"].any():
                self._log_skip(step, float(found["scale"]))

        if found_inf.device.type == "cpu":
            read()
        else:
            self._run.record_later(LaterRows(read, 1, 1000))

    def _log_skip(self, step: int, scale: Any) -> None:
        try:
            self._run.log({"amp.skipped": True, "amp.scale": scale}, step=step)
        except TrainingStoppedError as told:
            self._run.stop(str(told))  # for the next of the user's own
        except RunClosedError:
            pass

    def _find_plan(self) -> Plan | None:
        """The plan of the parameters that have a gradient now; None where nothing of this rank's has one."""
        optimizer = self._optimizer()
        groups = [] if optimizer is None else optimizer.param_groups
        lengths = [len(group["params"]) for group in groups]
        if lengths != self._groups:
            self._groups = lengths
            named = [(p, self._name(p)) for group in groups for p in group["params"]]
            chosen = [(p, path) for p, path in named if path is not None and writes(p, self._options.replicated)]
            self._parameters, self._paths = [p for p, _ in chosen], [path for _, path in chosen]
            self._plans = {}
        present = tuple([index for index, p in enumerate(self._parameters) if p.grad is not None])
        plan = self._plans.get(present)
        if plan is None and present:
            if len(self._plans) >= 64:  # experts come and go: what is kept for each set must not pile up
                self._plans.clear()
            kept = [index for index in present if _measurable(self._parameters[index])]
            parameters, paths = [self._parameters[index] for index in kept], [self._paths[index] for index in kept]
            plan = self._plans[present] = Plan(parameters, paths, self._options)
        return plan if plan is not None and plan.parameters else None


def _is_within_step(optimizer: Any) -> bool:
    """Whether the hooks run for a `super().step()`: each class's step calls them, and the outermost is the update.

    Told by the stack, since a counter would be wrong for good once a step raises.
    """
    code, found = type(optimizer).step.__code__, 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and found < 2:
        found += frame.f_code is code and frame.f_locals.get("self") is optimizer
        frame = frame.f_back
    return found > 1


def _measurable(parameter: Any) -> bool:
    """Whether this rank's part of a gradient has real elements, and its sums add up with those of the others."""
    if placements(parameter.grad) != placements(parameter):
        return False  # a partial gradient: the squares of its terms say nothing of its own
    return bool(parameter.is_floating_point()) and local(parameter).numel() > 0

"""Keras on PyTorch: the statistics are taken where the optimizer is applied, and handed over after the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray

from ._keras_plan import Plan

__all__ = ["Capture"]

_ROW = 4096


class Capture:
    """See `undertow.integrations._keras_plan.Capture`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # A flag of its own, since torch.compile would compile anew for each value of a counter.
        self._due = False
        self._measured_steps: list[tuple[tuple[Any, ...], Any, Any]] = []
        self._apply = plan.optimizer.apply
        plan.patches.set(plan.optimizer, "apply", self._measured)

    def start(self) -> None:
        self._plan.watch(before=self._decide, after=self._emit)

    def _decide(self) -> None:
        self._due = self._plan.due()

    def _emit(self) -> None:
        if self._measured_steps:
            variables, floats, counts = self._measured_steps.pop()
            self._plan.sink(self._plan.next_step, variables, (floats, counts))
        self._measured_steps.clear()
        self._plan.calls += 1

    @property
    def next_step(self) -> int:
        return self._plan.next_step

    @staticmethod
    def read(measured: Sequence[Any], parameters: int) -> tuple[NDArray[Any], NDArray[Any]]:
        floats, counts = (torch.stack(parts).cpu().numpy() for parts in zip(*measured, strict=True))
        return floats, counts

    def _measured(self, grads: Any, trainable_variables: Any = None) -> Any:
        if not self._due:
            return self._apply(grads, trainable_variables)
        optimizer = self._plan.optimizer
        grads = list(grads)
        variables = tuple(optimizer._trainable_variables if trainable_variables is None else trainable_variables)
        try:
            with torch.no_grad():
                old = [v.value.detach().clone() for v in variables]
                measured = _gradient_rows(self._effective(grads, variables))
        except Exception as error:
            self._plan.fail(error)
            return self._apply(grads, trainable_variables)
        result = self._apply(grads, trainable_variables)
        with torch.no_grad():
            floats, counts = measured
            new = [v.value.detach() for v in variables]
            update = torch._foreach_sub([_wide(value) for value in new], [_wide(value) for value in old])
            floats = torch.stack([*floats, _sum_sq(old), _sum_sq(list(update))], 1)
            self._measured_steps.append((variables, floats, counts))
        return result

    def _effective(self, grads: list[Any], variables: tuple[Any, ...]) -> list[Any]:
        """The gradients without their scale, and averaged over the accumulated calls."""
        plan = self._plan
        # None: the loss does not depend on the parameter, which is a gradient of 0, as JAX has it.
        grads = [_wide(torch.zeros_like(v.value) if g is None else g.detach()) for g, v in zip(grads, variables)]  # noqa: B905 - dynamo cannot trace strict
        scale = getattr(plan.optimizer, "dynamic_scale", plan.optimizer.loss_scale_factor)
        if scale is not None:
            scale = getattr(scale, "value", scale)
            grads = [g / scale for g in grads]
        if plan.accumulate > 1:
            inner = plan.inner
            kept = [inner._accumulated_gradients[inner._get_variable_index(v)].value for v in variables]
            grads = [(g + sum_) / plan.accumulate for g, sum_ in zip(grads, kept)]  # noqa: B905
        return grads


def _gradient_rows(grads: list[Any]) -> tuple[list[Any], Any]:
    """Three float32 rows of P (sum, sum_sq, abs_max), and counts of shape (P, 2).

    Native operations: `keras.ops` on small tensors costs 1.7 times the step.
    """
    sums = torch.stack([g.sum() for g in grads]).float()
    # Not the infinity norm, which is 15 to 20 times slower on the CPU.
    extremes = [torch.aminmax(g) if g.numel() else (g.sum(), g.sum()) for g in grads]
    largest = torch.stack([torch.maximum(-low, high) for low, high in extremes]).float()
    sizes = [g.numel() for g in grads]
    filled = torch.stack([torch.count_nonzero(g) for g in grads])
    # g − g is 0 where g is finite and nan elsewhere, which counts as non-zero.
    nonfinite = torch.stack([torch.count_nonzero(d) for d in torch._foreach_sub(grads, grads)])
    zeros = torch.tensor(sizes, dtype=filled.dtype, device=filled.device) - filled
    return [sums, _sum_sq(grads), largest], torch.stack([zeros, nonfinite], 1)


def _sum_sq(tensors: list[Any]) -> Any:
    """Σx² of each tensor. Shape (P,), float32, whatever their dtype."""
    return torch.stack([_square_sum(_wide(tensor).reshape(-1)) for tensor in tensors]).float()


def _square_sum(x: Any) -> Any:
    # On the CPU, PyTorch's norm of a whole tensor adds up one by one: 1.6e-4 off at 4M elements, 1.3e-3 at 16M, `dot` a
    # tenth of it. In rows it is right to 7e-8, and faster.
    whole = x.numel() - x.numel() % _ROW if x.numel() > 16 * _ROW else 0
    rest = torch.dot(x[whole:], x[whole:])
    return rest + torch.linalg.vector_norm(x[:whole].view(-1, _ROW), dim=1).square().sum() if whole else rest


def _wide(tensor: Any) -> Any:
    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()

"""Which parameters of an optimizer are measured at a step, and how each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ._torch_chunk import Chunk, Layout
from ._torch_params import local, placements
from ._torch_reduce import dots, sums_of_squares

__all__ = ["Options", "Plan"]


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure besides gradients and weights; see `undertow.integrations.torch.watch`."""

    updates: bool = True
    histograms: bool = False
    cosine: bool = False
    replicated: bool = True


class Plan:
    """The parameters that have a gradient at a step, which are mostly the same at every step.

    Args:
        parameters: Each with a gradient.
        names: Their paths.
        options: What to measure.

    Attributes:
        parameters: As given.
        layout: Which are copied and which reduced at once.
        small: Those that are copied.
        large: The indices of the others, a list for each device: what is measured on one is shipped together.
        chunk: What the next step goes into, unless it is full.
    """

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
        self.large = [[index for index in self.layout.large if parts[index].device == device] for device in devices]
        self.chunk: Chunk | None = None
        self._kept: dict[int, torch.Tensor] = {}
        self._previous: dict[int, torch.Tensor] = {}
        self._previous_sums: dict[int, tuple[Any, Any]] = {}

    def products(self, indices: list[int], grads: list[torch.Tensor], sum_sq: Any, scale: Any) -> dict[str, Any]:
        """dot_prev, to be divided by `scale` yet, and prev_sum_sq; empty at first. Keeps a copy for the next time.

        Args:
            indices: Which of the large tensors.
            grads: Their gradients, multiplied by `scale`.
            sum_sq: Σg² of each, likewise.
            scale: A number or a tensor without axes; None for 1.
        """
        dense = [gradient if gradient.layout == torch.strided else gradient.to_dense() for gradient in grads]
        found: dict[str, Any] = {}
        known = self._previous_sums.get(indices[0])
        if known is not None:
            before, before_scale = known
            products = dots(dense, [self._previous[index] for index in indices])
            found["dot_prev"] = self.divide(products, before_scale)
            found["prev_sum_sq"] = self.divide(self.divide(before, before_scale), before_scale)
        self._previous_sums[indices[0]] = (sum_sq, scale)
        for index, gradient in zip(indices, dense, strict=True):
            held = self._previous.get(index)
            self._previous[index] = gradient.clone() if held is None else held.copy_(gradient)
        return found

    def keep(self, indices: list[int], weights: list[torch.Tensor]) -> list[torch.Tensor]:
        """Copies of large weights, until the step is done.

        On the CPU their memory is kept from step to step: to get as much anew costs five times what copying does, a
        page fault every 4 kB. Devices have allocators that keep it themselves, for others to use meanwhile.
        """
        copies = []
        for index, weight in zip(indices, weights, strict=True):
            held = self._kept.get(index) if weight.device.type == "cpu" else None
            if held is None or held.shape != weight.shape or held.dtype != weight.dtype:
                held = torch.empty_like(weight)
                if weight.device.type == "cpu":
                    self._kept[index] = held
            copies.append(held)
        if copies:
            torch._foreach_copy_(copies, weights)
        return copies

    @staticmethod
    def updates(before: list[torch.Tensor], after: list[torch.Tensor]) -> Any:
        """Σ(after − before)² of each pair; `before` is used up."""
        if before and before[0].dtype in (torch.float32, torch.float64):
            torch._foreach_sub_(before, after)
            return sums_of_squares(before)
        return sums_of_squares([new.float() - old.float() for new, old in zip(after, before, strict=True)])

    @staticmethod
    def divide(values: Sequence[float] | torch.Tensor, scale: Any) -> Any:
        """Numbers or a tensor by a number or tensor, each where it is; None divides nothing."""
        if scale is None:
            return values
        if isinstance(values, torch.Tensor):
            return values / (scale.to(values.device, non_blocking=True) if isinstance(scale, torch.Tensor) else scale)
        factor = float(scale)
        return [value / factor for value in values]

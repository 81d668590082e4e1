"""The gradients of single micro-batches, for the noise scale: seen as they arrive, before they are summed up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ._torch_reduce import ship, sums_of_squares

__all__ = ["MicroBatches"]


class MicroBatches:
    """Measures each gradient that a backward pass brings to a parameter.

    Under DistributedDataParallel these are the rank's own, before they are averaged: the ranks' batches are
    micro-batches too, and no communication is needed to know their gradients. Under `fully_shard` no gradient of a
    single rank's batch ever passes a parameter, so nothing is measured.

    Args:
        parameters: Whose gradients.
        hook: Makes a hook of a function, so that nothing it raises gets any further.

    Attributes:
        active: Whether the step that is being computed is to be measured.
    """

    def __init__(
        self, parameters: Sequence[torch.Tensor], hook: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        self.active = True
        self._lock = threading.Lock()
        self._found: dict[int, list[Any]] = {}
        self._handles = [
            parameter.register_hook(hook(self._of(id(parameter))))
            for parameter in parameters
            if parameter.requires_grad
        ]

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _of(self, key: int) -> Callable[[torch.Tensor], None]:
        def arrived(gradient: torch.Tensor) -> None:
            if self.active and gradient.layout == torch.strided and gradient.numel():
                with torch.no_grad():
                    sum_sq = sums_of_squares([gradient.detach()])
                with self._lock:
                    self._found.setdefault(key, []).append(sum_sq)

        return arrived

    def take(self, parameters: Sequence[Any], scale: Any) -> Callable[[], dict[str, Any]] | None:
        """m_sum_sq and m_count of each parameter since the last call, for the writer's thread; None without any.

        Args:
            parameters: P parameters.
            scale: What the loss was multiplied by, a number or a tensor without axes.
        """
        with self._lock:
            found, self._found = self._found, {}
        each = [found.get(id(parameter), []) for parameter in parameters]
        if not any(each):
            return None
        waits = [[ship({"m": sum_sq}) for sum_sq in sums] for sums in each]
        scaled = ship({"scale": scale}) if isinstance(scale, torch.Tensor) else lambda: {"scale": scale}

        def read() -> dict[str, Any]:
            # n gradients that add up to the step's: each is 1/n of what its micro-batch alone would give.
            factor = float(np.asarray(scaled()["scale"])) ** -2
            counts = np.array([len(sums) for sums in waits])
            totals = [sum(float(np.asarray(wait()["m"]).sum()) for wait in sums) for sums in waits]
            return {"m_sum_sq": np.array(totals) * counts**2 * factor, "m_count": counts}

        return read

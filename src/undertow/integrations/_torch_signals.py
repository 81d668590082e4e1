"""What a module's output went through: the activation a on the way forth, the signal s = ∂L/∂a on the way back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from ..record._buffer import LayerRows
from ..schema import MODULE_SUFFIX
from ._torch_hooks import Hook
from ._torch_params import local, measured_modules
from ._torch_reduce import measure, ship, sums_of_squares

__all__ = ["Signals", "replicas"]

_NAMES = ("a_sum", "a_sum_sq", "a_zeros", "a_count", "s_sum_sq", "s_count")


def replicas(model: torch.nn.Module) -> int:
    """Among how many ranks the batch is divided: by so much the mean loss of all is less steep than a rank's own."""
    if isinstance(model, torch.nn.parallel.DistributedDataParallel):
        return int(dist.get_world_size(model.process_group))
    if hasattr(model, "set_requires_gradient_sync"):  # FSDP2 marks its modules by no class of their own
        meshes = {parameter.device_mesh for parameter in model.parameters() if hasattr(parameter, "device_mesh")}
        return max((mesh.size() for mesh in meshes), default=1)
    return 1


class Signals:
    """Measures the outputs of all modules without children.

    Args:
        model: The model.
        signals: Whether to measure ∂L/∂a.
        activations: Whether to measure a.
        fail: Takes an exception of ours.

    Attributes:
        active: Whether the step that is being computed is to be measured.
    """

    def __init__(
        self, model: torch.nn.Module, signals: bool, activations: bool, fail: Callable[[Exception], None]
    ) -> None:
        self.active = True
        self._signals, self._activations, self._fail = signals, activations, fail
        self._share = 1.0 / replicas(model)
        self._lock = threading.Lock()
        self._found: dict[str, list[tuple[str, Any, int]]] = {}
        self._handles = []
        for path, module in measured_modules(model):
            hook = Hook(self._of(path + MODULE_SUFFIX), fail)
            self._handles.append(module.register_forward_hook(hook))

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self.active = False

    def _of(self, name: str) -> Callable[..., None]:
        def forward(module: Any, inputs: Any, output: Any) -> None:
            # A graph that is being compiled has no place for a hook on what it computes within.
            if not self.active or torch.compiler.is_compiling() or not torch.is_grad_enabled():
                return
            tensor = _tensor(output)
            if tensor is None or not tensor.is_floating_point() or not tensor.numel():
                return
            if self._activations:
                with torch.no_grad():
                    part = local(tensor.detach())
                    self._put(name, "a", measure([part], [part.numel()], "a_"), part.numel())
            if self._signals and tensor.requires_grad:
                tensor.register_hook(Hook(lambda gradient: self._backward(name, gradient), self._fail))

        return forward

    def _backward(self, name: str, gradient: torch.Tensor) -> None:
        if self.active:
            with torch.no_grad():
                part = local(gradient.detach())
                self._put(name, "s", {"s_sum_sq": sums_of_squares([part])}, part.numel())

    def _put(self, name: str, kind: str, sums: dict[str, Any], count: int) -> None:
        with self._lock:  # devices run their backward passes in threads of their own
            self._found.setdefault(name, []).append((kind, sums, count))

    def clear(self) -> None:
        """Forget what was measured."""
        with self._lock:
            self._found = {}

    def take(self, scale: Any) -> Callable[[int, int | None, int], LayerRows] | None:
        """What was measured since the last call, as a function of (step, epoch, time) for the writer's thread.

        Args:
            scale: What the loss was multiplied by, a number or a tensor without axes.
        """
        with self._lock:
            found, self._found = self._found, {}
        if not found:
            return None
        entries = [(name, kind, count, ship(sums)) for name, each in found.items() for kind, sums, count in each]
        shipped_scale = ship({"scale": scale}) if isinstance(scale, torch.Tensor) else lambda: {"scale": scale}
        share = self._share

        def read(step: int, epoch: int | None, time: int) -> LayerRows:
            names = tuple(found)
            place = {name: index for index, name in enumerate(names)}
            totals = {name: np.zeros(len(names)) for name in _NAMES}
            for name, kind, count, wait in entries:
                totals[f"{kind}_count"][place[name]] += count
                for column, values in wait().items():
                    totals[column][place[name]] += np.asarray(values).sum()
            factor = share / np.asarray(shipped_scale()["scale"], np.float64)
            totals["s_sum_sq"] *= factor * factor
            columns: dict[str, Any] = {}
            for column, total in totals.items():
                absent = totals[f"{column[0]}_count"] == 0
                if not absent.all():
                    columns[column] = np.ma.masked_array(total, absent)
            return LayerRows(np.array([step]), epoch, time, names, None, None, None, columns)

        return read


def _tensor(output: Any) -> torch.Tensor | None:
    """A module's output, or the first tensor of several."""
    if isinstance(output, torch.Tensor):
        return output
    values = output.values() if isinstance(output, dict) else output if isinstance(output, list | tuple) else ()
    return next((value for value in values if isinstance(value, torch.Tensor)), None)

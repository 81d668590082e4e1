"""The parameters and modules of a PyTorch model: their names, their depth, and which rank writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist

from ..schema import MODULE_SUFFIX

__all__ = ["describe", "local", "measured_modules", "placements", "writes"]

# What wrappers put into the paths of the modules they wrap.
_WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")


def describe(model: torch.nn.Module, modules: bool = False) -> tuple[dict[int, str], list[dict[str, Any]]]:
    """The parameters of a model, from the input to the output.

    Depth counts the modules that own parameters or have no children, in the order in which they were registered, which
    is the forward order of any model that is written as it runs. A shared parameter has the first of its names.

    Args:
        model: As it is trained; what DistributedDataParallel, FSDP and torch.compile wrap around it leaves no trace in
            the names.
        modules: Whether the outputs of modules are recorded, and so have rows too.

    Returns:
        The path of each parameter by its `id`, and the rows of `undertow.schema.PARAMS`.
    """
    paths: dict[int, str] = {}
    rows: list[dict[str, Any]] = []
    for depth, (path, module) in enumerate(_listed(model)):
        shared = {"module": path, "depth": depth}
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) in paths:
                continue
            paths[id(parameter)] = f"{path}.{name}" if path else name
            rows.append(
                {
                    "param": paths[id(parameter)],
                    **shared,
                    "shape": list(parameter.shape),
                    "size": parameter.numel(),
                    "dtype": str(parameter.dtype).removeprefix("torch."),
                    "sharding": _sharding(parameter),
                }
            )
        if modules and not any(module.children()):
            nothing = {"shape": [], "size": 0, "dtype": "", "sharding": None}
            rows.append({"param": path + MODULE_SUFFIX, **shared, **nothing})
    return paths, rows


def measured_modules(model: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """The modules whose outputs are measured, each with its path: those without children."""
    return [(path, module) for path, module in _listed(model) if not any(module.children())]


def _listed(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module]]:
    while isinstance(model, torch.nn.parallel.DistributedDataParallel | torch.nn.DataParallel):
        model = model.module
    for path, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)) or not any(module.children()):
            yield ".".join(part for part in path.split(".") if part not in _WRAPPERS), module


def placements(tensor: torch.Tensor) -> tuple[Any, ...]:
    """How a DTensor is laid out over its mesh; empty for a plain tensor."""
    return tuple(getattr(tensor, "placements", ()))


def local(tensor: torch.Tensor) -> torch.Tensor:
    """This rank's part of a DTensor, without communication; a plain tensor is its own."""
    part = tensor.to_local() if placements(tensor) else tensor
    return part.wait() if hasattr(part, "wait") else part


def _sharding(parameter: torch.Tensor) -> str | None:
    """Such as "Shard(dim=0)" or "Replicate(), Shard(dim=0)", by mesh dimension; None for a plain tensor."""
    return ", ".join(repr(placement) for placement in placements(parameter)) or None


def writes(parameter: torch.Tensor, replicated: bool) -> bool:
    """Whether this rank is the one, or one of those, that writes a parameter.

    Of a parameter that several ranks hold alike one writes, or the reader would count it several times over; of a
    sharded one each writes its part.

    Args:
        parameter: As the optimizer has it.
        replicated: Whether ranks that no mesh tells apart hold the same parameters (data parallel) rather than
            different ones (pipeline parallel).
    """
    if not (dist.is_available() and dist.is_initialized()):
        return True
    if not placements(parameter):
        return not replicated or dist.get_rank() == 0
    mesh = parameter.device_mesh
    coordinate = mesh.get_coordinate()
    if coordinate is None:
        return False
    if any(p.is_replicate() and at != 0 for p, at in zip(placements(parameter), coordinate, strict=True)):
        return False
    # Of several meshes side by side, each over some of the ranks, the one with the first rank writes.
    return not replicated or bool((mesh.mesh == 0).any())

"""The sums of tensors too large to copy, measured where they are: on the CPU at once, on a device behind the step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ..statistics import BINS, LOWEST_EXPONENT

__all__ = ["Sums", "flat", "histograms", "measure", "ship", "sums_of_squares"]

#: Columns by name, each with one value a tensor: Python numbers on the CPU, a tensor on a device.
Sums: TypeAlias = dict[str, Any]

#: Elements whose truths fit the second cache.
_PIECE = 65_536

Tensors: TypeAlias = Sequence[torch.Tensor]


def flat(tensor: torch.Tensor) -> torch.Tensor:
    """The elements in a row, in the order of memory where that saves a copy; sparse: those that are stored."""
    if tensor.is_sparse:
        return tensor.coalesce().values().reshape(-1)
    if tensor.is_contiguous():
        return tensor.view(-1)
    if tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
        return tensor.permute(0, 2, 3, 1).reshape(-1)
    return tensor.t().reshape(-1) if tensor.ndim == 2 else tensor.reshape(-1)


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()


def measure(tensors: Tensors, sizes: Sequence[int], prefix: str = "") -> Sums:
    """sum, sum_sq, abs_max, zeros and nonfinite of each tensor.

    Args:
        tensors: P tensors of one device, none empty; half precision is widened to float32.
        sizes: How many elements each has, those that a sparse tensor does not store included. Shape (P,).
        prefix: Of the names; with one, abs_max and nonfinite are left out.
    """
    rows = [flat(tensor) for tensor in tensors]
    if tensors and tensors[0].device.type != "cpu":
        return _measure_on_device(rows, sizes, prefix)
    columns: list[tuple[float, ...]] = []
    for row, size in zip(map(_wide, rows), sizes, strict=True):
        if not len(row):  # a sparse gradient that touched nothing
            columns.append((0.0, 0.0, size, 0.0, 0))
            continue
        sum_sq = torch.dot(row, row).item()
        zeros = size - _count_nonzero(row.numpy())
        if prefix:
            columns.append((row.sum().item(), sum_sq, zeros))
            continue
        # Not the infinity norm, which is 60 times slower on the CPU.
        low, high = torch.aminmax(row)
        abs_max = max(-low.item(), high.item())
        nonfinite = 0
        if not math.isfinite(sum_sq) or not math.isfinite(abs_max):
            nonfinite = len(row) - int(np.count_nonzero(torch.isfinite(row).numpy()))
        columns.append((row.sum().item(), sum_sq, zeros, abs_max, nonfinite))
    names = ("sum", "sum_sq", "zeros") if prefix else ("sum", "sum_sq", "zeros", "abs_max", "nonfinite")
    return {prefix + name: list(column) for name, column in zip(names, zip(*columns, strict=True), strict=False)}


def _count_nonzero(row: NDArray[Any]) -> int:
    """As `np.count_nonzero`, which is four times slower on floats than on booleans, and PyTorch's as slow."""
    count, scratch = 0, np.empty(min(len(row), _PIECE), np.bool_)
    for begin in range(0, len(row), _PIECE):
        piece = row[begin : begin + _PIECE]
        count += int(np.count_nonzero(np.not_equal(piece, 0, out=scratch[: len(piece)])))
    return count


def _measure_on_device(rows: Tensors, sizes: Sequence[int], prefix: str) -> Sums:
    filled = torch.stack([torch.count_nonzero(row) for row in rows])
    whole = torch.tensor(sizes, dtype=filled.dtype).to(filled.device, non_blocking=True)
    found = {
        "sum": torch.stack([row.sum(dtype=torch.float32) for row in rows]),
        "sum_sq": sums_of_squares(rows),
        "zeros": whole - filled,
    }
    if not prefix:
        found["abs_max"] = torch.stack(torch._foreach_norm(list(rows), math.inf, dtype=torch.float32))
        # Only a synchronisation could tell whether this pass may be skipped.
        found["nonfinite"] = torch.stack([torch.count_nonzero(~torch.isfinite(row)) for row in rows])
    return {prefix + name: column for name, column in found.items()}


def sums_of_squares(tensors: Tensors) -> Any:
    """Σx² of each tensor, accumulated in float32 or wider."""
    rows = [flat(tensor) for tensor in tensors]
    if tensors and tensors[0].device.type == "cpu":
        return [torch.dot(row, row).item() for row in map(_wide, rows)]
    return torch.stack(torch._foreach_norm(list(rows), 2, dtype=torch.float32)).square()


def dots(first: Tensors, second: Tensors) -> Any:
    """Σx·y of each pair of tensors."""
    values = [torch.dot(_wide(flat(x)), _wide(flat(y))) for x, y in zip(first, second, strict=True)]
    return [value.item() for value in values] if first[0].device.type == "cpu" else torch.stack(values).float()


def histograms(tensors: Tensors, scale: Any = None) -> Any:
    """The counts by ⌊log₂|x|⌋, as `undertow.statistics.histogram` has them. Shape (P, 64), int64.

    Args:
        tensors: P tensors of one device.
        scale: What to divide by first, a number or a tensor without axes; None for nothing.
    """
    counted = []
    for tensor in tensors:
        row = _wide(flat(tensor)).float()
        row = row if scale is None else row / scale
        exponents = torch.frexp(row)[1] - 1 - LOWEST_EXPONENT
        # One bin more, for what has no logarithm.
        bins = torch.where(torch.isfinite(row) & (row != 0), exponents.clamp_(0, BINS - 1), BINS)
        if row.device.type == "cpu":
            counted.append(torch.bincount(bins, minlength=BINS + 1)[:BINS])
        else:  # bincount would synchronise
            bins = bins.long()
            empty = torch.zeros(BINS + 1, dtype=torch.int64, device=row.device)
            counted.append(empty.scatter_add_(0, bins, torch.ones_like(bins))[:BINS])
    return torch.stack(counted)


def ship(sums: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    """Start the copy of device tensors to the host; returns what waits for it, for the writer's thread.

    All tensors travel as one, and the training thread waits for nothing.
    """
    tensors = {name: value for name, value in sums.items() if isinstance(value, torch.Tensor)}
    rest = {name: np.asarray(value) for name, value in sums.items() if name not in tensors}
    if not tensors:
        return lambda: rest
    device = next(iter(tensors.values())).device
    if device.type != "cuda":
        kept = {name: value.clone() for name, value in tensors.items()}
        return lambda: {**rest, **{name: value.cpu().numpy() for name, value in kept.items()}}
    # As bytes: a count past 2²⁴ does not fit float32.
    packed = torch.cat([value.contiguous().view(-1).view(torch.uint8) for value in tensors.values()])
    pinned = torch.empty(packed.shape, dtype=torch.uint8, pin_memory=True)
    pinned.copy_(packed, non_blocking=True)
    copied = torch.cuda.Event()
    copied.record(torch.cuda.current_stream(device))
    layout = {name: (value.dtype, tuple(value.shape), value.nbytes) for name, value in tensors.items()}

    def read() -> dict[str, Any]:
        copied.synchronize()
        found, at = dict(rest), 0
        for name, (dtype, shape, nbytes) in layout.items():
            found[name] = pinned[at : at + nbytes].clone().view(dtype).reshape(shape).numpy()
            at += nbytes
        return found

    return read

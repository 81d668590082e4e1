"""Counting: joint histograms over bin codes, by NumPy's compiled `bincount`, in pieces on all cores.

benchmarks/engine.py compares it with what could take its place; docs/design.md says what came out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .binning import FINE_BINS, SPECIAL_BINS

__all__ = ["Check", "Codes", "joint", "nearest"]

#: One code a row.
Codes = npt.NDArray[np.unsignedinteger[Any]]
#: Raises where nobody waits for the answer any more.
Check = Callable[[], None]

#: Rows at a time: their cells stay in one core's cache, and in memory that the allocator does not give back between.
_PIECE = 1 << 16
#: So much larger are the pieces, compared with the cells that are added up after each.
_PER_CELL = 2


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="undertow-count")


def joint(
    left: tuple[Codes, npt.NDArray[np.int64]],
    right: tuple[Codes, npt.NDArray[np.int64]],
    active: tuple[Codes, npt.NDArray[np.int64]] | None,
    rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_] | None,
    size: int,
    tint: tuple[Codes, npt.NDArray[np.float64]] | None = None,
    check: Check = lambda: None,
) -> npt.NDArray[Any]:
    """How many rows lie in each cell: the sum of what the tables say of a row's codes is its cell.

    Args:
        left: Codes, and the part of the cell's number that each code stands for.
        right: Likewise.
        active: Likewise; None where there is no third axis.
        rows: Which rows count: a mask of all rows, their ascending numbers, or None for all.
        size: How many cells there are.
        tint: Codes, and a weight for each: rows are then added up by weight instead of counted.
        check: Called now and then.

    Returns:
        Shape (size,): int64 counts, or float64 sums.
    """
    axes = [axis for axis in (left, right, active) if axis is not None]
    factors = [_factor(table) for _, table in axes]
    total = len(rows) if rows is not None and rows.dtype != np.bool_ else len(left[0])

    def count(span: tuple[int, int]) -> npt.NDArray[Any]:
        check()
        chosen: Any = slice(*span)
        if rows is not None and rows.dtype == np.bool_:
            chosen = np.flatnonzero(rows[span[0] : span[1]]) + span[0]
        elif rows is not None:
            chosen = rows[span[0] : span[1]]
        cells = np.zeros(0, np.int64)
        for place, ((codes, table), factor) in enumerate(zip(axes, factors, strict=True)):
            part: npt.NDArray[Any] = codes[chosen]
            if factor is None:
                part = np.take(table, part)
            elif factor != 1 or place == 0:
                part = part.astype(np.int64)
                part *= factor
            cells = part if place == 0 else np.add(cells, part, out=cells)
        weights = None if tint is None else np.take(tint[1], tint[0][chosen])
        return np.bincount(cells, weights, minlength=size)

    pieces = list(_spans(total, max(_PIECE, _PER_CELL * size)))
    result: npt.NDArray[Any] = np.zeros(size, np.int64 if tint is None else np.float64)
    for part in _pool().map(count, pieces):
        result += part
    return result


def _factor(table: npt.NDArray[np.int64]) -> int | None:
    """What a table multiplies codes by, if it does no more than that: a product is twice as fast as a look-up."""
    codes = FINE_BINS + SPECIAL_BINS
    return int(table[1]) if np.array_equal(table[:codes], table[1] * np.arange(codes)) else None


def nearest(
    left: Codes,
    right: Codes,
    distance: npt.NDArray[np.float32],
    mask: npt.NDArray[np.bool_] | None,
    check: Check = lambda: None,
) -> tuple[int, float] | None:
    """The first row whose codes are nearest by a table, and how far that is; None where no row passes.

    Args:
        left: Codes. Shape (rows,).
        right: Codes. Shape (rows,).
        distance: By left and right code. Shape (245, 245).
        mask: Which rows count; None for all.
        check: Called now and then.
    """
    flat, side = distance.ravel(), distance.shape[1]

    def search(span: tuple[int, int]) -> tuple[float, int]:
        check()
        cells = left[slice(*span)].astype(np.int64) * side + right[slice(*span)]
        found = flat[cells]
        if mask is not None:
            found[~mask[slice(*span)]] = np.inf
        at = int(found.argmin())
        return float(found[at]), span[0] + at

    best = min(_pool().map(search, _spans(len(left), _PIECE)), default=(np.inf, -1))
    return None if best[0] == np.inf else (best[1], best[0])


def _spans(total: int, width: int) -> Iterator[tuple[int, int]]:
    for start in range(0, total, width):
        yield start, min(total, start + width)

"""Counts of many rows as what is drawn of them: the twin of `web/src/ui/grids.ts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...query._kernel import joint
from ...query.binning import FINE_BINS, SPECIAL_BINS
from ._colour import HUES, Palette, ramp_index
from ._columns import Columns

__all__ = ["Cells", "Grid", "Tint", "count", "tint_of"]

#: So many occupied cells are drawn as lines, each for itself; more run together and are gathered.
_FEW_CELLS = 600
#: Isolated cells that are drawn as lines on top, so that no line is lost in the crowd's tone.
_MOST_OUTLIERS = 200
#: A cell is isolated in whose neighbourhood no more rows than this lie, or than this share of all.
_LONELY_ROWS, _LONELY_SHARE = 6, 1e-5
#: How far a neighbourhood reaches, as a share of the axes; and the wider one that tells a remote cell from a fringe.
_NEAR, _FAR = 0.05, 0.15
#: How strong a remote line is at least; less where there are more than so many.
_REMOTE_STRENGTH, _FEW_REMOTE = 0.65, 40
#: How strong the densest cells are.
STRENGTH = 0.96

_SIDE = FINE_BINS + SPECIAL_BINS


@dataclass(frozen=True)
class Tint:
    """What colours the rows: their bins on the colour column's axis, and what each bin adds to a cell."""

    bins: npt.NDArray[np.uint8]
    hues: bool
    weights: tuple[npt.NDArray[np.float64], ...]


@dataclass(frozen=True)
class Cells:
    """Cells that are drawn as lines, the first lowest: places on the left and the right axis, and RGBA in [0, 1]."""

    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    colours: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Joint counts of two axes as a density.

    Attributes:
        cells: How many rows each cell holds. Shape (245, 245), the left axis first.
        colours: Its rows' mean colour in [0, 1]. Shape (245, 245, 3).
        places: The middle of every bin on the left and the right axis: [0, 1], or a slot. Two of shape (245,).
        points: How many categories the axes have, whose lines all meet in points; 0 for numbers. Never two of them.
        peak: The density that is drawn at full strength: lines a CSS pixel of height.
    """

    cells: npt.NDArray[np.int64]
    colours: npt.NDArray[np.float64]
    places: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
    points: tuple[int, int]
    peak: float


def tint_of(columns: Columns, name: str | None) -> Tint | None:
    """What colours the rows; None where nothing does."""
    if name is None:
        return None
    bins = columns.bins(name, FINE_BINS)
    names = columns.names(name)
    k = np.arange(256)
    if names is not None and len(names) <= HUES:
        return Tint(bins, True, tuple((np.minimum(k, HUES - 1) == hue).astype(float) for hue in range(HUES)))
    known = k < FINE_BINS
    places = (k + 0.5) / FINE_BINS if names is None else 1 - (k + 0.5) / min(FINE_BINS, max(1, len(names)))
    return Tint(bins, False, (known.astype(float), np.where(known, places, 0.0)))


def count(
    columns: Columns,
    left: tuple[str, npt.NDArray[np.uint8]],
    right: tuple[str, npt.NDArray[np.uint8]],
    tint: Tint | None,
    palette: Palette,
    height: float,
) -> tuple[Grid | None, Cells | None]:
    """What is drawn between two axes, the grid below the lines.

    Args:
        columns: The frame's.
        left: The left axis and every row's bin on it.
        right: The right axis, likewise.
        tint: What colours the rows.
        palette: With which colours.
        height: CSS pixels from foot to head.
    """
    table = np.arange(256, dtype=np.int64)
    axes = ((left[1], table * _SIDE), (right[1], table))
    cells = joint(*axes, None, None, _SIDE * _SIDE).reshape(_SIDE, _SIDE)
    occupied = int(np.count_nonzero(cells))
    if occupied == 0:
        return None, None
    sums = (
        []
        if tint is None
        else [
            joint(*axes, None, None, _SIDE * _SIDE, (tint.bins, weights)).reshape(_SIDE, _SIDE)
            for weights in tint.weights
        ]
    )
    colours = _colours(sums, tint, palette)
    places = (_places(columns, left[0]), _places(columns, right[0]))
    points = tuple(min(FINE_BINS, len(columns.names(name) or ())) for name, _ in (left, right))
    both = all(points)
    outliers = np.zeros(cells.shape, np.int8) if both else _isolated(cells)
    if occupied <= _FEW_CELLS or both:
        return None, _lines(cells, colours, places, cells > 0, outliers)
    special = np.arange(_SIDE) >= FINE_BINS
    chosen = (cells > 0) & ((special[:, None] & special) | (outliers > 0))
    # Where lines meet in a category's point there is no density to compare with.
    margins = [cells.sum(axis=1 - axis)[:FINE_BINS].max() for axis in (0, 1) if not points[axis]]
    peak = max(1.0, float(max(margins)) * FINE_BINS / height)
    grid = Grid(cells, colours, places, (points[0], points[1]), peak)
    return grid, _lines(cells, colours, places, chosen, outliers)


def _places(columns: Columns, name: str) -> npt.NDArray[np.float64]:
    """The middles of an axis' bins, and the slots."""
    names = columns.names(name)
    k = np.arange(FINE_BINS)
    middles = (k + 0.5) / FINE_BINS
    if names is not None:
        many = len(names) > FINE_BINS
        codes = np.ceil(k * len(names) / FINE_BINS) if many else k
        middles = np.where(many | (k < len(names)), 1 - (codes + 0.5) / max(1, len(names)), 0.0)
    return np.concatenate([middles, np.arange(2.0, 2 + SPECIAL_BINS)])


def _colours(sums: list[npt.NDArray[Any]], tint: Tint | None, palette: Palette) -> npt.NDArray[np.float64]:
    """The mean colour of every cell's rows: of their places on the ramp, or of their categories' hues."""
    if tint is None:
        return np.broadcast_to(np.array(palette.plain) / 255, (_SIDE, _SIDE, 3))
    if tint.hues:
        hues = np.array([*palette.categories[: HUES - 1], palette.categories[-1]], np.float64) / 255
        hues = np.concatenate([hues, np.repeat(hues[-1:], HUES - len(hues), axis=0)])
        total = np.maximum(1e-9, sum(sums))
        return np.asarray(np.stack(sums, axis=-1) / total[..., None] @ hues, np.float64)
    known, places = sums
    mean = np.divide(places, known, out=np.zeros_like(places), where=known > 0)
    found = palette.ramp[ramp_index(np.clip(mean, 0, 1))] / 255
    found[known == 0] = np.array(palette.unknown) / 255
    return found


def _lines(
    cells: npt.NDArray[np.int64],
    colours: npt.NDArray[np.float64],
    places: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    chosen: npt.NDArray[np.bool_],
    outliers: npt.NDArray[np.int8],
) -> Cells | None:
    left, right = np.nonzero(chosen)
    if len(left) == 0:
        return None
    rows, far = cells[left, right], outliers[left, right] == 2
    # The strong ones last, on top.
    order = np.lexsort((rows, far))
    left, right, rows, far = left[order], right[order], rows[order], far[order]
    least = _REMOTE_STRENGTH * min(1.0, float(np.sqrt(_FEW_REMOTE / max(1, int(far.sum())))))
    share = np.log1p(rows) / np.log1p(max(2, int(cells.max())))
    alpha = STRENGTH * np.maximum(least * far, 0.14 + 0.8 * share)
    return Cells(places[0][left], places[1][right], np.column_stack([colours[left, right], alpha]))


def _isolated(cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """The cells that stand alone, by 1, and those far from any crowd, by 2: a density's tone would not show them.

    Where they are many, every neighbourhood is first drawn by its fullest cell; then come the remote ones, then the
    loneliest.
    """
    sums = np.pad(cells.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    k = np.arange(_SIDE)

    def around(reach: int) -> npt.NDArray[np.int64]:
        low, high = np.maximum(0, k - reach), np.minimum(_SIDE, k + reach + 1)
        rows = sums[high] - sums[low]
        return np.asarray(rows[:, high] - rows[:, low], np.int64)

    most = max(_LONELY_ROWS, _LONELY_SHARE * int(sums[-1, -1]))
    near = round(_SIDE * _NEAR)
    rows = around(near)
    left, right = np.nonzero((cells > 0) & (cells <= most) & (rows <= most))
    found = np.zeros(cells.shape, np.int8)
    if len(left) == 0:
        return found
    rows, counts = rows[left, right], cells[left, right]
    remote = around(round(_SIDE * _FAR))[left, right] <= most
    tile = left // (2 * near) * _SIDE + right // (2 * near)
    # The first of the fullest cells of each tile.
    order = np.lexsort((np.arange(len(tile)), -counts, tile))
    leads = np.zeros(len(tile), bool)
    leads[order[np.flatnonzero(np.diff(tile[order], prepend=-1))]] = True
    kept = np.lexsort((rows, ~remote, ~leads))[:_MOST_OUTLIERS]
    found[left[kept], right[kept]] = 1 + remote[kept]
    return found

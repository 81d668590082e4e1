"""Draws a grid of counts as the density of its lines: the picture of `web/src/render/raster-density.ts`, in NumPy.

The page gathers: every pixel asks the cells whose lines pass through it. Here the cells give: in each column of pixels
a cell adds its rows where its line passes, and the column is then smoothed by what one bin is wide there. The sums are
the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from ...query.binning import FINE_BINS
from ._grid import STRENGTH, Grid
from ._lines import Layer

__all__ = ["draw_grid"]

#: Where lines meet in one point, they are spread over this share of the way at least, or they would burn a hole.
_LEAST_SPREAD = 0.02
#: Bends the logarithm, which alone lets the middle of a bundle stand out too little.
_GAMMA = 1.5
#: A line is placed to this share of a pixel.
_FINER = 4


def draw_grid(
    layer: Layer,
    grid: Grid,
    x0: float,
    x1: float,
    heights: Sequence[npt.NDArray[np.float64]],
    length: float,
    ratio: float,
) -> None:
    """Draws the lines of a grid on an empty part of a layer.

    Args:
        layer: What is drawn on.
        grid: The counts.
        x0: The left axis, in pixels.
        x1: The right axis.
        heights: Of the left and of the right axis' bins, in pixels from the top. Two of shape (245,).
        length: Of the axes, in pixels.
        ratio: Pixels per CSS pixel.
    """
    left, right = np.nonzero(grid.cells)
    rows = grid.cells[left, right].astype(np.float64)
    weights = np.concatenate([grid.colours[left, right] * rows[:, None], rows[:, None]], axis=1).T
    a, b = (side[bins] * _FINER for side, bins in zip(heights, (left, right), strict=True))
    plain = np.allclose(grid.colours, grid.colours[0, 0])
    special_left, special_right = left >= FINE_BINS, right >= FINE_BINS
    on_scale = ~(special_left & special_right)
    columns = range(max(0, int(np.ceil(x0 - 0.5))), min(layer.shape[0], int(np.ceil(x1 - 0.5))))

    def draw(column: int) -> None:
        t = (column + 0.5 - x0) / (x1 - x0)
        # Followed from the farther axis, so that the nearer one is met at a shallow angle and no gap shows; from the
        # one with categories, where there is one, for between its points there is nothing to smooth.
        by_left = grid.points[0] > 0 or (grid.points[1] == 0 and t >= 0.5)
        along_left = on_scale & (special_right if by_left else ~special_left)
        y = (1 - t) * a + t * b
        sums = np.zeros((4, layer.shape[1]))
        for chosen, spread in ((along_left, 1 - t), (on_scale & ~along_left, t)):
            if not chosen.any():
                continue
            at = y if chosen.all() else y[chosen]
            width = max(spread, _LEAST_SPREAD) * length / FINE_BINS
            part = weights if chosen.all() else weights[:, chosen]
            sums += _spread(at, part[3:] if plain else part, layer.shape[1], width)
        density = sums[3] * ratio
        alpha = np.minimum(1, np.log1p(density) / np.log1p(grid.peak)) ** _GAMMA * STRENGTH
        if plain:
            colour = np.broadcast_to(grid.colours[0, 0][:, None], (3, len(alpha)))
        else:
            colour = np.divide(sums[:3], sums[3], out=np.zeros_like(sums[:3]), where=sums[3] > 1e-9)
        layer[column, :, :3] = (colour * alpha).T
        layer[column, :, 3] = alpha

    workers = min(os.cpu_count() or 1, 8)
    with ThreadPoolExecutor(workers, thread_name_prefix="undertow-density") as pool:
        list(pool.map(draw, columns))


def _spread(
    at: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], tall: int, width: float
) -> npt.NDArray[np.float64]:
    """What cells add to the pixels of a column: each is a roof two bins wide around its line. Shape (4, tall)."""
    fine = tall * _FINER
    spots = np.clip(at, 0, fine - 1).astype(np.int64)
    reach = max(1.0, width) * _FINER
    k = np.arange(-int(reach), int(reach) + 1)
    roof = np.maximum(0, 1 - np.abs(k) / reach)
    roof /= roof.sum()
    sums = [np.convolve(np.bincount(spots, each, fine), roof, "same").reshape(tall, _FINER) for each in weights]
    found = np.stack([each.sum(axis=1) for each in sums])
    return found if len(found) == 4 else np.concatenate([np.zeros((3, tall)), found])

"""The lines of a plot: each by itself where they are few, as densities where they are many, as on the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...query.binning import FINE_BINS
from ...schema import Colouring
from ._colour import HUES, Palette, ThemeName, dressed, palette, row_colours
from ._columns import Columns
from ._density import draw_grid
from ._geometry import Geometry
from ._grid import Cells, Grid, count, tint_of
from ._lines import Layer, draw_lines, new_layer
from ._marks import Lines

__all__ = ["EXACT_ROWS", "lines_of", "palette_of"]

#: Frames of up to so many rows are drawn line by line; larger ones as densities.
EXACT_ROWS = 20_000
#: Half the length of the stroke that stands for a line where there is but one axis.
_STUB = 42
#: How wide the line of a cell is.
_CELL = 1.6


def palette_of(columns: Columns, theme: ThemeName) -> Palette:
    """The palette of the column that colours the lines."""
    base, name = palette(theme), columns.frame.color
    wanted = columns.info(name).colouring if name is not None else None
    if name is None or wanted is None:
        return base
    names = columns.names(name)
    most = HUES if columns.rows > EXACT_ROWS else max(HUES, len(wanted.own))
    return dressed(base, theme, wanted, _middle(columns, name, wanted), names, most)


def _middle(columns: Columns, name: str, wanted: Colouring) -> float | None:
    if wanted.midpoint is None or columns.names(name) is not None:
        return None
    at = float(columns.scale(name).places(np.array([wanted.midpoint]))[0])
    return at if 0 < at < 1 else None


def lines_of(columns: Columns, axes: Sequence[str], g: Geometry, x: float, y: float, colours: Palette) -> Lines:
    """The lines between axes.

    Args:
        columns: The frame's.
        axes: From left to right, at least one.
        g: The plot, laid out.
        x: Where the plot lies.
        y: Likewise.
        colours: The palette of the column that colours the lines.
    """
    xs = [g.xs[0] - _STUB, g.xs[0] + _STUB] if len(axes) == 1 else list(g.xs)
    names = [axes[0], axes[0]] if len(axes) == 1 else list(axes)
    if columns.rows > EXACT_ROWS:
        return Lines(x, y, g.width, g.height, draw=_Crowd(columns, names, xs, g, colours).draw)
    # A line's colour has the place of its value on the colour column's own axis.
    by = columns.frame.color
    values = None if by is None else columns.values(by)
    rgb = row_colours(
        columns.rows,
        None if by is None else columns.places(by),
        None if values is None or values.names is None else values.numbers,
        0 if values is None or values.names is None else len(values.names),
        colours,
    )
    ys = np.stack([g.heights(columns.places(name)) for name in names], axis=1)
    stroke = 2.0 if columns.rows <= 120 else 1.6 if columns.rows <= 1000 else 1.25
    opacity = _fade(0.96, columns.rows)

    def draw(ratio: float) -> Layer:
        layer = new_layer(int(np.ceil(g.width * ratio)), int(np.ceil(g.height * ratio)))
        rgba = np.column_stack([rgb / 255, np.full(len(rgb), opacity)])
        draw_lines(layer, [each * ratio for each in xs], ys * ratio, rgba, stroke * ratio)
        return layer

    return Lines(x, y, g.width, g.height, xs, ys, rgb, stroke, opacity, draw)


class _Crowd:
    """More lines than could be told apart: counted once, drawn at any resolution."""

    def __init__(
        self, columns: Columns, names: Sequence[str], xs: Sequence[float], g: Geometry, colours: Palette
    ) -> None:
        self._g, self._xs, self._names = g, xs, names
        self._columns, self._colours = columns, colours
        self._panels: list[tuple[Grid | None, Cells | None]] = []

    def _count(self) -> None:
        if self._panels:
            return
        columns = self._columns
        tint = tint_of(columns, columns.frame.color)
        left = columns.bins(self._names[0], FINE_BINS)
        for a, b in pairwise(self._names):
            right = left if a == b else columns.bins(b, FINE_BINS)
            self._panels.append(count(columns, (a, left), (b, right), tint, self._colours, self._g.length))
            left = right

    def draw(self, ratio: float) -> Layer:
        self._count()
        g = self._g
        layer = new_layer(int(np.ceil(g.width * ratio)), int(np.ceil(g.height * ratio)))
        for (grid, cells), (x0, x1) in zip(self._panels, pairwise(self._xs), strict=True):
            if grid is not None:
                heights = [g.heights(places) * ratio for places in grid.places]
                draw_grid(layer, grid, x0 * ratio, x1 * ratio, heights, g.length * ratio, ratio)
            if cells is not None:
                ys = np.stack([g.heights(cells.left), g.heights(cells.right)], axis=1) * ratio
                draw_lines(layer, [x0 * ratio, x1 * ratio], ys, cells.colours, _CELL * ratio)
        return layer


def _fade(full: float, lines: int) -> float:
    """Opacity for so many lines: full for a few dozen, thinner the more there are, so that density shows."""
    return full if lines <= 40 else max(0.06, full * (40 / lines) ** 0.3)

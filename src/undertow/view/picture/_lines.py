"""Draws lines as pixels: the twin of `web/src/render/raster.ts`, in NumPy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Layer", "draw_lines", "new_layer", "straight"]

#: Premultiplied RGBA in [0, 1], column by column: a line's pixels in one column then lie together in memory. Shape
#: (width, height, 4). Thousands of faint lines on one pixel would drift in 8 bits.
Layer = npt.NDArray[np.float32]

#: Rows × columns that are worked out at a time.
_PIECE = 1 << 15


def new_layer(width: int, height: int) -> Layer:
    """A layer with nothing on it."""
    return np.zeros((width, height, 4), np.float32)


def draw_lines(
    layer: Layer, xs: Sequence[float], ys: npt.NDArray[Any], colours: npt.NDArray[Any], width: float
) -> None:
    """Draws lines on a layer, the first lowest.

    A pixel's cover is ½ width + ½ − its distance from the line, clamped to [0, 1].

    Args:
        layer: What is drawn on.
        xs: Where the lines bend, ascending, in pixels. Shape (axes,), at least 2.
        ys: How high each is there, in pixels from the top. Shape (lines, axes).
        colours: RGBA in [0, 1], not premultiplied. Shape (lines, 4).
        width: In pixels.
    """
    first, last = max(0, int(np.ceil(xs[0] - 0.5))), min(layer.shape[0], int(np.ceil(xs[-1] - 0.5)))
    workers = min(os.cpu_count() or 1, 8) if len(ys) > 500 else 1
    edges = np.linspace(first, last, workers + 1).astype(int).tolist()
    # Columns are nobody's but one worker's: the picture does not depend on how many there are.
    spans = [(a, b) for a, b in pairwise(edges) if b > a]

    def work(span: tuple[int, int]) -> None:
        _draw(layer, span, np.asarray(xs, np.float64), ys, colours, width / 2 + 0.5)

    if len(spans) == 1:
        work(spans[0])
    elif spans:
        with ThreadPoolExecutor(len(spans), thread_name_prefix="undertow-lines") as pool:
            list(pool.map(work, spans))


def _draw(
    layer: Layer,
    span: tuple[int, int],
    xs: npt.NDArray[np.float64],
    ys: npt.NDArray[Any],
    colours: npt.NDArray[Any],
    reach: float,
) -> None:
    """The pixels of some columns."""
    tall = layer.shape[1]
    # A pixel as one number of 16 bytes, which is taken and put back faster than four of 4.
    flat = layer.view(np.complex128).reshape(-1)
    columns = np.arange(*span)
    panel = np.clip(np.searchsorted(xs, columns + 0.5, side="right") - 1, 0, len(xs) - 2)
    across = np.diff(xs)
    share = ((columns + 0.5 - xs[panel]) / across[panel]).astype(np.float32)
    some = max(1, _PIECE // len(columns))
    for start in range(0, len(ys), some):
        lines = ys[start : start + some].astype(np.float32)
        rise = np.diff(lines, axis=1)
        cosine = (1 / np.sqrt(1 + (rise / across) ** 2)).astype(np.float32)[:, panel]
        y = lines[:, panel] + rise[:, panel] * share
        low = (np.minimum(lines[:, :-1], lines[:, 1:]) - reach)[:, panel]
        high = (np.maximum(lines[:, :-1], lines[:, 1:]) + reach)[:, panel]
        half = reach / cosine
        above = np.ceil(np.maximum(np.maximum(low, y - half) - 0.5, 0)).astype(np.int64)
        below = np.floor(np.minimum(np.minimum(high, y + half) - 0.5, tall - 1)).astype(np.int64)
        counts = np.maximum(0, below - above + 1)
        ends = np.cumsum(counts.sum(axis=1))
        counts = counts.ravel()
        # Every pixel that any of the lines touches, line after line: its number, and how far it lies below its line.
        origin = above.ravel() - (np.cumsum(counts) - counts)
        steps = np.arange(ends[-1])
        where = np.repeat(origin + np.tile(columns * tall, len(lines)), counts)
        where += steps
        away = np.repeat(origin - (y.ravel() - 0.5), counts)
        away += steps
        np.abs(away, out=away)
        away *= np.repeat(cosine.ravel(), counts)
        cover = np.clip(reach - away, 0, 1).astype(np.float32)
        begin = 0
        for line, end in enumerate(ends.tolist(), start):
            red, green, blue, alpha = colours[line]
            pixels = where[begin:end]
            strength = cover[begin:end, None] * np.float32(alpha)
            taken = flat.take(pixels)
            under = taken.view(np.float32).reshape(-1, 4)
            under *= 1 - strength
            under += strength * np.array([red, green, blue, 1], np.float32)
            flat[pixels] = taken
            begin = end


def straight(layer: Layer) -> npt.NDArray[np.uint8]:
    """The layer as bytes, row by row and not premultiplied. Shape (height, width, 4)."""
    out = np.empty((layer.shape[1], layer.shape[0], 4), np.uint8)
    for start in range(0, layer.shape[0], 256):
        part = layer[start : start + 256].transpose(1, 0, 2)
        alpha = part[..., 3:]
        colour = np.divide(part[..., :3], alpha, out=np.zeros_like(part[..., :3]), where=alpha > 0)
        out[:, start : start + 256, :3] = np.clip(255 * colour + 0.5, 0, 255)
        out[:, start : start + 256, 3:] = np.clip(255 * alpha + 0.5, 0, 255)
    return out

"""A picture as PNG: shapes by their distance from a pixel, lines by `_lines`, text by Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ._colour import Rgb
from ._encode import encode_png
from ._faces import drawn, measure
from ._lines import straight
from ._marks import Box, Disc, Lines, Mark, Picture, Ramp, Rule, Words

__all__ = ["as_png", "pixels_of"]

Pixels = npt.NDArray[np.uint8]
#: How strong the halo around text is, and how far it reaches in CSS pixels.
_HALO, _HALO_REACH = 0.85, 2


def as_png(picture: Picture, scale: float) -> bytes:
    """The bytes of a PNG file, at so many pixels a CSS pixel."""
    texts = {"Title": picture.title, "Description": picture.description, "Software": "Undertow"}
    return encode_png(pixels_of(picture, scale), scale, **texts)


def pixels_of(picture: Picture, scale: float) -> Pixels:
    """RGB. Shape (⌈height · scale⌉, ⌈width · scale⌉, 3)."""
    shape = (int(np.ceil(picture.height * scale)), int(np.ceil(picture.width * scale)), 3)
    canvas = np.empty(shape, np.uint8)
    canvas[:] = picture.ground
    for mark in picture.marks:
        _draw(canvas, mark, scale)
    return canvas


def _draw(canvas: Pixels, mark: Mark, k: float) -> None:
    if isinstance(mark, Rule):
        for stroke in _strokes(mark):
            _rule(canvas, stroke, k)
    elif isinstance(mark, Disc):
        for radius, colour in ((mark.radius + mark.width / 2, mark.stroke), (mark.radius - mark.width / 2, mark.fill)):
            _shape(canvas, mark.x * k, mark.y * k, 2 * radius * k, 2 * radius * k, radius * k, colour)
    elif isinstance(mark, Box):
        x, y = (mark.x + mark.width / 2) * k, (mark.y + mark.height / 2) * k
        inset = 1 if mark.stroke else 0
        if mark.stroke:
            _shape(canvas, x, y, mark.width * k, mark.height * k, mark.radius * k, mark.stroke)
        inner = (mark.width - 2 * inset) * k, (mark.height - 2 * inset) * k
        _shape(canvas, x, y, *inner, max(0, mark.radius - inset) * k, mark.fill)
    elif isinstance(mark, Ramp):
        _ramp(canvas, mark, k)
    elif isinstance(mark, Lines):
        layer = straight(mark.layer(k))
        y, x = round(mark.y * k), round(mark.x * k)
        part = canvas[y : y + layer.shape[0], x : x + layer.shape[1]]
        layer = layer[: part.shape[0], : part.shape[1]]
        for start in range(0, len(part), 64):
            rows = slice(start, start + 64)
            _blend(part[rows], layer[rows, :, :3], layer[rows, :, 3] / np.float32(255))
    else:
        _words(canvas, mark, k)


def _strokes(rule: Rule) -> Iterator[Rule]:
    """A dashed stroke in pieces."""
    if rule.dash is None:
        yield rule
        return
    length = float(np.hypot(rule.x1 - rule.x0, rule.y1 - rule.y0))
    way = ((rule.x1 - rule.x0) / length, (rule.y1 - rule.y0) / length)
    for at in np.arange(0, length, sum(rule.dash)).tolist():
        end = min(length, at + rule.dash[0])
        yield replace(
            rule,
            x0=rule.x0 + at * way[0],
            y0=rule.y0 + at * way[1],
            x1=rule.x0 + end * way[0],
            y1=rule.y0 + end * way[1],
            dash=None,
        )


def _rule(canvas: Pixels, rule: Rule, k: float) -> None:
    x0, y0, x1, y1 = rule.x0 * k, rule.y0 * k, rule.x1 * k, rule.y1 * k
    length = float(np.hypot(x1 - x0, y1 - y0))
    if length == 0:
        return
    half = rule.width * k / 2
    part, xs, ys = _around(canvas, min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half)
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    u = (xs - (x0 + x1) / 2) * dx + (ys - (y0 + y1) / 2) * dy
    v = (xs - (x0 + x1) / 2) * dy - (ys - (y0 + y1) / 2) * dx
    cover = np.clip(length / 2 + 0.5 - np.abs(u), 0, 1) * np.clip(half + 0.5 - np.abs(v), 0, min(1, 2 * half))
    _blend(part, rule.colour, cover * rule.opacity)


def _shape(canvas: Pixels, x: float, y: float, width: float, height: float, radius: float, colour: Rgb) -> None:
    """A rounded rectangle around a point; a circle where its radius is half its width."""
    part, xs, ys = _around(canvas, x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    _blend(part, colour, _rounded(xs - x, ys - y, width, height, radius))


def _rounded(
    dx: npt.NDArray[Any], dy: npt.NDArray[Any], width: float, height: float, radius: float
) -> npt.NDArray[np.float64]:
    radius = min(radius, width / 2, height / 2)
    a, b = np.abs(dx) - width / 2 + radius, np.abs(dy) - height / 2 + radius
    distance = np.hypot(np.maximum(a, 0), np.maximum(b, 0)) + np.minimum(np.maximum(a, b), 0) - radius
    return np.asarray(np.clip(0.5 - distance, 0, 1), np.float64)


def _ramp(canvas: Pixels, ramp: Ramp, k: float) -> None:
    x, y, width, height = ramp.x * k, ramp.y * k, ramp.width * k, ramp.height * k
    part, xs, ys = _around(canvas, x, y, x + width, y + height)
    at = np.clip((xs - x) / width, 0, 1)
    colours = np.broadcast_to(ramp.colours[np.floor(255 * at + 0.5).astype(int)], part.shape)
    _blend(part, colours, _rounded(xs - x - width / 2, ys - y - height / 2, width, height, height / 2))


def _words(canvas: Pixels, words: Words, k: float) -> None:
    wide = measure(words.text, words.size, words.bold)
    left = words.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[words.anchor] * wide
    # Capitals stand in the middle of their line.
    x, y = left * k, (words.y + 0.36 * words.size) * k
    whole = int(np.floor(x)), int(np.floor(y + 0.5))
    letters, halo, pad = drawn(
        words.text,
        words.size * k,
        bold=words.bold,
        italic=words.italic,
        offset=(x - whole[0], 0.0),
        halo=_HALO_REACH * k if words.halo else 0.0,
    )
    for cover, colour, strength in ((halo, words.halo, _HALO), (letters, words.colour, 1.0)):
        if colour is None:
            continue
        top, side = whole[1] - pad, whole[0] - pad
        cut = cover[max(0, -top) :, max(0, -side) :]
        part = canvas[max(0, top) :, max(0, side) :][: cut.shape[0], : cut.shape[1]]
        _blend(part, colour, cut[: part.shape[0], : part.shape[1]] * np.float32(strength / 255))


def _around(
    canvas: Pixels, x0: float, y0: float, x1: float, y1: float
) -> tuple[Pixels, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The pixels of a rectangle and a little more, and the middles of its columns and rows."""
    left, top = max(0, int(np.floor(x0)) - 1), max(0, int(np.floor(y0)) - 1)
    part = canvas[top : max(top, int(np.ceil(y1)) + 1), left : max(left, int(np.ceil(x1)) + 1)]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    return part, columns.astype(np.float64) + left + 0.5, rows.astype(np.float64) + top + 0.5


def _blend(part: Pixels, colour: Any, cover: npt.NDArray[Any]) -> None:
    cover = np.asarray(cover, np.float32)[..., None]
    under = part.astype(np.float32)
    part[:] = under + (np.asarray(colour, np.float32) - under) * cover + np.float32(0.5)

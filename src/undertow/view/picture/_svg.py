"""A picture as SVG: text that can be searched, shapes, and the lines as paths as long as they are few."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from ._colour import Rgb
from ._encode import encode_png
from ._lines import straight
from ._marks import Box, Disc, Lines, Mark, Picture, Ramp, Rule, Words
from ._text import FAMILY

__all__ = ["MOST_PATHS", "as_svg"]

#: More lines than this are embedded as pixels, under axes and words that stay sharp.
MOST_PATHS = 2000
_STOPS = 32


def as_svg(picture: Picture, scale: float) -> bytes:
    """The bytes of an SVG file; its pixels, where it has any, at so many a CSS pixel."""
    family = ", ".join(f"'{face}'" if " " in face else face for face in FAMILY)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width}" height="{picture.height}" '
        f'viewBox="0 0 {picture.width} {picture.height}" role="img" aria-labelledby="title description" '
        f'font-family="{family}, sans-serif" style="font-variant-numeric: tabular-nums">',
        f'<title id="title">{_text(picture.title)}</title>',
        f'<desc id="description">{_text(picture.description)}</desc>',
        f'<rect width="{picture.width}" height="{picture.height}" fill="{_hex(picture.ground)}"/>',
    ]
    for i, mark in enumerate(picture.marks):
        parts += _written(mark, scale, i)
    return "\n".join([*parts, "</svg>\n"]).encode()


def _written(mark: Mark, scale: float, i: int) -> Iterator[str]:
    if isinstance(mark, Rule):
        dash = "" if mark.dash is None else f' stroke-dasharray="{_n(mark.dash[0])} {_n(mark.dash[1])}"'
        opacity = "" if mark.opacity == 1 else f' stroke-opacity="{_n(mark.opacity)}"'
        yield (
            f'<path d="M{_n(mark.x0)} {_n(mark.y0)}L{_n(mark.x1)} {_n(mark.y1)}" stroke="{_hex(mark.colour)}" '
            f'stroke-width="{_n(mark.width)}"{opacity}{dash}/>'
        )
    elif isinstance(mark, Disc):
        yield (
            f'<circle cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{_n(mark.radius)}" fill="{_hex(mark.fill)}" '
            f'stroke="{_hex(mark.stroke)}" stroke-width="{_n(mark.width)}"/>'
        )
    elif isinstance(mark, Box):
        inset = 0.5 if mark.stroke else 0
        rim = f' stroke="{_hex(mark.stroke)}"' if mark.stroke else ""
        x, y, width, height = mark.x + inset, mark.y + inset, mark.width - 2 * inset, mark.height - 2 * inset
        yield (
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'rx="{_n(max(0, mark.radius - inset))}" fill="{_hex(mark.fill)}"{rim}/>'
        )
    elif isinstance(mark, Ramp):
        picked = np.linspace(0, len(mark.colours) - 1, _STOPS + 1).round().astype(int)
        stops = (tuple(map(int, colour)) for colour in mark.colours[picked])
        yield f'<linearGradient id="ramp{i}">'
        yield "".join(
            f'<stop offset="{_n(k / _STOPS)}" stop-color="{_hex(stop)}"/>'  # type: ignore[arg-type]
            for k, stop in enumerate(stops)
        )
        yield "</linearGradient>"
        yield (
            f'<rect x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}" '
            f'rx="{_n(mark.height / 2)}" fill="url(#ramp{i})"/>'
        )
    elif isinstance(mark, Lines):
        yield from _lines(mark, scale)
    else:
        yield _words(mark)


def _lines(lines: Lines, scale: float) -> Iterator[str]:
    if lines.ys is None or lines.colours is None or len(lines.ys) > MOST_PATHS:
        # Whoever opens it need ask nobody for anything.
        data = base64.b64encode(encode_png(straight(lines.layer(scale)))).decode()
        yield (
            f'<image x="{_n(lines.x)}" y="{_n(lines.y)}" width="{_n(lines.width)}" height="{_n(lines.height)}" '
            f'href="data:image/png;base64,{data}"/>'
        )
        return
    yield (
        f'<g fill="none" stroke-width="{_n(lines.stroke)}" stroke-opacity="{_n(lines.opacity)}" '
        f'stroke-linejoin="round" transform="translate({_n(lines.x)} {_n(lines.y)})">'
    )
    for ys, colour in zip(lines.ys, lines.colours.tolist(), strict=True):
        yield f'<path d="{_path(lines.xs, ys)}" stroke="{_hex(tuple(colour))}"/>'
    yield "</g>"


def _path(xs: Any, ys: npt.NDArray[Any]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in zip(xs, ys.tolist(), strict=True))


def _words(words: Words) -> str:
    anchor = "" if words.anchor == "start" else f' text-anchor="{words.anchor}"'
    face = (' font-weight="600"' if words.bold else "") + (' font-style="italic"' if words.italic else "")
    halo = (
        f' stroke="{_hex(words.halo)}" stroke-width="4" stroke-opacity="0.85" stroke-linejoin="round" '
        'paint-order="stroke"'
        if words.halo
        else ""
    )
    # Not `dominant-baseline`, which not every program knows: capitals stand in the middle of their line.
    y = words.y + 0.36 * words.size
    return (
        f'<text x="{_n(words.x)}" y="{_n(y)}" font-size="{_n(words.size)}" fill="{_hex(words.colour)}"'
        f"{anchor}{face}{halo}>{_text(words.text)}</text>"
    )


def _text(text: str) -> str:
    return escape(text)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _n(value: float) -> str:
    """A number to a hundredth, as short as it goes."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text

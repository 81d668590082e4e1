"""What colour a line has: the twin of `web/src/core/colour.ts`, `schemes.ts` and `oklab.ts`."""

from __future__ import annotations

import colorsys
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...schema import Colouring, parse_scheme

__all__ = ["HUES", "Ink", "Palette", "Rgb", "ThemeName", "dressed", "ink", "palette", "row_colours"]

ThemeName = Literal["light", "dark"]
Rgb = tuple[int, int, int]
#: 256 colours from low to high. Shape (256, 3).
Ramp = npt.NDArray[np.uint8]

#: Categories up to so many have a hue each where lines are many.
HUES = 8

#: OKLCH stops of the page's own ramp: lightness, chroma, hue in degrees.
_TIDE = {
    "light": [(0.33, 0.135, 282), (0.45, 0.12, 245), (0.56, 0.105, 205), (0.67, 0.125, 155), (0.77, 0.155, 90)],
    "dark": [(0.5, 0.17, 285), (0.6, 0.135, 248), (0.7, 0.115, 205), (0.8, 0.13, 155), (0.9, 0.16, 95)],
}
#: Okabe and Ito's set, told apart by the colour-blind, a little moved: https://jfly.uni-koeln.de/color/
_CATEGORIES: dict[str, tuple[Rgb, ...]] = {
    "light": (
        *((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167)),
        *((176, 137, 0), (74, 155, 214), (110, 64, 170), (90, 96, 104)),
    ),
    "dark": (
        *((86, 180, 233), (240, 138, 70), (42, 191, 146), (224, 150, 192)),
        *((240, 214, 72), (120, 150, 240), (178, 140, 232), (170, 178, 188)),
    ),
}
#: Lightness that stands out from the ground of each theme.
_SEEN = {"light": (0.25, 0.84), "dark": (0.44, 0.97)}


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours of everything but the lines, as the page's style sheet has them."""

    ground: Rgb
    card: Rgb
    text: Rgb
    muted: Rgb
    faint: Rgb
    line: Rgb
    accent: Rgb
    halo: Rgb


_INKS = {
    "light": "f3f6f8 ffffff 14222c 566873 dbe3e8 8496a1 0a7189 ffffff",
    "dark": "0a1117 0f1922 e3ecf1 93a6b2 22303b 647783 4fc4dc 0f1922",
}


def ink(theme: ThemeName) -> Ink:
    """The colours of a theme."""
    return Ink(*(_hex(text) for text in _INKS[theme].split()))


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of lines.

    Attributes:
        plain: A line when nothing colours it.
        unknown: A line whose colour value is missing or not finite.
        ramp: By place on the colour column's axis. Shape (256, 3).
        categories: A hue a category.
    """

    plain: Rgb
    unknown: Rgb
    ramp: Ramp
    categories: tuple[Rgb, ...]


@cache
def palette(theme: ThemeName) -> Palette:
    """The page's own palette."""
    light = theme == "light"
    return Palette(
        plain=(22, 104, 140) if light else (96, 190, 214),
        unknown=(150, 40, 60) if light else (255, 120, 130),
        ramp=_tide(theme),
        categories=_CATEGORIES[theme],
    )


def dressed(
    base: Palette,
    theme: ThemeName,
    wanted: Colouring,
    middle: float | None,
    categories: Sequence[str] | None,
    most: int,
) -> Palette:
    """A palette as a colouring has it.

    Args:
        base: The theme's own.
        theme: Light or dark.
        wanted: What was chosen.
        middle: Where the midpoint stands on the column's scale, in (0, 1); None for none.
        categories: The column's categories; None for numbers.
        most: How many categories may have a hue each.
    """
    known = _known()
    named = wanted.scheme if isinstance(wanted.scheme, str) else None
    name, suffix = parse_scheme(named or "")
    name = name.lower()
    ramp, hues = base.ramp, list(base.categories)
    if named is None:
        stops = [parsed(text) for text in wanted.scheme]
        if stops and None not in stops:
            ramp = _between([stop for stop in stops if stop is not None])
        if categories is not None:
            hues = [stop for stop in stops if stop is not None]
    elif name in known["ramps"]:
        ramp = _fitted(_between(_many(known["ramps"][name])), theme)
    elif name in known["hues"]:
        hues = _many(known["hues"][name])
    hues = hues[: max(most, len(base.categories))]
    if categories is not None and len(categories) <= most:
        own = [
            parsed(wanted.own.get(each, "")) or (hues[i] if i < len(hues) else None)
            for i, each in enumerate(categories)
        ]
        if None not in own:
            hues = [hue for hue in own if hue is not None] + hues[len(own) :]
    hues = hues[: max(most, min(len(hues), len(base.categories)))]
    return replace(base, ramp=_warped(ramp, wanted.reversed != (suffix == "inverse"), middle), categories=tuple(hues))


def row_colours(
    rows: int, places: npt.NDArray[np.float32] | None, codes: npt.NDArray[Any] | None, count: int, colours: Palette
) -> npt.NDArray[np.uint8]:
    """The colour of every row.

    Args:
        rows: How many there are.
        places: Their places on the colour column's axis; None where nothing colours them. Shape (rows,).
        codes: Their categories; None for numbers. Shape (rows,).
        count: How many categories there are.
        colours: The palette.

    Returns:
        Shape (rows, 3).
    """
    if places is None:
        return np.tile(np.array(colours.plain, np.uint8), (rows, 1))
    if codes is not None and count <= len(colours.categories):
        found = np.array(colours.categories, np.uint8)[codes]
    else:
        found = colours.ramp[ramp_index(np.clip(places, 0, 1))]
    found[places > 1] = colours.unknown
    return np.asarray(found, np.uint8)


def ramp_index(places: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Which of the 256 colours a place in [0, 1] has."""
    return np.floor(255 * np.asarray(places, np.float64) + 0.5).astype(np.int64)


def parsed(text: str) -> Rgb | None:
    """A colour as CSS writes it; None for what is none."""
    text = text.strip().lower()
    if match := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", text):
        digits = match[1]
        return _hex("".join(2 * digit for digit in digits) if len(digits) == 3 else digits)
    if match := re.fullmatch(r"(rgb|hsl)a?\(\s*(.+?)\s*\)", text):
        parts = [part for part in re.split(r"[\s,/]+", match[2]) if part][:3]
        try:
            numbers = [float(part.removesuffix("%").removesuffix("deg")) for part in parts]
        except ValueError:
            return None
        if len(numbers) != 3:
            return None
        if match[1] == "hsl":
            hue, saturation, lightness = numbers
            mixed = colorsys.hls_to_rgb(hue % 360 / 360, _unit(lightness / 100), _unit(saturation / 100))
            return _bytes([255 * channel for channel in mixed])
        return _bytes(
            [number * 255 / 100 if "%" in part else number for number, part in zip(numbers, parts, strict=True)]
        )
    word = _known()["words"].get(text)
    return _hex(word) if word else None


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))


def _bytes(channels: Sequence[float]) -> Rgb:
    r, g, b = (min(255, max(0, int(channel + 0.5))) for channel in channels)
    return r, g, b


def _hex(text: str) -> Rgb:
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _many(text: str) -> list[Rgb]:
    return [_hex(text[i : i + 6]) for i in range(0, len(text), 6)]


@cache
def _known() -> dict[str, dict[str, str]]:
    """d3's schemes and CSS' words, as `tests/vectors/make_colours.mjs` wrote them down."""
    known: dict[str, dict[str, str]] = json.loads(files(__package__).joinpath("schemes.json").read_text("utf-8"))
    return known


def _between(stops: Sequence[Rgb]) -> Ramp:
    at = np.linspace(0, len(stops) - 1, 256)
    channels = np.array(stops, np.float64).reshape(-1, 3).T
    return np.floor(np.stack([np.interp(at, np.arange(len(stops)), each) for each in channels], 1) + 0.5).astype(
        np.uint8
    )


def _warped(ramp: Ramp, turned: bool, middle: float | None) -> Ramp:
    """The ramp turned round, and bent so that its middle stands at `middle`."""
    t = np.arange(256) / 255
    if middle is not None:
        t = np.where(t < middle, 0.5 * t / middle, 0.5 + 0.5 * (t - middle) / (1 - middle))
    return np.asarray(ramp[ramp_index(1 - t if turned else t)], np.uint8)


def _tide(theme: ThemeName) -> Ramp:
    stops = np.array(_TIDE[theme])
    angle = np.radians(stops[:, 2])
    lab = np.stack([stops[:, 0], stops[:, 1] * np.cos(angle), stops[:, 1] * np.sin(angle)], axis=1)
    at = np.arange(256) / 255 * (len(lab) - 1)
    k = np.minimum(len(lab) - 2, at.astype(int))
    f = (at - k)[:, None]
    # Smooth in a and b, straight in lightness: no band stands out where two pieces meet.
    share = np.concatenate([f, *2 * [f * f * (3 - 2 * f)]], axis=1)
    return _to_rgb(lab[k] + share * (lab[k + 1] - lab[k]))


def _fitted(ramp: Ramp, theme: ThemeName) -> Ramp:
    """The ramp with its lightness pressed together where some of it would vanish in the ground."""
    lab = _from_rgb(ramp)
    low, high = lab[:, 0].min(), lab[:, 0].max()
    least, most = max(low, _SEEN[theme][0]), min(high, _SEEN[theme][1])
    if (low, high) == (least, most):
        return ramp
    lab[:, 0] = least + (lab[:, 0] - low) * (max(0.0, most - least) / (high - low) if high > low else 1.0)
    return _to_rgb(lab)


#: OKLab: https://bottosson.github.io/posts/oklab/
_LMS = np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]])
_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


def _to_rgb(lab: npt.NDArray[np.float64]) -> Ramp:
    linear = np.clip((lab @ _LMS.T) ** 3 @ _RGB.T, 0, 1)
    bent = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
    return np.asarray(np.floor(255 * bent + 0.5), np.uint8)


def _from_rgb(ramp: Ramp) -> npt.NDArray[np.float64]:
    c = ramp / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ np.linalg.inv(_RGB).T) @ np.linalg.inv(_LMS).T, np.float64)

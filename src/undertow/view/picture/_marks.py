"""What a picture is made of, whoever writes it down. Lengths are CSS pixels from the top left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy.typing as npt

from ._colour import Rgb
from ._lines import Layer

__all__ = ["Anchor", "Box", "Disc", "Lines", "Mark", "Picture", "Ramp", "Rule", "Words", "moved"]


Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight stroke, with lengths of strokes and gaps where it is dashed."""

    x0: float
    y0: float
    x1: float
    y1: float
    colour: Rgb
    width: float = 1.0
    opacity: float = 1.0
    dash: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle with a rim."""

    x: float
    y: float
    radius: float
    fill: Rgb
    stroke: Rgb
    width: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, rounded, with a rim where `stroke` is set; the rim lies half within."""

    x: float
    y: float
    width: float
    height: float
    fill: Rgb
    radius: float = 0.0
    stroke: Rgb | None = None


@dataclass(frozen=True, slots=True)
class Ramp:
    """A bar that runs through colours from left to right, its ends round. Shape of the colours: (256, 3)."""

    x: float
    y: float
    width: float
    height: float
    colours: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text around the middle height `y`."""

    x: float
    y: float
    text: str
    size: float
    colour: Rgb
    anchor: Anchor = "start"
    bold: bool = False
    italic: bool = False
    halo: Rgb | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the plot, within a rectangle.

    Attributes:
        x: The rectangle's left end; likewise the others.
        y: Its top.
        width: Its width.
        height: Its height.
        xs: Where lines bend, from the rectangle's left end. Shape (axes,).
        ys: How high each line is there, from its top. Shape (lines, axes); none where the lines are too many.
        colours: RGB a line. Shape (lines, 3).
        stroke: How wide a line is.
        opacity: How strong.
        layer: Draws the rectangle at so many pixels a CSS pixel.
    """

    x: float
    y: float
    width: float
    height: float
    xs: Sequence[float] = ()
    ys: npt.NDArray[Any] | None = None
    colours: npt.NDArray[Any] | None = None
    stroke: float = 1.0
    opacity: float = 1.0
    draw: Any = field(default=None, repr=False)

    def layer(self, ratio: float) -> Layer:
        """The rectangle as pixels."""
        layer: Layer = self.draw(ratio)
        return layer


Mark = Rule | Disc | Box | Ramp | Words | Lines


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark at another place."""
    if isinstance(mark, Rule):
        return replace(mark, x0=mark.x0 + dx, x1=mark.x1 + dx, y0=mark.y0 + dy, y1=mark.y1 + dy)
    return replace(mark, x=mark.x + dx, y=mark.y + dy)


@dataclass(frozen=True, slots=True)
class Picture:
    """Marks on a ground, the first lowest, and what a reader that cannot see is told."""

    width: int
    height: int
    ground: Rgb
    marks: tuple[Mark, ...]
    title: str
    description: str

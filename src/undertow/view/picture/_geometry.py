"""Where everything in a plot lies, in CSS pixels from its corner: the twin of `web/src/ui/parallel/geometry.ts`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import ViewError
from ._columns import Columns
from ._groups import Groups, within
from ._scale import LOWER_SLOTS
from ._text import Measure, broken, fitted, readable

__all__ = ["LEAST_SPACING", "NAME", "TICK", "Geometry", "lay_out", "width_for"]

#: Between the foot of an axis and its first gutter, and between gutters.
_LANE = 20
#: A line of an axis' name, its size, and what stands around it.
NAME = {"line": 15, "size": 12.5, "above": 8, "below": 24}
#: The size of a tick's label, and what it keeps from its axis and from whatever stands to its left.
TICK = {"size": 11.5, "near": 9, "far": 6}
_BRACKET, _FOLDS, _GRIPS, _DIRECTION = 22, 21, 18, 18
_LEAST_LEFT, _LEAST_RIGHT = 72, 44
#: Axes closer than this are made room for; closer than `_CLOSEST` nobody could read them.
LEAST_SPACING = 76
_CLOSEST = 48
_LEAST_LENGTH = 80
_MOST_LINES = 10


@dataclass(frozen=True)
class Geometry:
    """A plot, laid out.

    Attributes:
        width: Of the plot.
        height: Likewise.
        head: The y of the axes' heads.
        foot: Of their feet.
        slots: The y of every slot, from +∞ on; those that no axis uses lie with the foot.
        xs: The x of every axis.
        names: Each axis' name in lines.
        bottom: The y that the names stand on.
        brackets: The top of the lane for groups that are unfolded.
        direction: The middle of the lane that says which way the current runs.
    """

    width: float
    height: float
    head: float
    foot: float
    slots: tuple[float, ...]
    xs: tuple[float, ...]
    names: tuple[tuple[str, ...], ...]
    bottom: float
    brackets: float
    direction: float

    @property
    def length(self) -> float:
        """From foot to head."""
        return self.foot - self.head

    def heights(self, places: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """The y of places in [0, 1] and of slots. Shape as `places`."""
        on_scale = self.foot + places.astype(np.float64) * (self.head - self.foot)
        slots = np.array(self.slots)[np.clip(places.astype(np.int64) - 2, 0, 4)]
        return np.where(places > 1, slots, on_scale)

    def y(self, place: float) -> float:
        """The y of one place."""
        return float(self.heights(np.array([place]))[0])


def width_for(axes: int) -> int:
    """How wide a plot is at least in which so many axes can be read at ease."""
    return _LEAST_LEFT + _LEAST_RIGHT + LEAST_SPACING * max(0, axes - 1)


def lay_out(
    columns: Columns, axes: Sequence[str], groups: Groups, width: float, height: float | None, measure: Measure
) -> Geometry:
    """Lays a plot out.

    Args:
        columns: The frame's.
        axes: From left to right.
        groups: What is folded in the frame.
        width: Of the plot.
        height: Of the plot; None for what it needs at least.
        measure: How wide a text is.

    Raises:
        ViewError: If there is too little room.
    """
    names = [_name(columns, name, groups) for name in axes]
    used = {slot for name in axes for slot in columns.slots(name)}
    lower = [slot for slot in LOWER_SLOTS if slot in used]
    brackets = _BRACKET if any(groups.parent(name) for name in axes) else 0
    folds = _FOLDS if any(groups.has(name) for name in axes) else 0
    direction = _DIRECTION if columns.frame.lens == "flow" else 0
    top = NAME["above"] + brackets + folds

    def lines_within(spacing: float, most: int) -> tuple[list[tuple[str, ...]], int]:
        room = max(44.0, min(150.0, (spacing or 160.0) - 8)) - 2
        found = []
        for name in names:
            lines = broken(name, room, measure, NAME["size"], True)
            if len(lines) > most:
                lines = [*lines[: most - 1], fitted("".join(lines[most - 1 :]), room, measure, NAME["size"], True)]
            found.append(tuple(lines))
        # A unit stands below its name, where there is more than one line to spare.
        tallest = max(
            (len(lines) + bool(columns.info(axis).unit) for axis, lines in zip(axes, found, strict=True)), default=1
        )
        return found, tallest

    def vertical(tallest: int) -> tuple[float, float, float, float]:
        name_height = NAME["line"] * max(2, tallest) + 12
        head = top + name_height + NAME["below"] - 12 + (_LANE if 2 in used else 0)
        below = _GRIPS + direction + len(lower) * _LANE
        tall = height if height is not None else head + _LEAST_LENGTH + below
        return name_height, head, tall - below, tall

    # Again and again: how wide the outer labels are depends on how long the axes are, and that on the names' lines.
    left, right = float(_LEAST_LEFT), float(_LEAST_RIGHT)
    most = _MOST_LINES if height is None else min(_MOST_LINES, max(2, int(0.3 * height / 15)))
    for _ in range(3):
        spacing = (width - left - right) / (len(axes) - 1) if len(axes) > 1 else 0.0
        lines, tallest = lines_within(spacing, most)
        name_height, head, foot, tall = vertical(tallest)
        left, right = _sides(columns, axes, lines, max(_LEAST_LENGTH, foot - head), width, measure)
    spacing = (width - left - right) / (len(axes) - 1) if len(axes) > 1 else 0.0
    if len(axes) > 1 and spacing < _CLOSEST:
        needed = int(left + right + _CLOSEST * (len(axes) - 1)) + 1
        raise ViewError(f"{len(axes)} axes need a plot {needed} px wide, and this one has {width:.0f}")
    if foot - head < _LEAST_LENGTH:
        short = int(_LEAST_LENGTH - (foot - head)) + 1
        raise ViewError(f"the axes and their names need {short} px more height")
    slots = [head - _LANE] + [foot + (lower.index(slot) + 1) * _LANE if slot in lower else foot for slot in LOWER_SLOTS]
    return Geometry(
        width=width,
        height=tall,
        head=head,
        foot=foot,
        slots=tuple(slots),
        xs=tuple(left + i * spacing for i in range(len(axes))) if len(axes) > 1 else (width / 2,) * len(axes),
        names=tuple(lines),
        bottom=top + name_height - 5,
        brackets=NAME["above"] - 2,
        direction=tall - 11,
    )


def _name(columns: Columns, name: str, groups: Groups) -> str:
    """What an axis is called where it stands: its group is named above it."""
    label: Callable[[str], str] = lambda of: columns.info(of).label or of  # noqa: E731
    group = groups.parent(name)
    return readable(label(name) if group is None else within(label(name), label(group)))


def _sides(
    columns: Columns,
    axes: Sequence[str],
    names: Sequence[Sequence[str]],
    length: float,
    width: float,
    measure: Measure,
) -> tuple[float, float]:
    """What the outer axes' labels need beside them, within a third of the plot."""
    half = [max(measure(line, NAME["size"], True) for line in lines) / 2 + 6 for lines in (names[0], names[-1])]
    labels = [readable(tick.label) for tick in columns.scale(axes[0]).ticks(length)]
    widest = max((measure(label, TICK["size"], False) for label in labels), default=0.0)
    left = max(_LEAST_LEFT, half[0], min(width / 3, 260, int(widest + 1) + TICK["near"] + TICK["far"]))
    return left, max(float(_LEAST_RIGHT), half[1])

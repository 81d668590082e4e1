"""What the colours mean: a bar with the column's own ticks, or a swatch a category. As `web/src/ui/legend.tsx`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ._colour import Ink, Palette, Rgb
from ._columns import Columns
from ._marks import Anchor, Box, Mark, Ramp, Words, moved
from ._scale import SLOT_LABELS
from ._text import Measure, fitted, readable
from ._ticks import Tick

__all__ = ["Legend", "legend_of"]

#: More swatches than this are left out, and counted.
_MOST = 8
_BAR = 190
_SIZE = 12.5
#: A line of the legend, and what stands between its parts.
_LINE, _GAP = 24, 16
_SWATCH, _NEAR = 14, 6
_LONGEST = 360


@dataclass(frozen=True)
class Legend:
    """A legend in lines, each with how wide it is and its marks from its own top left corner."""

    lines: tuple[tuple[float, tuple[Mark, ...]], ...]

    @property
    def width(self) -> float:
        """Of the longest line."""
        return max((width for width, _ in self.lines), default=0.0)

    @property
    def height(self) -> float:
        """Of all lines; the ticks of a bar need a little more than words."""
        return len(self.lines) * _LINE + 6 if self.lines else 0.0


@dataclass(frozen=True)
class _Part:
    width: float
    marks: tuple[Mark, ...]


def legend_of(columns: Columns, colours: Palette, ink: Ink, room: float, measure: Measure) -> Legend:
    """The legend of a frame, in lines no wider than `room`; nothing where nothing colours the lines."""
    name = columns.frame.color
    if name is None:
        return Legend(())
    info = columns.info(name)
    label = readable(f"{info.label or name} ({info.unit})" if info.unit else info.label or name)
    parts = [_words(label, min(room, _LONGEST), ink.text, measure, bold=True)]
    names = columns.names(name)
    if names is not None and len(names) <= len(colours.categories):
        hues = zip(names[:_MOST], colours.categories, strict=False)
        parts += [_swatch(readable(each), hue, room, ink, measure) for each, hue in hues]
        if len(names) > _MOST:
            parts.append(_words(f"and {len(names) - _MOST} more", room, ink.muted, measure))
    else:
        parts.append(_bar(columns, name, colours, ink, min(_BAR, room), measure))
    if slots := columns.slots(name):
        parts.append(_swatch(", ".join(SLOT_LABELS[slot] for slot in slots), colours.unknown, room, ink, measure))
    return Legend(tuple(_lines(parts, room)))


def _lines(parts: Sequence[_Part], room: float) -> list[tuple[float, tuple[Mark, ...]]]:
    """Parts one after another, broken where a line is full."""
    lines: list[tuple[float, tuple[Mark, ...]]] = []
    for part in parts:
        reached, marks = lines[-1] if lines else (room, ())
        if not lines or reached + _GAP + part.width > room:
            lines.append((part.width, part.marks))
        else:
            shifted = tuple(moved(mark, reached + _GAP, 0) for mark in part.marks)
            lines[-1] = (reached + _GAP + part.width, (*marks, *shifted))
    return lines


def _words(text: str, room: float, colour: Rgb, measure: Measure, *, bold: bool = False) -> _Part:
    text = fitted(text, room, measure, _SIZE, bold)
    return _Part(measure(text, _SIZE, bold), (Words(0, _LINE / 2, text, _SIZE, colour, bold=bold),))


def _swatch(text: str, hue: Rgb, room: float, ink: Ink, measure: Measure) -> _Part:
    words = _words(text, min(room - _SWATCH - _NEAR, _LONGEST), ink.text, measure)
    stroke = Box(0, _LINE / 2 - 2, _SWATCH, 4, hue, 2)
    return _Part(_SWATCH + _NEAR + words.width, (stroke, *(moved(mark, _SWATCH + _NEAR, 0) for mark in words.marks)))


def _bar(columns: Columns, name: str, colours: Palette, ink: Ink, width: float, measure: Measure) -> _Part:
    ticks = [tick for tick in columns.scale(name).ticks(width) if tick.label]
    marks: list[Mark] = [Ramp(0, 3, width, 9, colours.ramp)]
    for x, anchor, text in _spaced(ticks, width, measure):
        marks.append(Words(x, 21, text, 11, ink.muted, anchor))
    return _Part(width, tuple(marks))


def _spaced(ticks: Sequence[Tick], width: float, measure: Measure) -> list[tuple[float, Anchor, str]]:
    """The two ends, and of the ticks between them those whose labels have room."""
    ordered = sorted(ticks, key=lambda tick: tick.position)
    if not ordered:
        return []
    texts = [readable(tick.label) for tick in ordered]
    widths = [measure(text, 11, False) for text in texts]
    if len(ordered) == 1:
        return [(width / 2, "middle", fitted(texts[0], width, measure, 11))]
    if widths[0] + widths[-1] + 8 > width:
        half = (width - 8) / 2
        texts[0], texts[-1] = (fitted(text, half, measure, 11) for text in (texts[0], texts[-1]))
        return [(0, "start", texts[0]), (width, "end", texts[-1])]
    found: list[tuple[float, Anchor, str]] = [(0.0, "start", texts[0])]
    reached, end = widths[0] + 8, width - widths[-1] - 8
    for tick, text, wide in list(zip(ordered, texts, widths, strict=True))[1:-1]:
        x = width * tick.position
        if reached <= x - wide / 2 and x + wide / 2 <= end:
            found.append((x, "middle", text))
            reached = x + wide / 2 + 8
    return [*found, (width, "end", texts[-1])]

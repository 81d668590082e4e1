"""A frame as a picture: title, note, legend and the parallel plot, as the page has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import ViewError
from ...frame import Frame
from ._colour import Ink, ThemeName, ink
from ._columns import Columns
from ._format import format_short
from ._geometry import NAME, TICK, Geometry, lay_out, width_for
from ._groups import Groups, direction_of, stretches
from ._legend import Legend, legend_of
from ._marks import Anchor, Box, Disc, Mark, Picture, Rule, Words, moved
from ._scale import SLOT_LABELS
from ._scene import lines_of, palette_of
from ._text import Measure, broken, fitted, readable

__all__ = ["compose"]

#: What a picture that nobody gave a size measures.
_WIDTH, _HEIGHT = 1280, 720
_LEAST_WIDTH = 240
_MARGIN = 24
_TOP = 18
_TITLE, _NOTE = 17, 13


def compose(
    frame: Frame,
    title: str,
    note: str,
    theme: ThemeName,
    width: int | None,
    height: int | None,
    measure: Measure,
) -> Picture:
    """Lays a frame out as a picture.

    Args:
        frame: What is drawn.
        title: Stands at its top.
        note: Below the title.
        theme: Light or dark.
        width: CSS pixels; None for 1280, or more where the axes need them.
        height: CSS pixels; None for 720, or more where the names need them.
        measure: How wide a text is.

    Raises:
        ViewError: If the axes find no room.
    """
    axes = frame.axes or tuple(column.name for column in frame)
    margin = _MARGIN if width is None or width >= 480 else 12
    wide = max(_WIDTH, width_for(len(axes)) + 2 * margin) if width is None else width
    if wide < _LEAST_WIDTH:
        raise ViewError(f"a picture is at least {_LEAST_WIDTH} px wide, not {wide}")
    columns, colours = Columns(frame), ink(theme)
    groups = Groups(frame)
    palette = palette_of(columns, theme)
    legend = legend_of(columns, palette, colours, wide - 2 * margin, measure) if len(frame) else Legend(())
    header, top = _header(readable(title), readable(note), legend, wide, margin, colours, measure)
    plot_width, plot_height = wide - 2 * margin, None if height is None else height - top - margin
    marks: list[Mark] = list(header)
    if len(frame) == 0 or not axes:
        tall = height or _HEIGHT
        words = "There are no rows to draw." if axes else "There is nothing to draw."
        card = Box(margin, top, plot_width, max(40, tall - top - margin), colours.card, 12, colours.faint)
        marks += [card, Words(wide / 2, card.y + card.height / 2, words, 13, colours.muted, "middle")]
        return Picture(wide, tall, colours.ground, tuple(marks), readable(title), words)
    if plot_height is None:
        least = lay_out(columns, axes, groups, plot_width, None, measure)
        plot_height = max(_HEIGHT - top - margin, least.height)
    g = lay_out(columns, axes, groups, plot_width, plot_height, measure)
    lines = lines_of(columns, axes, g, margin, top, palette)
    marks += [
        Box(margin, top, g.width, g.height, colours.card, 12, colours.faint),
        *(moved(mark, margin, top) for mark in _levels(columns, axes, g, colours)),
        lines,
        *(moved(mark, margin, top) for mark in _plot(columns, axes, groups, g, colours, measure)),
    ]
    return Picture(
        wide,
        round(top + g.height + margin),
        colours.ground,
        tuple(marks),
        readable(title),
        f"Parallel coordinates: {len(frame):,} lines over {len(axes)} axes. {readable(note)}".strip(),
    )


def _header(
    title: str, note: str, legend: Legend, width: float, margin: float, ink: Ink, measure: Measure
) -> tuple[list[Mark], float]:
    """Title and note to the left, the legend to their right or below; and where they end."""
    room = width - 2 * margin
    beside = legend.width + 32
    # A long note may break rather than push the legend down.
    need = max(measure(title, _TITLE, True), min(420, measure(note, _NOTE, False)))
    aside = bool(legend.lines) and need + beside <= room
    marks: list[Mark] = []
    y = float(_TOP)
    for text, size, bold, colour in ((title, _TITLE, True, ink.text), (note, _NOTE, False, ink.muted)):
        if not text:
            continue
        for line in broken(text, room - beside if aside else room, measure, size, bold):
            tall = 22 if bold else 19
            marks.append(Words(margin, y + tall / 2, line, size, colour, bold=bold))
            y += tall
    below = y + 10
    if legend.lines:
        top = max(_TOP - 2, (_TOP + y - legend.height) / 2) if aside else y + 8
        for i, (wide, parts) in enumerate(legend.lines):
            x = width - margin - wide if aside else margin
            marks += [moved(mark, x, top + 24 * i) for mark in parts]
        below = max(below, top + legend.height + 8)
    return marks, round(below)


def _levels(columns: Columns, axes: Sequence[str], g: Geometry, ink: Ink) -> Iterator[Mark]:
    """Level lines across axes that share a domain, below all others."""
    place = dict(zip(axes, g.xs, strict=True))
    for stretch in stretches(columns.frame, axes):
        for tick in columns.scale(stretch[0]).ticks(g.length):
            if tick.label:
                y = g.y(tick.position)
                yield Rule(place[stretch[0]], y, place[stretch[-1]], y, ink.faint)


def _plot(
    columns: Columns, axes: Sequence[str], groups: Groups, g: Geometry, ink: Ink, measure: Measure
) -> Iterator[Mark]:
    """Everything above the lines, from the plot's own corner."""
    bare: set[str] = set()
    place = dict(zip(axes, g.xs, strict=True))
    for stretch in stretches(columns.frame, axes):
        bare.update(stretch[1:])
        x0, x1 = place[stretch[0]], place[stretch[-1]]
        way = direction_of(columns.frame, axes, stretch) if columns.frame.lens == "flow" else 0
        if way:
            yield from _current(x0, x1, g.direction, ("loss", "input") if way > 0 else ("input", "loss"), ink, measure)
    for i, name in enumerate(axes):
        room = (g.xs[0] if i == 0 else g.xs[i] - g.xs[i - 1]) - TICK["near"] - TICK["far"]
        yield from _axis(columns, name, g.xs[i], g, ink, "" if name in bare else None, room, measure)
        yield from _label(columns, name, g.xs[i], g.names[i], name in bare, groups, g, ink, measure)
    for group, members in groups.brackets(axes):
        yield from _bracket(columns, group, place[members[0]] - 24, place[members[-1]] + 24, g, ink, measure)


def _axis(
    columns: Columns, name: str, x: float, g: Geometry, ink: Ink, words: str | None, room: float, measure: Measure
) -> Iterator[Mark]:
    yield Rule(x, g.head, x, g.foot, ink.text, 1.25, 0.75)
    slots = columns.slots(name)
    bottom = max([g.foot, *(g.slots[slot - 2] for slot in slots)])
    if bottom > g.foot:
        yield Rule(x, g.foot, x, bottom, ink.line, 1.25, dash=(2, 4))
    size = TICK["size"]
    for tick in columns.scale(name).ticks(g.length):
        y = g.y(tick.position)
        yield Rule(x - (5 if tick.label else 3), y, x, y, ink.text, 1, 0.6)
        text = readable(tick.label) if words is None else words
        if text and measure(text, size, False) > room:
            short = columns.info(name).kind == "number"
            text = format_short(tick.value) if short else fitted(text, room, measure, size)
        if text:
            yield Words(x - TICK["near"], y, text, size, ink.text, "end", halo=ink.halo)
    for slot in slots:
        y = g.slots[slot - 2]
        yield Disc(x, y, 3.5, ink.halo, ink.line, 1.25)
        yield Words(x - TICK["near"], y, SLOT_LABELS[slot], size, ink.muted, "end", italic=True, halo=ink.halo)


def _label(
    columns: Columns,
    name: str,
    x: float,
    lines: Sequence[str],
    bare: bool,
    groups: Groups,
    g: Geometry,
    ink: Ink,
    measure: Measure,
) -> Iterator[Mark]:
    """The name of an axis, standing on a line above it; what colours the lines is underlined."""
    size, line = NAME["size"], NAME["line"]
    shown = [(text, True, ink.text) for text in lines]
    unit = readable(columns.info(name).unit)
    if unit and not bare:
        shown.append((fitted(unit, 140, measure, size), False, ink.muted))
    for i, (text, bold, colour) in enumerate(reversed(shown)):
        yield Words(x, g.bottom - line * (i + 0.5), text, size, colour, "middle", bold)
    if columns.frame.color == name:
        wide = max(measure(text, size, bold) for text, bold, _ in shown)
        yield Box(x - wide / 2, g.bottom + 2, wide, 2, ink.accent, 1)
    if groups.has(name):
        count = f"of {groups.size(name)}"
        wide, y = measure(count, 11, False) + 14, g.bottom - line * len(shown) - 12
        yield Box(x - wide / 2, y - 9, wide, 18, ink.card, 9, ink.line)
        yield Words(x, y, count, 11, ink.muted, "middle")


def _bracket(
    columns: Columns, group: str, x0: float, x1: float, g: Geometry, ink: Ink, measure: Measure
) -> Iterator[Mark]:
    top, bottom = g.brackets + 10, g.brackets + 17
    yield Rule(x0, top, x1, top, ink.line, 1.5)
    for x in (x0, x1):
        yield Rule(x, top - 0.75, x, bottom, ink.line, 1.5)
    text = fitted(readable(columns.info(group).label or group), x1 - x0 - 24, measure, 11)
    if x1 - x0 > 64:
        wide = measure(text, 11, False) + 16
        yield Box(x0 + 8, top - 9, wide, 18, ink.card, 9, ink.faint)
        yield Words(x0 + 16, top, text, 11, ink.muted)


def _current(x0: float, x1: float, y: float, ends: tuple[str, str], ink: Ink, measure: Measure) -> Iterator[Mark]:
    """An arrow along a stretch of axes."""
    size = TICK["size"]
    yield Rule(x0, y, x1 - 2, y, ink.accent, 1.5)
    for dy in (-4.5, 4.5):
        yield Rule(x1 - 8, y + dy, x1 - 1, y, ink.accent, 1.5)
    middle = "backward pass"
    spots: list[tuple[float, Anchor, str]] = [(x0, "start", ends[0]), (x1 - 14, "end", ends[1])]
    if measure(ends[0] + middle + ends[1], size, False) + 80 <= x1 - x0:
        spots.append(((x0 + x1) / 2, "middle", middle))
    for x, anchor, text in spots:
        wide = measure(text, size, False) + 12
        left = {"start": x - 6, "middle": x - wide / 2, "end": x - wide}[anchor]
        yield Box(left, y - 8, wide, 16, ink.card)
        yield Words(left + wide / 2, y, text, size, ink.accent, "middle")

"""The doors of the looking side: what `show` and `diagnose` do, for whatever `_dispatch` can read."""

from __future__ import annotations

import difflib
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ._dispatch import frames_of, recorded_of, title_of
from .diagnose import Finding, Rule, find
from .errors import SourceError, ViewError
from .frame import Frame, Preset
from .schema import Colouring
from .view import View, colouring, has_kernel

__all__ = ["findings_of", "has_display", "show"]


def show(
    data: Any,
    *,
    lens: str | None = None,
    axes: Sequence[str] | None = None,
    color: str | None = None,
    palette: str | Sequence[str] | Mapping[object, str] | None = None,
    midpoint: float | None = None,
    title: str | None = None,
    theme: str = "auto",
    open: bool | None = None,
    format: str | None = None,
    skip_bad: bool = False,
) -> View:
    """Shows data as interactive parallel coordinates, with what the rules find in them. Never waits for the browser.

    Args:
        data: Recorded runs (a Recording, a Run, the path of a folder, or a list of these); the path of a file or of a
            folder of files (CSV, JSON, JSON lines, Parquet, Arrow, HiPlot's JSON and pages), or several; a Keras
            History or a list of them, a list of dicts, a dict of columns, a HiPlot experiment, or any table that speaks
            Arrow (pandas, Polars, DuckDB, …).
        lens: For recorded runs: "flow", "steps", "layers" or "runs", to be shown first.
        axes: The columns to show as axes, in this order; by name or label.
        color: The column that colours the lines.
        palette: Its colours: a scheme by d3's name ("viridis", "RdBu", "Tableau10"; "#inverse" behind it turns it
            round), colours from the lowest value to the highest, or a colour for each category.
        midpoint: The value in the middle of the colours, for values that part at it.
        title: The page's title.
        theme: "auto", "light" or "dark".
        open: Whether to open it in the browser. None: in a script or shell with a display; where there is none, the
            page is written and its path printed; in a notebook the returned View shows itself.
        format: What files or folders are, by the names of `undertow show --format`. None looks at names and content.
        skip_bad: Whether to go on without rows and files that cannot be read; a warning counts them.

    Returns:
        The View: `.save("report.html")`, `.open()`, `.html`; in a notebook also `.selection`, `.brushes`, `.keep()`,
        `.exclude()`, `.restore()`, `.on_select(callback)`. An open Run that is shown in a notebook fills as it records.

    Raises:
        SourceError: If the data cannot be read; the message names row and column.
        StoreError: If a run folder cannot be read.
        ViewError: If there is no such column, theme or palette, or `axes` names none.
        BundleMissingError: If the page is to be opened and the front end was not built into the package.

    Example:
        >>> show(model.fit(x, y, epochs=18))
    """
    if theme not in ("auto", "light", "dark"):
        raise ViewError(f"there is no theme {theme!r}; there are: auto, light, dark")
    if axes is not None and not (
        isinstance(axes, Iterable) and (axes := [axes] if isinstance(axes, str) else list(axes))
    ):
        raise ViewError(f"axes is {axes!r}; name at least one column, or leave it out")
    live = _recording_now(data) if has_kernel() else None
    recorded = recorded_of(data, format, skip_bad)
    try:
        frames = frames_of(data if recorded is None else recorded, lens, format=format, skip_bad=skip_bad)
    except SourceError:
        # Nothing was recorded yet; in a notebook the cell fills while the training runs.
        if live is None:
            raise
        frames = []
    findings = find(frames, recorded)
    if frames:
        frames[0] = _coloured(_chosen(frames[0], axes, color), palette, midpoint)
    view = View(frames, findings, title_of(data) if title is None else str(title), theme, live=live)
    _present(view, open)
    return view


def findings_of(data: Any, rules: Iterable[str | Rule] | None = None) -> list[Finding]:
    """Returns what the rules find in the data; this is `undertow.diagnose`."""
    recorded = recorded_of(data)
    return find(frames_of(data if recorded is None else recorded), recorded, rules)


def _chosen(frame: Frame, axes: Sequence[str] | None, color: str | None) -> Frame:
    if color is not None:
        frame = replace(frame, color=_column(frame, color))
    if axes is not None:
        names = tuple(dict.fromkeys(_column(frame, name) for name in axes))
        presets = (Preset("chosen", names), *frame.presets) if frame.presets else ()
        frame = replace(frame, axes=names, presets=presets)
    return frame


def _coloured(
    frame: Frame, palette: str | Sequence[str] | Mapping[object, str] | None, midpoint: float | None
) -> Frame:
    if palette is None and midpoint is None:
        return frame
    if frame.color is None:
        raise ViewError("colours need a column to show: name it with color=")
    if midpoint is not None and not math.isfinite(midpoint):
        raise ViewError(f"midpoint is {midpoint!r}; it must be a finite number")
    chosen = Colouring(midpoint=midpoint) if palette is None else colouring(palette, midpoint)
    columns = (replace(each, colouring=chosen) if each.name == frame.color else each for each in frame.columns)
    return replace(frame, columns=tuple(columns))


def _column(frame: Frame, wanted: str) -> str:
    """The name of the column that goes by this name or label.

    Raises:
        ViewError: If there is none; the message names those there are, and the closest.
    """
    for column in frame:
        if column.name == wanted:
            return column.name
    for column in frame:
        if column.label == wanted:
            return column.name
    names = [column.name for column in frame]
    close = difflib.get_close_matches(str(wanted), names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    raise ViewError(f"there is no column {wanted!r}{hint} There are: {', '.join(map(repr, names))}")


def _present(view: View, wanted: bool | None) -> None:
    if wanted or (wanted is None and not has_kernel() and has_display()):
        view.open(otherwise=_say)
    elif wanted is None and not has_kernel():
        _say(view.save(view.temporary_path()))


def _recording_now(data: Any) -> Path | None:
    """The folder of a Run that is still open."""
    path = getattr(data, "path", None)
    return path if isinstance(path, Path) and hasattr(data, "log") and not getattr(data, "closed", True) else None


def _say(path: Path) -> None:
    print(f"Undertow wrote {path}")


def has_display() -> bool:
    """Whether a browser that opens would be seen by whoever started this."""
    if os.environ.get("CI") or os.environ.get("SSH_CONNECTION"):
        return bool(os.environ.get("BROWSER"))
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("BROWSER"))

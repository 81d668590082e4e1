"""A View: what `show` returns, a page that can be saved, opened, or displayed in a notebook."""

from __future__ import annotations

import contextlib
import html
import os
import re
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..diagnose import Finding
from ..errors import ViewError
from ..frame import Frame
from ._page import render

if TYPE_CHECKING:
    from ._widget import Widget

__all__ = ["View", "has_kernel"]

#: Pixels that the page takes in a notebook.
NOTEBOOK_HEIGHT = 640
#: Pages of up to so many values are saved in the notebook beside the widget, for whoever reads it without a kernel.
_SAVED_CELLS = 50_000


class View:
    """Frames and findings as one page.

    Attributes:
        frames: The lenses, the one shown first in front.
        findings: What was found.
        title: The page's title.
        theme: "auto", "light" or "dark".
        subtitle: One line under the title.
        live: The folder of a run that is still recorded, which a widget follows; None where there is none.
        height: Pixels that it takes in a notebook.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        findings: Sequence[Finding] = (),
        title: str = "Undertow",
        theme: str = "auto",
        subtitle: str = "",
        live: Path | None = None,
        height: int = NOTEBOOK_HEIGHT,
    ) -> None:
        self.frames = tuple(frames)
        self.findings = tuple(findings)
        self.title = title
        self.theme = theme
        self.subtitle = subtitle
        self.live = live
        self.height = height

    def __repr__(self) -> str:
        lenses = ", ".join(f"{frame.lens} ({len(frame)} rows)" for frame in self.frames)
        return f"View({self.title!r}: {lenses}; {len(self.findings)} findings)"

    @cached_property
    def html(self) -> str:
        """The page, one self-contained HTML document.

        Raises:
            BundleMissingError: If the front end was not built into the package.
        """
        return "".join(self._parts())

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        lens: str | None = None,
        width: int | None = None,
        height: int | None = None,
        scale: float | None = None,
    ) -> Path:
        """Writes the page or a picture to a file and returns its path. The file is replaced whole, or left as it was.

        A picture is the parallel plot as the page shows it at first, and needs no browser: SVG as it is, PNG with
        Pillow (`pip install 'undertow[pictures]'`). Its theme is the view's; "auto" is light.

        Args:
            path: Ends in .html or .htm for the page, in .svg or .png for a picture.
            lens: What the picture shows: "flow", "steps", "layers", "runs" or "rows"; the first in front where None.
            width: Of the picture in CSS pixels; 1280 where None, or more where the axes need them.
            height: Likewise; 720 where None, or more where the names need them.
            scale: Pixels per CSS pixel; 2 where None. In an SVG for lines beyond 2,000 alone, and 1.5 where None.

        Raises:
            BundleMissingError: If the page's front end was not built into the package.
            ViewError: If the file cannot be written, ends in anything else, or the picture cannot be drawn.

        Example:
            >>> ut.show(history, open=False).save("training.svg", width=900, height=420)
        """
        target = Path(path)
        parts = self._encoded(target, lens, width, height, scale)
        first = next(parts)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-", suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    # Part by part: a page of many rows need not lie in memory as one string.
                    for part in chain([first], parts):
                        file.write(part)
                Path(temporary).chmod(_mode(target))
                Path(temporary).replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            raise ViewError(f"{target} cannot be written: {error.strerror or error}") from error
        return target

    def _encoded(
        self, target: Path, lens: str | None, width: int | None, height: int | None, scale: float | None
    ) -> Iterator[bytes]:
        """What a file with this name holds."""
        suffix = target.suffix.lower()
        options = {"lens": lens, "width": width, "height": height, "scale": scale}
        if suffix in (".html", ".htm"):
            given = [name for name, value in options.items() if value is not None]
            if given:
                raise ViewError(f"{given[0]} is for pictures, and {target.name} is a page")
            yield from (part.encode() for part in self._parts())
            return
        # As long to load as all the rest of the view, and seldom wanted.
        from .picture import FORMATS, picture

        if suffix not in FORMATS:
            raise ViewError(f"{target.name!r} ends in none of .html, .svg and .png")
        frame = self._frame(lens)
        note, theme = self.subtitle or frame.note, self.theme
        yield picture(frame, suffix, title=self.title, note=note, theme=theme, width=width, height=height, scale=scale)

    def _frame(self, lens: str | None) -> Frame:
        for frame in self.frames:
            if lens in (None, frame.lens):
                return frame
        known = ", ".join(frame.lens for frame in self.frames)
        raise ViewError(f"there is no lens {lens!r}; there are: {known}" if known else "there is no frame to draw")

    def open(self, path: str | os.PathLike[str] | None = None, *, otherwise: Callable[[Path], object] = print) -> Path:
        """Opens the page in the browser, without waiting for it, and returns the file that is shown.

        Args:
            path: A file that holds the page already; written to the temporary folder where None.
            otherwise: Called with the file where no browser could be started.
        """
        target = self.save(self.temporary_path()) if path is None else Path(path)

        def start() -> None:
            try:
                opened = webbrowser.open(target.resolve().as_uri())
            except (webbrowser.Error, OSError):
                opened = False
            if not opened:
                otherwise(target)

        # A thread, since some browsers make their caller wait. Not a daemon, as a script may end first.
        threading.Thread(target=start, name="undertow-browser").start()
        return target

    def temporary_path(self) -> Path:
        """A path in a new temporary folder, named after the title."""
        name = re.sub(r"[^\w.-]+", "-", self.title).strip("-.")[:60] or "undertow"
        return Path(tempfile.mkdtemp(prefix="undertow-")) / f"{name}.html"

    def _parts(self) -> Iterator[str]:
        return render(self.frames, self.findings, self.title, self.theme, self.subtitle)

    @cached_property
    def widget(self) -> Widget:
        """The workbench as an anywidget, for notebooks; a View that is a cell's last expression shows it by itself.

        Raises:
            ViewError: If anywidget is missing.
            BundleMissingError: If the front end was not built into the package.
        """
        try:
            from ._widget import Widget
        except ModuleNotFoundError as error:
            raise ViewError(f"a notebook's widget needs {error.name}: pip install 'undertow[notebook]'") from error
        return Widget(self)

    @property
    def selection(self) -> pa.Table:
        """The rows that are brushed in the notebook, all where none are, as of the brush at rest.

        Raises:
            ViewError: If anywidget is missing.
        """
        return self.widget.selection

    @property
    def selected_rows(self) -> list[int]:
        """The numbers of the rows of `selection`, within the frame that is brushed.

        Raises:
            ViewError: If anywidget is missing.
        """
        return self.widget.rows

    @property
    def brushes(self) -> dict[str, Any]:
        """What is brushed in the notebook: by column, ranges, categories and special values as docs/protocol.md has it.

        Raises:
            ViewError: If anywidget is missing.
        """
        return self.widget.brushes

    def keep(self) -> None:
        """Go on with the brushed rows alone, as the button does. In a notebook, where the cell's end lets it happen."""
        self.widget.act("keep")

    def exclude(self) -> None:
        """Go on without the brushed rows."""
        self.widget.act("exclude")

    def restore(self) -> None:
        """Take back what was kept, excluded and brushed."""
        self.widget.act("restore")

    def on_select(self, callback: Callable[[pa.Table], object]) -> Callable[[pa.Table], object]:
        """Call `callback(selection)` when a brush comes to rest in the notebook; also as a decorator.

        What it raises becomes a warning.
        """
        self.widget.on_select(callback)
        return callback

    def _ipython_display_(self) -> None:
        """The widget where a kernel speaks to a notebook, else the page.

        With the widget goes the page, hidden as long as the widget is there: a notebook that is opened without its
        kernel has lost the widget, and hosts that know no widgets show the second output alone.
        """
        from IPython.display import display as untyped

        display: Callable[..., object] = untyped
        told = {"text/plain": repr(self)}
        if not has_kernel() or find_spec("anywidget") is None:
            display({**told, "text/html": self._repr_html_()} if self.frames else told, raw=True)
            return
        found = self.widget._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found, {})
        display({**(data or {}), **told}, raw=True, metadata=metadata)
        if self.frames and sum(frame.cells for frame in self.frames) <= _SAVED_CELLS:
            mark = self.widget.mark
            hide = f'<style>body:has(.ut-widget[data-mark="{mark}"]) .ut-saved-{mark} {{ display: none }}</style>'
            saved = f'{hide}<div class="ut-saved-{mark}">{self._repr_html_()}</div>'
            display({"text/html": saved, "text/plain": ""}, raw=True)

    def _display_(self) -> Any:
        """For marimo, which has widgets without a kernel of Jupyter's."""
        return self.widget

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which can reach neither the notebook nor its cookies."""
        return (
            f'<iframe loading="lazy" srcdoc="{html.escape(self.html)}" sandbox="allow-scripts allow-downloads" '
            f'width="100%" height="{self.height}" style="border: 0" title="{html.escape(self.title)}"></iframe>'
        )


def has_kernel() -> bool:
    """Whether this is a Jupyter kernel, rather than a terminal or a script."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those that any new file gets."""
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask

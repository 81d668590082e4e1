"""A View: what `show` returns, a page that can be saved, opened, or displayed in a notebook."""

from __future__ import annotations

import contextlib
import html
import os
import re
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

from ..diagnose import Finding
from ..errors import ViewError
from ..frame import Frame
from ._page import render

__all__ = ["View"]

#: Pixels that the page takes in a notebook.
NOTEBOOK_HEIGHT = 640


class View:
    """Frames and findings as one page.

    Attributes:
        frames: The lenses, the one shown first in front.
        findings: What was found.
        title: The page's title.
        theme: "auto", "light" or "dark".
        subtitle: One line under the title.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        findings: Sequence[Finding] = (),
        title: str = "Undertow",
        theme: str = "auto",
        subtitle: str = "",
    ) -> None:
        self.frames = tuple(frames)
        self.findings = tuple(findings)
        self.title = title
        self.theme = theme
        self.subtitle = subtitle

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

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page to a file and returns its path. The file is replaced whole, or left as it was.

        Raises:
            BundleMissingError: If the front end was not built into the package.
            ViewError: If the file cannot be written.
        """
        target = Path(path)
        parts = self._parts()
        first = next(parts)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-", suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    # Part by part: a page of many rows need not lie in memory as one string.
                    for part in chain([first], parts):
                        file.write(part.encode())
                Path(temporary).chmod(_mode(target))
                Path(temporary).replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            raise ViewError(f"{target} cannot be written: {error.strerror or error}") from error
        return target

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

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which can reach neither the notebook nor its cookies."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts allow-downloads" width="100%" '
            f'height="{NOTEBOOK_HEIGHT}" style="border: 0" title="{html.escape(self.title)}"></iframe>'
        )


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those that any new file gets."""
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask

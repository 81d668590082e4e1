"""One frame in, the bytes of one file out."""

from __future__ import annotations

import math

from ...errors import ViewError
from ...frame import Frame
from ._colour import ThemeName
from ._compose import compose
from ._svg import as_svg
from ._text import estimated

__all__ = ["FORMATS", "picture"]

#: The suffixes of pictures.
FORMATS = (".svg", ".png")

#: Pixels of a picture, at most: what they need in memory is some twenty times as many bytes.
_MOST_PIXELS = 40_000_000


def picture(
    frame: Frame,
    suffix: str,
    *,
    title: str = "",
    note: str = "",
    theme: str = "auto",
    width: int | None = None,
    height: int | None = None,
    scale: float | None = None,
) -> bytes:
    """The parallel plot of a frame, as the page draws it at first.

    Args:
        frame: What is drawn.
        suffix: ".svg" or ".png".
        title: Stands at its top.
        note: Below the title.
        theme: "light" or "dark"; "auto" is light.
        width: CSS pixels; None for 1280, or more where the axes need them.
        height: CSS pixels; None for 720, or more where the names need them.
        scale: Pixels per CSS pixel: 2 where None, 1.5 within an SVG.

    Raises:
        ViewError: If there is no such size or theme, if the axes find no room, or if Pillow is missing for a PNG.
    """
    for name, size in (("width", width), ("height", height)):
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            raise ViewError(f"{name} is {size!r}; it is a whole number of CSS pixels")
    if scale is None:
        scale = 1.5 if suffix == ".svg" else 2.0
    if not (isinstance(scale, int | float) and math.isfinite(scale) and 0.25 <= scale <= 8):
        raise ViewError(f"scale is {scale!r}; it lies between 0.25 and 8")
    if theme not in ("auto", "light", "dark"):
        raise ViewError(f"there is no theme {theme!r}; there are: auto, light, dark")
    dressed: ThemeName = "dark" if theme == "dark" else "light"
    if suffix not in FORMATS:
        raise ViewError(f"a picture ends in {' or '.join(FORMATS)}, not {suffix!r}")
    _check(width or 0, height or 0, scale)
    if suffix == ".svg":
        made = compose(frame, title, note, dressed, width, height, estimated)
        _check(made.width, made.height, scale)
        return as_svg(made, scale)
    try:
        from ._faces import measure
        from ._png import as_png
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "PIL":
            raise
        raise ViewError("a PNG's text needs Pillow: pip install 'undertow[pictures]'; an SVG needs nothing") from error
    made = compose(frame, title, note, dressed, width, height, measure)
    _check(made.width, made.height, scale)
    return as_png(made, scale)


def _check(width: int, height: int, scale: float) -> None:
    if width * height * scale * scale > _MOST_PIXELS:
        raise ViewError(
            f"{width} × {height} px at scale {scale:g} are more than {_MOST_PIXELS:,} pixels; make it smaller"
        )

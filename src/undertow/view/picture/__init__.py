"""The parallel plot of a frame as PNG or SVG, without a browser.

    picture(frame, "svg") -> bytes

What the page's TypeScript decides (scales, ticks, colours, the order and heights of lines) is decided here once more,
and held to it by vectors that the page's own code makes: `tests/vectors/make_ticks.mjs`.
"""

from ._picture import FORMATS, picture

__all__ = ["FORMATS", "picture"]

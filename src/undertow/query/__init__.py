"""Questions about recorded runs: the lenses that turn their tables into Frames."""

from __future__ import annotations

from .lenses import LENSES, frames

__all__ = ["LENSES", "frames"]

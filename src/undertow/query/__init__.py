"""Questions about data: the lenses that turn recorded tables into Frames, and the engines that answer about a Frame."""

from __future__ import annotations

from ._answers import Engine, Rows, Selection, Ticket
from ._counting import Cube
from ._curves import Series
from ._summary import Summary
from .engine import DuckEngine
from .lenses import LENSES, frames, named

__all__ = [
    "LENSES",
    "Cube",
    "DuckEngine",
    "Engine",
    "Rows",
    "Selection",
    "Series",
    "Summary",
    "Ticket",
    "frames",
    "named",
]

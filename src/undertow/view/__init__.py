"""Frames and findings as a page: one file, a notebook's cell, or a browser's tab."""

from __future__ import annotations

from ._page import render
from ._view import View

__all__ = ["View", "render"]

"""Undertow: see the current that trains your network."""

from __future__ import annotations

from ._version import __version__

__all__ = ["__version__"]

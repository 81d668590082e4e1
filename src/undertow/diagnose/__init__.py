"""Findings: what a recorded training says, in words, with the evidence. One file a rule."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._curves import Curves
    from ._diagnose import RULES, Rule, diagnose, find
    from ._evidence import Evidence
    from ._finding import Finding, Number, Severity
    from ._layers import Layers

__all__ = ["RULES", "Curves", "Evidence", "Finding", "Layers", "Number", "Rule", "Severity", "diagnose", "find"]

_HOMES = {
    "Curves": "_curves",
    "Evidence": "_evidence",
    "Finding": "_finding",
    "Layers": "_layers",
    "Number": "_finding",
    "Severity": "_finding",
}


def __getattr__(name: str) -> Any:
    # Lazy, as `undertow/__init__.py` imports this package for its name alone.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, '_diagnose')}", __name__), name)

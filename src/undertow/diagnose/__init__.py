"""Findings: what a recorded training says, in words, with the evidence. One file a rule."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._diagnose import RULES, Rule, diagnose
    from ._finding import Finding, Number, Severity

__all__ = ["RULES", "Finding", "Number", "Rule", "Severity", "diagnose"]

_HOMES = {"Finding": "_finding", "Number": "_finding", "Severity": "_finding"}


def __getattr__(name: str) -> Any:
    # Lazy, as `undertow/__init__.py` imports this package for its name alone.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, '_diagnose')}", __name__), name)

"""Findings: what a recorded training says, in words, with the evidence. One file a rule."""

from __future__ import annotations

from ._diagnose import RULES, Rule, diagnose
from ._finding import Finding, Number, Severity

__all__ = ["RULES", "Finding", "Number", "Rule", "Severity", "diagnose"]

"""Recording a training: what it logs and what its layers went through, without slowing it down."""

from __future__ import annotations

from ._run import Run

__all__ = ["Run"]

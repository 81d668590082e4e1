"""A Finding: one statement about a training, with the evidence that it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Finding", "Number", "Severity"]

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Number:
    """What a rule measured, beside the threshold that it was held against."""

    name: str
    value: float
    threshold: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3g}{self.unit} (threshold {self.threshold:.3g}{self.unit})"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about a training.

    Attributes:
        kind: The rule that found it.
        severity: "info" is worth knowing, "warning" worth acting on, "error" means that the training failed.
        sentence: What was found, with its numbers.
        advice: What to do about it.
        source: Where the rule comes from.
        run: The run; empty where the data name none.
        first_step: The first step of the evidence; None where the data count no steps.
        last_step: The last one.
        layers: The paths of the layers concerned; empty where all are.
        numbers: What was measured, beside the thresholds.
        lens: The lens that shows the evidence.
        filters: What to brush there, as `docs/protocol.md` has it.
    """

    kind: str
    severity: Severity
    sentence: str
    advice: str = ""
    source: str = ""
    run: str = ""
    first_step: int | None = None
    last_step: int | None = None
    layers: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    lens: str = "steps"
    filters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence

    def to_json(self) -> dict[str, Any]:
        """What JSON says of it, in pages and in `undertow diagnose --json`; a number that is not finite is null."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "run": self.run,
            "first_step": self.first_step,
            "last_step": self.last_step,
            "layers": list(self.layers),
            "sentence": self.sentence,
            "advice": self.advice,
            "source": self.source,
            "numbers": [
                {
                    "name": number.name,
                    "value": float(number.value) if math.isfinite(number.value) else None,
                    "threshold": float(number.threshold) if math.isfinite(number.threshold) else None,
                    "unit": number.unit,
                }
                for number in self.numbers
            ],
            "lens": self.lens,
            "filters": {column: dict(each) for column, each in self.filters.items()},
        }

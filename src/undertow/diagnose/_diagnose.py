"""All rules, and the one function that asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..frame import Frame
from ..query.lenses import Recorded, frames
from ._curves import Curves, curves_of
from ._finding import Finding
from ._overfitting import overfitting
from ._plateau import plateau

__all__ = ["RULES", "Rule", "diagnose"]

#: A rule looks at one run's curves and yields what it finds; it says nothing where it is not sure.
Rule = Callable[[Curves], Iterator[Finding]]

RULES: dict[str, Rule] = {"overfitting": overfitting, "plateau": plateau}

_GRAVITY = {"error": 0, "warning": 1, "info": 2}


def diagnose(data: Frame | Recorded, rules: Iterable[str] | None = None) -> list[Finding]:
    """Returns what the rules find, the gravest first, then by run and step.

    Args:
        data: A Frame that counts epochs or steps, or recorded runs.
        rules: The name of the rule to ask, or the names of several; all of `RULES` where None.

    Raises:
        ValueError: If there is no such rule.
    """
    chosen = [rules] if isinstance(rules, str) else list(RULES if rules is None else rules)
    for name in chosen:
        if name not in RULES:
            raise ValueError(f"there is no rule {name!r}; there are: {', '.join(RULES)}")
    looked_at = [data] if isinstance(data, Frame) else [frame for frame in frames(data) if frame.lens == "steps"]
    found = [
        finding
        for frame in looked_at
        for curves in curves_of(frame)
        for name in chosen
        for finding in RULES[name](curves)
    ]
    return sorted(found, key=lambda finding: (_GRAVITY[finding.severity], finding.run, finding.first_step or 0))

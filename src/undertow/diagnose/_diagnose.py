"""All rules, and the one function that asks them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..frame import Frame
from ..query.lenses import Recorded, frames, named
from ._accumulation import accumulation
from ._dead import dead
from ._divergence import divergence
from ._evidence import Evidence, evidence_of
from ._exploding import exploding
from ._finding import Finding
from ._noise_scale import noise_scale
from ._nonfinite import nonfinite
from ._order import order
from ._oscillation import oscillation
from ._overfitting import overfitting
from ._plateau import plateau
from ._replicas import replicas
from ._spikes import spikes
from ._underfitting import underfitting
from ._unused import unused
from ._update_ratio import update_ratio
from ._vanishing import vanishing

__all__ = ["RULES", "Rule", "diagnose", "find"]

#: A rule looks at one run and yields what it finds; it says nothing where it is not sure.
Rule = Callable[[Evidence], Iterator[Finding]]

#: All rules by name; those that are put in are asked as well.
RULES: dict[str, Rule] = {
    "nonfinite": nonfinite,
    "divergence": divergence,
    "replicas": replicas,
    "exploding": exploding,
    "vanishing": vanishing,
    "dead": dead,
    "unused": unused,
    "accumulation": accumulation,
    "oscillation": oscillation,
    "update_ratio": update_ratio,
    "spikes": spikes,
    "order": order,
    "overfitting": overfitting,
    "underfitting": underfitting,
    "plateau": plateau,
    "noise_scale": noise_scale,
}

_GRAVITY = {"error": 0, "warning": 1, "info": 2}


def diagnose(data: Frame | Recorded, rules: Iterable[str | Rule] | None = None) -> list[Finding]:
    """Returns what the rules find, the gravest first, then by run and step.

    Args:
        data: A Frame that counts epochs or steps, or recorded runs.
        rules: The name of the rule to ask, or several, by name or as functions; all of `RULES` where None.

    Raises:
        ValueError: If there is no such rule.
    """
    if isinstance(data, Frame):
        return find([data], None, rules)
    recorded = named(data)
    return find(frames(recorded), recorded, rules)


def find(
    looked_at: Sequence[Frame], recorded: Recorded | None, rules: Iterable[str | Rule] | None = None
) -> list[Finding]:
    """Returns what the rules find, as `diagnose` does, where the frames are there already.

    A rule that fails does not keep the others from speaking; a warning says which and why.

    Args:
        looked_at: All frames; those of metrics are looked at.
        recorded: The tables that they were made of, as `query.lenses.named` gives them; None for other data.
        rules: As for `diagnose`.

    Raises:
        ValueError: If there is no such rule.
    """
    chosen = [_rule(each) for each in ([rules] if isinstance(rules, str) else RULES if rules is None else rules)]
    found = []
    for evidence in evidence_of([frame for frame in looked_at if frame.lens in {"steps", "rows"}], recorded):
        for name, rule in chosen:
            try:
                found += list(rule(evidence))
            except Exception as error:
                warnings.warn(f"rule {name} failed, {type(error).__name__}: {error}", UserWarning, stacklevel=3)
    return sorted(found, key=lambda finding: (_GRAVITY[finding.severity], finding.run, finding.first_step or 0))


def _rule(rule: str | Rule) -> tuple[str, Rule]:
    if callable(rule):
        return getattr(rule, "__name__", repr(rule)), rule
    if rule not in RULES:
        raise ValueError(f"there is no rule {rule!r}; there are: {', '.join(RULES)}")
    return rule, RULES[rule]

"""Filters as SQL. Names become c0, c1, … before; whatever a person typed travels as a parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._questions import ColumnFilter, Filters

__all__ = ["Sql", "Variable", "predicate"]


@dataclass(frozen=True, slots=True)
class Variable:
    """How SQL speaks of a column.

    Attributes:
        value: An expression: a double, or a category's code; null where missing.
        names: The categories' names by code; None for numbers and times.
    """

    value: str
    names: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and the parameters in it."""

    text: str
    parameters: tuple[Any, ...] = ()


TRUE = Sql("true")


def predicate(filters: Filters, variable: Callable[[str], Variable]) -> Sql:
    """Whether a row passes, as SQL that is never null. The search is left out, which is none of SQL's.

    Args:
        filters: What passes.
        variable: How to speak of a column; raises where there is none.
    """
    parts = []
    for step in filters.steps:
        kept = _all(step.columns, variable)
        parts.append(kept if step.action == "keep" else Sql(f"NOT ({kept.text})", kept.parameters))
    parts.append(_all(filters.columns, variable))
    return _joined(parts, " AND ")


def _all(columns: Mapping[str, ColumnFilter], variable: Callable[[str], Variable]) -> Sql:
    return _joined([_one(each, variable(name)) for name, each in columns.items()], " AND ")


def _one(wanted: ColumnFilter, variable: Variable) -> Sql:
    v = variable.value
    parts = []
    if wanted.missing:
        parts.append(Sql(f"{v} IS NULL"))
    if variable.names is not None:
        chosen = set(wanted.values)
        codes = [code for code, name in enumerate(variable.names) if name in chosen]
        if codes:
            parts.append(Sql(f"coalesce(list_contains(?::INTEGER[], {v}), false)", (codes,)))
    else:
        for low, high in wanted.ranges:
            # isfinite: to DuckDB NaN is the largest number, and within any range that is open above.
            parts.append(Sql(f"coalesce({v} >= ?::DOUBLE AND {v} <= ?::DOUBLE AND isfinite({v}), false)", (low, high)))
        for special in wanted.special:
            text = {"nan": f"isnan({v})", "+inf": f"isinf({v}) AND {v} > 0", "-inf": f"isinf({v}) AND {v} < 0"}[special]
            parts.append(Sql(f"coalesce({text}, false)"))
    return _joined(parts, " OR ") if parts else Sql("false")


def _joined(parts: Sequence[Sql], word: str) -> Sql:
    if not parts:
        return TRUE
    return Sql("(" + word.join(part.text for part in parts) + ")", sum((part.parameters for part in parts), ()))

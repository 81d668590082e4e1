"""The SQL of all engines, in what DuckDB and Spark both understand, and alike; golden tests hold it.

Names become c0, c1, … before; whatever a person typed travels as a parameter. Both engines take NaN for the largest
number and −0 for 0. `isfinite` and `isinf` are DuckDB's alone; and where a file's statistics, which know no NaN, say
that all values lie between the infinities, DuckDB takes them at their word. So a value is finite where it less itself
is 0. No predicate of ours is ever null, and a comparison stands bare beside `IS NOT NULL` rather than within
`coalesce`, where neither engine would hand it down to Parquet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._questions import ColumnFilter, Filters

__all__ = ["INFINITY", "MINUS_INFINITY", "Sql", "Variable", "finite", "nan", "predicate", "sortable"]

INFINITY = "CAST('Infinity' AS DOUBLE)"
MINUS_INFINITY = "CAST('-Infinity' AS DOUBLE)"


@dataclass(frozen=True, slots=True)
class Variable:
    """How SQL speaks of a column.

    Attributes:
        value: An expression: a double, or a category's code; null where missing.
        names: The categories' names by code; None for numbers and times.
        text: An expression of the category's name, where the rows hold that rather than its code; `value` is then the
            same.
    """

    value: str
    names: Sequence[str] | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and the parameters in it."""

    text: str
    parameters: tuple[Any, ...] = ()


TRUE = Sql("true")


def finite(value: str) -> str:
    """Whether a double is finite, as SQL; null where it is missing."""
    return f"{value} - {value} = 0e0"


def nan(value: str) -> str:
    """Whether a double is NaN, as SQL; null where it is missing. DuckDB's `isnan` believes a file's statistics, too."""
    return f"NOT ({finite(value)}) AND {value} <> {INFINITY} AND {value} <> {MINUS_INFINITY}"


def sortable(value: str) -> str:
    """A double by which rows are put in order, as SQL: null, and thus last, where it is not finite; −0 is 0."""
    return f"CASE WHEN {finite(value)} THEN {value} + 0e0 END"


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
    return _joined([part for part in parts if part != TRUE], " AND ")


def _all(columns: Mapping[str, ColumnFilter], variable: Callable[[str], Variable]) -> Sql:
    return _joined([_one(each, variable(name)) for name, each in columns.items()], " AND ")


def _one(wanted: ColumnFilter, variable: Variable) -> Sql:
    v = variable.value
    parts = []
    if wanted.missing:
        parts.append(Sql(f"{v} IS NULL"))
    if variable.text is not None:
        if wanted.values:
            marks = ", ".join("?" * len(wanted.values))
            parts.append(Sql(f"({variable.text} IS NOT NULL AND {variable.text} IN ({marks}))", wanted.values))
    elif variable.names is not None:
        chosen = set(wanted.values)
        codes = [str(code) for code, name in enumerate(variable.names) if name in chosen]
        if codes:
            parts.append(Sql(f"({v} IS NOT NULL AND {v} IN ({', '.join(codes)}))"))
    else:
        parts += [_between(v, low, high) for low, high in wanted.ranges]
        for special in wanted.special:
            text = {"nan": nan(v), "+inf": f"{v} = {INFINITY}", "-inf": f"{v} = {MINUS_INFINITY}"}[special]
            parts.append(Sql(f"({v} IS NOT NULL AND {text})"))
    return _joined(parts, " OR ") if parts else Sql("false")


def _between(v: str, low: float, high: float) -> Sql:
    """Whether a finite number lies in a closed range."""
    if math.isnan(low) or math.isnan(high):
        return Sql("false")
    if low == math.inf or high == -math.inf:
        return Sql("false")
    parts = [Sql(f"{v} IS NOT NULL")]
    # A range to 0 has the sign that lets both zeros in: Parquet's readers tell them apart where they skip pages.
    if low > -math.inf:
        parts.append(Sql(f"{v} >= CAST(? AS DOUBLE)", (-0.0 if low == 0 else low,)))
    if high < math.inf:
        parts.append(Sql(f"{v} <= CAST(? AS DOUBLE)", (0.0 if high == 0 else high,)))
    return _joined([*parts, Sql(finite(v))], " AND ")


def _joined(parts: Sequence[Sql], word: str) -> Sql:
    if not parts:
        return TRUE
    return Sql("(" + word.join(part.text for part in parts) + ")", sum((part.parameters for part in parts), ()))

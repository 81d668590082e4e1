"""What is known of a column, by DuckDB: enough to choose a scale and lay out an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._sql import Variable

__all__ = ["Summary", "summarize"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A column's extent and counts; for categories those of their codes.

    Attributes:
        name: The column.
        rows: How many there are.
        missing: How many have no value.
        nan: How many are NaN.
        positive_infinity: How many are +∞.
        negative_infinity: How many are −∞.
        non_positive: How many finite values are ≤ 0.
        min: The least finite value, NaN where there is none.
        max: The largest.
        min_positive: The least above 0, NaN where there is none.
        integer: Whether every finite value is whole.
        quantiles: 0, ¼, ½, ¾, 1 of the finite values, linearly interpolated; none for categories.
        names: The categories' names by code; None for numbers and times.
        categories: (code, count) of each, the most frequent first; none for numbers and times.
    """

    name: str
    rows: int
    missing: int
    nan: int
    positive_infinity: int
    negative_infinity: int
    non_positive: int
    min: float
    max: float
    min_positive: float
    integer: bool
    quantiles: tuple[float, ...]
    names: Sequence[str] | None
    categories: tuple[tuple[int, int], ...]


def summarize(name: str, variable: Variable, rows: int, ask: Callable[..., dict[str, Any]]) -> Summary:
    """Describes a column in one scan; categories in a second.

    Args:
        name: The column.
        variable: How SQL speaks of it.
        rows: How many rows there are.
        ask: Answers SQL and its parameters with NumPy arrays by name.
    """
    if rows == 0:
        counted = tuple((code, 0) for code in range(len(variable.names or ())))
        nothing = math.nan
        return Summary(name, 0, 0, 0, 0, 0, 0, nothing, nothing, nothing, False, (), variable.names, counted)
    query = (
        "SELECT count(*) - count(v) AS missing, count(*) FILTER (isnan(v)) AS nan, "  # noqa: S608 - c0, c1, …
        "count(*) FILTER (isinf(v) AND v > 0) AS high, count(*) FILTER (isinf(v) AND v < 0) AS low, "
        "count(*) FILTER (f <= 0) AS small, min(f) AS least, max(f) AS most, min(f) FILTER (f > 0) AS positive, "
        "bool_and(f = trunc(f)) AS whole FROM "
        "(SELECT v, CASE WHEN isfinite(v) THEN v END AS f FROM "
        f"(SELECT {variable.value}::DOUBLE AS v FROM frame))"
    )
    found = {key: column[0] for key, column in ask(query, ()).items()}
    counts = [0] * len(variable.names or ())
    if variable.names is not None:
        by_code = ask(f"SELECT {variable.value} AS c, count(*) AS n FROM frame WHERE c IS NOT NULL GROUP BY c", ())  # noqa: S608
        for code, count in zip(by_code["c"].tolist(), by_code["n"].tolist(), strict=True):
            counts[code] = count
    nothing_finite = _is_null(found["least"])
    number = {
        key: math.nan if _is_null(found[key]) else float(found[key]) + 0.0 for key in ("least", "most", "positive")
    }
    return Summary(
        name=name,
        rows=rows,
        missing=int(found["missing"]),
        nan=int(found["nan"]),
        positive_infinity=int(found["high"]),
        negative_infinity=int(found["low"]),
        non_positive=int(found["small"]),
        min=number["least"],
        max=number["most"],
        min_positive=number["positive"],
        integer=not nothing_finite and bool(found["whole"]),
        quantiles=() if variable.names is not None or nothing_finite else _quantiles(variable, ask),
        names=variable.names,
        categories=tuple(sorted(enumerate(counts), key=lambda each: (-each[1], each[0])))
        if variable.names is not None
        else (),
    )


def _quantiles(variable: Variable, ask: Callable[..., dict[str, Any]]) -> tuple[float, ...]:
    """By selection in one array: DuckDB's own quantiles hold several, and take longer."""
    query = f"SELECT {variable.value}::DOUBLE AS v FROM frame WHERE isfinite({variable.value}::DOUBLE)"  # noqa: S608
    finite = np.array(ask(query, ())["v"], np.float64, copy=None)
    places = [q * (len(finite) - 1) for q in (0, 0.25, 0.5, 0.75, 1)]
    finite.partition(sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))}))
    found = []
    for place in places:
        below, above = finite[math.floor(place)], finite[math.ceil(place)]
        found.append(float(below + (place - math.floor(place)) * (above - below)))
    return tuple(found)


def _is_null(value: Any) -> bool:
    """Whether a NumPy answer is null: masked, NaN, or None. Finite numbers are none of these."""
    return value is None or type(value).__name__ == "MaskedConstant" or value != value

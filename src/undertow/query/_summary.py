"""What is known of a column, by SQL: enough to choose a scale and lay out an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._sql import INFINITY, MINUS_INFINITY, Variable, finite, nan

__all__ = ["Summary", "interpolated", "quantile_ranks", "summarize"]

QUANTILES = (0, 0.25, 0.5, 0.75, 1)


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


def summarize(
    columns: Mapping[str, Variable],
    rows: int,
    ask: Callable[[str], Mapping[str, Any]],
    counts: Callable[[str], Sequence[int]],
    quantiles: Callable[[Sequence[str]], Mapping[str, tuple[float, ...]]],
) -> list[Summary]:
    """Describes columns in one scan, and their quantiles and categories by what an engine has for them.

    Args:
        columns: How SQL speaks of each, by name.
        rows: How many rows there are.
        ask: Answers SQL about `frame` with NumPy arrays by name.
        counts: How many rows each category has, by code, of a column of categories.
        quantiles: 0, ¼, ½, ¾, 1 of the finite values of columns of numbers that have some.
    """
    if rows == 0 or not columns:
        return [_empty(name, variable) for name, variable in columns.items()]
    categories = {name: counts(name) for name, variable in columns.items() if variable.names is not None}
    numbers = [name for name in columns if name not in categories]
    inner = [f"CAST({columns[name].value} AS DOUBLE) AS v{place}" for place, name in enumerate(numbers)]
    middle = [f"v{place}, CASE WHEN {finite(f'v{place}')} THEN v{place} END AS f{place}" for place in range(len(inner))]
    asked = [text for place in range(len(inner)) for text in _aggregates(place)]
    found: Mapping[str, Any] = {}
    if numbers:
        scan = f"(SELECT {', '.join(middle)} FROM (SELECT {', '.join(inner)} FROM frame) AS raw) AS seen"  # noqa: S608 - c0, c1, …
        found = {key: column[0] for key, column in ask(f"SELECT {', '.join(asked)} FROM {scan}").items()}  # noqa: S608
    ranked = quantiles([name for place, name in enumerate(numbers) if not _is_null(found[f"least{place}"])])
    out = []
    for name, variable in columns.items():
        if name in categories:
            out.append(_of_categories(name, variable, rows, categories[name]))
            continue
        place = numbers.index(name)
        whole = found[f"whole{place}"]
        count = {key: int(found[f"{key}{place}"]) for key in ("missing", "nan", "top", "bottom", "small")}
        least, most, positive = (
            math.nan if _is_null(value) else float(value) + 0.0
            for value in (found[f"{key}{place}"] for key in ("least", "most", "positive"))
        )
        out.append(
            Summary(
                name=name,
                rows=rows,
                missing=count["missing"],
                nan=count["nan"],
                positive_infinity=count["top"],
                negative_infinity=count["bottom"],
                non_positive=count["small"],
                min=least,
                max=most,
                min_positive=positive,
                integer=not _is_null(whole) and bool(whole),
                quantiles=ranked.get(name, ()),
                names=None,
                categories=(),
            )
        )
    return out


def quantile_ranks(count: int) -> list[int]:
    """Which of so many sorted values `interpolated` needs, ascending."""
    places = [q * (count - 1) for q in QUANTILES]
    return sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})


def interpolated(at: Callable[[int], float], count: int) -> tuple[float, ...]:
    """The five quantiles of so many sorted values, of which `at` gives those of `quantile_ranks`."""
    found = []
    for place in (q * (count - 1) for q in QUANTILES):
        below, above = at(math.floor(place)), at(math.ceil(place))
        between = below + (place - math.floor(place)) * (above - below)
        found.append(float(between if math.isfinite(between) else below))
    return tuple(found)


def _aggregates(place: int) -> list[str]:
    v, f = f"v{place}", f"f{place}"
    return [
        f"count(*) - count({v}) AS missing{place}",
        f"count(*) FILTER (WHERE {nan(v)}) AS nan{place}",
        f"count(*) FILTER (WHERE {v} = {INFINITY}) AS top{place}",
        f"count(*) FILTER (WHERE {v} = {MINUS_INFINITY}) AS bottom{place}",
        f"count(*) FILTER (WHERE {f} <= 0e0) AS small{place}",
        f"min({f}) AS least{place}",
        f"max({f}) AS most{place}",
        f"min({f}) FILTER (WHERE {f} > 0e0) AS positive{place}",
        f"bool_and({f} % 1e0 = 0e0) AS whole{place}",
    ]


def _of_categories(name: str, variable: Variable, rows: int, counts: Sequence[int]) -> Summary:
    codes = [code for code, count in enumerate(counts) if count]
    least, most = (float(codes[0]), float(codes[-1])) if codes else (math.nan, math.nan)
    return Summary(
        name=name,
        rows=rows,
        missing=rows - sum(counts),
        nan=0,
        positive_infinity=0,
        negative_infinity=0,
        non_positive=counts[0] if codes else 0,
        min=least,
        max=most,
        min_positive=next((float(code) for code in codes if code), math.nan),
        integer=bool(codes),
        quantiles=(),
        names=variable.names,
        categories=tuple(sorted(enumerate(counts), key=lambda each: (-each[1], each[0]))),
    )


def _empty(name: str, variable: Variable) -> Summary:
    counted = tuple((code, 0) for code in range(len(variable.names or ())))
    return Summary(name, 0, 0, 0, 0, 0, 0, math.nan, math.nan, math.nan, False, (), variable.names, counted)


def _is_null(value: Any) -> bool:
    """Whether a NumPy answer is null: masked, NaN, or None. Finite numbers are none of these."""
    return value is None or type(value).__name__ == "MaskedConstant" or value != value

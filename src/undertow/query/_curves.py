"""Curves: extremes and means of y by even buckets of x, as SQL for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ._questions import SeriesQuery
from ._sql import Sql, Variable, finite
from .values import as_text

__all__ = ["Series", "curves", "curves_sql", "points_sql"]


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: the middles of its buckets along x that hold a row, and y in each. Shapes (buckets,)."""

    name: str
    x: npt.NDArray[np.float64]
    min: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    max: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]


def points_sql(x: Variable, y: Variable, by: Variable | None, row: str) -> str:
    """What a row is to its curve, as the columns of a SELECT: its number, x, y, and the group that is its curve's."""
    group = "0" if by is None else by.text or f"coalesce(CAST({by.value} AS DOUBLE), CAST('NaN' AS DOUBLE))"
    return f"{row} AS id, CAST({x.value} AS DOUBLE) AS x, CAST({y.value} AS DOUBLE) AS y, {group} AS g"


def curves_sql(points: str, extent: tuple[float, float], width: int) -> Sql:
    """All curves' buckets.

    Args:
        points: A query of the columns that `points_sql` names.
        extent: The least and the largest finite x.
        width: How many buckets.
    """
    low, span = extent[0], extent[1] - extent[0]
    bucket, parameters = "CAST(0 AS BIGINT)", cast("tuple[float, ...]", ())
    if span > 0:
        bucket = f"CAST(least({width - 1}, floor((x - CAST(? AS DOUBLE)) / CAST(? AS DOUBLE) * {width})) AS BIGINT)"
        parameters = (low, span)
    text = (
        "SELECT g, b, min(id) AS first, min(y) AS low, avg(y) AS mean, max(y) AS high, count(*) AS n FROM "  # noqa: S608
        f"(SELECT id, y, g, {bucket} AS b FROM ({points}) AS points WHERE {finite('x')} AND {finite('y')}) AS placed "
        "GROUP BY g, b ORDER BY b"
    )
    return Sql(text, parameters)


def curves(
    found: Mapping[str, Any], query: SeriesQuery, by: Variable | None, extent: tuple[float, float]
) -> list[Series]:
    """What `curves_sql` found, a curve a group, in the order of their first rows."""
    firsts: dict[Any, int] = {}
    keys = [None if key is None or key != key else key for key in found["g"].tolist()]
    for key, first in zip(keys, found["first"].tolist(), strict=True):
        firsts[key] = min(first, firsts.get(key, first))
    out = []
    for key in sorted(firsts, key=lambda each: firsts[each]):
        chosen = np.array([each == key for each in keys], bool)
        name = query.y if by is None else "missing" if key is None else _named(by, key)
        at = extent[0] + (found["b"][chosen].astype(float) + 0.5) / query.width * (extent[1] - extent[0])
        low, mean, high, count = (np.asarray(found[each][chosen]) for each in ("low", "mean", "high", "n"))
        out.append(Series(name, at, low, mean, high, count))
    return out


def _named(by: Variable, key: Any) -> str:
    if isinstance(key, str):
        return key
    return as_text(key) if by.names is None else by.names[int(key)]

"""The questions that an engine answers, and their JSON. `docs/protocol.md` has the contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from ..errors import QueryError
from .binning import FINE_BINS, SPECIAL_BINS

__all__ = [
    "EVERYTHING",
    "Binning",
    "ColumnFilter",
    "CubeQuery",
    "Filters",
    "NearestQuery",
    "RowsQuery",
    "SeriesQuery",
    "Step",
    "parse_cube",
    "parse_filters",
    "parse_nearest",
    "parse_rows",
    "parse_series",
]

#: Cells of all cubes of one question: 4 bytes each in memory and on the way to the page.
MOST_CELLS = 64 << 20
#: What one question may name of a kind: pairs, ranges, steps, columns.
MOST_ITEMS = 20_000
MOST_PAIRS = 512
MOST_ROWS = 1_000_000

_SCALES = {"linear", "time", "log", "symlog", "percentile", "category"}
_SPOKEN = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@dataclass(frozen=True, slots=True)
class ColumnFilter:
    """What a row must hold in one column: one of these, any of them."""

    ranges: tuple[tuple[float, float], ...] = ()
    values: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What was kept or thrown out, once and for all until it is undone."""

    action: Literal["keep", "exclude"]
    columns: Mapping[str, ColumnFilter]
    search: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows a question is about: an AND over columns, after the steps, and a text that one value contains."""

    columns: Mapping[str, ColumnFilter] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    search: str = ""


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Binning:
    """How an axis cuts its values into bins.

    Attributes:
        column: Its name.
        scale: "linear", "time", "log", "symlog", "percentile" or "category".
        domain: (lo, hi); for categories (0, how many − 1).
        percentiles: Shape (241,), for percentile only.
    """

    column: str
    scale: str
    domain: tuple[float, float]
    percentiles: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class CubeQuery:
    """Joint counts of pairs of axes.

    Attributes:
        pairs: The axes, left and right.
        bins: Bins along each axis; five special ones follow them.
        filters: Which rows count.
        active: An axis and its positions: counts are then cumulative over them.
        color: Also sum where the rows stand on this axis.
        sample: Count a fair sample of so many rows only.
    """

    pairs: tuple[tuple[Binning, Binning], ...]
    bins: int
    filters: Filters = EVERYTHING
    active: tuple[Binning, int] | None = None
    color: Binning | None = None
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class RowsQuery:
    """A page of rows; `order` holds columns and whether each descends."""

    columns: tuple[str, ...]
    filters: Filters = EVERYTHING
    order: tuple[tuple[str, bool], ...] = ()
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class NearestQuery:
    """Which row's line passes nearest to the height `y`, `t` of the way from the left axis to the right one.

    Attributes:
        heights: Where the middle of every bin stands on either axis. Shapes (245,).
        reach: How far off a line may pass, in the same measure.
    """

    left: Binning
    right: Binning
    t: float
    y: float
    heights: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
    reach: float
    filters: Filters = EVERYTHING


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Minimum, mean and maximum of y in `width` even buckets of x, one series a value of `by`."""

    x: str
    y: str
    width: int
    by: str | None = None
    filters: Filters = EVERYTHING


def parse_filters(data: Any) -> Filters:
    """Reads filters as a page sends them; numbers that JSON lacks are "inf", "-inf" and "nan".

    Raises:
        QueryError: If they are not what docs/protocol.md says.
    """
    if data is None:
        return EVERYTHING
    content = _mapping(data, "filters")
    steps = []
    for each in _items(content.get("steps") or [], "steps"):
        step = _mapping(each, "a step")
        if step.get("action") not in {"keep", "exclude"}:
            raise QueryError(f"a step keeps or excludes; this one says {step.get('action')!r}")
        steps.append(Step(step["action"], _columns(step.get("columns")), _text(step.get("search") or "", "search")))
    return Filters(_columns(content.get("columns")), tuple(steps), _text(content.get("search") or "", "search"))


def parse_cube(data: Any) -> CubeQuery:
    """Reads a `CubeQuery`.

    Raises:
        QueryError: If it is none, or its answer would be too large.
    """
    content = _mapping(data, "a cube query")
    pairs = []
    for pair in _items(content.get("pairs"), "pairs"):
        left, right = _pair(pair, "a pair of axes")
        pairs.append((_binning(left), _binning(right)))
    if len(pairs) > MOST_PAIRS:
        raise QueryError(f"{len(pairs)} pairs of axes are more than one question may have ({MOST_PAIRS})")
    bins = _whole(content.get("bins"), "bins", 1, FINE_BINS)
    active = None
    if content.get("active") is not None:
        axis = _mapping(content["active"], "the active axis")
        active = (_binning(axis.get("axis")), _whole(axis.get("positions"), "positions", 1, FINE_BINS))
    cells = len(pairs) * (bins + SPECIAL_BINS) ** 2 * (1 if active is None else active[1] + SPECIAL_BINS + 1)
    if cells > MOST_CELLS:
        raise QueryError(f"the answer would have {cells} cells; one question may have {MOST_CELLS}")
    color = None if content.get("color") is None else _binning(content["color"])
    sample = None if content.get("sample") is None else _whole(content["sample"], "sample", 1, 2**53)
    return CubeQuery(tuple(pairs), bins, parse_filters(content.get("filters")), active, color, sample)


def parse_rows(data: Any) -> RowsQuery:
    """Reads a `RowsQuery`.

    Raises:
        QueryError: If it is none, or asks for too many rows.
    """
    content = _mapping(data, "a rows query")
    order = []
    for each in _items(content.get("order") or [], "order"):
        key = _mapping(each, "an order")
        order.append((_text(key.get("column"), "column"), bool(key.get("descending"))))
    limit = content.get("limit")
    return RowsQuery(
        tuple(_text(name, "column") for name in _items(content.get("columns"), "columns")),
        parse_filters(content.get("filters")),
        tuple(order),
        _whole(content.get("offset") or 0, "offset", 0, 2**53),
        MOST_ROWS if limit is None else _whole(limit, "limit", 0, MOST_ROWS),
    )


def parse_nearest(data: Any) -> NearestQuery:
    """Reads a `NearestQuery`.

    Raises:
        QueryError: If it is none.
    """
    content = _mapping(data, "a nearest query")
    heights = []
    for each in _pair(content.get("heights"), "heights"):
        values = _items(each, "heights")
        if len(values) != FINE_BINS + SPECIAL_BINS:
            raise QueryError(f"an axis has {FINE_BINS + SPECIAL_BINS} heights; there are {len(values)}")
        heights.append(np.array([_number(value, "a height") for value in values], np.float32))
    left, right, t, y, reach = (content.get(name) for name in ("left", "right", "t", "y", "reach"))
    filters = parse_filters(content.get("filters"))
    where = _number(t, "t"), _number(y, "y")
    return NearestQuery(
        _binning(left), _binning(right), *where, (heights[0], heights[1]), _number(reach, "reach"), filters
    )


def parse_series(data: Any) -> SeriesQuery:
    """Reads a `SeriesQuery`.

    Raises:
        QueryError: If it is none.
    """
    content = _mapping(data, "a series query")
    by = content.get("by")
    return SeriesQuery(
        _text(content.get("x"), "x"),
        _text(content.get("y"), "y"),
        _whole(content.get("width"), "width", 1, MOST_ITEMS),
        None if by is None else _text(by, "by"),
        parse_filters(content.get("filters")),
    )


def _columns(data: Any) -> dict[str, ColumnFilter]:
    found = {}
    for name, each in _mapping(data or {}, "column filters").items():
        content = _mapping(each, f"the filter of {name!r}")
        ranges = []
        for bounds in _items(content.get("ranges") or [], "ranges"):
            low, high = _pair(bounds, "a range")
            ranges.append((_number(low, "an end of a range"), _number(high, "an end of a range")))
        values = tuple(_text(value, "a value") for value in _items(content.get("values") or [], "values"))
        special = tuple(_text(value, "special") for value in _items(content.get("special") or [], "special"))
        if not {"nan", "+inf", "-inf"}.issuperset(special):
            raise QueryError(f"special values are nan, +inf and -inf; there are {sorted(set(special))}")
        found[name] = ColumnFilter(tuple(ranges), values, special, content.get("missing") is True)
    return found


def _binning(data: Any) -> Binning:
    content = _mapping(data, "an axis")
    column, scale = _text(content.get("column"), "column"), content.get("scale")
    if scale not in _SCALES:
        raise QueryError(f"there is no scale {scale!r}; there are: {', '.join(sorted(_SCALES))}")
    low, high = _pair(content.get("domain"), "a domain")
    domain = _number(low, "the domain's lower end"), _number(high, "the domain's upper end")
    percentiles = None
    if scale == "percentile":
        values = _items(content.get("percentiles"), "percentiles")
        if len(values) != FINE_BINS + 1:
            raise QueryError(f"a percentile scale has {FINE_BINS + 1} percentiles; there are {len(values)}")
        percentiles = np.array([_number(value, "a percentile") for value in values])
    elif not domain[0] <= domain[1] or not all(map(math.isfinite, domain)) or (scale == "log" and domain[0] <= 0):
        raise QueryError(f"{list(domain)} is no domain of a {scale} axis")
    return Binning(column, str(scale), domain, percentiles)


def _mapping(data: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict) or len(data) > MOST_ITEMS:
        raise QueryError(f"{what} must be an object of reasonable size")
    return cast("Mapping[str, Any]", data)


def _items(data: Any, what: str) -> list[Any]:
    if not isinstance(data, list) or len(data) > MOST_ITEMS:
        raise QueryError(f"{what} must be a list of at most {MOST_ITEMS}")
    return data


def _pair(data: Any, what: str) -> tuple[Any, Any]:
    if not isinstance(data, list) or len(data) != 2:
        raise QueryError(f"{what} must be a list of two")
    return data[0], data[1]


def _text(data: Any, what: str) -> str:
    if not isinstance(data, str):
        raise QueryError(f"{what} must be text; it is {data!r}")
    return data


def _number(data: Any, what: str) -> float:
    if isinstance(data, str) and data in _SPOKEN:
        return _SPOKEN[data]
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise QueryError(f"{what} must be a number; it is {data!r}")
    try:
        return float(data)
    except OverflowError as error:
        raise QueryError(f"{what} is beyond all doubles") from error


def _whole(data: Any, what: str, least: int, most: int) -> int:
    number = _number(data, what)
    if not number.is_integer() or not least <= number <= most:
        raise QueryError(f"{what} must be a whole number from {least} to {most}; it is {data!r}")
    return int(number)

"""What a large column holds, as the header says it: axes stand before a value is decoded. `docs/protocol.md`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_ROWS", "summary"]

#: Frames of no more rows are described by the page itself, in no time.
LEAST_ROWS = 20_000
#: A column of more categories too: a count for each would only make the header longer.
_MOST_CATEGORIES = 1000


def summary(values: NDArray[Any], present: NDArray[np.bool_] | None, categories: int | None) -> dict[str, Any] | None:
    """The same numbers as the page's own `summarize` finds, to the last bit; −0 is 0.

    Args:
        values: As the page holds them, a category's code where there are categories. Shape (rows,).
        present: Which rows hold a value; None where all do. Shape (rows,).
        categories: How many categories there are; None for numbers and times.

    Returns:
        What the header says; None where the page is to look for itself.
    """
    if categories is not None and categories > _MOST_CATEGORIES:
        return None
    known = values if present is None else values[present]
    missing = len(values) - len(known)
    nan = positive = negative = 0
    if known.dtype.kind == "f":
        finite = np.isfinite(known)
        if not finite.all():
            nan = int(np.count_nonzero(np.isnan(known)))
            positive = int(np.count_nonzero(known == np.inf))
            negative = len(known) - nan - positive - int(np.count_nonzero(finite))
            known = known[finite]
        integer = bool((np.trunc(known) == known).all())
    else:
        integer = True
    if known.dtype.kind == "i" and known.dtype.itemsize == 8:
        known = known.astype(np.float64)  # as the page counts, whose numbers are doubles
    above = known > 0
    some = len(known) > 0
    return {
        "min": float(known.min()) + 0.0 if some else None,
        "max": float(known.max()) + 0.0 if some else None,
        "min_positive": float(known[above].min()) if above.any() else None,
        "integer": integer and some,
        "quantiles": [] if categories is not None else _quantiles(known),
        "categories": [] if categories is None else _frequencies(known, categories),
        "missing": missing,
        "nan": nan,
        "positive_infinity": positive,
        "negative_infinity": negative,
        "non_positive": len(known) - int(np.count_nonzero(above)),
    }


def _quantiles(known: NDArray[Any]) -> list[float]:
    """0, ¼, ½, ¾ and 1 quantiles, linear between neighbours, in the order of operations of the page."""
    if len(known) == 0:
        return []
    places = [share * (len(known) - 1) for share in (0, 0.25, 0.5, 0.75, 1)]
    ranks = sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})
    parted = np.partition(known, ranks)
    found = []
    for place in places:
        below, above = float(parted[math.floor(place)]), float(parted[math.ceil(place)])
        value = below + (place - math.floor(place)) * (above - below)
        found.append((value if math.isfinite(value) else below) + 0.0)
    return found


def _frequencies(codes: NDArray[Any], categories: int) -> list[list[int]]:
    counts = np.bincount(codes, minlength=categories)
    order = np.argsort(-counts, kind="stable")
    return [[int(code), int(counts[code])] for code in order]

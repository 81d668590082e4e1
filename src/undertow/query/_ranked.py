"""Single values of a sorted column, exactly, without sorting it: by their leading bits, 16 at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from . import _tasks

__all__ = ["ranked"]

Uints = npt.NDArray[np.uint64]
#: Answers a task about all columns: whether its rows are to be added up, and their names.
Run = Callable[[Any, str], pa.Table]


def ranked(
    columns: int, total: int, run: Run, wanted: Callable[[int], Iterable[int]], few: int
) -> list[tuple[int, dict[int, float]]]:
    """The values at some ranks of the finite values of columns, each sorted.

    Args:
        columns: How many columns.
        total: How many rows.
        run: Runs a task over the columns, as doubles, and returns all that it made, added up by all but `n` where the
            schema has that.
        wanted: Which ranks, from how many finite values there are.
        few: So many values may come here at once.

    Returns:
        By column how many values are finite, and the value at each rank.
    """
    prefixes: list[Uints | None] = [None] * columns
    counts = [0] * columns
    # Of each rank in question the leading bits of its value, and its place among the values that begin so.
    places: list[dict[int, tuple[int, int]]] = [{} for _ in range(columns)]
    shift, left = 64, total * columns
    while left > few and shift > 0:
        shift -= 16
        table = run(_tasks.leading_bits(shift, prefixes), "place INT, lead BIGINT, n BIGINT")
        left = 0
        for column in range(columns):
            leads, n = _of(table, column)
            if shift == 48:
                counts[column] = int(n.sum())
                places[column] = {rank: (0, rank) for rank in wanted(counts[column])} if counts[column] else {}
            places[column] = {
                rank: _within(leads, n, prefix, place, first=shift == 48)
                for rank, (prefix, place) in places[column].items()
            }
            chosen = np.unique(np.array([lead for lead, _ in places[column].values()], np.uint64))
            prefixes[column] = chosen
            left += int(n[np.isin(leads, chosen)].sum())
    if shift == 0:
        return [(counts[c], {rank: _number(lead) for rank, (lead, _) in places[c].items()}) for c in range(columns)]
    table = run(_tasks.keys_between(shift, prefixes), "place INT, lead BIGINT")
    found = []
    for column in range(columns):
        keys = np.sort(_of(table, column)[0])
        if shift == 64:
            counts[column] = len(keys)
            at = {rank: rank for rank in (wanted(len(keys)) if len(keys) else ())}
        else:
            begins = {
                lead: int(np.searchsorted(keys >> np.uint64(shift), np.uint64(lead)))
                for lead, _ in places[column].values()
            }
            at = {rank: begins[lead] + place for rank, (lead, place) in places[column].items()}
        found.append((counts[column], {rank: _number(int(keys[place])) for rank, place in at.items()}))
    return found


def _of(table: pa.Table, column: int) -> tuple[Uints, npt.NDArray[np.int64]]:
    """A column's part of an answer, by ascending leading bits."""
    mine = np.flatnonzero(table["place"].to_numpy() == column)
    leads = table["lead"].to_numpy()[mine].astype(np.int64).view(np.uint64)
    order = np.argsort(leads, kind="stable")
    n = table["n"].to_numpy()[mine][order] if "n" in table.column_names else np.ones(len(mine), np.int64)
    return leads[order], n.astype(np.int64)


def _within(leads: Uints, n: npt.NDArray[np.int64], prefix: int, place: int, first: bool) -> tuple[int, int]:
    """The longer leading bits of the value at a place among those that begin with `prefix`, and its place there."""
    begin, end = 0, len(leads)
    if not first:
        shorter = leads >> np.uint64(16)
        begin, end = (int(np.searchsorted(shorter, np.uint64(prefix), side)) for side in ("left", "right"))
    ends = np.cumsum(n[begin:end])
    at = int(np.searchsorted(ends, place, side="right"))
    return int(leads[begin + at]), place - int(ends[at - 1] if at else 0)


def _number(key: int) -> float:
    """The double whose order this is; see `_tasks.ordered`."""
    top = 1 << 63
    raw = key ^ top if key & top else ~key & (top * 2 - 1)
    return float(np.array([raw], np.uint64).view(np.float64)[0])

"""Cubes: bin codes of columns, and joint counts over them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import QueryError
from ._codes import CodeCache
from ._kernel import Codes, joint
from ._questions import Binning, CubeQuery
from ._source import Source
from .binning import FINE_BINS, SPECIAL_BINS, bin_codes, category_codes, edges

__all__ = ["HUES", "Counting", "Cube", "check_axis", "coarsened", "colour_channels", "sample_rows", "tints"]

#: Categories up to so many have a hue each; more are coloured by their place on the axis, as numbers are.
HUES = 8


@dataclass(frozen=True, slots=True)
class Cube:
    """Joint counts.

    Attributes:
        side: bins + 5.
        slices: positions + 6 with an active axis, else 1. Slice k counts the rows whose position is below k.
        counts: One a pair. uint32, shape (slices, side, side), the left axis before the right.
        colours: One a pair, or none. float32, shape (side, side, channels), over all slices.
        share: The share of the rows that was counted.
    """

    side: int
    slices: int
    counts: tuple[npt.NDArray[np.uint32], ...]
    colours: tuple[npt.NDArray[np.float32], ...]
    share: float


class Counting:
    """Counts the rows of a source.

    Args:
        source: The rows.
        cache: Keeps their codes.
        read: A column's values, batch by batch, with which are there.
    """

    def __init__(self, source: Source, cache: CodeCache, read: Callable[..., Iterator[tuple[Any, Any]]]) -> None:
        self._source = source
        self._cache = cache
        self._read = read

    def cube(self, query: CubeQuery, mask: npt.NDArray[np.bool_] | None, ticket: Any) -> Cube:
        """Counts every pair; `mask` says which rows count, None all."""
        rows = self._source.rows
        side = query.bins + SPECIAL_BINS
        area = side * side
        positions = query.active[1] + SPECIAL_BINS if query.active is not None else 0
        share = min(1.0, (math.inf if query.sample is None else query.sample) / max(1, rows))
        chosen: Any = mask
        if share < 1:
            chosen = sample_rows(rows, math.ceil(rows * share))
            chosen = chosen if mask is None else chosen[mask[chosen]]
        active = None
        if query.active is not None:
            codes, table = self._part(*query.active, ticket)
            active = (codes, table * area)
        tints = self._tints(query.color, ticket) if query.color is not None else []
        counts, colours = [], []
        for left, right in query.pairs:
            a, to_row = self._part(left, query.bins, ticket)
            b, to_column = self._part(right, query.bins, ticket)
            axes = ((a, to_row * side), (b, to_column))
            counted = joint(*axes, active, chosen, area * max(1, positions), None, ticket.check)
            grid = np.zeros((positions + 1 if active else 1, side, side), np.uint32)
            if active is None:
                grid[0] = counted.reshape(side, side)
            else:
                # Slice 0 is empty: it counts what lies below the first position.
                np.cumsum(counted.reshape(positions, side, side), axis=0, out=grid[1:], dtype=np.uint32)
            counts.append(grid)
            if tints:
                channels = [joint(*axes, None, chosen, area, tint, ticket.check) for tint in tints]
                colours.append(np.stack(channels, axis=-1).reshape(side, side, -1).astype(np.float32))
        return Cube(side, positions + 1 if active else 1, tuple(counts), tuple(colours), share)

    def codes(self, axis: Binning, bins: int, ticket: Any) -> Codes:
        """The bin of every row on an axis; kept. Shape (rows,)."""
        variable = self._source.variables.get(axis.column)
        if variable is None:
            raise QueryError(f"there is no column {axis.column!r}")
        check_axis(axis, variable.names is not None)
        parts = [axis.column, axis.scale, axis.domain, bins]
        if axis.percentiles is not None:
            parts.append(axis.percentiles.tolist())
        if variable.names is not None:
            parts[2] = len(variable.names)

        def make(out: npt.NDArray[Any]) -> None:
            names = variable.names
            cut = None if names is not None else edges(axis.scale, axis.domain, bins, axis.percentiles)  # type: ignore[arg-type]
            start = 0
            for values, valid in self._read(axis.column, ticket):
                part = slice(start, start + len(values))
                start += len(values)
                if cut is None:
                    out[part] = category_codes(values.astype(np.int64), len(names or ()), bins, valid)
                else:
                    out[part] = bin_codes(values, cut, log=axis.scale == "log", valid=valid)

        dtype = np.uint8 if bins + SPECIAL_BINS <= 256 else np.uint16
        return self._cache.get(json.dumps(parts), self._source.rows, dtype, make)

    def _part(self, axis: Binning, bins: int, ticket: Any) -> tuple[Codes, npt.NDArray[np.int64]]:
        """An axis' codes, and for each the bin it stands for."""
        fine, table = coarsened(axis, bins)
        return self.codes(axis, fine, ticket), table

    def _tints(self, color: Binning, ticket: Any) -> list[tuple[Codes, npt.NDArray[np.float64]]]:
        """The codes of the colour's axis, and by channel what each code adds."""
        codes = self.codes(color, FINE_BINS, ticket)
        return [(codes, weights) for weights in tints(color)]


def coarsened(axis: Binning, bins: int) -> tuple[int, npt.NDArray[np.int64]]:
    """How many bins an axis' codes are made for, and for each code the bin of `bins` that it stands for.

    Fine codes serve all coarser bins that are made of whole ones.

    Returns:
        The count, and an array of shape (256,).
    """
    fine = bins if axis.scale == "category" or FINE_BINS % bins else FINE_BINS
    k = np.arange(256)
    table = np.where(k < fine, k * bins // fine, np.minimum(bins + k - fine, bins + SPECIAL_BINS - 1))
    return fine, table.astype(np.int64)


def tints(color: Binning) -> list[npt.NDArray[np.float64]]:
    """By channel what a row adds to its cell, by the row's fine code on the colour's axis. Shapes (256,)."""
    k = np.arange(256)
    channels = colour_channels(color)
    if channels > 2:
        return [(np.minimum(k, channels - 1) == channel).astype(float) for channel in range(channels)]
    known = k < FINE_BINS
    places: npt.NDArray[Any] = (k + 0.5) / FINE_BINS
    if color.scale == "category":
        places = 1 - (k + 0.5) / min(FINE_BINS, color.domain[1] + 1)
    return [known.astype(float), np.where(known, places, 0.0)]


def sample_rows(rows: int, count: int) -> npt.NDArray[np.int64]:
    """So many of the rows, the same ones each time, ascending; one out of each of as many equal stretches."""
    ends = np.linspace(0, rows, count + 1).astype(np.int64)
    spots = np.random.default_rng(count).random(count)
    return ends[:-1] + (spots * np.maximum(1, np.diff(ends))).astype(np.int64)


def check_axis(axis: Binning, category: bool) -> None:
    """Raises QueryError where a column cannot be drawn on such an axis."""
    if category != (axis.scale == "category"):
        raise QueryError(f"column {axis.column!r} cannot be drawn on a {axis.scale} axis")


def colour_channels(axis: Binning) -> int:
    """How many numbers a cell says of its rows' colours: a hue each of few categories, else a count and a sum."""
    return HUES if axis.scale == "category" and axis.domain[1] < HUES else 2

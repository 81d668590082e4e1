"""The columns of a frame as a picture needs them: numbers, what they hold, and their scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...frame import Frame
from ...query import binning
from ...query.values import encode, milliseconds
from ...schema import Column
from .._summary import summary
from ._scale import Scale, default_scale, make_scale, slots_of

__all__ = ["Columns", "Values", "described", "values_of"]


@dataclass(frozen=True)
class Values:
    """A column's values.

    Attributes:
        numbers: Categories as codes, times as milliseconds; anything where missing. Shape (rows,).
        present: Which rows hold a value; None where all do. Shape (rows,).
        names: The categories' names by code; None for numbers and times.
    """

    numbers: npt.NDArray[Any]
    present: npt.NDArray[np.bool_] | None
    names: Sequence[str] | None


def values_of(kind: str, column: pa.ChunkedArray) -> Values:
    """A column of a table; `kind` as a `Column` has it."""
    names = None
    numbers: npt.NDArray[Any]
    if kind == "category":
        numbers, found = encode(column)
        names = ["" if name is None else str(name) for name in found]
    elif kind == "time":
        numbers = milliseconds(column)
    else:
        numbers = np.asarray(pc.fill_null(column, pa.scalar(0, column.type)).to_numpy())
        if numbers.dtype.kind != "f":
            numbers = numbers.astype(np.float64)
    present = np.asarray(column.is_valid().to_numpy(), bool) if column.null_count else None
    return Values(numbers, present, names)


def described(values: Values) -> dict[str, Any]:
    """What the header of a page says of a column, and how many finite values are `known`."""
    count = None if values.names is None else len(values.names)
    numbers = values.numbers
    if count is None:
        numbers = numbers.astype(np.float64, copy=False)
        known = int(np.count_nonzero(np.isfinite(numbers if values.present is None else numbers[values.present])))
        return {**(summary(numbers, values.present, None) or {}), "known": known}
    # More categories than a header would list are still counted here: the frequent ones are named.
    codes = numbers if values.present is None else numbers[values.present]
    counts = np.bincount(codes, minlength=count)
    order = np.argsort(-counts, kind="stable")
    return {
        "categories": [(int(code), int(counts[code])) for code in order],
        "missing": len(numbers) - len(codes),
        **dict.fromkeys(("nan", "positive_infinity", "negative_infinity", "non_positive"), 0),
    }


class Columns:
    """A frame's columns, each looked at when it is asked for.

    Args:
        frame: The rows. Values are read anew each time, so that a large frame is never held twice.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._infos = {column.name: column for column in frame}
        self._described: dict[str, dict[str, Any]] = {}
        self._names: dict[str, Sequence[str]] = {}
        self._scales: dict[str, Scale] = {}

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.frame)

    def info(self, name: str) -> Column:
        """How a column is to be understood."""
        return self._infos[name]

    def values(self, name: str) -> Values:
        """A column's values."""
        return values_of(self.info(name).kind, self.frame.table[name])

    def names(self, name: str) -> Sequence[str] | None:
        """The categories of a column by code; None for numbers and times."""
        if self.info(name).kind != "category":
            return None
        self.summary(name)
        return self._names[name]

    def summary(self, name: str) -> dict[str, Any]:
        """What a column holds."""
        if name not in self._described:
            values = self.values(name)
            self._described[name] = described(values)
            self._names[name] = values.names or ()
        return self._described[name]

    def scale(self, name: str) -> Scale:
        """The scale that a column starts with; those that share a domain have one."""
        if name not in self._scales:
            info = self.info(name)
            sharing = [each.name for each in self.frame if each.share and each.share == info.share] or [name]
            kind = default_scale(self.info(sharing[0]), self.summary(sharing[0]))
            others = [self.summary(other) for other in sharing if other != name]
            cut = self._percentiles(name) if kind == "percentile" else None
            scale = make_scale(kind, [self.summary(name), *others], self.names(name) or (), cut)
            wanted = next((each.domain for each in map(self.info, sharing) if each.domain), None)
            # As the page has it: of percentiles and categories all are shown, and a log axis has no place for 0.
            if wanted and kind not in ("percentile", "category") and (kind != "log" or wanted[0] > 0):
                scale = replace(scale, domain=wanted)
            self._scales[name] = scale
        return self._scales[name]

    def _percentiles(self, name: str) -> npt.NDArray[np.float64]:
        values = self.values(name)
        return binning.percentiles(values.numbers if values.present is None else values.numbers[values.present])

    def slots(self, name: str) -> list[int]:
        """The gutters that a column's axis uses."""
        return slots_of(self.scale(name).name, self.summary(name))

    def places(self, name: str) -> npt.NDArray[np.float32]:
        """Every row's place on a column's axis. Shape (rows,)."""
        values = self.values(name)
        return self.scale(name).places(values.numbers, values.present)

    def bins(self, name: str, bins: int) -> npt.NDArray[np.uint8]:
        """Every row's bin on a column's axis, the five beyond it included. Shape (rows,)."""
        values, scale = self.values(name), self.scale(name)
        if values.names is not None:
            return binning.category_codes(values.numbers, len(values.names), bins, values.present).astype(np.uint8)
        domain = scale.domain if scale.domain[0] == scale.domain[0] else (0.0, 0.0)
        kind: Any = scale.name
        cut = binning.edges(kind, domain, bins, scale.percentiles)
        codes = binning.bin_codes(values.numbers, cut, log=scale.name == "log", valid=values.present)
        return codes.astype(np.uint8)

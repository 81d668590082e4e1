"""What every engine answers, and for whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import CancelledError
from ..schema import Column
from ._counting import Cube
from ._curves import Series
from ._questions import CubeQuery, Filters, NearestQuery, RowsQuery, SeriesQuery
from ._summary import Summary

__all__ = ["Engine", "Rows", "Selection", "Series", "Ticket"]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows.

    Attributes:
        ids: Their numbers. Shape (rows,).
        table: Their values, in the columns' own types.
        total: How many pass the filters, whatever the limit.
    """

    ids: npt.NDArray[np.int64]
    table: pa.Table
    total: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows pass: how many, and one bit a row, the least significant first."""

    count: int
    bits: npt.NDArray[np.uint8]


class Ticket:
    """Someone's wait for an answer, which they may give up. Any thread may cancel it."""

    def __init__(self) -> None:
        self._cancelled = False
        self._stops: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Ends what is done for it as soon as can be."""
        with self._lock:
            self._cancelled = True
            for stop in self._stops:
                stop()

    def check(self) -> None:
        """Raises CancelledError once it is cancelled."""
        if self._cancelled:
            raise CancelledError("whoever asked waits no longer")

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """Calls `stop` where it is cancelled meanwhile."""
        self.check()
        with self._lock:
            self._stops.append(stop)
        try:
            yield
        except Exception:
            self.check()
            raise
        finally:
            with self._lock:
                self._stops.remove(stop)


class Engine(Protocol):
    """Answers questions about one frame. Every method takes the ticket of whoever waits, and raises QueryError."""

    rows_total: int
    columns: tuple[Column, ...]

    def describe(self, columns: Sequence[str], ticket: Ticket = ...) -> list[Summary]:
        """What is known of some columns."""

    def percentiles(self, column: str, ticket: Ticket = ...) -> npt.NDArray[np.float64]:
        """The 241 percentile edges of a column of numbers; all NaN where no value is finite."""

    def select(self, filters: Filters, ticket: Ticket = ...) -> Selection:
        """Which rows pass."""

    def cube(self, query: CubeQuery, ticket: Ticket = ...) -> Cube:
        """Joint counts of pairs of axes."""

    def rows(self, query: RowsQuery, ticket: Ticket = ...) -> Rows:
        """A page of rows; ties in row order, NaN, ±∞ and missing values last whichever the direction."""

    def values(self, ids: npt.NDArray[np.int64], columns: Sequence[str], ticket: Ticket = ...) -> pa.Table:
        """The values of single rows."""

    def series(self, query: SeriesQuery, ticket: Ticket = ...) -> list[Series]:
        """Curves; rows without finite x and y are left out."""

    def nearest(self, query: NearestQuery, ticket: Ticket = ...) -> int | None:
        """The row whose line passes nearest to a point; None where none comes within reach."""

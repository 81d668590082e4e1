"""The engine for what one machine holds: DuckDB describes, filters and pages, a kernel counts."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import QueryError
from ..frame import Frame
from ._answers import Engine, Rows, Selection, Ticket
from ._codes import CodeCache, identity_of
from ._counting import Counting, Cube
from ._curves import Series, curves, curves_sql, points_sql
from ._kernel import nearest
from ._questions import CubeQuery, Filters, NearestQuery, RowsQuery, SeriesQuery
from ._source import FrameSource, ParquetSource, Source
from ._sql import Variable, finite, predicate, sortable
from ._summary import Summary, interpolated, quantile_ranks, summarize
from .binning import FINE_BINS
from .binning import percentiles as percentiles_of
from .values import as_text, ranks

__all__ = ["Cube", "DuckEngine", "Engine", "Rows", "Selection", "Series", "Summary", "Ticket"]

#: Values read from DuckDB at a time.
_BATCH = 1 << 18
#: Masks that are kept, a byte a row each.
_MASKS = 4
#: Memory that DuckDB may take before it spills.
_MEMORY = "3GB"


class DuckEngine:
    """The engine for what one machine holds. Any number of threads may ask at once.

    Args:
        data: A Frame, or Parquet files whose rows follow one another in that order.
        cache: The folder for bin codes of files; `$XDG_CACHE_HOME/undertow/codes` where None. Those of a Frame stay in
            memory.

    Raises:
        QueryError: If DuckDB is not installed, or there is no file.
    """

    def __init__(self, data: Frame | Sequence[Path], cache: Path | None = None) -> None:
        try:
            import duckdb
        except ModuleNotFoundError as error:
            raise QueryError("questions about large data need DuckDB: pip install 'undertow[query]'") from error
        self._duckdb = duckdb
        self._database = duckdb.connect(config={"memory_limit": _MEMORY, "preserve_insertion_order": True})
        self._local = threading.local()
        self._lock = threading.Lock()
        files = None if isinstance(data, Frame) else [Path(path) for path in data]
        self._source: Source = (
            FrameSource(data) if isinstance(data, Frame) else ParquetSource(files or [], self._database)
        )
        self.rows_total = self._source.rows
        self.columns = self._source.columns
        self._summaries: dict[str, Summary] = {}
        self._masks: OrderedDict[str, npt.NDArray[np.bool_] | None] = OrderedDict()
        self._cache = CodeCache(None if files is None else identity_of(files), cache)

    @cached_property
    def _counting(self) -> Counting:
        return Counting(self._source, self._cache, self._read)

    def describe(self, columns: Sequence[str], ticket: Ticket | None = None) -> list[Summary]:
        """See `Engine.describe`."""
        ask = self._asker(ticket)
        for name in columns:
            variable = self._variable(name)
            if name not in self._summaries:
                found = summarize({name: variable}, self.rows_total, ask, partial(self._counts, ask), self._ranked(ask))
                self._summaries[name] = found[0]
        return [self._summaries[name] for name in columns]

    def _counts(self, ask: Callable[..., dict[str, Any]], name: str) -> list[int]:
        variable = self._variable(name)
        counts = [0] * len(variable.names or ())
        by_code = ask(f"SELECT {variable.value} AS c, count(*) AS n FROM frame WHERE c IS NOT NULL GROUP BY c")  # noqa: S608
        for code, count in zip(by_code["c"].tolist(), by_code["n"].tolist(), strict=True):
            counts[code] = count
        return counts

    def _ranked(self, ask: Callable[..., dict[str, Any]]) -> Callable[[Sequence[str]], dict[str, tuple[float, ...]]]:
        """Quantiles by selection in one array: DuckDB's own hold several, and take longer."""

        def quantiles(names: Sequence[str]) -> dict[str, tuple[float, ...]]:
            found = {}
            for name in names:
                values = np.array(ask(self._finite(name))["v"], np.float64, copy=None)
                values.partition(quantile_ranks(len(values)))
                found[name] = interpolated(lambda rank, values=values: float(values[rank]), len(values))  # type: ignore[misc]
            return found

        return quantiles

    def _finite(self, name: str) -> str:
        value = f"CAST({self._variable(name).value} AS DOUBLE)"
        return f"SELECT {value} AS v FROM frame WHERE {finite(value)}"  # noqa: S608 - c0, c1, …

    def percentiles(self, column: str, ticket: Ticket | None = None) -> npt.NDArray[np.float64]:
        """See `Engine.percentiles`."""
        self._variable(column)
        if self.rows_total == 0:
            return percentiles_of(np.zeros(0))
        return percentiles_of(self._asker(ticket)(self._finite(column))["v"])

    def select(self, filters: Filters, ticket: Ticket | None = None) -> Selection:
        """See `Engine.select`."""
        mask = self._mask(filters, ticket)
        if mask is None:
            mask = np.ones(self.rows_total, bool)
        return Selection(int(np.count_nonzero(mask)), np.packbits(mask, bitorder="little"))

    def cube(self, query: CubeQuery, ticket: Ticket | None = None) -> Cube:
        """See `Engine.cube`."""
        ticket = ticket or Ticket()
        for left, right in query.pairs:
            self._variable(left.column), self._variable(right.column)
        return self._counting.cube(query, self._mask(query.filters, ticket), ticket)

    def rows(self, query: RowsQuery, ticket: Ticket | None = None) -> Rows:
        """See `Engine.rows`."""
        for name in query.columns:
            self._variable(name)
        mask = self._mask(query.filters, ticket)
        total = self.rows_total if mask is None else int(np.count_nonzero(mask))
        end = total if query.limit is None else min(total, query.offset + query.limit)
        if query.order:
            ids = self._ordered(query, end, ticket)
        elif mask is None:
            ids = np.arange(query.offset, max(query.offset, end))
        else:
            ids = np.flatnonzero(mask)[query.offset : end]
        return Rows(ids, self.values(ids, query.columns, ticket), total)

    def values(self, ids: npt.NDArray[np.int64], columns: Sequence[str], ticket: Ticket | None = None) -> pa.Table:
        """See `Engine.values`."""
        for name in columns:
            self._variable(name)
        if len(ids) and not 0 <= ids.min() <= ids.max() < self.rows_total:
            raise QueryError(f"there are {self.rows_total} rows; one of those asked for is not among them")
        connection = self._connection()
        with (ticket or Ticket()).stopping(connection.interrupt):
            return self._source.take(ids, columns, connection)

    def series(self, query: SeriesQuery, ticket: Ticket | None = None) -> list[Series]:
        """See `Engine.series`."""
        x, y = self._variable(query.x), self._variable(query.y)
        by = None if query.by is None else self._variable(query.by)
        described = self.describe([query.x], ticket)[0]
        if self.rows_total == 0 or np.isnan(described.min):
            return []
        extent = (described.min, described.max)
        mask = self._mask(query.filters, ticket)
        # Filters may hold a search, which is none of SQL's: the mask comes in as a column of its own.
        points = f"SELECT {points_sql(x, y, by, 'row_number() OVER ()')} FROM frame"  # noqa: S608 - c0, c1, …
        if mask is not None:
            points = f"SELECT * FROM ({points}) POSITIONAL JOIN mask WHERE p"  # noqa: S608
        sql = curves_sql(points, extent, query.width)
        return curves(self._asker(ticket, mask)(sql.text, sql.parameters), query, by, extent)

    def nearest(self, query: NearestQuery, ticket: Ticket | None = None) -> int | None:
        """See `Engine.nearest`."""
        ticket = ticket or Ticket()
        if self.rows_total == 0:
            return None
        left, right = (self._counting.codes(axis, FINE_BINS, ticket) for axis in (query.left, query.right))
        t, y = np.float32(query.t), np.float32(query.y)
        distance = np.abs(((1 - t) * query.heights[0] - y)[:, None] + (t * query.heights[1])[None, :])
        found = nearest(left, right, distance, self._mask(query.filters, ticket), ticket.check)
        return found[0] if found is not None and found[1] < query.reach else None

    def _variable(self, name: str) -> Variable:
        variable = self._source.variables.get(name)
        if variable is None:
            raise QueryError(f"there is no column {name!r}")
        return variable

    def _mask(self, filters: Filters, ticket: Ticket | None) -> npt.NDArray[np.bool_] | None:
        """Which rows pass, None where all do. Shape (rows,)."""
        if filters == Filters():
            return None
        key = json.dumps(asdict(filters), sort_keys=True)
        with self._lock:
            if key in self._masks:
                self._masks.move_to_end(key)
                return self._masks[key]
        mask = self._searched_mask(filters, ticket)
        with self._lock:
            self._masks[key] = mask
            while len(self._masks) > _MASKS:
                self._masks.popitem(last=False)
        return mask

    def _searched_mask(self, filters: Filters, ticket: Ticket | None) -> npt.NDArray[np.bool_]:
        if not any(step.search for step in filters.steps):
            mask = self._passing(Filters(filters.columns, filters.steps), ticket)
        else:
            mask = np.ones(self.rows_total, bool)
            for step in filters.steps:
                passing = self._passing(Filters(step.columns), ticket)
                if step.search:
                    passing = passing & self._holding(step.search, passing, ticket)
                mask &= passing if step.action == "keep" else ~passing
            mask &= self._passing(Filters(filters.columns), ticket)
        return mask & self._holding(filters.search, mask, ticket) if filters.search else mask

    def _passing(self, filters: Filters, ticket: Ticket | None) -> npt.NDArray[np.bool_]:
        sql = predicate(filters, self._variable)
        if self.rows_total == 0 or sql.text == "true":
            return np.ones(self.rows_total, bool)
        found = self._asker(ticket)(f"SELECT {sql.text} AS p FROM frame", sql.parameters)["p"]  # noqa: S608 - see _sql
        return np.asarray(found, bool)

    def _holding(self, search: str, among: npt.NDArray[np.bool_], ticket: Ticket | None) -> npt.NDArray[np.bool_]:
        """Which of some rows hold a text in one of their values, whatever the case."""
        wanted = search.lower()
        held = np.zeros(self.rows_total, bool)
        for name, variable in self._source.variables.items():
            names = None
            if variable.names is not None:
                names = np.array([wanted in each.lower() for each in variable.names], bool)
            start = 0
            for values, valid in self._read(name, ticket or Ticket()):
                span = slice(start, start + len(values))
                start += len(values)
                open_ = np.flatnonzero(among[span] & ~held[span] & valid)
                if names is not None:
                    held[span][open_] = names[values[open_].astype(np.int64)] if len(names) else False
                else:
                    distinct, place = np.unique(values[open_], return_inverse=True)
                    found = np.array([wanted in as_text(each).lower() for each in distinct.tolist()], bool)
                    held[span][open_] = found[place] if len(found) else False
        return held

    def _ordered(self, query: RowsQuery, end: int, ticket: Ticket | None) -> npt.NDArray[np.int64]:
        """The numbers of a page of rows, sorted; DuckDB holds no more of them in memory than the page ends with."""
        keys, names, parameters = [], [], []
        for place, (name, descending) in enumerate(query.order):
            variable = self._variable(name)
            if variable.names is None:
                key = sortable(variable.value)
            else:
                key = f"list_extract(?::INTEGER[], {variable.value} + 1)"
                parameters.append(ranks(variable.names))
            keys.append(f"{key} AS k{place}")
            names.append(f"k{place} {'DESC' if descending else 'ASC'} NULLS LAST")
        mask = self._mask(query.filters, ticket)
        rows = f"SELECT row_number() OVER () - 1 AS id, {', '.join(keys)} FROM frame"  # noqa: S608 - c0, c1, …
        if mask is not None:
            rows = f"SELECT * FROM ({rows}) POSITIONAL JOIN mask WHERE p"  # noqa: S608
        text = f"SELECT id FROM ({rows}) ORDER BY {', '.join(names)}, id LIMIT ? OFFSET ?"  # noqa: S608
        if self.rows_total == 0 or end <= query.offset:
            return np.zeros(0, np.int64)
        found = self._asker(ticket, mask)(text, (*parameters, end - query.offset, query.offset))["id"]
        return np.asarray(found, np.int64)

    def _connection(self) -> Any:
        """This thread's connection; DuckDB's own are for one thread each."""
        if not hasattr(self._local, "connection"):
            with self._lock:
                self._local.connection = self._database.cursor()
            self._source.prepare(self._local.connection)
        return self._local.connection

    def _asker(self, ticket: Ticket | None, mask: npt.NDArray[np.bool_] | None = None) -> Callable[..., dict[str, Any]]:
        def ask(query: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
            connection = self._connection()
            with (ticket or Ticket()).stopping(connection.interrupt):
                if mask is not None:
                    connection.register("mask", pa.table({"p": mask}))
                return dict(connection.execute(query, list(parameters)).fetchnumpy())

        return ask

    def _read(self, name: str, ticket: Ticket) -> Iterator[tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
        """A column's values in row order, some at a time, with which are there. Shapes (batch,)."""
        if self.rows_total == 0:
            return
        connection = self._connection().cursor()
        self._source.prepare(connection)
        with ticket.stopping(connection.interrupt):
            query = f"SELECT {self._variable(name).value}::DOUBLE AS v FROM frame"  # noqa: S608 - c0, c1, …
            for batch in connection.sql(query).to_arrow_reader(_BATCH):
                ticket.check()
                column = batch.column(0)
                yield column.fill_null(0.0).to_numpy(), np.asarray(column.is_valid().to_numpy(zero_copy_only=False))

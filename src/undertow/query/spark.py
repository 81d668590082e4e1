"""The engine for what one machine cannot hold: a Spark cluster reads Parquet files and counts; answers come back."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import CancelledError, QueryError
from ..frame import Frame
from . import _tasks
from ._answers import Rows, Selection, Ticket
from ._cluster import SparkFiles, connect, ship, stoppable
from ._counting import Cube, check_axis, sample_rows, tints
from ._curves import Series, curves, curves_sql, points_sql
from ._plans import Names, Plans
from ._questions import CubeQuery, Filters, NearestQuery, RowsQuery, SeriesQuery
from ._ranked import ranked
from ._sql import TRUE, Sql, Variable, predicate, sortable
from ._summary import Summary, interpolated, quantile_ranks, summarize
from .binning import FINE_BINS, SPECIAL_BINS, percentile_ranks
from .engine import DuckEngine
from .values import BOOLEANS, ranks

__all__ = ["SAMPLE_ROWS", "SparkEngine"]

#: Rows that are held here, to answer at once what may be answered by a sample.
SAMPLE_ROWS = 250_000
#: Values that may come here at once, to be sorted.
_FEW_VALUES = 2_000_000
#: Names of a column's categories that this machine can bear.
_MOST_NAMES = 1_000_000
_SUMMED = "SELECT channel, pair, cell, sum(n) AS n, sum(weight) AS weight FROM made GROUP BY channel, pair, cell"
#: How many bits each byte has.
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)


class SparkEngine:
    """The engine for what one machine cannot hold. Any number of threads may ask at once.

    Args:
        paths: Parquet files whose rows follow one another in that order, where this machine and the workers find them.
        master: The cluster: `spark://HOST:PORT`, or a SparkSession (not one of Spark Connect).

    Raises:
        QueryError: If there is no file, PySpark is not installed, or the cluster cannot be reached.
    """

    def __init__(self, paths: Sequence[Path], master: Any) -> None:
        session = connect(master)
        ship()
        self._files = SparkFiles(paths, session)
        self._session = self._files.session
        self.rows_total = self._files.rows
        self.columns = self._files.columns
        self._variables = {column.name: self._spoken(place) for place, column in enumerate(self.columns)}
        self._names: dict[str, tuple[list[str], list[int]]] = {}
        self._summaries: dict[str, Summary] = {}
        self._percentiles: dict[str, npt.NDArray[np.float64]] = {}
        self._totals: dict[str, int] = {}
        self._sampled: dict[str, pa.Array] = {}
        self._local: DuckEngine | None = None
        self._lock = threading.Lock()
        self._numbers = count()

    def describe(self, columns: Sequence[str], ticket: Ticket | None = None) -> list[Summary]:
        """See `Engine.describe`."""
        new = {name: self._variable(name) for name in columns}
        new = {name: variable for name, variable in new.items() if name not in self._summaries}
        found = summarize(
            new,
            self.rows_total,
            partial(self._arrays, ticket=ticket),
            lambda name: self._categories(name, ticket)[1],
            lambda names: {name: self._rank(name, found, ticket) for name, found in self._ranked(names, ticket)},
        )
        self._summaries.update({each.name: each for each in found})
        return [self._summaries[name] for name in columns]

    def percentiles(self, column: str, ticket: Ticket | None = None) -> npt.NDArray[np.float64]:
        """See `Engine.percentiles`."""
        self._variable(column)
        if self.rows_total and column not in self._percentiles:
            for name, found in self._ranked([column], ticket):
                self._rank(name, found, ticket)
        return self._percentiles.get(column, np.full(FINE_BINS + 1, np.nan))

    def select(self, filters: Filters, ticket: Ticket | None = None) -> Selection:
        """See `Engine.select`."""
        if filters == Filters() or self.rows_total == 0:
            return Selection(self.rows_total, np.packbits(np.ones(self.rows_total, bool), bitorder="little"))
        width = _tasks.CHUNK // 8
        packed = np.zeros(-(-self.rows_total // _tasks.CHUNK) * width, np.uint8)
        with self._passing(filters, ["id"], "numbered", ticket) as passing:
            table = self._task(passing, _tasks.bits, "chunk BIGINT, bits BINARY", ticket)
        for chunk, bits in zip(table["chunk"].to_pylist(), table["bits"].to_pylist(), strict=True):
            packed[chunk * width : (chunk + 1) * width] |= np.frombuffer(bits, np.uint8)
        packed = packed[: -(-self.rows_total // 8)]
        return Selection(int(_BITS[packed].sum()), packed)

    def cube(self, query: CubeQuery, ticket: Ticket | None = None) -> Cube:
        """See `Engine.cube`. A sample is counted here, of at most 250,000 rows."""
        axes = [axis for pair in query.pairs for axis in pair]
        axes += [axis for axis in (query.active and query.active[0], query.color) if axis is not None]
        for axis in axes:
            check_axis(axis, self._variable(axis.column).names is not None)
        if query.sample is not None and query.sample < self.rows_total:
            return self._sample_cube(query, [axis.column for axis in axes], ticket)
        side = query.bins + SPECIAL_BINS
        area, positions = side * side, 0 if query.active is None else query.active[1] + SPECIAL_BINS
        plans = Plans(self._variable)
        pairs = tuple(
            (plans.part(left, query.bins, side), plans.part(right, query.bins, 1)) for left, right in query.pairs
        )
        active = None if query.active is None else plans.part(*query.active, area)
        color = None if query.color is None else plans.place(query.color, FINE_BINS)
        weights = () if query.color is None else tuple(tints(query.color))
        size = area * max(1, positions)
        task = _tasks.Counts(tuple(plans.made), pairs, active, color, weights, area, size)
        sums: npt.NDArray[np.int64] = np.zeros((len(pairs), size), np.int64)
        colours: npt.NDArray[np.float64] = np.zeros((len(pairs), area, len(weights)))
        if self.rows_total and pairs:
            with self._passing(query.filters, plans.selected, "frame", ticket) as passing:
                found = self._task(passing, task, _tasks.CELLS, ticket, _SUMMED)
            channel, pair, cell, n, weight = (each.to_numpy() for each in found.columns)
            counted = channel == 0
            sums[pair[counted], cell[counted]] = n[counted]
            colours[pair[~counted], cell[~counted], channel[~counted] - 1] = weight[~counted]
        counts = []
        for each in sums:
            grid: npt.NDArray[np.uint32] = np.zeros((positions + 1 if positions else 1, side, side), np.uint32)
            if positions:
                np.cumsum(each.reshape(positions, side, side), axis=0, out=grid[1:], dtype=np.uint32)
            else:
                grid[0] = each.reshape(side, side)
            counts.append(grid)
        tinted = tuple(each.reshape(side, side, -1).astype(np.float32) for each in colours) if len(weights) else ()
        return Cube(side, positions + 1 if positions else 1, tuple(counts), tinted, 1.0)

    def rows(self, query: RowsQuery, ticket: Ticket | None = None) -> Rows:
        """See `Engine.rows`."""
        wanted = list(dict.fromkeys((*query.columns, *(name for name, _ in query.order))))
        selected = ["id", *(f"c{self._place(name)}" for name in wanted)]
        total = self._total(query.filters, ticket)
        end = total if query.limit is None else min(total, query.offset + query.limit)
        if end <= query.offset:
            return Rows(np.zeros(0, np.int64), self._typed(None, query.columns), total)
        keys, joins = [], ""
        for place, (name, descending) in enumerate(query.order):
            variable = self._variable(name)
            key = sortable(variable.value) if variable.names is None else f"r{place}.rank"
            if variable.names is not None:
                names = list(variable.names)
                table = pa.table({"name": pa.array(names, pa.string()), "rank": pa.array(ranks(names), pa.int64())})
                view = f"ranks{next(self._numbers)}"
                self._session.createDataFrame(table).createOrReplaceTempView(view)
                text = f"CASE WHEN {variable.value} = 1 THEN 'true' WHEN {variable.value} = 0 THEN 'false' END"
                joins += f" LEFT JOIN {view} AS r{place} ON r{place}.name = {variable.text or text}"
            keys.append(f"{key} {'DESC' if descending else 'ASC'} NULLS LAST, ")
        with self._passing(query.filters, selected, "numbered", ticket) as passing:
            text = (
                f"SELECT {', '.join(selected)} FROM ({passing.text}) AS passing{joins} "  # noqa: S608 - c0, c1, …
                f"ORDER BY {''.join(keys)}id LIMIT {end - query.offset} OFFSET {query.offset}"
            )
            found = self._ask(lambda: self._session.sql(text, args=list(passing.parameters)), ticket)
        return Rows(np.asarray(found["id"].to_numpy(), np.int64), self._typed(found, query.columns), total)

    def values(self, ids: npt.NDArray[np.int64], columns: Sequence[str], ticket: Ticket | None = None) -> pa.Table:
        """See `Engine.values`."""
        selected = [f"c{self._place(name)}" for name in columns]
        if len(ids) == 0:
            return self._typed(None, columns)
        if not 0 <= ids.min() <= ids.max() < self.rows_total:
            raise QueryError(f"there are {self.rows_total} rows; one of those asked for is not among them")
        found = self._ask(lambda: self._files.having(ids).select("id", *dict.fromkeys(selected)), ticket)
        order = np.argsort(found["id"].to_numpy())
        return self._typed(found.take(order[np.searchsorted(found["id"].to_numpy()[order], ids)]), columns)

    def series(self, query: SeriesQuery, ticket: Ticket | None = None) -> list[Series]:
        """See `Engine.series`."""
        x, y = self._variable(query.x), self._variable(query.y)
        by = None if query.by is None else self._variable(query.by)
        described = self.describe([query.x], ticket)[0]
        if self.rows_total == 0 or math.isnan(described.min):
            return []
        extent = (described.min, described.max)
        used = {query.x, query.y} | ({query.by} if query.by is not None else set())
        with self._passing(query.filters, ["id", *(f"c{self._place(n)}" for n in used)], "numbered", ticket) as passing:
            points = f"SELECT {points_sql(x, y, by, 'id')} FROM ({passing.text}) AS passing"  # noqa: S608 - c0, c1, …
            sql = curves_sql(points, extent, query.width)
            found = self._arrays(sql.text, (*sql.parameters, *passing.parameters), ticket)
        return curves(found, query, by, extent)

    def nearest(self, query: NearestQuery, ticket: Ticket | None = None) -> int | None:
        """See `Engine.nearest`."""
        plans = Plans(self._variable, ["id"])
        left, right = (plans.place(axis, FINE_BINS) for axis in (query.left, query.right))
        if self.rows_total == 0:
            return None
        t, y = np.float32(query.t), np.float32(query.y)
        distance = np.abs(((1 - t) * query.heights[0] - y)[:, None] + (t * query.heights[1])[None, :])
        task = _tasks.Nearest(plans.made[left], plans.made[right], distance)
        with self._passing(query.filters, plans.selected, "numbered", ticket) as passing:
            text = "SELECT * FROM made ORDER BY distance, id LIMIT 1"
            found = self._task(passing, task, _tasks.NEAREST, ticket, text).to_pylist()
        return found[0]["id"] if found and found[0]["distance"] < query.reach else None

    def _spoken(self, place: int) -> Variable:
        column, kind = self.columns[place], self._files.schema.field(place).type
        if pa.types.is_boolean(kind):
            return Variable(f"CAST(c{place} AS INT)", BOOLEANS)
        if column.kind == "category":
            return Variable(f"c{place}", Names(lambda: self._categories(column.name, None)[0]), f"c{place}")
        if column.kind == "time":
            return Variable(f"unix_micros(CAST(c{place} AS TIMESTAMP)) / 1e3", None)
        return Variable(f"CAST(c{place} AS DOUBLE)", None)

    def _variable(self, name: str) -> Variable:
        variable = self._variables.get(name)
        if variable is None:
            raise QueryError(f"there is no column {name!r}")
        return variable

    def _place(self, name: str) -> int:
        self._variable(name)
        return int(self._files.schema.get_field_index(name))

    def _categories(self, name: str, ticket: Ticket | None) -> tuple[list[str], list[int]]:
        """A column's categories in the order of their codes, and how many rows each has."""
        if name not in self._names:
            value, kind = self._variable(name).value, self._variable(name).text
            text = f"SELECT {value} AS c, count(*) AS n FROM frame WHERE {value} IS NOT NULL GROUP BY {value}"  # noqa: S608
            table = self._ask(lambda: self._session.sql(f"{text} LIMIT {_MOST_NAMES + 1}"), ticket)
            if len(table) > _MOST_NAMES:
                raise QueryError(
                    f"column {name!r} has more than {_MOST_NAMES:,} different texts, too many to tell apart"
                )
            counts = dict(zip(table["c"].to_pylist(), table["n"].to_pylist(), strict=True))
            if kind is None:
                self._names[name] = (BOOLEANS, [counts.get(0, 0), counts.get(1, 0)])
            else:
                names = sorted(counts, key=str.encode)
                self._names[name] = (names, [counts[each] for each in names])
        return self._names[name]

    def _ranked(self, names: Sequence[str], ticket: Ticket | None) -> list[tuple[str, tuple[int, dict[int, float]]]]:
        """Of columns of numbers how many values are finite, and those that quantiles and percentiles are made of."""
        if not names:
            return []
        values = ", ".join(f"CAST({self._variable(n).value} AS DOUBLE) AS v{k}" for k, n in enumerate(names))
        query = Sql(f"SELECT {values} FROM frame")  # noqa: S608 - c0, c1, …

        def run(task: Any, schema: str) -> pa.Table:
            summed = "SELECT place, lead, sum(n) AS n FROM made GROUP BY place, lead" if "n BIGINT" in schema else None
            return self._task(query, task, schema, ticket, summed)

        wanted: Callable[[int], list[int]] = lambda n: sorted({*quantile_ranks(n), *percentile_ranks(n).tolist()})  # noqa: E731
        return list(zip(names, ranked(len(names), self.rows_total, run, wanted, _FEW_VALUES), strict=True))

    def _rank(self, name: str, found: tuple[int, dict[int, float]], ticket: Ticket | None) -> tuple[float, ...]:
        """Keeps a column's percentiles, and returns its quantiles."""
        finite, at = found
        if finite == 0:
            return ()
        self._percentiles[name] = np.array([at[rank] for rank in percentile_ranks(finite).tolist()])
        return interpolated(at.__getitem__, finite)

    def _total(self, filters: Filters, ticket: Ticket | None) -> int:
        """How many rows pass."""
        if filters == Filters() or self.rows_total == 0:
            return self.rows_total
        key = json.dumps(asdict(filters), sort_keys=True)
        if key not in self._totals:
            with self._passing(filters, [], "frame", ticket) as passing:
                text = f"SELECT count(*) AS n FROM ({passing.text}) AS passing"  # noqa: S608
                self._totals[key] = int(self._arrays(text, passing.parameters, ticket)["n"][0])
        return self._totals[key]

    def _sample_cube(self, query: CubeQuery, columns: list[str], ticket: Ticket | None) -> Cube:
        named = [name for step in query.filters.steps for name in step.columns]
        needed = {*columns, *query.filters.columns, *named}
        if query.filters.search or any(step.search for step in query.filters.steps):
            needed = {column.name for column in self.columns}
        held = min(SAMPLE_ROWS, self.rows_total)
        sample = None if (query.sample or held) >= held else query.sample
        found = self._sample(needed, ticket).cube(replace(query, sample=sample), ticket or Ticket())
        return replace(found, share=found.share * held / self.rows_total)

    def _sample(self, columns: set[str], ticket: Ticket | None) -> DuckEngine:
        """An engine over rows that are held here, with at least these columns."""
        with self._lock:
            new = [name for name in sorted(columns) if name not in self._sampled]
            if new or self._local is None:
                ids = sample_rows(self.rows_total, min(SAMPLE_ROWS, self.rows_total))
                table = self.values(ids, new, ticket)
                for name in new:
                    values, names = table[name].combine_chunks(), self._variable(name).names
                    if pa.types.is_string(values.type):
                        # Codes are those of all names, and not only of those in the sample.
                        known = pa.array(list(names or ()), pa.string())
                        values = pa.DictionaryArray.from_arrays(pa.compute.index_in(values, value_set=known), known)
                    self._sampled[name] = values
                held = [column for column in self.columns if column.name in self._sampled]
                arrays = {column.name: self._sampled[column.name] for column in held}
                self._local = DuckEngine(Frame(pa.table(arrays), tuple(held)))
            return self._local

    def _typed(self, found: pa.Table | None, columns: Sequence[str]) -> pa.Table:
        """Columns of an answer in their own types; no rows where there is no answer."""
        arrays = []
        for name in columns:
            kind = self._files.schema.field(name).type
            kind = pa.string() if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) else kind
            arrays.append(pa.chunked_array([], kind) if found is None else found[f"c{self._place(name)}"].cast(kind))
        return pa.table(arrays, names=list(columns))

    @contextmanager
    def _passing(self, filters: Filters, selected: Sequence[str], view: str, ticket: Ticket | None) -> Iterator[Sql]:
        """A query of the rows that pass: what is selected of `frame` or `numbered`."""
        chosen = ", ".join(selected) or "1 AS one"
        if not filters.search and not any(step.search for step in filters.steps):
            sql = predicate(filters, self._variable)
            where = "" if sql == TRUE else f" WHERE {sql.text}"
            yield Sql(f"SELECT {chosen} FROM {view}{where}", sql.parameters)  # noqa: S608 - c0, c1, …
            return
        # What looks for text is Python's; what is told without it is SQL's, before.
        spoken = [
            f"{variable.text or variable.value} AS s{place}" for place, variable in enumerate(self._variables.values())
        ]
        steps = [predicate(Filters(step.columns), self._variable) for step in filters.steps]
        flags = [f"{sql.text} AS p{place}" for place, sql in enumerate(steps)]
        certain = tuple(step for step in filters.steps if not step.search)
        sql = predicate(Filters(filters.columns, certain), self._variable)
        text = f"SELECT {', '.join([chosen, *spoken, *flags])} FROM {view} WHERE {sql.text}"  # noqa: S608
        parameters = [*(each for step in steps for each in step.parameters), *sql.parameters]
        names = [
            None if variable.names is None else [] if variable.text else list(variable.names)
            for variable in self._variables.values()
        ]
        wanted = [(step.search, step.action == "keep") for step in filters.steps]
        asked = self._session.sql(text, args=parameters)
        task = _tasks.holding(max(1, len(selected)), names, wanted, filters.search)
        made = f"passing{next(self._numbers)}"
        kept = self._session.sql(f"SELECT {chosen} FROM {view}").schema  # noqa: S608
        asked.mapInArrow(task, kept).createOrReplaceTempView(made)
        try:
            yield Sql(f"SELECT * FROM {made}")  # noqa: S608
        finally:
            self._session.catalog.dropTempView(made)

    def _task(self, query: Sql, task: Any, schema: str, ticket: Ticket | None, text: str | None = None) -> pa.Table:
        """What a task makes of the rows of a query, and SQL of that."""

        def make() -> Any:
            made = self._session.sql(query.text, args=list(query.parameters)).mapInArrow(task, schema)
            view = f"made{next(self._numbers)}"
            made.createOrReplaceTempView(view)
            try:
                return self._session.sql((text or "SELECT * FROM made").replace("FROM made", f"FROM {view}"))
            finally:
                self._session.catalog.dropTempView(view)

        return self._ask(make, ticket)

    def _arrays(self, text: str, parameters: Sequence[Any] = (), ticket: Ticket | None = None) -> dict[str, Any]:
        table = self._ask(lambda: self._session.sql(text, args=list(parameters)), ticket)
        return {name: table[name].to_numpy() for name in table.column_names}

    def _ask(self, make: Callable[[], Any], ticket: Ticket | None) -> pa.Table:
        """An answer of the cluster, which ends what it does for it where nobody waits any more."""
        with stoppable(self._session) as stop:
            try:
                with (ticket or Ticket()).stopping(stop):
                    return make().toArrow()
            except CancelledError:
                raise
            except Exception as error:  # of py4j or Spark, each with a tree of its own
                raise QueryError(f"the cluster could not answer: {str(error).strip()[:500]}") from error

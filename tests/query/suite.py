"""What holds for every engine. A test module of an engine subclasses `EngineSuite` and says how to make one."""

from __future__ import annotations

import json
import math
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from undertow.errors import CancelledError, QueryError
from undertow.query import Ticket
from undertow.query._questions import (
    EVERYTHING,
    Binning,
    ColumnFilter,
    CubeQuery,
    Filters,
    NearestQuery,
    RowsQuery,
    SeriesQuery,
    Step,
)
from undertow.query.binning import bin_codes, edges, percentiles

from .oracle import Oracle, spoken

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "binning.json").read_text("utf-8"))
SPOKEN = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, None: None}

NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 1.0, 10.0, 100.0, 0.5]),
    st.integers(-20, 20).map(float),
    st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3)),
)
NAMES = st.sampled_from(["alpha", "beta", "Gamma", "delta 10", "", "ä", None])


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    rows = draw(st.integers(0, 40))
    column = lambda values: draw(st.lists(values, min_size=rows, max_size=rows))  # noqa: E731
    names = [*column(NAMES), "alpha"]  # one name at least, or it would be no category
    return {"x": [*column(NUMBERS), 1.0], "y": [*column(NUMBERS), None], "k": names}


ENDS = st.one_of(st.integers(-20, 20).map(float), st.sampled_from([-math.inf, math.inf, 0.5, 100.0]))
NUMBER_FILTERS = st.builds(
    ColumnFilter,
    ranges=st.lists(st.tuples(ENDS, ENDS), max_size=3).map(tuple),
    special=st.lists(st.sampled_from(["nan", "+inf", "-inf"]), max_size=2).map(tuple),
    missing=st.booleans(),
)
NAME_FILTERS = st.builds(
    ColumnFilter, values=st.lists(NAMES.filter(lambda n: n is not None), max_size=3).map(tuple), missing=st.booleans()
)
COLUMN_FILTERS = st.fixed_dictionaries({}, optional={"x": NUMBER_FILTERS, "y": NUMBER_FILTERS, "k": NAME_FILTERS})
SEARCHES = st.sampled_from(["", "", "a", "GAM", "1", "0.5", "nan", "infinity", "zzz"])
STEPS = st.builds(Step, st.sampled_from(["keep", "exclude"]), COLUMN_FILTERS, SEARCHES)
ORDERS = st.lists(st.tuples(st.sampled_from(["x", "y"]), st.booleans()), max_size=2)
FILTERS = st.builds(Filters, COLUMN_FILTERS, st.lists(STEPS, max_size=2).map(tuple), SEARCHES)


def axis(draw: st.DrawFn, oracle: Oracle, name: str) -> Binning:
    if name == "k":
        return Binning("k", "category", (0, len(oracle.names["k"]) - 1))
    values = np.array([v for v in oracle.columns[name] if v is not None and math.isfinite(v)] or [1.0])
    scale = draw(st.sampled_from(["linear", "log", "symlog", "percentile"]))
    domain = (float(values.min()), float(values.max()))
    if scale == "log":
        positive = values[values > 0]
        domain = (float(positive.min()), float(max(positive.max(), 2))) if len(positive) else (1.0, 10.0)
    return Binning(name, scale, domain, percentiles(values) if scale == "percentile" else None)


def both(engine_of: Any, table: Any) -> tuple[Any, Oracle]:
    """An engine and the oracle. In which order categories have their codes is the engine's to say."""
    engine, oracle = engine_of(table), Oracle(table)
    for summary in engine.describe(list(oracle.names)):
        assert sorted(summary.names) == sorted(oracle.names[summary.name])
        oracle.names[summary.name] = list(summary.names)
    return engine, oracle


def properties(examples: int, shrink: bool = True) -> type:
    """What holds for every engine and any table, to be tried on so many examples, and where it fails on fewer rows."""
    # Each engine's class runs the same properties with a fixture of its own: that is what the two checks are about.
    tried = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[phase for phase in Phase if shrink or phase is not Phase.shrink],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )

    class Properties:
        @tried
        @given(tables(), FILTERS)
        def test_the_rows_that_pass_are_those_of_the_oracle(self, engine_of: Any, table: Any, filters: Filters) -> None:
            engine, oracle = both(engine_of, table)
            wanted = [oracle.passes(row, filters) for row in range(oracle.rows)]
            found = engine.select(filters)
            assert np.unpackbits(found.bits, bitorder="little")[: oracle.rows].astype(bool).tolist() == wanted
            assert found.count == sum(wanted)

        @tried
        @given(tables(), FILTERS, st.data())
        def test_counts_are_those_of_the_oracle_to_the_last_row(
            self, engine_of: Any, table: Any, filters: Filters, data: st.DataObject
        ) -> None:
            engine, oracle = both(engine_of, table)
            axes = [axis(data.draw, oracle, name) for name in ("x", "y", "k")]
            active = data.draw(st.one_of(st.none(), st.tuples(st.sampled_from(axes), st.sampled_from([1, 7, 60, 240]))))
            bins = data.draw(st.sampled_from([1, 3, 7, 60, 240] if active is None else [3, 60]))
            query = CubeQuery(((axes[0], axes[1]), (axes[1], axes[2]), (axes[0], axes[0])), bins, filters, active)
            found = engine.cube(query)
            assert (found.side, found.share) == (bins + 5, 1)
            for grid, wanted in zip(found.counts, oracle.cube(query), strict=True):
                assert grid.shape == wanted.shape
                assert np.array_equal(grid, wanted)

        @tried
        @given(
            tables(), FILTERS, st.lists(st.tuples(st.sampled_from(["x", "y"]), st.booleans()), max_size=2), st.data()
        )
        def test_pages_are_those_of_the_oracle(
            self, engine_of: Any, table: Any, filters: Filters, order: Any, data: st.DataObject
        ) -> None:
            engine, oracle = both(engine_of, table)
            offset = data.draw(st.integers(0, 50))
            limit = data.draw(st.one_of(st.none(), st.integers(0, 20)))
            query = RowsQuery(("k", "x"), filters, tuple(order), offset, limit)
            wanted = oracle.ordered(query)
            found = engine.rows(query)
            assert found.total == len(wanted)
            page = wanted[offset:] if limit is None else wanted[offset : offset + limit]
            assert found.ids.tolist() == page
            assert found.table.column_names == ["k", "x"]
            assert found.table["k"].cast(pa.string()).to_pylist() == [table["k"][row] for row in page]
            assert repr(found.table["x"].to_pylist()) == repr([table["x"][row] for row in page])

        @tried
        @given(tables())
        def test_summaries_are_those_of_numpy(self, engine_of: Any, table: Any) -> None:
            engine, oracle = both(engine_of, table)
            x, k = engine.describe(["x", "k"])
            there = np.array([v for v in table["x"] if v is not None])
            finite = there[np.isfinite(there)]
            assert (x.rows, x.missing, x.nan) == (len(table["x"]), table["x"].count(None), np.isnan(there).sum())
            assert (x.positive_infinity, x.negative_infinity) == ((there == np.inf).sum(), (there == -np.inf).sum())
            assert (x.min, x.max, x.non_positive) == (finite.min(), finite.max(), (finite <= 0).sum())
            assert x.integer == bool((finite == np.trunc(finite)).all())
            assert x.min_positive == finite[finite > 0].min()
            assert x.quantiles == pytest.approx(np.quantile(finite, [0, 0.25, 0.5, 0.75, 1]), abs=1e-9)
            assert list(k.names) == oracle.names["k"]
            counts = [(code, table["k"].count(name)) for code, name in enumerate(k.names)]
            assert list(k.categories) == sorted(counts, key=lambda each: (-each[1], each[0]))
            assert k.missing == table["k"].count(None)
            assert engine.percentiles("x").tolist() == percentiles(there).tolist()

    return Properties


class EngineSuite:
    """Subclasses have a fixture `engine_of`: an engine over a table of columns, rows in the order given."""

    @pytest.mark.parametrize("table", VECTORS["tables"], ids=lambda t: f"{t['left']['scale']} {t['bins']}")
    def test_the_shared_vectors_hold(self, engine_of: Any, table: dict[str, Any]) -> None:
        columns = {}
        for name, column in table["columns"].items():
            values = column["values"]
            if column["categories"] is None:
                columns[name] = [SPOKEN[v] if v is None or isinstance(v, str) else float(v) for v in values]
            else:
                columns[name] = (values, column["categories"])
        engine = engine_of(columns)
        axes = [self._axis(table[side]) for side in ("left", "right")]
        found = engine.cube(CubeQuery((tuple(axes),), table["bins"])).counts[0][0]
        assert cells(found) == table["cells"]
        if table["active"]:
            active = (self._axis(table["active"]["axis"]), table["active"]["positions"])
            slices = engine.cube(CubeQuery((tuple(axes),), table["bins"], active=active)).counts[0]
            assert [cells(each) for each in slices] == table["active"]["slices"]

    @staticmethod
    def _axis(axis: dict[str, Any]) -> Binning:
        fine = axis["percentiles"] and np.array(axis["percentiles"], float)
        return Binning(axis["column"], axis["scale"], tuple(axis["domain"]), fine)

    def test_colours_are_sums_of_places_or_hues(self, engine_of: Any) -> None:
        rng = np.random.default_rng(1)
        x, z = rng.normal(size=500), rng.normal(size=500)
        z[::7] = np.nan
        k = np.array(["a", "b", "c"])[rng.integers(0, 3, 500)]
        k[:3] = ["a", "b", "c"]
        engine = engine_of({"x": x.tolist(), "z": z.tolist(), "k": k.tolist()})
        at = Binning("x", "linear", (x.min(), x.max()))
        tint = Binning("z", "linear", (np.nanmin(z), np.nanmax(z)))
        found = engine.cube(CubeQuery(((at, at),), 60, color=tint)).colours[0]
        bins = bin_codes(x, edges("linear", at.domain, 60))
        fine = bin_codes(z, edges("linear", tint.domain, 240)).astype(float)
        assert found.shape == (65, 65, 2)
        for b in range(60):
            here = (bins == b) & (fine < 240)
            assert found[b, b, 0] == here.sum()
            assert found[b, b, 1] == pytest.approx(((fine[here] + 0.5) / 240).sum(), rel=1e-5)
        hues = engine.cube(CubeQuery(((at, at),), 60, color=Binning("k", "category", (0, 2)))).colours[0]
        assert hues.shape == (65, 65, 8)
        assert hues.sum(axis=(0, 1)).tolist() == [(k == name).sum() for name in "abc"] + [0] * 5

    def test_a_sample_is_fair_and_says_its_share(self, engine_of: Any) -> None:
        engine = engine_of({"x": np.arange(10_000.0).tolist()})
        at = Binning("x", "linear", (0.0, 9999.0))
        found = engine.cube(CubeQuery(((at, at),), 10, sample=1000))
        counts = found.counts[0][0].diagonal()[:10]
        assert found.share == 0.1
        assert counts.sum() == 1000
        assert counts.min() > 80
        half = engine.cube(CubeQuery(((at, at),), 10, Filters({"x": ColumnFilter(((0.0, 4999.5),))}), sample=1000))
        assert half.counts[0].sum() == pytest.approx(500, abs=5)

    def test_the_nearest_line_is_found(self, engine_of: Any) -> None:
        rng = np.random.default_rng(2)
        x, y = rng.uniform(size=300), rng.uniform(size=300)
        engine = engine_of({"x": x.tolist(), "y": y.tolist()})
        left, right = (Binning(name, "linear", (0.0, 1.0)) for name in "xy")
        heights = ((np.arange(245, dtype=np.float32) + 0.5) / 240,) * 2
        ask = lambda t, h, reach=0.5, filters=EVERYTHING: engine.nearest(  # noqa: E731
            NearestQuery(left, right, t, h, heights, reach, filters)
        )
        middle = lambda v: (bin_codes(v, edges("linear", (0.0, 1.0), 240)) + 0.5) / 240  # noqa: E731
        for t, h in ((0.0, 0.3), (0.5, 0.7), (1.0, 0.05)):
            off = np.abs((1 - t) * middle(x) + t * middle(y) - h)
            assert off[ask(t, h)] == pytest.approx(off.min(), abs=1e-6)
        assert ask(0.5, 5.0) is None
        few = Filters({"x": ColumnFilter(((0.9, 1.0),))})
        assert x[ask(0.0, 0.1, 1.0, few)] >= 0.9

    def test_curves_are_minimum_mean_and_maximum_by_bucket(self, engine_of: Any) -> None:
        x = [0.0, 1.0, 2.0, 3.0, 4.0, None, 2.0]
        y = [5.0, math.nan, 1.0, 3.0, 9.0, 1.0, 2.0]
        engine = engine_of({"x": x, "y": y, "k": ["b", "b", "a", "b", "a", "a", None]})
        [one] = engine.series(SeriesQuery("x", "y", 2))
        assert (one.name, one.x.tolist(), one.count.tolist()) == ("y", [1.0, 3.0], [1, 4])
        assert (one.min.tolist(), one.max.tolist(), one.mean.tolist()) == ([5, 1], [5, 9], [5, 15 / 4])
        some = Filters({"y": ColumnFilter(((0.0, 5.0),))})
        curves = {each.name: each for each in engine.series(SeriesQuery("x", "y", 2, "k", some))}
        assert list(curves) == ["b", "a", "missing"]
        assert curves["a"].mean.tolist() == [1]
        assert curves["missing"].mean.tolist() == [2]

    def test_names_may_be_anything(self, engine_of: Any) -> None:
        names = ['a"b', "a'; DROP TABLE frame; --", "c0", "a b", "constructor"]
        engine = engine_of({name: [1.0, 2.0, 3.0] for name in names} | {"text'\"": ["'", '"', "--"]})
        for name in names:
            assert engine.select(Filters({name: ColumnFilter(((1.5, 9.0),))})).count == 2
            assert engine.rows(RowsQuery((name,), order=((name, True),), limit=1)).ids.tolist() == [2]
        assert engine.select(Filters({"text'\"": ColumnFilter(values=("'",))})).count == 1

    def test_an_unknown_column_is_an_error_in_words(self, engine_of: Any) -> None:
        engine = engine_of({"x": [1.0]})
        at, other = Binning("x", "linear", (0.0, 1.0)), Binning("no", "linear", (0.0, 1.0))
        for ask in (
            lambda: engine.describe(["no"]),
            lambda: engine.select(Filters({"no": ColumnFilter()})),
            lambda: engine.rows(RowsQuery(("no",))),
            lambda: engine.cube(CubeQuery(((at, other),), 10)),
            lambda: engine.percentiles("no"),
        ):
            with pytest.raises(QueryError, match="no column 'no'"):
                ask()

    def test_categories_sort_by_their_alphabet_and_numbers_in_them_by_size(self, engine_of: Any) -> None:
        engine = engine_of({"k": ["run 10", "Run 9", "apple", None, "run 1"]})
        assert engine.rows(RowsQuery((), order=(("k", False),))).ids.tolist() == [2, 4, 1, 0, 3]

    def test_who_waits_no_longer_is_not_worked_for(self, engine_of: Any) -> None:
        rng = np.random.default_rng(3)
        engine = engine_of({name: rng.normal(size=400_000).tolist() for name in "xy"})
        gone = Ticket()
        gone.cancel()
        at = Binning("x", "linear", (-3.0, 3.0))
        with pytest.raises(CancelledError):
            engine.cube(CubeQuery(((at, at),), 240), gone)
        ticket = Ticket()
        threading.Timer(0.02, ticket.cancel).start()
        start = time.monotonic()
        with pytest.raises(CancelledError):
            for k in range(100_000):
                engine.cube(CubeQuery(((at, at),) * 9, 240, Filters({"x": ColumnFilter(((k / 1e6, 3.0),))})), ticket)
        assert time.monotonic() - start < 5
        assert engine.select(Filters()).count == 400_000, "and the engine goes on"

    def test_many_ask_at_once(self, engine_of: Any) -> None:
        rng = np.random.default_rng(4)
        x = rng.normal(size=20_000)
        engine = engine_of({"x": x.tolist(), "y": rng.normal(size=20_000).tolist()})
        wrong: list[Any] = []

        def ask(k: int) -> None:
            try:
                low = k / 10 - 1
                count = engine.select(Filters({"x": ColumnFilter(((low, 9.0),))})).count
                if count != (x >= low).sum():
                    wrong.append((k, count))
                at = Binning("x", "linear", (-1.0, k + 1.0))
                if engine.cube(CubeQuery(((at, at),), 60)).counts[0].sum() != 20_000:
                    wrong.append(k)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=ask, args=(k,)) for k in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def cells(grid: np.ndarray) -> list[list[int]]:
    return [[int(a), int(b), int(grid[a, b])] for a, b in zip(*np.nonzero(grid), strict=True)]


__all__ = ["EngineSuite", "properties", "spoken"]

"""The engine of one machine, over a Frame and over Parquet files, against the suite that every engine must pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from undertow.errors import QueryError
from undertow.frame import Frame
from undertow.query import DuckEngine
from undertow.query._questions import (
    Binning,
    ColumnFilter,
    CubeQuery,
    Filters,
    RowsQuery,
    parse_cube,
    parse_filters,
    parse_nearest,
    parse_rows,
)
from undertow.query.values import as_text
from undertow.schema import Column

from .suite import EngineSuite, properties
from .tables import FileSuite, ParquetWriter, arrow

pytest.importorskip("duckdb")


def frame_of(table: pa.Table) -> Frame:
    kind = lambda type_: "category" if pa.types.is_string(type_) or pa.types.is_dictionary(type_) else "number"  # noqa: E731
    return Frame(table, tuple(Column(field.name, kind(field.type)) for field in table.schema))


class TestOverAFrame(EngineSuite, properties(50)):
    @pytest.fixture
    def engine_of(self) -> Any:
        return lambda columns: DuckEngine(frame_of(arrow(columns)))


class TestOverParquet(FileSuite, EngineSuite, properties(50)):
    """Cut into files of a few rows each, so that row numbers run across them."""

    @pytest.fixture
    def engine_of(self, tmp_path: Path) -> Any:
        write = ParquetWriter(tmp_path)
        return lambda columns: DuckEngine(write(columns), tmp_path / "cache")


def test_codes_of_files_are_kept_on_disk_and_made_anew_when_the_file_changes(tmp_path: Path) -> None:
    path, cache = tmp_path / "a.parquet", tmp_path / "cache"
    at = Binning("x", "linear", (0.0, 100.0))
    query = CubeQuery(((at, at),), 10)
    for values in (np.arange(100.0), np.zeros(100)):
        pq.write_table(pa.table({"x": values}), path)
        first = DuckEngine([path], cache).cube(query).counts[0]
        kept = {file: file.stat().st_mtime_ns for file in cache.rglob("*.uint8")}
        assert np.array_equal(DuckEngine([path], cache).cube(query).counts[0], first)
        assert {file: file.stat().st_mtime_ns for file in cache.rglob("*.uint8")} == kept
    assert first[0, 0, 0] == 100
    assert len(kept) == 2


def test_a_cut_short_file_of_codes_is_made_anew(tmp_path: Path) -> None:
    path, cache = tmp_path / "a.parquet", tmp_path / "cache"
    pq.write_table(pa.table({"x": np.arange(100.0)}), path)
    at = Binning("x", "linear", (0.0, 99.0))
    DuckEngine([path], cache).cube(CubeQuery(((at, at),), 10))
    [codes] = cache.rglob("*.uint8")
    codes.write_bytes(b"\0" * 10)
    assert DuckEngine([path], cache).cube(CubeQuery(((at, at),), 10)).counts[0][0].diagonal()[:10].tolist() == [10] * 10


def test_nan_is_found_where_a_file_s_statistics_know_none(tmp_path: Path) -> None:
    values = np.arange(20_000.0)
    values[::100] = np.nan
    pq.write_table(pa.table({"x": values}), tmp_path / "a.parquet")
    engine = DuckEngine([tmp_path / "a.parquet"], tmp_path)
    nan, numbers = ColumnFilter(special=("nan",)), ColumnFilter(((-np.inf, np.inf),))
    both = ColumnFilter(((0.0, 1e9),), special=("nan",))
    found = [engine.select(Filters({"x": wanted})).count for wanted in (nan, numbers, both)]
    assert found == [200, 19_800, 20_000]
    assert engine.describe(["x"])[0].nan == 200


def test_types_of_frames_are_understood() -> None:
    times = pa.array([0, 1_500_000, None], pa.timestamp("us", tz="UTC"))
    table = pa.table(
        {
            "t": times,
            "b": [True, None, False],
            "i": pa.array([2**53 + 1, 0, -5]),
            "f": pa.array([0.5, 1, 2], pa.float32()),
        }
    )
    kinds = {"t": "time", "b": "category", "i": "number", "f": "number"}
    engine = DuckEngine(Frame(table, tuple(Column(name, kind) for name, kind in kinds.items())))  # type: ignore[arg-type]
    t, b, _, _ = engine.describe(["t", "b", "i", "f"])
    assert (t.min, t.max, t.missing) == (0, 1500, 1)
    assert list(b.names or ()) == ["false", "true"]
    assert engine.select(Filters({"b": ColumnFilter(values=("true",))})).count == 1
    assert engine.select(Filters({"t": ColumnFilter(((1000, 2000),))})).count == 1
    assert engine.rows(RowsQuery(("i", "t"), limit=1)).table.to_pylist()[0]["i"] == 2**53 + 1


def test_an_empty_frame_answers() -> None:
    engine = DuckEngine(frame_of(pa.table({"x": pa.array([], pa.float64())})))
    at = Binning("x", "linear", (0.0, 1.0))
    assert engine.describe(["x"])[0].rows == 0
    assert engine.cube(CubeQuery(((at, at),), 10)).counts[0].sum() == 0
    assert engine.rows(RowsQuery(("x",), order=(("x", True),))).total == 0


def test_columns_that_differ_by_case_alone_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1.0], "A": [2.0]}), tmp_path / "a.parquet")
    with pytest.raises(QueryError, match="case alone"):
        DuckEngine([tmp_path / "a.parquet"], tmp_path)


def test_no_file_is_an_error() -> None:
    with pytest.raises(QueryError, match="no file"):
        DuckEngine([])


def test_without_duckdb_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(QueryError, match=r"pip install 'undertow\[query\]'"):
        DuckEngine(frame_of(pa.table({"x": [1.0]})))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (-0.0, "0"), (0.1, "0.1"), (-2.5, "-2.5"), (1e-5, "0.00001"), (1.5e-6, "0.0000015"), (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"), (1e16, "10000000000000000"), (123456789012345683968.0, "123456789012345680000"),
        (1e21, "1e+21"), (1.5e300, "1.5e+300"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_the_page_writes_them(value: float, text: str) -> None:
    assert as_text(value) == text


AXIS = {"column": "x", "scale": "linear", "domain": [0, 1]}


@pytest.mark.parametrize(
    ("parse", "data", "complaint"),
    [
        (parse_filters, [], "filters must be an object"),
        (parse_filters, {"columns": {"x": {"ranges": [[1]]}}}, "a range must be a list of two"),
        (parse_filters, {"columns": {"x": {"ranges": [[None, 1]]}}}, "must be a number"),
        (parse_filters, {"columns": {"x": {"special": ["no"]}}}, "special values are"),
        (parse_filters, {"steps": [{"action": "drop"}]}, "keeps or excludes"),
        (parse_filters, {"search": 1}, "must be text"),
        (parse_cube, {"pairs": [[AXIS, AXIS]], "bins": 241}, "from 1 to 240"),
        (parse_cube, {"pairs": [[AXIS, AXIS]] * 400, "bins": 240, "active": {"axis": AXIS, "positions": 240}}, "cells"),
        (parse_cube, {"pairs": [[AXIS, AXIS]] * 600, "bins": 1}, "pairs of axes are more"),
        (parse_cube, {"pairs": [[{**AXIS, "domain": ["nan", 1]}, AXIS]], "bins": 1}, "is no domain"),
        (parse_cube, {"pairs": [[{**AXIS, "scale": "log"}, AXIS]], "bins": 1}, "is no domain of a log axis"),
        (parse_cube, {"pairs": [[{**AXIS, "scale": "odd"}, AXIS]], "bins": 1}, "no scale 'odd'"),
        (parse_rows, {"columns": [], "limit": 10**9}, "limit must be"),
        (parse_rows, {"columns": [1]}, "must be text"),
        (parse_nearest, {"heights": [[], []]}, "245 heights"),
    ],
)
def test_a_malformed_or_too_large_question_is_refused_in_words(parse: Any, data: Any, complaint: str) -> None:
    with pytest.raises(QueryError, match=complaint):
        parse(data)


def test_numbers_beyond_json_are_heard() -> None:
    filters = parse_filters({"columns": {"x": {"ranges": [["-inf", 0], [1, "inf"]]}}})
    assert filters.columns["x"].ranges == ((float("-inf"), 0.0), (1.0, float("inf")))


def test_more_rows_than_numbers_have_room_for_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path in paths:
        pq.write_table(pa.table({"x": [1.0, 2.0]}), path)
    monkeypatch.setattr("undertow.query._source._MOST_ROWS", 4)
    assert DuckEngine(paths, tmp_path / "codes").rows_total == 4
    monkeypatch.setattr("undertow.query._source._MOST_ROWS", 3)
    with pytest.raises(QueryError, match="4 rows are more than one table may have"):
        DuckEngine(paths, tmp_path / "codes")

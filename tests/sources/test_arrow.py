import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from undertow.errors import SourceError
from undertow.sources import from_arrow, is_arrow

TABLE = pa.table({"a": [1, 2], "b": ["x", None]})


class OnlyStream:
    """What DuckDB and others offer: the stream and nothing else."""

    def __arrow_c_stream__(self, requested_schema=None):
        return TABLE.__arrow_c_stream__(requested_schema)


class OnlyInterchange:
    def __dataframe__(self, *args, **kwargs):
        return TABLE.__dataframe__(*args, **kwargs)


@pytest.mark.parametrize(
    "data",
    [
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_reader(),
        OnlyStream(),
        OnlyInterchange(),
        pl.DataFrame({"a": [1, 2], "b": ["x", None]}),
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
    ],
    ids=lambda data: type(data).__name__,
)
def test_a_table_of_any_library_is_read(data):
    assert is_arrow(data)
    assert from_arrow(data).table.to_pydict() == {"a": [1, 2], "b": ["x", None]}


def test_a_series_is_a_table_of_one_column():
    assert from_arrow(pl.Series("loss", [1, 2])).table.to_pydict() == {"loss": [1, 2]}


def test_the_index_of_pandas_is_a_column_unless_it_counts():
    frame = from_arrow(pd.DataFrame({"a": [1, 2]}, index=pd.Index(["r", "s"], name="run")))
    assert frame.table.to_pydict() == {"run": ["r", "s"], "a": [1, 2]}
    assert from_arrow(pd.DataFrame({"index": [1]}, index=["r"])).table.column_names == ["index (index)", "index"]


def test_pandas_with_mixed_types_and_names_that_are_not_text_is_read():
    frame = from_arrow(pd.DataFrame({0: [1, "x"], ("a", "b"): [1.5, np.nan]}))
    assert frame.table.to_pydict() == {"0": ["1", "x"], "a.b": [1.5, None]}


def test_structs_flatten_and_lists_become_text():
    table = pa.table({"opt": [{"lr": 0.1, "sched": {"warm": 3}}], "units": [[64, 64]]})
    assert from_arrow(table).table.to_pydict() == {"opt.lr": [0.1], "opt.sched.warm": [3], "units": ["[64, 64]"]}


@pytest.mark.parametrize(
    ("array", "kind", "values"),
    [
        (pa.array([decimal.Decimal("1.25")]), "number", [1.25]),
        (pa.array([dt.date(2024, 2, 29)]), "time", [dt.datetime(2024, 2, 29)]),
        (pa.array([dt.timedelta(minutes=1)]), "number", [60.0]),
        (pa.array([2**64 - 1], pa.uint64()), "number", [float(2**64 - 1)]),
        (pa.array([7], pa.uint64()), "number", [7]),
        (pa.array([np.float16(1.5)], pa.float16()), "number", [1.5]),
        (pa.array([b"ab"], pa.binary(2)), "category", ["ab"]),
        (pa.array(["x"], pa.large_string()), "category", ["x"]),
        (pa.array(["x"], pa.string_view()), "category", ["x"]),
        (pa.array(["x"]).dictionary_encode(), "category", ["x"]),
        (pa.array([1.5]).dictionary_encode(), "number", [1.5]),
        (pa.array([True]), "category", [True]),
        (pa.nulls(1), "number", [None]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_every_arrow_type_finds_its_kind(array, kind, values):
    frame = from_arrow(pa.table({"a": array}))
    assert frame["a"].kind == kind
    assert frame.table["a"].to_pylist() == values


def test_a_duration_has_seconds_as_its_unit():
    assert from_arrow(pa.table({"a": [dt.timedelta(1)]}))["a"].unit == "s"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pa.table({}), "no columns"),
        (pa.table({"a": pa.array([], pa.int64())}), "no rows"),
        (pd.DataFrame({"a": []}), "no rows"),
        (pa.table([[1], [2]], names=["a", "a"]), "column name 'a' occurs more than once"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column name 'a' occurs more than once"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "column name '1' occurs more than once"),
        (pa.table({"a": [b"x", b"\xff"]}), "row 1, column 'a'"),
    ],
)
def test_tables_that_cannot_be_shown_are_refused(data, message):
    with pytest.raises(SourceError, match=message):
        from_arrow(data)


def test_the_bins_of_pandas_cut_are_categories_in_their_order():
    bins = pd.cut([3.0, 1.0, np.nan, 2.5], [0, 1, 2, 4])
    frame = from_arrow(pd.DataFrame({"x": range(4), "bin": bins}))
    assert frame["bin"].kind == "category"
    assert frame.table["bin"].to_pylist() == ["(2, 4]", "(0, 1]", None, "(2, 4]"]
    assert frame.table["bin"].chunk(0).dictionary.to_pylist() == ["(0, 1]", "(1, 2]", "(2, 4]"]
    plain = from_arrow(pd.DataFrame({"bin": pd.interval_range(0, 2, closed="left")}))
    assert plain.table["bin"].to_pylist() == ["[0, 1)", "[1, 2)"]


def test_lone_surrogates_in_names_and_values_are_written_out():
    values = pd.Series(["\ud800x", "y"], dtype=object)
    frame = from_arrow(pd.DataFrame({"a": values}).set_axis(pd.Index(["\udcff"], dtype=object), axis="columns"))
    assert frame.table.to_pydict() == {"\\udcff": ["\\ud800x", "y"]}

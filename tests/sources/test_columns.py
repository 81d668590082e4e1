import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from undertow.errors import SourceError
from undertow.sources import from_columns, from_structured


@pytest.mark.parametrize(
    "column",
    [
        [1, 2, 3],
        (1, 2, 3),
        range(1, 4),
        np.array([1, 2, 3]),
        np.array([1, 2, 3], dtype=object),
        pa.array([1, 2, 3]),
        pd.Series([1, 2, 3]),
        pl.Series([1, 2, 3]),
        {1: None, 2: None, 3: None}.keys(),
    ],
    ids=lambda column: type(column).__name__,
)
def test_a_column_of_any_kind_is_read(column):
    assert from_columns({"a": column}).table.to_pydict() == {"a": [1, 2, 3]}


def test_tensors_are_columns():
    torch = pytest.importorskip("torch")
    assert from_columns({"a": torch.ones(2, requires_grad=True)}).table.to_pydict() == {"a": [1.0, 1.0]}


def test_nested_dicts_of_columns_flatten_with_dots():
    assert from_columns({"train": {"loss": [1]}, "lr": [2]}).table.column_names == ["train.loss", "lr"]


def test_numpy_nan_is_a_value_and_dates_of_any_unit_are_times():
    frame = from_columns({"a": np.array([np.nan]), "d": np.array(["2024"], dtype="datetime64[Y]")})
    assert frame.table["a"].null_count == 0
    assert frame["d"].kind == "time"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "no columns"),
        ({"a": []}, "no rows"),
        ({"a": [1, 2], "b": [1]}, "column 'b' has 1 values where column 'a' has 2"),
        ({"a": 1, "b": 2}, "column 'a' is a single value of type int"),
        ({"a": "text"}, "column 'a' is a single value of type str"),
        ({"a": np.ones((2, 2))}, r"column 'a' has shape \(2, 2\)"),
        ({1: [1], "1": [2]}, "column name '1' occurs more than once"),
        ({"a": [1, object()]}, "row 1, column 'a'"),
    ],
)
def test_columns_that_cannot_be_shown_are_refused(columns, message):
    with pytest.raises(SourceError, match=message):
        from_columns(columns)


def test_a_structured_array_is_read_by_its_fields():
    array = np.array([(1, 2.5, "x")], dtype=[("a", "i4"), ("b", "f2"), ("c", "U3")])
    assert from_structured(array).table.to_pydict() == {"a": [1], "b": [2.5], "c": ["x"]}


def test_a_plain_array_is_refused_with_a_hint():
    with pytest.raises(SourceError, match=r"shape \(3, 2\) has no column names"):
        from_structured(np.ones((3, 2)))

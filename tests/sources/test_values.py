import datetime as dt
import decimal
import enum
import math
import pathlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow.errors import SourceError
from undertow.sources import from_rows

NUMBERS = st.one_of(st.integers(-(2**80), 2**80), st.floats(), st.booleans())
SCALARS = st.one_of(st.none(), NUMBERS, st.text(), st.datetimes(), st.timedeltas(), st.dates())
ROWS = st.lists(st.dictionaries(st.text(max_size=3), SCALARS, min_size=1, max_size=4), min_size=1, max_size=12)


def values_of(rows, name="a"):
    return from_rows(rows).table[name].to_pylist()


@given(ROWS)
def test_the_values_that_come_out_are_the_values_that_went_in(rows):
    frame = from_rows(rows)
    assert set(frame.table.column_names) == {name for row in rows for name in row}
    for name in frame.table.column_names:
        column = [row.get(name) for row in rows]
        for given_value, shown in zip(column, frame.table[name].to_pylist(), strict=True):
            assert same(given_value, shown), (given_value, shown)


def same(given_value, shown):
    """Whether a cell shows the value: as itself, as the nearest number, or as text where its column is text."""
    if given_value is None:
        return shown is None
    if isinstance(shown, str):
        return shown == written(given_value)
    if isinstance(given_value, dt.timedelta):
        return shown == pytest.approx(given_value.total_seconds(), rel=1e-12)
    if isinstance(given_value, dt.date):
        if not isinstance(given_value, dt.datetime):
            given_value = dt.datetime.combine(given_value, dt.time())
        return shown == given_value
    if isinstance(given_value, float) and math.isnan(given_value):
        return math.isnan(shown)
    return shown == (given_value if isinstance(shown, int) else float(given_value))


def written(value):
    match value:
        case bool():
            return "true" if value else "false"
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.date():
            return f"{value.isoformat()} 00:00:00"
        case dt.timedelta():
            return repr(value.total_seconds())
        case _:
            return str(value)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_stay_exact_as_long_as_all_fit_in_64_bits(numbers):
    assert values_of([{"a": number} for number in numbers]) == numbers


def test_nan_and_infinity_are_values_and_none_is_missing():
    nan, inf, none, minus = values_of([{"a": math.nan}, {"a": math.inf}, {"a": None}, {"a": -math.inf}])
    assert math.isnan(nan)
    assert (inf, none, minus) == (math.inf, None, -math.inf)


class Optimizer(enum.Enum):
    ADAM = object()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.float32(0.5), 0.5),
        (np.int8(-3), -3),
        (np.bool_(True), True),
        (np.longdouble(0.25), 0.25),
        (np.array(1.5), 1.5),
        (np.array([[7]]), 7),
        (np.str_("x"), "x"),
        (np.datetime64("2024-02-29T01:02:03"), dt.datetime(2024, 2, 29, 1, 2, 3)),
        (np.datetime64("NaT"), None),
        (np.timedelta64(1500, "ms"), 1.5),
        (decimal.Decimal("1.25"), 1.25),
        (dt.date(2024, 2, 29), dt.datetime(2024, 2, 29)),
        (dt.timedelta(minutes=1), 60.0),
        (dt.time(1, 2), "01:02:00"),
        (pd.Timestamp("2024-02-29"), dt.datetime(2024, 2, 29)),
        (pd.NaT, None),
        (pd.NA, None),
        (b"text", "text"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (Optimizer.ADAM, "ADAM"),
        ([64, 64], "[64, 64]"),
        (np.array([1, 2]), "[1, 2]"),
        ("\ud800", "\\ud800"),
        (2**70, float(2**70)),
        ("</script><script>", "</script><script>"),
    ],
)
def test_a_scalar_of_any_library_is_shown_as(value, shown):
    assert values_of([{"a": value}]) == [shown]


def test_tensors_without_axes_are_numbers():
    torch = pytest.importorskip("torch")
    assert values_of([{"a": torch.tensor(1.5, requires_grad=True)}, {"a": 2}]) == [1.5, 2.0]


def test_times_with_a_zone_become_utc_and_those_without_count_as_utc():
    there = dt.datetime(2024, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    first, second = values_of([{"a": there}, {"a": dt.datetime(2024, 1, 1)}])
    assert first == second == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "value",
    [object(), 1j, np.complex64(1), len, 10**400, decimal.Decimal("1e400"), b"\xff", np.ones(100), list(range(99))],
)
def test_what_no_column_can_hold_is_refused_with_row_and_column(value):
    with pytest.raises(SourceError, match=r"row 1, column 'a'"):
        from_rows([{"a": 1.5}, {"a": value}])

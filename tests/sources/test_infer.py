import datetime as dt
import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow.sources import _infer
from undertow.sources._infer import infer, inferred_array

UTC = dt.UTC


def told(values, name="x", comma=False):
    found = infer(pa.chunked_array([pa.array(values, pa.string())]), name, comma)
    return found.type, found.to_pylist()


@pytest.mark.parametrize(
    ("words", "kind", "values"),
    [
        (["1", " 2 ", "-3", "+4"], pa.int64(), [1, 2, -3, 4]),
        (["1", "", None], pa.int64(), [1, None, None]),
        (["1", "2.5", "1e-3", ".5", "5.", "+.5E+2"], pa.float64(), [1, 2.5, 0.001, 0.5, 5, 50]),
        (["1", "NA", "None"], pa.int64(), [1, None, None]),
        (["0.1", "inf", "-Infinity", "+INF", "∞"], pa.float64(), [0.1, math.inf, -math.inf, math.inf, math.inf]),
        (["9007199254740993"], pa.int64(), [9007199254740993]),
        (["1", "99999999999999999999"], pa.float64(), [1.0, 1e20]),
        (["1e400"], pa.float64(), [math.inf]),
        (["True", "false", "NA"], pa.bool_(), [True, False, None]),
        (["", None, " "], pa.float64(), [None, None, None]),
    ],
)
def test_words_become_what_they_stand_for(words, kind, values):
    assert told(words) == (kind, values)


def test_nan_is_a_number_and_none_is_missing():
    kind, values = told(["nan", "1", "-NaN", "null"])
    assert kind == pa.float64()
    assert [value is not None and math.isnan(value) for value in values] == [True, False, True, False]
    assert values[3] is None
    assert told(["nan"])[0] == pa.float64()


@pytest.mark.parametrize(
    "words",
    [
        ["adam", "None"],
        ["1", "x"],
        ["true", "1"],
        ["NA", "None"],
        ["0x10"],
        ["1_000"],
        ["1,5"],
        ["12%"],
        ["٣"],
        ["--1"],
    ],
)
def test_what_is_not_all_of_one_kind_stays_text(words):
    assert told(words) == (pa.string(), words)


def test_text_keeps_its_space_and_loses_only_the_empty():
    assert told([" a ", "", "b"]) == (pa.string(), [" a ", None, "b"])


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["2024-02-29", "2024-02-29 12:30"], [dt.datetime(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30)]),
        (["2024-02-29T01:02:03.123456789"], [dt.datetime(2024, 2, 29, 1, 2, 3, 123456)]),
        (["2024-02-29 01:02:03,5"], [dt.datetime(2024, 2, 29, 1, 2, 3, 500000)]),
        (
            ["2024-02-29T01:00:00+02:00", "2024-02-29 01:00:00 -0100", "2024-02-29", "2024-02-29T03:00Z"],
            [dt.datetime(2024, 2, day, hour, tzinfo=UTC) for day, hour in ((28, 23), (29, 2), (29, 0), (29, 3))],
        ),
    ],
)
def test_iso_dates_and_times(words, values):
    assert told(words)[1] == values


def test_a_date_that_no_calendar_has_is_text():
    assert told(["2024-02-30"])[0] == pa.string()


@pytest.mark.parametrize(
    ("name", "is_time"),
    [
        ("timestamp", True),
        ("_timestamp", True),
        ("wall_time", True),
        ("startTimestamp", True),
        ("unix_ms", True),
        ("time", False),
        ("epoch", False),
        ("step", False),
        ("timestamps_per_day", False),
    ],
)
@pytest.mark.parametrize("ticks", [1, 1000, 10**6, 10**9])
def test_a_number_is_a_unix_time_only_where_it_is_named_so(name, is_time, ticks):
    kind, values = told([str(1_700_000_000 * ticks)], name)
    if is_time:
        assert (kind, values) == (pa.timestamp("us", tz="UTC"), [dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)])
    else:
        assert (kind, values) == (pa.int64(), [1_700_000_000 * ticks])


def test_small_numbers_under_a_times_name_stay_counts():
    assert told(["1", "2"], "timestamp")[0] == pa.int64()
    assert told(["nan"], "timestamp")[0] == pa.float64()


def test_decimal_commas_where_they_were_asked_for():
    assert told(["1,5", "2", ",5"], comma=True) == (pa.float64(), [1.5, 2.0, 0.5])
    assert told(["1.5", "2"], comma=True) == (pa.float64(), [1.5, 2.0])


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_every_int64_comes_back_to_the_last_digit(values):
    assert told(list(map(str, values))) == (pa.int64(), values)


@given(st.lists(st.floats(), min_size=1))
def test_every_double_comes_back_to_the_last_bit(values):
    kind, found = told(list(map(repr, values)))
    assert kind == pa.float64()
    assert list(map(repr, found)) == list(map(repr, values))


@given(st.lists(st.datetimes(dt.datetime(1678, 1, 1), dt.datetime(2261, 1, 1)), min_size=1))
def test_every_time_comes_back_to_the_microsecond(values):
    assert told([value.isoformat() for value in values]) == (pa.timestamp("us"), values)


#: Words that one parser takes for a number and another does not, or for another number.
_ODD = (
    "+5 +-5 -+5 .5 5. . -.5 +.5 5.e3 .e3 1e 1e5 1E+05 1e-400 1e400 -1e400 007 -0 -0.0 0.0 1.0 0 1 0x10 0X1F 0b1 1_000 "
    "1,5 1,000 ,5 1.5.2 nan NaN -nan +nan nan(7) inf -inf +INF infinity -Infinity ∞ -∞ NA N/A null None none - <NA> "
    "true False 9007199254740993 9223372036854775807 -9223372036854775808 9223372036854775808 18446744073709551615 "
    "123456789012345678901234567890 0.1000000000000000055511151231257827 1700000000 1700000000.25 1700000000000 "
    "20240131 2024-01-31 2024-01-31T10:00Z 12:30 1e5f 1d 12% ٣ x"
).split()
_number_words = st.one_of(st.integers().map(str), st.floats().map(repr), st.integers(-9, 9).map("{}.50".format))
_words = st.one_of(_number_words, st.sampled_from(_ODD), st.sampled_from(["", " "]), st.none())
_spaced = st.tuples(_words, st.sampled_from(["{}"] * 8 + [" {}", "{} ", "\t{}", "\u00a0{}\u3000"])).map(
    lambda pair: pair[0] and pair[1].format(pair[0])
)
_columns = st.one_of(*(st.lists(each, max_size=12) for each in (_number_words, st.sampled_from(_ODD), _words, _spaced)))


@given(_columns, st.integers(1, 4), st.sampled_from(["x", "timestamp"]), st.booleans())
def test_numbers_parsed_at_once_are_those_told_by_their_patterns(words, length, name, comma):
    chunks = [pa.array(words[at : at + length], pa.string()) for at in range(0, len(words), length)]
    values = pa.chunked_array(chunks, pa.string())
    found = infer(values, name, comma)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_infer, "_plain_numbers", lambda words: None)
        slow = infer(values, name, comma)
    assert found.type == slow.type
    assert list(map(repr, found.to_pylist())) == list(map(repr, slow.to_pylist()))


@given(st.lists(st.one_of(st.none(), st.text()), min_size=1), st.booleans())
def test_no_text_fails_and_no_word_is_lost(words, comma):
    kind, values = told(words, "timestamp", comma)
    assert len(values) == len(words)
    if kind == pa.string():
        assert all(was == now or not (was or "").strip() for was, now in zip(words, values, strict=True))


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()), min_size=1))
def test_mixed_python_values_keep_their_number(values):
    assert len(inferred_array(values, "x")) == len(values)


def test_text_among_numbers_is_told_by_all_of_them():
    assert inferred_array([1, "2", 0.5, None], "x").to_pylist() == [1, 2, 0.5, None]
    assert inferred_array([1, "x"], "x").to_pylist() == ["1", "x"]
    assert inferred_array([10**30, "1"], "x").type == pa.float64()

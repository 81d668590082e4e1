import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undertow.diagnose import Finding, Number
from undertow.errors import ViewError
from undertow.frame import Beside, Frame, Preset
from undertow.schema import Column, Fold
from undertow.sources import from_columns
from undertow.view._payload import payload

from .decoder import decode

TIMES = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)
)
COLUMNS = st.integers(1, 10).flatmap(
    lambda rows: st.dictionaries(
        st.text(max_size=5),
        st.one_of(
            *(
                st.lists(st.none() | values, min_size=rows, max_size=rows)
                for values in (st.integers(-(2**63), 2**63 - 1), st.integers(-300, 300), st.floats(), st.text())
            ),
            st.lists(st.booleans(), min_size=rows, max_size=rows),
            st.lists(st.none() | TIMES, min_size=rows, max_size=rows),
            st.lists(st.none() | st.floats(width=32), min_size=rows, max_size=rows),
        ),
        min_size=1,
        max_size=4,
    )
)


def round_trip(columns):
    header, frames = decode(*payload([from_columns(columns)]))
    return header["frames"][0], frames[0]


def same(a, b):
    if isinstance(a, float) and isinstance(b, float | int):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return a == b


@given(COLUMNS)
def test_every_value_comes_back_as_it_was(columns):
    _, shown = round_trip(columns)
    assert list(shown) == list(columns)
    for name, values in columns.items():
        if all(isinstance(value, bool) for value in values):
            values = [str(value).lower() for value in values]
        assert len(values) == len(shown[name])
        assert all(same(a, b) for a, b in zip(values, shown[name], strict=True)), (values, shown[name])


@settings(max_examples=40)
@given(COLUMNS, st.integers(700, 1500))
def test_every_value_comes_back_from_columns_long_enough_for_planes(columns, times):
    _, shown = round_trip({name: values * times for name, values in columns.items()})
    for name, values in columns.items():
        if all(isinstance(value, bool) for value in values):
            values = [str(value).lower() for value in values]
        period = len(values)
        assert len(shown[name]) == period * times
        assert all(same(value, values[row % period]) for row, value in enumerate(shown[name]))


@pytest.mark.parametrize(
    ("kind", "dtype"), [("f64", "f8"), ("f32", "f4"), ("i16", "i2"), ("i32", "i4"), ("i64", "i8"), ("i8", "i1")]
)
@pytest.mark.parametrize("rows", [0, 1, 7, 9, 1023, 100_001])
@pytest.mark.parametrize("holes", [False, True])
def test_every_type_comes_back_at_every_length_with_and_without_holes(kind, dtype, rows, holes):
    rng = np.random.default_rng(rows)
    values = rng.standard_normal(rows).astype(dtype) if dtype[0] == "f" else edges_of(dtype, rows, rng)
    mask = rng.random(rows) < 0.3 if holes else None
    array = pa.array(values, mask=mask)
    header, (shown,) = decode(*payload([Frame(pa.table({"a": array}), (Column("a", "number"),))]))
    assert shown["a"] == array.to_pylist()
    if rows > 1 and not holes:
        assert header["frames"][0]["columns"][0]["type"] == kind


def edges_of(dtype, rows, rng):
    """Integers over the whole width of a type, its ends among them."""
    info = np.iinfo(dtype)
    return np.append(np.array([info.min, info.max], dtype), rng.integers(info.min, info.max, rows, dtype, True))[:rows]


@pytest.mark.parametrize(("categories", "kind"), [(256, "u8"), (257, "u16"), (65_536, "u16"), (65_537, "u32")])
def test_category_codes_take_the_smallest_type_and_come_back(categories, kind):
    names = [f"<{number}>" for number in range(categories)]
    codes = np.random.default_rng(1).integers(0, categories, 5000)
    array = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names))
    header, (shown,) = decode(*payload([Frame(pa.table({"a": array}), (Column("a", "category"),))]))
    assert header["frames"][0]["columns"][0]["type"] == kind
    assert shown["a"] == array.to_pylist()


def test_one_value_late_in_a_column_decides_its_type():
    values = np.zeros(200_000)
    values[-1] = 0.1
    assert round_trip({"a": values})[0]["columns"][0]["type"] == "f64"
    values[-1] = -0.0
    assert round_trip({"a": values})[0]["columns"][0]["type"] == "f32"


def test_an_integer_beyond_64_bits_is_refused_rather_than_wrapped():
    frame = Frame(pa.table({"a": pa.array([2**63], pa.uint64())}), (Column("a", "number"),))
    with pytest.raises(ViewError, match="9223372036854775808 is more than"):
        payload([frame])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 127], "i8"),
        ([0, 128], "i16"),
        ([-(2**15) - 1], "i32"),
        ([2**31], "f32"),
        ([2**31 + 1], "f64"),
        ([2**53], "f32"),
        ([2**53 + 1], "i64"),
        ([0.0, 1.0], "i8"),
        ([-0.0], "f32"),
        ([0.5, math.nan], "f32"),
        ([math.inf], "f32"),
        ([0.1], "f64"),
        ([None], "i8"),
        (["x"], "u8"),
        ([str(number) for number in range(257)], "u16"),
        ([True], "u8"),
        ([dt.datetime(2024, 1, 1)], "f64"),
    ],
)
def test_a_column_takes_the_smallest_type_that_holds_it(values, kind):
    assert round_trip({"a": values})[0]["columns"][0]["type"] == kind


def test_an_empty_frame_has_columns_of_no_length():
    table = pa.table({"a": pa.array([], pa.float64()), "b": pa.array([], pa.string()), "c": pa.array([], pa.int64())})
    frame = Frame(table, (Column("a", "number"), Column("b", "category"), Column("c", "number")))
    assert decode(*payload([frame]))[1] == [{"a": [], "b": [], "c": []}]


def test_categories_keep_the_order_of_the_dictionary():
    array = pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int32()), pa.array(["first", "second"]))
    frame = Frame(pa.table({"a": array}), (Column("a", "category"),))
    header, (shown,) = decode(*payload([frame]))
    assert header["frames"][0]["columns"][0]["categories"] == ["first", "second"]
    assert shown["a"] == ["second", "first", None]


def test_no_text_can_end_the_element_that_holds_it():
    evil = "</script><script>alert(1)</script><!--\u2028&amp;"
    frame = from_columns({evil: [evil]})
    finding = Finding("k", "info", evil, evil, evil, filters={evil: {"values": [evil]}})
    header, frames = decode(*payload([frame], [finding], title=evil, subtitle=evil))
    assert frames == [{evil: [evil]}]
    assert header["title"] == header["subtitle"] == header["findings"][0]["sentence"] == evil


#: A value that JSON has no word for.
NUMBERS = (Number("rise", float("inf"), 5.0, " %"),)


def test_the_header_says_what_the_frame_and_the_findings_say():
    frame = Frame(
        pa.table({"loss": [1.5]}),
        (Column("loss", "number", "Loss", "nats", "log", "share", "group", "about", domain=(0.5, 4.0)),),
        lens="flow",
        axes=("loss",),
        color="loss",
        presets=(Preset("by loss", ("loss",), "why"),),
        note="One line is one epoch.",
        inverted=("loss",),
        weight="loss",
        beside=Beside(("scatter",), (None, "loss"), "loss", (("loss", True),), ("loss",)),
    )
    finding = Finding(
        "plateau", "info", "s", "a", "src", "mlp", 1, 2, ("dense",), NUMBERS, "steps", {"epoch": {"ranges": [[1, 2]]}}
    )
    header, _ = decode(*payload([frame], [finding], "T", "S", "dark"))
    assert (header["title"], header["subtitle"], header["theme"]) == ("T", "S", "dark")
    (shown,) = header["frames"]
    (column,) = shown.pop("columns")
    assert shown == {
        "lens": "flow",
        "label": "Flow",
        "note": "One line is one epoch.",
        "rows": 1,
        "axes": ["loss"],
        "color": "loss",
        "inverted": ["loss"],
        "weight": "loss",
        "beside": {
            "open": ["scatter"],
            "scatter": {"x": None, "y": "loss"},
            "distribution": "loss",
            "sort": [{"column": "loss", "descending": True}],
            "order": ["loss"],
        },
        "presets": [{"label": "by loss", "axes": ["loss"], "description": "why"}],
    }
    assert column == {
        "name": "loss",
        "label": "Loss",
        "unit": "nats",
        "description": "about",
        "kind": "number",
        "scale": "log",
        "domain": [0.5, 4.0],
        "share": "share",
        "group": "group",
        "colouring": None,
        "type": "f32",
        "block": 0,
        "planes": False,
        "offset": 0,
        "length": 1,
        "valid": None,
        "categories": None,
        "summary": None,
    }
    assert header["findings"] == [
        {
            "kind": "plateau",
            "severity": "info",
            "run": "mlp",
            "first_step": 1,
            "last_step": 2,
            "layers": ["dense"],
            "sentence": "s",
            "advice": "a",
            "source": "src",
            "numbers": [{"name": "rise", "value": None, "threshold": 5.0, "unit": " %"}],
            "lens": "steps",
            "filters": {"epoch": {"ranges": [[1, 2]]}},
        }
    ]


def test_what_is_left_to_the_page_is_not_in_the_header():
    header, _ = decode(*payload([Frame(pa.table({"a": [1]}), (Column("a", "number"),))]))
    (frame,) = header["frames"]
    assert (frame["inverted"], frame["weight"], frame["beside"]) == ([], None, {})
    assert frame["columns"][0]["domain"] is None


def test_a_column_that_stands_for_a_group_says_so_and_no_other():
    frame = Frame(
        pa.table({"h": [1.5], "least": [1.0], "greatest": [2.0]}),
        (
            Column("h", "number", fold=Fold("h", "least", "greatest")),
            Column("least", "number"),
            Column("greatest", "number"),
        ),
    )
    header, _ = decode(*payload([frame]))
    folds = [column.get("fold", "none") for column in header["frames"][0]["columns"]]
    assert folds == [{"path": "h", "low": "least", "high": "greatest"}, "none", "none"]


def test_no_frame_and_an_unknown_theme_are_refused():
    with pytest.raises(ViewError, match="no frame"):
        payload([])
    with pytest.raises(ViewError, match="no theme 'pink'"):
        payload([from_columns({"a": [1]})], theme="pink")

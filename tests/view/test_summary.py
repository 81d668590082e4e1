"""What the header says of large columns, against the shared vectors and against the values one by one."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from undertow.frame import Frame
from undertow.schema import Column
from undertow.view._payload import payload
from undertow.view._summary import summary

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "summaries.json").read_text("utf-8"))
SPOKEN = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, None: 0.0}


def heard(case, dtype):
    values = np.array([SPOKEN[v] if v is None or isinstance(v, str) else v for v in case["values"]], float)
    return values.astype(dtype), np.array([v is not None for v in case["values"]], bool)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_summaries_are_those_of_the_shared_vectors(number):
    case = CASES[number]
    values, present = heard(case, "f8" if case["categories"] is None else "u1")
    assert summary(values, present, case["categories"]) == case["summary"]
    if present.all():
        assert summary(values, None, case["categories"]) == case["summary"]


def test_integers_and_narrow_floats_are_described_as_the_doubles_that_the_page_makes_of_them():
    rng = np.random.default_rng(3)
    for dtype in ("i1", "i2", "i4", "i8"):
        info = np.iinfo(dtype)
        values = rng.integers(info.min, info.max, 5001, dtype, True)
        assert summary(values, None, None) == summary(values.astype("f8"), None, None)
    values = rng.lognormal(0, 5, 5000).astype("f4")
    assert summary(values, None, None) == summary(values.astype("f8"), None, None)


def test_zero_has_no_sign():
    for number in json.loads(json.dumps(summary(np.array([-0.0]), None, None)))["quantiles"]:
        assert math.copysign(1, number) == 1


def test_only_large_frames_are_described_and_not_columns_of_very_many_categories():
    def said(rows, categories):
        codes = np.arange(rows) % categories
        array = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), [str(k) for k in range(categories)])
        header, _ = payload([Frame(pa.table({"a": array}), (Column("a", "category"),))])
        return json.loads(header)["frames"][0]["columns"][0]["summary"]

    assert said(20_000, 5) is None
    assert said(20_001, 5)["categories"] == [[0, 4001], [1, 4000], [2, 4000], [3, 4000], [4, 4000]]
    assert said(20_001, 1001) is None


def test_the_blocks_of_the_first_picture_come_first():
    table = pa.table({name: np.random.default_rng(1).normal(size=40_000) for name in "abcd"})
    frame = Frame(table, tuple(Column(name, "number") for name in "abcd"), axes=("c", "b"), color="d")
    columns = json.loads(payload([frame])[0])["frames"][0]["columns"]
    assert [column["name"] for column in columns] == list("abcd")
    assert sorted(columns, key=lambda column: column["block"]) == [columns[k] for k in (3, 2, 1, 0)]

"""What is sent of a frame that grew, put together again as the page does, is the frame."""

from __future__ import annotations

import datetime as dt
import math
import zlib
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undertow.frame import Frame
from undertow.schema import Column
from undertow.view._blocks import Blocks
from undertow.view._growth import growth

from .decoder import values as decoded

KINDS = {"x": "number", "n": "number", "k": "category", "b": "category", "t": "time"}
SECOND = dt.timedelta(seconds=1)
ROW = st.fixed_dictionaries(
    {
        "x": st.one_of(st.none(), st.sampled_from([math.nan, math.inf, 0.0, 1.5, 1e300]), st.floats(width=32)),
        "n": st.one_of(st.none(), st.integers(-(2**40), 2**40)),
        "k": st.one_of(st.none(), st.sampled_from(["a", "b", "c", "d"])),
        "b": st.one_of(st.none(), st.booleans()),
        "t": st.one_of(
            st.none(),
            st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2030, 1, 1)).map(lambda t: t.replace(microsecond=0)),
        ),
    }
)
SCHEMA = pa.schema(
    [("x", pa.float64()), ("n", pa.int64()), ("k", pa.string()), ("b", pa.bool_()), ("t", pa.timestamp("us"))]
)


def frame_of(rows: list[dict[str, Any]]) -> Frame:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return Frame(table, tuple(Column(name, kind) for name, kind in KINDS.items()))  # type: ignore[arg-type]


def rebuilt(old: Frame, new: Frame) -> list[dict[str, Any]] | None:
    blocks = Blocks()
    grown = growth(old, new, blocks)
    streams = blocks.finish()
    if grown is None:
        return None
    kept, columns = grown
    inflated = [zlib.decompress(stream) for stream in streams]
    starts, lengths = (
        decoded({"kind": "number", "categories": None, **each}, inflated) for each in (kept["starts"], kept["lengths"])
    )
    fresh = {
        column.name: decoded({"kind": column.kind, **place}, inflated) if place["length"] else []
        for column, place in zip(new.columns, columns, strict=True)
    }
    before, out, next_ = spoken(old), [], 0
    for start, length in zip(starts, lengths, strict=True):
        for i in range(length):
            if start < 0:
                out.append({name: values[next_] for name, values in fresh.items()})
                next_ += 1
            else:
                out.append(before[start + i])
    assert next_ == len(fresh["x"])
    return out


def spoken(frame: Frame) -> list[dict[str, Any]]:
    """The rows as the page has them."""
    rows = frame.table.to_pylist()
    for row in rows:
        if row["b"] is not None:
            row["b"] = "true" if row["b"] else "false"
    return rows


def told(rows: Any) -> list[str]:
    """Rows as text, in which NaN equals itself and a whole number is one whatever its type."""
    return [repr([float(v) if isinstance(v, int | float) else v for v in row.values()]) for row in rows]


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=30), st.data())
def test_a_frame_that_grew_is_put_together_again(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    after = list(rows)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(after)))
        match data.draw(st.sampled_from(["insert", "change", "remove"])):
            case "insert":
                after[at:at] = data.draw(st.lists(ROW, max_size=5))
            case "change" if at < len(after):
                after[at] = data.draw(ROW)
            case "remove" if at < len(after) and len(after) > 1:
                del after[at]
    old, new = frame_of(rows), frame_of(after)
    found = rebuilt(old, new)
    if found is not None:
        assert told(found) == told(spoken(new))


def test_a_row_that_changed_and_one_between_others_are_all_that_is_sent() -> None:
    row = lambda x, k="a": {"x": float(x), "n": 1, "k": k, "b": True, "t": None}  # noqa: E731
    old = frame_of([row(i) for i in range(1000)])
    new = frame_of([*(row(i) for i in range(500)), row(-1, "new"), *(row(i) for i in range(500, 999)), row(2000)])
    blocks = Blocks()
    kept, columns = growth(old, new, blocks) or ({}, [])
    size = sum(map(len, blocks.finish()))
    assert kept["starts"]["length"] == 4
    assert [column["length"] for column in columns] == [2] * 5
    assert size < 400
    assert told(rebuilt(old, new)) == told(spoken(new))


@pytest.mark.parametrize("change", ["column", "all", "beyond"])
def test_what_has_little_in_common_is_sent_whole(change: str) -> None:
    rows = [{"x": float(i), "n": i, "k": "a", "b": True, "t": None} for i in range(10)]
    old = frame_of(rows)
    if change == "column":
        new = Frame(old.table.drop_columns(["b"]), tuple(c for c in old.columns if c.name != "b"))
    elif change == "all":
        new = frame_of([{**row, "x": -1 - row["x"]} for row in rows])
    else:
        new = frame_of([*rows, {**rows[0], "n": 2**60}])
    assert growth(old, new, Blocks()) is None

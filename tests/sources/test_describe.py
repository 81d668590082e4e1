import datetime as dt

import pyarrow as pa

from undertow.sources import describe, from_columns
from undertow.sources._describe import MOST_AXES


def test_a_text_that_differs_in_nearly_every_row_starts_hidden():
    frame = from_columns(
        {"id": [f"run {number}" for number in range(300)], "loss": range(300), "kind": ["a", "b"] * 150}
    )
    assert frame.axes == ("loss", "kind")
    assert frame.color == "loss"


def test_the_axes_beyond_two_dozen_start_hidden():
    assert len(from_columns({f"c{number}": [1] for number in range(40)}).axes) == MOST_AXES


def test_text_alone_is_shown_all_the_same():
    assert from_columns({"id": [str(number) for number in range(300)]}).axes == ("id",)


def test_times_say_that_they_are_shown_in_utc_where_they_have_a_zone():
    moments = [dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)]
    zones = {name: pa.array(moments, pa.timestamp("us", tz=tz)) for name, tz in [("u", "UTC"), ("b", "Europe/Berlin")]}
    utc, berlin, none = describe(pa.table({**zones, "n": pa.array([dt.datetime(2026, 11, 24)])}))
    assert (utc.unit, utc.description) == ("UTC", "")
    assert (berlin.unit, berlin.description) == ("UTC", "Shown in UTC; recorded in Europe/Berlin.")
    assert none.unit == ""

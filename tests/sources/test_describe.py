import math

import pytest

from undertow.sources import from_columns, suggest_scale
from undertow.sources._describe import MOST_AXES


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 1000.0], "log"),
        ([1.0, 999.0], "linear"),
        ([0.0, 1e6], "linear"),
        ([-1.0, 1e6], "linear"),
        ([1e-9, 1.0, math.inf, math.nan, None], "log"),
        ([None, math.nan], "linear"),
        ([5.0, 5.0], "linear"),
        ([1, 1024], "log"),
    ],
)
def test_three_decades_of_positive_values_ask_for_a_log_axis(values, scale):
    assert from_columns({"a": values})["a"].scale == scale
    assert suggest_scale(from_columns({"a": values}).table["a"]) == scale


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

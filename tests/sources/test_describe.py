from undertow.sources import from_columns
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

import json
from pathlib import Path

import pytest

import undertow as ut
from undertow.errors import ViewError
from undertow.schema import Colouring
from undertow.view import colouring
from undertow.view._colours import HUES, RAMPS

VECTORS = Path(__file__).parents[1] / "vectors" / "schemes.json"


def test_the_names_are_those_the_page_knows():
    known = json.loads(VECTORS.read_text())
    assert list(RAMPS) == known["ramps"]
    assert list(HUES) == known["hues"]


@pytest.mark.parametrize("name", ["viridis", "Viridis", "interpolateViridis"])
def test_a_scheme_goes_by_any_of_its_names(name):
    assert colouring(name) == Colouring("Viridis")
    assert colouring(f"{name}#inverse") == Colouring("Viridis", reversed=True)


def test_own_colours_are_a_ramp_or_a_colour_a_category():
    assert colouring(["#fff", "rgb(1, 2, 3)"]).scheme == ("#fff", "rgb(1, 2, 3)")
    assert colouring({1: "red", "b": "#00ff00"}).own == {"1": "red", "b": "#00ff00"}


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        ("viridi", "did you mean 'Viridis'"),
        ("viridis#upside", "no palette 'viridis#upside'"),
        ("", "no palette ''"),
        ([], "at least one colour"),
        (["red", 3], "3 is no colour"),
        (["url(//evil)"], "is no colour"),
        ({"a": "red;background:url(x)"}, "is no colour"),
    ],
)
def test_what_is_no_palette_is_refused(palette, message):
    with pytest.raises(ViewError, match=message):
        colouring(palette)


def test_show_colours_the_column_that_colours_the_lines():
    view = ut.show([{"a": 1, "b": -2.0}, {"a": 2, "b": 3.0}], color="b", palette="RdBu", midpoint=0, open=False)
    assert view.frames[0]["b"].colouring == Colouring("RdBu", midpoint=0)
    assert view.frames[0]["a"].colouring is None


@pytest.mark.parametrize("midpoint", [float("nan"), float("inf")])
def test_a_midpoint_is_a_number(midpoint):
    with pytest.raises(ViewError, match="midpoint"):
        ut.show([{"a": 1}], midpoint=midpoint, open=False)

"""Scales, ticks, formats and colours of pictures against the page's own code (tests/vectors/make_ticks.mjs)."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from undertow.frame import Frame
from undertow.query.binning import percentiles
from undertow.schema import Colouring, Column
from undertow.view.picture._colour import dressed, palette, parsed
from undertow.view.picture._columns import Columns, Values, described
from undertow.view.picture._format import format_number, format_short, format_time
from undertow.view.picture._scale import default_scale, make_scale

VECTORS = Path(__file__).parents[1] / "vectors"
TICKS = json.loads((VECTORS / "ticks.json").read_text("utf-8"))
COLOURS = json.loads((VECTORS / "colours.json").read_text("utf-8"))


def heard(value):
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}.get(value, value)


@pytest.mark.parametrize(("value", "plain", "short"), TICKS["numbers"])
def test_numbers_are_written_as_on_the_page(value, plain, short):
    assert (format_number(heard(value)), format_short(heard(value))) == (plain, short)


@pytest.mark.parametrize(("value", "text"), TICKS["times"])
def test_times_are_written_as_on_the_page(value, text):
    assert format_time(value) == text


@pytest.mark.parametrize(
    "case", TICKS["scales"], ids=lambda case: f"{case['scale']}-{str(case['values'][:2])[:24]}-{len(case['values'])}"
)
def test_scales_are_those_of_the_page(case):
    given = [heard(value) for value in case["values"]]
    present = np.array([value is not None for value in given], bool)
    dtype = np.int64 if case["names"] else np.float64
    numbers = np.array([0 if value is None else value for value in given], dtype)
    values = Values(numbers, None if present.all() else present, case["names"])
    summary = described(values)
    assert default_scale(Column("x", case["kind"]), summary) == case["starts"]
    scale = make_scale(case["scale"], [summary], case["names"] or (), percentiles(numbers[present]))
    assert scale.places(numbers, values.present) == pytest.approx(np.array(case["places"], float), abs=1e-6)
    for length, ticks in case["ticks"].items():
        found = scale.ticks(float(length))
        assert [tick.label for tick in found] == [label for _, label in ticks]
        assert [tick.position for tick in found] == pytest.approx([position for position, _ in ticks], abs=1e-9)


@pytest.mark.parametrize("case", COLOURS, ids=lambda case: f"{case['theme']}-{case['scheme']}-{case['own']}")
def test_colours_are_those_of_the_page(case):
    scheme = case["scheme"] if isinstance(case["scheme"], str) else tuple(case["scheme"])
    wanted = Colouring(scheme, case["reversed"], case["middle"], case["own"])
    made = dressed(palette(case["theme"]), case["theme"], wanted, case["middle"], case["categories"], 8)
    ramp = np.frombuffer(bytes.fromhex(case["ramp"]), np.uint8).reshape(256, 3)
    # Schemes are kept as 65 stops.
    off = np.abs(made.ramp.astype(int) - ramp)
    assert off.max() <= (8 if case["scheme"] else 1)
    assert off.mean() < 0.7
    assert b"".join(map(bytes, made.categories)).hex() == case["hues"]


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#09f", (0, 153, 255)),
        ("RebeccaPurple", (102, 51, 153)),
        ("rgb(100%, 0%, 50%)", (255, 0, 128)),
        ("rgba(1 2 3 / 0.5)", (1, 2, 3)),
        ("hsl(120, 100%, 25%)", (0, 128, 0)),
        ("rgb(1, 2)", None),
        ("rgb(-, -, -)", None),
        ("no such colour", None),
        ("", None),
    ],
)
def test_css_colours_are_understood(text, colour):
    assert parsed(text) == colour


def opened(values, **column):
    table = pa.table({"a": values})
    return Columns(Frame(table, (Column("a", "number", **column),), axes=("a",)))


def test_a_column_on_percentiles_stands_by_its_ranks():
    values = np.exp(np.random.default_rng(0).normal(size=2401) * 3)
    columns = opened(values, scale="percentile")
    ranks = np.argsort(np.argsort(values)) / 2400
    np.testing.assert_allclose(columns.places("a"), ranks, atol=1 / 240)
    counts = np.bincount(columns.bins("a", 24), minlength=24)[:24]
    assert counts.min() >= 99
    assert counts.max() <= 102


def test_an_axis_starts_with_the_ends_it_was_given():
    columns = opened([1.0, 2.0, 30.0], domain=(0.0, 4.0), scale="linear")
    np.testing.assert_allclose(columns.places("a"), [0.25, 0.5, 1.0])
    # A log axis has no place for 0, and keeps its own ends.
    assert opened([1.0, 2.0, 30.0], domain=(0.0, 4.0), scale="log").scale("a").domain == (1.0, 30.0)

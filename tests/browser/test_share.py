"""What can be taken away from a page: a link, pictures, the selected rows, the page itself."""

from __future__ import annotations

import datetime as dt
import io
import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from PIL import Image

from .workbench import Workbench

SVG = "{http://www.w3.org/2000/svg}"
ODD = ["plain", 'with "quotes"', "comma, and\nline", "", " space ", "=1+1", "</text><script>", None]
TABLE = pa.table(
    {
        "a": pa.array(range(8), pa.int64()),
        "x": pa.array([0.1, 1e-300, -0.0, math.nan, math.inf, -math.inf, None, 1 / 3]),
        "text": pa.array(ODD),
        "when": pa.array([dt.datetime(2026, 11, 24, 8, i) if i else None for i in range(8)], pa.timestamp("ms")),
        "big": pa.array([2**60 + i for i in range(8)], pa.int64()),
    }
)


def taken(page: Workbench, what: str, tmp_path: Path) -> Path:
    """The file that a choice of the menu hands out."""
    menu = page.page.get_by_role("group", name="Share")
    if not menu.count():
        page.page.get_by_role("button", name="Share").click()
    with page.page.expect_download() as waiting:
        menu.get_by_role("button", name=what).click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    menu.get_by_text(f"{what}: done").wait_for()
    return path


def test_csv_and_parquet_hold_the_selected_rows_to_the_last_bit(workbench: Any, tmp_path: Path) -> None:
    page = workbench(TABLE, page={"title": "Odd: rows/1"})
    path = taken(page, "Selected rows, Parquet", tmp_path)
    assert path.name == "Odd-rows-1.parquet"
    found = pq.read_table(path)
    assert found.column_names == TABLE.column_names
    for name in ("a", "text", "big"):
        assert found[name].to_pylist() == TABLE[name].to_pylist(), name
    np.testing.assert_array_equal(found["x"].to_pylist()[:6], TABLE["x"].to_pylist()[:6])
    assert found["x"].null_count == 1
    assert [None if t is None else t.replace(tzinfo=None) for t in found["when"].to_pylist()] == TABLE[
        "when"
    ].to_pylist()
    text = taken(page, "Selected rows, CSV", tmp_path)
    options = pyarrow.csv.ConvertOptions(
        column_types={"text": pa.string(), "x": pa.float64()},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    read = pyarrow.csv.read_csv(text, convert_options=options, parse_options=parse)
    assert read["text"].to_pylist() == ODD
    assert read["big"].to_pylist() == TABLE["big"].to_pylist()
    np.testing.assert_array_equal(read["x"].to_pylist()[:6], TABLE["x"].to_pylist()[:6])


def test_only_what_is_brushed_goes_out(workbench: Any, tmp_path: Path) -> None:
    page = workbench({"a": list(range(100)), "b": list(range(100))})
    page.brush("a", 0.9, 1.05)
    path = taken(page, "Selected rows, CSV", tmp_path)
    lines = path.read_bytes().decode().split("\r\n")
    assert lines[0] == "a,b"
    assert f"{len(lines) - 2} of 100" == page.count
    assert lines[-2] == "99,99"


def test_many_rows_go_out_in_pages(workbench: Any, tmp_path: Path) -> None:
    rows = 120_000
    page = workbench({"a": np.arange(rows), "b": np.arange(rows) / 3})
    found = pq.read_table(taken(page, "Selected rows, Parquet", tmp_path))
    assert sorted(found["a"].to_pylist()) == list(range(rows))
    assert found["b"].to_pylist() == [a / 3 for a in found["a"].to_pylist()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_svg_has_lines_axes_and_legend_as_vectors(workbench: Any, tmp_path: Path, scheme: str) -> None:
    data = {"loss": [3.0, 2.0, 1.0], "kind": ["a", "b", "</text><script>alert(1)</script>"], "</svg>": [1, 2, 3]}
    page = workbench(data, page={"title": "<b>Title</b>", "color": "kind"}, color_scheme=scheme)
    page.settle()
    root = ET.fromstring(taken(page, "Picture, SVG", tmp_path).read_text())
    assert len(root.findall(f".//{SVG}path[@stroke-width]")) >= 3
    assert not root.findall(f".//{SVG}image")
    assert not root.findall(f".//{SVG}script")
    words = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    for word in ("<b>Title</b>", "loss", "a", "b"):
        assert word in words
    assert "</svg>" in "".join(words), "which may break where its parts meet"
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)


def test_many_lines_become_one_picture_within_the_svg(workbench: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    page = workbench({name: rng.normal(size=5000) for name in "abc"})
    page.settle()
    path = taken(page, "Picture, SVG", tmp_path)
    assert len(ET.fromstring(path.read_text()).findall(f".//{SVG}image")) == 1
    assert path.stat().st_size < 3_000_000


def test_the_png_shows_what_the_page_shows(workbench: Any, tmp_path: Path) -> None:
    rows = [{"a": i, "b": (i * 7) % 10, "loss": 1 / (i + 1)} for i in range(30)]
    page = workbench(rows, page={"title": "Thirty rows"})
    page.page.mouse.move(2, 2)
    page.settle()
    picture = Image.open(taken(page, "Picture, PNG", tmp_path)).convert("RGB")
    page.page.keyboard.press("Escape")
    page.page.mouse.move(2, 2)
    page.settle()
    plot = page.page.locator(".ut-plot").bounding_box()
    screen = Image.open(io.BytesIO(page.page.locator(".ut-plot").screenshot())).convert("RGB")
    assert picture.width == 2 * math.ceil(plot["width"])
    half = picture.resize((picture.width // 2, picture.height // 2))
    lower = half.crop((0, half.height - round(plot["height"]), half.width, half.height))
    first, second = (np.asarray(image, float)[4:-4, 4:-4] for image in (lower, screen.resize(lower.size)))
    # Texts and edges are smoothed otherwise; lines and axes are where they were.
    assert np.abs(first - second).mean() < 4


def test_a_saved_page_opens_as_it_stood(workbench: Any, open_page: Any, tmp_path: Path) -> None:
    rows = [{"a": i, "b": i * i, "kind": "</script><b>"} for i in range(20)]
    page = workbench(rows)
    page.brush("a", 0.5, 1.05)
    page.menu("b", "Hide")
    count, axes = page.count, page.axes
    saved = taken(page, "This page as it stands, HTML", tmp_path)
    again = Workbench(open_page(saved))
    again.settle()
    assert (again.count, again.axes) == (count, axes)
    # And can be saved once more.
    again.page.get_by_role("button", name="Clear brushes").click()
    third = Workbench(open_page(taken(again, "This page as it stands, HTML", tmp_path)))
    third.settle()
    assert third.count == "20 of 20"
    assert third.axes == axes


def test_the_link_is_copied(workbench: Any) -> None:
    page = workbench({"a": [1, 2, 3], "b": [3, 2, 1]})
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.brush("a", 0.5, 1.05)
    page.page.get_by_role("button", name="Share").click()
    page.page.get_by_role("button", name="Copy link").click()
    page.page.get_by_text("Copy link: done").wait_for()
    page.page.wait_for_timeout(600)
    page.page.keyboard.press("Escape")
    field = page.page.get_by_placeholder("Search").first
    field.focus()
    page.page.keyboard.press("Control+V")
    assert "#state=" in field.input_value()


def test_a_large_page_says_what_it_cannot_do(workbench: Any) -> None:
    rng = np.random.default_rng(0)
    page = workbench({name: rng.normal(size=200_000) for name in "abcd"})
    page.page.get_by_role("button", name="Share").click()
    assert page.page.get_by_role("button", name="Copy link").is_visible()
    assert not page.page.get_by_role("button", name="This page as it stands").count()

"""The scatter view."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from .test_crowd import ROWS, crowd, exactly  # noqa: F401 - a fixture
from .views import View

RNG = np.random.default_rng(4)
ROWS_ = [
    {"a": float(i % 20), "b": float(i // 20), "uid": f"n{i}", "from_uid": f"n{i - 20}" if i >= 20 else None}
    for i in range(200)
]


def scatter(page: Any) -> View:
    view = View(page, "scatter")
    view.choose("Scatter x", "a")
    view.choose("Scatter y", "b")
    return view


def test_hover_takes_up_the_row_in_all_views(workbench: Any) -> None:
    page = workbench(ROWS_)
    view = scatter(page)
    said = view.hover(7 / 19, 4 / 9)
    assert "a 7 b 4 from_uid n67" in said
    page.page.locator(".ut-lit").count()
    page.page.locator('.ut-table [role="row"]').first.wait_for()
    dot = view.root.locator(".ut-dot")
    view.page.locator(".ut-table [role=rowgroup] [role=row]").nth(2).hover()
    page.page.wait_for_timeout(100)
    box = dot.bounding_box()
    x, y = view.at(2 / 19, 0)
    assert box["x"] + box["width"] / 2 == pytest.approx(x, abs=2)
    assert box["y"] + box["height"] / 2 == pytest.approx(y, abs=2)


def test_a_box_zooms_and_a_double_click_shows_all_again(workbench: Any) -> None:
    page = workbench(ROWS_)
    view = scatter(page)
    view.drag((4.5 / 19, 1.5 / 9), (9.5 / 19, 5.5 / 9))
    assert page.count == "200 of 200", "a zoom selects nothing"
    ticks = [float(each) for each in view.ticks("across") if each]
    assert min(ticks) == pytest.approx(4.5, abs=0.15)
    assert max(ticks) == pytest.approx(9.5, abs=0.15)
    assert "a 7 b 3" in view.hover(0.5, 1.5 / 4)
    page.page.mouse.dblclick(*view.at(0.5, 0.5))
    page.settle()
    assert (view.ticks("across")[0], view.ticks("across")[-1]) == ("0", "19")


@pytest.mark.parametrize("how", ["toggle", "shift"])
def test_a_box_brushes_both_columns(workbench: Any, how: str) -> None:
    page = workbench(ROWS_)
    view = scatter(page)
    if how == "toggle":
        view.root.get_by_role("button", name="Brush").click()
    else:
        page.page.keyboard.down("Shift")
    view.drag((4.5 / 19, 1.5 / 9), (9.5 / 19, 5.5 / 9))
    page.page.keyboard.up("Shift")
    assert page.count == "20 of 200"
    assert {(int(r[0]), int(r[1])) for r in page.cells} <= {(a, b) for a in range(5, 10) for b in range(2, 6)}
    context = view.pixels()
    page.page.get_by_role("button", name="Clear brushes").click()
    page.settle()
    assert not np.array_equal(context, view.pixels())


def test_columns_swap_and_categories_are_read_from_left_to_right(workbench: Any) -> None:
    page = workbench([{"kind": k, "v": i} for i, k in enumerate("abcabc")])
    view = View(page, "scatter")
    view.choose("Scatter x", "kind")
    view.choose("Scatter y", "v")
    assert view.ticks("across") == ["a", "b", "c"]
    assert "kind c v 5" in view.hover(2.5 / 3, 1)
    view.root.get_by_role("button", name="Swap x and y").click()
    page.settle()
    assert view.ticks("up") == ["a", "b", "c"]
    assert "kind a v 0" in view.hover(0, 2.5 / 3)


def test_lineage_is_drawn_and_the_family_stands_out(workbench: Any) -> None:
    page = workbench(ROWS_)
    view = scatter(page)
    between = view.at(7 / 19, 4.5 / 9)
    box = view.chart.bounding_box()
    at = lambda: view.pixels()[round(between[1] - box["y"]), round(between[0] - box["x"])]  # noqa: E731
    plain = at()
    assert plain[3] > 0, "a line from n87 to n107"
    view.hover(7 / 19, 4 / 9)
    page.page.wait_for_timeout(500)
    assert not np.array_equal(plain, at()), "the family's line is another"


def test_values_without_a_place_keep_to_lanes(workbench: Any) -> None:
    rows = [{"a": float(i), "b": float(i)} for i in range(20)]
    rows += [{"a": math.nan, "b": 5.0}, {"a": math.inf, "b": 6.0}, {"a": 3.0, "b": None}]
    page = workbench(rows)
    view = scatter(page)
    assert sorted(view.root.locator(".ut-chart-slot text").all_text_contents()) == sorted(["NaN", "+∞", "missing"])
    lane = view.root.locator(".ut-chart-slot.ut-across", has_text="NaN").locator("path").bounding_box()
    page.page.mouse.move(lane["x"], view.at(0, 5 / 19)[1])
    page.page.wait_for_timeout(150)
    assert "a NaN b 5" in view.tooltip


def test_rows_are_reached_by_keys(workbench: Any) -> None:
    page = workbench(ROWS_[:20])
    view = scatter(page)
    view.chart.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(100)
    assert "a 1 b 0" in view.tooltip
    page.page.keyboard.press("+")
    page.settle()
    assert view.root.get_by_role("button", name="Reset zoom").is_visible()
    page.page.keyboard.press("0")
    page.settle()
    assert view.root.get_by_role("button", name="Reset zoom").count() == 0


def test_a_crowd_is_counted_cell_by_cell(workbench: Any, crowd: Any) -> None:  # noqa: F811
    page = workbench(crowd, page={"axes": ["x", "y"]})
    view = View(page, "scatter")
    view.choose("Scatter x", "x")
    view.choose("Scatter y", "y")
    page.page.wait_for_timeout(600)
    x, y = crowd["x"], crowd["y"]
    near = lambda v, t: (t - v.min()) / (v.max() - v.min())  # noqa: E731
    said = view.hover(near(x, 2.0), near(y, 4.0))
    edges = lambda v: v.min() + (v.max() - v.min()) * np.arange(241) / 240  # noqa: E731
    cell = lambda v, t: np.clip(np.searchsorted(edges(v), t, side="right") - 1, 0, 239)  # noqa: E731
    rows = int(said.split("rows ")[1].replace(",", ""))
    inside = np.count_nonzero((cell(x, x) == cell(x, 2.0)) & (cell(y, y) == cell(y, 4.0)))
    near_by = {
        np.count_nonzero((cell(x, x) == cell(x, 2.0) + i) & (cell(y, y) == cell(y, 4.0) + j))
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    }
    assert inside > 0
    assert rows in near_by, "the pointer's pixel may lie in a neighbour"
    view.root.get_by_role("button", name="Brush").click()
    view.drag((near(x, 1.0), near(y, 2.0)), (near(x, 3.0), near(y, 6.0)))
    page.page.wait_for_timeout(600)
    got = int(exactly(page).split(" of ")[0].replace(",", ""))
    wanted = np.count_nonzero((x >= 1) & (x <= 3) & (y >= 2) & (y <= 6))
    assert got == pytest.approx(wanted, rel=0.02)
    assert got < ROWS
    # Bins of a zoom are cut anew: what lies beyond must not be counted at its rim.
    view.root.get_by_role("button", name="Brush").click()
    page.page.get_by_role("button", name="Clear brushes").click()
    view.drag((near(x, 1.9), near(y, 3.9)), (near(x, 2.1), near(y, 4.1)))
    page.page.wait_for_timeout(700)
    alpha = view.pixels()[..., 3]
    assert (alpha > 0).mean() < 0.5, "single rows stand apart"

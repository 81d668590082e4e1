"""What an axis shows and in which order: typed ends, typed brushes, ordered categories, very many of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .test_axes import ticks
from .test_crowd import exactly, until
from .test_workbench import EPOCHS
from .workbench import Workbench

VALUES = [-5.0, 1.0, 2.0, 3.0, 400.0]


def open_menu(page: Workbench, axis: str) -> Any:
    page.label(axis).hover()
    page.page.locator(f'.ut-label[data-axis="{axis}"] .ut-axis-menu > button').click()
    return page.page.locator(".ut-axis-menu .ut-menu-panel")


def fill(panel: Any, group: str, end: str, text: str) -> None:
    field = panel.get_by_role("group", name=group).get_by_label(end).last
    field.fill(text)
    field.press("Enter")
    panel.page.wait_for_timeout(450)


def test_typed_ends_rule_the_axis_and_lose_no_row(workbench: Any) -> None:
    page = workbench({"x": VALUES, "y": [1, 2, 3, 4, 5]})
    panel = open_menu(page, "x")
    fill(panel, "Axis", "from", "0")
    fill(panel, "Axis", "to", "4")
    assert (ticks(page, "x")[0], ticks(page, "x")[-1]) == ("0", "4")
    beyond = page.page.locator('.ut-axis[data-axis="x"] .ut-beyond title').all_text_contents()
    assert beyond == ["values up to 400 stand here", "values down to −5 stand here"]
    page.page.keyboard.press("Escape")
    page.brush("x", 0.6, 1.05)
    assert page.count == "2 of 5", "3, and 400, which stands at the end"
    page.page.get_by_text("Clear brushes").click()
    page.brush("x", 0.1, -0.05)
    assert page.count == "1 of 5"
    open_menu(page, "x").get_by_role("button", name="All values").click()
    page.settle()
    assert ticks(page, "x")[-1] == "400"
    assert page.page.locator(".ut-beyond").count() == 0


@pytest.mark.parametrize(
    ("scale", "end", "text", "reason"),
    [
        ("linear", "from", "1e3", "from must lie below to"),
        ("linear", "to", "ten", "not a number"),
        ("log", "from", "0", "a log axis starts above 0"),
    ],
)
def test_ends_that_make_no_axis_are_refused_with_a_reason(
    workbench: Any, scale: str, end: str, text: str, reason: str
) -> None:
    page = workbench({"x": [1.0, 10, 100], "y": [1, 2, 3]})
    page.menu("x", scale)
    before = ticks(page, "x")
    panel = open_menu(page, "x")
    fill(panel, "Axis", end, text)
    assert panel.get_by_role("alert").inner_text() == reason
    assert ticks(page, "x") == before


def test_a_constant_column_may_be_given_an_axis(workbench: Any) -> None:
    page = workbench({"x": [7, 7], "y": [1, 2]})
    panel = open_menu(page, "x")
    fill(panel, "Axis", "to", "10")
    assert ticks(page, "x")[-1] == "10"


def test_a_domain_holds_in_a_crowd_and_counts_stay_exact(workbench: Any) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=30_000)
    page = workbench({"x": x, "y": rng.normal(size=30_000)})
    until(page.page, "performance.getEntriesByName('undertow:whole-picture').length > 0")
    panel = open_menu(page, "x")
    fill(panel, "Axis", "from", "-1")
    fill(panel, "Axis", "to", "1")
    page.page.keyboard.press("Escape")
    page.page.wait_for_timeout(500)
    page.brush("x", 0.5, 1.05)
    count = int(exactly(page).split(" of ")[0].replace(",", ""))
    box = page.reach("x")
    # What a pixel more or less would take in.
    slack = np.count_nonzero(np.abs(x) < 2 * 2 / box["height"])
    assert abs(count - np.count_nonzero(x >= 0)) <= slack
    assert np.count_nonzero(x > 1) > 10 * slack, "those beyond the end would be missed"


def test_brushes_are_typed_to_the_last_digit(workbench: Any) -> None:
    page = workbench({"x": [0.1, 0.25, 0.250001, 0.5], "y": [1, 2, 3, 4]})
    panel = open_menu(page, "x")
    panel.get_by_role("button", name="Add a range").click()
    fill(panel, "Brushed", "from", "0.25")
    fill(panel, "Brushed", "to", "0.25")
    assert page.count == "1 of 4"
    fill(panel, "Brushed", "to", "0.250001")
    assert page.count == "2 of 4"
    panel.get_by_role("button", name="Add a range").click()
    fill(panel, "Brushed", "from", "0.4")
    assert page.count == "3 of 4"
    panel.get_by_role("button", name="Clear brush 1").click()
    page.settle()
    assert page.count == "1 of 4"


def test_a_double_click_on_a_brush_opens_its_limits(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.5, 1.05)
    box = page.reach("epoch")
    page.page.mouse.dblclick(box["x"], box["y"] + box["height"] * 0.3)
    page.settle()
    assert page.count == "9 of 18", "what the first click cleared is back"
    field = page.page.locator(".ut-axis-menu .ut-range input").first
    assert field.evaluate("field => field === document.activeElement")
    field.fill("16")
    field.press("Enter")
    page.settle()
    assert page.count == "2 of 18"


def test_a_brush_beyond_the_scale_can_be_reached(workbench: Any) -> None:
    page = workbench(EPOCHS)
    panel = open_menu(page, "epoch")
    panel.get_by_role("button", name="Add a range").click()
    fill(panel, "Brushed", "to", "99")
    fill(panel, "Brushed", "from", "50")
    page.page.keyboard.press("Escape")
    assert page.count == "0 of 18"
    sliders = page.page.locator('.ut-axis[data-axis="epoch"] .ut-brush [role=slider]')
    assert sliders.count() == 2
    sliders.first.focus()
    page.page.keyboard.press("Delete")
    page.settle()
    assert page.count == "18 of 18"


def test_brushes_at_rest_are_told(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("phase", 0.9, 0.6)
    page.page.wait_for_timeout(500)
    assert page.page.locator(".ut-said").inner_text() == "phase brushed: warm"
    page.page.get_by_text("Clear brushes").click()
    page.page.wait_for_timeout(500)
    assert page.page.locator(".ut-said").inner_text() == "phase no longer brushed"


KINDS = ["10", "9", "30", "9", "9", "30"]


def test_categories_are_ordered_by_frequency_name_value_and_by_hand(workbench: Any) -> None:
    page = workbench({"kind": KINDS, "y": [1, 2, 3, 4, 5, 6]})
    panel = open_menu(page, "kind")
    order = panel.get_by_role("radiogroup", name="Order of categories")
    seen = {}
    for choice in ("recorded", "frequency", "name", "value"):
        order.get_by_role("radio", name=choice).click()
        page.settle()
        seen[choice] = down(page, "kind")
    assert seen == {
        "recorded": ["10", "9", "30"],
        "frequency": ["9", "30", "10"],
        "name": ["9", "10", "30"],
        "value": ["9", "10", "30"],
    }
    panel.get_by_role("button", name="Move 30,").focus()
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("ArrowUp")
    page.settle()
    assert down(page, "kind") == ["30", "9", "10"]
    page.page.keyboard.press("Escape")
    page.brush("kind", 0.4, 1.05)
    assert page.count == "5 of 6", "30 and 9"


def down(page: Workbench, axis: str) -> list[str]:
    """The labels of an axis from its head down."""
    found = page.page.locator(f'.ut-axis[data-axis="{axis}"] .ut-tick').evaluate_all(
        "all => all.map((tick) => [tick.transform.baseVal[0].matrix.f, tick.textContent])"
    )
    return [text for _, text in sorted(found) if text]


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
def test_an_order_of_categories_holds_in_a_crowd(workbench: Any, renderer: str) -> None:
    rng = np.random.default_rng(4)
    kind = np.array(["a", "b", "c"])[rng.choice(3, 30_000, p=[0.6, 0.3, 0.1])]
    x = np.array([{"a": 0.9, "b": 0.5, "c": 0.1}[k] for k in kind]) + rng.normal(0, 0.01, 30_000)
    page = workbench({"kind": kind, "x": x}, renderer=renderer, viewport={"width": 700, "height": 620})
    until(page.page, "performance.getEntriesByName('undertow:whole-picture').length > 0")
    panel = open_menu(page, "kind")
    panel.get_by_role("radio", name="name").click()
    panel.get_by_role("button", name="Move c,").focus()
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("Escape")
    page.page.wait_for_timeout(1500)
    assert down(page, "kind") == ["c", "a", "b"]
    # Right beside the axis c's lines start at the head, and half-way they have come half of the way down to 0.1.
    box, plot = page.reach("kind"), page.page.locator(".ut-plot").bounding_box()
    right = page.reach("x")["x"] - plot["x"]
    left, top, tall = box["x"] - plot["x"], box["y"] - plot["y"], box["height"]
    pixels = page.pixels()[..., 3]
    scale = (x.max() - x.min(), x.min())
    for place, name in enumerate("cab"):
        far = 1 - ({"a": 0.9, "b": 0.5, "c": 0.1}[name] - scale[1]) / scale[0]
        y = top + tall * ((place + 0.5) / 3 + far) / 2
        column = pixels[int(y) - 14 : int(y) + 14, int((left + right) / 2)]
        assert column.max() > 60, name
    page.page.mouse.click(box["x"], box["y"] + box["height"] / 6)
    assert exactly(page) == f"{np.count_nonzero(kind == 'c'):,} of 30,000"


def test_a_hundred_and_fifty_thousand_categories_do_not_hang_the_page(workbench: Any) -> None:
    rows = 150_000
    rng = np.random.default_rng(1)
    data = {"user": [f"user {i}" for i in range(rows)], "x": rng.normal(size=rows), "y": rng.normal(size=rows)}
    page = workbench(data, page={"axes": ["user", "x", "y"]})
    until(page.page, "performance.getEntriesByName('undertow:whole-picture').length > 0")
    assert 10 < page.page.locator('.ut-axis[data-axis="user"] .ut-tick').count() < 60
    page.page.evaluate(
        """() => {
          window.longest = 0;
          new PerformanceObserver((list) => {
            for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
          }).observe({ entryTypes: ["longtask"] });
        }"""
    )
    page.label("user").click()
    page.settle()
    page.label("y").focus()
    page.page.keyboard.press("ArrowLeft")
    page.page.wait_for_timeout(1000)
    page.brush("x", 0.5, 1.05)
    exactly(page)
    # Some 50 ms on an idle machine; with an element a category it was many seconds.
    assert page.page.evaluate("window.longest") < 500

"""The dock: views open, close, grow, and take the whole page."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from .test_lenses import recording  # noqa: F401 - a fixture
from .test_workbench import EPOCHS
from .views import View

NAMES = ["table", "series", "scatter", "heatmap", "distribution"]


def opened(page: Any) -> list[str]:
    page.settle()
    return page.page.locator(".ut-view").evaluate_all("all => all.map((view) => view.dataset.view)")


def test_views_open_and_close_by_a_bar_of_buttons(workbench: Any) -> None:
    page = workbench(EPOCHS)
    assert opened(page) == ["table"]
    for name in NAMES:
        View(page, name)
    assert opened(page) == NAMES
    page.page.get_by_role("button", name="Close scatter").click()
    page.page.get_by_role("button", name="Table", exact=True).click()
    assert opened(page) == ["series", "heatmap", "distribution"]
    page.page.get_by_role("button", name="Scatter", exact=True).focus()
    page.page.keyboard.press("Enter")
    assert opened(page) == ["series", "scatter", "heatmap", "distribution"]


def test_each_lens_starts_with_the_views_that_suit_it(workbench: Any, recording: Any) -> None:  # noqa: F811
    page = workbench(recording)
    page.page.get_by_role("tab", name="Steps").click()
    page.settle()
    assert opened(page) == ["table", "series"]
    page.page.get_by_role("tab", name="Layers").click()
    page.settle()
    assert opened(page) == ["table", "heatmap"]
    page.page.get_by_role("button", name="Close table").click()
    page.page.get_by_role("tab", name="Steps").click()
    page.settle()
    assert opened(page) == ["table", "series"]
    page.page.get_by_role("tab", name="Layers").click()
    page.settle()
    assert opened(page) == ["heatmap"], "what a person made of a lens' views stays"


def test_lines_between_views_are_dragged_and_moved_by_keys(workbench: Any) -> None:
    page = workbench(EPOCHS)
    View(page, "series")
    line = page.page.get_by_role("separator", name="Height of the views")
    height = lambda: page.page.locator(".ut-dock").bounding_box()["height"]  # noqa: E731
    before, share = height(), int(line.get_attribute("aria-valuenow"))
    box = line.bounding_box()
    page.drag((box["x"] + 300, box["y"] + 6), (box["x"] + 300, box["y"] - 44))
    assert height() == pytest.approx(before + 44, abs=8)
    line.focus()
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("ArrowDown")
    assert height() == pytest.approx(before + 44 - 0.04 * 760, abs=8)
    line.dblclick()
    assert int(line.get_attribute("aria-valuenow")) == share
    between = page.page.get_by_role("separator", name="Width of Table and Series")
    widths = lambda: [view.bounding_box()["width"] for view in page.page.locator(".ut-view").all()]  # noqa: E731
    assert widths()[0] == pytest.approx(widths()[1], abs=1)
    between.focus()
    for _ in range(5):
        page.page.keyboard.press("ArrowLeft")
    table, series = widths()
    assert table / (table + series) == pytest.approx(0.4, abs=0.01)
    box = between.bounding_box()
    page.drag((box["x"] + 6, box["y"] + 40), (box["x"] + 206, box["y"] + 40))
    assert widths()[0] == pytest.approx(table + 200, abs=10)


@pytest.mark.parametrize("part", ["plot", "scatter"])
def test_any_part_takes_the_whole_page_and_escape_gives_it_back(workbench: Any, part: str) -> None:
    page = workbench(EPOCHS)
    view = View(page, "scatter")
    button = (
        page.page.locator(".ut-plot-full")
        if part == "plot"
        else view.root.get_by_role("button", name="Scatter: whole page")
    )
    button.click()
    page.settle()
    target = page.page.locator(".ut-plot") if part == "plot" else view.root
    assert target.bounding_box()["height"] > 560
    assert target.bounding_box()["width"] > 1100
    assert page.page.locator(".ut-plot").is_visible() == (part == "plot")
    assert view.root.count() == (part == "scatter")
    assert page.page.locator(".ut-count").is_visible(), "the count stays in sight"
    page.page.keyboard.press("Escape")
    page.settle()
    assert page.page.locator(".ut-plot").is_visible()
    assert view.root.is_visible()
    page.brush("epoch", 0.5, 1.05)
    assert page.count == "9 of 18"


@pytest.mark.parametrize("width", [320, 2560])
def test_views_fit_a_telephone_and_a_wall(workbench: Any, width: int) -> None:
    page = workbench(EPOCHS, viewport={"width": width, "height": 700 if width == 320 else 1440})
    for name in NAMES:
        View(page, name)
    boxes = [view.bounding_box() for view in page.page.locator(".ut-view").all()]
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    for box in boxes:
        assert box["width"] >= (280 if width == 320 else 450)
        assert box["height"] >= 200
    for one, next_ in itertools.pairwise(boxes):
        side_by_side = one["x"] + one["width"] <= next_["x"]
        below = one["y"] + one["height"] <= next_["y"]
        assert below if width == 320 else side_by_side
    overflow = page.page.locator(".ut-view-controls").evaluate_all(
        "all => all.filter((each) => each.scrollWidth > each.clientWidth + 1).length"
    )
    assert overflow == 0, "no choice is cut off"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_with_all_views_open(workbench: Any, theme: str) -> None:
    page = workbench(EPOCHS, color_scheme=theme)
    for name in NAMES:
        View(page, name)
    assert page.serious(".ut-dock") == []


@pytest.mark.parametrize("lens", ["table", "series", "scatter", "heatmap", "distribution"])
def test_names_of_columns_are_never_markup(workbench: Any, lens: str) -> None:
    rows = [
        {"<img src=x onerror=alert(1)>": i, "__proto__": i % 3, "constructor": f"<b>{i % 4}</b>"} for i in range(30)
    ]
    page = workbench(rows)
    view = View(page, lens)
    assert view.root.locator("img, b").count() == 0

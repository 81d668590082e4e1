"""The table: search, sort by several, order, pins, and rows beyond what a browser lays out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .test_crowd import exactly
from .test_workbench import EPOCHS
from .views import View

WORDS = [{"name": ["alpha", "beta", "Alphabet", "gamma"][i % 4], "n": i, "v": (i * 7) % 5} for i in range(40)]


def column(page: Any, name: str) -> list[str]:
    names = [text.split("\n")[0] for text in page.page.locator(".ut-column-label").all_inner_texts()]
    return [row[names.index(name)] for row in page.cells]


def head(page: Any, name: str) -> Any:
    label = page.page.locator(".ut-column-label").get_by_text(name, exact=True)
    return page.page.locator(".ut-column-name").filter(has=label)


def test_a_search_selects_in_every_view(workbench: Any) -> None:
    page = workbench(WORDS)
    box = page.page.get_by_label("Select the rows that contain")
    box.fill("alpha")
    page.settle()
    assert page.count == "20 of 40"
    assert {row[0] for row in page.cells} == {"alpha", "Alphabet"}
    page.page.get_by_role("button", name="Keep", exact=True).click()
    page.settle()
    assert page.count == "20 of 20"
    assert box.input_value() == ""
    page.page.keyboard.press("Control+z")
    page.settle()
    assert page.count == "40 of 40"
    box.fill("39")
    page.settle()
    assert page.count == "1 of 40"
    page.page.get_by_role("button", name="Clear brushes").click()
    page.settle()
    assert (page.count, box.input_value()) == ("40 of 40", "")


def test_a_search_selects_in_a_crowd(workbench: Any) -> None:
    words = np.array(["alpha", "beta", "gamma"])[np.arange(60_000) % 3]
    page = workbench({"x": np.random.default_rng(1).normal(size=60_000), "word": words})
    page.page.get_by_label("Select the rows that contain").fill("ALPH")
    page.page.wait_for_timeout(900)
    assert exactly(page) == "20,000 of 60,000"
    page.page.get_by_role("button", name="Exclude", exact=True).click()
    page.page.wait_for_timeout(500)
    assert exactly(page) == "40,000 of 40,000"


def test_rows_are_sorted_by_several_columns(workbench: Any) -> None:
    page = workbench(WORDS)
    View(page, "table")
    head(page, "v").click()
    page.page.keyboard.down("Shift")
    head(page, "n").click()
    head(page, "n").click()
    page.page.keyboard.up("Shift")
    page.settle()
    got = list(zip(map(int, column(page, "v")), map(int, column(page, "n")), strict=True))
    wanted = sorted(((row["v"], row["n"]) for row in WORDS), key=lambda pair: (pair[0], -pair[1]))
    assert got == wanted[: len(got)]
    marks = page.page.locator(".ut-column-order").all_inner_texts()
    assert sorted("".join(mark.split()) for mark in marks) == ["↑1", "↓2"]
    sorts = page.page.get_by_role("columnheader").evaluate_all("all => all.map((each) => each.ariaSort)")
    assert sorted(sorts) == ["ascending", "descending", "none"]
    head(page, "name").focus()
    page.page.keyboard.press("Enter")
    page.settle()
    assert column(page, "name")[0].lower() == "alpha"


def test_columns_are_moved_by_hand_and_by_keys_and_pinned(workbench: Any) -> None:
    page = workbench(EPOCHS)
    names = lambda: page.page.locator(".ut-column-label").all_inner_texts()  # noqa: E731
    assert names() == ["epoch", "loss", "mae", "lr", "phase"]
    start, end = head(page, "lr").bounding_box(), head(page, "loss").bounding_box()
    page.drag((start["x"] + 20, start["y"] + 10), (end["x"] + 10, end["y"] + 10))
    assert names() == ["epoch", "lr", "loss", "mae", "phase"]
    assert page.page.locator(".ut-column-order").count() == 0, "a drag does not sort"
    head(page, "phase").focus()
    page.page.keyboard.press("Alt+ArrowLeft")
    assert names() == ["epoch", "lr", "loss", "phase", "mae"]
    page.page.get_by_role("button", name="Pin mae").click()
    assert names() == ["mae", "epoch", "lr", "loss", "phase"]
    page.page.get_by_role("button", name="Columns as they come").click()
    assert names() == ["mae", "epoch", "loss", "lr", "phase"]


def test_a_pinned_column_stays_while_the_others_scroll(workbench: Any) -> None:
    wide = [{f"column {k}": i * k for k in range(60)} for i in range(30)]
    page = workbench(wide)
    made = page.page.locator(".ut-table [role=columnheader]").count()
    assert made < 20, "columns out of sight are not made"
    page.page.get_by_role("button", name="Pin column 0").click()
    left = lambda: head(page, "column 0").bounding_box()["x"]  # noqa: E731
    before = left()
    page.page.locator(".ut-table").evaluate("table => (table.scrollLeft = 1e6)")
    page.settle()
    assert left() == pytest.approx(before, abs=1)
    assert page.page.locator(".ut-column-label").last.inner_text() == "column 59"
    assert page.cells[1][-1] == "59"


def test_the_last_of_two_million_rows_is_reached(workbench: Any) -> None:
    count = 2_000_000
    page = workbench({"i": np.arange(count), "x": np.arange(count) % 7}, page={"axes": ["i", "x"]})
    page.page.wait_for_timeout(1500)
    table = page.page.locator(".ut-table")
    table.evaluate("table => (table.scrollTop = table.scrollHeight)")
    page.page.wait_for_timeout(900)
    assert page.cells[-1][0] == f"{count - 1:,}"
    last = page.page.locator(".ut-table [role=rowgroup] [role=row]").last.bounding_box()
    box = table.bounding_box()
    assert last["y"] + last["height"] <= box["y"] + box["height"] + 1, "and is in sight"
    table.focus()
    page.page.keyboard.press("Home")
    page.page.wait_for_timeout(600)
    assert page.cells[0][0] == "0"
    for _ in range(3):
        page.page.keyboard.press("ArrowDown")
    page.page.mouse.move(box["x"] + 100, box["y"] + 80)
    page.page.mouse.wheel(0, 26 * 100)
    page.page.wait_for_timeout(600)
    under = page.page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('.ut-row').innerText", [box["x"] + 100, box["y"] + 45]
    )
    assert under.split()[0] in {"103", "102", "104"}, "a wheel goes row by row"


def test_cells_tell_their_value_to_the_last_digit(workbench: Any) -> None:
    page = workbench([{"x": 1 / 3, "y": 2}])
    assert page.page.locator(".ut-table [role=cell]").first.get_attribute("title") == "0.3333333333333333"


def test_a_row_is_pinned_above_the_others_and_in_the_plot(workbench: Any) -> None:
    page = workbench(WORDS)
    page.page.get_by_role("button", name="Pin row 5", exact=True).click()
    page.settle()
    kept = page.page.locator(".ut-kept [role=row]")
    assert kept.locator("[role=cell]").all_inner_texts() == ["beta", "5", "0"]
    page.page.locator(".ut-table").evaluate("table => (table.scrollTop = 1e6)")
    page.settle()
    head_, box = page.page.locator(".ut-head").bounding_box(), kept.bounding_box()
    assert box["y"] == pytest.approx(head_["y"] + head_["height"], abs=1)
    page.brush("n", 1.05, 0.9)
    assert kept.count() == 1, "whatever is brushed"
    kept.get_by_role("button").click()
    page.settle()
    assert kept.count() == 0

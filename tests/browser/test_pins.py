"""Lines that stand out: pinned, related, weighed, walked through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .test_crowd import exactly, until
from .test_workbench import EPOCHS
from .workbench import Workbench


def overlay(page: Workbench) -> int:
    """How many pixels the lines on top cover."""
    return int(
        page.page.evaluate(
            """() => {
              const canvas = document.querySelectorAll("canvas.ut-canvas")[1];
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              let ink = 0;
              for (let i = 3; i < data.length; i += 4) ink += data[i] > 0;
              return ink;
            }"""
        )
    )


def at_end(page: Workbench, axis: str, position: float) -> tuple[float, float]:
    """A point just beside an axis, at the end of a line: to its right, but for the last axis."""
    box = page.reach(axis)
    side = -40 if axis == page.axes[-1] else 40
    return box["x"] + box["width"] / 2 + side, box["y"] + box["height"] * (1 - position)


def rows_of(page: Workbench) -> list[list[str]]:
    return [row.locator("span").all_inner_texts() for row in page.page.locator(".ut-pin-row").all()]


LEVEL = {"a": [0, 1, 2, 3], "b": [0, 1, 2, 3], "note": ["w", "x", "y", "z"]}


def pin(page: Workbench, *rows: int) -> None:
    for row in rows:
        page.page.mouse.click(*at_end(page, "a", row / 3))
        page.settle()


def test_a_click_pins_and_the_values_stand_beneath_their_axes(workbench: Any) -> None:
    page = workbench(LEVEL, page={"axes": ["a", "b", "note"]})
    pin(page, 1, 3)
    assert rows_of(page) == [["1", "1", "x"], ["3", "3", "z"]]
    for axis, value in zip(page.axes, page.page.locator(".ut-pin-row").first.locator("span").all(), strict=True):
        box = value.bounding_box()
        assert box["x"] + box["width"] / 2 == pytest.approx(page.reach(axis)["x"], abs=2)
    keys = page.page.get_by_role("group", name="Pinned lines")
    assert keys.locator("b").all_inner_texts() == ["A", "B"]
    looks = keys.locator("line").evaluate_all(
        "all => all.map((l) => [l.getAttribute('stroke'), l.getAttribute('stroke-dasharray')])"
    )
    assert looks[0][0] != looks[1][0]
    assert looks[0][1] != looks[1][1], "not by colour alone"
    pin(page, 1)
    assert rows_of(page) == [["3", "3", "z"]]
    assert keys.locator("b").all_inner_texts() == ["B"], "and keeps its look"
    pin(page, 0)
    keys.get_by_role("button", name="Unpin line B").click()
    assert rows_of(page) == [["0", "0", "w"]]
    pin(page, 2)
    keys.get_by_role("button", name="Unpin all").click()
    assert rows_of(page) == []


def test_pins_outlive_brushes_scales_and_order(workbench: Any) -> None:
    page = workbench(LEVEL, page={"axes": ["a", "b", "note"]})
    pin(page, 1)
    page.brush("b", 0.5, 1.05)
    assert page.count == "2 of 4"
    page.menu("b", "symlog")
    page.label("b").focus()
    page.page.keyboard.press("ArrowLeft")
    page.settle()
    page.page.mouse.move(3, 3)
    page.settle()
    assert rows_of(page) == [["1", "1", "x"]]
    assert overlay(page) > 2000


def test_no_more_lines_are_pinned_than_can_be_told_apart(workbench: Any) -> None:
    page = workbench({"a": list(range(10)), "b": list(range(10))}, viewport={"width": 1200, "height": 1100})
    for row in range(9):
        page.page.mouse.click(*at_end(page, "a", row / 9))
        page.settle()
    assert len(rows_of(page)) == 8
    assert "let one go first" in page.page.locator(".ut-said").inner_text()


def test_lines_are_walked_through_and_pinned_by_keys(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.5, 1.05)
    page.page.mouse.move(3, 3)
    walk = page.page.get_by_role("slider", name="Lines: arrow keys")
    walk.focus()
    page.page.keyboard.press("ArrowDown")
    page.settle()
    assert walk.get_attribute("aria-valuetext").startswith("epoch 9, loss")
    page.page.keyboard.press("ArrowDown")
    page.settle()
    page.page.keyboard.press("Enter")
    page.settle()
    assert rows_of(page)[0][0] == "10"
    assert "Line pinned, 1 in all" in page.page.locator(".ut-said").inner_text()
    page.page.keyboard.press("End")
    page.settle()
    assert walk.get_attribute("aria-valuenow") == "9"
    assert walk.get_attribute("aria-valuetext").startswith("epoch 17")


def test_a_line_in_a_crowd_is_pinned(workbench: Any) -> None:
    rng = np.random.default_rng(8)
    data = {"x": rng.normal(size=30_000), "y": rng.normal(size=30_000), "id": np.arange(30_000)}
    page = workbench(data, page={"axes": ["x", "y"]})
    until(page.page, "performance.getEntriesByName('undertow:whole-picture').length > 0")
    box = page.reach("x")
    page.page.mouse.click(box["x"] + 60, box["y"] + box["height"] * 0.5)
    page.page.locator(".ut-pin-row span").first.wait_for()
    [[x, y]] = rows_of(page)
    number = lambda text: float(text.replace("−", "-"))  # noqa: E731
    off = np.maximum(np.abs(data["x"] - number(x)), np.abs(data["y"] - number(y)))
    assert off.min() < 1e-3, "a real row"
    page.brush("y", 0.9, 1.05)
    exactly(page)
    assert rows_of(page) == [[x, y]]


def test_values_that_differ_in_their_last_digits_are_told_apart(workbench: Any) -> None:
    page = workbench({"a": [0, 1], "x": [1.0000012, 1.0000013]})
    page.page.mouse.move(*at_end(page, "a", 0))
    page.page.locator(".ut-tooltip").wait_for()
    assert "1.0000012" in page.page.locator(".ut-tooltip").inner_text()


TREE = [
    {"uid": "root", "from_uid": None, "gain": 0.0, "width": 1},
    {"uid": "left", "from_uid": "root", "gain": 1.0, "width": 2},
    {"uid": "right", "from_uid": "root", "gain": 2.0, "width": 3},
    {"uid": "leaf", "from_uid": "left", "gain": 3.0, "width": 4},
    {"uid": "other", "from_uid": None, "gain": 4.0, "width": 5},
]


@pytest.mark.parametrize("numbered", [False, True])
def test_lineage_lights_parents_and_children(workbench: Any, numbered: bool) -> None:
    uids = {row["uid"]: i + 7 for i, row in enumerate(TREE)}
    rows = [
        {**row, "uid": uids[str(row["uid"])], "from_uid": uids.get(str(row["from_uid"]))} if numbered else row
        for row in TREE
    ]
    page = workbench(rows, page={"axes": ["gain", "width"]})
    said = {0: "3 descendants", 1: "1 ancestor, 1 descendant", 2: "1 ancestor", 3: "2 ancestors", 4: None}
    ink = {}
    for row, text in said.items():
        page.page.mouse.move(3, 3)
        page.page.mouse.move(*at_end(page, "gain", row / 4))
        page.settle()
        tooltip = page.page.locator(".ut-tooltip")
        assert (tooltip.locator("p").all_inner_texts() or [None])[-1] == text
        ink[row] = overlay(page)
    assert ink[0] > ink[3] > ink[1] * 0.9
    assert ink[4] < ink[2], "who has no relatives lights alone"
    page.page.mouse.click(*at_end(page, "gain", 3 / 4))
    page.page.mouse.move(3, 3)
    page.settle()
    assert overlay(page) > ink[4] * 1.8, "and a pinned line keeps its ancestors"


def test_the_selected_share_is_weighed(workbench: Any) -> None:
    page = workbench({"x": [0, 1, 2, 3], "y": [0, 1, 2, 3], "w": [1, 2, 3, 14.0]}, page={"axes": ["x", "y"]})
    before = page.pixels()
    page.page.locator(".ut-lines-menu > button").click()
    page.page.get_by_label("Weigh lines by").select_option("w")
    page.page.keyboard.press("Escape")
    page.settle()
    alpha = lambda picture, row: picture[:, picture.shape[1] // 2, 3][  # noqa: E731
        slice(
            *(
                int(at_end(page, "x", row / 3)[1] - page.page.locator(".ut-plot").bounding_box()["y"]) + d
                for d in (-3, 4)
            )
        )
    ].max()
    after = page.pixels()
    assert alpha(after, 0) < 0.4 * alpha(before, 0), "what weighs little is faint"
    assert alpha(after, 3) == pytest.approx(alpha(before, 3), abs=4)
    page.brush("x", 0.5, 1.05)
    assert page.page.locator(".ut-weight").inner_text() == "85.0 % by w"


def test_the_share_by_weight_is_right_in_a_crowd(workbench: Any) -> None:
    rng = np.random.default_rng(6)
    x, w = rng.random(30_000), rng.exponential(size=30_000)
    page = workbench({"x": x, "y": x, "w": w}, page={"axes": ["x", "y"]})
    until(page.page, "performance.getEntriesByName('undertow:whole-picture').length > 0")
    page.page.locator(".ut-lines-menu > button").click()
    page.page.get_by_label("Weigh lines by").select_option("w")
    assert "densities still count lines" in page.page.locator(".ut-lines-menu").inner_text()
    page.page.keyboard.press("Escape")
    page.brush("x", 0.7, 1.05)
    exactly(page)
    page.page.locator(".ut-weight", has_text="≈").wait_for()
    share = float(page.page.locator(".ut-weight strong").inner_text().split()[0]) / 100
    count = int(page.count.split(" of ")[0].replace(",", ""))
    assert share == pytest.approx(w[np.argsort(-x)[:count]].sum() / w.sum(), abs=0.003)

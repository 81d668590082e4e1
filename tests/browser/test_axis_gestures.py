"""Axes under a hand and under keys: order, place, distance, sight."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from .test_workbench import EPOCHS
from .workbench import Workbench

MANY = [f"metric_{i:03}_of_a_long_family_of_names" for i in range(200)]


def middle(box: dict[str, float]) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def touch(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A finger that drags; Playwright itself can only tap."""
    session = page.context.new_cdp_session(page)
    points = [(start[0] + (end[0] - start[0]) * k / 8, start[1] + (end[1] - start[1]) * k / 8) for k in range(9)]
    for kind, at in [("touchStart", points[0]), *(("touchMove", point) for point in points[1:])]:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at[0], "y": at[1]}]})
        page.wait_for_timeout(16)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(500)


def x_of(page: Workbench, axis: str) -> float:
    return page.reach(axis)["x"]


def test_a_finger_reorders_brushes_and_turns(workbench: Any) -> None:
    page = workbench(EPOCHS, has_touch=True)
    label, target = middle(page.label("lr").bounding_box()), middle(page.label("loss").bounding_box())
    touch(page.page, label, (target[0], label[1]))
    assert page.axes == ["epoch", "lr", "loss", "mae", "phase"]
    page.page.touchscreen.tap(*middle(page.label("epoch").bounding_box()))
    page.page.locator('.ut-label[data-axis="epoch"] .ut-label-mark').wait_for()
    page.page.touchscreen.tap(*middle(page.label("epoch").bounding_box()))
    box = page.reach("epoch")
    touch(page.page, (box["x"], box["y"] + box["height"] / 2), (box["x"], box["y"] - 10))
    assert page.count == "9 of 18"
    # Eleven pixels beside its end: a finger still takes hold of it.
    low = (box["x"], box["y"] + box["height"] * 0.8 + 11)
    touch(page.page, (box["x"], box["y"] + box["height"] / 2 + 11), low)
    assert page.count == "14 of 18"


def test_an_axis_glides_to_its_place(workbench: Any) -> None:
    page = workbench(EPOCHS)
    before = x_of(page, "mae")
    page.label("mae").focus()
    page.page.evaluate(
        """() => {
          window.seen = [];
          const axis = document.querySelector('.ut-axis[data-axis="mae"]');
          const x = () => axis.transform.baseVal[0].matrix.e;
          const look = () => (seen.push(x()), seen.length < 60 && requestAnimationFrame(look));
          look();
        }"""
    )
    page.page.keyboard.press("ArrowLeft")
    page.settle()
    seen = page.page.evaluate("window.seen")
    assert x_of(page, "mae") < before - 100
    between = [x for x in seen if min(seen) + 5 < x < max(seen) - 5]
    assert len(between) >= 3, "it passes places between"


@pytest.mark.parametrize("edge", ["left", "right"])
def test_an_axis_dragged_out_of_the_plot_hides(workbench: Any, edge: str) -> None:
    page = workbench(EPOCHS)
    plot = page.page.locator(".ut-plot").bounding_box()
    x = 6 if edge == "left" else plot["x"] + plot["width"] + 10
    start = middle(page.label("loss").bounding_box())
    mouse = page.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move(x, start[1], steps=8)
    assert page.page.locator(".ut-leaves").inner_text() == "Let go to hide loss"
    mouse.move(*start, steps=4)
    assert page.page.locator(".ut-leaves").count() == 0, "back inside it stays"
    mouse.move(x, start[1], steps=8)
    mouse.up()
    page.settle()
    assert "loss" not in page.axes
    assert len(page.axes) == 4
    page.page.locator(".ut-axes-menu > button").click()
    page.page.get_by_role("checkbox", name="loss").check()
    page.settle()
    assert page.axes == ["epoch", "loss", "mae", "lr", "phase"]


def test_delete_hides_the_axis_that_has_the_keyboard_but_never_the_last(workbench: Any) -> None:
    page = workbench({"a": [1, 2], "b": [3, 4]})
    page.label("a").focus()
    page.page.keyboard.press("Delete")
    page.settle()
    assert page.axes == ["b"]
    page.label("b").focus()
    page.page.keyboard.press("Delete")
    page.settle()
    assert page.axes == ["b"]


def test_keys_move_an_axis_and_say_where_it_stands(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.label("lr").focus()
    page.page.keyboard.press("Alt+ArrowLeft")
    page.page.keyboard.press("Alt+ArrowLeft")
    page.settle()
    assert page.axes == ["epoch", "lr", "loss", "mae", "phase"]
    assert page.label("lr").evaluate("label => label === document.activeElement")
    assert page.page.locator(".ut-said").inner_text() == "lr, axis 2 of 5"


def test_a_grip_sets_the_distance_and_a_double_click_resets_it(workbench: Any) -> None:
    page = workbench(EPOCHS)
    gaps = lambda: np.diff([x_of(page, axis) for axis in page.axes])  # noqa: E731
    even = gaps()
    assert np.ptp(even) < 2
    grip = page.page.locator('.ut-axis[data-axis="mae"] .ut-grip')
    start = middle(grip.bounding_box())
    page.drag(start, (start[0] - 120, start[1]))
    narrow = gaps()
    assert narrow[1] == pytest.approx(even[1] - 120, abs=2)
    assert np.ptp(np.delete(narrow, 1)) < 2, "the others share the rest"
    assert narrow.sum() == pytest.approx(even.sum(), abs=2)
    grip.focus()
    page.page.keyboard.press("ArrowRight")
    page.settle()
    assert gaps()[1] == pytest.approx(narrow[1] + 16, abs=2)
    grip.dblclick()
    page.settle()
    assert np.ptp(gaps()) < 2


def test_of_two_hundred_axes_only_those_in_sight_are_built(workbench: Any) -> None:
    page = workbench({name: [i, -i, i * 2] for i, name in enumerate(MANY)}, page={"axes": MANY})
    assert page.page.locator(".ut-axes-menu > button").inner_text() == "Axes 200/200"
    assert len(page.axes) < 40
    spacing = np.diff([x_of(page, axis) for axis in page.axes])
    assert spacing.min() > 70
    page.page.locator(".ut-scroll").evaluate("e => e.scrollLeft = 1e6")
    page.settle()
    assert page.axes[-1] == MANY[-1]
    assert len(page.axes) < 40
    plot = page.page.locator(".ut-plot").bounding_box()
    assert x_of(page, MANY[-1]) < plot["x"] + plot["width"]


def test_names_of_two_hundred_axes_neither_overlap_nor_get_cut(workbench: Any) -> None:
    page = workbench({name: [i, -i, i * 2] for i, name in enumerate(MANY)}, page={"axes": MANY})
    boxes = page.page.locator(".ut-label-text").evaluate_all(
        """all => all.map((text) => {
          const range = document.createRange();
          range.selectNodeContents(text);
          const { left, right } = range.getBoundingClientRect();
          return [left, right, text.scrollHeight - text.clientHeight];
        })"""
    )
    for (_, right, _), (left, _, _) in itertools.pairwise(boxes):
        assert right <= left
    assert max(cut for _, _, cut in boxes) <= 1, "no line is hidden"


def test_the_search_jumps_to_an_axis(workbench: Any) -> None:
    page = workbench({name: [i, -i, i * 2] for i, name in enumerate(MANY)}, page={"axes": MANY})
    page.page.locator(".ut-axes-menu > button").click()
    search = page.page.get_by_role("searchbox", name="Search axes")
    search.fill("ic_150")
    page.page.keyboard.press("Enter")
    page.settle()
    assert MANY[150] in page.axes
    plot = page.page.locator(".ut-plot").bounding_box()
    assert plot["x"] < x_of(page, MANY[150]) < plot["x"] + plot["width"]
    assert page.label(MANY[150]).evaluate("label => label === document.activeElement")


def test_the_list_of_axes_shows_hides_and_orders(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.page.locator(".ut-axes-menu > button").click()
    panel = page.page.locator(".ut-axes-menu .ut-menu-panel")
    panel.get_by_role("button", name="Move lr, 4 of 5").focus()
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("ArrowUp")
    page.settle()
    assert page.axes == ["epoch", "lr", "loss", "mae", "phase"]
    handle = lambda name: panel.get_by_role("button", name=f"Move {name},")  # noqa: E731
    start, end = middle(handle("phase").bounding_box()), middle(handle("epoch").bounding_box())
    page.drag(start, end)
    assert page.axes == ["phase", "epoch", "lr", "loss", "mae"]
    panel.get_by_role("searchbox").fill("l")
    panel.get_by_role("button", name="Hide found").click()
    page.settle()
    assert page.axes == ["phase", "epoch", "mae"]
    panel.get_by_role("button", name="Show found").click()
    page.settle()
    assert set(page.axes) == {"phase", "epoch", "mae", "lr", "loss"}
    panel.get_by_role("searchbox").fill("")
    panel.get_by_role("button", name="Hide all").click()
    page.settle()
    assert len(page.axes) == 1
    panel.get_by_role("button", name="As at first").click()
    page.settle()
    assert page.axes == ["epoch", "loss", "mae", "lr", "phase"]


def test_a_hidden_axis_takes_its_brush_along(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.5, 1.05)
    assert page.count == "9 of 18"
    page.menu("epoch", "Hide")
    assert page.count == "18 of 18"


def test_a_menu_is_whole_in_a_narrow_window(workbench: Any) -> None:
    page = workbench(EPOCHS, viewport={"width": 320, "height": 640})
    page.label("epoch").hover()
    page.page.locator('.ut-label[data-axis="epoch"] .ut-axis-menu > button').click()
    page.settle()
    box = page.page.locator(".ut-axis-menu .ut-menu-panel").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 640

"""The page without a mouse."""

from __future__ import annotations

from typing import Any

import pytest

from .test_workbench import EPOCHS


@pytest.mark.parametrize("again", ["Control+y", "Meta+Shift+z"])
def test_keep_and_exclude_are_undone_and_done_again(workbench: Any, again: str) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.5, 1.05)
    page.page.get_by_role("button", name="Keep").click()
    page.settle()
    page.brush("epoch", 0.9, 1.05)
    page.page.get_by_role("button", name="Exclude").click()
    page.settle()
    assert page.count == "7 of 7"
    keys = page.page.keyboard
    counts = []
    for key in ("Control+z", "Control+z", "Control+z", again, again, again):
        keys.press(key)
        page.settle()
        counts.append(page.count)
    assert counts == ["9 of 9", "18 of 18", "18 of 18", "9 of 9", "7 of 7", "7 of 7"]
    keys.press("Control+z")
    page.page.get_by_role("button", name="Redo").click()
    page.settle()
    assert page.count == "7 of 7"
    keys.press("Control+z")
    page.brush("epoch", 0.5, 1.05)
    page.page.get_by_role("button", name="Keep").click()
    page.settle()
    assert page.page.get_by_role("button", name="Redo").count() == 0, "another step was made"


def pressed(page: Any, *keys: str) -> str:
    for key in keys:
        page.page.keyboard.press(key)
    page.settle()
    return str(page.count)


def test_a_label_is_pressed_by_enter_and_by_a_script(workbench: Any) -> None:
    page = workbench(EPOCHS)
    mark = page.page.locator('.ut-label[data-axis="epoch"] .ut-label-mark')
    page.label("epoch").evaluate("button => button.click()")
    mark.wait_for()
    page.label("epoch").focus()
    page.page.keyboard.press("Enter")
    mark.wait_for(state="detached")
    page.label("epoch").click()
    page.settle()
    assert mark.count() == 1, "a mouse inverts once, not twice"


def test_a_brush_is_made_moved_and_cleared_by_keys(workbench: Any) -> None:
    page = workbench(EPOCHS)
    axis = page.page.locator('.ut-axis[data-axis="epoch"]')
    axis.locator(".ut-axis-reach").focus()
    assert pressed(page, "Enter") == "18 of 18"
    lower, upper = axis.get_by_role("slider").all()
    assert lower.evaluate("slider => slider === document.activeElement")
    assert pressed(page, "ArrowUp", "ArrowUp") == "16 of 18"
    told = ("aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext")
    assert [lower.get_attribute(name) for name in told] == ["0", "17", "2", "2"]
    assert pressed(page, "PageUp", "ArrowDown") == "15 of 18"
    upper.focus()
    assert pressed(page, "Home") == "1 of 18"
    assert upper.get_attribute("aria-valuenow") == "3"
    assert pressed(page, "End") == "15 of 18"
    lower.focus()
    assert pressed(page, "Home") == "18 of 18"
    assert pressed(page, "Delete") == "18 of 18"
    assert axis.get_by_role("slider").count() == 0
    assert axis.locator(".ut-axis-reach").evaluate("reach => reach === document.activeElement")


def test_categories_and_gutters_are_brushed_by_keys(workbench: Any) -> None:
    page = workbench([{**row, "loss": None if row["epoch"] == 3 else row["loss"]} for row in EPOCHS])
    phase = page.page.locator('.ut-axis[data-axis="phase"]')
    phase.locator(".ut-axis-reach").focus()
    pressed(page, "Enter")
    assert phase.get_by_role("slider").first.get_attribute("aria-valuetext") == "main"
    assert pressed(page, "ArrowUp", "ArrowUp") == "4 of 18"
    assert phase.get_by_role("slider").first.get_attribute("aria-valuetext") == "warm"
    page.page.get_by_role("button", name="loss: missing").focus()
    assert pressed(page, "Enter") == "1 of 18"
    assert pressed(page, "Enter") == "4 of 18"


def test_a_ring_shows_where_keys_go_and_none_around_what_was_pressed(workbench: Any) -> None:
    bench = workbench({"a": list(range(50)), "b": [i % 7 for i in range(50)]})
    ring = """() => {
      const { outlineStyle, outlineColor } = getComputedStyle(document.activeElement);
      return [document.activeElement.getAttribute("class"), outlineStyle, outlineColor];
    }"""
    bench.brush("a", 0.3, 0.7)
    assert bench.page.evaluate(ring)[:2] == ["ut-axis-reach", "none"]
    bench.page.keyboard.press("Tab")
    _, style, colour = bench.page.evaluate(ring)
    clear = bench.page.get_by_role("button", name="Clear brushes")
    accent = clear.evaluate("(button) => getComputedStyle(button).color")
    assert (style, colour) == ("solid", accent)

"""The plot's newer parts for those who see, hear or point otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from .test_groups import gpt  # noqa: F401 - a fixture
from .test_pins import LEVEL, pin
from .test_workbench import EPOCHS


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_menus_and_pins(workbench: Any, scheme: str) -> None:
    page = workbench(LEVEL, color_scheme=scheme, page={"axes": ["a", "b", "note"]})
    pin(page, 0, 3)
    page.brush("a", 0.2, 0.8)
    tab = page.page
    for menu in (
        ".ut-axes-menu",
        ".ut-lines-menu",
        '.ut-label[data-axis="a"] .ut-axis-menu',
        '.ut-label[data-axis="note"] .ut-axis-menu',
    ):
        tab.locator(f"{menu} > button").focus()
        tab.keyboard.press("Enter")
        page.settle()
        assert tab.locator(".ut-menu-panel").count() == 1
        assert page.serious() == []
        tab.keyboard.press("Escape")
        assert tab.locator(".ut-menu-panel").count() == 0
        assert tab.locator(f"{menu} > button").evaluate("button => button === document.activeElement")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_groups(workbench: Any, gpt: Any, scheme: str) -> None:  # noqa: F811
    page = workbench(gpt, color_scheme=scheme)
    page.page.get_by_role("button", name="Unfold transformer.h.3:").click()
    page.settle()
    assert page.serious() == []


@pytest.mark.parametrize("width", [320, 1200])
def test_what_a_finger_presses_is_wide_enough(workbench: Any, width: int) -> None:
    page = workbench(EPOCHS, has_touch=True, viewport={"width": width, "height": 760})
    page.brush("epoch", 0.3, 0.7)
    small = page.page.locator(".ut-plot").evaluate(
        """plot => [...plot.querySelectorAll("button, .ut-axis-reach, .ut-grip-reach")].flatMap((each) => {
          const { width, height } = each.getBoundingClientRect();
          return width < 24 || height < 20 ? [[each.className.baseVal ?? each.className, width, height]] : [];
        })"""
    )
    assert small == []


def test_menus_open_where_there_is_room_and_nothing_of_them_is_cut(workbench: Any) -> None:
    page = workbench({f"x{i}": [i, i + 1] for i in range(40)}, viewport={"width": 700, "height": 560})
    page.page.locator(".ut-axes-menu > button").click()
    page.settle()
    panel = page.page.locator(".ut-menu-panel")
    box = panel.bounding_box()
    assert box["y"] + box["height"] <= 560
    assert panel.evaluate("panel => panel.scrollHeight > panel.clientHeight"), "its list scrolls within it"
    last = panel.get_by_role("checkbox").last
    last.scroll_into_view_if_needed()
    assert last.evaluate(
        """box => {
          const { x, y, width, height } = box.getBoundingClientRect();
          return document.elementFromPoint(x + width / 2, y + height / 2) === box;
        }"""
    )

"""The page for those who see, hear or point otherwise: every menu and view, in light and dark, by keys alone."""

from __future__ import annotations

from typing import Any

import pytest

from .test_lenses import recording  # noqa: F401 - a fixture

VIEWS = ("Table", "Series", "Scatter", "Heatmap", "Distribution", "Ranking")
ROWS = [{"a": i, "b": (i * 7) % 10, "kind": "xyz"[i % 3], "x": (i - 9) / 3} for i in range(30)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", ["kind", "x"])
def test_axe_finds_nothing_serious_in_header_and_legend(workbench: Any, scheme: str, color: str) -> None:
    page = workbench(ROWS, color_scheme=scheme, page={"color": color})
    for name in ("Share", "Help", "Colours: choose"):
        page.page.get_by_role("button", name=name).click()
        page.settle()
        assert page.serious() == [], name
        page.page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_lens_with_every_view_open(
    workbench: Any,
    recording: Any,  # noqa: F811
    scheme: str,
) -> None:
    page = workbench(recording, color_scheme=scheme, viewport={"width": 1900, "height": 1000})
    for tab in page.page.get_by_role("tab").all():
        tab.click()
        page.settle()
        for name in VIEWS:
            button = page.page.locator(".ut-view-bar").get_by_role("button", name=name, exact=True)
            if button.count() and button.get_attribute("aria-pressed") == "false":
                button.click()
        page.settle()
        assert page.serious() == [], tab.inner_text()


def test_axe_finds_nothing_serious_in_the_tour(workbench: Any) -> None:
    page = workbench(ROWS)
    page.page.keyboard.press("?")
    page.page.get_by_role("button", name="Take the tour").click()
    page.settle()
    assert page.serious() == []


def test_every_control_is_reached_by_tab_and_none_keeps_it(workbench: Any) -> None:
    page = workbench(ROWS)
    reached = []
    for _ in range(120):
        page.page.keyboard.press("Tab")
        found = page.page.evaluate(
            """() => {
              const { activeElement: e } = document;
              return e === document.body ? null : (e.getAttribute("aria-label") ?? e.textContent.trim());
            }"""
        )
        if found is None:
            break
        reached.append(found)
    else:
        pytest.fail("the keyboard does not come out again")
    for wanted in (
        "Share",
        "Help",
        "Axes",
        "Colour lines by",
        "Lowest x",
        "a axis",
        "Colours",
        "Ranking",
        "rows that contain",
    ):
        assert any(wanted.casefold() in name.casefold() for name in reached), (wanted, reached)

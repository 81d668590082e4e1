"""Colours: which, what they mean, and brushing by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

ROWS = [{"a": i, "b": (i * 7) % 10, "kind": "xyz"[i % 3], "hidden": i * i} for i in range(30)]


def hues(page: Any) -> np.ndarray:
    """Which of red, green and blue is strongest, of each pixel that stands out. Shape (pixels,)."""
    picture = page.pixels()[..., :3]
    return picture[picture.max(-1) - picture.min(-1) > 60].argmax(-1)


def stops(page: Any) -> str:
    return page.page.locator(".ut-ramp-bar div").evaluate("(e) => getComputedStyle(e).backgroundImage")


def open_menu(page: Any) -> Any:
    page.page.get_by_role("button", name="Colours: choose").click()
    return page.page.get_by_role("group", name="Colours: choose")


def test_a_scheme_can_be_chosen_turned_round_and_bent(workbench: Any) -> None:
    page = workbench(ROWS, page={"color": "a", "axes": ["a", "b"]})
    first = stops(page)
    menu = open_menu(page)
    menu.get_by_text("RdBu").click()
    page.settle()
    assert stops(page) != first
    straight = stops(page)
    menu.get_by_label("Reversed").check()
    assert stops(page) != straight
    menu.get_by_label("Reversed").uncheck()
    assert stops(page) == straight
    menu.get_by_label("Midpoint").check()
    field = menu.get_by_label("at", exact=True)
    field.fill("3")
    field.press("Enter")
    assert stops(page) != straight
    field.fill("99")
    field.press("Enter")
    assert "outside" in menu.get_by_role("alert").inner_text()
    menu.get_by_role("button", name="As at first").click()
    assert stops(page) == first


def test_a_script_chooses_the_colours(workbench: Any) -> None:
    page = workbench(ROWS, page={"color": "a", "axes": ["a", "b"], "palette": ["rgb(255, 0, 0)", "rgb(255, 0, 0)"]})
    page.settle()
    assert (hues(page) == 0).mean() > 0.98
    page = workbench(ROWS, page={"color": "kind", "palette": {"x": "#00ff00", "y": "#00ff00", "z": "#00ff00"}})
    swatch = page.page.locator(".ut-swatch i").first
    assert swatch.evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgb(0, 255, 0)"


def test_the_colour_bar_brushes_a_column_that_is_no_axis(workbench: Any) -> None:
    page = workbench(ROWS, page={"color": "hidden", "axes": ["a", "b"]})
    bar = page.page.locator(".ut-ramp-bar").bounding_box()
    middle = bar["y"] + bar["height"] / 2
    page.drag((bar["x"] + 0.5 * bar["width"], middle), (bar["x"] + bar["width"] + 5, middle))
    shown = page.page.locator(".ut-ramp-bar i")
    assert shown.count() == 1
    # Half of the column's range, 0 to 841, on whichever scale the page chose.
    assert page.count != "30 of 30"
    upper = page.page.get_by_role("slider", name="Lowest hidden selected by colour")
    assert 45 <= int(upper.get_attribute("aria-valuenow")) <= 55
    page.page.mouse.click(bar["x"] + 10, middle)
    page.settle()
    assert page.count == "30 of 30"


def test_the_colour_bar_is_brushed_by_keys(workbench: Any) -> None:
    page = workbench(ROWS, page={"color": "a", "axes": ["a", "b"]})
    low = page.page.get_by_role("slider", name="Lowest a selected by colour")
    low.focus()
    for _ in range(25):
        low.press("ArrowRight")
    page.settle()
    # 0 to 29, and half of it.
    assert page.count == "15 of 30"
    low.press("Delete")
    page.settle()
    assert page.count == "30 of 30"


def test_swatches_brush_their_categories(workbench: Any) -> None:
    page = workbench(ROWS, page={"color": "kind"})
    swatch = page.page.get_by_role("button", name="y", exact=True)
    swatch.click()
    page.settle()
    assert page.count == "10 of 30"
    assert swatch.get_attribute("aria-pressed") == "true"
    page.page.get_by_role("button", name="z", exact=True).click()
    page.settle()
    assert page.count == "20 of 30"
    for name in "yz":
        page.page.get_by_role("button", name=name, exact=True).click()
    page.settle()
    assert page.count == "30 of 30"


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
def test_a_large_frame_takes_the_colours_too(workbench: Any, renderer: str) -> None:
    rng = np.random.default_rng(0)
    data = {"a": rng.normal(size=30_000), "b": rng.normal(size=30_000), "c": rng.normal(size=30_000)}
    page = workbench(data, page={"color": "c", "palette": ["rgb(0, 160, 0)", "rgb(0, 160, 0)"]}, renderer=renderer)
    page.page.wait_for_timeout(1500)
    found = hues(page)
    assert len(found) > 1000
    assert (found == 1).mean() > 0.98

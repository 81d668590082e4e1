"""How lines look: opacity, width, curves, context; the same from both renderers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .test_crowd import exactly, until
from .test_workbench import EPOCHS
from .workbench import Workbench


def lines(page: Workbench) -> Any:
    page.page.locator(".ut-lines-menu > button").click()
    return page.page.locator(".ut-lines-menu .ut-menu-panel")


def slide(panel: Any, name: str, key: str, times: int) -> None:
    slider = panel.get_by_role("slider", name=name)
    slider.focus()
    for _ in range(times):
        slider.press(key)


def done(page: Workbench) -> np.ndarray:
    page.page.keyboard.press("Escape")
    page.page.mouse.move(2, 2)
    page.settle()
    return page.pixels()


def between(page: Workbench, left: str, right: str, t: float) -> int:
    """A column of pixels between two axes."""
    plot = page.page.locator(".ut-plot").bounding_box()
    a, b = (page.reach(axis)["x"] - plot["x"] for axis in (left, right))
    return int(a + t * (b - a))


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
def test_opacity_and_width_are_factors(workbench: Any, renderer: str) -> None:
    page = workbench({"a": [0.0, 1.0], "b": [0.0, 1.0]}, renderer=renderer)
    x = between(page, "a", "b", 0.5)
    ink = lambda picture: picture[:, x, 3].sum() / 255  # noqa: E731
    before = page.pixels()
    panel = lines(page)
    slide(panel, "Opacity", "ArrowLeft", 8)
    assert panel.locator("output").first.inner_text() == "50 %"
    faint = done(page)
    assert ink(faint) == pytest.approx(ink(before) / 2, rel=0.05)
    panel = lines(page)
    slide(panel, "Width", "ArrowRight", 8)
    wide = done(page)
    assert ink(wide) == pytest.approx(ink(before), rel=0.05), "twice as wide, half as strong"
    lines(page).get_by_role("button", name="As at first").click()
    assert np.array_equal(done(page), before)


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
def test_curves_leave_every_axis_level_and_hover_follows_them(workbench: Any, renderer: str) -> None:
    page = workbench({"a": [0.0, 1.0, 1.0], "b": [1.0, 0.0, 1.0]}, renderer=renderer)
    # One line rises, one falls, one lies along the head; the middle of the plot is the first two alone.
    page.page.mouse.move(2, 2)
    page.settle()
    box, plot = page.reach("a"), page.page.locator(".ut-plot").bounding_box()
    tall, foot = box["height"], box["y"] + box["height"] - plot["y"]

    def heights(picture: np.ndarray, t: float) -> tuple[float, float]:
        """How high the rising and the falling line stand a part of the way, 0–1; the third lies along the head."""
        column = picture[int(foot - tall) + 8 : int(foot) + 8, between(page, "a", "b", t), 3]
        inked = 1 - (np.flatnonzero(column > 60) + 8.5) / tall
        return float(np.median(inked[inked < 0.5])), float(np.median(inked[inked > 0.5]))

    assert heights(page.pixels(), 0.25) == pytest.approx((0.25, 0.75), abs=0.02)
    lines(page).get_by_label("Curves").check()
    curved = done(page)
    for t in (0.1, 0.25, 0.4):
        ease = t * t * (3 - 2 * t)
        assert heights(curved, t) == pytest.approx((ease, 1 - ease), abs=0.02)
    x = plot["x"] + between(page, "a", "b", 0.25)
    page.page.mouse.move(x, box["y"] + tall * (1 - 0.156))
    page.page.locator(".ut-tooltip").wait_for()
    page.page.mouse.move(x, box["y"] + tall * (1 - 0.25))
    page.page.locator(".ut-tooltip").wait_for(state="detached")


def test_lines_beside_the_selection_stay_grey_or_go(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.9, 1.05)
    page.page.mouse.move(2, 2)
    page.settle()
    with_context = page.pixels()
    lines(page).get_by_label("Keep the others in grey").uncheck()
    without = done(page)
    assert (without[..., 3] > 0).sum() < 0.5 * (with_context[..., 3] > 0).sum()
    assert page.count == "2 of 18"


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
def test_the_context_of_a_crowd_goes_too_and_the_menu_says_what_densities_cannot(workbench: Any, renderer: str) -> None:
    rng = np.random.default_rng(3)
    page = workbench(
        {"x": rng.normal(size=30_000), "y": rng.normal(size=30_000)},
        renderer=renderer,
        viewport={"width": 700, "height": 620},
    )
    until(page.page, "performance.getEntriesByName('undertow:whole-picture').length > 0")
    page.brush("x", 0.75, 1.05)
    exactly(page)
    page.page.mouse.move(2, 2)
    page.page.wait_for_timeout(800)
    with_context = (page.pixels()[..., 3] > 0).sum()
    panel = lines(page)
    assert "drawn as densities, which are straight" in panel.inner_text()
    panel.get_by_label("Keep the others in grey").uncheck()
    without = (done(page)[..., 3] > 0).sum()
    assert without < 0.9 * with_context

"""The distribution view: counts to the last row, and bars that select what they count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from .test_crowd import ROWS, crowd, exactly  # noqa: F401 - a fixture
from .test_workbench import EPOCHS
from .views import View

ODD = [
    {"v": v, "i": i % 7, "kind": "abc"[i % 3]}
    for i, v in enumerate(
        [*np.random.default_rng(2).normal(size=190).tolist(), math.nan, math.inf, -math.inf, None, None]
    )
]


def test_a_bar_says_its_count_and_selects_those_rows(workbench: Any) -> None:
    page = workbench(ODD)
    view = View(page, "distribution")
    view.choose("Distribution of", "i")
    wanted = sum(row["i"] == 2 for row in ODD)
    assert view.hover(2.5 / 7, 0.2).startswith(f"2 all {wanted} ")
    view.click(2.5 / 7, 0.2)
    assert page.count == f"{wanted} of {len(ODD)}"
    assert f"selected {wanted} 100 %" in view.hover(2.5 / 7, 0.2)
    assert view.hover(3.5 / 7, 0.2).endswith("selected 0 0 %")
    view.click(2.5 / 7, 0.2)
    assert page.count == f"{len(ODD)} of {len(ODD)}", "a second press lets go"
    view.drag((1.5 / 7, 0.3), (4.5 / 7, 0.3))
    assert page.count == f"{sum(1 <= row['i'] <= 4 for row in ODD)} of {len(ODD)}"


def test_values_beyond_the_scale_have_bars_of_their_own(workbench: Any) -> None:
    page = workbench(ODD)
    view = View(page, "distribution")
    view.choose("Distribution of", "v")
    slots = view.root.locator(".ut-chart-slot text")
    assert sorted(slots.all_text_contents()) == sorted(["+∞", "−∞", "NaN", "missing"])
    box = slots.get_by_text("missing").bounding_box()
    page.page.mouse.click(box["x"] + box["width"] / 2, view.at(0, 0.1)[1])
    page.settle()
    assert page.count == f"2 of {len(ODD)}"


@pytest.mark.parametrize("scale", ["linear", "log", "symlog", "percentile"])
def test_every_bar_of_a_crowd_counts_what_it_selects(workbench: Any, crowd: Any, scale: str) -> None:  # noqa: F811
    page = workbench(crowd, page={"axes": ["x", "norm"]})
    if scale != "log":
        page.menu("norm", scale)
        page.page.wait_for_timeout(600)
    view = View(page, "distribution")
    view.choose("Distribution of", "norm")
    page.page.wait_for_timeout(500)
    said = view.hover(0.4 if scale == "percentile" else 0.005 if scale == "linear" else 0.2, 0.02)
    count = int(said.split(" all ")[1].split(" ")[0].replace(",", ""))
    page.page.mouse.down()
    page.page.mouse.up()
    page.page.wait_for_timeout(400)
    assert exactly(page) == f"{count:,} of {ROWS:,}"


def test_selected_rows_are_told_from_all(workbench: Any) -> None:
    page = workbench(ODD)
    view = View(page, "distribution")
    view.choose("Distribution of", "kind")
    assert view.ticks("across") == ["a", "b", "c"]
    page.brush("i", 1.05, 0.75)
    chosen = [row for row in ODD if row["i"] >= 5]
    for k, kind in enumerate("abc"):
        said = view.hover((k + 0.5) / 3, 0.1)
        all_, mine = (sum(row["kind"] == kind for row in rows) for rows in (ODD, chosen))
        share = f"{100 * mine / len(chosen):.4g}"
        assert said == f"{kind} all {all_} {100 * all_ / len(ODD):.4g} % selected {mine} {share} %"
    view.choose("Bars say", "share")
    assert view.root.locator(".ut-chart-name").first.text_content() == "% of rows"


def test_bars_are_reached_by_keys(workbench: Any) -> None:
    page = workbench(EPOCHS)
    view = View(page, "distribution")
    view.choose("Distribution of", "epoch")
    view.walk("ArrowRight", 4)
    assert view.tooltip.startswith("3 all 1 ")
    page.page.keyboard.press("Enter")
    page.settle()
    assert page.count == "1 of 18"
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Shift+Enter")
    page.settle()
    assert page.count == "2 of 18"
    page.page.keyboard.press("Delete")
    page.settle()
    assert page.count == "18 of 18"

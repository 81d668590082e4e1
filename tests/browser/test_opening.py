"""A page opens as its frame says: ends, scales, what stands upside down, what weighs, which views are open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from undertow.frame import Beside, Frame
from undertow.sources import from_columns

from .test_axes import ticks
from .test_axis_domain import open_menu

COLUMNS = {"x": [1.0, 2.0, 3.0, 400.0], "y": [-1e6, 0.0, 1.0, 1e6], "kg": [1, 2, 3, 4]}


def described(frame: Frame, **columns: dict[str, Any]) -> Frame:
    return replace(frame, columns=tuple(replace(each, **columns.get(each.name, {})) for each in frame))


def test_an_axis_starts_with_the_ends_that_the_frame_says_and_shows_all_on_demand(workbench: Any) -> None:
    page = workbench(described(from_columns(COLUMNS), x={"domain": (0.0, 4.0)}))
    assert (ticks(page, "x")[0], ticks(page, "x")[-1]) == ("0", "4")
    beyond = page.page.locator('.ut-axis[data-axis="x"] .ut-beyond title').all_text_contents()
    assert beyond == ["values up to 400 stand here"]
    open_menu(page, "x").get_by_role("button", name="All values").click()
    page.settle()
    assert ticks(page, "x")[-1] == "400"
    page.page.reload()
    page.settle()
    assert ticks(page, "x")[-1] == "400", "what was taken back stays so in the page's address"


@pytest.mark.parametrize(
    ("scale", "low", "high"), [("symlog", 0.6, 1.05), ("percentile", 0.6, 1.05), ("linear", 0.98, 1.05)]
)
def test_an_axis_starts_on_the_scale_that_the_frame_says(workbench: Any, scale: str, low: float, high: float) -> None:
    page = workbench(described(from_columns(COLUMNS), x={"scale": "percentile"}, y={"scale": scale}))
    page.brush("y", low, high)
    assert page.count == ("2 of 4" if scale == "percentile" else "1 of 4")
    open_menu(page, "y")
    assert page.page.locator(".ut-menu-panel [aria-checked=true]").first.inner_text() == scale


def test_an_axis_upside_down_a_weight_and_the_views(workbench: Any) -> None:
    beside = Beside(("scatter", "table"), ("kg", "x"), None, (("kg", True),))
    page = workbench(replace(from_columns(COLUMNS), inverted=("kg",), weight="kg", beside=beside))
    assert page.cells[0][page_columns(page).index("kg")] == "4"
    assert page.page.locator(".ut-view").evaluate_all("views => views.map(view => view.dataset.view)") == [
        "table",
        "scatter",
    ]
    page.brush("kg", 0.9, 1.05)
    assert page.count == "1 of 4"
    assert "10.0 %" in page.page.locator(".ut-weight").inner_text(), "1 kg of 10: what is least stands above"


def page_columns(page: Any) -> list[str]:
    return [text.split()[0] for text in page.page.locator(".ut-table [role=columnheader]").all_inner_texts()]

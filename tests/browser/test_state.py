"""What a person makes of a page stands in its address, and in a saved copy of it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from .workbench import Workbench

ROWS = [{"a": i, "b": (i * 7) % 10, "kind": "xyz"[i % 3], "loss": 1 / (i + 1)} for i in range(30)]


def state(page: Workbench) -> dict[str, Any]:
    page.page.wait_for_timeout(600)
    return json.loads(parse_qs(urlsplit(page.page.url).fragment).get("state", ["{}"])[0])


def again(page: Workbench) -> Workbench:
    """The same address in a new tab."""
    tab = page.page.context.new_page()
    tab.goto(page.page.url)
    return Workbench(tab)


def test_an_untouched_page_leaves_its_address_alone(workbench: Any) -> None:
    page = workbench(ROWS)
    assert state(page) == {}
    assert "#" not in page.page.url


def test_the_address_brings_back_what_was_done(workbench: Any) -> None:
    page = workbench(ROWS)
    page.brush("a", 0.2, 0.6)
    page.menu("loss", "Hide")
    page.page.get_by_label("Colour lines by").select_option("b")
    page.page.get_by_role("button", name="Dark theme").click()
    page.page.get_by_role("button", name="Scatter").click()
    page.settle()
    count, axes = page.count, page.axes
    assert count != "30 of 30"
    found = state(page)
    assert set(found["lenses"]["rows"]) == {"axes", "brushes", "color", "views"}
    other = again(page)
    other.settle()
    assert (other.count, other.axes) == (count, axes)
    assert other.page.locator(".ut-workbench").get_attribute("data-theme") == "dark"
    assert other.page.get_by_label("Colour lines by").input_value() == "b"
    assert other.page.get_by_role("region", name="Scatter").is_visible()
    # Taken back, nothing is left to say.
    other.page.get_by_role("button", name="Clear brushes").click()
    assert "brushes" not in state(other)["lenses"]["rows"]


def test_steps_can_be_undone_after_opening_a_link(workbench: Any) -> None:
    page = workbench(ROWS)
    page.brush("a", 0.2, 0.6)
    page.page.get_by_role("button", name="Exclude").click()
    page.settle()
    left = page.count
    state(page)
    other = again(page)
    other.settle()
    assert other.count == left
    other.page.get_by_role("button", name="Undo").click()
    other.settle()
    assert other.count == "30 of 30"


@pytest.mark.parametrize(
    "saved",
    [
        "nonsense",
        "null",
        "[]",
        json.dumps({"lens": 3, "theme": "<b>", "lenses": {"rows": []}}),
        json.dumps({"lenses": {"rows": {"axes": ["gone"], "brushes": {"a": [{"kind": "range", "range": [3]}]}}}}),
        json.dumps({"lenses": {"rows": {"axes": [], "pins": [99, -7, 0.5, "x"], "scales": {"a": "evil"}}}}),
        json.dumps({"lenses": {"rows": {"steps": [{"action": "keep", "columns": {"gone": {}}}], "colours": {"a": 1}}}}),
        json.dumps({"lenses": {"rows": {"views": "all", "series": {"x": "gone", "y": 4}, "table": {"sort": [7]}}}}),
        json.dumps({"lenses": {"rows": {"__proto__": {"axes": ["a"]}, "lines": {"opacity": "much"}, "height": []}}}),
    ],
)
def test_an_address_that_makes_no_sense_changes_nothing(workbench: Any, saved: str) -> None:
    page = workbench(ROWS)
    axes = page.axes
    tab = page.page.context.new_page()
    tab.goto(f"{page.page.url}#state={quote(saved)}")
    page = Workbench(tab)
    page.settle()
    assert page.axes == axes
    assert page.count == "30 of 30"


def test_another_link_in_the_same_tab_is_opened(workbench: Any) -> None:
    page = workbench(ROWS)
    link = json.dumps({"lenses": {"rows": {"axes": ["b", "a"]}}})
    page.page.evaluate(f"location.hash = {json.dumps('state=' + quote(link))}")
    page.page.wait_for_timeout(800)
    assert Workbench(page.page).axes == ["b", "a"]

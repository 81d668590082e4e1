"""Help for hands and keys, and the tour."""

from __future__ import annotations

from typing import Any

import pytest

from .test_lenses import recording  # noqa: F401 - a fixture

ROWS = [{"a": i, "b": (i * 7) % 10, "kind": "xyz"[i % 3]} for i in range(30)]


def test_help_opens_by_its_key_and_closes(workbench: Any) -> None:
    page = workbench(ROWS).page
    page.keyboard.press("?")
    help_ = page.get_by_role("group", name="Help")
    assert help_.is_visible()
    for word in ("Drag along an axis", "Ctrl-Z", "pin it"):
        assert word in help_.inner_text()
    page.keyboard.press("Escape")
    assert not help_.count()
    # A question mark that is typed is one.
    search = page.get_by_placeholder("Search").first
    search.focus()
    page.keyboard.type("?")
    assert search.input_value() == "?"
    assert not help_.count()


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 700}, {"width": 1400, "height": 800}])
def test_the_tour_shows_one_thing_after_another_within_the_window(
    workbench: Any,
    recording: Any,  # noqa: F811
    viewport: dict[str, int],
) -> None:
    page = workbench(recording, viewport=viewport).page
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Take the tour").click()
    titles = []
    card = page.get_by_role("dialog")
    while True:
        titles.append(card.get_by_role("heading").inner_text())
        box = card.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= viewport["width"]
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= viewport["height"]
        following = card.get_by_role("button", name="Next")
        if not following.count():
            break
        following.click()
    assert len(titles) == len(set(titles)) == 10
    page.keyboard.press("ArrowLeft")
    assert card.get_by_role("heading").inner_text() == titles[-2]
    page.keyboard.press("Escape")
    assert not card.count()


def test_the_tour_passes_over_what_a_page_does_not_have(workbench: Any) -> None:
    page = workbench(ROWS).page
    page.keyboard.press("?")
    page.get_by_role("button", name="Take the tour").click()
    assert "1 of 8" in page.get_by_role("dialog").inner_text()

"""What an axis says: its numbers, its names, its place."""

from __future__ import annotations

from typing import Any

import pytest

from .test_lenses import recording  # noqa: F401 - a fixture


def ticks(page: Any, axis: str) -> list[str]:
    return page.page.locator(f'.ut-axis[data-axis="{axis}"] .ut-tick text').all_text_contents()


def test_axes_of_one_domain_each_name_their_own_percentiles(workbench: Any, recording: Any) -> None:  # noqa: F811
    page = workbench(recording, page={"lens": "flow"})
    first, last = "head:grad_norm", "embed:grad_norm"
    assert ticks(page, last) == [], "on one log axis the first axis' numbers serve all"
    page.menu(first, "percentile")
    assert "10" in ticks(page, first)
    assert "0.1" in ticks(page, last)
    assert "10" not in ticks(page, last)


@pytest.mark.parametrize("width", [1200, 480])
def test_no_label_is_cut_by_the_edge_of_the_plot(workbench: Any, width: int) -> None:
    long = "a category with a name that no margin holds, however wide the window of whoever looks at it is"
    kinds = ["a category of thirty letters", long]
    rows = [{"kind": kinds[i % 2], "x": i, "validation_mean_absolute_error": i * 2.5} for i in range(20)]
    page = workbench(rows, viewport={"width": width, "height": 760})
    plot = page.page.locator(".ut-plot").bounding_box()
    texts = page.page.locator(".ut-tick text, .ut-label-text").all()
    for box in (text.bounding_box() for text in texts):
        assert box["x"] >= plot["x"]
        assert box["x"] + box["width"] <= plot["x"] + plot["width"]
    cut = page.page.locator(".ut-tick .ut-cut", has_text="that no margin")
    assert cut.evaluate("text => text.firstChild.data").endswith("…")
    assert cut.locator("title").text_content() == long
    if width == 1200:
        assert ticks(page, "kind")[0] == kinds[0]
    assert page.label("validation_mean_absolute_error").get_attribute("title").startswith("validation_mean")

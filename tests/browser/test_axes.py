"""What an axis says: its numbers, its names, its place."""

from __future__ import annotations

from typing import Any

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

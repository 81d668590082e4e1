"""The page in a small window."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from .test_lenses import recording  # noqa: F401 - a fixture


@pytest.mark.parametrize(("width", "height"), [(360, 640), (640, 360), (820, 500)])
def test_nothing_lies_on_anything_else(workbench: Any, recording: Any, width: int, height: int) -> None:  # noqa: F811
    page = workbench(recording, viewport={"width": width, "height": height})
    page.brush("epoch", 0.5, 1.05)
    parts = [".ut-header", ".ut-findings", ".ut-toolbar", ".ut-plot", ".ut-table"]
    boxes = [page.page.locator(part).bounding_box() for part in parts]
    inner = page.page.locator(".ut-toolbar > *").evaluate_all("all => all.map((e) => e.getBoundingClientRect().bottom)")
    assert max(inner) <= boxes[3]["y"], "the toolbar ends above the plot"
    for above, below in pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"] + 0.5
    assert boxes[4]["height"] <= max(200, 0.4 * height), "the table scrolls within itself"
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width

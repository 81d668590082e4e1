"""The page without a mouse."""

from __future__ import annotations

from typing import Any

import pytest

from .test_workbench import EPOCHS


@pytest.mark.parametrize("again", ["Control+y", "Meta+Shift+z"])
def test_keep_and_exclude_are_undone_and_done_again(workbench: Any, again: str) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.5, 1.05)
    page.page.get_by_role("button", name="Keep").click()
    page.settle()
    page.brush("epoch", 0.9, 1.05)
    page.page.get_by_role("button", name="Exclude").click()
    page.settle()
    assert page.count == "7 of 7"
    keys = page.page.keyboard
    counts = []
    for key in ("Control+z", "Control+z", "Control+z", again, again, again):
        keys.press(key)
        page.settle()
        counts.append(page.count)
    assert counts == ["9 of 9", "18 of 18", "18 of 18", "9 of 9", "7 of 7", "7 of 7"]
    keys.press("Control+z")
    page.page.get_by_role("button", name="Redo").click()
    page.settle()
    assert page.count == "7 of 7"
    keys.press("Control+z")
    page.brush("epoch", 0.5, 1.05)
    page.page.get_by_role("button", name="Keep").click()
    page.settle()
    assert page.page.get_by_role("button", name="Redo").count() == 0, "another step was made"

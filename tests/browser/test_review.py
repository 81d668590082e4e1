"""What a fresh pair of eyes broke."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from .test_lenses import recording  # noqa: F401 - a fixture


def test_columns_may_be_called_like_what_every_object_has(workbench: Any) -> None:
    names = ["constructor", "toString", "__proto__", "hasOwnProperty"]
    page = workbench([{name: float(i * k) for k, name in enumerate(names, 1)} for i in range(10)])
    assert page.axes == names
    for name in names:
        page.brush(name, 0.5, 1.05)
        assert page.count == "5 of 10", name
        page.page.get_by_text("Clear brushes").click()
        page.settle()


def test_the_backward_pass_points_where_the_layers_stand(workbench: Any, recording: Any) -> None:  # noqa: F811
    page = workbench(recording, page={"lens": "flow"})
    texts = lambda: page.page.locator(".ut-direction text").all_text_contents()  # noqa: E731
    assert texts() == ["loss", "backward pass", "input"]
    page.label("head:grad_norm").focus()
    page.page.keyboard.press("ArrowRight")
    page.settle()
    assert texts() == [], "the layers are out of order: no arrow can be true"
    page.page.keyboard.press("ArrowRight")
    page.settle()
    page.label("hidden:grad_norm").focus()
    page.page.keyboard.press("ArrowRight")
    page.settle()
    assert page.axes[2:] == ["embed:grad_norm", "hidden:grad_norm", "head:grad_norm"]
    assert texts() == ["input", "backward pass", "loss"]


def test_a_finding_is_pressed_only_while_its_evidence_shows(workbench: Any, recording: Any) -> None:  # noqa: F811
    page = workbench(recording)
    finding = page.page.locator('.ut-finding[data-kind="overfitting"]')
    finding.click()
    page.settle()
    page.page.get_by_text("Clear brushes").click()
    page.settle()
    assert finding.get_attribute("aria-pressed") == "false"
    finding.click()
    page.settle()
    assert finding.get_attribute("aria-pressed") == "true"
    selected = page.count
    page.page.get_by_role("tab", name="Flow").click()
    page.settle()
    assert finding.get_attribute("aria-pressed") == "false"
    finding.click()
    page.settle()
    assert page.count == selected, "a press from another lens shows the evidence, and clears nothing unseen"


def test_no_panel_of_a_crowd_stays_blank_after_colours_and_axes_changed(workbench: Any) -> None:
    rng = np.random.default_rng(2)
    page = workbench({f"c{i}": rng.normal(size=60_000) for i in range(10)})
    for color in ("c0", "c1", "c9"):
        page.page.get_by_label("Colour lines by").select_option(color)
        page.page.wait_for_timeout(2000)
    page.label("c2").focus()
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(3500)
    alpha, plot = page.pixels()[..., 3], page.page.locator(".ut-plot").bounding_box()
    xs = sorted(page.reach(axis)["x"] - plot["x"] for axis in page.axes)
    for left, right in pairwise(xs):
        assert alpha[:, int((left + right) / 2)].max() > 40, f"the panel from {left} to {right} is blank"

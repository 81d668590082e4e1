"""The series view: means, extremes, smoothing, and the step that is brushed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .test_workbench import EPOCHS
from .views import View

RUNS = ["adam", "sgd", "lion"]


def rows(count: int = 400) -> list[dict[str, Any]]:
    rng = np.random.default_rng(8)
    out = []
    for k, run in enumerate(RUNS):
        for step in range(count):
            loss = float(np.exp(-step / 100) + 0.1 * k + rng.normal(0, 0.002))
            out.append({"run": run, "step": step, "loss": loss, "acc": step / count})
    out[count + 250]["loss"] = 40.0
    return out


def test_one_line_a_run_with_every_value_to_be_read(workbench: Any) -> None:
    data = rows()
    page = workbench(data)
    view = View(page, "series")
    assert view.root.locator(".ut-key span").all_inner_texts() == RUNS
    said = view.hover(100 / 399, 0.9)
    assert said.startswith("step 100 ")
    for run in RUNS:
        [loss] = [row["loss"] for row in data if row["run"] == run and row["step"] == 100]
        assert f"{run} {loss:.4g}" in said
    view.choose("One line for each", "")
    said = view.hover(250 / 399, 0.9)
    at = [row["loss"] for row in data if row["step"] == 250]
    assert said == f"step 250 loss {np.mean(at):.4g} {min(at):.4g} – {max(at):.4g} of 3"


def test_a_spike_of_one_step_among_a_million_is_drawn(workbench: Any) -> None:
    steps = np.arange(1_000_000)
    loss = np.exp(-steps / 300_000)
    loss[700_001] = 30.0
    page = workbench({"step": steps, "loss": loss}, page={"axes": ["step", "loss"]})
    view = View(page, "series")
    page.page.wait_for_timeout(1500)
    assert view.ticks("up")[-1] == "30"
    box, frame = view.chart.bounding_box(), view.frame
    alpha = view.pixels()[..., 3]
    high = alpha[: round(frame["top"] + (frame["bottom"] - frame["top"]) / 4 - box["y"])]
    columns = np.flatnonzero(high.max(axis=0) > 0)
    at = frame["left"] - box["x"] + 0.7 * (frame["right"] - frame["left"])
    assert len(columns) > 0
    assert np.abs(columns - at).max() <= 4


def test_a_drag_brushes_the_steps_and_a_brush_in_the_plot_shows_here(workbench: Any) -> None:
    page = workbench(EPOCHS)
    view = View(page, "series")
    view.choose("Series over", "epoch")
    view.drag((2.6 / 17, 0.5), (6.4 / 17, 0.5))
    assert page.count == "4 of 18"
    assert [row[0] for row in page.cells] == ["3", "4", "5", "6"]
    band = view.root.locator(".ut-brush-band").bounding_box()
    assert band["x"] == pytest.approx(view.at(3 / 17, 0)[0], abs=2)
    assert band["x"] + band["width"] == pytest.approx(view.at(6 / 17, 0)[0], abs=2)
    view.click(0.9, 0.5)
    assert page.count == "18 of 18"
    page.brush("epoch", 0.5, 1.05)
    assert view.root.locator(".ut-brush-band").count() == 1


def test_what_is_not_selected_stays_as_context(workbench: Any) -> None:
    page = workbench(rows())
    view = View(page, "series")
    before = view.pixels()
    box = page.reach("run")
    page.page.mouse.click(box["x"], box["y"] + box["height"] / 6)
    page.settle()
    after = view.pixels()
    assert not np.array_equal(before, after)
    coloured = lambda p: ((p[..., :3].max(axis=-1) - p[..., :3].min(axis=-1) > 60) & (p[..., 3] > 120)).sum()  # noqa: E731
    assert coloured(after) < 0.6 * coloured(before), "one run of three keeps its colour"
    assert (after[..., 3] > 0).sum() > 0.6 * (before[..., 3] > 0).sum(), "the others are still there"


def test_smoothing_and_log_change_the_picture_and_not_the_numbers(workbench: Any) -> None:
    data = rows()
    page = workbench(data)
    view = View(page, "series")
    said, plain = view.hover(0.5, 0.9), view.pixels()
    view.root.get_by_label("Smoothing").fill("0.9")
    page.settle()
    smooth = view.pixels()
    assert not np.array_equal(plain, smooth)
    assert view.hover(0.5, 0.9) == said
    box = view.root.get_by_role("checkbox", name="log")
    was = view.ticks("up")
    box.click()
    page.settle()
    assert view.ticks("up") != was
    assert not np.array_equal(smooth, view.pixels())


def test_several_columns_are_drawn_at_once(workbench: Any) -> None:
    page = workbench(EPOCHS)
    view = View(page, "series")
    view.root.locator(".ut-y-menu > button").click()
    for name in ("loss", "mae", "lr"):
        page.page.get_by_role("group", name="choose the series").get_by_role("checkbox", name=name).set_checked(
            name != "lr"
        )
    page.page.keyboard.press("Escape")
    page.settle()
    assert view.root.locator(".ut-key span").all_inner_texts() == ["loss", "mae"]
    assert "mae 13" in view.hover(0, 0.5)


def test_hover_takes_up_the_nearest_row_and_shows_others(workbench: Any) -> None:
    page = workbench(EPOCHS)
    view = View(page, "series")
    view.choose("Series over", "epoch")
    view.hover(3 / 17, 0.2)
    assert page.page.locator(".ut-lit [role=cell]").first.inner_text() == "3"
    page.page.locator(".ut-table [role=rowgroup] [role=row]").nth(2).hover()
    page.page.wait_for_timeout(100)
    dot = view.root.locator(".ut-dot").bounding_box()
    assert dot["x"] + dot["width"] / 2 == pytest.approx(view.at(2 / 17, 0)[0], abs=2)


def test_steps_are_reached_and_selected_by_keys(workbench: Any) -> None:
    page = workbench(EPOCHS)
    view = View(page, "series")
    view.choose("Series over", "epoch")
    view.walk("ArrowRight", 4)
    assert view.tooltip.startswith("epoch 3 ")
    page.page.keyboard.press("Shift+ArrowRight")
    page.page.keyboard.press("Shift+ArrowRight")
    page.settle()
    assert page.count == "3 of 18"
    page.page.keyboard.press("Delete")
    page.settle()
    assert page.count == "18 of 18"

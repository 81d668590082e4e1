"""What was found: above the plot, in a view of its own, and on the axes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import undertow as ut

EPOCHS = 24


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two runs of which one overfits from epoch 9 on."""
    root: Path = tmp_path_factory.mktemp("runs")
    for name, slope in (("held", 0.0), ("over", 0.3)):
        with ut.Run(root, name=name) as run:
            for epoch in range(EPOCHS):
                loss = 5 * math.exp(-epoch / 3) + 0.1
                run.log(epoch=epoch, loss=loss, val_loss=loss + 0.1 + slope * max(0, epoch - 8))
    return ut.load(root)


def opened(workbench: Any, recording: Any) -> Any:
    page = workbench(recording)
    page.page.get_by_role("tab", name="Steps").click()
    page.page.locator(".ut-view-bar").get_by_role("button", name="Findings").click()
    page.settle()
    return page


def test_the_view_says_what_each_finding_rests_on(workbench: Any, recording: Any) -> None:
    page = opened(workbench, recording)
    found = ut.diagnose(recording)
    listed = page.page.locator(".ut-finding-list > li")
    assert listed.count() == len(found) > 1
    [over] = [each for each in found if each.kind == "overfitting"]
    entry = listed.and_(page.page.locator('[data-kind="overfitting"]'))
    text = entry.inner_text()
    assert over.sentence in text and over.advice in text
    assert f"{over.first_step}–{over.last_step}" in text
    for number in over.numbers:
        assert f"threshold {number.threshold:.3g}" in text
    link = entry.get_by_role("link")
    assert link.get_attribute("href") == "https://doi.org/10.1007/3-540-49430-8_3"
    assert "noopener" in link.get_attribute("rel")
    assert page.serious(".ut-dock") == []


def test_the_view_narrows_to_a_kind_and_lays_evidence_on_the_axes(workbench: Any, recording: Any) -> None:
    page = opened(workbench, recording)
    page.page.get_by_label("Kind of finding").select_option("overfitting")
    entry = page.page.locator(".ut-finding-list > li")
    assert entry.count() == 1
    press = entry.get_by_role("button")
    press.click()
    page.settle()
    [over] = [each for each in ut.diagnose(recording) if each.kind == "overfitting"]
    first, last = over.filters["epoch"]["ranges"][0]
    assert page.count == f"{int(last - first) + 1} of {2 * EPOCHS}"
    assert press.get_attribute("aria-pressed") == "true"
    press.click()
    page.settle()
    assert page.count == f"{2 * EPOCHS} of {2 * EPOCHS}"


def test_the_steps_of_a_finding_are_marked_on_their_axis(workbench: Any, recording: Any) -> None:
    page = opened(workbench, recording)
    [over] = [each for each in ut.diagnose(recording) if each.kind == "overfitting"]
    marks = page.page.locator('.ut-axis[data-axis="epoch"] .ut-finding-mark.ut-warning')
    assert marks.count() == 1
    assert page.page.locator('.ut-axis[data-axis="loss"] .ut-finding-mark').count() == 0
    box, axis = marks.locator("path").first.bounding_box(), page.reach("epoch")
    at = [1 - (y - axis["y"]) / axis["height"] for y in (box["y"] + box["height"], box["y"])]
    first, last = over.filters["epoch"]["ranges"][0]
    assert at == pytest.approx([first / (EPOCHS - 1), last / (EPOCHS - 1)], abs=0.02)
    marks.locator(".ut-flag").click()
    page.settle()
    assert page.count == f"{int(last - first) + 1} of {2 * EPOCHS}"


def test_the_rest_of_the_findings_is_a_press_away(workbench: Any, recording: Any) -> None:
    page = workbench(recording)
    page.page.locator(".ut-findings .ut-button").click()
    page.settle()
    assert page.page.locator(".ut-finding-list > li").count() == len(ut.diagnose(recording))
    assert page.page.locator(".ut-findings .ut-button").count() == 0

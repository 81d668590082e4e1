"""A sweep of trainings: the lens `runs`, and the findings of many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import undertow as ut

RUNS = 12


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sweep") / "runs"
    for number in range(RUNS):
        config = {"lr": 10.0 ** (-4 + number / 4), "optimizer": ["adam", "sgd"][number % 2], "batch": 16}
        with ut.Run(root, name=f"mlp-{number}", config=config) as run:
            for epoch in range(12):
                run.log(epoch=epoch, val_loss=(number + 1) * (1 if epoch > 3 else 5 - epoch), accuracy=epoch / 20)
    return root


def test_a_sweep_shows_its_runs_first_with_what_they_differ_in(workbench: Any, sweep: Path) -> None:
    page = workbench(ut.load(sweep))
    assert page.page.locator(".ut-tabs [role=tab]").all_inner_texts() == ["Runs", "Steps"]
    assert page.axes == ["run", "lr", "optimizer", "val_loss:best"]
    page.page.get_by_label("Which value of a metric stands for its run").select_option(label="max")
    page.settle()
    assert page.axes == ["run", "lr", "optimizer", "val_loss:max"]


def test_many_findings_leave_room_for_the_plot(workbench: Any, sweep: Path) -> None:
    page = workbench(ut.load(sweep))
    findings, plot = page.page.locator(".ut-finding"), page.page.locator(".ut-plot")
    assert findings.count() == 2
    assert plot.bounding_box()["height"] > 250
    page.page.get_by_role("button", name=f"{RUNS - 2} more").click()
    listed = page.page.locator(".ut-finding-list > li")
    assert listed.count() == RUNS
    assert plot.bounding_box()["height"] > 200
    page.page.get_by_label("Run", exact=True).select_option(index=RUNS)
    assert listed.count() == 1
    listed.get_by_role("button").click()
    page.settle()
    assert page.page.locator(".ut-workbench").get_attribute("data-lens") == "steps"
    assert findings.count() == 3, "the one whose evidence shows stands above the plot"


def test_settings_are_ranked_apart_from_what_came_of_them(workbench: Any, sweep: Path) -> None:
    page = workbench(ut.load(sweep))
    page.page.get_by_role("button", name="Ranking").click()
    page.page.locator(".ut-ranking li").first.wait_for()
    assert page.page.locator(".ut-ranking h3").all_inner_texts() == ["Settings", "What came of them"]
    assert page.page.locator(".ut-ranking ol").first.locator("span").all_inner_texts()[0] == "lr"

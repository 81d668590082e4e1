"""The picker of runs: what is chosen there is selected in every lens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import undertow as ut

RUNS, EPOCHS = 12, 5


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sweep") / "runs"
    for number in range(RUNS):
        config = {"lr": 10.0 ** (-4 + number // 4), "optimizer": ["adam", "sgd"][number % 2]}
        with ut.Run(root, name=f"mlp-{number}", config=config) as run:
            for epoch in range(EPOCHS):
                run.log(epoch=epoch, loss=number + epoch)
    return root


def menu(page: Any) -> Any:
    page.page.locator(".ut-run-menu > button").click()
    panel = page.page.locator(".ut-run-menu .ut-menu-panel")
    panel.locator("small").first.wait_for()
    return panel


def test_runs_are_picked_in_all_lenses_at_once(workbench: Any, sweep: Path) -> None:
    page = workbench(ut.load(sweep))
    panel = menu(page)
    assert panel.locator("li").count() == RUNS
    assert [text.split("\n")[0] for text in panel.locator("label").all_inner_texts()][-2:] == ["mlp-10", "mlp-11"]
    panel.get_by_role("checkbox", name="mlp-3").uncheck()
    page.settle()
    assert page.count == f"{RUNS - 1} of {RUNS}"
    panel.get_by_role("button", name="Only mlp-3").click()
    page.settle()
    assert page.count == f"1 of {RUNS}"
    assert panel.get_by_role("checkbox", name="mlp-3").is_disabled(), "one stays"
    page.page.keyboard.press("Escape")
    page.page.get_by_role("tab", name="Steps").click()
    page.settle()
    assert page.count == f"{EPOCHS} of {RUNS * EPOCHS}"
    assert page.page.locator(".ut-run-menu > button").inner_text() == f"Runs 1/{RUNS}"
    menu(page).get_by_role("button", name="All").click()
    page.settle()
    assert page.count == f"{RUNS * EPOCHS} of {RUNS * EPOCHS}"
    assert not page.page.get_by_role("button", name="Clear brushes").count()


def test_runs_are_found_by_their_settings(workbench: Any, sweep: Path) -> None:
    page = workbench(ut.load(sweep))
    panel = menu(page)
    assert "lr = 1" in panel.locator("small").first.inner_text()
    panel.get_by_role("searchbox").fill("optimizer = sgd mlp-1")
    panel.get_by_role("button", name="Those found").click()
    page.settle()
    assert page.count == f"2 of {RUNS}", "mlp-1 and mlp-11"
    assert {cells[0] for cells in page.cells} == {"mlp-1", "mlp-11"}
    panel.get_by_role("searchbox").fill("mlp-77")
    assert "No run is called that" in panel.inner_text()
    assert not page.serious(".ut-toolbar")


def test_runs_that_are_not_neighbours_are_brushed_apart(workbench: Any, sweep: Path) -> None:
    """A lens that was not open yet learns where the names stand when it opens."""
    page = workbench(ut.load(sweep))
    panel = menu(page)
    panel.get_by_role("button", name="Only mlp-0").click()
    panel.get_by_role("checkbox", name="mlp-5").check()
    page.page.keyboard.press("Escape")
    for lens in ("Runs", "Steps"):
        page.page.get_by_role("tab", name=lens).click()
        page.settle()
        assert page.page.locator('.ut-axis[data-axis="run"] .ut-brush').count() == 2, lens


def test_a_hidden_axis_takes_its_own_brush_alone(workbench: Any, sweep: Path) -> None:
    page = workbench(ut.load(sweep))
    menu(page).get_by_role("button", name="Only mlp-7").click()
    page.page.keyboard.press("Escape")
    page.page.get_by_label("Colour lines by").select_option("optimizer")
    page.menu("run", "Hide")
    assert page.count == f"{RUNS} of {RUNS}"
    menu(page).get_by_role("button", name="Only mlp-7").click()
    page.page.keyboard.press("Escape")
    page.menu("lr", "Hide")
    assert page.count == f"1 of {RUNS}", "the runs were chosen in the menu, not on the axis that went"


def test_one_run_is_no_choice(workbench: Any, tmp_path: Path) -> None:
    with ut.Run(tmp_path / "runs") as run:
        for epoch in range(3):
            run.log(epoch=epoch, loss=epoch)
    page = workbench(ut.load(tmp_path / "runs"))
    assert page.page.locator(".ut-run-menu").count() == 0

"""A recorded run on the page: its lenses, and findings that lead to their evidence."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import undertow as ut

PARAMS = [
    ("embed/kernel", "embed", 0),
    ("hidden/kernel", "hidden", 1),
    ("hidden/bias", "hidden", 1),
    ("head/kernel", "head", 2),
]
EPOCHS, STEPS = 16, 3


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run that overfits from epoch 8 on, and whose gradient shrinks tenfold a layer on its way back."""
    root = tmp_path_factory.mktemp("runs")
    names = tuple(name for name, _, _ in PARAMS)
    with ut.Run(root, name="mlp") as run:
        run.set_params(
            [
                {"param": name, "module": module, "depth": depth, "shape": [100], "size": 100, "dtype": "float32"}
                for name, module, depth in PARAMS
            ]
        )
        for epoch in range(EPOCHS):
            for step in range(STEPS):
                norms = np.array([10.0 ** (depth - 1) * math.exp(-epoch / 5) for _, _, depth in PARAMS])
                floats = np.stack([0 * norms, norms**2, norms, 4 + 0 * norms, 1e-6 * norms], axis=1).astype(np.float32)
                counts = np.zeros((len(PARAMS), 2), np.int64)
                run.record_layers(epoch * STEPS + step, epoch, names, [100] * len(PARAMS), floats, counts)
            loss = 5 * math.exp(-epoch / 3) + 0.1
            run.log(
                step=epoch * STEPS + STEPS - 1, epoch=epoch, loss=loss, val_loss=loss + 0.1 + 0.25 * max(0, epoch - 7)
            )
    return ut.load(root)


def heights(page: Any, axis: str) -> list[float]:
    return [
        float(y)
        for y in page.page.locator(f'.ut-axis[data-axis="{axis}"] .ut-tick').evaluate_all(
            "ticks => ticks.map((tick) => tick.transform.baseVal[0].matrix.f)"
        )
    ]


def test_flow_runs_from_the_loss_back_to_the_input_on_one_scale(workbench: Any, recording: Any) -> None:
    page = workbench(recording, page={"lens": "flow"})
    assert page.axes == ["epoch", "loss", "head:grad_norm", "hidden:grad_norm", "embed:grad_norm"]
    assert heights(page, "head:grad_norm") == heights(page, "embed:grad_norm")
    assert page.page.locator(".ut-direction text").all_text_contents() == ["loss", "backward pass", "input"]
    labels = page.page.locator('.ut-axis[data-axis="head:grad_norm"] .ut-tick text').all_text_contents()
    assert {"10", "1", "0.1"} <= set(labels), "powers of ten are named"
    epoch, _, head, hidden, embed = (float(cell.replace(",", "")) for cell in page.cells[0][:5])
    assert (epoch, head, embed) == (0, 10, 0.1)
    assert hidden == pytest.approx(math.sqrt(2), rel=1e-3), "kernel and bias together"


def test_the_height_of_flow_is_a_choice(workbench: Any, recording: Any) -> None:
    page = workbench(recording, page={"lens": "flow"})
    page.page.get_by_label("What the height of a line means").select_option(label="update ratio")
    page.settle()
    assert page.axes == ["epoch", "loss", "head:update_ratio", "hidden:update_ratio", "embed:update_ratio"]


def test_lenses_switch_and_each_keeps_its_brushes(workbench: Any, recording: Any) -> None:
    page = workbench(recording)
    tab = lambda name: page.page.get_by_role("tab", name=name)  # noqa: E731
    assert tab("Flow").get_attribute("aria-selected") == "true"
    page.brush("epoch", 0.5, 1.05)
    assert page.count == "8 of 16"
    tab("Layers").click()
    page.settle()
    assert page.count == f"{EPOCHS * len(PARAMS)} of {EPOCHS * len(PARAMS)}"
    assert page.page.locator('.ut-axis[data-axis="layer"] .ut-tick text').all_text_contents() == [
        name for name, _, _ in PARAMS
    ]
    tab("Layers").press("ArrowLeft")
    page.settle()
    assert tab("Steps").get_attribute("aria-selected") == "true"
    assert page.axes[:3] == ["epoch", "loss", "val_loss"]
    tab("Flow").click()
    page.settle()
    assert page.count == "8 of 16"


def test_a_finding_brushes_its_evidence_and_lets_go_again(workbench: Any, recording: Any) -> None:
    page = workbench(recording)
    finding = page.page.locator('.ut-finding[data-kind="overfitting"]')
    [found] = [each for each in ut.diagnose(recording) if each.kind == "overfitting"]
    assert found.sentence in finding.inner_text()
    first, last = found.filters["epoch"]["ranges"][0]
    assert first == pytest.approx(8, abs=1)
    finding.click()
    page.settle()
    assert page.page.get_by_role("tab", name="Steps").get_attribute("aria-selected") == "true"
    assert page.count == f"{int(last - first) + 1} of 16"
    assert finding.get_attribute("aria-pressed") == "true"
    assert found.advice in finding.inner_text()
    finding.click()
    page.settle()
    assert page.count == "16 of 16"


def test_a_history_alone_shows_its_steps_without_a_switch(workbench: Any) -> None:
    losses = {"loss": [5.0, 3, 2, 1.5, 1.2, 1.1], "val_loss": [5.1, 3.2, 2.2, 1.9, 1.8, 1.8]}
    page = workbench(SimpleNamespace(epoch=list(range(6)), history=losses))
    assert page.axes == ["epoch", "loss", "val_loss"]
    assert page.page.get_by_role("tab").count() == 0


def test_what_is_saved_is_what_is_shown(recording: Any, tmp_path: Path, open_page: Any) -> None:
    path = ut.show(recording, title="A <b>title</b>", open=False).save(tmp_path / "page.html")
    page = open_page(path)
    page.wait_for_selector(".ut-plot canvas")
    assert page.title() == "A <b>title</b>"
    assert page.locator("h1").inner_text() == "A <b>title</b>"


def test_a_finding_about_layers_opens_their_lens_and_brushes_them(workbench: Any, tmp_path: Path) -> None:
    with ut.Run(tmp_path, name="mlp") as run:
        names = ("a/kernel", "a/bias", "b/kernel")
        for step in range(24):
            floats = np.ones((3, 5))
            counts = np.zeros((3, 2), int)
            if step >= 17:
                floats[0, 1], counts[0, 1] = np.nan, 2
            run.record_layers(step, step // 4, names, (64, 8, 8), floats, counts)
            run.log(loss=1.0 + 1 / (step + 1), step=step, epoch=step // 4)
    page = workbench(ut.load(tmp_path))
    finding = page.page.locator('.ut-finding[data-kind="nonfinite"]')
    assert "Gradients are not finite from step 17 (epoch 4): first in a/kernel" in finding.inner_text()
    finding.click()
    page.settle()
    assert page.page.locator(".ut-workbench").get_attribute("data-lens") == "layers"
    assert page.count == "2 of 18"
    assert finding.get_attribute("aria-pressed") == "true"

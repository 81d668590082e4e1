"""The heatmap of layers over steps."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from .test_lenses import PARAMS, recording  # noqa: F401 - a fixture
from .views import View

LAYERS, STEPS = 6, 20


def rows(layers: int = LAYERS, steps: int = STEPS) -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    return [
        {
            "layer": f"h.{d // 3}.part.{d}.weight",
            "step": 50 * s,
            "grad_norm": float(10 ** (d / layers - s / steps + rng.normal() / 50)),
        }
        for s in range(steps)
        for d in range(layers)
    ]


def test_cells_say_their_layer_step_and_mean(workbench: Any) -> None:
    data = rows()
    page = workbench(data)
    view = View(page, "heatmap")
    assert view.root.get_by_label("Heatmap of").input_value() == "grad_norm"
    for layer, step in [(0, 0), (2, 7), (5, 19)]:
        said = view.hover((step + 0.5) / STEPS, 1 - (layer + 0.5) / LAYERS)
        row = data[step * LAYERS + layer]
        assert said.startswith(f"layer {row['layer']} step {row['step']} grad_norm ≈ ")
        mean = float(said.split("≈ ")[1].split(" ")[0].replace("×10⁻", "e-").replace("²", "2").replace("³", "3"))
        assert mean == pytest.approx(row["grad_norm"], rel=0.03)
        assert said.endswith("rows 1")


def test_cells_have_the_colours_of_their_values(workbench: Any) -> None:
    data = rows()
    page = workbench(data)
    view = View(page, "heatmap")
    pixels, box, frame = view.pixels(), view.chart.bounding_box(), view.frame
    light = []
    for row in data:
        x, y = view.at((row["step"] / 50 + 0.5) / STEPS, 1 - (int(row["layer"].split(".")[3]) + 0.5) / LAYERS)
        light.append(pixels[round(y - box["y"]), round(x - box["x"]), :3] @ [0.2126, 0.7152, 0.0722])
    values = np.log([row["grad_norm"] for row in data])
    order = lambda v: np.argsort(np.argsort(v))  # noqa: E731
    assert np.corrcoef(order(np.array(light)), order(values))[0, 1] > 0.97, "lightness rises with the value"
    assert frame["right"] > frame["left"]


def test_a_cell_and_a_box_select_and_the_others_fade(workbench: Any) -> None:
    page = workbench(rows())
    view = View(page, "heatmap")
    before = view.pixels()
    view.click(7.5 / STEPS, 1 - 2.5 / LAYERS)
    assert page.count == f"1 of {LAYERS * STEPS}"
    assert [row[:2] for row in page.cells] == [["h.0.part.2.weight", "350"]]
    faded = view.pixels()
    assert faded[..., 3].mean() < 0.5 * before[..., 3].mean()
    view.click(7.5 / STEPS, 1 - 2.5 / LAYERS)
    assert page.count == f"{LAYERS * STEPS} of {LAYERS * STEPS}"
    view.drag((4.5 / STEPS, 1 - 1.5 / LAYERS), (9.5 / STEPS, 1 - 3.5 / LAYERS))
    assert page.count == f"18 of {LAYERS * STEPS}"


def test_the_row_under_the_pointer_is_marked_in_both(workbench: Any) -> None:
    page = workbench(rows())
    view = View(page, "heatmap")
    view.hover(1.5 / STEPS, 1 - 1.5 / LAYERS)
    lit = page.page.locator(".ut-lit [role=cell]").all_inner_texts()
    assert lit[:2] == ["h.0.part.1.weight", "50"]
    page.page.locator(".ut-table [role=rowgroup] [role=row]").nth(3).hover()
    page.page.wait_for_timeout(100)
    cell = view.root.locator(".ut-cell").bounding_box()
    x, y = view.at(0.5 / STEPS, 1 - 3.5 / LAYERS)
    assert cell["x"] <= x <= cell["x"] + cell["width"]
    assert cell["y"] <= y <= cell["y"] + cell["height"]


def test_cells_are_reached_by_keys(workbench: Any) -> None:
    page = workbench(rows())
    view = View(page, "heatmap")
    view.chart.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowDown")
    assert view.tooltip.startswith("layer h.0.part.1.weight step 50 ")
    page.page.keyboard.press("Enter")
    page.settle()
    assert page.count == f"1 of {LAYERS * STEPS}"
    page.page.keyboard.press("Delete")
    page.settle()
    assert page.count == f"{LAYERS * STEPS} of {LAYERS * STEPS}"


def test_back_propagation_runs_downwards(workbench: Any, recording: Any) -> None:  # noqa: F811
    page = workbench(recording)
    page.page.get_by_role("tab", name="Layers").click()
    page.settle()
    view = View(page, "heatmap")
    assert PARAMS[0][0] in view.hover(0.5, 0.02)
    assert PARAMS[-1][0] in view.hover(0.5, 0.98), "the loss' end stands at the head"


def test_a_thousand_layers_are_named_by_module_and_no_two_names_touch(workbench: Any) -> None:
    data = [
        {"layer": f"transformer.h.{d // 25}.part.{d % 25}.weight", "step": s, "grad_norm": 1.0 + d + s}
        for s in range(12)
        for d in range(1000)
    ]
    page = workbench(data, viewport={"width": 1400, "height": 900})
    view = View(page, "heatmap")
    labels = view.root.locator(".ut-chart-tick.ut-up text")
    boxes = sorted((label.bounding_box() for label in labels.all()), key=lambda box: box["y"])
    assert len(boxes) >= 5
    for above, below in itertools.pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"] + 3
    assert view.ticks("up")[0].startswith("transformer.h.")
    assert "rows" in view.hover(0.5, 0.5)

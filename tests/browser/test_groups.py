"""Layers by module path: groups fold and unfold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from undertow.query import lenses
from undertow.schema import LAYERS

from .workbench import Workbench

INNER = ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
EPOCHS = 12


def transformer(blocks: int) -> Any:
    """The flow of a transformer whose norms are known: by epoch, block and place in the block."""
    modules = ["transformer.wte", *(f"transformer.h.{b}.{name}" for b in range(blocks) for name in INNER), "lm_head"]
    layers = len(modules)
    epoch, depth = np.repeat(np.arange(EPOCHS), layers), np.tile(np.arange(layers), EPOCHS)
    norm = 10.0 ** ((depth * 7919 % 13) / 6 - epoch / 8)
    rows = EPOCHS * layers
    known = {
        "run": pa.array(["gpt"] * rows).dictionary_encode(),
        "attempt": np.zeros(rows, np.int32),
        "rank": np.zeros(rows, np.int32),
        "step": epoch.astype(np.int64),
        "epoch": epoch.astype(np.int32),
        "time": pa.array(np.zeros(rows, "datetime64[us]"), pa.timestamp("us", tz="UTC")),
        "param": pa.array([f"{modules[d]}.weight" for d in depth]).dictionary_encode(),
        "count": np.full(rows, 10),
        "sum_sq": (norm**2).astype(np.float32),
    }
    fixed = LAYERS.names[: LAYERS.names.index("dot_prev")]
    zeros = {name: pa.array(np.zeros(rows), LAYERS.field(name).type) for name in fixed if name not in known}
    table = pa.table({name: known[name] if name in known else zeros[name] for name in fixed})
    params = pa.table(
        {
            "param": [f"{name}.weight" for name in modules],
            "module": modules,
            "depth": list(range(layers)),
            "shape": [[10]] * layers,
            "size": [10] * layers,
            "dtype": ["float32"] * layers,
            "sharding": pa.array([None] * layers, pa.string()),
        }
    )
    return lenses.flow(table, params)


@pytest.fixture(scope="module")
def gpt() -> Any:
    return transformer(12)


def label(page: Workbench, name: str) -> Any:
    return page.page.locator(f'.ut-label[data-axis="{name}:grad_norm"]')


def shown(page: Workbench) -> int:
    return int(page.page.locator(".ut-axes-menu > button b").inner_text())


def test_a_large_network_starts_folded_and_reads(workbench: Any, gpt: Any) -> None:
    page = workbench(gpt)
    assert shown(page) == 15, "epoch, lm_head, twelve blocks, wte"
    block = label(page, "transformer.h.3.*")
    assert block.locator(".ut-label-text").inner_text().replace("\n", "") == "h.3"
    assert block.get_by_role("button", name="Unfold transformer.h.3: 6 axes").get_attribute("aria-expanded") == "false"
    assert page.page.locator(".ut-direction text").all_text_contents() == ["loss", "backward pass", "input"]


def test_a_group_unfolds_level_by_level_and_folds_again(workbench: Any, gpt: Any) -> None:
    page = workbench(gpt, viewport={"width": 2560, "height": 800})
    start = page.axes
    page.page.get_by_role("button", name="Unfold transformer.h.3:").click()
    page.settle()
    at = start.index("transformer.h.3.*:grad_norm")
    inside = ["transformer.h.3.mlp.*", "transformer.h.3.ln_2", "transformer.h.3.attn.*", "transformer.h.3.ln_1"]
    assert page.axes == [*start[:at], *(f"{name}:grad_norm" for name in inside), *start[at + 1 :]]
    page.page.get_by_role("button", name="Unfold transformer.h.3.mlp:").press("Enter")
    page.settle()
    assert page.axes[at : at + 2] == ["transformer.h.3.mlp.c_proj:grad_norm", "transformer.h.3.mlp.c_fc:grad_norm"]
    bracket = page.page.get_by_role("button", name="Fold transformer.h.3.mlp:")
    assert bracket.get_attribute("aria-expanded") == "true"
    page.menu("transformer.h.3.mlp.c_fc:grad_norm", "Fold transformer.h.3")
    assert page.axes == start
    page.page.get_by_role("button", name="Fold transformer.h:").click()
    page.settle()
    assert page.axes == ["epoch", "lm_head:grad_norm", "transformer.h.*:grad_norm", "transformer.wte:grad_norm"]
    assert page.page.get_by_role("button", name="Unfold transformer.h: 72 axes").is_visible()


def test_a_folded_axis_is_the_median_and_says_how_far_its_group_spreads(workbench: Any, gpt: Any) -> None:
    page = workbench(gpt, viewport={"width": 2560, "height": 800})
    table = gpt.table
    members = [f"transformer.h.3.{name}:grad_norm" for name in INNER]
    values = np.array([table[name].to_pylist() for name in members])
    folded = np.array(table["transformer.h.3.*:grad_norm"].to_pylist())
    np.testing.assert_allclose(folded, np.median(values, axis=0))
    box = page.reach("epoch")
    page.page.mouse.move(box["x"] + 12, box["y"] + box["height"])
    tooltip = page.page.locator(".ut-tooltip")
    tooltip.wait_for()
    said = tooltip.locator("tr", has_text="transformer.h.3 ").locator("td").inner_text()
    told = [float(part.replace(",", "")) for part in said.replace(")", "").replace("(", "").replace("…", "").split()]
    assert told == pytest.approx([folded[0], values[:, 0].min(), values[:, 0].max()], rel=1e-3)


def test_how_far_a_group_spreads_is_no_axis_of_its_own(workbench: Any, gpt: Any) -> None:
    page = workbench(gpt)
    page.page.locator(".ut-axes-menu > button").click()
    page.page.get_by_role("searchbox", name="Search axes").fill("least")
    assert page.page.get_by_text("No axis is called that.").is_visible()


def test_a_thousand_layers_unfold_without_a_long_wait(workbench: Any) -> None:
    page = workbench(transformer(170))
    assert shown(page) == 4
    page.page.get_by_role("button", name="Unfold transformer.h:").click()
    page.settle()
    assert shown(page) == 173
    assert page.page.locator(".ut-axis").count() < 40
    page.page.locator(".ut-axes-menu > button").click()
    page.page.get_by_role("searchbox", name="Search axes").fill("transformer.h.77.*:grad_norm")
    page.page.keyboard.press("Enter")
    page.settle()
    assert label(page, "transformer.h.77.*").is_visible()

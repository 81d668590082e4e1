"""The page as a person uses it: real files, a real Chromium, a real mouse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import undertow as ut

EPOCHS = [
    {
        "epoch": e,
        "loss": 500 * math.exp(-e / 2) + 10,
        "mae": 3 + 10 / (e + 1),
        "lr": 1e-3,
        "phase": "warm" if e < 4 else "main",
    }
    for e in range(18)
]
NASTY = [
    {"x": 1.0, "y": -1.0, "kind": "</script><script>window.hacked = 1</script>", "<b>name</b>": 1},
    {"x": math.nan, "y": 2.0, "kind": "a", "<b>name</b>": 2},
    {"x": math.inf, "y": 1e300, "kind": "a", "<b>name</b>": 3},
    {"x": -math.inf, "y": 1e-300, "kind": "&lt;", "<b>name</b>": None},
    {"x": None, "y": 0.0, "kind": None, "<b>name</b>": 4},
]


def test_axes_show_every_column_with_its_ends_named(workbench: Any) -> None:
    page = workbench(EPOCHS)
    assert page.axes == ["epoch", "loss", "mae", "lr", "phase"]
    ticks = page.page.locator('.ut-axis[data-axis="epoch"] .ut-tick text').all_text_contents()
    assert ticks[0] == "0"
    assert ticks[-1] == "17"
    assert page.page.locator('.ut-axis[data-axis="phase"] .ut-tick text').all_text_contents() == ["warm", "main"]
    assert page.count == "18 of 18"


def test_a_drag_on_an_axis_selects_and_the_table_follows(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.5, 1.05)
    assert page.count == "9 of 18"
    assert [row[0] for row in page.cells] == [str(e) for e in range(9, 18)]
    page.brush("phase", 0.9, 0.6)
    assert page.count == "0 of 18"
    page.page.get_by_text("Clear brushes").click()
    assert page.count == "18 of 18"


def test_shift_adds_a_second_range_and_a_click_on_a_brush_clears_it(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.2, -0.05)
    page.page.keyboard.down("Shift")
    page.brush("epoch", 0.8, 1.05)
    page.page.keyboard.up("Shift")
    assert page.count == "8 of 18"
    box = page.reach("epoch")
    page.page.mouse.click(box["x"], box["y"] + box["height"] * 0.9)
    page.settle()
    assert page.count == "4 of 18"


def test_a_brush_moves_with_the_hand(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.brush("epoch", 0.2, -0.05)
    box = page.reach("epoch")
    middle = (box["x"], box["y"] + box["height"] * 0.9)
    page.drag(middle, (box["x"], box["y"] - 50))
    assert [row[0] for row in page.cells] == ["14", "15", "16", "17"]


def test_categories_toggle_on_a_click(workbench: Any) -> None:
    page = workbench(EPOCHS)
    box = page.reach("phase")
    page.page.mouse.click(box["x"], box["y"] + box["height"] * 0.25)
    page.settle()
    assert page.count == "4 of 18"


def test_a_label_drags_its_axis_to_another_place(workbench: Any) -> None:
    page = workbench(EPOCHS)
    label, target = page.label("lr").bounding_box(), page.label("epoch").bounding_box()
    before = page.pixels()
    page.drag((label["x"] + 8, label["y"] + 8), (target["x"] + 8, target["y"] + 8))
    assert page.axes == ["lr", "epoch", "loss", "mae", "phase"]
    assert not np.array_equal(before, page.pixels())


def test_a_click_on_a_label_inverts_its_axis(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.label("epoch").click()
    page.settle()
    texts = page.page.locator('.ut-axis[data-axis="epoch"] .ut-tick')
    first, last = texts.first.bounding_box(), texts.last.bounding_box()
    assert first["y"] < last["y"], "0 stands above 17"
    page.brush("epoch", 0.5, 1.05)
    assert [row[0] for row in page.cells] == [str(e) for e in range(9)]


def test_an_axis_hides_and_comes_back_to_its_place(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.menu("loss", "Hide")
    assert page.axes == ["epoch", "mae", "lr", "phase"]
    page.page.locator(".ut-axes-menu > button").click()
    page.page.get_by_role("checkbox", name="loss").check()
    page.settle()
    assert page.axes == ["epoch", "loss", "mae", "lr", "phase"]


def test_scale_and_colour_are_chosen_in_the_axis_menu(workbench: Any) -> None:
    page = workbench(EPOCHS)
    before = page.pixels()
    page.menu("mae", "log")
    scaled = page.pixels()
    assert not np.array_equal(before, scaled)
    page.menu("loss", "Colour lines by this")
    assert page.page.get_by_label("Colour lines by").input_value() == "loss"
    assert not np.array_equal(scaled, page.pixels())
    assert page.page.locator(".ut-ramp span").first.inner_text() == "10.1"


def test_colour_by_category_has_a_swatch_each(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.page.get_by_label("Colour lines by").select_option("phase")
    assert page.page.locator(".ut-swatch").all_inner_texts() == ["warm", "main"]


def test_hover_finds_the_line_and_says_what_it_holds(workbench: Any) -> None:
    page = workbench(EPOCHS)
    box = page.reach("epoch")
    page.page.mouse.move(box["x"] + 1, box["y"] + box["height"])
    tooltip = page.page.locator(".ut-tooltip")
    tooltip.wait_for()
    assert "epoch 0 loss 510 mae 13 lr 0.001 phase warm" in " ".join(tooltip.inner_text().split())
    assert page.page.locator(".ut-lit").count() == 1
    page.page.mouse.move(5, 5)
    tooltip.wait_for(state="detached")


def test_the_table_sorts_and_lights_the_line(workbench: Any) -> None:
    page = workbench(EPOCHS)
    header = page.page.get_by_role("columnheader", name="loss").locator(".ut-column-name")
    header.click()
    page.settle()
    assert [row[0] for row in page.cells][:3] == ["17", "16", "15"]
    header.click()
    page.settle()
    assert [row[0] for row in page.cells][:3] == ["0", "1", "2"]


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
def test_hostile_and_broken_values_are_shown_and_do_no_harm(workbench: Any, renderer: str) -> None:
    page = workbench(NASTY, renderer=renderer)
    assert page.axes == ["x", "y", "kind", "<b>name</b>"]
    assert page.page.evaluate("window.hacked") is None
    assert "</script><script>window.hacked = 1</script>" in page.page.locator(".ut-axis").all_text_contents()[2]
    slots = page.page.locator('.ut-axis[data-axis="x"] .ut-slot text').all_text_contents()
    assert sorted(slots) == sorted(["+∞", "−∞", "NaN", "missing"])
    assert page.cells[1][0] == "NaN"
    assert page.cells[4][2] == ""
    assert page.pixels()[..., 3].max() == 255


def test_a_gutter_selects_what_has_no_place_on_the_axis(workbench: Any) -> None:
    page = workbench(NASTY)
    nan = page.page.locator('.ut-axis[data-axis="x"] .ut-slot', has_text="NaN").locator("circle").bounding_box()
    page.page.mouse.click(nan["x"] + nan["width"] / 2, nan["y"] + nan["height"] / 2)
    page.settle()
    assert page.count == "1 of 5"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([{"loss": 0.5, "mae": 1.0}], id="one row"),
        pytest.param([{"loss": 0.5}, {"loss": 0.7}], id="one column"),
        pytest.param([{"a": 1, "b": "x"}] * 5, id="constant"),
        pytest.param([{"a": None, "b": math.nan}, {"a": None, "b": math.nan}], id="nothing known"),
    ],
)
def test_small_and_flat_data_are_drawn(workbench: Any, rows: list[dict[str, Any]]) -> None:
    page = workbench(rows)
    assert page.count == f"{len(rows)} of {len(rows)}"
    page.settle()
    assert page.pixels()[..., 3].max() > 200, "a line is there"


def test_a_hundred_axes_scroll_sideways(workbench: Any) -> None:
    names = [f"metric_{i}" for i in range(100)]
    page = workbench([{name: i * e for i, name in enumerate(names)} for e in range(4)], page={"axes": names})
    assert page.page.locator(".ut-axes-menu > button").inner_text() == "Axes 100/100"
    before = page.pixels()
    page.page.locator(".ut-scroll").evaluate("e => e.scrollLeft = 3000")
    page.settle()
    assert not np.array_equal(before, page.pixels())


@pytest.mark.parametrize("curved", [False, True])
def test_both_renderers_draw_one_picture(workbench: Any, curved: bool) -> None:
    rng = np.random.default_rng(7)
    data = {name: rng.normal(size=200) for name in "abcd"}
    pictures = []
    for renderer in ("webgl2", "raster"):
        page = workbench(data, renderer=renderer, device_scale_factor=2)
        if curved:
            page.page.locator(".ut-lines-menu > button").click()
            page.page.get_by_label("Curves").check()
            page.page.keyboard.press("Escape")
        page.brush("b", 0.4, 0.8)
        page.page.mouse.move(2, 2)
        page.settle()
        assert page.page.get_attribute(".ut-plot", "data-renderer") == renderer
        pictures.append(page.pixels())
    gpu, cpu = pictures
    assert gpu.shape == cpu.shape
    assert gpu.shape[1] > 2000, "sharp on a dense screen"
    assert (gpu[..., 3] > 0).mean() > 0.05
    assert np.abs(gpu - cpu).mean() < 1.0
    assert (np.abs(gpu - cpu).max(axis=-1) > 60).mean() < 0.002


def test_the_picture_survives_the_loss_of_its_context(workbench: Any) -> None:
    page = workbench(EPOCHS, renderer="webgl2")
    page.settle()
    before = page.pixels()
    page.page.evaluate(
        """async () => {
          const gl = document.querySelector("canvas.ut-canvas").getContext("webgl2");
          const lose = gl.getExtension("WEBGL_lose_context");
          lose.loseContext();
          await new Promise((done) => setTimeout(done, 100));
          lose.restoreContext();
          await new Promise((done) => setTimeout(done, 300));
        }"""
    )
    assert np.array_equal(before, page.pixels())


def test_dark_follows_the_system_and_the_button_overrides_it(workbench: Any) -> None:
    page = workbench(EPOCHS, color_scheme="dark")
    root = page.page.locator(".ut-workbench")
    assert root.get_attribute("data-theme") == "dark"
    before = page.pixels()
    page.page.get_by_role("button", name="Light theme").click()
    page.settle()
    assert root.get_attribute("data-theme") == "light"
    assert not np.array_equal(before, page.pixels())


def test_the_articles_page_weighs_at_most_250_kilobytes(tmp_path: Any) -> None:
    history = {name: [row[name] for row in EPOCHS] for name in ("epoch", "loss", "mae")}
    history |= {f"val_{name}": np.array(history[name]) * 1.1 for name in ("loss", "mae")}
    path = ut.show(history, open=False).save(tmp_path / "page.html")
    assert path.stat().st_size <= 250_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(workbench: Any, scheme: str) -> None:
    page = workbench(EPOCHS, color_scheme=scheme)
    page.brush("epoch", 0.2, 0.6)
    assert page.serious() == []


def test_keys_reorder_and_invert(workbench: Any) -> None:
    page = workbench(EPOCHS)
    page.label("epoch").focus()
    page.page.keyboard.press("ArrowRight")
    page.settle()
    assert page.axes[:2] == ["loss", "epoch"]
    page.page.keyboard.press("Enter")
    assert page.page.locator('.ut-label[data-axis="epoch"] .ut-label-mark').count() == 1

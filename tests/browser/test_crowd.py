"""Frames of many rows: densities, cubes, exact answers at rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import undertow as ut

from .workbench import Workbench

ROWS = 60_000


@pytest.fixture(scope="module")
def crowd() -> dict[str, Any]:
    """Three bundles on x and y, a category, and one run that explodes."""
    rng = np.random.default_rng(5)
    which = rng.integers(0, 3, ROWS)
    y = rng.normal(which * 4.0, 0.5)
    norm = 10 ** rng.normal(0, 0.3, ROWS)
    norm[ROWS // 2] = 1e9
    z = rng.normal(size=ROWS)
    z[::100] = np.nan
    return {
        "x": rng.normal(which * 2.0, 0.3),
        "y": y,
        "kind": np.array(["a", "b", "c"])[which],
        "norm": norm,
        "z": z,
    }


def exactly(page: Workbench) -> str:
    """The count, once it is no longer an approximation."""
    page.page.locator(".ut-count", has_not_text="≈").wait_for()
    page.settle()
    return page.count


def until(page: Any, expression: str) -> None:
    """Waits for an expression by asking again: the page's policy forbids what the driver's own waiting does."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def number(values: Any) -> str:
    return f"{int(np.count_nonzero(values)):,} of {ROWS:,}"


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
def test_many_rows_are_drawn_and_the_one_that_explodes_is_seen(workbench: Any, crowd: Any, renderer: str) -> None:
    page = workbench(
        crowd, renderer=renderer, page={"axes": ["y", "norm", "z"]}, viewport={"width": 700, "height": 620}
    )
    page.page.wait_for_timeout(2500)
    pixels = page.pixels()[..., 3]
    assert (pixels > 100).mean() > 0.05, "the crowd is there"
    box, plot = page.reach("norm"), page.page.locator(".ut-plot").bounding_box()
    top, right = box["y"] - plot["y"], box["x"] - plot["x"]
    above = pixels[int(top) : int(top + box["height"] * 0.5), int(right) - 60 : int(right) - 8]
    assert above.max() > 40, "one line of sixty thousand rises out of it"
    assert (above > 40).mean() < 0.2, "and it is a line"


def test_both_renderers_draw_one_density(workbench: Any, crowd: Any) -> None:
    pictures = []
    for renderer in ("webgl2", "raster"):
        page = workbench(crowd, renderer=renderer, viewport={"width": 800, "height": 620})
        page.page.mouse.move(2, 2)
        page.page.wait_for_timeout(3000)
        pictures.append(page.pixels())
    gpu, cpu = pictures
    assert gpu.shape == cpu.shape
    assert np.abs(gpu - cpu).mean() < 2.0
    assert (np.abs(gpu - cpu).max(axis=-1) > 40).mean() < 0.01


def test_a_brush_answers_at_once_and_exactly_at_rest(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd)
    page.page.wait_for_timeout(1000)
    box = page.reach("y")
    x, y, tall = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.page.mouse.move(x, y + 0.5 * tall)
    page.page.wait_for_timeout(1500)
    page.page.mouse.down()
    page.page.mouse.move(x, y - 30, steps=12)
    page.page.mouse.up()
    assert "≈" in page.page.locator(".ut-count").inner_text()
    count = exactly(page)
    middle = (crowd["y"].min() + crowd["y"].max()) / 2
    near = np.count_nonzero(crowd["y"] >= middle)
    assert abs(int(count.split(" of ")[0].replace(",", "")) - near) < 0.01 * ROWS
    assert page.page.evaluate("performance.getEntriesByName('undertow:brush').length") > 0


def test_counts_are_exact_for_categories_and_gutters(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd)
    page.page.wait_for_timeout(1000)
    box = page.reach("kind")
    order = page.page.locator('.ut-axis[data-axis="kind"] .ut-tick text').all_text_contents()
    page.page.mouse.click(box["x"], box["y"] + box["height"] / 6)
    assert exactly(page) == number(crowd["kind"] == order[0])
    page.page.get_by_text("Clear brushes").click()
    nan = page.page.locator('.ut-axis[data-axis="z"] .ut-slot', has_text="NaN").locator("circle").bounding_box()
    page.page.mouse.click(nan["x"] + 4, nan["y"] + 4)
    assert exactly(page) == number(np.isnan(crowd["z"]))


def test_keep_exclude_and_undo(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd)
    page.page.wait_for_timeout(1000)
    button = lambda name: page.page.get_by_role("button", name=name, exact=True)  # noqa: E731
    order = page.page.locator('.ut-axis[data-axis="kind"] .ut-tick text').all_text_contents()
    box = page.reach("kind")
    page.page.mouse.click(box["x"], box["y"] + box["height"] / 6)
    exactly(page)
    button("Exclude").click()
    page.page.wait_for_timeout(1200)
    left = int(np.count_nonzero(crowd["kind"] != order[0]))
    assert exactly(page) == f"{left:,} of {left:,}"
    assert page.page.locator(".ut-table").get_attribute("aria-rowcount") == str(left + 1)
    button("Undo").click()
    page.page.wait_for_timeout(1000)
    assert exactly(page) == f"{ROWS:,} of {ROWS:,}"


def test_few_selected_rows_become_lines_again(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd, page={"axes": ["y", "norm", "z"]})
    page.page.wait_for_timeout(1500)
    page.brush("norm", 0.6, 1.05)
    assert exactly(page) == "1 of 60,000"
    page.page.wait_for_timeout(600)
    assert len(page.cells) == 1
    assert page.cells[0][1] == "1,000,000,000"


def test_hover_finds_a_row_in_the_crowd(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd)
    page.page.wait_for_timeout(1500)
    box = page.reach("x")
    page.page.mouse.move(box["x"] + 60, box["y"] + box["height"] * 0.5)
    tooltip = page.page.locator(".ut-tooltip")
    tooltip.wait_for()
    values = dict(line.rsplit("\t", 1) for line in tooltip.inner_text().splitlines() if "\t" in line)
    nearest = np.abs(crowd["x"] - float(values["x"].replace("−", "-"))).argmin()
    assert values["kind"] == crowd["kind"][nearest], "a real row, with its own values"


def test_the_table_sorts_many_rows(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd)
    page.page.wait_for_timeout(1000)
    header = page.page.get_by_role("columnheader", name="norm").locator(".ut-column-name")
    header.click()
    header.click()
    page.page.wait_for_timeout(800)
    assert page.cells[0][3] == "1,000,000,000"
    second = np.sort(crowd["norm"])[-2]
    assert float(page.cells[1][3]) == pytest.approx(second, rel=1e-3)


def test_a_change_of_scale_keeps_the_counts(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd)
    page.page.wait_for_timeout(1000)
    before = page.pixels()
    for scale in ("percentile", "symlog"):
        page.menu("y", scale)
        page.page.wait_for_timeout(1500)
        after = page.pixels()
        assert not np.array_equal(before, after)
        before = after
    assert exactly(page) == f"{ROWS:,} of {ROWS:,}"


#: Runs before the page's own scripts: keeps its workers, and what the canvas held when the first picture was marked.
WATCH = """
window.workers = [];
window.Worker = class extends Worker { constructor(...all) { super(...all); workers.push(this); } };
const mark = performance.mark;
performance.mark = function (name, ...more) {
  if (name === "undertow:first-picture") {
    const source = document.querySelector("canvas.ut-canvas");
    const copy = new OffscreenCanvas(source.width, source.height).getContext("2d");
    copy.drawImage(source, 0, 0);
    window.drawn = copy.getImageData(0, 0, source.width, source.height).data.filter((value) => value > 0).length;
  }
  return mark.call(this, name, ...more);
};
"""


@pytest.mark.parametrize("renderer", ["webgl2", "raster"])
@pytest.mark.parametrize("rows", [ROWS, 200])
def test_the_first_picture_is_marked_when_it_is_on_the_canvas(
    workbench: Any, crowd: Any, renderer: str, rows: int
) -> None:
    page = workbench({name: values[:rows] for name, values in crowd.items()}, renderer=renderer).page
    page.add_init_script(WATCH)
    page.reload()
    until(page, "window.drawn !== undefined")
    assert page.evaluate("window.drawn") > 1000


def test_a_worker_that_dies_is_told(workbench: Any, crowd: Any) -> None:
    page = workbench(crowd).page
    page.add_init_script(WATCH)
    page.reload()
    until(page, "performance.getEntriesByName('undertow:whole-picture').length > 0")
    assert page.locator(".ut-failure").count() == 0
    page.evaluate("workers.forEach((each) => each.dispatchEvent(new ErrorEvent('error', {message: 'no memory'})))")
    assert "no memory" in page.get_by_role("alert").inner_text()


def test_a_file_that_was_cut_off_shows_what_it_has_and_says_so(open_page: Any, crowd: Any) -> None:
    html = ut.show(crowd, open=False).html
    page = open_page(html[: html.rindex('<script type="application/octet-stream"')])
    assert "the file ends before its data do" in page.get_by_role("alert").inner_text()
    assert page.locator(".ut-axis").count() == len(crowd)
    until(page, "performance.getEntriesByName('undertow:first-picture').length > 0")
    page.wait_for_timeout(500)
    open_page.complaints.clear()

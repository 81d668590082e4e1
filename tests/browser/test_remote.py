"""Frames too large for a page: they stay with the server, and every answer comes from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import undertow as ut
from serving import Client, header_of, serving

from .views import View
from .workbench import Workbench

ROWS = 30_000


def values(rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    kind = rng.integers(0, 3, rows)
    loss = 10 ** rng.normal(-kind, 0.2)
    loss[rows // 2] = 1e6
    return {"loss": loss, "acc": rng.normal(kind * 1.0, 0.3), "kind": np.array(["a", "b", "c"])[kind]}


def record(root: Path, rows: int) -> dict[str, np.ndarray]:
    columns = values(rows)
    with ut.Run(root, name="large") as run:
        for step in range(rows):
            run.log(step=step, **{name: column[step].item() for name, column in columns.items()})
    return columns


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("large")
    return root, record(root, ROWS)


@pytest.fixture
def client(large: Any) -> Iterator[Client]:
    with serving(large[0], most_cells=1000) as client:
        yield client


@pytest.fixture
def page(client: Client, open_page: Any) -> Workbench:
    page = Workbench(open_page(client.server.url, viewport={"width": 1300, "height": 800}))
    page.page.locator(".ut-count").wait_for()
    page.page.wait_for_timeout(1000)
    return page


def exactly(page: Workbench) -> str:
    page.page.wait_for_timeout(300)
    page.page.locator(".ut-count", has_not_text="≈").wait_for()
    page.settle()
    return page.count


def test_the_frame_is_not_sent(client: Client) -> None:
    _, _, body = client.ask("/api/frames", {"runs": None})
    [frame] = header_of(body)["frames"]
    assert (frame["remote"], frame["rows"]) == (True, ROWS)
    assert len(body) < 20_000


def test_brushes_are_counted_by_the_server_to_the_last_row(page: Workbench, large: Any) -> None:
    columns = large[1]
    assert page.count == f"{ROWS:,} of {ROWS:,}"
    box = page.reach("kind")
    order = page.page.locator('.ut-axis[data-axis="kind"] .ut-tick text').all_text_contents()
    page.page.mouse.move(box["x"], box["y"] + box["height"] / 6)
    page.page.wait_for_timeout(800)
    page.page.mouse.click(box["x"], box["y"] + box["height"] / 6)
    wanted = np.count_nonzero(columns["kind"] == order[0])
    assert exactly(page) == f"{wanted:,} of {ROWS:,}"
    page.page.get_by_role("button", name="Exclude", exact=True).click()
    page.page.wait_for_timeout(800)
    assert exactly(page) == f"{ROWS - wanted:,} of {ROWS - wanted:,}"


def test_few_selected_rows_become_lines_and_the_table_shows_them(page: Workbench) -> None:
    page.brush("loss", 0.8, 1.02)
    assert exactly(page) == f"1 of {ROWS:,}"
    page.page.wait_for_timeout(500)
    assert len(page.cells) == 1
    assert "1,000,000" in page.cells[0]


def test_the_table_sorts_by_the_server(page: Workbench, large: Any) -> None:
    header = page.page.get_by_role("columnheader", name="acc").locator(".ut-column-name")
    header.click()
    page.page.wait_for_timeout(500)
    place = page.page.locator(".ut-column-label").all_inner_texts().index("acc")
    shown = float(page.cells[0][place].replace("−", "-"))
    assert shown == pytest.approx(large[1]["acc"].min(), rel=1e-3)


def test_hover_finds_a_row(page: Workbench, large: Any) -> None:
    box = page.reach("loss")
    page.page.mouse.move(box["x"] + 30, box["y"] + box["height"] * 0.8)
    tooltip = page.page.locator(".ut-tooltip")
    tooltip.wait_for()
    found = dict(line.rsplit("\t", 1) for line in tooltip.inner_text().splitlines() if "\t" in line)
    # Four digits of one column fit several rows; those of two fit one.
    acc, loss = (float(found[name].replace("−", "-").replace(",", "")) for name in ("acc", "loss"))
    nearest = (np.abs(large[1]["acc"] - acc) + np.abs(np.log(large[1]["loss"] / loss))).argmin()
    assert found["kind"] == large[1]["kind"][nearest]


def test_scales_change(page: Workbench) -> None:
    before = page.pixels()
    for scale in ("percentile", "symlog"):
        page.menu("acc", scale)
        page.page.wait_for_timeout(1500)
        after = page.pixels()
        assert not np.array_equal(before, after)
        before = after
    assert exactly(page) == f"{ROWS:,} of {ROWS:,}"


@pytest.mark.parametrize("rows", [300, ROWS])
def test_the_picture_is_that_of_an_engine_in_the_page(open_page: Any, tmp_path: Path, rows: int, large: Any) -> None:
    root = large[0]
    if rows != ROWS:
        root = tmp_path / "small"
        record(root, rows)
    pictures = []
    for most in (100, 10**9):
        with serving(root, most_cells=most) as client:
            tab = open_page(client.server.url, viewport={"width": 1300, "height": 800})
            page = Workbench(tab)
            page.page.locator(".ut-count").wait_for()
            page.page.mouse.move(2, 2)
            page.page.wait_for_timeout(2500)
            pictures.append((page.axes, page.cells, page.pixels()))
            # The page leaves before its server does, or it would complain.
            tab.goto("about:blank")
    (axes, table, remote), (other_axes, other_table, local) = pictures
    assert axes == other_axes
    assert table == other_table
    assert remote.shape == local.shape
    assert (local[..., 3] > 0).mean() > 0.02
    # Colours are means of sums, whose last bits differ by the order of adding.
    assert np.abs(remote - local).max() <= 2
    assert np.abs(remote - local).mean() < 0.01


def test_a_page_whose_data_have_moved_on_takes_the_new(page: Workbench, open_page: Any) -> None:
    asked: list[int] = []
    page.page.on("response", lambda response: asked.append(response.status) if "/api/ask" in response.url else None)

    def moved(route: Any) -> None:
        body = json.loads(route.request.post_data)
        route.continue_(post_data=json.dumps({**body, "snapshot": "gone"}))

    page.page.route("**/api/ask", moved, times=1)
    page.page.get_by_role("columnheader", name="acc").locator(".ut-column-name").click()
    page.page.wait_for_timeout(2500)
    assert 410 in asked
    assert page.count == f"{ROWS:,} of {ROWS:,}"
    page.brush("loss", 0.8, 1.02)
    assert exactly(page) == f"1 of {ROWS:,}"
    open_page.complaints.clear()  # the browser names every answer that is an error


def test_data_that_move_on_while_the_page_opens_are_asked_for_anew(open_page: Any, client: Client) -> None:
    tab = open_page(client.server.url.split("/?")[0] + "/static/server.css")

    def moved(route: Any) -> None:
        body = json.loads(route.request.post_data)
        route.continue_(post_data=json.dumps({**body, "snapshot": "gone"}))

    tab.route("**/api/ask", moved, times=2)
    tab.goto(client.server.url)
    page = Workbench(tab)
    page.page.locator(".ut-count").wait_for(timeout=15_000)
    assert exactly(page) == f"{ROWS:,} of {ROWS:,}"
    open_page.complaints.clear()  # the browser names every answer that is an error


def test_the_views_are_counted_by_the_server(page: Workbench, large: Any) -> None:
    columns = large[1]
    page.page.get_by_role("button", name="Close table").click()
    bars = View(page, "distribution")
    bars.choose("Distribution of", "kind")
    page.page.wait_for_timeout(800)
    names = bars.ticks("across")
    for k, kind in enumerate(names):
        rows = np.count_nonzero(columns["kind"] == kind)
        assert bars.hover((k + 0.5) / 3, 0.1) == f"{kind} all {rows:,} {100 * rows / ROWS:.4g} %"
    bars.click(0.5 / 3, 0.1)
    page.page.wait_for_timeout(800)
    wanted = np.count_nonzero(columns["kind"] == names[0])
    assert exactly(page) == f"{wanted:,} of {ROWS:,}"
    series = View(page, "series")
    series.choose("One line for each", "kind")
    page.page.wait_for_timeout(1200)
    said = series.hover(0.5, 0.9)
    assert names[0] in said, "the series follow the selection"
    assert names[1] not in said
    heat = View(page, "heatmap")
    page.page.wait_for_timeout(1000)
    assert "rows" in heat.hover(0.5, 1 - (names.index(names[0]) + 0.5) / 3)
    page.page.get_by_role("button", name="Close heatmap").click()
    dots = View(page, "scatter")
    page.page.wait_for_timeout(1000)
    assert (dots.pixels()[..., 3] > 0).sum() > 100

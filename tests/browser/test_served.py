"""The live workbench in a browser: a training is watched, killed, picked and deleted while the page is open."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import undertow as ut
from serving import Client, header_of, serving

from .workbench import Workbench

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"

#: One row every tenth of a second, and a line on stdout for each.
TRAINING = """
import math, sys, time
import undertow as ut
root, name, rows, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
with ut.Run(root, name=name, config={"lr": 0.01}) as run:
    for i in range(rows):
        run.log(step=i, epoch=i, loss=5 * math.exp(-i / 30) + 0.1, val_loss=5 * math.exp(-i / 30) + 0.3)
        print(time.time(), flush=True)
        time.sleep(pause)
"""


@pytest.fixture
def client(root: Path) -> Iterator[Client]:
    with serving(root) as client:
        yield client


@pytest.fixture
def open_page(client: Client, open_page: Any) -> Any:
    """The server goes after the pages: one that loses it complains, and rightly so."""
    return open_page


@pytest.fixture
def train(root: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a training of its own process in the served folder."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str = "mlp", rows: int = 2000, pause: float = 0.1) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", TRAINING, str(root), name, str(rows), str(pause)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def record(root: Path, rows: int = 5, **options: Any) -> Path:
    with ut.Run(root, **{"name": "mlp", **options}) as run:
        for epoch in range(rows):
            run.log(step=epoch, epoch=epoch, loss=1 / (epoch + 1), acc=epoch**0.5)
    return Path(run.path)


def opened(open_page: Any, client: Client, **options: Any) -> Workbench:
    options = {"viewport": {"width": 1300, "height": 800}, **options}
    return Workbench(open_page(client.server.url, **options))


def lines(page: Workbench) -> int:
    return int(page.count.split(" of ")[1].replace(",", ""))


def until(page: Workbench, holds: Callable[[], bool], seconds: float = 6) -> float:
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds, "it did not come"
        page.page.wait_for_timeout(50)
    return time.monotonic() - start


def state_of(page: Workbench, run: str) -> str:
    return page.page.locator(".ut-runs label", has_text=run).first.get_attribute("data-state")


def test_the_first_run_appears_by_itself_and_a_new_line_within_two_seconds(
    open_page: Any, client: Client, train: Any
) -> None:
    page = opened(open_page, client)
    assert "No run yet" in page.page.locator(".ut-empty").inner_text()
    process = train(pause=0.4)
    page.page.locator(".ut-count").wait_for()
    for _ in range(3):
        # A row is written when the line is printed; what it waits for is a page that shows one row more.
        now = lines(page)
        process.stdout.readline()
        assert until(page, lambda now=now: lines(page) > now) < 2
    assert state_of(page, "mlp") == "running"
    assert page.page.locator(".ut-live").inner_text() == "live"


def test_brushes_axes_and_a_hand_on_them_stay_while_lines_come_in(open_page: Any, client: Client, train: Any) -> None:
    train(pause=0.05)
    page = opened(open_page, client)
    until(page, lambda: page.page.locator(".ut-count").count() == 1 and lines(page) > 10)
    page.menu("loss", "linear")
    page.label("val_loss").focus()
    page.page.keyboard.press("ArrowLeft")
    page.settle()
    order = page.axes
    assert order == ["epoch", "val_loss", "loss"]
    page.brush("epoch", 0.1, 0.5)
    picked = page.count.split(" of ")[0]
    before = lines(page)
    until(page, lambda: lines(page) > before + 30)
    assert page.axes == order
    assert page.count.split(" of ")[0] == picked, "a brush holds values, and not a share of the axis"
    ticks = page.page.locator('.ut-axis[data-axis="val_loss"] .ut-tick text').all_text_contents()
    assert {"1", "2", "3", "4"} <= set(ticks), "linear still"
    # A drag that lasts through several updates ends where the hand ends.
    box = page.reach("loss")
    x = box["x"] + box["width"] / 2
    page.page.mouse.move(x, box["y"] + box["height"] * 0.9)
    page.page.mouse.down()
    page.page.mouse.move(x, box["y"] + box["height"] * 0.7, steps=3)
    before = lines(page)
    until(page, lambda: lines(page) > before + 20)
    page.page.mouse.move(x, box["y"] - 20, steps=3)
    page.page.mouse.up()
    page.settle()
    assert page.page.locator('.ut-axis[data-axis="loss"] .ut-brush').count() == 1
    assert page.page.locator('.ut-axis[data-axis="epoch"] .ut-brush').count() == 1


@pytest.mark.slow
def test_a_killed_training_is_said_to_have_crashed_and_its_rows_stay(
    open_page: Any, client: Client, train: Any, root: Path
) -> None:
    process = train(pause=0.05)
    page = opened(open_page, client)
    until(page, lambda: page.page.locator(".ut-count").count() == 1 and lines(page) > 20)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    logged = len(process.stdout.readlines())
    written = ut.load(root).steps.to_arrow().num_rows
    # The store's own tests say how little a kill costs; here, on a busy machine, that it is not much.
    assert logged - 20 <= written <= logged + 1
    until(page, lambda: lines(page) == written)
    kept = written
    until(page, lambda: state_of(page, "mlp") == "crashed", 45)
    assert lines(page) == kept
    label = page.page.locator(".ut-runs label").first
    assert "crashed" in label.inner_text()
    assert "no sign of life" in label.get_attribute("title")


def test_the_same_data_are_the_same_picture_as_in_the_file(open_page: Any, client: Client, root: Path) -> None:
    folder = record(root, rows=60)
    served = opened(open_page, client, viewport={"width": 1236, "height": 800})
    file = Workbench(
        open_page(ut.show(ut.load(root), open=False, title="runs").html, viewport={"width": 1000, "height": 800})
    )
    for page in (served, file):
        page.page.mouse.move(2, 2)
        page.page.wait_for_timeout(1200)
    assert served.axes == file.axes
    assert served.cells == file.cells
    assert folder.name in client.runs()
    one, other = served.pixels(), file.pixels()
    assert one.shape == other.shape
    assert (one[..., 3] > 0).any()
    assert np.array_equal(one, other)


def test_who_watched_all_along_sees_what_one_sees_who_comes_later(open_page: Any, client: Client, root: Path) -> None:
    """Of a frame that grows only what is new is sent, here between the rows of two runs."""
    record(root, rows=30, name="before")
    watched = opened(open_page, client)
    sent: list[bytes] = []
    keep = lambda response: sent.append(response.body()) if "/api/frames" in response.url and response.ok else None  # noqa: E731
    watched.page.on("response", keep)
    with ut.Run(root, name="z") as run:
        for epoch in range(40):
            run.log(
                step=epoch, epoch=epoch, loss=2 / (epoch + 1), acc=epoch**0.4, **({"late": 1.0} if epoch > 20 else {})
            )
            watched.page.wait_for_timeout(60)
    until(watched, lambda: lines(watched) == 70)
    assert any(frame.get("kept") for body in sent if body for frame in header_of(body)["frames"])
    later = opened(open_page, client)
    pictures = []
    for page in (watched, later):
        page.page.mouse.move(2, 2)
        page.page.wait_for_timeout(1000)
        pictures.append(page.pixels())
    assert watched.axes == later.axes
    assert watched.cells == later.cells
    assert np.array_equal(*pictures)


def test_runs_are_filtered_and_picked(open_page: Any, client: Client, root: Path) -> None:
    for name, rows, lr in (("alpha", 5, 0.1), ("beta", 7, 0.01), ("gamma", 11, 0.01)):
        record(root, rows=rows, name=name, config={"lr": lr})
    page = opened(open_page, client)
    until(page, lambda: page.page.locator(".ut-count").count() == 1 and lines(page) == 23)
    assert "run" in page.axes
    page.page.locator(".ut-runs label", has_text="gamma").click()
    until(page, lambda: lines(page) == 12)
    box = page.page.get_by_label("Filter runs")
    box.fill("lr=0.01")
    assert page.page.locator(".ut-runs label").count() == 2
    page.page.get_by_role("button", name="All 2").click()
    until(page, lambda: lines(page) == 18)
    box.fill("finished alp")
    assert page.page.locator(".ut-runs label").all_text_contents()[0].startswith("alpha")
    page.page.get_by_role("button", name="None").click()
    page.page.locator(".ut-empty", has_text="Pick a run").wait_for()
    page.page.get_by_role("button", name="Newest").click()
    until(page, lambda: page.page.locator(".ut-count").count() == 1 and lines(page) == 23)


def test_a_run_deleted_while_it_is_shown_leaves_the_others(open_page: Any, client: Client, root: Path) -> None:
    gone = record(root, rows=5, name="gone")
    record(root, rows=7, name="stays")
    page = opened(open_page, client)
    until(page, lambda: page.page.locator(".ut-count").count() == 1 and lines(page) == 12)
    page.brush("epoch", 0.5, 1.05)
    shutil.rmtree(gone)
    until(page, lambda: lines(page) == 7)
    assert page.page.locator(".ut-runs label").count() == 1
    assert page.page.locator('.ut-axis[data-axis="epoch"] .ut-brush').count() == 1


def test_what_cannot_be_read_is_said(open_page: Any, client: Client, root: Path) -> None:
    folder = record(root, rows=5)
    (folder / "steps" / "foreign-0.parquet").write_bytes(b"none of ours")
    page = opened(open_page, client)
    page.page.locator(".ut-problems summary").click()
    assert "foreign-0.parquet" in page.page.locator(".ut-problems").inner_text()
    assert lines(page) == 5


def test_hostile_names_are_shown_and_not_run(open_page: Any, client: Client, root: Path) -> None:
    with ut.Run(root, name=EVIL, config={EVIL: EVIL}) as run:
        for epoch in range(3):
            run.log(step=epoch, epoch=epoch, **{EVIL: float(epoch)}, text=EVIL)
    (root / EVIL.replace("/", "_")).mkdir()
    (root / EVIL.replace("/", "_") / "run.json").write_text(json.dumps({"format": 1, "id": EVIL, "name": EVIL}))
    page = opened(open_page, client)
    until(page, lambda: page.page.locator(".ut-count").count() == 1 and lines(page) == 3)
    assert EVIL in page.page.locator(".ut-runs").inner_text()
    assert EVIL in page.axes
    assert page.page.title() == "runs · Undertow"
    assert page.page.locator("img").count() == 0


def test_more_tabs_than_a_browser_has_connections_are_all_live(open_page: Any, client: Client, train: Any) -> None:
    """Six streams to one server are all that a browser keeps; the seventh tab would wait for ever."""
    first = open_page(client.server.url, viewport={"width": 700, "height": 600})
    tabs = [first, *(open_page.visit(client.server.url, first.context) for _ in range(7))]
    train(pause=0.2)
    for tab in tabs:
        tab.locator(".ut-count").wait_for(timeout=15_000)
    tabs[0].close()  # the one that listened for all
    open_page.pages.remove(tabs[0])
    pages = [Workbench(tab) for tab in tabs[1:]]
    counts = [lines(page) for page in pages]
    for page, count in zip(pages, counts, strict=True):
        until(page, lambda page=page, count=count: lines(page) > count, 15)


def test_a_server_that_is_gone_is_said_to_be(open_page: Any, root: Path) -> None:
    record(root, rows=5)
    with serving(root) as client:
        page = opened(open_page, client)
        until(page, lambda: page.page.locator(".ut-count").count() == 1 and lines(page) == 5)
    page.page.locator(".ut-live", has_text="server gone").wait_for()
    assert lines(page) == 5, "what was shown stays"
    open_page.complaints.clear()  # the browser says that the stream broke off


def test_a_page_without_the_token_shows_nothing(open_page: Any, client: Client, root: Path) -> None:
    record(root, name="secret")
    tab = open_page(client.server.url.split("token=")[0] + "token=wrong")
    assert "token is missing or wrong" in tab.inner_text("body")
    assert "secret" not in tab.content()
    open_page.complaints.clear()


def test_no_page_elsewhere_can_read_what_is_served(open_page: Any, client: Client, root: Path) -> None:
    record(root, name="secret")
    tab = open_page("<!doctype html><p>elsewhere</p>")
    open_page.allowed.add(f"http://127.0.0.1:{client.server.port}/")
    read = """async (url) => {
        try { return await (await fetch(url)).text() } catch (error) { return "refused" }
    }"""
    assert tab.evaluate(read, client.server.url.replace("/?", "/api/runs?")) == "refused"
    frame = "(url) => new Promise((done) => { const f = document.createElement('iframe'); f.src = url; f.onload = () => done(f.contentDocument === null); document.body.append(f) })"  # noqa: E501
    assert tab.evaluate(frame, client.server.url)
    tab.wait_for_timeout(200)
    open_page.complaints.clear()  # the browser says what it was refused

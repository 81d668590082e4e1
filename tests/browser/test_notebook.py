"""The widget in JupyterLab and in marimo: its picture, the selection on its way back, a run as it is recorded."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError

import undertow as ut

from .workbench import Workbench

pytest.importorskip("anywidget")
ROOT = Path(__file__).parents[2]

DATA = """
import numpy as np
import undertow as ut
chance = np.random.default_rng(0)
data = {"a": chance.normal(size=500), "b": chance.normal(size=500), "c": chance.integers(0, 5, 500)}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(command: list[Any], url: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "IPYTHONDIR": str(folder / "ipython"),
        "XDG_CONFIG_HOME": str(folder / "xdg"),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=1)
            return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.25)
    process.kill()
    raise AssertionError((folder / "log").read_text())


class Notebook:
    """A notebook in JupyterLab whose cells were run."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def cell(self, number: int) -> Any:
        return self.page.locator(".jp-CodeCell").nth(number)

    def workbench(self, number: int = 0) -> Any:
        self.cell(number).locator(".ut-plot canvas").first.wait_for(timeout=60_000)
        self.cell(number).scroll_into_view_if_needed()
        return Cell(self.page, self.cell(number))

    def run(self, number: int) -> str:
        """Runs a cell and returns what it prints."""
        self.start(number)
        self.done(number)
        return "".join(self.cell(number).locator(".jp-OutputArea-output").all_inner_texts())

    def start(self, number: int) -> None:
        prompt = self.cell(number).locator(".jp-InputPrompt")
        for _ in range(10):
            self.cell(number).locator(".cm-content").click()
            self.page.keyboard.press("Shift+Enter")
            # JupyterLab takes keys before it listens to them.
            with contextlib.suppress(TimeoutError):
                prompt.filter(has_text=re.compile(r"\[[\d*]+\]")).wait_for(timeout=5000)
                return
        raise AssertionError(f"cell {number} does not start")

    def done(self, number: int) -> None:
        prompt = self.cell(number).locator(".jp-InputPrompt")
        self.page.wait_for_function(
            "e => /\\[\\d+\\]/.test(e.textContent)", arg=prompt.element_handle(), timeout=60_000
        )


class Cell(Workbench):
    """The workbench in one cell."""

    def __init__(self, page: Any, root: Any) -> None:
        self.root = root
        super().__init__(page)

    @property
    def count(self) -> str:
        return str(self.root.locator(".ut-count").inner_text().split(" lines")[0])

    def reach(self, axis: str) -> Any:
        return self.root.locator(f'.ut-axis[data-axis="{axis}"] .ut-axis-line').bounding_box()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    pytest.importorskip("jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.news_url=None"]
    process = serve(command, f"http://127.0.0.1:{port}/api", folder)
    yield f"http://127.0.0.1:{port}", folder
    process.terminate()
    process.wait(20)


@pytest.fixture
def notebook(lab: tuple[str, Path], browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    import nbformat

    url, folder = lab
    opened = []

    def open_(*cells: str, script: str = "", place: str = "lab/tree") -> Notebook:
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        name = re.sub(r"\W", "-", request.node.name)
        content = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
        )
        nbformat.write(content, folder / f"{name}.ipynb")
        page = browser.new_context(viewport={"width": 1300, "height": 1000}).new_page()
        opened.append(page)
        if script:
            page.add_init_script(script)
        page.goto(f"{url}/{place}/{name}.ipynb?reset")
        page.locator(".jp-CodeCell").first.wait_for(timeout=90_000)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)
        book = Notebook(page)
        book.start(0)
        book.done(0)
        return book

    yield open_
    for page in opened:
        page.context.close()


@pytest.mark.slow
def test_brushes_and_selection_go_both_ways(notebook: Callable[..., Notebook]) -> None:
    book = notebook(
        DATA + "view = ut.show(data)\nseen = []\nview.on_select(lambda rows: seen.append(rows.num_rows))\nview",
        "low, high = view.brushes['a']['ranges'][0]\n"
        "inside = int(((data['a'] >= low) & (data['a'] <= high)).sum())\n"
        "print(view.selection.num_rows == inside == seen[-1], 50 < inside < 490, view.selection.column_names)",
        "view.keep()",
        "print(view.selection.num_rows == inside, view.brushes)",
        "view.restore()",
        "print(view.selection.num_rows, view.brushes)",
    )
    cell = book.workbench()
    assert cell.count == "500 of 500"
    cell.brush("a", 0.3, 0.7)
    book.page.wait_for_timeout(600)
    assert book.run(1).strip() == "True True ['a', 'b', 'c']"
    chosen = cell.count.split(" of ")[0]
    book.run(2)
    book.page.wait_for_timeout(600)
    assert cell.count == f"{chosen} of {chosen}"
    assert book.run(3).strip() == "True {}"
    book.run(4)
    book.page.wait_for_timeout(600)
    assert cell.count == "500 of 500"
    assert book.run(5).strip() == "500 {}"


@pytest.mark.slow
def test_a_run_is_watched_while_the_cell_still_trains(notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    book = notebook(
        f"import time\nimport undertow as ut\nrun = ut.Run({str(tmp_path)!r}, name='live')\nut.show(run)",
        "for epoch in range(40):\n    run.log(epoch=epoch, loss=1 / (epoch + 1))\n    time.sleep(0.25)\nrun.close()",
    )
    book.start(1)
    cell = book.workbench()
    busy = book.cell(1).locator(".jp-InputPrompt", has_text="*")
    counts = set()
    while busy.count():
        counts.add(int(cell.count.split(" of ")[0]))
        book.page.wait_for_timeout(250)
    assert len(counts) >= 5, "nothing came while the cell was running"
    book.page.wait_for_timeout(2000)
    assert cell.count == "40 of 40"


@pytest.mark.slow
def test_the_widget_shows_the_picture_of_the_page(notebook: Callable[..., Notebook], open_page: Any) -> None:
    cell = notebook(DATA + "ut.show(data, theme='light')").workbench()
    cell.settle()
    box = cell.root.locator(".ut-widget").bounding_box()
    drawn = {}
    exec(DATA, drawn)
    html = ut.show(drawn["data"], theme="light", open=False).html
    page = open_page(html, viewport={"width": int(box["width"]), "height": int(box["height"])})
    Workbench(page).settle()
    pixels = "() => [...document.querySelectorAll('.ut-canvas')].map((c) => [c.width, c.height, c.toDataURL()])"
    assert cell.page.evaluate(pixels) == page.evaluate(pixels)


@pytest.mark.slow
def test_notebook_7_shows_the_widget_too(notebook: Callable[..., Notebook]) -> None:
    pytest.importorskip("notebook")
    book = notebook(DATA + "view = ut.show(data)\nview", "print(view.selection.num_rows)", place="notebooks")
    cell = book.workbench()
    cell.brush("a", 0.3, 0.7)
    book.page.wait_for_timeout(600)
    assert book.run(1).strip() == cell.count.split(" of ")[0] != "500"


@pytest.mark.slow
def test_what_is_larger_than_a_message_arrives_in_parts(notebook: Callable[..., Notebook]) -> None:
    book = notebook(
        DATA + "many = {name: chance.normal(size=90_000) for name in 'abcdefghij'}\nview = ut.show(many)\nview",
        "print(view.widget._parts, max(len(getattr(view.widget, f'_part_{i}')) for i in range(view.widget._parts)))",
    )
    assert book.workbench().count == "90,000 of 90,000"
    parts, largest = map(int, book.run(1).split())
    assert parts > 1
    assert largest < 4_000_000


@pytest.mark.slow
def test_large_data_stay_in_the_kernel_and_are_asked(notebook: Callable[..., Notebook]) -> None:
    pytest.importorskip("duckdb")
    book = notebook(
        DATA + "many = {name: chance.normal(size=400_000) for name in 'abcde'}\nview = ut.show(many)\nview",
        "low, high = view.brushes['b']['ranges'][0]\n"
        "print(view.selection.num_rows == int(((many['b'] >= low) & (many['b'] <= high)).sum()), view.widget._parts, "
        "len(view.widget._part_0) < 100_000)",
    )
    cell = book.workbench()
    assert cell.count == "400,000 of 400,000"
    cell.brush("b", 0.2, 0.6)
    book.page.wait_for_timeout(4000)
    assert book.run(1).strip() == "True 1 True"


@pytest.mark.slow
def test_twenty_widgets_draw_with_one_webgl_context(notebook: Callable[..., Notebook]) -> None:
    count = """
    window.contexts = 0;
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
      const context = get.call(this, kind, ...more);
      if (kind === "webgl2" && context && !this.counted) { this.counted = true; window.contexts++; }
      return context;
    };
    """
    book = notebook(
        DATA + "from IPython.display import display\n"
        "for _ in range(20):\n    view = ut.show(data)\n    view.widget.renderer = 'webgl2'\n    display(view)",
        script=count,
    )
    book.workbench()
    plots = book.page.locator(".ut-widget .ut-plot")
    for _ in range(60):
        if plots.count() == 20:
            break
        book.page.wait_for_timeout(500)
    book.page.wait_for_timeout(3000)
    assert plots.count() == 20
    assert set(plots.evaluate_all("all => all.map((plot) => plot.dataset.renderer)")) == {"webgl2"}
    assert book.page.evaluate("window.contexts") == 1
    inked = """all => all.map((plot) => {
      const canvas = plot.querySelector(".ut-canvas");
      return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.filter((v) => v).length;
    })"""
    ink = plots.evaluate_all(inked)
    assert min(ink) == max(ink) > 10_000, "not every plot has its picture"


@pytest.mark.slow
def test_a_saved_notebook_still_shows_the_plot(notebook: Callable[..., Notebook], lab: tuple[str, Path]) -> None:
    book = notebook(DATA + "ut.show(data)")
    book.workbench()
    page = book.page
    assert page.locator("[class^=ut-saved]").count() == 1
    assert not page.locator("[class^=ut-saved]").is_visible(), "the page stands beside the living widget"
    page.keyboard.press("Control+s")
    page.wait_for_timeout(2000)
    # As after a restart of the machine: the notebook is there, its kernel is not.
    address = page.url
    page.evaluate("""async () => {
      const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
      for (const session of await (await fetch("/api/sessions")).json())
        await fetch(`/api/sessions/${session.id}`, { method: "DELETE", headers: { "X-XSRFToken": token } });
    }""")
    page.goto("about:blank")
    page.goto(address)
    saved = page.frame_locator("[class^=ut-saved] iframe")
    saved.locator(".ut-plot canvas").first.wait_for(timeout=60_000)
    assert saved.locator(".ut-count").inner_text().startswith("500 of 500")


@pytest.mark.slow
def test_marimo_shows_the_widget_and_hears_of_the_selection(browser: Any, tmp_path: Path) -> None:
    pytest.importorskip("marimo")
    app = tmp_path / "app.py"
    app.write_text(
        "import marimo\n"
        "app = marimo.App()\n"
        "@app.cell\n"
        "def _():\n"
        "    import pathlib\n"
        "    import undertow as ut\n"
        "    view = ut.show({'a': list(range(100)), 'b': [i % 7 for i in range(100)]}, open=False)\n"
        f"    view.on_select(lambda rows: pathlib.Path({str(tmp_path / 'seen')!r}).write_text(str(rows.num_rows)))\n"
        "    view\n"
        "    return\n"
        "if __name__ == '__main__':\n"
        "    app.run()\n"
    )
    port = free_port()
    command = [sys.executable, "-m", "marimo", "run", "--headless", "--no-token", "--port", str(port), str(app)]
    process = serve(command, f"http://127.0.0.1:{port}/", tmp_path)
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    try:
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator(".ut-widget .ut-plot canvas").first.wait_for(timeout=60_000)
        bench = Workbench(page)
        bench.settle()
        assert bench.count == "100 of 100"
        bench.brush("a", 0.0, 0.5)
        page.wait_for_timeout(1500)
        seen = (tmp_path / "seen").read_text()
        assert bench.count == f"{seen} of 100"
        assert 30 < int(seen) < 80
    finally:
        page.context.close()
        process.terminate()
        process.wait(20)

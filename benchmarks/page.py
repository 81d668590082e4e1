"""The page at scale: size, first picture, blocks of the main thread, brushing; HiPlot 0.1.33 beside us in one run.

    python benchmarks/page.py [--only hiplot 100k 1m 10m] [--keep FOLDER]

Needs the `dev` extra and a Chromium. HiPlot is installed into an environment of its own, in a temporary folder. Lines
are drawn by the CPU raster where the machine has no GPU; a brush is told by the engine's time for each move, apart
from drawing, and by the time until the exact picture stands. A GPU's time was not measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

import undertow as ut

RESULTS = Path(__file__).parent / "results"
ARGS = ["--headless=new", "--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"]
VIEW = {"width": 1000, "height": 760}
MOVES = 120

#: Runs in every page before its own scripts.
WATCH = """
window.blocks = [];
new PerformanceObserver((list) => { for (const e of list.getEntries()) window.blocks.push(e.duration); })
  .observe({ type: "longtask", buffered: true });
window.inked = () => [...document.querySelectorAll("canvas")].some((canvas) => {
  if (!canvas.width || !canvas.height) return false;
  const small = new OffscreenCanvas(60, 40).getContext("2d");
  small.drawImage(canvas, 0, 0, 60, 40);
  return small.getImageData(0, 0, 60, 40).data.some((value) => value > 0);
});
window.first = null;
const poll = () => { if (window.inked()) window.first = performance.now(); else requestAnimationFrame(poll); };
addEventListener("DOMContentLoaded", () => requestAnimationFrame(poll));
"""

HIPLOT = """
import sys, time, numpy as np, pandas as pd, hiplot
rng = np.random.default_rng(0)
frame = pd.DataFrame({f"c{i}": rng.normal(size=int(sys.argv[1])) for i in range(int(sys.argv[2]))})
start = time.perf_counter()
page = hiplot.Experiment.from_dataframe(frame).to_html()
open(sys.argv[3], "w").write(page)
print(time.perf_counter() - start)
"""


def columns(rows: int, count: int, dtype: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {f"c{i}": rng.normal(size=rows).astype(dtype) for i in range(count)}


def ours(folder: Path, rows: int, count: int, dtype: str) -> tuple[Path, float]:
    data = columns(rows, count, dtype)
    start = time.perf_counter()
    path = ut.show(data, open=False).save(folder / f"undertow-{rows}-{dtype}.html")
    return path, time.perf_counter() - start


def theirs(folder: Path, rows: int, count: int) -> tuple[Path, float]:
    home = folder / "hiplot"
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        needs = ["hiplot==0.1.33", "setuptools<81", "pandas<2.3", "numpy<2"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *needs], check=True)
    path = folder / f"hiplot-{rows}.html"
    done = subprocess.run(
        [python, "-c", HIPLOT, str(rows), str(count), str(path)], check=True, capture_output=True, text=True
    )
    return path, float(done.stdout)


def opened(browser: Browser, path: Path) -> Page:
    # The page's policy forbids evaluated strings, which is how the driver waits; nothing else in it changes.
    page = browser.new_context(viewport=VIEW, bypass_csp=True).new_page()
    page.set_default_timeout(600_000)
    page.add_init_script(WATCH)
    page.goto(path.resolve().as_uri(), wait_until="commit")
    page.wait_for_function("window.first !== null")
    return page


def settled(page: Page, picture: str, quiet: float = 0.5) -> float:
    """Seconds from now until an expression has kept its value for `quiet` seconds, those left out."""
    start = changed = time.perf_counter()
    last = page.evaluate(picture)
    while time.perf_counter() - changed < quiet:
        now = page.evaluate(picture)
        if now != last:
            last, changed = now, time.perf_counter()
    return changed - start


#: A number that changes with the picture.
PICTURE = """[...document.querySelectorAll("canvas")].map((canvas) => {
  const small = new OffscreenCanvas(120, 60).getContext("2d");
  if (canvas.width && canvas.height) small.drawImage(canvas, 0, 0, 120, 60);
  return small.getImageData(0, 0, 120, 60).data.reduce((hash, value) => (hash * 31 + value) | 0, 7);
}).join()"""


def first_picture(page: Page) -> dict[str, float]:
    return {
        "first picture, s": page.evaluate("window.first") / 1000,
        "longest block, ms": page.evaluate("Math.max(0, ...window.blocks)"),
        "JS heap, MB": page.evaluate("performance.memory.usedJSHeapSize") / 1e6,
    }


def timed(page: Page, act: Callable[[], object]) -> dict[str, float]:
    page.evaluate("window.blocks.length = 0")
    start = time.perf_counter()
    act()
    spent = time.perf_counter() - start + settled(page, PICTURE)
    return {"s": spent, "longest block, ms": page.evaluate("Math.max(0, ...window.blocks)")}


def drag(page: Page, x: float, y0: float, y1: float, moves: int) -> None:
    page.mouse.move(x, y0)
    page.mouse.down()
    for i in range(1, moves + 1):
        page.mouse.move(x, y0 + (y1 - y0) * i / moves)
    page.mouse.up()


def brush_hiplot(browser: Browser, path: Path) -> dict[str, Any]:
    page = opened(browser, path)
    settled(page, PICTURE, 2)
    result: dict[str, Any] = first_picture(page)
    box = page.locator(".pplot-brush .overlay").nth(3).bounding_box(timeout=60_000)
    assert box
    x, y, tall = box["x"] + box["width"] / 2, box["y"], box["height"]
    brushed = timed(page, lambda: drag(page, x, y + 0.3 * tall, y + 0.6 * tall, 10))
    excluded = timed(page, lambda: page.get_by_role("button", name="Exclude").click())
    page.context.close()
    return {
        **result,
        "brush until settled, s": brushed["s"],
        "Exclude until settled, s": excluded["s"],
        "Exclude, block, ms": excluded["longest block, ms"],
    }


def brush_ours(browser: Browser, path: Path) -> dict[str, Any]:
    page = opened(browser, path)
    page.wait_for_function("performance.getEntriesByName('undertow:whole-picture').length > 0")
    settled(page, PICTURE, 2)
    result: dict[str, Any] = first_picture(page)
    result["whole picture, s"] = (
        page.evaluate("performance.getEntriesByName('undertow:whole-picture')[0].startTime") / 1000
    )
    box = page.locator('.ut-axis[data-axis="c3"] .ut-axis-line').bounding_box()
    assert box
    x, y, tall = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.evaluate("performance.clearMeasures()")
    page.mouse.move(x, y + 0.3 * tall)
    wanted = 2 if int(path.stem.split("-")[1]) > 100_000 else 1
    page.wait_for_function(f"performance.getEntriesByName('undertow:engine:cube').length >= {wanted}")
    cubes = page.evaluate("performance.getEntriesByName('undertow:engine:cube').map((each) => each.duration)")
    brushed = timed(page, lambda: drag(page, x, y + 0.3 * tall, y + 0.6 * tall, MOVES))
    moves = page.evaluate("performance.getEntriesByName('undertow:brush').map((each) => each.duration)")
    page.evaluate("performance.clearMeasures()")
    page.get_by_role("button", name="Exclude").click()
    page.wait_for_function("performance.getEntriesByName('undertow:engine:select').length > 0")
    engine = page.evaluate("performance.getEntriesByName('undertow:engine:select').map((each) => each.duration)")
    excluded = settled(page, PICTURE)
    page.context.close()
    return {
        **result,
        "axis activation, ms": cubes[-1],
        "first approximate answer, ms": cubes[0],
        "engine per move, p50 ms": float(np.percentile(moves, 50)),
        "engine per move, p95 ms": float(np.percentile(moves, 95)),
        "moves": len(moves),
        "brush until settled, s": brushed["s"],
        "brush, longest block, ms": brushed["longest block, ms"],
        "Exclude, engine, ms": max(engine),
        "Exclude until settled, s": excluded,
    }


def run(only: set[str], folder: Path) -> dict[str, dict[str, Any]]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    table: dict[str, dict[str, Any]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        parts: list[tuple[str, str, int, int, str]] = [
            ("100k", "100k × 20, float64", 100_000, 20, "f8"),
            ("100k", "100k × 20, float32", 100_000, 20, "f4"),
            ("1m", "1M × 10, float32", 1_000_000, 10, "f4"),
            ("10m", "10M × 10, float32", 10_000_000, 10, "f4"),
        ]
        if "hiplot" in only:
            path, seconds = theirs(folder, 100_000, 20)
            made = {"HTML, MB": path.stat().st_size / 1e6, "made in, s": seconds}
            table["HiPlot, 100k × 20"] = {**made, **brush_hiplot(browser, path)}
        for part, label, rows, count, dtype in parts:
            if part in only:
                path, seconds = ours(folder, rows, count, dtype)
                made = {"HTML, MB": path.stat().st_size / 1e6, "made in, s": seconds}
                table[label] = {**made, **brush_ours(browser, path)}
        browser.close()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = ["hiplot", "100k", "1m", "10m"]
    parser.add_argument("--only", nargs="+", choices=known, default=known)
    parser.add_argument("--keep", type=Path, help="write the pages here, and leave them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        table = run(set(options.only), folder)
    RESULTS.mkdir(exist_ok=True)
    result = {"machine": platform.platform(), "python": platform.python_version(), "table": table}
    (RESULTS / "page.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    names = list(dict.fromkeys(name for row in table.values() for name in row))
    print("| |", " | ".join(table), "|")
    print("|---|" + "---|" * len(table))
    for name in names:
        cells = [f"{row[name]:,.3g}" if name in row else "" for row in table.values()]
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()

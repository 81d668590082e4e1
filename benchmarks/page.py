"""The page at scale: size, first picture, blocks of the main thread, memory, brushing; HiPlot and Plotly beside us.

    python benchmarks/page.py [--only hiplot plotly 100k 1m 10m] [--rows N [--columns M]] [--keep FOLDER]

Needs the `dev` extra and a Chromium. Peers are installed into environments of their own, in a temporary folder. Lines
are drawn by the CPU raster where the machine has no GPU; a brush is told by the engine's time for each move, apart
from drawing, and by the time until the exact picture stands. A GPU's time was not measured, and Plotly, which draws
by WebGL alone, is slower here than with one.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _peers import python_of
from playwright.sync_api import Browser, Page, sync_playwright

import undertow as ut

RESULTS = Path(__file__).parent / "results"
ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--js-flags=--expose-gc",
]
VIEW = {"width": 1000, "height": 760}
MOVES = 120
OPENINGS = 7

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

#: What each peer imports, and how it writes a page.
PEERS = {
    "hiplot": ("import pandas, hiplot", "hiplot.Experiment.from_dataframe(pandas.DataFrame(columns)).to_html()"),
    "plotly": (
        "import plotly.graph_objects as go",
        "go.Figure(go.Parcoords(line={'color': columns['c0']}, dimensions="
        "[{'label': name, 'values': values} for name, values in columns.items()])).to_html(include_plotlyjs=True)",
    ),
}
PEER = """
import sys, time, numpy as np
{imports}
rng = np.random.default_rng(0)
columns = {{f"c{{i}}": rng.normal(size=int(sys.argv[1])) for i in range(int(sys.argv[2]))}}
start = time.perf_counter()
page = {page}
open(sys.argv[3], "w", encoding="utf-8").write(page)
print(time.perf_counter() - start)
"""


def columns(rows: int, count: int, dtype: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {f"c{i}": rng.normal(size=rows).astype(dtype) for i in range(count)}


def ours(folder: Path, rows: int, count: int, dtype: str) -> tuple[Path, float]:
    data = columns(rows, count, dtype)
    start = time.perf_counter()
    path = ut.show(data, open=False).save(folder / f"undertow-{rows}-{count}-{dtype}.html")
    return path, time.perf_counter() - start


def theirs(peer: str, folder: Path, rows: int, count: int) -> tuple[Path, float]:
    imports, page = PEERS[peer]
    python = python_of(peer, folder)
    path = folder / f"{peer}-{rows}.html"
    script = PEER.format(imports=imports, page=page)
    done = subprocess.run(
        [python, "-c", script, str(rows), str(count), str(path)], check=True, capture_output=True, text=True
    )
    return path, float(done.stdout)


def opened(browser: Browser, path: Path, view: dict[str, int] = VIEW) -> Page:
    # The page's policy forbids evaluated strings, which is how the driver waits; nothing else in it changes.
    page = browser.new_context(viewport=view, bypass_csp=True).new_page()
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
    }


def memory(page: Page) -> float:
    """Bytes of heaps and buffers after a collection, the page's and those of its workers."""
    answers: list[dict[str, float]] = []
    session = page.context.new_cdp_session(page)
    workers: list[str] = []
    session.on("Target.attachedToTarget", lambda event: workers.append(event["sessionId"]))
    session.on(
        "Target.receivedMessageFromTarget",
        lambda event: answers.append(json.loads(event["message"]).get("result", {})),
    )
    session.send("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False})
    page.wait_for_timeout(200)
    for method in ("HeapProfiler.collectGarbage", "Runtime.getHeapUsage"):
        mine = session.send(method)
        answers.clear()
        for worker in workers:
            message = json.dumps({"id": 1, "method": method})
            session.send("Target.sendMessageToTarget", {"sessionId": worker, "message": message})
        while len(answers) < len(workers):
            page.wait_for_timeout(20)
    session.detach()
    return sum(heap["usedSize"] + heap.get("backingStorageSize", 0) for heap in (mine, *answers))


def timed(page: Page, act: Callable[[], object], quiet: float = 0.5) -> dict[str, float]:
    page.evaluate("window.blocks.length = 0")
    start = time.perf_counter()
    act()
    spent = time.perf_counter() - start + settled(page, PICTURE, quiet)
    return {"s": spent, "longest block, ms": page.evaluate("Math.max(0, ...window.blocks)")}


def drag(page: Page, x: float, y0: float, y1: float, moves: int) -> None:
    page.mouse.move(x, y0)
    page.mouse.down()
    for i in range(1, moves + 1):
        page.mouse.move(x, y0 + (y1 - y0) * i / moves)
    page.mouse.up()


#: Where a pointer brushes the fourth axis, and what excludes the brushed rows; Plotly has no such thing.
HANDLES = {"hiplot": (".pplot-brush .overlay", "Exclude"), "plotly": (".axis-brush .background", None)}


def brush_theirs(browser: Browser, peer: str, path: Path) -> dict[str, Any]:
    handle, exclude = HANDLES[peer]
    page = opened(browser, path)
    # Drawn in pieces: a pause may be longer than the piece before it.
    whole = settled(page, PICTURE, 4)
    result: dict[str, Any] = first_picture(page)
    result["whole picture, s"] = result["first picture, s"] + whole
    result["heaps and buffers, MB"] = memory(page) / 1e6
    box = page.locator(handle).nth(3).bounding_box(timeout=60_000)
    assert box
    x, y, tall = box["x"] + box["width"] / 2, box["y"], box["height"]
    brushed = timed(page, lambda: drag(page, x, y + 0.3 * tall, y + 0.6 * tall, 10), quiet=2)
    result["brush until settled, s"] = brushed["s"]
    result["brush, longest block, ms"] = brushed["longest block, ms"]
    if exclude:
        excluded = timed(page, lambda: page.get_by_role("button", name=exclude).click())
        result["Exclude until settled, s"] = excluded["s"]
        result["Exclude, block, ms"] = excluded["longest block, ms"]
    page.context.close()
    return result


def brush_ours(browser: Browser, path: Path, values: int, exact: int) -> dict[str, Any]:
    page = opened(browser, path)
    page.wait_for_function("performance.getEntriesByName('undertow:whole-picture').length > 0")
    settled(page, PICTURE, 2)
    result: dict[str, Any] = first_picture(page)
    result["whole picture, s"] = (
        page.evaluate("performance.getEntriesByName('undertow:whole-picture')[0].startTime") / 1000
    )
    held = memory(page)
    result["heaps and buffers, MB"] = held / 1e6
    result["beyond the columns, bytes a value"] = (held - exact) / values
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
    page.evaluate("performance.clearMeasures(); performance.clearMarks('undertow:whole-picture')")
    start = time.perf_counter()
    page.get_by_role("button", name="Exclude").click()
    # A pair at a time at ten million rows: the picture rests longer between two than `settled` waits.
    page.wait_for_function("performance.getEntriesByName('undertow:whole-picture').length > 0")
    excluded = time.perf_counter() - start + settled(page, PICTURE)
    engine = page.evaluate("performance.getEntriesByName('undertow:engine:select').map((each) => each.duration)")
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


#: Part, rows, columns, type. The last of 100k is what 10M rows are held against.
OURS = [
    ("100k", 100_000, 20, "f8"),
    ("100k", 100_000, 20, "f4"),
    ("100k", 100_000, 10, "f4"),
    ("1m", 1_000_000, 10, "f4"),
    ("10m", 10_000_000, 10, "f4"),
]
THEIRS = [("hiplot", 100_000, 20), ("plotly", 100_000, 20)]


def run(ours_: list[tuple[int, int, str]], theirs_: list[tuple[str, int, int]], folder: Path) -> dict[str, Any]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    table: dict[str, dict[str, Any]] = {}
    pages: dict[str, Path] = {}
    with sync_playwright() as playwright:
        for peer, rows, count in theirs_:
            path, seconds = theirs(peer, folder, rows, count)
            made = {"HTML, MB": path.stat().st_size / 1e6, "made in, s": seconds}
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
            table[f"{peer}, {short(rows)} × {count}"] = {**made, **brush_theirs(browser, peer, path)}
            browser.close()
            if peer == "hiplot":
                pages[f"{peer}, {short(rows)} × {count}"] = path
        for rows, count, dtype in ours_:
            path, seconds = ours(folder, rows, count, dtype)
            made = {"HTML, MB": path.stat().st_size / 1e6, "made in, s": seconds}
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
            values = rows * count
            found = brush_ours(browser, path, values, values * np.dtype(dtype).itemsize)
            table[f"{short(rows)} × {count}, {np.dtype(dtype)}"] = {**made, **found}
            browser.close()
            if (rows, count) == (100_000, 20):
                pages[f"{short(rows)} × {count}, {np.dtype(dtype)}"] = path
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        for label, found in in_turns(browser, pages).items():
            table[label] |= found
        browser.close()
    return table


def in_turns(browser: Browser, pages: dict[str, Path]) -> dict[str, dict[str, float]]:
    """The first picture once more, of several openings of pages that take turns: one alone is worth little."""
    seen: dict[str, list[dict[str, float]]] = {label: [] for label in pages}
    for _ in range(OPENINGS):
        for label, path in pages.items():
            page = opened(browser, path)
            settled(page, PICTURE, 1)
            seen[label].append(first_picture(page))
            page.context.close()
    found = {}
    for label, each in seen.items():
        firsts, blocks = ([one[name] for one in each] for name in ("first picture, s", "longest block, ms"))
        found[label] = {
            f"first picture, s, median of {OPENINGS}": float(np.median(firsts)),
            "first picture, s, least": min(firsts),
            "first picture, s, most": max(firsts),
            f"longest block, ms, median of {OPENINGS}": float(np.median(blocks)),
            "longest block, ms, most": max(blocks),
        }
    return found


def short(rows: int) -> str:
    return f"{rows / 1e6:g}M" if rows >= 1_000_000 else f"{rows / 1e3:g}k"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [peer for peer, *_ in THEIRS] + list(dict.fromkeys(part for part, *_ in OURS))
    parser.add_argument("--only", nargs="+", choices=known, default=known)
    parser.add_argument("--rows", type=int, help="instead of the parts that --only names: so many rows, in float32")
    parser.add_argument("--columns", type=int, default=10, help="how many columns --rows has")
    parser.add_argument("--keep", type=Path, help="write the pages here, and leave them")
    options = parser.parse_args()
    if options.rows:
        ours_, theirs_ = [(options.rows, options.columns, "f4")], []
    else:
        ours_ = [tuple(what) for part, *what in OURS if part in options.only]
        theirs_ = [each for each in THEIRS if each[0] in options.only]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        table = run(ours_, theirs_, folder)
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

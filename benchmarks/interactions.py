"""Every kind of interaction at a million rows: the longest block of the page's main thread, to stay below 50 ms.

    python benchmarks/interactions.py [--rows N] [--rounds N] [--keep FOLDER] [--trace NAME]

Needs the `dev` extra and a Chromium. A block is a long task as the browser tells it: one of 50 ms and more, by the
wall's clock, so that whatever else the machine does counts, too. Beside it stands the longest task of the same action
by the processor's clock, from a trace. `--trace` keeps the trace of one action, for the browser's own tools.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from page import ARGS, PICTURE, RESULTS, drag, opened, settled
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

import undertow as ut

VIEW = {"width": 1440, "height": 900}
LONG_MS = 50.0
NOTABLE_MS = 20.0
MARK = "benchmark:act"


def page_of(folder: Path, rows: int) -> Path:
    """Many runs' steps: numbers of several scales, a category, missing values, one run that explodes."""
    path = folder / f"interactions-{rows}.html"
    if path.exists():
        return path
    rng = np.random.default_rng(0)
    step = np.tile(np.arange(1000), rows // 1000 + 1)[:rows]
    loss = np.exp(-step / 300) + rng.lognormal(-3, 0.5, rows)
    held = 1.1 * loss + rng.normal(0, 0.02, rows)
    held[step % 10 > 0] = np.nan
    norm = np.exp(rng.normal(-1, 1, rows))
    norm[rows // 2 : rows // 2 + 10] = 1e9
    columns = {
        "step": step,
        "loss": loss,
        "val_loss": held,
        "accuracy": 1 - loss / 3 + rng.normal(0, 0.01, rows),
        "lr": 1e-3 * 0.999**step,
        "grad_norm": norm,
        "update_ratio": 1e-3 * np.exp(rng.normal(0, 0.4, rows)),
        "dead": rng.beta(2, 9, rows),
        "optimizer": np.array(["adam", "sgd", "rmsprop", "lion"])[np.arange(rows) // 1000 % 4],
        "batch": 2 ** rng.integers(4, 9, rows),
    }
    return ut.show(columns, open=False).save(path)


def places(page: Page, axis: str) -> tuple[float, float, float]:
    box = page.locator(f'.ut-axis[data-axis="{axis}"] .ut-axis-line').bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"], box["height"]


def enter(page: Page, axis: str, at: float = 0.3) -> None:
    x, y, tall = places(page, axis)
    page.mouse.move(x - 40, y + at * tall)
    page.mouse.move(x, y + at * tall)
    page.wait_for_timeout(400)


def brush(page: Page, axis: str, low: float = 0.3, high: float = 0.6) -> None:
    x, y, tall = places(page, axis)
    drag(page, x, y + low * tall, y + high * tall, 30)


def bar(page: Page, name: str) -> None:
    page.locator(".ut-view-bar button", has_text=name).click()


def move_axis(page: Page, name: str, by: float) -> None:
    box = page.locator(f'.ut-label[data-axis="{name}"] .ut-label-name').bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(1, 16):
        page.mouse.move(x + by * i / 15, y)
    page.mouse.up()


def hover(page: Page) -> None:
    x, y, tall = places(page, "val_loss")
    for i in range(30):
        page.mouse.move(x + 30 + i * 2, y + (0.2 + i / 60) * tall)


def scroll_table(page: Page) -> None:
    box = page.locator(".ut-view[data-view=table]").bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 120)
    for _ in range(20):
        page.mouse.wheel(0, 900)


def sort_table(page: Page) -> None:
    page.locator(".ut-view[data-view=table] [role=columnheader] button", has_text="loss").first.click()


def every_view(page: Page) -> None:
    closed = page.locator(".ut-view-bar button[aria-pressed=false]:not(.ut-plot-full)")
    while closed.count():
        closed.first.click()
        page.wait_for_timeout(300)


def menu(page: Page, axis: str, choice: str) -> None:
    page.locator(f'.ut-label[data-axis="{axis}"] .ut-axis-menu > button').click()
    page.locator(".ut-menu-panel").get_by_text(choice, exact=True).click()


#: In this order, on one page.
ACTIONS: dict[str, Callable[[Page], object]] = {
    "pointer enters an axis": lambda page: enter(page, "loss"),
    "brush": lambda page: brush(page, "loss"),
    "a second brush, on a category": lambda page: (enter(page, "optimizer"), brush(page, "optimizer", 0.1, 0.4)),
    "undo, redo": lambda page: (page.keyboard.press("Control+z"), page.wait_for_timeout(600),
                                page.keyboard.press("Control+y")),
    "keep": lambda page: page.get_by_role("button", name="Keep").click(),
    "restore": lambda page: page.keyboard.press("Control+z"),
    "clear": lambda page: page.keyboard.press("Escape"),
    "hover": hover,
    "click an axis to invert it": lambda page: page.locator('.ut-label[data-axis="lr"] .ut-label-name').click(),
    "drag an axis": lambda page: move_axis(page, "accuracy", 260),
    "colour by another column": lambda page: menu(page, "grad_norm", "Colour lines by this"),
    "another scale": lambda page: menu(page, "dead", "percentile"),
    "scroll the table": scroll_table,
    "sort the table": sort_table,
    "open every view": every_view,
    "brush with every view open": lambda page: (enter(page, "loss", 0.4), brush(page, "loss", 0.4, 0.7)),
    "light, dark": lambda page: page.get_by_role("button", name="theme").click(),
    "smaller window": lambda page: page.set_viewport_size({"width": 1100, "height": 700}),
}  # fmt: skip


class Tracer:
    """The main thread's tasks, from the browser's own trace."""

    def __init__(self, browser: Browser) -> None:
        self.session: CDPSession = browser.new_browser_cdp_session()
        self.events: list[dict[str, Any]] = []
        self.session.on("Tracing.dataCollected", lambda event: self.events.extend(event["value"]))

    @contextmanager
    def recording(self, page: Page) -> Iterator[list[dict[str, Any]]]:
        self.events.clear()
        found: list[dict[str, Any]] = []
        categories = ["toplevel", "devtools.timeline", "blink.user_timing", "disabled-by-default-v8.cpu_profiler"]
        self.session.send(
            "Tracing.start", {"traceConfig": {"includedCategories": categories}, "transferMode": "ReportEvents"}
        )
        yield found
        done: list[bool] = []
        self.session.once("Tracing.tracingComplete", lambda _: done.append(True))
        self.session.send("Tracing.end")
        while not done:
            page.wait_for_timeout(50)
        found.extend(self.events)


def tasks(events: list[dict[str, Any]]) -> list[float]:
    """Milliseconds of the processor for each task of the page's main thread, from the mark on."""
    mark = next(event for event in events if event.get("name") == MARK)
    return [
        event.get("tdur", event["dur"]) / 1000
        for event in events
        if event.get("name") in ("RunTask", "ThreadControllerImpl::RunTask")
        and event.get("ph") == "X"
        and (event["pid"], event["tid"]) == (mark["pid"], mark["tid"])
        and event["ts"] > mark["ts"]
    ]


def acted(page: Page, tracer: Tracer | None, act: Callable[[Page], object], keep: Path | None) -> dict[str, Any]:
    page.evaluate("window.blocks.length = 0")
    if tracer is None:
        act(page)
        settled(page, PICTURE, 0.8)
        return {"blocks": page.evaluate("window.blocks")}
    with tracer.recording(page) as events:
        # Starting to record is a task of the page's thread, too.
        page.wait_for_timeout(200)
        page.evaluate(f"performance.mark('{MARK}')")
        act(page)
        # Asking for pictures would be tasks of ours.
        page.wait_for_timeout(1500)
    if keep:
        keep.write_bytes(gzip.compress(json.dumps({"traceEvents": events}).encode()))
    return {"tasks": sorted((ms for ms in tasks(events) if ms >= NOTABLE_MS), reverse=True)}


def run(path: Path, rounds: int, trace: str | None, folder: Path) -> dict[str, Any]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    found: dict[str, dict[str, Any]] = {name: {"blocks": [], "tasks": []} for name in ("open", *ACTIONS)}
    with sync_playwright() as playwright:
        for turn in range(rounds):
            for traced in (False, True):
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
                page = opened(browser, path, VIEW)
                page.set_default_timeout(60_000)
                page.wait_for_function("performance.getEntriesByName('undertow:whole-picture').length > 0")
                settled(page, PICTURE, 2)
                if not traced:
                    found["open"]["blocks"].append(max(page.evaluate("window.blocks"), default=0))
                tracer = Tracer(browser) if traced else None
                for name, act in ACTIONS.items():
                    keep = folder / "trace.json.gz" if traced and trace == name and turn == 0 else None
                    for kind, values in acted(page, tracer, act, keep).items():
                        found[name][kind].append(max(values, default=0))
                browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="write the page here, and leave it; one that is there is taken")
    parser.add_argument("--trace", choices=list(ACTIONS), help="keep the trace of this action, in the folder of --keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = run(page_of(folder, options.rows), options.rounds, options.trace, folder)
    RESULTS.mkdir(exist_ok=True)
    result = {"machine": platform.platform(), "rows": options.rows, "table": found}
    (RESULTS / "interactions.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print("| interaction | longest block of each round, ms | longest task by the processor's clock, ms |")
    print("|---|---|---|")
    for name, each in found.items():
        over = ", ".join(f"{ms:.0f}" for ms in each["blocks"] if ms >= LONG_MS) or "none"
        print(f"| {name} | {over} | {', '.join(f'{ms:.0f}' if ms else '< 20' for ms in each['tasks'])} |")


if __name__ == "__main__":
    main()

"""Fixtures that any test may ask for."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from cluster import Cluster, running, session_of

# A busy machine is no failure.
hypothesis.settings.register_profile("undertow", deadline=None)
hypothesis.settings.load_profile("undertow")

ROOT = Path(__file__).resolve().parents[1]
FAILED = ROOT / "test-results"
CALL_FAILED = pytest.StashKey[bool]()
LOCAL_SERVER = "http://127.0.0.1:"
LOCAL_SCHEMES = ("file:", "data:", "blob:", "about:")
CHROMIUM_ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--enable-unsafe-swiftshader",  # WebGL2 without a GPU; --use-angle=swiftshader would emulate canvas 2D as well.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class PageOpener:
    """Opens pages in a browser and writes down what they complain of.

    Attributes:
        complaints: Console errors, uncaught exceptions and requests that leave the file. A test that expects some
            checks and clears them; what is left at its end fails it.
        pages: The pages opened so far.
        allowed: What the addresses of requests may begin with, beside the file's own.
    """

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.complaints: list[str] = []
        self.pages: list[Page] = []
        self.allowed: set[str] = set()
        self._browser = browser
        self._folder = folder

    def __call__(self, page: Path | str, **context: Any) -> Page:
        """Opens an HTML file, HTML itself, or an address of this machine; `context` is for Playwright's context."""
        if isinstance(page, str) and page.startswith(LOCAL_SERVER):
            return self.visit(page, self._browser.new_context(**context))
        if isinstance(page, str):
            file = self._folder / f"page-{len(self.pages)}.html"
            file.write_text(page, "utf-8")
        else:
            file = page
        return self.visit(file.resolve().as_uri(), self._browser.new_context(**context))

    def visit(self, address: str, context: BrowserContext) -> Page:
        """Opens an address in a new tab of a context. It may ask its own server, and no other."""
        if address.startswith(LOCAL_SERVER):
            self.allowed.add(address.split("/?")[0] + "/")
        tab = context.new_page()
        self.pages.append(tab)
        tab.on("console", self._on_console)
        tab.on("request", self._on_request)
        tab.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        tab.goto(address)
        return tab

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console error: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((*LOCAL_SCHEMES, *self.allowed)):
            self.complaints.append(f"network request: {request.url}")


def find_chromium() -> str | None:
    """The browser to drive; playwright's own download is not relied on."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    return next(filter(None, map(shutil.which, names)), mac if Path(mac).exists() else None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[CALL_FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Where there is none, CI fails and others skip."""
    program = find_chromium()
    if program is None:
        reason = "no Chromium or Chrome on PATH (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PageOpener]:
    """A `PageOpener`: `open_page(path_or_html, color_scheme="dark", viewport={"width": 1400, "height": 800})`.

    A failed test leaves its pages as pictures in `test-results/`.
    """
    opener = PageOpener(browser, tmp_path)
    try:
        yield opener
        for page in opener.pages:
            # Events arrive while a call waits, so a late one needs one more call.
            page.evaluate("new Promise((done) => setTimeout(done))")
        if opener.complaints:
            pytest.fail("The page complained:\n" + "\n".join(opener.complaints))
    finally:
        if opener.complaints or request.node.stash.get(CALL_FAILED, False):
            FAILED.mkdir(exist_ok=True)
            name = re.sub(r"[^\w.-]+", "-", request.node.nodeid).strip("-")
            for index, page in enumerate(opener.pages):
                page.screenshot(path=FAILED / f"{name}-{index}.png")
        for page in opener.pages:
            page.context.close()


@pytest.fixture(scope="session")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which there is a shell but no Node."""
    folder = tmp_path_factory.mktemp("bin")
    if shell := shutil.which("sh"):
        (folder / "sh").symlink_to(shell)
    return str(folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder for runs."""
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A standalone Spark cluster of two workers with a core each."""
    with running(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def spark(spark_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session of that cluster; a process has but one."""
    with session_of(spark_cluster, tmp_path_factory.mktemp("warehouse")) as session:
        # Executors, their Python and the compilers start with the first job: up to 20 s on two busy cores, which no
        # test's own patience is for.
        session.range(2).mapInArrow(lambda batches: batches, "id BIGINT").toArrow()
        yield session

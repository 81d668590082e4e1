import html
import re
import threading
import time
import tracemalloc
import webbrowser

import numpy as np
import pytest

from undertow.errors import BundleMissingError, ViewError
from undertow.sources import from_columns
from undertow.view import View

pytestmark = pytest.mark.usefixtures("stub")


@pytest.fixture
def view():
    return View([from_columns({"a": [1]})], title='Boston "housing" / 1')


def test_save_writes_the_page_and_returns_the_path(view, tmp_path):
    path = view.save(tmp_path / "new" / "out.html")
    assert path == tmp_path / "new" / "out.html"
    assert path.read_text("utf-8") == view.html
    assert path.stat().st_mode & 0o400


def test_save_replaces_the_file_whole_and_leaves_nothing_beside_it(view, tmp_path):
    path = tmp_path / "out.html"
    path.write_text("old")
    path.chmod(0o640)
    view.save(path)
    assert path.read_text("utf-8") == view.html
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.glob("*.part")] + [file.name for file in tmp_path.glob(".out*")] == []


def test_a_page_that_cannot_be_written_leaves_the_old_file_and_no_half_one(view, tmp_path, monkeypatch):
    path = tmp_path / "out.html"
    path.write_text("old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(ViewError, match=r"out\.html cannot be written: No space left"):
        view.save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.glob(".out*")) == []


def test_a_large_table_is_saved_without_lying_in_memory_as_text(tmp_path):
    rng = np.random.default_rng(1)
    frame = from_columns({str(column): rng.standard_normal(1 << 18).astype(np.float32) for column in range(24)})
    tracemalloc.start()
    try:
        path = View([frame]).save(tmp_path / "out.html")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The compressed columns, a few raw ones at work, and one piece of text; the text alone weighs more than the table.
    assert path.stat().st_size > frame.table.nbytes
    assert peak < 2.2 * frame.table.nbytes


def test_without_the_front_end_no_file_is_made(view, tmp_path, stub):
    (stub / "page.js").unlink()
    with pytest.raises(BundleMissingError):
        view.save(tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()


def test_a_notebook_gets_the_page_in_a_frame_that_reaches_nothing_else(view):
    shown = view._repr_html_()
    srcdoc = re.search(r'srcdoc="([^"]*)"', shown)
    assert html.unescape(srcdoc[1]) == view.html
    assert 'sandbox="allow-scripts allow-downloads"' in shown


def test_open_does_not_wait_for_the_browser(view, monkeypatch):
    opened, may_end = [], threading.Event()

    def browser(url):
        may_end.wait(5)
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    path = view.open()
    assert not opened
    assert path.name == "Boston-housing-1.html"
    assert path.read_text("utf-8") == view.html
    may_end.set()
    wait_for(lambda: opened)
    assert opened == [path.resolve().as_uri()]


def test_where_no_browser_starts_the_caller_learns_the_path(view, tmp_path, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    told = []
    path = view.open(view.save(tmp_path / "out.html"), otherwise=told.append)
    wait_for(lambda: told)
    assert told == [path]


def test_repr_says_what_is_in_it(view):
    assert "rows (1 rows); 0 findings" in repr(view)


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)

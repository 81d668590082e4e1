"""A front end of one line, for what does not depend on the real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Client, record, serving
from undertow.view import _page

SCRIPT = 'document.title = "</script><script>" + "<!--";\r\n'
STYLE = 'a::before { content: "</style>" }'


@pytest.fixture
def stub(monkeypatch, tmp_path):
    folder = tmp_path / "package" / "static"
    folder.mkdir(parents=True)
    (folder / "page.js").write_bytes(SCRIPT.encode())
    (folder / "page.css").write_text(STYLE, "utf-8")
    monkeypatch.setattr(_page, "files", lambda package: folder.parent)
    return folder


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A front end of one line: what it does is the browser tests' concern."""
    folder = tmp_path_factory.mktemp("package") / "static"
    folder.mkdir()
    for name in ("server.js", "server.css", "page.js", "page.css"):
        (folder / name).write_text("/* nothing */")
    monkeypatch.setattr(_page, "files", lambda package: folder.parent)


@pytest.fixture
def client(front: None, root: Path) -> Iterator[Client]:
    record(root)
    with serving(root) as client:
        yield client

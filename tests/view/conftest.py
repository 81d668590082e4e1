"""A front end of one line, for what does not depend on the real one."""

import pytest

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

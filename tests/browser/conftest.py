"""Opens whatever `ut.show` takes."""

from __future__ import annotations

from typing import Any

import pytest

import undertow as ut

from .workbench import Workbench


@pytest.fixture
def workbench(open_page: Any) -> Any:
    def opened(data: Any, *, renderer: str = "", page: dict[str, Any] | None = None, **options: Any) -> Workbench:
        options = {"viewport": {"width": 1200, "height": 760}, **options}
        tab = open_page(ut.show(data, open=False, **(page or {})).html, **options)
        if renderer:
            tab.goto(f"{tab.url}#renderer={renderer}")
            tab.reload()
        return Workbench(tab)

    return opened

"""Frames and findings as a page: one file, a notebook's cell, a browser's tab, or live over a folder of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ViewError
from ._colours import colouring
from ._page import render
from ._view import View, has_kernel

if TYPE_CHECKING:
    from ._server import Server

__all__ = ["View", "colouring", "has_kernel", "render", "server", "serving"]


def server(
    root: Path, host: str = "127.0.0.1", port: int = 0, engine: str | None = None, master: str | None = None
) -> Server:
    """A live workbench over a folder of runs, which listens but does not answer before `run`; see `Server`.

    Args:
        root: The folder; it need not hold a run yet. Nothing in it is ever written.
        host: The address to listen on.
        port: Its port; 0 takes a free one.
        engine: "duckdb" or "spark", where the runs are too many to be read: a page then sees what it answers about the
            sealed segments.
        master: The cluster, for "spark".

    Raises:
        QueryError: If there is no such engine, or no cluster is named.
        ViewError: If Starlette or uvicorn is missing, there is no such folder, or the address is taken.
        BundleMissingError: If the front end was not built into the package.
    """
    try:
        from ._server import Server
    except ModuleNotFoundError as error:
        raise ViewError(f"the live server needs {error.name}: pip install 'undertow[server]'") from error
    return Server(root, host, port, engine=engine, master=master)


def serving(
    application: Callable[[str], Any], host: str, port: int, started: Callable[[str], object] = lambda url: None
) -> None:
    """Answers with an ASGI application behind the guard, until a signal tells it to stop; see `_serving.serving`.

    Args:
        application: Makes the application for a token, which every request must show.
        host: The address to listen on.
        port: Its port; 0 takes a free one.
        started: Called with the address once it answers.

    Raises:
        ViewError: If Starlette or uvicorn is missing, or the address is taken.
    """
    try:
        from ._serving import serving as answering
    except ModuleNotFoundError as error:
        raise ViewError(f"the server needs {error.name}: pip install 'undertow[server]'") from error
    answering(application, host, port, started)

"""HiPlot's server: a page that asks for a URI, and shows what the fetchers make of it. Needs `undertow[server]`."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Callable, Sequence
from typing import Any

from .._show import show
from ..errors import UndertowError, ViewError
from ..view import serving
from .fetchers import ExperimentFetcher, load_xp_with_fetchers

__all__ = ["FORM", "pages", "run_server"]

FORM = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Undertow: show an experiment</title>
<link rel="icon" href="data:,">
</head>
<body>
<main>
<h1>Show an experiment</h1>
<form method="get" action="/">
<input type="hidden" name="token" value="{token}">
<p><label for="uri">URIs, a line each: a file's path, <code>json://…</code>, <code>multi://…</code>, or what your
fetcher takes</label></p>
<p><textarea id="uri" name="uri" rows="5" cols="80" required autofocus>{uri}</textarea></p>
<p><button>Show</button></p>
<p role="alert">{problem}</p>
</form>
</main>
</body>
</html>
"""
#: The form has no script and no style; what is shown brings a policy of its own, narrower than any header's.
_FORM_POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_PAGE_POLICY = "frame-ancestors 'none'"


def pages(fetchers: Sequence[ExperimentFetcher], token: str) -> Callable[[str], tuple[int, str, str]]:
    """Returns what answers a URI: a function to the status, the page, and the policy that goes with it."""

    def answer(uri: str) -> tuple[int, str, str]:
        status, problem = 200, ""
        if uri.strip():
            try:
                experiment = load_xp_with_fetchers(fetchers, uri).validate()
                return 200, show(experiment, open=False, title=" · ".join(uri.split("\n"))[:200]).html, _PAGE_POLICY
            except UndertowError as error:
                status, problem = 400, str(error)
            except Exception as error:  # a fetcher of the user's
                status, problem = 500, f"{type(error).__name__}: {error}"
        said = {"token": token, "uri": uri, "problem": problem}
        return status, FORM.format(**{name: html.escape(text) for name, text in said.items()}), _FORM_POLICY

    return answer


def run_server(
    fetchers: Sequence[ExperimentFetcher],
    host: str = "127.0.0.1",
    port: int = 5005,
    debug: bool = False,
    started: Callable[[str], object] = lambda url: print(f"Undertow shows experiments at {url}", flush=True),
) -> None:
    """Answers until it is stopped. Whoever has the address, which ends in a secret, can read what the fetchers can.

    Args:
        fetchers: What makes experiments of URIs.
        host: The address to listen on.
        port: Its port; 0 takes a free one.
        debug: Taken for HiPlot's sake.
        started: Called with the address.

    Raises:
        ViewError: If Starlette or uvicorn is missing, or the address is taken.
    """
    try:
        from starlette.applications import Starlette
        from starlette.requests import Request
        from starlette.responses import HTMLResponse
        from starlette.routing import Route
    except ModuleNotFoundError as error:
        raise ViewError(f"the server needs {error.name}: pip install 'undertow[server]'") from error

    def application(token: str) -> Any:
        answer = pages(fetchers, token)

        def page(request: Request) -> HTMLResponse:
            status, text, policy = answer(request.query_params.get("uri", ""))
            return HTMLResponse(text, status, {"content-security-policy": policy})

        return Starlette(routes=[Route("/", page)])

    with contextlib.suppress(KeyboardInterrupt):
        serving(application, host, port, started)

"""The live workbench over a folder of runs: `undertow serve`. Needs the extra `undertow[server]`."""

from __future__ import annotations

import html
import json
import logging
import math
import secrets
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import anyio
import uvicorn
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ..errors import CancelledError, QueryError, ViewError
from ..query import Ticket
from ._ask import answer
from ._guard import Guard
from ._live import Live, Snapshot
from ._page import bundle
from ._sealed import Sealed
from ._serving import address, config, listen
from ._wire import MOST_CELLS, whole

__all__ = ["Server", "application"]

#: Seconds between two looks at the folder while somebody watches, and while nobody does.
_LOOK, _IDLE = 0.2, 2.0
#: Seconds that a question counts as watching.
_ATTENTION = 10.0
#: A look may take this share of the time, however many runs there are.
_SHARE = 0.2
#: Seconds after which a silent stream says that it is still there, so that a dead one is found out.
_PULSE = 15.0
#: Questions that are answered at a time, and that may wait.
_AT_ONCE, _MOST_WAITING = 2, 256

_TYPES = {"server.js": "text/javascript; charset=utf-8", "server.css": "text/css; charset=utf-8"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/server.css">
</head>
<body>
<div id="undertow"></div>
<noscript>This page draws its plot with JavaScript, which is switched off here.</noscript>
<script src="/static/server.js"></script>
</body>
</html>
"""


_Made = TypeVar("_Made")


class Watch:
    """Looks at the folder again and again, and wakes those who wait for news."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.closing = False
        self._watchers = 0
        self._asked = -math.inf
        self._news = anyio.Event()

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            start = anyio.current_time()
            if await run_sync(self.live.look):
                self.wake()
            took = anyio.current_time() - start
            watched = self._watched
            with anyio.move_on_after(max(_LOOK if watched else _IDLE, took / _SHARE)):
                if watched:
                    await anyio.sleep_forever()
                # Whoever begins to watch ends the long pause.
                await self._news.wait()

    @property
    def _watched(self) -> bool:
        return self._watchers > 0 or anyio.current_time() - self._asked < _ATTENTION

    def asked(self) -> None:
        """Somebody asked: for a while the folder is looked at often, as they may ask again."""
        watched = self._watched
        self._asked = anyio.current_time()
        if not watched:
            self.wake()

    def wake(self) -> None:
        """Wakes everybody who waits."""
        self._news.set()
        self._news = anyio.Event()

    async def changes(self) -> AsyncIterator[bytes]:
        """The run list as server-sent events: first all of it, then what changed since, however slow the reader."""
        seen: dict[str, dict[str, Any]] | None = None
        self._watchers += 1
        try:
            self.wake()
            while not self.closing:
                news = self._news
                now = self.live.entries()
                known = seen or {}
                changed = [entry for name, entry in now.items() if known.get(name) != entry]
                gone = [name for name in known if name not in now]
                if changed or gone or seen is None:
                    yield b"data: " + json.dumps({"runs": changed, "gone": gone}).encode() + b"\n\n"
                    seen = now
                with anyio.move_on_after(_PULSE) as pause:
                    await news.wait()
                if pause.cancelled_caught:
                    yield b": still here\n\n"
        finally:
            self._watchers -= 1


def application(live: Live, token: str, host: str, port: int, most_cells: int = MOST_CELLS) -> tuple[Guard, Watch]:
    """The ASGI application, and what looks after its folder.

    Args:
        live: The folder.
        token: What requests must show.
        host: The address that the server listens on.
        port: Its port.
        most_cells: Frames of more values are asked rather than sent.
    """
    watch = Watch(live)
    limiter = anyio.CapacityLimiter(_AT_ONCE)
    title = live.root.resolve().name or "Undertow"
    making = threading.Lock()

    def packed(runs: list[str] | None, have: str | None) -> bytes | None:
        snapshot = live.snapshot(live.latest() if runs is None else runs)
        if snapshot.version == have:
            return None
        base = None if have is None else live.known(have)
        name = "whole" if base is None else f"from {base.version}"
        return _made(snapshot, making, name, lambda: whole(snapshot, title, most_cells, base))

    async def page(_: Request) -> Response:
        return Response(_PAGE.format(title=html.escape(f"{title} · Undertow")), media_type="text/html")

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _TYPES:
            return _error(404, "there is no such file")
        return Response(bundle(name), media_type=_TYPES[name], headers={"cache-control": "no-cache"})

    async def runs(_: Request) -> Response:
        watch.asked()
        return JSONResponse({"runs": list(live.entries().values())})

    async def events(_: Request) -> Response:
        return StreamingResponse(watch.changes(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def frames(request: Request) -> Response:
        watch.asked()
        body = await _json(request)
        wanted, have = body.get("runs"), body.get("have")
        if not (wanted is None or (isinstance(wanted, list) and all(isinstance(name, str) for name in wanted))):
            return _error(400, "`runs` is a list of ids, or null for the newest")
        if limiter.statistics().tasks_waiting >= _MOST_WAITING:
            return _error(503, "too many pages ask at once; try again")
        data = await run_sync(packed, wanted, have if isinstance(have, str) else None, limiter=limiter)
        if data is None:
            return Response(status_code=204)
        return Response(data, media_type="application/octet-stream")

    async def ask(request: Request) -> Response:
        watch.asked()
        body = await _json(request)
        snapshot = live.known(str(body.get("snapshot")))
        frame = next((each for each in snapshot.frames if each.lens == body.get("lens")), None) if snapshot else None
        if snapshot is None or frame is None:
            return _error(410, "these data have moved on")
        if limiter.statistics().tasks_waiting >= _MOST_WAITING:
            return _error(503, "too many pages ask at once; try again")
        lens = frame.lens

        def work(ticket: Ticket) -> bytes:
            ticket.check()
            engine = _made(snapshot, making, f"engine of {lens}", lambda: live.engine(snapshot, frame))
            return answer(engine, str(body.get("question")), body.get("query"), ticket)

        return await _while_wanted(request, work, limiter, live.most_seconds)

    async def refused(_: Request, error: Exception) -> Response:
        return _error(400, str(error))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            await run_sync(live.look)
            tasks.start_soon(watch.run)
            yield
            tasks.cancel_scope.cancel()
        live.close()

    routes = [
        Route("/", page),
        Route("/static/{name}", static),
        Route("/api/runs", runs),
        Route("/api/events", events),
        Route("/api/frames", frames, methods=["POST"]),
        Route("/api/ask", ask, methods=["POST"]),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={_BadRequestError: refused})
    return Guard(app, token, host, port), watch


class Server:
    """Listens as soon as it is made, answers as soon as it runs.

    Args:
        root: The folder of runs.
        host: The address to listen on.
        port: Its port; 0 takes a free one.
        most_cells: Frames of more values are asked rather than sent.
        engine: "duckdb" or "spark": answers about the sealed segments, of which no row is read here. None reads the
            runs along.
        master: The cluster, for "spark".

    Raises:
        ViewError: If there is no such folder, or the address is taken.
        QueryError: If there is no such engine, or no cluster is named.
        BundleMissingError: If the front end was not built into the package.
    """

    def __init__(
        self,
        root: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        most_cells: int = MOST_CELLS,
        engine: str | None = None,
        master: Any = None,
    ) -> None:
        if not root.is_dir():
            raise ViewError(f"{root} is not a folder")
        for name in _TYPES:
            bundle(name)
        live = Live(root) if engine is None and master is None else Sealed(root, engine or "duckdb", master)
        self._socket = listen(host, port)
        self.token = secrets.token_urlsafe(24)
        self.port = int(self._socket.getsockname()[1])
        app, watch = application(live, self.token, host, self.port, most_cells)
        self._server = _Stopping(config(app), watch)
        self.url = address(host, self.port, self.token)

    def run(self, started: Callable[[], object] = lambda: None) -> None:
        """Answers until it is told to stop, by `stop` or a signal; calls `started` once it does."""
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._server.started_hook = started
        self._server.run(sockets=[self._socket])
        self._socket.close()

    def stop(self) -> None:
        """Makes `run` return. May be called from any thread."""
        self._server.stop()


class _Stopping(uvicorn.Server):
    """Ends the streams before it waits for the connections to end."""

    def __init__(self, config: uvicorn.Config, watch: Watch) -> None:
        super().__init__(config)
        self.started_hook: Callable[[], object] = lambda: None
        self._watch = watch

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stops on SIGINT and SIGTERM, once, and is then done: uvicorn's own would raise them anew at the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        caught = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, lambda *_: self.stop()) for each in caught}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_hook()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._watch.closing = True
        self._watch.wake()
        await super().shutdown(sockets)

    def stop(self) -> None:
        """Ends what waits at once on a second call."""
        self.force_exit = self.should_exit
        self.should_exit = True


class _BadRequestError(Exception):
    pass


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError, ClientDisconnect) as error:
        raise _BadRequestError(f"the request is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise _BadRequestError("the request is not a JSON object")
    return body


async def _while_wanted(
    request: Request, work: Callable[[Ticket], bytes], limiter: anyio.CapacityLimiter, most_seconds: float
) -> Response:
    """Does work in a thread until it is done, whoever asked has hung up, or it has taken too long."""
    ticket = Ticket()

    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        ticket.cancel()

    async def too_long() -> None:
        await anyio.sleep(most_seconds)
        ticket.cancel()

    response = _error(503, f"the answer would take more than {most_seconds:.0f} s")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hung_up)
        tasks.start_soon(too_long)
        try:
            data = await run_sync(work, ticket, limiter=limiter)
            response = Response(data, media_type="application/octet-stream")
        except CancelledError:
            pass
        except QueryError as error:
            response = _error(400, str(error))
        tasks.cancel_scope.cancel()
    return response


def _made(snapshot: Snapshot, making: threading.Lock, name: str, make: Callable[[], _Made]) -> _Made:
    """What is made of a snapshot once, for all pages that ask for it."""
    with making:
        lock = snapshot.made.setdefault((name, "lock"), threading.Lock())
    with lock:
        if name not in snapshot.made:
            snapshot.made[name] = make()
        return cast("_Made", snapshot.made[name])


def _error(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)

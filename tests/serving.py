"""A server in a thread, and a client that sends what it is told to, byte by byte."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import undertow as ut
from undertow.view._server import Server


class Client:
    """Asks one server. Every answer is (status, headers, body)."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def ask(
        self, path: str, body: Any = None, *, token: str | None = "", method: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """`headers` by name with `_` for `-`; a token of "" is the right one, None none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=90)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent.setdefault("authorization", f"Bearer {token or self.server.token}")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.putrequest(method or ("GET" if data is None else "POST"), path, skip_host="Host" in sent)
            for name, value in sent.items():
                connection.putheader(name, value)
            if data is not None and "content-length" not in sent:
                connection.putheader("content-length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def frames(self, runs: list[str] | None = None, have: str | None = None) -> dict[str, Any] | None:
        """The header of the frames; None where there is nothing new."""
        status, _, body = self.ask("/api/frames", {"runs": runs, "have": have})
        assert status in {200, 204}, body
        return header_of(body) if body else None

    def runs(self) -> dict[str, dict[str, Any]]:
        status, _, body = self.ask("/api/runs")
        assert status == 200
        return {run["id"]: run for run in json.loads(body)["runs"]}


def header_of(body: bytes) -> dict[str, Any]:
    return json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])


@contextmanager
def serving(root: Path, **options: Any) -> Iterator[Client]:
    server = Server(root, **options)
    up = threading.Event()
    thread = threading.Thread(target=server.run, args=(up.set,), daemon=True)
    thread.start()
    assert up.wait(10), "the server does not start"
    try:
        yield Client(server)
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive(), "the server does not stop"


def record(root: Path, rows: int = 5, **options: Any) -> Path:
    with ut.Run(root, **{"name": "mlp", **options}) as run:
        for epoch in range(rows):
            run.log(step=epoch, epoch=epoch, loss=1 / (epoch + 1))
    return Path(run.path)


def until(holds: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False

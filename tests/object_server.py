"""A server that speaks as much of S3 as Undertow asks, with faults on demand.

moto's weighs 105 MB with what it needs and conflicts with other pins. Where one runs, or any other S3, these tests run
against it too: `UNDERTOW_TEST_S3=http://127.0.0.1:5000` (those of faults apart); the bucket `undertow-test` must exist.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "undertow-test"
_PAGE = 3


class ObjectServer(ThreadingHTTPServer):
    """Listens on loopback.

    Attributes:
        objects: Content by key.
        requests: Method and key, as they came.
        fail: Asked for each request: a status to answer with; "lost" to do it and hang up; seconds to wait first.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.fail: Any = lambda method, key: None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: ObjectServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        _, bucket, *rest = unquote(parts.path).split("/", 2)
        key = rest[0] if rest else ""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.requests.append((self.command, key))
        fault = self.server.fail(self.command, key)
        if isinstance(fault, float):
            time.sleep(fault)
        elif isinstance(fault, int):
            return self._error(fault, "InternalError")
        if bucket != BUCKET:
            return self._error(404, "NoSuchBucket")
        if self.command == "PUT":
            with self.server.lock:
                if self.headers.get("if-none-match") == "*" and key in self.server.objects:
                    return self._error(412, "PreconditionFailed")
                self.server.objects[key] = body
            if fault == "lost":
                self.close_connection = True
                return None
            return self._answer(200, b"", etag=_tag(body))
        if not key:
            return self._list({name: values[0] for name, values in parse_qs(parts.query).items()})
        content = self.server.objects.get(key)
        if content is None:
            return self._error(404, "NoSuchKey")
        return self._answer(200, content, etag=_tag(content))

    do_GET = do_PUT = do_HEAD = _serve  # noqa: N815

    def _list(self, query: dict[str, str]) -> None:
        start = query.get("continuation-token", "")
        keys = sorted(k for k in self.server.objects if k.startswith(query.get("prefix", "")) and k > start)
        page, more = keys[:_PAGE], len(keys) > _PAGE
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(_tag(self.server.objects[key]))}</ETag><Size>{len(self.server.objects[key])}</Size></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        text = f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}</ListBucketResult>"
        self._answer(200, text.encode())

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes, etag: str | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if etag is not None:
            self.send_header("etag", etag)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _tag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


@contextmanager
def object_server() -> Iterator[ObjectServer]:
    server = ObjectServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

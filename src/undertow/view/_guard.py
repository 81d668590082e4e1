"""What stands before the server: who may ask, how much, and what a browser may do with the answers."""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

__all__ = ["POLICY", "Guard"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Bytes of a request's body. Filters with thousands of categories stay far below.
MOST_BYTES = 1 << 20

#: Scripts and styles come from here alone, workers too; nothing is evaluated, framed or sent elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),  # the address has the token in it
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]


class Guard:
    """Lets through what comes from a page of this server, or from someone who has its token.

    A web page elsewhere can make the browser send requests here. A name that it lets point at this machine (DNS
    rebinding) shows in `Host`, its own address in `Origin`, and it does not know the token.

    Args:
        app: What is guarded.
        token: What every request must show, but those for `public` paths.
        host: The address that the server listens on.
        port: Its port.
        public: The beginning of paths that need no token; nothing of the user's may be below it.
    """

    def __init__(self, app: App, token: str, host: str, port: int, public: str = "/static/") -> None:
        self._app = app
        self._token = token.encode()
        self._port = port
        self._public = public
        self._names = {"localhost", "127.0.0.1", "::1", host.lower()}
        self._anywhere = host in {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with an error, or lets the application answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                # An answer with a policy of its own knows better: a page that we made has the hashes of its scripts.
                said = {name.lower() for name, _ in headers}
                usual = [(b"cache-control", b"no-store"), *_HEADERS]
                message = {**message, "headers": [*headers, *(each for each in usual if each[0] not in said)]}
            await send(message)

        headers = {name.lower(): value for name, value in scope["headers"]}
        problem = self._problem(scope, headers)
        if problem is not None:
            await _refuse(sealed, *problem)
            return
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MOST_BYTES:
                raise _TooLargeError
            return message

        async def unless_too_large(message: Message) -> None:
            if seen <= MOST_BYTES:
                await sealed(message)

        try:
            await self._app(scope, bounded, unless_too_large)
        except _TooLargeError:
            # Nothing was sent yet: no answer begins before the body is read.
            await _refuse(sealed, 413, "the request is too large")

    def _problem(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if not self._is_here(host):
            return 421, "this server does not go by that name"
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower() != f"http://{host}":
            return 403, "requests from other sites are not answered"
        if headers.get(b"sec-fetch-site", b"none") not in {b"none", b"same-origin"}:
            return 403, "requests from other sites are not answered"
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return 413, "the request is too large"
        if scope["path"].startswith(self._public):
            return None
        shown = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not shown:
            shown = parse_qs(scope.get("query_string", b""), max_num_fields=100).get(b"token", [b""])[0]
        if not secrets.compare_digest(shown, self._token):
            return 403, "the token is missing or wrong: open the address that `undertow serve` printed"
        return None

    def _is_here(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        if not port.isdigit() or int(port) != self._port:
            # A browser leaves out http's own port.
            if self._port != 80:
                return False
            name = host
        name = name.removeprefix("[").removesuffix("]")
        return name in self._names or (self._anywhere and _is_address(name))


class _TooLargeError(Exception):
    pass


def _is_address(name: str) -> bool:
    """Whether this is an IP address: no name service has a say in what it means."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(send: Send, status: int, why: str) -> None:
    body = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

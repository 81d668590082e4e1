"""What every server of ours does alike: it listens, has a token in its address, and answers behind the guard."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

import uvicorn

from ..errors import ViewError
from ._guard import App, Guard

__all__ = ["address", "config", "listen", "serving"]


def serving(
    application: Callable[[str], App], host: str, port: int, started: Callable[[str], object] = lambda url: None
) -> None:
    """Answers until a signal tells it to stop.

    Args:
        application: Makes the ASGI application for a token; every request shows it, or never gets there.
        host: The address to listen on.
        port: Its port; 0 takes a free one.
        started: Called with the address once it answers.

    Raises:
        ViewError: If the address is taken.
    """
    bound = listen(host, port)
    with bound:
        token, taken = secrets.token_urlsafe(24), int(bound.getsockname()[1])

        class Told(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                started(address(host, taken, token))

        Told(config(Guard(application(token), token, host, taken))).run(sockets=[bound])


def listen(host: str, port: int) -> socket.socket:
    """Binds an address.

    Raises:
        ViewError: If it is taken, or is none.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise ViewError(f"cannot listen on {host}:{port}: {error}") from error
    return bound


def address(host: str, port: int, token: str) -> str:
    """What a person on this machine opens."""
    shown = "127.0.0.1" if host in {"0.0.0.0", ""} else "[::1]" if host == "::" else host  # noqa: S104 - compared
    return f"http://{f'[{shown}]' if ':' in shown and shown[0] != '[' else shown}:{port}/?token={token}"


def config(app: App) -> uvicorn.Config:
    """How uvicorn runs an application of ours: it says nothing of itself, nor of who asked for what."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=2048,
    )

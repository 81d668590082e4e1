"""Object storage: one place in a bucket, and what may go wrong there as errors of ours."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from ..errors import StoreError

__all__ = ["Bucket", "Entry", "cache_folder", "is_remote"]

_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(?:/[A-Za-z0-9_=-][A-Za-z0-9_.=-]*)*)/?"
)

#: What a run's folder holds and others may read: no other name is ever taken from a bucket, so that none leads out of
#: the folder it is to lie in.
_OURS = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)?"
    r"(?:run\.json|params(?:-[\w-]+)?\.parquet|(?:steps|layers)/[\w-]+\.parquet|ranks/[\w-]+\.json)",
    re.ASCII,
)

#: Until something answers at all; and for one request, which may carry a segment of some 30 MB over a slow line.
_CONNECT_SECONDS = 5
_REQUEST_SECONDS = 120

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Entry:
    """An object, as a listing tells of it.

    Attributes:
        path: Below the bucket's place, with slashes.
        size: In bytes.
        tag: Changes with the content.
    """

    path: str
    size: int
    tag: str


def is_remote(path: object) -> bool:
    """Whether a path names a place on object storage."""
    return isinstance(path, str) and path.startswith("s3://")


def cache_folder(kind: str) -> Path:
    """Where this machine keeps its own side of what lies on object storage: `UNDERTOW_CACHE`, or the user's cache."""
    given = os.environ.get("UNDERTOW_CACHE")
    if given:
        return Path(given) / kind
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "undertow" / kind
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "undertow" / kind


class Bucket:
    """A place in a bucket. Credentials, region and endpoint are those of the environment, `AWS_…`.

    No method tries again: whoever calls knows how long it may take.

    Args:
        url: `s3://BUCKET/PREFIX`.
        seconds: How long one request may take.

    Attributes:
        url: As given, without a slash at its end.
        place: The same as a relative path, for the cache.

    Raises:
        StoreError: If it is no such address, or obstore is missing.
    """

    def __init__(self, url: str, seconds: float = _REQUEST_SECONDS) -> None:
        match = _URL.fullmatch(url)
        if match is None:
            raise StoreError(f"{url!r} is no place on object storage: s3://BUCKET/PREFIX, of A-Z a-z 0-9 _ - = .")
        self.url = url.rstrip("/")
        self.place = Path(match["bucket"] + match["prefix"])
        try:
            import obstore
            from obstore.exceptions import BaseError
        except ModuleNotFoundError as error:
            raise StoreError(f"{url} needs obstore: pip install 'undertow[s3]'") from error
        self._obstore: Any = obstore
        self._errors: tuple[type[Exception], ...] = (BaseError, OSError)
        self._store: Any = self._ask(
            "opened",
            lambda: obstore.store.from_url(
                self.url,
                client_options={
                    "connect_timeout": timedelta(seconds=min(_CONNECT_SECONDS, seconds)),
                    "timeout": timedelta(seconds=seconds),
                    # Whoever writes the scheme into the address asks for it, as a server in the next room does.
                    "allow_http": _endpoint().startswith("http://"),
                },
                retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=seconds)},
            ),
        )

    def list(self) -> Iterator[Entry]:
        """The objects here that belong to runs.

        Raises:
            StoreError: If they cannot be listed.
        """
        for batch in self._ask("listed", lambda: list(self._obstore.list(self._store))):
            for meta in batch:
                if _OURS.fullmatch(meta["path"]):
                    stamp = meta["e_tag"] or f"{meta['last_modified'].timestamp()} {meta['size']}"
                    yield Entry(meta["path"], meta["size"], stamp)

    def get(self, path: str) -> bytes | None:
        """An object's content; None where there is none.

        Raises:
            StoreError: If it cannot be read.
        """
        try:
            return self._ask(f"read at {path}", lambda: bytes(self._obstore.get(self._store, path).bytes()))
        except StoreError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def replace(self, path: str, content: bytes) -> None:
        """Put an object in place of what is there, whole, by one request.

        Raises:
            StoreError: If it cannot be written, or nobody knows whether it was.
        """
        self._ask(
            f"written at {path}",
            lambda: self._obstore.put(self._store, path, content, mode="overwrite", use_multipart=False),
        )

    def create(self, path: str, content: bytes) -> None:
        """Put an object where there is none, whole, by one request; where there is the same already, that is fine.

        Raises:
            StoreError: If it cannot be written, nobody knows whether it was, or another one is there.
        """
        from obstore.exceptions import AlreadyExistsError

        try:
            self._ask(
                f"written at {path}",
                lambda: self._obstore.put(self._store, path, content, mode="create", use_multipart=False),
            )
        except StoreError as error:
            # An answer that was lost on its way: the try before this one has written it.
            if not isinstance(error.__cause__, AlreadyExistsError) or self.get(path) != content:
                raise

    def _ask(self, done: str, question: Callable[[], _Answer]) -> _Answer:
        try:
            return question()
        except self._errors as error:
            raise StoreError(f"{self.url} cannot be {done}: {_reason(error)}") from error


def _endpoint() -> str:
    return next((value for name in _ENDPOINTS if (value := os.environ.get(name))), "")


def _reason(error: Exception) -> str:
    """What went wrong, in a line: the library prints its whole inner life below the first."""
    text = " ".join(str(error).split("Debug source:")[0].split())
    # Where it knows none, it asks for those that Amazon's own machines get at this path.
    if "/latest/api/token" in text or "/latest/meta-data/" in text:
        return (
            "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_ENDPOINT_URL for a"
            f" service other than Amazon's) [{text[:200]}]"
        )
    return text[:400] or type(error).__name__

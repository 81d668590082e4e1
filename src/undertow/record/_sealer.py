"""Seals tails beside the writer: compressing 64 MB takes a second, for which rows must not wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..store._append import seal
from ..store._tail import TailFile

__all__ = ["Sealer"]


class Sealer:
    """Turns tails into segments, one after another, in a thread that lives while there is work.

    Args:
        on_trouble: Called with a number of lost rows and a reason. Where a segment cannot be written no row is lost:
            the tail stays.
    """

    def __init__(self, on_trouble: Callable[[int, str], None]) -> None:
        self._on_trouble = on_trouble
        self._lock = threading.Lock()
        self._waiting: list[TailFile] = []
        self._failed: list[TailFile] = []
        self._thread: threading.Thread | None = None

    def add(self, tails: Sequence[TailFile]) -> None:
        """Seal these soon."""
        with self._lock:
            self._waiting += tails
        self._start()

    def retry(self, wait: bool = False) -> None:
        """Try again what could not be sealed.

        Args:
            wait: Whether to return only when all is done.
        """
        thread = self._thread
        if wait and thread is not None:
            thread.join()
        with self._lock:
            self._waiting, self._failed = self._failed + self._waiting, []
        if wait:
            self._work()
        else:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if not self._waiting or self._thread is not None:
                return
            self._thread = threading.Thread(target=self._work, name="undertow-seal", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                # The interpreter is shutting down, or there are no more threads: `retry(wait=True)` does it.
                self._thread = None

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                tail = self._waiting.pop(0)
            try:
                missing = seal(tail)
                if missing:
                    self._on_trouble(missing, f"{tail.path.name} was damaged by others")
            except Exception as error:
                self._failed.append(tail)
                self._on_trouble(0, f"{tail.path.name} could not be sealed, its rows stay in it: {error}")

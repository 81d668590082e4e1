"""Hooks that never reach a training: what fails in them is told once, and a saved or copied model is without them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

__all__ = ["Hook"]


class Hook:
    """A hook whose exceptions go to `fail`.

    Modules pickle and copy their hooks along with themselves. A copy of this one is `nullcontext().__exit__`, which
    takes what a forward hook takes, does nothing, and loads where Undertow is not installed.

    Args:
        function: The hook.
        fail: Takes an exception.
    """

    def __init__(self, function: Callable[..., Any], fail: Callable[[Exception], None]) -> None:
        self._function, self._fail = function, fail
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any) -> Any:
        try:
            return self._function(*args)
        except Exception as error:
            self._fail(error)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (contextlib.nullcontext(), "__exit__")

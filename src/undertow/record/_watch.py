"""Finds what can watch a model, without a list of libraries: recording knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["find_alerts", "find_watch"]


def find_alerts() -> Callable[..., Any]:
    """What asks the rules while a training runs. By name and when asked for: rules are no business of recording."""
    return import_module(f"{__package__.partition('.')[0]}._alerts").Alerts  # type: ignore[no-any-return]


def find_watch(model: Any) -> Callable[..., Any]:
    """The `watch` of the integration that is called like the library which a class of the model stems from.

    By name and at the moment of need, since imports point from the integrations to `record`, and since to import one
    is to import its library: the model's own class shows that this has happened already.

    Raises:
        TypeError: If there is none.
    """
    libraries = dict.fromkeys(base.__module__.partition(".")[0] for base in type(model).__mro__)
    for library in libraries:
        name = f"{__package__.partition('.')[0]}.integrations.{library}"
        if not library.startswith("_") and find_spec(name) is not None:
            watch = getattr(import_module(name), "watch", None)
            if watch is not None:
                return watch  # type: ignore[no-any-return]
    raise TypeError(f"nothing here can watch a {type(model).__name__}; see the integrations for a recorder of its kind")

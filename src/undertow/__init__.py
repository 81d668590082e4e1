"""Undertow: see the current that trains your network.

import undertow as ut

ut.show(model.fit(x, y, epochs=18))                       # a Keras History, rows, columns, any DataFrame

with ut.Run("runs", name="mlp") as run:                   # records backpropagation, layer by layer
    model.fit(x, y, callbacks=[ut.keras.Recorder(run)])
ut.show(ut.load("runs"), lens="flow")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._load import load
    from ._show import show
    from .diagnose import Finding, Rule
    from .errors import (
        BundleMissingError,
        CancelledError,
        CorruptFileError,
        NameClashError,
        NotARunError,
        QueryError,
        RecordingError,
        RunClosedError,
        ShapeError,
        SourceError,
        StoreError,
        TrainingStoppedError,
        UndertowError,
        ValueTypeError,
        ViewError,
    )
    from .frame import Frame
    from .integrations import keras, lightning, optax, transformers
    from .record import Run
    from .store import Recording
    from .view import View

__all__ = [
    "BundleMissingError",
    "CancelledError",
    "CorruptFileError",
    "Finding",
    "Frame",
    "NameClashError",
    "NotARunError",
    "QueryError",
    "Recording",
    "RecordingError",
    "Run",
    "RunClosedError",
    "ShapeError",
    "SourceError",
    "StoreError",
    "TrainingStoppedError",
    "UndertowError",
    "ValueTypeError",
    "View",
    "ViewError",
    "__version__",
    "diagnose",
    "keras",
    "lightning",
    "load",
    "optax",
    "show",
    "transformers",
]

#: Where each lazy name lives. A module without a name in it is the module itself.
_HOMES = {
    "Finding": "diagnose",
    "Frame": "frame",
    "Recording": "store",
    "Run": "record",
    "View": "view",
    "keras": "integrations.keras",
    "lightning": "integrations.lightning",
    "load": "_load",
    "optax": "integrations.optax",
    "show": "_show",
    "transformers": "integrations.transformers",
}


# The first import of the package `undertow.diagnose` binds it to that name here; let it happen before the function
# takes the name for good.
import_module(".diagnose", __name__)


def diagnose(data: Any, rules: Iterable[str | Rule] | None = None) -> list[Finding]:
    """Returns what the rules find in the data, the gravest first; empty where nothing is amiss.

    Args:
        data: Whatever `show` takes, where it counts epochs or steps.
        rules: The rules to ask, by name or as functions; all where None. See docs/findings.md.

    Raises:
        SourceError: If the data cannot be read.
        StoreError: If a run folder cannot be read.
        ValueError: If there is no such rule.
    """
    from ._show import findings_of

    return findings_of(data, rules)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f".{_HOMES.get(name, 'errors')}", __name__)
    value = home if home.__name__.endswith(f"integrations.{name}") else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

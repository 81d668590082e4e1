"""The metrics of a run: their names, checked once, and their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import NameClashError, ValueTypeError
from ..schema import KEYS
from ._rows import Shape, wider
from ._values import Kind, check_case, flatten, prepare

__all__ = ["Metrics", "check_integers", "whole"]

_RESERVED = {name.casefold(): name for name in KEYS.names}

#: A training that makes up names for ever must not fill the memory with them.
_MOST_SHAPES = 4096

#: Of these a value's type tells its kind, and no later change can reach the value.
_PLAIN = (float, int, bool, str, np.generic)


class Metrics:
    """Checks what is logged, and remembers what was checked. Not for several threads at once.

    Attributes:
        known: The shapes of what may be logged without a look at each value, by (names, types).
    """

    def __init__(self) -> None:
        self.known: dict[tuple[tuple[str, ...], tuple[type, ...]], Shape] = {}
        self._shapes: dict[tuple[Any, ...], Shape] = {}
        self._names: dict[str, str] = {}
        self._kinds: dict[str, Kind] = {}

    def check(
        self, given: Mapping[str, Any], more: Mapping[str, Any], step: Any, epoch: Any
    ) -> tuple[Shape, tuple[Any, ...], Any, Any]:
        """The shape and the values of a row, its step and its epoch, which may stand among the values.

        Raises:
            ValueTypeError: If a value is of a type that no column can hold, or of text where it was a number so far.
            NameClashError: If a name cannot be had.
        """
        values: dict[str, Any] = {}
        kinds: dict[str, Kind] = {}
        keys: dict[str, Any] = {"step": step, "epoch": epoch}
        for name, value in (*flatten(given), *flatten(more)):
            if name in keys and keys[name] is None:
                keys[name] = value
                continue
            self._check_name(name, values)
            if value is None:
                values[name] = None
                continue
            kinds[name], values[name] = prepare(name, value)
            self._check_kind(name, kinds[name])
        names = tuple(kinds)
        lazy = not all(isinstance(values[name], bool | int | float | str) for name in names)
        shape = self._shape(names, tuple(kinds.values()), lazy)
        row = tuple(values[name] for name in names)
        # Only now, so that a refused row leaves no trace.
        for name, kind in kinds.items():
            self._names[name.casefold()] = name
            self._kinds[name] = wider(self._kinds.get(name), kind)
        if not more and tuple(given) == names and all(isinstance(value, _PLAIN) for value in given.values()):
            if len(self.known) >= _MOST_SHAPES:
                self.known.clear()
            self.known[names, tuple(map(type, given.values()))] = shape
        return shape, row, keys["step"], keys["epoch"]

    def _shape(self, names: tuple[str, ...], kinds: tuple[Kind, ...], lazy: bool) -> Shape:
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        integers, texts = (tuple(i for i, kind in enumerate(kinds) if kind == wanted) for wanted in ("int", "text"))
        # Measured: a float and its place in a tuple are 32 bytes, a row's tuples, step and time 250.
        nbytes = 250 + 40 * len(names)
        return self._shapes.setdefault((names, kinds, lazy), Shape(names, kinds, integers, texts, lazy, nbytes))

    def _check_name(self, name: str, values: Mapping[str, Any]) -> None:
        if name in values:
            raise NameClashError(f"{name!r} is given twice")
        if name in self._kinds:
            return
        key = _RESERVED.get(name.casefold())
        if key is not None:
            reason = "is given twice" if name == key and key in ("step", "epoch") else f"is taken by the key {key!r}"
            raise NameClashError(f"{name!r} {reason}; every row carries {', '.join(KEYS.names)}")
        check_case(self._names, values, name)

    def _check_kind(self, name: str, kind: Kind) -> None:
        known = self._kinds.get(name)
        if known is not None and (known == "text") != (kind == "text"):
            raise ValueTypeError(f"{name} was {known} so far and is {kind} now; give it a name of its own")


def check_integers(shape: Shape, values: tuple[Any, ...]) -> None:
    """Raises ValueTypeError if an integer does not fit its column."""
    for index in shape.whole:
        if not -(2**63) <= values[index] < 2**63:
            raise ValueTypeError(f"{shape.names[index]} = {values[index]} does not fit 64 bits; log it as a float")


def whole(name: str, value: Any, limit: int) -> int:
    """A step or an epoch.

    Raises:
        ValueTypeError: If it is not a whole number from 0 up to, and without, `limit`.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or getattr(value, "shape", ()) != ():
        raise ValueTypeError(f"{name} is a whole number, not {value!r}")
    number = int(value)
    if not 0 <= number < limit:
        raise ValueTypeError(f"{name} = {number} is out of range: from 0 up to {limit - 1}")
    return number

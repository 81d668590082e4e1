"""What may be logged, told apart by type alone: no value is looked at, so that no accelerator is waited for."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import NameClashError, ValueTypeError

__all__ = ["Kind", "check_case", "flatten", "prepare", "resolve", "to_numpy"]

#: From narrow to wide: a column takes the widest kind it has met.
Kind = Literal["bool", "int", "float", "text"]

_EXACT: dict[type, Kind] = {float: "float", bool: "bool", str: "text"}


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its dotted name: `{"val": {"loss": 1.0}}` is `("val.loss", 1.0)`.

    Raises:
        ValueTypeError: If a name is not text, or is empty.
    """
    for name, value in values.items():
        if not isinstance(name, str) or not name:
            raise ValueTypeError(f"a metric's name is text, not {name!r}")
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def prepare(name: str, value: Any) -> tuple[Kind, Any]:
    """The kind of a value, and the value in a form that later changes in the training cannot reach.

    Args:
        name: For the message.
        value: A Python or NumPy number, bool or text, or a 0-d tensor of any framework.

    Returns:
        The kind; and a Python value, or a tensor that is still being computed, for `resolve`.

    Raises:
        ValueTypeError: If no column can hold it.
    """
    kind = _EXACT.get(type(value))
    if kind is not None:
        return kind, value
    if isinstance(value, np.ndarray | np.generic):
        return _from_numpy(name, value)
    if isinstance(value, numbers.Integral):
        number = int(value)
        if not -(2**63) <= number < 2**63:
            raise ValueTypeError(f"{name} = {number} does not fit 64 bits; log it as a float")
        return "int", number
    if isinstance(value, numbers.Real):
        return "float", float(value)
    if isinstance(value, str):
        return "text", str(value)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _from_tensor(name, value)
    raise ValueTypeError(
        f"{name} is a {type(value).__name__}; a metric is a number, a bool, text, or a tensor without axes"
    )


def _from_numpy(name: str, value: NDArray[Any] | np.generic) -> tuple[Kind, Any]:
    _check_shape(name, value)
    kind = _kind_of(name, value)
    number = value.item()
    if kind == "int" and not -(2**63) <= number < 2**63:
        raise ValueTypeError(f"{name} = {number} does not fit 64 bits; log it as a float")
    return kind, float(number) if kind == "float" else number


def _from_tensor(name: str, value: Any) -> tuple[Kind, Any]:
    _check_shape(name, value)
    kind = _kind_of(name, value)
    if any(base.__name__ == "Tracer" for base in type(value).__mro__):
        raise ValueTypeError(f"{name} is a traced value, which has no number yet; return it from the jitted function")
    # A variable is read now, since the next step changes it in place. No framework waits for a copy to be made.
    if hasattr(value, "assign") and not callable(getattr(value, "read_value", None)):
        value = value.value
    if callable(getattr(value, "read_value", None)):
        value = value.read_value()
    if callable(getattr(value, "detach", None)):
        value = value.detach().clone()
    return kind, value


def _check_shape(name: str, value: Any) -> None:
    shape = tuple(value.shape)
    if shape:
        raise ValueTypeError(
            f"{name} has shape {shape}; a metric is one value: log its mean, or each under its own name"
        )


def _kind_of(name: str, value: Any) -> Kind:
    dtype = str(value.dtype)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "U":
        return "text"
    if "complex" not in dtype:
        for word, kind in (("bool", "bool"), ("float", "float"), ("int", "int")):
            if word in dtype:
                return kind  # type: ignore[return-value]
    raise ValueTypeError(f"{name} is of dtype {dtype}, which no column can hold")


def resolve(value: Any) -> bool | int | float | str:
    """The Python value of what `prepare` returned; waits for a tensor to be computed. For the writer thread."""
    if isinstance(value, bool | int | float | str):
        return value
    number = to_numpy(value).item()
    return number if isinstance(number, bool | int) else float(number)


def to_numpy(value: Any) -> NDArray[Any]:
    """Any framework's tensor as a NumPy array; waits until it is computed."""
    if callable(getattr(value, "detach", None)):
        value = value.detach().cpu()
        # NumPy has no bfloat16 or float8; float32 holds both.
        value = value.float() if "float" in str(value.dtype) and value.element_size() < 4 else value
        return np.asarray(value.numpy())
    return np.asarray(value)


def check_case(known: Mapping[str, str], given: Mapping[str, Any], name: str) -> None:
    """Compare `name` with the names so far (by their casefold) and those given in the same call.

    Raises:
        NameClashError: If one differs from it in case only: DuckDB and Spark would take the two for one column.
    """
    first = known.get(name.casefold(), name)
    if first == name:
        first = next((other for other in given if other.casefold() == name.casefold()), name)
    if first != name:
        raise NameClashError(f"{name!r} and {first!r} differ in case only; SQL engines take them for one column")

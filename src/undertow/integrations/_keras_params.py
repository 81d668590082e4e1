"""The parameters of a Keras model: their names, and their depth in forward order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras

__all__ = ["describe"]


def describe(model: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Each trainable variable with its row of `undertow.schema.PARAMS`, from the input to the output.

    The forward order is the graph's where the model has one (Sequential, functional); elsewhere it is the order in
    which the layers were made. Empty before the model is built.

    Args:
        model: A keras.Model.
    """
    wanted = {id(variable): variable for variable in model.trainable_variables}
    rows: list[tuple[Any, dict[str, Any]]] = []
    modules: set[str] = set()
    for depth, (path, variables) in enumerate(_modules(model, wanted)):
        module = _unique(path or model.name, modules)
        names: set[str] = set()
        for variable in variables:
            name = _unique(variable.path.rsplit("/", 1)[-1], names)
            row = {
                "param": f"{module}/{name}",
                "module": module,
                "depth": depth,
                "shape": [int(length) for length in variable.shape],
                "size": math.prod(int(length) for length in variable.shape),
                "dtype": str(keras.backend.standardize_dtype(variable.dtype)),
                "sharding": None,
            }
            rows.append((variable, row))
    return rows


def _modules(model: Any, wanted: dict[int, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The path of each layer that owns wanted variables, and those variables; each variable once."""
    left = dict(wanted)
    for layer in _layers(model):
        own = [left.pop(id(v)) for v in layer._trainable_variables if id(v) in left]
        if own:
            yield _module_path(model, own[0]), own
    # What no layer tracks directly comes last, by the module its path names.
    rest: dict[str, list[Any]] = {}
    for variable in left.values():
        rest.setdefault(_module_path(model, variable), []).append(variable)
    yield from rest.items()


def _layers(layer: Any) -> Iterator[Any]:
    yield layer
    for child in layer.layers if isinstance(layer, keras.Model) else layer._layers:
        yield from _layers(child)


def _module_path(model: Any, variable: Any) -> str:
    path = str(variable.path).removeprefix(f"{model.name}/")
    return path.rpartition("/")[0]


def _unique(name: str, taken: set[str]) -> str:
    """`name`, or with "~2", "~3" … where two layers bear the same."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}~{number}"
    taken.add(candidate)
    return candidate

"""The parameters of a pytree: their paths, and their depth in forward order."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["Layout", "is_measured", "layout_of"]

# What NNX wraps around each array, and Flax around all of them.
_VARIABLE = "value"
_COLLECTION = "params."


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What a state knows of its parameters beside numbers; static, so it costs a compiled step nothing.

    Attributes:
        params: A path for each, in the order of `jax.tree.leaves`.
        modules: The path of the module that owns it.
        depths: The place of that module on the way from the input to the output.
        shapes: Their shapes.
        dtypes: Their dtypes.
    """

    params: tuple[str, ...]
    modules: tuple[str, ...]
    depths: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]

    # Compared and hashed at each call of a jitted function: by identity, as a rule.
    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Layout) and self._all() == other._all())

    def __hash__(self) -> int:
        return hash(self.params)

    def _all(self) -> tuple[Any, ...]:
        return self.params, self.modules, self.depths, self.shapes, self.dtypes

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many elements each has."""
        return tuple(math.prod(shape) for shape in self.shapes)

    def rows(self) -> list[dict[str, Any]]:
        """Rows of `undertow.schema.PARAMS`."""
        columns = (self.params, self.modules, self.depths, self.shapes, self.sizes, self.dtypes)
        names = ("param", "module", "depth", "shape", "size", "dtype")
        described = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        return [{**row, "shape": list(row["shape"]), "sharding": None} for row in described]


# A static node without leaves: jit, checkpoints and transformations carry it along, and none looks into it.
jax.tree_util.register_static(Layout)


def is_measured(leaf: Any) -> bool:
    """Whether it is a real floating-point array: what has a gradient with a norm."""
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, np.floating))


def layout_of(params: Any, prefix: str = "", order: Any = None) -> Layout:
    """Describe a pytree of parameters.

    The forward order is nowhere in a pytree, so it is told by `order`; or else by the order in which a mapping got its
    keys, where that is not the sorted one that JAX gives to all that passes a jitted function; or else by the names,
    with "layer_10" after "layer_9".

    Args:
        params: Any pytree; leaves that are not real floating-point arrays are left out.
        prefix: Put before each path, with a dot.
        order: A list of the paths of modules from the input to the output, or an object with the modules as attributes.
    """
    leaves = [item for item in jax.tree_util.tree_flatten_with_path(params)[0] if is_measured(item[1])]
    paths = [tuple(_part(key) for key in path) for path, _ in leaves]
    if paths and all(len(path) > 1 and path[-1] == _VARIABLE for path in paths):
        paths = [path[:-1] for path in paths]
    names = [".".join(map(str, path)) for path in paths]
    if names and all(name.startswith(_COLLECTION) for name in names):
        names = [name.removeprefix(_COLLECTION) for name in names]
    modules = [
        name[: max(len(name) - len(str(path[-1])) - 1, 0)] if path else ""
        for name, path in zip(names, paths, strict=True)
    ]
    if isinstance(order, list | tuple):
        wanted = {str(module): index for index, module in enumerate(order)}
        places = [(wanted.get(module, len(wanted)),) for module in modules]
    else:
        places = [_place(params, order, path) for path in paths]
    first: dict[str, Any] = {}
    for module, _ in sorted(zip(modules, places, strict=True), key=lambda item: item[1]):
        first.setdefault(module, len(first))
    dot = f"{prefix}." if prefix else ""
    return Layout(
        _unique([dot + (name or "param") for name in names]),
        tuple((dot + module).rstrip(".") for module in modules),
        tuple(first[module] for module in modules),
        tuple(tuple(int(length) for length in leaf.shape) for _, leaf in leaves),
        tuple(str(leaf.dtype) for _, leaf in leaves),
    )


def _part(key: Any) -> str | int:
    for attribute in ("key", "idx", "name"):
        part = getattr(key, attribute, None)
        if part is not None:
            return part if isinstance(part, int) else str(part)
    return str(key)


def _place(node: Any, guide: Any, path: tuple[str | int, ...]) -> tuple[Any, ...]:
    """Where a leaf stands: its position among its siblings at each level."""
    place: list[Any] = []
    for part in path:
        siblings = _siblings(guide) or _siblings(node)
        by_name = (1, 0, _natural(part))
        place.append((0, siblings.index(part), ()) if part in siblings else by_name)
        node, guide = _child(node, part), _child(guide, part)
    return tuple(place)


def _siblings(node: Any) -> list[Any]:
    """The names under a node in an order that means something; none where there is no such order."""
    if isinstance(node, Mapping):
        names = list(node)
        try:
            return [] if names == sorted(names) else names
        except TypeError:
            return names
    if node is None or isinstance(node, list | tuple) or not hasattr(node, "__dict__"):
        return []
    return list(vars(node))


def _child(node: Any, part: str | int) -> Any:
    if isinstance(node, Mapping):
        return node.get(part)
    if isinstance(part, int):
        try:
            return node[part]
        except (TypeError, IndexError, KeyError):
            return None
    return getattr(node, part, None)


def _natural(part: str | int) -> tuple[Any, ...]:
    """A key by which 9 comes before 10, alone or within a name."""
    pieces = re.split(r"(\d+)", str(part))
    return tuple((0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece)


def _unique(names: list[str]) -> tuple[str, ...]:
    """The names, with "~2", "~3" … where a key with a dot makes two of them equal."""
    taken: dict[str, int] = {}
    for name in names:
        number = 1
        while (candidate := name if number == 1 else f"{name}~{number}") in taken:
            number += 1
        taken[candidate] = number
    return tuple(taken)

"""How training metrics stand beside each other: a metric and its validation, on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from ..schema import Column
from ._describe import suggest_scale

__all__ = ["is_learning_rate", "order_metrics", "pair_validation"]

_VALIDATION = "val_"


def is_learning_rate(name: str) -> bool:
    """Whether the column is a learning rate, by the names that the frameworks give it."""
    return name in {"lr", "learning_rate"} or name.endswith(("/lr", "/learning_rate"))


def order_metrics(names: Iterable[str]) -> list[str]:
    """Returns the names with the losses first, each validation after its metric, and learning rates last."""
    names = list(names)
    training = [
        name for name in names if not (name.startswith(_VALIDATION) and name.removeprefix(_VALIDATION) in names)
    ]
    training.sort(key=lambda name: (is_learning_rate(name), name.removeprefix(_VALIDATION) != "loss"))
    return [each for name in training for each in (name, _VALIDATION + name) if each in names]


def pair_validation(table: pa.Table, columns: Iterable[Column]) -> tuple[Column, ...]:
    """Gives a metric and its validation one domain and scale: the slope between the axes is the generalisation gap."""
    described = {column.name: column for column in columns}
    for name, column in list(described.items()):
        other = described.get(_VALIDATION + name)
        if other and column.kind == other.kind == "number":
            scale = suggest_scale(table[name], table[other.name])
            described[name] = replace(column, share=name, scale=scale)
            described[other.name] = replace(other, share=name, scale=scale)
    return tuple(described.values())

"""How training metrics stand beside each other: a metric and its validation, on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..schema import Column

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


def pair_validation(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Gives a metric and its validation one domain and scale: the slope between the axes is the generalisation gap."""
    described = {column.name: column for column in columns}
    for name, column in list(described.items()):
        other = described.get(_VALIDATION + name)
        if other and column.kind == other.kind == "number":
            described[name] = replace(column, share=name)
            described[other.name] = replace(other, share=name)
    return tuple(described.values())

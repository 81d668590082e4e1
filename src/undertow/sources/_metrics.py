"""How training metrics stand beside each other: a metric and its validation, on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from ..schema import Column
from ._describe import LOG_FROM, suggest_scale

__all__ = ["is_learning_rate", "order_metrics", "pair_validation"]

_VALIDATION = "val_"
#: A loss falls fast and then by small shares of what is left: where it fell to a twentieth, a linear axis shows only
#: the first epochs, and all others as one line.
LOSS_LOG_FROM = 20.0


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
    for name, column in described.items():
        if "loss" in name and column.kind == "number":
            described[name] = replace(column, scale=suggest_scale(table[name], log_from=LOSS_LOG_FROM))
    for name, column in list(described.items()):
        other = described.get(_VALIDATION + name)
        if other and column.kind == other.kind == "number":
            log_from = LOSS_LOG_FROM if "loss" in name else LOG_FROM
            scale = suggest_scale(table[name], table[other.name], log_from=log_from)
            described[name] = replace(column, share=name, scale=scale)
            described[other.name] = replace(other, share=name, scale=scale)
    return tuple(described.values())

"""A Keras `History`: what `model.fit()` returns. Keras is not imported; the object is told by its two attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._describe import describe, normalise
from ._metrics import order_metrics, pair_validation
from ._values import array_of

__all__ = ["from_histories", "from_history", "is_history"]


def is_history(data: Any) -> bool:
    """Whether the object is a History: `.history` maps names to one value an epoch, and `.epoch` lists the epochs."""
    return isinstance(getattr(data, "history", None), Mapping) and isinstance(getattr(data, "epoch", None), Sequence)


def from_history(history: Any, epoch: str = "epoch") -> Frame:
    """Returns a History as a Frame of lens "steps": one row an epoch, counted from 0 as Keras does.

    With `validation_freq=k` the validation metrics have fewer values than there are epochs; they are put at every k-th
    epoch where only one k fits their number, and else left out, which the note says.

    Args:
        history: What `model.fit()` returned.
        epoch: The name of the column that counts epochs.

    Raises:
        SourceError: If no epoch was completed.
    """
    epochs = [int(number) for number in history.epoch]
    if not epochs:
        raise SourceError("there are no rows to show: the History has no epochs")
    columns: dict[str, list[object]] = {epoch: list(epochs)}
    lost: list[str] = []
    for name, values in history.history.items():
        spread = _spread(list(values), epochs)
        if spread is None:
            lost.append(str(name))
        elif name != epoch:
            columns[str(name)] = spread
    table = normalise(pa.table({name: array_of(values, name) for name, values in columns.items()}))
    names = order_metrics(name for name in table.column_names if name != epoch)
    note = "One line is one epoch."
    if lost:
        note += f" Left out, as their epochs are unknown: {', '.join(lost)}."
    return Frame(
        table=table,
        columns=pair_validation(describe(table)),
        lens="steps",
        axes=(epoch, *names),
        color=epoch,
        note=note,
    )


def _spread(values: list[object], epochs: list[int]) -> list[object] | None:
    """The values put at their epochs, all or every k-th for the only k that fits; None where none or several do."""
    if len(values) == len(epochs):
        return values
    fits = [k for k in range(2, epochs[-1] + 2) if sum((epoch + 1) % k == 0 for epoch in epochs) == len(values)]
    if len(fits) != 1:
        return None
    upcoming = iter(values)
    return [next(upcoming) if (epoch + 1) % fits[0] == 0 else None for epoch in epochs]


def from_histories(histories: Sequence[Any]) -> Frame:
    """Returns several Histories as one Frame, told apart by a column `run` that counts them from 1.

    Raises:
        SourceError: If one has no completed epoch, or a metric is text in one and numbers in another.
    """
    frames = [from_history(history) for history in histories]
    if len(frames) == 1:
        return frames[0]
    tables = []
    for number, frame in enumerate(frames, start=1):
        run = pa.array([str(number)] * len(frame), pa.string())
        tables.append(frame.table.drop_columns(["run"]) if "run" in frame.table.column_names else frame.table)
        tables[-1] = tables[-1].add_column(0, "run", run)
    try:
        table = normalise(pa.concat_tables(tables, promote_options="permissive"))
    except pa.ArrowException as error:
        raise SourceError(f"the histories do not fit together: {error}") from error
    names = order_metrics(name for name in table.column_names if name not in {"run", "epoch"})
    return Frame(
        table=table,
        columns=pair_validation(describe(table)),
        lens="steps",
        axes=("run", "epoch", *names),
        color="run",
        note="One line is one epoch of one training.",
    )

"""Foreign data in, one file a format, each a function that returns a `Frame`."""

from __future__ import annotations

from ._arrow import from_arrow, is_arrow
from ._columns import from_columns, from_structured
from ._describe import describe, frame_of, normalise, time_column
from ._keras import from_histories, from_history, is_history
from ._metrics import higher_is_better, is_learning_rate, order_metrics, pair_validation
from ._rows import flatten, from_rows
from ._values import array_of

__all__ = [
    "array_of",
    "describe",
    "flatten",
    "frame_of",
    "from_arrow",
    "from_columns",
    "from_histories",
    "from_history",
    "from_rows",
    "from_structured",
    "higher_is_better",
    "is_arrow",
    "is_history",
    "is_learning_rate",
    "normalise",
    "order_metrics",
    "pair_validation",
    "time_column",
]

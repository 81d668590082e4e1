"""Foreign data in, one file a format, each a function that returns a `Frame`."""

from __future__ import annotations

from ._arrow import from_arrow, is_arrow
from ._bytes import read_text
from ._columns import from_columns, from_structured
from ._csv import read_csv, table_of_csv
from ._describe import describe, frame_of, normalise, time_column
from ._files import FORMATS, from_files, runs_of_files
from ._hiplot import (
    DEFAULT_COLORMAP,
    experiment_in_page,
    from_experiment,
    from_hiplot,
    is_experiment,
    is_hiplot,
    parent_word,
    plain_value,
    word,
)
from ._infer import as_unix, inferred_array
from ._json import parse_json, table_of_json
from ._keras import from_histories, from_history, is_history
from ._logged import Logged, LoggedRun
from ._logs import LOGS, logs_in, read_logs
from ._metrics import higher_is_better, is_learning_rate, order_metrics, pair_validation
from ._optuna import from_studies, is_study, studies_in, trials_of
from ._rows import flatten, from_rows
from ._values import array_of

__all__ = [
    "DEFAULT_COLORMAP",
    "FORMATS",
    "LOGS",
    "Logged",
    "LoggedRun",
    "array_of",
    "as_unix",
    "describe",
    "experiment_in_page",
    "flatten",
    "frame_of",
    "from_arrow",
    "from_columns",
    "from_experiment",
    "from_files",
    "from_hiplot",
    "from_histories",
    "from_history",
    "from_rows",
    "from_structured",
    "from_studies",
    "higher_is_better",
    "inferred_array",
    "is_arrow",
    "is_experiment",
    "is_hiplot",
    "is_history",
    "is_learning_rate",
    "is_study",
    "logs_in",
    "normalise",
    "order_metrics",
    "pair_validation",
    "parent_word",
    "parse_json",
    "plain_value",
    "read_csv",
    "read_logs",
    "read_text",
    "runs_of_files",
    "studies_in",
    "table_of_csv",
    "table_of_json",
    "time_column",
    "trials_of",
    "word",
]

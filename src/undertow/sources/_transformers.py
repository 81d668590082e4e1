"""Transformers' `trainer_state.json`: what a Trainer logged, as its checkpoints keep it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ._bytes import read_text
from ._json import parse_json, table_of_json
from ._logged import LoggedRun
from ._stepped import steps_of_rows

__all__ = ["find_transformers", "read_transformers"]

_STATE = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
#: What the state says of the training's settings; the rest is about its course.
_SETTINGS = ("max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps")


def find_transformers(files: Sequence[Path]) -> list[Path]:
    """Returns the newest state of each training among files: its own, else that of its last checkpoint."""
    newest: dict[Path, tuple[float, Path]] = {}
    for path in files:
        if path.name != _STATE:
            continue
        checkpoint = _CHECKPOINT.fullmatch(path.parent.name)
        training, steps = (path.parent.parent, float(checkpoint[1])) if checkpoint else (path.parent, float("inf"))
        newest[training] = max(newest.get(training, (-1.0, path)), (steps, path))
    return [path for _, path in newest.values()]


def read_transformers(places: Mapping[str, Path], skip_bad: bool = False) -> list[LoggedRun]:
    """Reads states, a run each. What was logged of training and evaluation at one step is one row.

    Args:
        places: The files, by name.
        skip_bad: Whether to leave out entries that are no objects.

    Raises:
        SourceError: If a file is broken; the message names it, and line or entry.
    """
    runs = []
    for name, path in places.items():
        said = parse_json(read_text(path, skip_bad), str(path))
        read = table_of_json(said, str(path), skip_bad)
        steps = steps_of_rows(read.table, str(path), dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC), last=True)
        config = {key: said[key] for key in _SETTINGS if isinstance(said, Mapping) and said.get(key) is not None}
        bad = (f"{read.skipped:,} bad entries of {path}",) if read.skipped else ()
        runs.append(
            LoggedRun(re.sub(rf"(/?checkpoint-\d+)?/?{_STATE}$", "", name) or name, steps, config, left_out=bad)
        )
    return runs

"""Optuna's studies: the object, a database of SQLite's, or a journal. One line is one trial."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ..schema import Column
from ._describe import frame_of
from ._infer import inferred_array
from ._logged import LoggedRun, Points
from ._sqlite import has_tables, read_only

__all__ = ["find_studies", "from_studies", "is_study", "read_studies", "studies_in", "trials_of"]

_STATES = {"COMPLETE": "finished", "FAIL": "failed", "RUNNING": "running"}


def is_study(data: object) -> bool:
    """Whether this is a study of Optuna's; Optuna is not imported for it."""
    return all(hasattr(data, name) for name in ("trials", "directions", "study_name", "user_attrs", "get_trials"))


def find_studies(files: Sequence[Path]) -> list[Path]:
    """Returns those files that keep studies, by what is in them."""
    return [path for path in files if has_tables(path, "studies", "trials", "trial_params") or _is_journal(path)]


def studies_in(path: Path) -> list[Any]:
    """Returns the studies that a file keeps. It is only read.

    Raises:
        SourceError: If Optuna is missing, or cannot read the file.
    """
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise SourceError(
            f"{path} keeps studies of Optuna's, which its own package reads: pip install optuna"
        ) from error
    try:
        storage: Any
        if _is_journal(path):
            storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
        else:
            # Whatever its name holds, an address would be read as SQLAlchemy sees fit.
            options = {"creator": lambda: read_only(path)}
            storage = optuna.storages.RDBStorage("sqlite:///of-the-creator", options, skip_table_creation=True)
        names = sorted(study.study_name for study in storage.get_all_studies())
        return [optuna.load_study(study_name=name, storage=storage) for name in names]
    except Exception as error:  # SQLAlchemy's, JSON's, and Optuna's own of another version
        raise SourceError(f"{path} cannot be read by Optuna: {error}") from error


def from_studies(studies: Sequence[Any]) -> Frame:
    """Returns studies as a Frame, a line a trial: parameters, values, state, times, attributes of the user.

    Intermediate values are there by the last one and their number; `trials_of` has all. Of several objectives,
    `best trial` says which trials no other beats in all of them.

    Raises:
        SourceError: If there is no trial, or an attribute is nothing a column can hold.
    """
    rows: list[dict[str, Any]] = []
    for study in studies:
        about = {"study": study.study_name} if len(studies) > 1 else {}
        rows += [about | row for row in _rows(study)]
    if not rows:
        raise SourceError("there are no rows to show: the study has no trials")
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: inferred_array([_cell(row.get(name)) for row in rows], name) for name in names}
    frame = frame_of(pa.table(table), "One line is one trial.")
    described = [_described(column, studies) for column in frame.columns]
    goals = [name for study in studies for name in _goals(study) if name in names]
    hidden = {"start", "end", "last intermediate", "intermediate values"}
    axes = tuple(name for name in frame.axes if name not in hidden)
    return replace(frame, columns=tuple(described), axes=axes or frame.axes, color=goals[0] if goals else frame.color)


def read_studies(places: Mapping[str, Path], skip_bad: bool = False) -> list[LoggedRun]:
    """Reads the trials of all studies in files, a run each.

    Args:
        places: The files, by name.
        skip_bad: Without effect: what Optuna can read is whole.

    Raises:
        SourceError: If Optuna is missing, or cannot read a file.
    """
    return [run for path in places.values() for study in studies_in(path) for run in trials_of(study)]


def trials_of(study: Any) -> list[LoggedRun]:
    """Returns the trials of a study as runs: their parameters are the settings, intermediate values the steps.

    The values that a trial came to stand at its last step.
    """
    goals = _goals(study)
    runs = []
    for trial in study.get_trials(deepcopy=False):
        end = _moment(trial.datetime_complete)
        when = end or _moment(trial.datetime_start) or dt.datetime.now(dt.UTC)
        points = Points()
        for step, value in trial.intermediate_values.items():
            points.add("intermediate", step, when.timestamp(), value)
        last = points.last_step or 0
        for goal, value in zip(goals, trial.values or (), strict=False):
            points.add(goal, last, when.timestamp(), value)
        config = {**trial.params, **{f"user.{name}": each for name, each in trial.user_attrs.items()}}
        runs.append(
            LoggedRun(
                f"{study.study_name}/{trial.number}",
                points.table(),
                config,
                start=_moment(trial.datetime_start),
                end=end,
                state=_STATES.get(trial.state.name, "finished"),
                tags=(trial.state.name.lower(),),
            )
        )
    return runs


def _rows(study: Any) -> Iterator[dict[str, Any]]:
    goals = _goals(study)
    best = {trial.number for trial in study.best_trials} if len(goals) > 1 else None
    for trial in study.get_trials(deepcopy=False):
        row: dict[str, Any] = {"trial": trial.number}
        taken = {"trial", "state", "duration", "start", "end", "best trial", *goals}
        for name, value in trial.params.items():
            row[f"{name} (parameter)" if name in taken else name] = value
        row |= dict(zip(goals, trial.values or (), strict=False))
        if best is not None:
            row["best trial"] = trial.number in best
        row["state"] = trial.state.name.lower()
        row["duration"] = None if trial.duration is None else trial.duration.total_seconds()
        row["start"], row["end"] = trial.datetime_start, trial.datetime_complete
        for name, value in trial.user_attrs.items():
            row[f"user.{name}"] = value
        if trial.intermediate_values:
            row["last intermediate"] = trial.intermediate_values[trial.last_step]
            row["intermediate values"] = len(trial.intermediate_values)
        yield row


def _goals(study: Any) -> list[str]:
    """What the values of a trial are called."""
    named = study.metric_names
    if named:
        return list(named)
    count = len(study.directions)
    return ["value"] if count == 1 else [f"value {place}" for place in range(count)]


def _described(column: Column, studies: Sequence[Any]) -> Column:
    if column.name == "duration":
        return replace(column, unit="s")
    for study in studies:
        goals = _goals(study)
        if column.name in goals:
            return replace(column, description=f"to {study.directions[goals.index(column.name)].name.lower()}")
        spaces = (trial.distributions.get(column.name) for trial in study.get_trials(deepcopy=False))
        if column.kind == "number" and any(getattr(space, "log", False) for space in spaces):
            return replace(column, scale="log")
    return column


def _cell(value: Any) -> Any:
    """What nests, as user attributes may, as JSON."""
    return json.dumps(value, default=str) if isinstance(value, dict | list) else value


def _moment(value: dt.datetime | None) -> dt.datetime | None:
    """Optuna's times are those of the clock on the wall, without a zone."""
    return None if value is None else value.astimezone(dt.UTC)


def _is_journal(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.readline(1 << 16)
        said = json.loads(head) if head[:1] == b"{" else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(said, dict) and {"op_code", "worker_id"} <= said.keys()

"""MLflow's stores: a folder `mlruns`, or a database of SQLite's. Both are read as they lie, without MLflow.

Its package takes seconds to import and half a gigabyte of disk; what is read here are four kinds of small files, and
five tables. The tests hold it to stores that MLflow 3.18 wrote.
"""

from __future__ import annotations

import math
import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ._logged import LoggedRun, Points, moment
from ._settings import read_settings
from ._sqlite import has_tables, read_only

__all__ = ["find_mlflow", "read_mlflow"]

_TABLES = ("experiments", "runs", "metrics", "params", "tags")
_META = "meta.yaml"
#: As numbers in files, as words in databases.
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_STATES = {"RUNNING": "running", "FINISHED": "finished", "FAILED": "failed", "KILLED": "failed"}
_WORDS: dict[str, Any] = {"True": True, "False": False, "None": None}


def find_mlflow(files: Sequence[Path]) -> list[Path]:
    """Returns the folders of runs, and the databases, among files."""
    found = []
    for path in files:
        if path.name == _META and (path.parent.parent / _META).is_file():
            found.append(path.parent)
        elif has_tables(path, *_TABLES):
            found.append(path)
    return found


def read_mlflow(places: Mapping[str, Path], skip_bad: bool = False) -> list[LoggedRun]:
    """Reads runs, called as MLflow calls them; several experiments' have its name before their own.

    Deleted runs are left out. Parameters, which MLflow keeps as text, are what the text stands for.

    Args:
        places: Folders of runs, and databases, by name.
        skip_bad: Whether to leave out runs that cannot be read; `LoggedRun.left_out` of another names them.

    Raises:
        SourceError: If one cannot be read; the message names file and line.
    """
    runs: list[tuple[str, LoggedRun]] = []
    bad: list[str] = []
    for path in places.values():
        try:
            runs += _of_folder(path) if path.is_dir() else _of_database(path)
        except SourceError as error:
            if not skip_bad:
                raise
            bad.append(str(error))
    if bad and not runs:
        raise SourceError(f"none of {len(bad)} runs can be read; the first: {bad[0]}")
    several = len({experiment for experiment, _ in runs}) > 1
    return [
        LoggedRun(
            f"{experiment}/{run.name}" if several else run.name,
            run.steps,
            run.config,
            start=run.start,
            end=run.end,
            state=run.state,
            tags=run.tags,
            left_out=(*run.left_out, *(bad if not place else ())),
        )
        for place, (experiment, run) in enumerate(runs)
    ]


def _of_folder(folder: Path) -> list[tuple[str, LoggedRun]]:
    about = read_settings(folder / _META)
    if about.get("lifecycle_stage") == "deleted":
        return []
    points = Points()
    for path in _below(folder / "metrics"):
        name = path.relative_to(folder / "metrics").as_posix()
        for number, line in enumerate(_text(path).splitlines(), 1):
            words = line.split()
            try:
                when, value, step = int(words[0]), float(words[1]), int(words[2]) if len(words) > 2 else 0
            except (ValueError, IndexError) as error:
                raise SourceError(f"{path}, line {number}: {line[:80]!r} is not a time, a value and a step") from error
            points.add(name, step, when / 1000, value)
    params, tags = (
        {path.relative_to(folder / kind).as_posix(): _text(path) for path in _below(folder / kind)}
        for kind in ("params", "tags")
    )
    experiment = read_settings(folder.parent / _META).get("name")
    status = about.get("status")
    run = _run({**about, "status": _STATUS.get(status) if isinstance(status, int) else status}, points, params, tags)
    return [(str(experiment), run)]


def _of_database(path: Path) -> list[tuple[str, LoggedRun]]:
    try:
        with closing(read_only(path)) as connection:
            return list(_rows(connection))
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise SourceError(f"{path} cannot be read as a store of MLflow's: {error}") from error


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[str, LoggedRun]]:
    """Each run with its experiment, by the time they began."""
    connection.row_factory = sqlite3.Row
    runs = connection.execute(
        "SELECT r.run_uuid, r.name AS run_name, r.status, r.start_time, r.end_time, e.name AS experiment"
        " FROM runs r JOIN experiments e USING (experiment_id) WHERE r.lifecycle_stage != 'deleted'"
        " ORDER BY r.start_time, r.run_uuid"
    ).fetchall()
    for about in runs:
        key = (about["run_uuid"],)
        points = Points()
        logged = connection.execute(
            "SELECT key, step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ? ORDER BY step, timestamp", key
        )
        for name, step, when, value, is_nan in logged:
            points.add(name, step, when / 1000, math.nan if is_nan else _finite(value))
        params, tags = (
            dict(connection.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ?", key).fetchall())  # noqa: S608
            for table in ("params", "tags")
        )
        yield about["experiment"], _run(dict(about), points, params, tags)


def _run(about: Mapping[str, Any], points: Points, params: Mapping[str, str], tags: Mapping[str, str]) -> LoggedRun:
    name = about.get("run_name") or tags.get("mlflow.runName") or about.get("run_id") or about.get("run_uuid")
    start, end = (about.get(which) for which in ("start_time", "end_time"))
    steps = points.table()
    again = (f"{points.replaced:,} values whose step was logged again later",) if points.replaced else ()
    return LoggedRun(
        str(name),
        steps,
        {key: _told(value) for key, value in params.items()},
        start=moment(start / 1000 if isinstance(start, int) else None),
        end=moment(end / 1000 if isinstance(end, int) else None),
        state=_STATES.get(str(about.get("status"))),
        tags=tuple(f"{key}: {value}" for key, value in sorted(tags.items()) if not key.startswith("mlflow.")),
        left_out=again,
    )


def _told(text: str) -> Any:
    """What a parameter was, of which MLflow keeps `str()`."""
    if text in _WORDS:
        return _WORDS[text]
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf|nan", text):
        return float(text)
    return text


def _finite(value: float) -> float:
    """A value as it was: databases hold the largest number there is in place of infinity."""
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error

"""From any object to the frames that show it: the only list of libraries and formats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa

from .errors import NotARunError, SourceError
from .frame import Frame
from .query.lenses import Recorded, frames, named
from .sources import (
    LOGS,
    Logged,
    from_arrow,
    from_columns,
    from_experiment,
    from_files,
    from_hiplot,
    from_histories,
    from_history,
    from_rows,
    from_structured,
    from_studies,
    is_arrow,
    is_experiment,
    is_hiplot,
    is_history,
    is_study,
    logs_in,
    read_logs,
    runs_of_files,
    studies_in,
    trials_of,
)
from .store import load

__all__ = ["frames_of", "logged_of", "recorded_of", "title_of"]


class Source(NamedTuple):
    """A kind of data: how it is told, and how it becomes a Frame."""

    suits: Callable[[Any], bool]
    read: Callable[[Any], Frame]


#: The first that suits reads. What has a protocol of its own stands before what is merely a mapping or a sequence.
SOURCES = (
    Source(lambda data: isinstance(data, Frame), lambda data: cast(Frame, data)),
    Source(is_history, from_history),
    Source(is_experiment, from_experiment),
    Source(is_arrow, from_arrow),
    Source(lambda data: isinstance(data, np.ndarray), from_structured),
    Source(is_hiplot, lambda data: from_hiplot(data, "the experiment")),
    Source(lambda data: isinstance(data, Mapping), from_columns),
    Source(lambda data: isinstance(data, list | tuple) and bool(data) and all(map(is_history, data)), from_histories),
    Source(lambda data: isinstance(data, list | tuple | Iterator), from_rows),
)


def frames_of(data: Any, lens: str | None = None, *, format: str | None = None, skip_bad: bool = False) -> list[Frame]:
    """Returns the frames that show the data, the one to show first in front.

    Args:
        data: Recorded runs (a Recording, a Run, a run folder, or several of them), the path of a file or folder that
            `sources.from_files` or `sources.read_logs` reads, or several, a Keras History or several, rows (dicts), a
            dict of columns, a structured array, a Frame, a HiPlot experiment, or any table that speaks Arrow or
            `__dataframe__`.
        lens: For recorded runs: the lens to put first.
        format: For files: what they are, where neither name nor content tell.
        skip_bad: For files: whether to go on without rows and files that cannot be read.

    Raises:
        SourceError: If nothing here can read the data, there is nothing in it, or it has no such lens.
        StoreError: If a run folder cannot be read.
    """
    paths = _paths(data)
    recorded = recorded_of(data, format, skip_bad)
    if recorded is not None:
        missing = getattr(recorded, "left_out", "")
        return [replace(each, note=f"{each.note} {missing}".strip()) for each in frames(recorded, lens)]
    studies = _studies(data, paths, format)
    if studies:
        return study_frames(studies, lens)
    if paths:
        if not format and any(map(_runs_in, paths)):
            none = next(path for path in paths if _runs_in(path) is None and not logs_in(path))
            raise SourceError(f"{none} holds no run, as others do; show runs and files apart")
        if lens not in {None, "rows"}:
            raise SourceError(f"lens {lens!r} needs a recorded run; {paths[0]} is none")
        return [from_files(paths, format, skip_bad)]
    for source in SOURCES:
        if source.suits(data):
            frame = source.read(data)
            if lens not in {None, frame.lens}:
                raise SourceError(
                    f"lens {lens!r} needs a recorded run; this is {frame.lens!r} of a {type(data).__name__}"
                )
            return [frame]
    hint = " (collect() it first)" if hasattr(data, "collect") else ""
    raise SourceError(
        f"cannot show an object of type {type(data).__name__}{hint}; what can be shown: a run folder, Recording or "
        "Run, the path of a file, a Keras History, a list of dicts, a dict of columns, a DataFrame or Arrow table"
    )


def recorded_of(data: Any, format: str | None = None, skip_bad: bool = False) -> Recorded | None:
    """The data as recorded runs, read once, by the names that people see; None where they are something else.

    Logs of other tools are recorded runs, too, but for Optuna's, whose trials are rows.

    Args:
        data: As for `frames_of`, which takes what this returns in place of it.
        format: As for `frames_of`.
        skip_bad: As for `frames_of`.

    Raises:
        SourceError: If a log cannot be read.
        StoreError: If a run folder cannot be read.
    """
    paths = _paths(data)
    if not (paths and format):
        recorded = _recorded(data)
        if recorded is not None:
            return named(recorded)
    logs = _logs(paths, format) if paths else {}
    if logs:
        return None if _studies_alone(logs) else named(read_logs(logs, skip_bad))
    if isinstance(data, Sequence) and not isinstance(data, str | bytes) and data and not (paths and format):
        each = (_recorded(item) or _logged(item, skip_bad) for item in data)
        several = [item for item in takewhile(lambda item: item is not None, each) if item is not None]
        if len(several) == len(data):
            return named(_Several(several))
    return None


def study_frames(studies: Sequence[Any], lens: str | None = None) -> list[Frame]:
    """Returns the frames that show studies of Optuna's: their trials, and the intermediate values where there are any.

    Raises:
        SourceError: If there is no trial, or no such lens.
    """
    made = {"rows": from_studies(studies)}
    pruned = [run for study in studies for run in trials_of(study) if "intermediate" in run.steps.column_names]
    if pruned:
        made |= {frame.lens: frame for frame in frames(Logged(pruned)) if frame.lens == "steps"}
    if lens is not None and lens not in made:
        raise SourceError(f"lens {lens!r} has nothing to show of a study; there are: {', '.join(made)}")
    return [made[name] for name in dict.fromkeys((lens or "rows", *made))]


def _studies(data: Any, paths: Sequence[Path], format: str | None) -> list[Any]:
    """The studies that the data are, or that the paths hold and nothing else."""
    given = list(data) if isinstance(data, list | tuple) else [data]
    if given and all(map(is_study, given)):
        return given
    logs = _logs(paths, format) if paths else {}
    if not _studies_alone(logs):
        return []
    return [study for found in logs.values() for place in found["optuna"] for study in studies_in(place)]


def _studies_alone(logs: Mapping[Path, Mapping[str, Sequence[Path]]]) -> bool:
    return bool(logs) and all(set(found) == {"optuna"} for found in logs.values())


def logged_of(paths: Sequence[Path], format: str | None = None, skip_bad: bool = False) -> Logged:
    """Returns the runs that other tools logged at the paths; files of rows are a run each.

    Args:
        paths: Folders and files of one kind.
        format: What they are, where neither name nor content tell.
        skip_bad: Whether to leave out what cannot be read.

    Raises:
        SourceError: If there is none, one is a run folder of ours, or something cannot be read.
    """
    for path in paths:
        if format is None and _runs_in(path) is not None:
            raise SourceError(f"{path} is a folder of recorded runs already")
    logs = _logs(paths, format)
    return read_logs(logs, skip_bad) if logs else runs_of_files(paths, format, skip_bad)


def _logs(paths: Sequence[Path], format: str | None = None) -> dict[Path, dict[str, list[Path]]]:
    """What logs are at the paths, by path and format; empty where one of them is something else."""
    if format not in {None, *LOGS} or (format is None and any(map(_runs_in, paths))):
        return {}
    found = {path: logs_in(path, format) for path in paths}
    return found if all(found.values()) else {}


def title_of(data: Any) -> str:
    """What to call the page where the user does not say."""
    paths = _paths(data)
    if paths:
        names = [path.resolve().name for path in paths]
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    path = getattr(_recorded(data), "path", None)
    return Path(path).resolve().name if path is not None else "Undertow"


def _paths(data: Any) -> list[Path]:
    """The data as paths, none where they are something else."""
    several = list(data) if isinstance(data, list | tuple) else [data]
    if not all(isinstance(each, str | os.PathLike) for each in several):
        return []
    # As Optuna and MLflow name a database; its path is what counts.
    return [Path(each.removeprefix("sqlite:///") if isinstance(each, str) else each) for each in several]


def _runs_in(path: Path) -> Recorded | None:
    """The runs in a folder, None where there are none."""
    if not path.is_dir():
        return None
    try:
        return load(path)
    except NotARunError:
        return None


def _recorded(data: Any) -> Recorded | None:
    """The data as recorded runs, None where they are something else."""
    if all(hasattr(getattr(data, name, None), "to_arrow") for name in ("runs", "steps", "layers", "params")):
        return cast(Recorded, data)
    if isinstance(data, str | os.PathLike):
        return _runs_in(Path(data))
    if hasattr(data, "log") and isinstance(getattr(data, "path", None), Path):  # a Run
        flush = getattr(data, "flush", None)
        if flush is not None:
            flush()
        return load(data.path)
    return None


def _logged(data: Any, skip_bad: bool) -> Recorded | None:
    """The data as logs of other tools, None where they are something else."""
    logs = _logs(_paths(data))
    return read_logs(logs, skip_bad) if logs else None


class _Several:
    """Several recordings as one."""

    def __init__(self, recordings: Sequence[Recorded]) -> None:
        self.left_out = " ".join(filter(None, (getattr(recording, "left_out", "") for recording in recordings)))
        self.runs, self.steps, self.layers, self.params = (
            _Joined([getattr(recording, name) for recording in recordings])
            for name in ("runs", "steps", "layers", "params")
        )


class _Joined:
    def __init__(self, tables: Sequence[Any]) -> None:
        self._tables = tables

    def to_arrow(self) -> pa.Table:
        return pa.concat_tables([_decoded(table.to_arrow()) for table in self._tables], promote_options="permissive")


def _decoded(table: pa.Table) -> pa.Table:
    """With text in place of dictionaries, which cannot be joined where their words differ."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table[place].cast(field.type.value_type))
    return table

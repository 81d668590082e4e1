"""Lightning's CSVLogger: `metrics.csv` beside `hparams.yaml`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from ._csv import read_csv
from ._logged import LoggedRun
from ._settings import read_settings
from ._stepped import steps_of_rows

__all__ = ["find_lightning", "read_lightning"]

_METRICS, _SETTINGS = "metrics.csv", "hparams.yaml"


def find_lightning(files: Sequence[Path]) -> list[Path]:
    """Returns the folders of runs among files: those that hold both files of one."""
    known = set(files)
    return [path.parent for path in files if path.name == _METRICS and path.with_name(_SETTINGS) in known]


def read_lightning(folders: Mapping[str, Path], skip_bad: bool = False) -> list[LoggedRun]:
    """Reads runs, one a folder. Training and validation at one step are one row; its time is that of the file.

    Args:
        folders: By the names of their runs.
        skip_bad: Whether to leave out rows with too few or too many values; `LoggedRun.left_out` counts them.

    Raises:
        SourceError: If a file is broken; the message names it and the line.
    """
    return [_run(name, folder, skip_bad) for name, folder in folders.items()]


def _run(name: str, folder: Path, skip_bad: bool) -> LoggedRun:
    path = folder / _METRICS
    read = read_csv(path, skip_bad)
    steps = steps_of_rows(read.table, str(path), dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC), last=True)
    left_out = (f"{read.skipped:,} bad rows of {path}",) if read.skipped else ()
    return LoggedRun(name, steps, read_settings(folder / _SETTINGS), left_out=left_out)

"""Logs of other tools: which of them a path holds, and their runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import SourceError
from ._lightning import find_lightning, read_lightning
from ._logged import Logged, LoggedRun
from ._mlflow import find_mlflow, read_mlflow
from ._optuna import find_studies, read_studies
from ._tensorboard import find_tensorboard, read_tensorboard
from ._transformers import find_transformers, read_transformers
from ._wandb import find_wandb, read_wandb

__all__ = ["LOGS", "logs_in", "read_logs"]


class Log(NamedTuple):
    """A tool's way to log.

    Attributes:
        find: The folders or files of its runs, among files.
        read: The runs in those, which are given by name.
    """

    find: Callable[[Sequence[Path]], list[Path]]
    read: Callable[[Mapping[str, Path], bool], list[LoggedRun]]


#: By their names on the command line.
LOGS: dict[str, Log] = {
    "tensorboard": Log(find_tensorboard, read_tensorboard),
    "lightning": Log(find_lightning, read_lightning),
    "transformers": Log(find_transformers, read_transformers),
    "optuna": Log(find_studies, read_studies),
    "mlflow": Log(find_mlflow, read_mlflow),
    "wandb": Log(find_wandb, read_wandb),
}


def logs_in(path: Path, format: str | None = None) -> dict[str, list[Path]]:
    """Returns where each format's runs are in a folder or file, by the format; empty where there are none.

    Args:
        path: A folder, searched to its depths but for what is hidden; or a file.
        format: The only one of `LOGS` to look for; None looks for all.

    Raises:
        SourceError: If nothing of the format asked for is there.
    """
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if not _hidden(each.relative_to(path)) and each.is_file())
    else:
        files = [path] if path.is_file() else []
    found = {name: log.find(files) for name, log in LOGS.items() if format in {None, name}}
    found = {name: places for name, places in found.items() if places}
    if format is not None and not found:
        raise SourceError(f"{path} holds no log of {format}" if path.exists() else f"there is no {path}")
    return found


def read_logs(found: Mapping[Path, Mapping[str, Sequence[Path]]], skip_bad: bool = False) -> Logged:
    """Returns the runs that `logs_in` found; those of several folders have the folder's name before their own.

    Args:
        found: What it found in each.
        skip_bad: Whether to leave out what is damaged; `Logged.left_out` says what.

    Raises:
        SourceError: If no run has a number, or one cannot be read; the message names the file.
    """
    runs: list[LoggedRun] = []
    for root, kinds in found.items():
        for kind, places in kinds.items():
            runs += LOGS[kind].read(_names(root, places, len(found) > 1), skip_bad)
    if not any(len(run.steps) or len(run.layers) for run in runs):
        raise SourceError(f"nothing was logged in {next(iter(found))}: there is no run with a number")
    return Logged(runs)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _names(root: Path, places: Sequence[Path], several: bool) -> dict[str, Path]:
    """The runs' folders by what tells them apart: their paths below the root."""
    base = root if root.is_dir() else root.parent
    own = base.resolve().name or str(base)
    names = {}
    for place in places:
        below = place.relative_to(base).as_posix()
        if below == ".":
            names[own] = place
        else:
            names[f"{own}/{below}" if several else below] = place
    return names

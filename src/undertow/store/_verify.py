"""What is in run folders, file by file, and whether it is whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..errors import CorruptFileError, StoreError
from ._about import alive, read_about, state_of
from ._parts import list_parts, read_parquet, read_tail
from ._read import Recording
from ._write import TABLES

__all__ = ["FileCheck", "RunSummary", "summaries", "verify"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What `verify` found out about one file.

    Attributes:
        path: The file.
        kind: "run", "params", "segment", "tail", "leftover" or "temporary".
        rows: How many rows can be read from it.
        nbytes: How long it is.
        problem: What is wrong with it, in words; None where it is whole.
        note: What is worth knowing but no loss.
    """

    path: Path
    kind: str
    rows: int
    nbytes: int
    problem: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in a line.

    Attributes:
        id: Its folder's name.
        name: What a person calls it.
        state: running, finished, failed, degraded, or crashed; "unreadable" where `run.json` is.
        attempt: The newest attempt.
        start: When it began.
        nbytes: What its folder holds.
        tails: How many tails are not sealed.
    """

    id: str
    name: str
    state: str
    attempt: int
    start: datetime | None
    nbytes: int
    tails: int


def verify(path: Path) -> Iterator[FileCheck]:
    """Check every file of a run folder, or of all runs in a folder, to the last bit.

    Args:
        path: The folder.

    Raises:
        NotARunError: If there is no run.
    """
    for folder in Recording(path).folders():
        yield from _verify_run(folder)


def _verify_run(folder: Path) -> Iterator[FileCheck]:
    about = folder / "run.json"
    live = False
    try:
        content = read_about(folder)
        live = alive(content)
        lost = content.get("lost") or {}
        problem = f"{lost.get('rows')} rows were lost: {'; '.join(lost.get('reasons') or [])}" if lost else None
        note = "crashed: no heartbeat" if state_of(content) == "crashed" else None
        yield FileCheck(about, "run", 0, _size(about), problem, note)
    except StoreError as error:
        yield FileCheck(about, "run", 0, _size(about), str(error))
    for path in sorted(folder.glob("params*.parquet")):
        yield _check_parquet(path, "params")
    for table in TABLES:
        try:
            parts = list_parts(folder / table)
        except StoreError as error:
            yield FileCheck(folder / table, "segment", 0, 0, str(error))
            continue
        for path in parts.segments:
            yield _check_parquet(path, "segment")
        for path in parts.tails:
            yield _check_tail(path, live)
        for path in parts.leftovers:
            yield FileCheck(path, "leftover", 0, _size(path), None, "counted elsewhere; compact removes it")
        for path in parts.temporary:
            old = time.time() - path.stat().st_mtime > 3600 if path.exists() else False
            yield FileCheck(path, "temporary", 0, _size(path), None, "left by a crash" if old else None)


def _check_parquet(path: Path, kind: str) -> FileCheck:
    try:
        return FileCheck(path, kind, len(read_parquet(path)), _size(path))
    except FileNotFoundError:
        return FileCheck(path, kind, 0, 0, None, "sealed or compacted meanwhile")
    except CorruptFileError as error:
        return FileCheck(path, kind, 0, _size(path), str(error))


def _check_tail(path: Path, live: bool) -> FileCheck:
    try:
        table, unread, problem = read_tail(path)
    except FileNotFoundError:
        return FileCheck(path, "tail", 0, 0, None, "sealed meanwhile")
    if problem is None or (live and problem == "torn"):
        return FileCheck(path, "tail", len(table), _size(path), None, None if live else "not sealed; compact seals it")
    return FileCheck(path, "tail", len(table), _size(path), f"the last {unread} bytes cannot be read ({problem})")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def summaries(path: Path) -> list[RunSummary]:
    """The runs of a folder, by start.

    Raises:
        NotARunError: If there is no run.
    """
    found = []
    for folder in Recording(path).folders():
        files = [file for file in folder.rglob("*") if file.is_file()]
        common = (sum(map(_size, files)), sum(file.suffix == ".tail" for file in files))
        try:
            about = read_about(folder)
            start = None if about.get("start") is None else datetime.fromisoformat(str(about["start"]))
            state, attempt = str(state_of(about)), int(about.get("attempt", 0))
            found.append(RunSummary(folder.name, str(about.get("name")), state, attempt, start, *common))
        except (StoreError, ValueError, TypeError):
            found.append(RunSummary(folder.name, "", "unreadable", 0, None, *common))
    return sorted(found, key=lambda run: (run.start is not None, run.start.timestamp() if run.start else 0.0, run.id))

"""What `run.json` says, and what follows from it: whether a run that says it runs is still alive."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from ..errors import CorruptFileError, StoreError
from ..schema import FORMAT_VERSION

__all__ = ["STALE_SECONDS", "alive", "instant", "live_writers", "rank_files", "read_about", "state_of"]

#: A run that says it runs but has not said so for as long has crashed. Six heartbeats, for a disk may stall.
STALE_SECONDS = 60.0
#: Where its process is gone from this machine, two heartbeats are enough. One alone is not: a container may share the
#: machine's name and not its processes.
GONE_SECONDS = 20.0


def read_about(folder: Path) -> dict[str, Any]:
    """The content of a run's `run.json`.

    Raises:
        StoreError: If it cannot be read, or is of a newer version.
        CorruptFileError: If it is not what we write.
    """
    path = folder / "run.json"
    try:
        content = json.loads(path.read_text("utf-8"))
        version = content["format"]
        str(content["id"])
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFileError(f"{path} is not the description of a run: {error!r}") from error
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise StoreError(f"{path} has format {version!r}, this version reads up to {FORMAT_VERSION}: upgrade undertow")
    return cast("dict[str, Any]", content)


def rank_files(folder: Path) -> list[dict[str, Any]]:
    """What the processes say that joined a run: one mapping each; what cannot be read is left out."""
    found = []
    for path in sorted((folder / "ranks").glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict):
            found.append(content)
    return found


def instant(text: str | None) -> datetime | None:
    """A time of ours, ISO 8601."""
    return None if text is None else datetime.fromisoformat(text)


def alive(about: Mapping[str, Any]) -> bool:
    """Whether the process that wrote this still runs, for all one can tell.

    A heartbeat from the future counts as one of now: a clock that went back, here or there, makes nobody dead.
    """
    return about.get("end") is None and _silent(about) <= STALE_SECONDS


def state_of(about: Mapping[str, Any]) -> str | None:
    """`state`, but "crashed" where the run was not ended and its heart does not beat any more."""
    # Before there was a heartbeat nobody could tell.
    if about.get("end") is None and about.get("heartbeat") is not None:
        silent = _silent(about)
        if silent > STALE_SECONDS or (silent > GONE_SECONDS and _gone(about)):
            return "crashed"
    return about.get("state")


def _silent(about: Mapping[str, Any]) -> float:
    """Seconds since the last heartbeat; infinite where there was none."""
    beat = instant(about.get("heartbeat") or about.get("start"))
    return float("inf") if beat is None else (datetime.now(UTC) - beat).total_seconds()


def _gone(about: Mapping[str, Any]) -> bool:
    """Whether the process that wrote this ran on this machine and does no longer."""
    host = about.get("host") or {}
    pid = host.get("pid")
    if os.name != "posix" or host.get("name") != platform.node() or not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def live_writers(folder: Path) -> set[str]:
    """The names of the writers that still write into a run, for all one can tell."""
    return {str(about.get("writer")) for about in (read_about(folder), *rank_files(folder)) if alive(about)}

"""What a process says about its run: `run.json`, or a file of its own where it joined a run as another rank."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import NotARunError, StoreError
from ..schema import FORMAT_VERSION
from ..store._about import alive, rank_files, read_about
from ..store._parts import last_step
from ..store._write import TABLES, replace_json
from ._describe import host, jsonable, now, redacted, run_id, versions
from ._git import GitFacts

__all__ = ["About"]

_SAFE_ID = re.compile(r"[a-z][a-z0-9_-]{0,99}")

#: What stands in the list of earlier attempts.
_OF_AN_ATTEMPT = (
    "attempt",
    "writer",
    "start",
    "heartbeat",
    "end",
    "state",
    "versions",
    "host",
    "command",
    "git",
    "lost",
)


class About:
    """The identity of a run in this process, and the file that tells of it.

    Args:
        root: The folder of all runs.
        name: What a person calls the run.
        config: Hyperparameters.
        tags: Words to find the run by.
        rank: This process's number; the environment's RANK if None, else 0.
        id: The run to join.
        resume: The run to go on with.

    Attributes:
        id: The run's id.
        folder: The run's folder.
        rank: This process's number.
        attempt: How often the run was resumed before.
        content: What the file holds.
        first_step: One after the last step of earlier attempts.

    Raises:
        ValueError: If an id cannot be one of ours, a rank is negative, or both `id` and `resume` are given.
        NotARunError: If there is no run to resume.
        StoreError: If the folder of all runs is an address.
    """

    def __init__(
        self,
        root: Path,
        name: str | None,
        config: Any,
        tags: Sequence[str],
        rank: int | None,
        id: str | None,
        resume: str | None,
    ) -> None:
        if id is not None and resume is not None:
            raise ValueError("id= joins a run, resume= goes on with one; give one of them")
        given = resume if id is None else id
        if given is not None and not _SAFE_ID.fullmatch(given):
            raise ValueError(f"{given!r} is no run's id: it starts with a letter and holds only a-z 0-9 _ -")
        self.rank = _rank() if rank is None else int(rank)
        if self.rank < 0:
            raise ValueError(f"rank = {rank}: ranks count from 0")
        if root.parts[:1] == ("s3:",):
            raise StoreError("a run is recorded on this machine's disk; `undertow publish` puts it on object storage")
        self.id = run_id(name) if given is None else given
        self.folder = root / self.id
        before = self._before(resume)
        # Whoever makes a run, and rank 0 of those who join one, tells of all of it.
        self._owner = given is None or self.rank == 0
        self.attempt = self._attempt(before, resume is not None)
        self.first_step = 0
        if resume is not None:
            self.first_step = 1 + max(last_step(self.folder / table) for table in TABLES)
        self.content: dict[str, Any] = {"format": FORMAT_VERSION, "id": self.id}
        if self._owner:
            known = before or {}
            self.content |= {
                "name": (known.get("name") or self.id) if name is None else name,
                "config": known.get("config", {}) if config is None else jsonable(config),
                "tags": _tags(tags) or list(known.get("tags") or []),
            }
            if resume is not None:
                ended = {key: known[key] for key in _OF_AN_ATTEMPT if key in known}
                self.content["attempts"] = [*(known.get("attempts") or []), ended]
        self.content |= {
            "attempt": self.attempt,
            "rank": self.rank,
            "writer": None,
            "start": now(),
            "heartbeat": now(),
            "end": None,
            "state": "running",
            "versions": versions(),
            "host": host(),
            "command": redacted(sys.argv),
            "git": None,
        }
        self._git = GitFacts(Path.cwd()) if self._owner else None
        self._lock = threading.Lock()

    def params_name(self, writer: str) -> str:
        """The file of the parameters that this process describes."""
        return "params.parquet" if self._owner else f"params-{writer}.parquet"

    def beat(self) -> None:
        """Note that the process lives."""
        self.content["heartbeat"] = now()

    def end(self, state: str) -> None:
        """Note how the process ended."""
        facts = None if self._git is None else self._git.get(2.0)
        self.content.update(heartbeat=now(), end=now(), state=state, versions=versions(), git=facts)

    def save(self, state: str, lost: dict[str, Any] | None, durable: bool = True) -> None:
        """Write the file.

        Args:
            state: What it says.
            lost: What was lost; None where nothing was.
            durable: Whether it must outlive a power cut.

        Raises:
            OSError: If it cannot be written.
        """
        if self._git is not None and self.content["git"] is None:
            self.content["git"] = self._git.get()
        with self._lock:
            content = {**self.content, "state": state}
            if lost is not None:
                content["lost"] = lost
            path = self.folder / "run.json"
            if not self._owner:
                path = self.folder / "ranks" / f"{self.content['writer']}.json"
            elif self._superseded():
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_json(path, content, durable)

    def _superseded(self) -> bool:
        """Whether the run was resumed by another process since: then it is not for this one any more to tell of it."""
        try:
            return int(read_about(self.folder).get("attempt", 0)) > self.attempt
        except (StoreError, ValueError, TypeError):
            return False

    def _before(self, resume: str | None) -> dict[str, Any] | None:
        if (self.folder / "run.json").exists():
            return read_about(self.folder)
        if resume is not None:
            raise NotARunError(f"there is no run {resume} in {self.folder.parent}")
        return None

    def _attempt(self, before: dict[str, Any] | None, resumed: bool) -> int:
        newest = int((before or {}).get("attempt", 0))
        if not resumed:
            return newest
        if self._owner:
            return newest + 1
        # Ranks start in any order, so rank 0 may have begun the new attempt already, or not. What this rank itself took
        # part in tells; a rank that is new takes a run that runs for the one to join.
        own = [int(about.get("attempt", 0)) for about in rank_files(self.folder) if about.get("rank") == self.rank]
        if own:
            return max(own) + 1
        return newest if before is not None and alive(before) else newest + 1


def _tags(tags: Sequence[str]) -> list[str]:
    return [tags] if isinstance(tags, str) else [str(tag) for tag in tags]


def _rank() -> int:
    """What launchers such as torchrun tell a process; 0 where there is none."""
    text = os.environ.get("RANK", "")
    return int(text) if text.isascii() and text.isdigit() else 0

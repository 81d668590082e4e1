"""The commit that a training runs from, read beside the training and within bounds."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import Any

__all__ = ["GitFacts"]

_SECONDS = 5.0


class GitFacts:
    """Reads a repository's commit and whether anything differs from it, in a thread of its own.

    Args:
        folder: In the repository, or not in any.
    """

    def __init__(self, folder: Path) -> None:
        self._facts: dict[str, Any] | None = None
        self._folder = folder
        self._thread = threading.Thread(target=self._read, name="undertow-git", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # No more threads, or the interpreter is shutting down.
            self._thread = None  # type: ignore[assignment]

    def get(self, seconds: float = 0.0) -> dict[str, Any] | None:
        """`{"commit", "branch", "dirty"}`; None where there is no repository, or it is not known yet.

        Args:
            seconds: How long to wait for it at most.
        """
        if self._thread is not None and seconds:
            self._thread.join(seconds)
        return self._facts

    def _read(self) -> None:
        try:
            # One process for all three. Untracked files are not looked for: a folder of data may hold millions.
            done = subprocess.run(
                # A repository's own settings must not start programs.
                ["git", "-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "--untracked-files=no"],  # noqa: S607
                cwd=self._folder,
                env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
        commit = heads.get("branch.oid")
        if commit is not None and commit != "(initial)":
            dirty = any(not line.startswith("#") for line in lines)
            self._facts = {"commit": commit, "branch": heads.get("branch.head"), "dirty": dirty}

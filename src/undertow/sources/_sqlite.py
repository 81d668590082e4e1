"""Databases in a file: what they hold, looked at without ever writing to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

__all__ = ["has_tables", "read_only"]

_MAGIC = b"SQLite format 3\0"


def has_tables(path: Path, *names: str) -> bool:
    """Whether the file is a database of SQLite's that has all these tables."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return False
        with closing(read_only(path)) as connection:
            found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (OSError, sqlite3.Error):
        return False
    return set(names) <= found


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that can read the file, from any thread, and do nothing else."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sqlite3.connect(address, uri=True, check_same_thread=False)

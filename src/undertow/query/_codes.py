"""Bin codes of columns, kept: in memory, or as memory-mapped files where the data have an identity."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CodeCache", "identity_of"]

#: Bytes of codes that are kept in memory, and on disk for all data together.
MOST_MEMORY = 512 << 20
MOST_DISK = 8 << 30


class CodeCache:
    """Codes by what they are of. Safe for threads; two that ask for the same wait for one making.

    Args:
        identity: What tells these data from all others, see `identity_of`; None keeps codes in memory only.
        folder: Where files go; `$XDG_CACHE_HOME/undertow/codes` where None.
    """

    def __init__(self, identity: str | None = None, folder: Path | None = None) -> None:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        root = folder if folder is not None else home / "undertow" / "codes"
        self._folder = None if identity is None else root / identity
        self._kept: OrderedDict[str, npt.NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            os.utime(self._folder)
            _tidy(root, self._folder)

    def get(
        self, key: str, rows: int, dtype: type[np.unsignedinteger[Any]], make: Callable[[npt.NDArray[Any]], None]
    ) -> npt.NDArray[Any]:
        """The codes that go by a key, made where they are not there yet.

        Args:
            key: What they are: column, scale, domain.
            rows: How many there are.
            dtype: uint8 or uint16.
            make: Fills an array of that shape; it is not seen by anyone before that is done.

        Returns:
            Shape (rows,), not to be written to.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            codes = self._made(key, rows, dtype, make)
            codes.flags.writeable = False
            with self._lock:
                self._kept[key] = codes
                self._making.pop(key, None)
                if self._folder is None:
                    while len(self._kept) > 1 and sum(each.nbytes for each in self._kept.values()) > MOST_MEMORY:
                        self._kept.popitem(last=False)
            return codes

    def _made(
        self, key: str, rows: int, dtype: type[np.unsignedinteger[Any]], make: Callable[[npt.NDArray[Any]], None]
    ) -> npt.NDArray[Any]:
        if self._folder is None or rows == 0:
            codes: npt.NDArray[Any] = np.empty(rows, dtype)
            make(codes)
            return codes
        path = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.{np.dtype(dtype).name}"
        wanted = rows * np.dtype(dtype).itemsize
        if not path.exists() or path.stat().st_size != wanted:
            temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
            try:
                mapped = np.memmap(temporary, dtype, "w+", shape=(rows,))
                make(mapped)
                mapped.flush()
                # In one step: a reader beside us sees all of it or nothing.
                temporary.replace(path)
            finally:
                with suppress(FileNotFoundError):
                    temporary.unlink()
        return np.memmap(path, dtype, "r", shape=(rows,))


def identity_of(paths: Sequence[Path]) -> str:
    """What tells files from what they were before, and from others: names, sizes, times of change."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        stat = path.stat()
        digest.update(f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}\n".encode())
    return digest.hexdigest()[:32]


def _tidy(root: Path, own: Path) -> None:
    """Removes the codes of data that were not asked about for longest, beyond what the disk should bear."""
    folders = [folder for folder in root.iterdir() if folder.is_dir()]
    with suppress(OSError):
        sizes = {folder: sum(file.stat().st_size for file in folder.iterdir()) for folder in folders}
        total = sum(sizes.values())
        for folder in sorted(folders, key=lambda each: each.stat().st_mtime):
            if total <= MOST_DISK:
                break
            if folder != own:
                shutil.rmtree(folder, ignore_errors=True)
                total -= sizes[folder]

"""Runs on object storage: put there from a folder, and copied from there into one, which is then read as any other."""

from __future__ import annotations

import os
import threading
import uuid
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import NotARunError, StoreError
from ._about import read_about
from ._bucket import Bucket, Entry, cache_folder
from ._parts import list_parts
from ._read import Recording
from ._write import TABLES

__all__ = ["Mirror", "RemoteRecording", "publish"]

#: Requests at a time: each waits for an answer rather than for this machine.
_AT_A_TIME = 8
_TRIES = 10


def publish(folder: Path, url: str) -> Iterator[tuple[Path, int]]:
    """Put the sealed segments of a run, or of a folder of runs, on object storage, and what the runs say of themselves.

    What is there already is not sent again, so a call that failed may be repeated. `run.json` goes last: a run that
    says there that it ended is there whole, but for what its folder holds unsealed.

    Args:
        folder: A run's folder, or a folder of runs; nothing in it is changed.
        url: The place of all runs, `s3://BUCKET/PREFIX`.

    Yields:
        Each run's folder, and how many files were put.

    Raises:
        NotARunError: If there is no run.
        StoreError: If something cannot be put there, or there is another segment of the same name.
    """
    bucket = Bucket(url)
    runs = list(Recording(folder).folders())
    there = {entry.path: entry for entry in bucket.list()}
    for run in runs:
        name = str(read_about(run)["id"])
        count = 0
        for table in TABLES:
            for path in list_parts(run / table).segments:
                key = f"{name}/{table}/{path.name}"
                if key not in there or there[key].size != path.stat().st_size:
                    bucket.create(key, path.read_bytes())
                    count += 1
        about = [*sorted(run.glob("params*.parquet")), *sorted((run / "ranks").glob("*.json")), run / "run.json"]
        for path in about:
            bucket.replace(f"{name}/{path.relative_to(run).as_posix()}", path.read_bytes())
            count += 1
        yield run, count


class Mirror:
    """A folder on this machine that holds what a place on object storage holds. Several processes may share one.

    Args:
        url: `s3://BUCKET/PREFIX`: the place of all runs, or one run's.
        folder: The folder, which holds nothing else; one in the user's cache if None.

    Attributes:
        url: The place.
        path: The folder.

    Raises:
        StoreError: If the address is none, or obstore is missing.
    """

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self._bucket = Bucket(url)
        self.url = self._bucket.url
        self.path = cache_folder("mirror") / self._bucket.place if folder is None else folder
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Take over what has changed there since the last time.

        A listing of many pages is no snapshot, so it is asked for again until it names no new segment.

        Raises:
            StoreError: If the place cannot be read; what was copied until then stays.
        """
        with self._lock:
            for _ in range(_TRIES):
                if not self._pass():
                    return

    def _pass(self) -> bool:
        """One listing and what follows from it; whether it named a segment that was not here."""
        # Before the listing: what another process copies while it is made may be missing in it, and must stay.
        had = {path.relative_to(self.path).as_posix() for path in self._files()}
        listed = {entry.path: entry for entry in self._bucket.list()}
        for gone in had - listed.keys():
            self._remove(self.path / gone)
        new = [entry for entry in listed.values() if not self._same(entry)]
        # The tables first: a run that says here that it ended shall have its rows.
        for group in (
            [entry for entry in new if not entry.path.endswith(".json")],
            [entry for entry in new if entry.path.endswith(".json")],
        ):
            if group:
                with ThreadPoolExecutor(min(_AT_A_TIME, len(group))) as pool:
                    list(pool.map(self._copy, group))
        return any(entry.path.endswith(".parquet") for entry in new)

    def _remove(self, path: Path) -> None:
        """A file, and the folders that it leaves empty."""
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self.path:
                return
            try:
                folder.rmdir()
            except OSError:
                return

    def _files(self) -> Iterator[Path]:
        for pattern in ("*.json", "*.parquet"):
            yield from self.path.rglob(pattern)

    def _same(self, entry: Entry) -> bool:
        try:
            status = (self.path / entry.path).stat()
        except OSError:
            return False
        return status.st_size == entry.size and status.st_mtime_ns // 1000 == _stamp(entry) // 1000

    def _copy(self, entry: Entry) -> None:
        content = self._bucket.get(entry.path)
        if content is None:
            return
        path = self.path / entry.path
        temporary = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            # The file and which version it is appear at once, whoever else copies here.
            os.utime(temporary, ns=(_stamp(entry), _stamp(entry)))
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(f"{path}, the copy of {self.url}/{entry.path}, cannot be written: {error}") from error


def _stamp(entry: Entry) -> int:
    """A time of change, in ns, that stands for a version: for its tag, since the storage counts whole seconds."""
    return 1_000_000_000_000_000_000 + zlib.crc32(entry.tag.encode()) * 1_000_000


class RemoteRecording(Recording):
    """A Recording of runs on object storage: a mirror of them, brought up to date whenever a table is read.

    Attributes:
        url: Where they lie.
        path: The mirror's folder.

    Raises:
        NotARunError: If there is no run.
        StoreError: If the place cannot be read.
    """

    def __init__(self, url: str) -> None:
        self._mirror = Mirror(url)
        self.url = self._mirror.url
        super().__init__(self._mirror.path)

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, of {self.url})"

    def folders(self) -> Iterator[Path]:
        """The run folders in the mirror; see `Recording.folders`."""
        self._mirror.refresh()
        try:
            yield from super().folders()
        except NotARunError as error:
            raise NotARunError(f"{self.url} holds no run") from error

"""The door to recorded runs: what `undertow.load` does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from .store import Mirror, Recording, RemoteRecording, is_remote
from .store import load as load_recording

if TYPE_CHECKING:
    from .query.sealed import SealedRecording

__all__ = ["load"]


@overload
def load(path: str | os.PathLike[str]) -> Recording: ...
@overload
def load(path: str | os.PathLike[str], *, engine: str, master: Any = None) -> SealedRecording: ...
def load(path: str | os.PathLike[str], *, engine: str | None = None, master: Any = None) -> Recording | SealedRecording:
    """Open a folder of runs, or one run, for reading.

    Nothing is read yet but each `run.json`'s presence; the tables are read when asked for, anew each time, so that a
    Recording follows a training that is still writing.

    Args:
        path: The folder given to `undertow.Run`, or one run's folder within it; or where on object storage `undertow
            publish` put it, `s3://BUCKET/PREFIX`: copied into the user's cache, as far as that has changed, at each
            reading.
        engine: "duckdb" or "spark", for what is too large to be read: `.steps` and `.layers` are then engines that
            answer questions over the sealed segments, where they lie.
        master: The cluster, for "spark": `spark://HOST:PORT`, or a SparkSession.

    Raises:
        NotARunError: If there is no such folder, or no run in it.
        StoreError: If the object storage cannot be read.
        QueryError: If there is no such engine, or no cluster is named.
    """
    remote = str(path) if is_remote(path) else None
    if remote is not None and engine is None and master is None:
        return RemoteRecording(remote)
    if engine is None and master is None:
        return load_recording(path)
    from .query.sealed import SealedRecording

    if remote is not None:
        # Asked once: an engine stands over the files that it was given.
        mirror = Mirror(remote)
        mirror.refresh()
        path = mirror.path
    return SealedRecording(Path(path), engine or "duckdb", master)

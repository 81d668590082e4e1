"""What other tools logged, converted into run folders of ours for good."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ._dispatch import logged_of
from ._version import __version__
from .errors import SourceError
from .record._describe import jsonable, now, run_id
from .schema import FORMAT_VERSION
from .sources import LoggedRun
from .store import RunWriter
from .store._append import seal
from .store._write import replace_json, replace_params

__all__ = ["import_runs"]

#: Rows that are handed to a writer at once.
_ROWS = 65_536


def import_runs(
    paths: Iterable[Path], into: Path, format: str | None = None, skip_bad: bool = False
) -> Iterator[tuple[Path, LoggedRun]]:
    """Converts runs into run folders, one by one, and yields each folder with what it was made of.

    A folder appears under its name once all of it is on the disk. What was logged keeps its steps and times; nothing
    is ever replaced, so that the same log imported twice is there twice.

    Args:
        paths: Logs of other tools, or files of rows that count steps or epochs, a run each.
        into: The folder of all runs; created if missing.
        format: What the paths are, where neither name nor content tell.
        skip_bad: Whether to leave out what cannot be read.

    Raises:
        SourceError: If there is nothing to import, or something cannot be read; nothing is written then.
        OSError: If a folder cannot be written. Those before it stay.
    """
    paths = list(paths)
    logged = logged_of(paths, format, skip_bad)
    for name, run in logged.several.items():
        if len(run.steps) or len(run.layers):
            yield _write(name, run, into), run


def _write(name: str, run: LoggedRun, into: Path) -> Path:
    id = run_id(name)
    # One folder further down than readers look for runs, and hidden besides.
    workshop = into / f".importing-{uuid.uuid4().hex[:8]}"
    folder = workshop / id
    try:
        folder.mkdir(parents=True)
        writer = RunWriter(folder, id, attempt=0, rank=0)
        for batch in run.steps.to_batches(_ROWS):
            writer.append("steps", batch)
        if len(run.layers):
            words = run.layers["param"].cast(pa.string())
            layers = run.layers.set_column(run.layers.schema.get_field_index("param"), "param", words)
            for batch in layers.to_batches(_ROWS):
                writer.append("layers", batch)
        for tail in writer.rotate():
            lost = seal(tail)
            if lost:
                raise SourceError(f"{lost} rows of {name!r} could not be read back from {folder}")
        if run.params:
            replace_params(folder / "params.parquet", [dict(row) for row in run.params])
        replace_json(folder / "run.json", _about(name, id, run, writer.name))
        return folder.rename(into / id)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _about(name: str, id: str, run: LoggedRun, writer: str) -> dict[str, Any]:
    tables = [table["time"] for table in (run.steps, run.layers) if len(table)]
    first = min(pc.min(times).as_py() for times in tables)
    last = max(pc.max(times).as_py() for times in tables)
    start, end = run.start or first, run.end or last
    return {
        "format": FORMAT_VERSION,
        "id": id,
        "name": name,
        "config": jsonable(run.config),
        "tags": list(run.tags),
        "attempt": 0,
        "rank": 0,
        "writer": writer,
        "start": start.isoformat(timespec="microseconds"),
        "heartbeat": end.isoformat(timespec="microseconds"),
        "end": end.isoformat(timespec="microseconds"),
        "state": "failed" if run.state == "failed" else "finished",
        "versions": {"undertow": __version__},
        "host": {"name": run.host} if run.host else None,
        "command": [],
        "git": None,
        "notes": {"imported": {"at": now(), "left out": list(run.left_out)}},
    }

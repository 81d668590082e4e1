"""Reading run folders back, while they are still being written or long after."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import CorruptFileError, NotARunError
from ..schema import KEYS, LAYERS, OPTIONAL, PARAMS
from ._about import alive, instant, rank_files, read_about, state_of
from ._parts import read_parquet, read_parts
from ._unify import concatenate
from ._write import TableName

if TYPE_CHECKING:
    import os

    import pandas as pd
    import polars as pl

__all__ = ["RUNS", "Recording", "Table", "by_step", "load", "newest_attempts", "run_row"]

RUNS = pa.schema(
    [
        pa.field("run", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("state", pa.string()),
        pa.field("attempt", pa.int32()),
        pa.field("start", pa.timestamp("us", tz="UTC")),
        pa.field("heartbeat", pa.timestamp("us", tz="UTC")),
        pa.field("end", pa.timestamp("us", tz="UTC")),
        pa.field("config", pa.string()),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("host", pa.string()),
        pa.field("command", pa.string()),
        pa.field("versions", pa.string()),
        pa.field("lost", pa.int64()),
    ]
)


def load(path: str | os.PathLike[str]) -> Recording:
    """Open a folder of runs, or one run, for reading.

    Nothing is read yet but each `run.json`'s presence; the tables are read when asked for, anew each time, so that a
    Recording follows a training that is still writing.

    Args:
        path: The folder given to `undertow.Run`, or one run's folder within it.

    Raises:
        NotARunError: If there is no such folder, or no run in it.
    """
    return Recording(Path(path))


class Recording:
    """A folder of runs, or one run, as tables.

    Attributes:
        path: The folder.
        runs: One row a run: id, name, state, newest attempt, start, heartbeat, end, config (JSON text), tags, host,
            command, versions, lost rows.
        steps: One row per logged step, by (run, step); a column a metric, null where it was not logged.
        layers: One row per (run, step, parameter), in no promised order; see `undertow.statistics.FIELDS`.
        params: One row per (run, parameter): module path, depth from the input, shape, size, dtype.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        list(self.folders())
        self.runs = Table(self._read_runs)
        self.steps = Table(lambda: by_step(self._read_segments("steps", KEYS)))
        self.layers = Table(lambda: self._read_segments("layers", LAYERS))
        self.params = Table(self._read_params)

    def __repr__(self) -> str:
        return f"Recording({str(self.path)!r}: {len(list(self.folders()))} runs)"

    def folders(self) -> Iterator[Path]:
        """The run folders, sorted by name.

        Raises:
            NotARunError: If there is none.
        """
        if not self.path.is_dir():
            raise NotARunError(f"{self.path} is not a folder")
        if (self.path / "run.json").exists():
            yield self.path
            return
        children = sorted(child for child in self.path.iterdir() if child.is_dir())
        runs = [child for child in children if (child / "run.json").exists()]
        if not runs:
            raise NotARunError(f"{self.path} holds no run.json, nor does any folder in it")
        for child in children:
            if child not in runs and any((child / table).is_dir() for table in ("steps", "layers")):
                _warn(f"{child} has recorded tables but no run.json; it is left out")
        yield from runs

    def _read_runs(self) -> pa.Table:
        return pa.Table.from_pylist([run_row(folder, read_about(folder)) for folder in self.folders()], schema=RUNS)

    def _read_params(self) -> pa.Table:
        schema = pa.schema([RUNS.field("run"), *PARAMS])
        parts = []
        for folder in self.folders():
            run = str(read_about(folder)["id"])
            described: set[str] = set()
            for path in (folder / "params.parquet", *sorted(folder.glob("params-*.parquet"))):
                if not path.exists():
                    continue
                table = read_parquet(path)
                missing = set(PARAMS.names) - set(table.column_names)
                if missing:
                    raise CorruptFileError(f"{path} lacks the column {sorted(missing)[0]!r}")
                table = table.select(PARAMS.names).cast(PARAMS)
                # Ranks of one model describe much the same parameters.
                table = table.filter(
                    pa.array([name not in described for name in table["param"].to_pylist()], pa.bool_())
                )
                described.update(table["param"].to_pylist())
                parts.append(table.add_column(0, "run", pa.array([run] * len(table), pa.string())).cast(schema))
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def _read_segments(self, name: TableName, schema: pa.Schema) -> pa.Table:
        parts: list[tuple[Path, pa.Table]] = []
        for folder in self.folders():
            live = alive(read_about(folder))
            for path, table in read_parts(folder / name, live):
                missing = [name for name in schema.names if name not in {*table.column_names, *OPTIONAL}]
                if missing:
                    _warn(f"{path} is not a segment of ours (it has no column {missing[0]!r}); it is left out")
                    continue
                parts.append((path, table))
        return newest_attempts(concatenate(parts, schema))


class Table:
    """A table that is read when asked for, with what is written by then: sealed or not."""

    def __init__(self, read: Any) -> None:
        self._read = read

    def to_arrow(self) -> pa.Table:
        """The rows that are written by now, as an Arrow table. A warning says which end of a file could not be read.

        Raises:
            CorruptFileError: If a file fails its checks; the message names it.
            StoreError: If a file was written by a newer version.
        """
        return self._read()

    def to_pandas(self) -> pd.DataFrame:
        """The same rows as a pandas DataFrame; null becomes NaN or None, as pandas has it."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """The same rows as a Polars DataFrame."""
        import polars as pl

        return cast("pl.DataFrame", pl.from_arrow(self.to_arrow()))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)


def run_row(folder: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `RUNS`, of what a run's `run.json` says.

    Raises:
        CorruptFileError: If that is not what we write.
    """
    path = folder / "run.json"
    try:
        return {
            "run": content["id"],
            "name": content.get("name"),
            "state": state_of(content),
            "attempt": content.get("attempt", 0),
            "start": instant(content.get("start")),
            "heartbeat": instant(content.get("heartbeat")),
            "end": instant(content.get("end")),
            "config": json.dumps(content.get("config"), ensure_ascii=False),
            "tags": [str(tag) for tag in content.get("tags") or []],
            "host": (content.get("host") or {}).get("name"),
            "command": " ".join(content.get("command") or []),
            "versions": json.dumps(content.get("versions") or {}),
            "lost": sum((about.get("lost") or {}).get("rows", 0) for about in (content, *rank_files(folder))),
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise CorruptFileError(f"{path} is not the description of a run: {error!r}") from error


def newest_attempts(table: pa.Table) -> pa.Table:
    """Without the rows of a step that a later attempt of the same run repeated."""
    attempts = table["attempt"]
    if len(table) == 0 or pc.max(attempts).as_py() == pc.min(attempts).as_py():
        return table
    keys = table.select(["run", "step", "attempt"])
    keys = keys.set_column(0, "run", keys["run"].cast(pa.string()))
    newest = keys.group_by(["run", "step"]).aggregate([("attempt", "max")])
    keys = keys.append_column("row", pa.array(range(len(table)), pa.int64()))
    joined = keys.join(newest, ["run", "step"])
    rows = joined.filter(pc.equal(joined["attempt"], joined["attempt_max"]))["row"]
    return table.take(rows.sort())


def by_step(table: pa.Table) -> pa.Table:
    """By run, step and time."""
    order = pa.table({"run": table["run"].cast(pa.string()), "step": table["step"], "time": table["time"]})
    return table.take(pc.sort_indices(order, sort_keys=[(name, "ascending") for name in order.column_names]))


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=2)

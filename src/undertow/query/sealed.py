"""Recorded runs as files that an engine reads in place: the sealed segments of a folder, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ..errors import QueryError
from ..frame import Frame
from ..schema import LAYERS
from ..store import load
from ..store import segments as segments_of
from ._answers import Engine
from ._source import footers
from .engine import DuckEngine
from .spark import SparkEngine

__all__ = ["ENGINES", "SealedRecording", "TableName", "check_engine", "engine_of", "sealed_frame", "segments"]

TableName = Literal["steps", "layers"]
ENGINES = ("duckdb", "spark")

#: The columns that are axes at first, as far as they are there; of `steps` the metrics come between.
_FIRST = {"steps": ("step", "epoch"), "layers": ("param", "sum_sq", "abs_max", "w_sum_sq", "u_sum_sq", "step")}
_KEYS = {"run", "attempt", "rank", "step", "epoch", "time"}
_MOST_AXES = 8


class SealedRecording:
    """A folder of runs whose tables are asked rather than read. `undertow.load(..., engine=...)` makes it.

    Rows are those of sealed segments, of every attempt and rank, as they were written: what is still open is not among
    them, and sums of shards are not merged.

    Args:
        path: The folder, or one run's folder within it.
        engine: "duckdb" or "spark".
        master: The cluster, for "spark": `spark://HOST:PORT`, or a SparkSession.

    Raises:
        NotARunError: If there is no such folder, or no run in it.
        QueryError: If there is no such engine, or no cluster is named.
    """

    def __init__(self, path: Path, engine: str, master: Any = None) -> None:
        check_engine(engine, master)
        self.path = path
        self._recording = load(path)
        self._engine = engine
        self._master = master

    def __repr__(self) -> str:
        return f"SealedRecording({str(self.path)!r}, engine={self._engine!r})"

    @cached_property
    def steps(self) -> Engine:
        """The engine of the `steps` table, over the segments that are sealed when it is first asked for."""
        return self._over("steps")

    @cached_property
    def layers(self) -> Engine:
        """The engine of the `layers` table, likewise."""
        return self._over("layers")

    def _over(self, table: TableName) -> Engine:
        paths = segments(self._recording.folders(), table)
        if not paths:
            raise QueryError(
                f"{self.path} has no sealed segment of {table!r} yet; `undertow compact` seals what is open"
            )
        return engine_of(paths, self._engine, self._master)


def check_engine(engine: str, master: Any) -> None:
    """Raises QueryError where there is no such engine, or it lacks a cluster."""
    if engine not in ENGINES:
        raise QueryError(f"there is no engine {engine!r}; there are: {', '.join(ENGINES)}")
    if engine == "spark" and not master:
        raise QueryError("the engine spark needs a cluster: master='spark://HOST:PORT' (on the command line --master)")
    if engine != "spark" and master:
        raise QueryError(f"the engine {engine} has no master; did you mean the engine spark?")


def engine_of(paths: list[Path], engine: str, master: Any = None) -> Engine:
    """An engine over Parquet files."""
    check_engine(engine, master)
    return SparkEngine(paths, master) if engine == "spark" else DuckEngine(paths)


def segments(folders: Iterable[Path], table: TableName) -> list[Path]:
    """The sealed segments of a table that count, run by run.

    Args:
        folders: The runs' folders.
        table: Which.

    Raises:
        CorruptFileError: If a merged segment cannot be read.
    """
    return [path for folder in folders for path in segments_of(folder / table)]


def sealed_frame(paths: list[Path], table: TableName) -> Frame:
    """A frame of the rows of segments, none of which is here; see `Frame.remote`."""
    ends = footers(paths)
    names = [column.name for column in ends.columns]
    first = [name for name in _FIRST[table] if name in names]
    if table == "steps":
        numbers = [column.name for column in ends.columns if column.kind == "number" and column.name not in _KEYS]
        first = list(dict.fromkeys((*first[:1], *numbers[: _MOST_AXES - 2], *first[1:])))
    known = {name for name in LAYERS.names if name not in _KEYS}
    what = "one parameter at one step, on one rank" if known & set(names) else "one logged step, on one rank"
    return Frame(
        ends.schema.empty_table(),
        ends.columns,
        table,
        tuple(first),
        "step" if "step" in names else None,
        note=f"One line is {what}: a row as it was recorded, of sealed files.",
        remote=sum(ends.rows),
    )

"""Parquet files as a table of a Spark cluster, and what it takes to reach one. Needs the extra `undertow[spark]`."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import QueryError
from ..schema import Column
from . import _tasks, binning, values
from ._source import footers

__all__ = ["SparkFiles", "connect", "ship", "stoppable"]

_GLOB = "*?[]{}\\"
_TYPES = {"int8": "TINYINT", "int16": "SMALLINT", "int32": "INT", "int64": "BIGINT", "uint8": "SMALLINT"}
_TYPES |= {"uint16": "INT", "uint32": "BIGINT", "uint64": "DECIMAL(20,0)", "float": "FLOAT", "double": "DOUBLE"}
_TYPES |= {"bool": "BOOLEAN", "string": "STRING", "large_string": "STRING"}

_lock = threading.Lock()


def connect(master: Any) -> Any:
    """A session of a cluster.

    Args:
        master: `spark://HOST:PORT`, any other master that Spark knows, or a session, which is then the one.

    Raises:
        QueryError: If PySpark or Java is not there, the cluster cannot be reached, this process has a session of
            another one (Spark allows one a process), or it is Spark Connect, whose plans name views that are gone
            by the time they run.
    """
    if str(master).startswith("sc://") or not (isinstance(master, str) or hasattr(master, "_jsparkSession")):
        raise QueryError(
            "Spark Connect is not supported: name the cluster itself, spark://HOST:PORT, or give a session of it"
        )
    if not isinstance(master, str):
        return master
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise QueryError("questions to a cluster need PySpark: pip install 'undertow[spark]'") from error
    with _lock:
        builder = SparkSession.builder.appName("undertow")
        active = SparkSession.getActiveSession()
        if active is not None and active.sparkContext.master != master:
            raise QueryError(f"this process works with {active.sparkContext.master} already, not with {master}")
        if "127.0.0.1" in master or "localhost" in master:
            # A host's name may stand for an address that the workers on loopback cannot reach.
            builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
        return _reached(master, builder.master(master).config("spark.ui.enabled", os.environ.get("SPARK_UI", "false")))


def _reached(master: str, builder: Any) -> Any:
    try:
        return builder.getOrCreate()
    except Exception as error:  # of py4j or Spark, each with a tree of its own
        raise QueryError(f"Spark at {master} cannot be reached: {_first_line(error)}") from error


@cache
def ship() -> None:
    """From now on our tasks travel with their code: the executors have nothing of ours."""
    from pyspark import cloudpickle

    for module in (_tasks, binning, values):
        cloudpickle.register_pickle_by_value(module)


@contextmanager
def stoppable(session: Any) -> Iterator[Callable[[], object]]:
    """What this thread asks of a cluster meanwhile, and a function that ends it, from whichever thread."""
    tag = f"undertow-{uuid.uuid4().hex}"
    # A session's own tags do not reach the jobs that `toArrow` starts; those of its context do.
    context = session.sparkContext
    context.addJobTag(tag)
    context.setInterruptOnCancel(True)
    try:
        yield lambda: context.cancelJobsWithTag(tag)
    finally:
        context.removeJobTag(tag)


class SparkFiles:
    """Parquet files as one table, whose rows have numbers; they are read where they are.

    Args:
        paths: The files, in the order of their rows. The workers must find them under the same paths.
        session: The cluster's session; the table gets one of its own.

    Attributes:
        rows: How many rows there are.
        schema: The columns, in types that hold them in every file.
        columns: Their descriptions.
        session: Where the views `frame` (c0, c1, …) and `numbered` (id, c0, c1, …) are.

    Raises:
        QueryError: If there is no file, or a column's type is none that Spark knows.
    """

    def __init__(self, paths: Sequence[Path], session: Any) -> None:
        files = footers(paths)
        self.rows = sum(files.rows)
        self.schema: pa.Schema = files.schema
        self.columns: tuple[Column, ...] = files.columns
        self.session = session.newSession()
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        self.session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(1 << 17))
        self._paths = [Path(path).resolve() for path in paths]
        self._schemas = files.schemas
        self._starts = np.concatenate([[0], np.cumsum(files.rows)])
        everything = range(len(self._paths))
        self._scan(everything, numbered=False).createOrReplaceTempView("frame")
        self._scan(everything, numbered=True).createOrReplaceTempView("numbered")

    def having(self, ids: npt.NDArray[np.int64]) -> Any:
        """The rows with some numbers, as a DataFrame in no order; only the files that hold them are read."""
        from pyspark.sql.functions import broadcast

        files = np.unique(np.searchsorted(self._starts, ids, side="right") - 1)
        wanted = self.session.createDataFrame(pa.table({"id": pa.array(np.unique(ids), pa.int64())}))
        return self._scan(files.tolist(), numbered=True).join(broadcast(wanted), "id")

    def _scan(self, files: Iterable[int], numbered: bool) -> Any:
        from pyspark.sql.functions import broadcast, expr

        found = None
        for schema, members in _alike(self._schemas, files):
            fields = ", ".join(f"{_quoted(field.name)} {_spark_type(field)}" for field in schema)
            paths = ["".join(f"\\{c}" if c in _GLOB else c for c in str(self._paths[each])) for each in members]
            read = self.session.read.schema(fields or "nothing INT").parquet(*paths)
            selected = []
            for place, field in enumerate(self.schema):
                value = _quoted(field.name) if field.name in schema.names else "NULL"
                selected.append(expr(f"CAST({value} AS {_spark_type(field)})").alias(f"c{place}"))
            if numbered:
                about = read.metadataColumn("_metadata")
                selected += [about.getField("file_path").alias("path"), about.getField("row_index").alias("row")]
                part = read.select(*selected)
                part = part.join(broadcast(self._offsets(read, members)), "path")
                part = part.selectExpr("start + row AS id", *(f"c{place}" for place in range(len(self.schema))))
            else:
                part = read.select(*selected)
            found = part if found is None else found.unionAll(part)
        return found

    def _offsets(self, read: Any, members: Sequence[int]) -> Any:
        """The number of each file's first row, by the file's name as Spark writes it."""
        starts = {str(self._paths[each]): int(self._starts[each]) for each in members}
        names, offsets = [], []
        for address in read.inputFiles():
            start = starts.get(unquote(urlsplit(address).path))
            if start is None:
                raise QueryError(f"Spark reads {address}, which nobody asked for")
            # It writes file:/a in one place and file:///a in another.
            for name in {address, address.replace("file:///", "file:/", 1), address.replace("file:/", "file:///", 1)}:
                names.append(name)
                offsets.append(start)
        return self.session.createDataFrame(
            pa.table({"path": pa.array(names, pa.string()), "start": pa.array(offsets, pa.int64())})
        )


def _alike(schemas: Sequence[pa.Schema], files: Iterable[int]) -> list[tuple[pa.Schema, list[int]]]:
    """The files in groups within which no column has two types, each with all of its columns."""
    groups: list[tuple[dict[str, pa.Field], list[int]]] = []
    for each in files:
        fields = {field.name: field for field in schemas[each]}
        for known, members in groups:
            if all(known.get(name, field).type == field.type for name, field in fields.items()):
                known.update(fields)
                members.append(each)
                break
        else:
            groups.append((fields, [each]))
    return [(pa.schema(list(known.values())), members) for known, members in groups]


def _spark_type(field: pa.Field) -> str:
    if pa.types.is_dictionary(field.type):
        return "STRING"
    if pa.types.is_timestamp(field.type) and field.type.unit in ("ms", "us"):
        return "TIMESTAMP" if field.type.tz else "TIMESTAMP_NTZ"
    if str(field.type) not in _TYPES:
        raise QueryError(f"column {field.name!r} is of type {field.type}, which Spark cannot read")
    return _TYPES[str(field.type)]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0][:500]

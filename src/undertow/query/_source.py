"""Where an engine's rows are: a Frame in memory, or Parquet files that stay where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import QueryError
from ..frame import Frame
from ..schema import Column
from ..sources import time_column
from ._sql import Variable
from .values import BOOLEANS, encode, milliseconds

__all__ = ["Footers", "FrameSource", "ParquetSource", "Source", "footers"]

#: Answers hold rows' numbers and counts in 32 bits: beyond, these would begin anew at 0, and nothing would say so.
_MOST_ROWS = 2**32 - 1


class Source(Protocol):
    """Rows that DuckDB can scan, in an order that stays.

    Attributes:
        rows: How many.
        columns: Their descriptions.
        variables: How SQL speaks of each, by name.
    """

    rows: int
    columns: tuple[Column, ...]
    variables: dict[str, Variable]

    def prepare(self, connection: Any) -> None:
        """Makes the view `frame` on a connection."""

    def take(self, ids: npt.NDArray[np.int64], names: Sequence[str], connection: Any) -> pa.Table:
        """Some rows, in the order of their numbers as given, in their own types."""


class FrameSource:
    """The table of a Frame. Numbers are scanned where they lie; categories and times are converted, once."""

    def __init__(self, frame: Frame) -> None:
        self.rows = len(frame)
        self.columns = frame.columns
        self._table = frame.table
        self.variables = {}
        arrays = []
        for place, column in enumerate(frame.columns):
            values, names = frame.table[column.name], None
            missing = np.asarray(values.is_null().to_numpy()) if values.null_count else None
            if column.kind == "category":
                codes, names = encode(values)
                arrays.append(pa.chunked_array([pa.array(codes.astype(np.int32), mask=missing)]))
            elif column.kind == "time":
                arrays.append(pa.chunked_array([pa.array(milliseconds(values), mask=missing)]))
            else:
                arrays.append(values)
            value = f"c{place}" if names is not None else f"c{place}::DOUBLE"
            self.variables[column.name] = Variable(value, names)
        self._scanned = pa.table(arrays, [f"c{place}" for place in range(len(arrays))]) if arrays else pa.table({})

    def prepare(self, connection: Any) -> None:
        """Registers the table; nothing is copied."""
        if self.columns:
            connection.register("frame", self._scanned)

    def take(self, ids: npt.NDArray[np.int64], names: Sequence[str], connection: Any) -> pa.Table:
        """See `Source.take`."""
        return self._table.select(list(names)).take(pa.array(ids))


class ParquetSource:
    """Parquet files as one table, by a view: they are scanned in place, and nothing is copied.

    Args:
        paths: The files, in the order of their rows; columns are matched by name.
        connection: Any connection to the database that later ones share.

    Raises:
        QueryError: If there is no file, or two columns are called the same but for case.
    """

    def __init__(self, paths: Sequence[Path], connection: Any) -> None:
        ends = footers(paths)
        self.rows = sum(ends.rows)
        self.columns = ends.columns
        schema = ends.schema
        self._files = [str(path) for path in paths]
        self.variables = {}
        self._names = {column.name: f"c{place}" for place, column in enumerate(self.columns)}
        selected = []
        for place, column in enumerate(self.columns):
            quoted = '"' + column.name.replace('"', '""') + '"'
            selected.append(f"{quoted} AS c{place}")
            kind = schema.field(column.name).type
            if pa.types.is_boolean(kind):
                self.variables[column.name] = Variable(f"c{place}::INTEGER", BOOLEANS)
            elif column.kind == "category":
                query = f"SELECT DISTINCT {quoted} FROM read_parquet($files, union_by_name = true) WHERE {quoted} IS NOT NULL ORDER BY 1"  # noqa: E501, S608 - the name is quoted
                names = [row[0] for row in connection.execute(query, {"files": self._files}).fetchall()]
                connection.execute(f"CREATE TYPE e{place} AS ENUM (SELECT unnest(?::VARCHAR[]))", [names])
                self.variables[column.name] = Variable(f"enum_code(c{place}::e{place})::INTEGER", names)
            elif column.kind == "time":
                self.variables[column.name] = Variable(f"epoch_us(c{place}) / 1000.0", None)
            else:
                self.variables[column.name] = Variable(f"c{place}::DOUBLE", None)
        # A view takes no parameters: the paths are written as text, their quotes doubled.
        files = ", ".join("'" + path.replace("'", "''") + "'" for path in self._files)
        self._view = f"CREATE OR REPLACE TEMP VIEW frame AS SELECT {', '.join(selected)} FROM read_parquet([{files}], union_by_name = true)"  # noqa: E501, S608

    def prepare(self, connection: Any) -> None:
        """Makes the view."""
        connection.execute(self._view)

    def take(self, ids: npt.NDArray[np.int64], names: Sequence[str], connection: Any) -> pa.Table:
        """See `Source.take`."""
        wanted = ", ".join(self._names[name] for name in names)
        comma = ", " if names else ""
        query = f"SELECT id{comma}{wanted} FROM (SELECT row_number() OVER () - 1 AS id{comma}{wanted} FROM frame) WHERE id IN (SELECT unnest(?::BIGINT[]))"  # noqa: E501, S608 - c0, c1, …
        table = connection.sql(query, params=[ids.tolist()]).to_arrow_table()
        place = {id_: at for at, id_ in enumerate(table["id"].to_pylist())}
        table = table.take(pa.array([place[id_] for id_ in ids.tolist()], pa.int64()))
        return table.select([self._names[name] for name in names]).rename_columns(list(names))


@dataclass(frozen=True)
class Footers:
    """What Parquet files say of themselves at their ends.

    Attributes:
        rows: How many rows each has.
        schemas: The columns of each that can be shown.
        schema: All of these, each in the type that holds it in every file.
        columns: Their descriptions.
    """

    rows: tuple[int, ...]
    schemas: tuple[pa.Schema, ...]
    schema: pa.Schema
    columns: tuple[Column, ...]


def footers(paths: Sequence[Path]) -> Footers:
    """Reads the ends of Parquet files.

    Raises:
        QueryError: If there is no file, two columns are called the same but for case, or there are more rows than 32
            bits can count.
    """
    if not paths:
        raise QueryError("there is no file to ask")
    rows, schemas = [], []
    for path in paths:
        metadata = pq.read_metadata(path)
        rows.append(metadata.num_rows)
        # SQL has no column without a name, and none that differs from another by its case alone.
        shown = [
            each for each in metadata.schema.to_arrow_schema().remove_metadata() if each.name and _shown(each.type)
        ]
        schemas.append(pa.schema(shown))
    if sum(rows) > _MOST_ROWS:
        raise QueryError(f"{sum(rows):,} rows are more than one table may have here, {_MOST_ROWS:,}; ask of fewer runs")
    schema = pa.unify_schemas(schemas, promote_options="permissive")
    folded = Counter(name.casefold() for name in schema.names)
    twice = [name for name in schema.names if folded[name.casefold()] > 1]
    if twice:
        raise QueryError(f"columns whose names differ by case alone cannot be asked about: {', '.join(twice)}")
    return Footers(tuple(rows), tuple(schemas), schema, tuple(_described(field) for field in schema))


def _described(field: pa.Field) -> Column:
    if pa.types.is_timestamp(field.type):
        return time_column(field.name, field.type)
    if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
        return Column(field.name, "number")
    return Column(field.name, "category", scale="category")


def _shown(kind: pa.DataType) -> bool:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return bool(text or number or pa.types.is_boolean(kind) or pa.types.is_timestamp(kind))

"""JSON: a list of rows, columns, what pandas writes, Transformers' trainer state, or a row a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import SourceError
from ._bytes import read_text
from ._infer import inferred_array
from ._read import Read
from ._rows import columns_of_rows

__all__ = ["parse_json", "read_json", "table_of_json", "table_of_rows"]


def read_json(path: Path, skip_bad: bool = False) -> Read:
    """Reads a file of JSON, or of JSON lines: one value a line.

    Raises:
        SourceError: If it is not JSON, or not of rows or columns; the message names file and line, or row and column.
    """
    text = read_text(path, skip_bad)
    try:
        value = parse_json(text, str(path))
    except SourceError as error:
        if text.lstrip()[:1] != "{" or "\n" not in text.strip():
            raise
        # A row a line, of which the first need not be whole: a training that was killed leaves a half one at the end.
        first = text.lstrip().split("\n", 1)[0]
        try:
            parse_json(first, str(path))
        except SourceError:
            if not skip_bad:
                raise error from None
        return _lines(text, str(path), skip_bad)
    return table_of_json(value, str(path), skip_bad)


def parse_json(text: str, where: str) -> Any:
    """Parses JSON, in which NaN and Infinity may occur, as Python writes them.

    Raises:
        SourceError: If it is none; the message names line and column.
    """
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{where}, line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
        ) from error
    except (RecursionError, ValueError) as error:  # nested too deep, or an integer of thousands of digits
        what = "it nests too deep" if isinstance(error, RecursionError) else error
        raise SourceError(f"{where} cannot be read as JSON: {what}") from error


def table_of_json(value: Any, where: str, skip_bad: bool = False) -> Read:
    """Makes rows of JSON that was parsed: a list of objects, an object of lists, or what pandas and Transformers write.

    Raises:
        SourceError: If it is something else.
    """
    if isinstance(value, Mapping):
        if isinstance(value.get("log_history"), list) and "global_step" in value:  # transformers' trainer_state.json
            return table_of_rows(_merged(value["log_history"]), where, skip_bad)
        columns, data = value.get("columns"), value.get("data")
        if (
            isinstance(data, list)
            and isinstance(columns, list)
            and set(value) <= {"columns", "data", "index", "index_names", "column_names"}
        ):
            return table_of_rows([_zipped(columns, row) for row in data], where, skip_bad)
        if isinstance(data, list) and isinstance(value.get("schema"), Mapping):  # pandas' orient="table"
            return table_of_rows(data, where, skip_bad)
        if value and all(isinstance(each, list) for each in value.values()):
            return Read(_of_columns(value, where))
        if value and all(isinstance(each, Mapping) for each in value.values()) and _is_indexed(value):
            return Read(_of_columns(_unindexed(value), where))
        return table_of_rows([value], where, skip_bad)
    if isinstance(value, list):
        return table_of_rows(value, where, skip_bad)
    raise SourceError(f"{where} holds a single {type(value).__name__}, not rows or columns")


def table_of_rows(
    rows: Iterable[Any], where: str, skip_bad: bool = False, number: Callable[[int], str] = "row {}".format
) -> Read:
    """Makes a table of rows, by `columns_of_rows`; what is text is what it stands for.

    Raises:
        SourceError: If there is no row or no column, a row is no object, or a value cannot be held.
    """
    columns, bad = columns_of_rows(rows, where, skip_bad, lambda row: f"{where}, {number(row)}")
    return Read(pa.table({name: _column(values, name, where) for name, values in columns.items()}), bad)


def _column(values: list[object], name: str, where: str) -> pa.Array | pa.ChunkedArray:
    try:
        return inferred_array(values, name)
    except SourceError:
        try:
            # A long list in a cell is no axis; the other columns are.
            return inferred_array([json.dumps(v) if isinstance(v, list) else v for v in values], name)
        except SourceError as error:
            raise SourceError(f"{where}, {error}") from error


def _lines(text: str, where: str, skip_bad: bool) -> Read:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    rows: list[Any] = []
    bad = 0
    numbers: list[int] = []
    for place, (number, line) in enumerate(lines):
        try:
            value = parse_json(line, where)
            if not isinstance(value, Mapping):
                raise SourceError(f"a {type(value).__name__}, not an object of names and values")
        except SourceError as error:
            last = place == len(lines) - 1 and not text.endswith("\n")
            if not skip_bad and not last:
                why = str(error.__cause__ or error)
                raise SourceError(f"{where}, line {number}: {why.split(': line 1')[0]}") from error
            bad += 1
            continue
        rows.append(value)
        numbers.append(number)
    read = table_of_rows(rows, where, skip_bad, lambda row: f"line {numbers[row]}")
    return Read(read.table, read.skipped + bad)


def _zipped(columns: list[Any], row: Any) -> Any:
    return dict(zip(map(str, columns), row, strict=False)) if isinstance(row, list) else row


def _of_columns(value: Mapping[str, list[Any]], where: str) -> pa.Table:
    longest = max(map(len, value.values()))
    if not longest:
        raise SourceError(f"there are no rows to show: {where} has none")
    short = next((name for name, values in value.items() if len(values) != longest), None)
    if short is not None:
        raise SourceError(f"{where}, column {short!r} has {len(value[short])} values where another has {longest}")
    rows = ({name: values[row] for name, values in value.items()} for row in range(longest))
    return table_of_rows(rows, where).table


def _is_indexed(value: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether each value maps row numbers to values, as pandas' `to_json()` has it."""
    keys = next(iter(value.values())).keys()
    return bool(keys) and all(key.isdigit() for key in keys) and all(each.keys() == keys for each in value.values())


def _unindexed(value: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: list(values.values()) for name, values in value.items()}


def _merged(history: list[Any]) -> list[Any]:
    """Transformers' log, in which one step has an entry of training and one of evaluation, as a row a step."""
    rows: list[Any] = []
    for entry in history:
        last = rows[-1] if rows else None
        if (
            isinstance(entry, Mapping)
            and isinstance(last, dict)
            and entry.get("step") == last.get("step")
            and all(last.get(name, value) == value for name, value in entry.items())
        ):
            last.update(entry)
        else:
            rows.append(dict(entry) if isinstance(entry, Mapping) else entry)
    return rows

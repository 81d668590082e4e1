"""CSV and its kin: tab- and semicolon-separated, with or without a header."""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from csv import Error as CsvError
from csv import reader as rows_of
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from ..errors import SourceError
from ._bytes import read_text
from ._infer import infer
from ._read import Read
from ._values import encodable

__all__ = ["read_csv", "table_of_csv"]

_DELIMITERS = ",\t;|"
#: Bytes of Arrow's block, which no row may be longer than: the whole text, within these limits.
_BLOCK, _MOST = 1 << 20, 1 << 30


def read_csv(path: Path, skip_bad: bool = False) -> Read:
    """Reads a file of rows of text; the first row names the columns, unless all of it are numbers.

    Raises:
        SourceError: If there are no rows, or one has not as many values as the header; the message names file and row.
    """
    return table_of_csv(read_text(path, skip_bad), str(path), skip_bad)


def table_of_csv(text: str, where: str, skip_bad: bool = False) -> Read:
    """The same of text that was read already; `where` is what errors call it."""
    text = text.removeprefix("\ufeff").replace("\0", "\ufffd")
    body = text.lstrip("\r\n")
    before = text[: len(text) - len(body)].count("\n")
    if not body.strip():
        raise SourceError(f"there are no rows to show: {where} is empty")
    delimiter = _delimiter(body)
    first, length = _first_row(body, delimiter, where)
    headed = not _are_numbers(first)
    names = _names(first, where) if headed else [f"column {place}" for place in range(1, len(first) + 1)]
    data = (body[length:] if headed else body).encode("utf-8", "backslashreplace")
    bad = 0

    def count(_: object) -> str:
        nonlocal bad
        bad += 1
        return "skip"

    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(column_names=names, block_size=min(max(len(data), _BLOCK), _MOST)),
            csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=count),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowException as error:
        if data.strip(b"\r\n"):
            raise SourceError(f"{where} cannot be read as CSV: {error}") from error
        table = pa.table({name: pa.array([], pa.string()) for name in names})
    if bad and not skip_bad:
        line, width = _bad_row(body, delimiter, len(names))
        raise SourceError(f"{where}, line {line + before}: {width} values where there are {len(names)} columns")
    if not table.num_rows:
        raise SourceError(f"there are no rows to show: {where} has {'no whole row' if bad else 'a header alone'}")
    # Arrow lets go of the interpreter, and most of a file's time is spent here.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        told = threads.map(lambda name: infer(table[name], name, comma=delimiter == ";"), names)
        columns = dict(zip(names, told, strict=True))
    if headed and not first[0].strip() and len(names) > 1 and _counts(columns[names[0]]):
        del columns[names[0]]  # pandas' index, which merely counts the rows
    return Read(pa.table(columns), bad)


def _rows(text: str, delimiter: str) -> Iterator[tuple[list[str], int, int]]:
    """Every row, the line that it starts in, from 1, and the characters up to its end."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in io.StringIO(text, newline=""):
            taken += len(line)
            yield line

    reader = rows_of(lines(), delimiter=delimiter)
    start = 1
    for row in reader:
        yield row, start, taken
        start = reader.line_num + 1


def _delimiter(text: str) -> str:
    """The delimiter that the first line has most of, outside of quotes."""
    line = re.sub(r'"[^"]*"', "", io.StringIO(text[: 1 << 16], newline="").readline())
    return max(_DELIMITERS, key=line.count)


def _first_row(text: str, delimiter: str, where: str) -> tuple[list[str], int]:
    try:
        row, _, length = next(_rows(text, delimiter))
    except CsvError as error:
        raise SourceError(f"{where}, line 1: {error}") from error
    return row, length


def _are_numbers(words: list[str]) -> bool:
    values = infer(pa.chunked_array([pa.array(words, pa.string())]), "")
    return not values.null_count and (pa.types.is_integer(values.type) or pa.types.is_floating(values.type))


def _names(words: list[str], where: str) -> list[str]:
    names = [
        encodable(word.strip()) or (f"column {place}" if place > 1 else "index") for place, word in enumerate(words, 1)
    ]
    repeated = next((name for name, times in Counter(names).items() if times > 1), None)
    if repeated is not None:
        raise SourceError(f"{where}: column name {repeated!r} occurs more than once")
    return names


def _bad_row(text: str, delimiter: str, width: int) -> tuple[int, int]:
    """The line of the first row of another length, and that length."""
    try:
        return next((line, len(row)) for row, line, _ in _rows(text, delimiter) if row and len(row) != width)
    except (CsvError, StopIteration):  # the two readers differ where quotes are out of place
        return 1, 0


def _counts(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_integer(values.type)) and values.to_pylist() == list(range(len(values)))

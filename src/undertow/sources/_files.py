"""Files and folders of them: which format each is, and one frame of all."""

from __future__ import annotations

import datetime as dt
import os
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from ..errors import SourceError
from ..frame import Frame
from ._bytes import read_bytes, read_text
from ._csv import read_csv
from ._describe import frame_of, normalise
from ._hiplot import experiment_in_page, from_hiplot, is_hiplot
from ._infer import infer
from ._json import parse_json, read_json
from ._logged import Logged, LoggedRun
from ._parquet import read_ipc, read_parquet
from ._read import Read
from ._stepped import steps_of_rows

__all__ = ["FORMATS", "from_files", "runs_of_files"]

#: How a format is read, by its name on the command line.
FORMATS: dict[str, Callable[[Path, bool], Read | Frame]] = {}

#: What a name ends in, packed or not.
_SUFFIXES = {
    "csv": "csv", "tsv": "csv", "tab": "csv", "psv": "csv", "txt": "csv",
    "json": "json", "jsonl": "json", "ndjson": "json",
    "parquet": "parquet", "pq": "parquet", "parq": "parquet",
    "arrow": "arrow", "arrows": "arrow", "feather": "arrow", "ipc": "arrow",
    "html": "hiplot", "htm": "hiplot",
}  # fmt: skip
_PACKED = {".gz", ".bz2", ".xz", ".zst"}
#: In a folder, what begins so is somebody's book-keeping.
_HIDDEN = (".", "_")


def from_files(paths: Sequence[str | os.PathLike[str]], format: str | None = None, skip_bad: bool = False) -> Frame:
    """Returns files as one Frame, each row of several with the file it is of in the column `source`.

    Args:
        paths: Files, or folders of them. A folder of Parquet is one table; `key=value` folders in it are columns.
        format: One of `FORMATS`; None tells it from each file's name, else its first bytes.
        skip_bad: Whether to leave out rows, and of several files those, that cannot be read; a warning counts them.

    Raises:
        SourceError: If there is nothing to read, or something cannot be; the message names file, row and column.
    """
    if format is not None and format not in FORMATS:
        raise SourceError(f"there is no format {format!r}; there are: {', '.join(FORMATS)}")
    roots = [Path(path) for path in paths]
    files = [each for root in roots for each in _files(root, format)]
    one_table = len(roots) == 1 and roots[0].is_dir() and {kind for _, kind, _ in files} == {"parquet"}
    reads: list[tuple[Path, Read, tuple[str, ...]]] = []
    bad: list[str] = []
    for path, kind, keys in files:
        try:
            read = FORMATS[kind](path, skip_bad)
        except SourceError as error:
            if not skip_bad or len(files) == 1:
                raise
            bad.append(str(error))
            continue
        if isinstance(read, Frame):
            if len(files) == 1:
                return read
            read = Read(read.table)
        reads.append((path, read, keys))
    if not reads:
        raise SourceError(f"none of {len(files)} files can be read; the first: {bad[0]}")
    note = _left_out(sum(read.skipped for _, read, _ in reads), bad)
    if len(files) == 1 and not reads[0][2]:
        table = reads[0][1].table
    elif one_table:
        table = _joined([_with_keys(normalise(read.table), keys) for _, read, keys in reads])
    else:
        names = _source_names([path for path, _, _ in reads])
        table = _joined(
            [_with_source(normalise(read.table), name) for (_, read, _), name in zip(reads, names, strict=True)]
        )
    try:
        frame = frame_of(table)
    except SourceError as error:
        raise SourceError(f"{paths[0] if len(files) == 1 else 'the files'}: {error}") from error
    return replace(frame, note=f"{frame.note} {note}".strip())


def runs_of_files(paths: Sequence[str | os.PathLike[str]], format: str | None = None, skip_bad: bool = False) -> Logged:
    """Returns files as runs, one each, named as `from_files` names sources: files of rows that count steps or epochs.

    Raises:
        SourceError: As `from_files`; or if a file counts neither steps nor epochs, or one of them twice.
    """
    files = [path for root in paths for path, _, _ in _files(Path(root), format)]
    runs = []
    for path, name in zip(files, _source_names(files), strict=True):
        when = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        table = from_files([path], format, skip_bad).table
        runs.append(LoggedRun(name, steps_of_rows(table, str(path), when)))
    return Logged(runs)


def _left_out(rows: int, files: Sequence[str]) -> str:
    parts = [f"{rows:,} bad row{'s' * (rows != 1)}"] * bool(rows)
    parts += [f"{len(files):,} bad file{'s' * (len(files) != 1)} (the first: {files[0]})"] if files else []
    if not parts:
        return ""
    said = f"Left out: {' and '.join(parts)}."
    warnings.warn(said, UserWarning, stacklevel=5)
    return said


def _files(root: Path, format: str | None) -> list[tuple[Path, str, tuple[str, ...]]]:
    """A path's files: where each is, its format, and the `key=value` folders that it lies in."""
    if not root.is_dir():
        if not root.exists():
            raise SourceError(f"there is no {root}")
        return [(root, format or _format_of(root), ())]
    found = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if any(part.startswith(_HIDDEN) for part in parts) or not path.is_file():
            continue
        kind = format or _by_name(path)
        if kind is not None:
            found.append((path, kind, tuple(part for part in parts[:-1] if "=" in part)))
    if not found:
        raise SourceError(
            f"{root} holds no run.json, nor does any folder in it, and no CSV, JSON, Parquet, Arrow or HiPlot file"
        )
    return found


def _by_name(path: Path) -> str | None:
    suffixes = [each.lower() for each in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1][1:]) if suffixes else None


def _format_of(path: Path) -> str:
    """By the first bytes where they leave no doubt, else by the name, else by how the text begins."""
    head = read_bytes(path)[: 1 << 12]
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")):
        return "arrow"
    named = _by_name(path)
    if named is not None:
        return named
    start = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not start:
        raise SourceError(f"{path} is empty")
    if start.startswith(("{", "[")):
        return "json"
    if start.startswith("<"):
        return "hiplot"
    first, _, rest = start.partition("\n")
    second = rest.partition("\n")[0]
    if "\0" not in start and any(first.count(each) == second.count(each) > 0 for each in ",;\t"):
        return "csv"
    raise SourceError(f"{path} is a file of no format that can be told; name one of: {', '.join(FORMATS)}")


def _read_json(path: Path, skip_bad: bool) -> Read | Frame:
    """JSON of rows, or an experiment of HiPlot's."""
    text = read_text(path, skip_bad)
    if '"datapoints' in text:
        try:
            value = parse_json(text, str(path))
        except SourceError:
            return read_json(path, skip_bad)
        if is_hiplot(value):
            return from_hiplot(value, str(path))
    return read_json(path, skip_bad)


def _read_hiplot(path: Path, skip_bad: bool) -> Frame:
    text = read_text(path, skip_bad)
    if text.lstrip()[:1] == "{":
        value = parse_json(text, str(path))
        if not is_hiplot(value):
            raise SourceError(f"{path} is no experiment of HiPlot's: it has no datapoints")
    else:
        value = experiment_in_page(text, str(path))
    return from_hiplot(value, str(path))


FORMATS |= {
    "csv": read_csv,
    "json": _read_json,
    "parquet": read_parquet,
    "arrow": read_ipc,
    "hiplot": _read_hiplot,
}


def _source_names(paths: Sequence[Path]) -> list[str]:
    """What tells the files apart: their names, without what all end in; the folders before them where need be."""
    stems = [re.sub(r"(\.\w+)?\.\w+$", "", path.name) or path.name for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    whole = [path.absolute() for path in paths]
    base = Path(os.path.commonpath([path.parent for path in whole]))
    return [path.relative_to(base).as_posix() for path in whole]


def _with_source(table: pa.Table, source: str) -> pa.Table:
    name = "source" if "source" not in table.column_names else "source (file)"
    return table.add_column(0, name, pa.array([source] * table.num_rows).dictionary_encode())


def _with_keys(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    for key in keys:
        name, _, value = key.partition("=")
        if name not in table.column_names:
            words = pa.chunked_array([pa.array([value] * table.num_rows, pa.string())])
            table = table.append_column(name, infer(words, name))
    return table


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all tables, each column in a type that holds those of all; text where there is none else."""
    names = dict.fromkeys(name for table in tables for name in table.column_names)
    columns = {}
    for name in names:
        held = [table[name] if name in table.column_names else table.num_rows for table in tables]
        kinds = [each.type for each in held if not isinstance(each, int) and each.null_count < len(each)]
        kind = _common(kinds)
        chunks = [
            pa.chunked_array([pa.nulls(each, kind)]) if isinstance(each, int) else _cast(each, kind) for each in held
        ]
        columns[name] = pa.chunked_array([chunk for each in chunks for chunk in each.chunks], kind)
    return pa.table(columns)


def _cast(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if values.null_count == len(values):
        return pa.chunked_array([pa.nulls(len(values), kind)])
    return values.cast(kind, safe=False)


def _common(kinds: Sequence[pa.DataType]) -> pa.DataType:
    if not kinds:
        return pa.float64()
    first = kinds[0]
    if all(kind == first for kind in kinds) and not pa.types.is_dictionary(first):
        return first
    if all(pa.types.is_integer(kind) or pa.types.is_boolean(kind) for kind in kinds):
        return pa.int64()
    if all(pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind) for kind in kinds):
        return pa.float64()
    if all(pa.types.is_timestamp(kind) for kind in kinds):
        return pa.timestamp("us", tz="UTC" if any(kind.tz for kind in kinds) else None)
    return pa.string()

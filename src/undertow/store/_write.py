"""Writing a run folder: whole Parquet segments, each sealed once, and small files replaced atomically.

A file appears under its name only when its bytes are on the disk, so that a reader never sees half of one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import uuid
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..schema import FORMAT_VERSION, KEYS, PARAMS
from ._arrays import lists, of_numpy, texts

__all__ = [
    "ROW_GROUP",
    "TABLES",
    "TableName",
    "intact",
    "replace_json",
    "replace_params",
    "write_segment",
    "writer_name",
]

TableName = Literal["steps", "layers"]
TABLES: tuple[TableName, ...] = ("steps", "layers")

_CRC_KEY = b"undertow.crc32"
_CRC_BLANK = b"--------"
# Behind the key stand a thrift field header and the value's length, a byte each.
_CRC_OFFSET = len(_CRC_KEY) + 2

#: Rows in a row group: small enough that a reader skips most of a file, large enough to compress.
ROW_GROUP = 131_072

_KEY_COLUMNS = [*KEYS.names, "param"]
_NAME_COLUMNS = ["run", "param"]


def writer_name(rank: int) -> str:
    """A name for one process's files that no other process ever has, so that none needs a lock."""
    return f"{rank}-{uuid.uuid4().hex[:12]}"


def write_segment(
    path: Path,
    table: pa.Table,
    table_name: TableName,
    order: pa.Array | None = None,
    replaces: Mapping[str, int] | None = None,
    new: bool = False,
) -> None:
    """Write `table` as a segment; on return it is on the disk under its name, whole.

    Args:
        path: `<run>/<table>/<writer>-<seq>.parquet`.
        table: The rows, keys first.
        table_name: Which table they belong to.
        order: The numbers of the rows in the order in which to write them; as they stand if None.
        replaces: The segments whose rows these are, by their names without the suffix, each with its number of rows.
        new: Whether to refuse to replace a file of that name.

    Raises:
        FileExistsError: If `new` and there is such a file.
        OSError: If it cannot be written. Nothing is left behind, and the same call may be tried again.
    """
    _replace(path, lambda temporary: _write_parquet(table, temporary, table_name, order, replaces), new)


def replace_json(path: Path, content: Mapping[str, Any], durable: bool = True) -> None:
    """Write `content` as JSON in place of `path`, which readers see whole: as it was, or as it is now.

    Args:
        path: The file.
        content: What JSON can hold.
        durable: Whether it must outlive a power cut from now on; what is replaced every few seconds need not.

    Raises:
        OSError: If it cannot be written; `path` is then as it was.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # A lone surrogate (a file name that is not UTF-8) has no encoding; as "?" it does not stop the rest.
    _replace(path, lambda temporary: temporary.write_bytes(text.encode("utf-8", errors="replace")), durable=durable)


def replace_params(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the `params` table in place of `path`, as `replace_json` does.

    Args:
        path: The file, `<run>/params.parquet`.
        rows: One per parameter, with the names of `undertow.schema.PARAMS`.
    """
    table = pa.table([_params_column(field, [row.get(field.name) for row in rows]) for field in PARAMS], schema=PARAMS)
    _replace(path, lambda temporary: _write_parquet(table, temporary, "params"))


def _params_column(field: pa.Field, values: list[Any]) -> pa.Array:
    if pa.types.is_string(field.type):
        return texts(values)
    if pa.types.is_list(field.type):
        flat = np.fromiter((number for value in values for number in value), np.int64)
        return lists(flat, np.fromiter(map(len, values), np.int64, len(values)))
    return of_numpy(np.array(values, field.type.to_pandas_dtype()))


def _write_parquet(
    table: pa.Table,
    path: Path,
    table_name: str,
    order: pa.Array | None = None,
    replaces: Mapping[str, int] | None = None,
) -> None:
    about = {"undertow": json.dumps({"format": FORMAT_VERSION, "table": table_name})}
    if replaces:
        about["undertow.replaces"] = json.dumps(dict(replaces))
    # Last, since the last place where the key's name stands is where the digits go.
    about[_CRC_KEY.decode()] = _CRC_BLANK.decode()
    table = table.replace_schema_metadata(about)
    columns = table.column_names
    ordering = [("param", "ascending"), ("step", "ascending")] if table_name == "layers" else []
    sink = io.BytesIO()
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        # Measured: a dictionary makes float columns bigger (5.55 against 3.55 bytes a value) and ten times slower.
        use_dictionary=[name for name in _NAME_COLUMNS if name in columns],
        # DuckDB takes minimum and maximum of a float column at their word and then finds none of its NaN.
        write_statistics=[name for name in _KEY_COLUMNS if name in columns],
        write_page_checksum=True,
        sorting_columns=pq.SortingColumn.from_ordering(table.schema, ordering) if ordering else None,
    ) as writer:
        # Put in order group by group: a whole copy would double what sealing holds.
        for start in range(0, len(table), ROW_GROUP):
            group = table.slice(start, ROW_GROUP) if order is None else table.take(order.slice(start, ROW_GROUP))
            writer.write_table(group, row_group_size=ROW_GROUP)
    # In place, since a copy of a segment is tens of megabytes.
    content = sink.getbuffer()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    place = len(content) - footer + bytes(content[-footer:]).rindex(_CRC_KEY) + _CRC_OFFSET
    content[place : place + len(_CRC_BLANK)] = b"%08x" % zlib.crc32(content)
    with path.open("wb") as file:
        file.write(content)


def intact(content: bytes) -> bool:
    """Whether a Parquet file of ours is as it was written, to the last bit.

    Parquet has checksums for the data in its pages, but none for its footer: of 5,894 flipped bits in a small segment
    11 read back as other values without a word. So the footer's metadata hold the CRC-32 of the whole file, computed
    with eight dashes in its own place.
    """
    key = content.rfind(_CRC_KEY)
    place = key + _CRC_OFFSET
    end = place + len(_CRC_BLANK)
    view = memoryview(content)
    crc = zlib.crc32(view[end:], zlib.crc32(_CRC_BLANK, zlib.crc32(view[:place])))
    return key >= 0 and content[place:end] == b"%08x" % crc


def _replace(path: Path, write: Callable[[Path], object], new: bool = False, durable: bool = True) -> None:
    """Write under a temporary name, make it durable, give it its name."""
    # Without the suffix, so that no `*.parquet` or `*.json` pattern finds it.
    temporary = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        write(temporary)
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        if new:
            _rename_new(temporary, path)
        else:
            temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        _sync_folder(path.parent)


def _rename_new(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here; what is left is the moment between looking and renaming.
        if target.exists():
            raise FileExistsError(f"{target} exists") from None
        source.replace(target)
    else:
        source.unlink()


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder; some network file systems cannot fsync one. The rename stands either way.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

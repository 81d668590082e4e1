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

import pyarrow as pa
import pyarrow.parquet as pq

from ..schema import FORMAT_VERSION, KEYS, PARAMS

__all__ = ["ROW_GROUP", "TABLES", "SegmentWriter", "TableName", "intact", "replace_json", "replace_params"]

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


class SegmentWriter:
    """Seals the segments of one process: `<folder>/<table>/<writer>-<seq>.parquet`.

    The writer's name holds the rank and a unique id, so no two processes ever share a file and none needs a lock.

    Args:
        folder: The run's folder; it exists.
        rank: The process's rank, from 0.
    """

    def __init__(self, folder: Path, rank: int) -> None:
        self.folder = folder
        self.name = f"{rank}-{uuid.uuid4().hex[:12]}"
        self._next: dict[str, int] = dict.fromkeys(TABLES, 0)

    def seal(self, table_name: TableName, table: pa.Table) -> Path:
        """Write `table` as the next segment; on return it is on the disk.

        Args:
            table_name: Which folder it belongs to.
            table: The rows, keys first; `layers` sorted by (param, step).

        Raises:
            OSError: If it cannot be written. Nothing is left behind, and the same call may be tried again.
        """
        path = self.folder / table_name / f"{self.name}-{self._next[table_name]:06d}.parquet"
        path.parent.mkdir(exist_ok=True)
        _replace(path, lambda temporary: _write_parquet(table, temporary, table_name))
        self._next[table_name] += 1
        return path


def replace_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON in place of `path`, which readers see whole: as it was, or as it is now.

    Raises:
        OSError: If it cannot be written; `path` is then as it was.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # A lone surrogate (a file name that is not UTF-8) has no encoding; as "?" it does not stop the rest.
    _replace(path, lambda temporary: temporary.write_bytes(text.encode("utf-8", errors="replace")))


def replace_params(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the `params` table in place of `path`, as `replace_json` does.

    Args:
        path: The file, `<run>/params.parquet`.
        rows: One per parameter, with the names of `undertow.schema.PARAMS`.
    """
    table = pa.Table.from_pylist(rows, schema=PARAMS)
    _replace(path, lambda temporary: _write_parquet(table, temporary, "params"))


def _write_parquet(table: pa.Table, path: Path, table_name: str) -> None:
    about = {"undertow": json.dumps({"format": FORMAT_VERSION, "table": table_name}), _CRC_KEY: _CRC_BLANK}
    table = table.replace_schema_metadata(about)
    columns = table.column_names
    ordering = [("param", "ascending"), ("step", "ascending")] if table_name == "layers" else []
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        # Measured: a dictionary makes float columns bigger (5.55 against 3.55 bytes a value) and ten times slower.
        use_dictionary=[name for name in _NAME_COLUMNS if name in columns],
        # DuckDB takes minimum and maximum of a float column at their word and then finds none of its NaN.
        write_statistics=[name for name in _KEY_COLUMNS if name in columns],
        write_page_checksum=True,
        row_group_size=ROW_GROUP,
        sorting_columns=pq.SortingColumn.from_ordering(table.schema, ordering) if ordering else None,
    )
    content = sink.getvalue()
    place = content.rindex(_CRC_KEY) + _CRC_OFFSET
    digits = b"%08x" % zlib.crc32(content)
    path.write_bytes(content[:place] + digits + content[place + len(digits) :])


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


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write under a temporary name, make it durable, give it its name."""
    # Without the suffix, so that no `*.parquet` or `*.json` pattern finds it.
    temporary = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder; some network file systems cannot fsync one. The rename stands either way.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

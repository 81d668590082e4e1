"""The open end of a table, as frames: each whole or not there at all, so that a reader may come while one is written.

A frame is a header of 16 bytes, little-endian, and one Arrow IPC message:

    magic "UTF1" | number of the frame, uint32 | length of the message, uint32 | CRC-32 of these and it, uint32

The first message is a schema, whose metadata tell what all rows have in common; record batches follow, each of the
schema before it. IPC messages are multiples of eight bytes long, so every one begins at such a multiple.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schema import FORMAT_VERSION, KEYS, LAYERS
from ._arrays import of_numpy, texts
from ._unify import concatenate
from ._write import TableName

__all__ = ["CONSTANT", "MAGIC", "TailFile", "TailReader", "frame", "order_of", "with_keys"]

MAGIC = b"UTF1"
_HEADER = struct.Struct("<4sIII")
_CHECKED = struct.Struct("<4sII")

#: The keys that all rows of a writer share; a tail has them once, in its schema's metadata.
CONSTANT = ("run", "attempt", "rank")

_ABOUT_KEY = b"undertow"


def frame(number: int, message: pa.Buffer | bytes) -> list[bytes | pa.Buffer]:
    """A frame as buffers to be written one after another."""
    checked = _CHECKED.pack(MAGIC, number, len(message))
    return [checked + struct.pack("<I", zlib.crc32(message, zlib.crc32(checked))), message]


def with_keys(table: pa.Table, run: str, attempt: int, rank: int) -> pa.Table:
    """Rows of a tail with the keys that they share, names as dictionaries: as they stand in a segment."""
    n = len(table)
    constant = [
        pa.DictionaryArray.from_arrays(of_numpy(np.zeros(n, np.int32)), texts([run])),
        of_numpy(np.full(n, attempt, np.int32)),
        of_numpy(np.full(n, rank, np.int32)),
    ]
    fields = [KEYS.field(name) for name in CONSTANT]
    columns = []
    for field in table.schema:
        column = table[field.name]
        if field.name == "param":
            field, column = LAYERS.field("param"), column.dictionary_encode()
        elif field.name in KEYS.names:
            field = KEYS.field(field.name)
        fields.append(field)
        columns.append(column)
    return pa.table([*constant, *columns], schema=pa.schema(fields))


def order_of(table: pa.Table, name: TableName) -> pa.Array | None:
    """The order in which the rows of a table lie in a segment: `layers` by (param, step), `steps` by (step, time).

    One parameter's series is then a stretch of the file, and so is a span of steps.

    Returns:
        Row numbers; None where the rows are in order already.
    """
    if name == "steps":
        # Not in NumPy: a chunked array's way there imports pandas, as `pyarrow.array` does.
        steps = table["step"]
        if len(steps) < 2 or pc.all(pc.greater(steps.slice(1), steps.slice(0, len(steps) - 1))).as_py():
            return None
    keys = pa.table({"step": table["step"], "time": table["time"]})
    by = [("step", "ascending"), ("time", "ascending")]
    if name == "layers":
        keys, by = keys.append_column("param", table["param"].cast(pa.string())), [("param", "ascending"), *by]
    return pc.sort_indices(keys, sort_keys=by)


class TailFile:
    """A tail that is being written.

    Args:
        path: Where; must not exist.
        table: What its rows belong to.
        run: The run's id.
        attempt: The attempt that all rows belong to.
        rank: The rank of the process.

    Attributes:
        rows: How many rows are in it.
        nbytes: How long it is.

    Raises:
        OSError: If it cannot be made.
    """

    def __init__(self, path: Path, table: TableName, run: str, attempt: int, rank: int) -> None:
        self.path, self.table = path, table
        self.rows = self.nbytes = 0
        about = {"format": FORMAT_VERSION, "table": table, "run": run, "attempt": attempt, "rank": rank}
        self._about = {_ABOUT_KEY: json.dumps(about)}
        self._schema: pa.Schema | None = None
        self._frames = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o666)

    @property
    def schema(self) -> pa.Schema | None:
        """The columns of the last batch; None before the first."""
        return self._schema

    def append(self, batch: pa.RecordBatch) -> None:
        """Write a batch as one frame, with a schema's frame before it where the columns are new.

        Raises:
            OSError: If it cannot be written whole; the file is then as it was.
        """
        buffers: list[bytes | pa.Buffer] = []
        schema = self._schema
        if schema is None or not batch.schema.equals(schema):
            schema = batch.schema.remove_metadata()
            buffers += frame(self._frames, schema.with_metadata(self._about).serialize())
        buffers += frame(self._frames + len(buffers) // 2, batch.serialize())
        try:
            _write_all(self._descriptor, buffers)
        except OSError:
            # Half a frame would hide what comes after it; where it stays, the tail is `broken`.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.nbytes)
            raise
        self.nbytes += sum(len(buffer) for buffer in buffers)
        self._frames += len(buffers) // 2
        self.rows += len(batch)
        self._schema = schema

    @property
    def vanished(self) -> bool:
        """Whether somebody deleted the file; what was written can still be read through `read`."""
        try:
            return os.fstat(self._descriptor).st_nlink == 0
        except OSError:
            return False

    @property
    def broken(self) -> bool:
        """Whether the file was deleted, or is not as this process left it."""
        try:
            status = os.fstat(self._descriptor)
        except OSError:
            return True
        return status.st_nlink == 0 or status.st_size != self.nbytes

    def read(self) -> pa.Table:
        """All rows, keys included, as they belong into a segment."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            reader = TailReader(file)
            batches = reader.read()
            return reader.table(batches)

    def close(self) -> None:
        """Let go of the file, which stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _write_all(descriptor: int, buffers: Sequence[bytes | pa.Buffer]) -> None:
    if hasattr(os, "writev") and len(buffers) <= 16:
        written = os.writev(descriptor, buffers)
        if written == sum(len(buffer) for buffer in buffers):
            return
        # A full disk takes a part, and refuses the rest with an error that says so.
        rest = memoryview(b"".join(bytes(buffer) for buffer in buffers))[written:]
    else:
        rest = memoryview(b"".join(bytes(buffer) for buffer in buffers))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


class TailReader:
    """Takes whole frames from a tail, and goes on from there at the next call.

    Args:
        file: Opened for reading in binary; kept open, so that a tail can be read to its end after it was sealed.

    Attributes:
        about: What all rows have in common: format, table, run, attempt, rank. Empty before the first frame.
        offset: How far the whole frames reach, in bytes.
        unread: Bytes behind them.
        problem: Why these are not read, None where there are none. "torn" may be a frame that is being written;
            anything else stays as it is.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.about: dict[str, object] = {}
        self.offset = self.unread = 0
        self.problem: str | None = None
        self._file, self._frames = file, 0
        self._schema: pa.Schema | None = None

    def read(self) -> list[pa.RecordBatch]:
        """The batches of the frames that have become whole since the last call."""
        if self.problem not in (None, "torn"):
            return []
        self._file.seek(self.offset)
        content = pa.py_buffer(self._file.read())
        view = memoryview(content)
        batches: list[pa.RecordBatch] = []
        place, self.problem = 0, None
        while place < len(view):
            end, self.problem = self._check(view, place)
            if self.problem is None:
                try:
                    self._take(content.slice(place + _HEADER.size, end - place - _HEADER.size), batches)
                except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
                    self.problem = f"frame {self._frames} is not an Arrow message: {error}"
            if self.problem is not None:
                break
            place = end
            self._frames += 1
        self.offset += place
        self.unread = len(view) - place
        return batches

    def table(self, batches: Sequence[pa.RecordBatch]) -> pa.Table:
        """Batches of this tail as one table with all keys."""
        schema = LAYERS if self.about.get("table") == "layers" else KEYS
        parts: list[list[pa.RecordBatch]] = []
        for batch in batches:
            if not parts or not parts[-1][0].schema.equals(batch.schema):
                parts.append([])
            parts[-1].append(batch)
        about = self.about
        keys = (str(about.get("run")), int(str(about.get("attempt", 0))), int(str(about.get("rank", 0))))
        tables = [with_keys(pa.Table.from_batches(part), *keys) for part in parts]
        return concatenate([(Path(), table) for table in tables], schema)

    def _check(self, view: memoryview, place: int) -> tuple[int, str | None]:
        if len(view) - place < _HEADER.size:
            return place, "torn"
        magic, number, length, crc = _HEADER.unpack_from(view, place)
        if magic != MAGIC:
            return place, f"frame {self._frames} does not begin as a frame does"
        if number != self._frames:
            return place, f"frame {number} stands where {self._frames} belongs"
        end = place + _HEADER.size + length
        if end > len(view):
            return place, "torn"
        start = place + _HEADER.size
        if zlib.crc32(view[start:end], zlib.crc32(view[place : place + _CHECKED.size])) != crc:
            return place, f"the checksum of frame {number} differs"
        return end, None

    def _take(self, message: pa.Buffer, batches: list[pa.RecordBatch]) -> None:
        if pa.ipc.read_message(message).type == "schema":
            schema = pa.ipc.read_schema(message)
            about = json.loads(schema.metadata[_ABOUT_KEY])
            self.about = {name: about[name] for name in ("format", "table", *CONSTANT)}
            self._schema = schema.remove_metadata()
        elif self._schema is None:
            raise ValueError("rows before their schema")
        else:
            batches.append(pa.ipc.read_record_batch(message, self._schema))

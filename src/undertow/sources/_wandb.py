"""Weights & Biases' offline runs: the file `run-….wandb`, read without its package, which reads it in Go alone by now.

The file is a log as LevelDB writes it (https://github.com/google/leveldb/blob/main/doc/log_format.md) after seven bytes
of its own; each record is a message of Protocol Buffers, of whose fields (`wandb_internal.proto`, numbers that never
change) those are read that a run is made of.
"""

from __future__ import annotations

import datetime as dt
import json
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ._histograms import Histograms, Sums
from ._json import table_of_rows
from ._logged import LoggedRun, Points, moment
from ._stepped import steps_of_rows

__all__ = ["find_wandb", "read_wandb"]

_MAGIC = b":W&B"
_HEADER = 7
_BLOCK = 1 << 15
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
#: Of a Record.
_HISTORY, _SUMMARY, _CONFIG, _RUN, _EXIT = 2, 3, 5, 17, 18


def find_wandb(files: Sequence[Path]) -> list[Path]:
    """Returns the files of runs among files; the folder `latest-run` is another name of one of them."""
    found = [path for path in files if path.suffix == ".wandb" and _begins(path)]
    found.sort(key=lambda path: path.parent.name != "latest-run")  # of two names the last is kept
    return sorted({path.resolve(): path for path in found}.values())


def read_wandb(places: Mapping[str, Path], skip_bad: bool = False) -> list[LoggedRun]:
    """Reads runs, one a file: history, settings, and what the summary alone has, at the last step.

    A half-written last record is left out. Media are left out and counted; histograms of gradients and weights are rows
    of layers, as far as they keep what is asked there.

    Args:
        places: The files, by name.
        skip_bad: Whether to leave out what follows a damaged record; `LoggedRun.left_out` says so.

    Raises:
        SourceError: If a record is damaged; the message names file and record.
    """
    return [_Run(path, skip_bad).run() for path in places.values()]


class _Run:
    """What the file of one run holds."""

    def __init__(self, path: Path, skip_bad: bool) -> None:
        self.path = path
        self.name, self.start = path.stem, 0.0
        self.state: str | None = None
        self.host: str | None = None
        self.tags: list[str] = []
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []
        self.histograms = Histograms()
        self.others: Counter[str] = Counter()
        self.damaged: list[str] = []
        try:
            for number, record in enumerate(_records(path)):
                try:
                    self._add(record)
                except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
                    raise SourceError(f"{path}, record {number} is none of W&B's: {error}") from error
        except SourceError as error:
            if not skip_bad:
                raise
            self.damaged.append(str(error))

    def run(self) -> LoggedRun:
        when = moment(self.start) or dt.datetime.fromtimestamp(self.path.stat().st_mtime, dt.UTC)
        known = {name for row in self.rows for name in row}
        rest = {name: value for name, value in self.summary.items() if name not in known and name[:1] != "_"}
        if rest:
            self.rows.append({"_step": self.rows[-1]["_step"] if self.rows else 0, **rest})
        steps = Points().table()
        if self.rows:
            table = table_of_rows(self.rows, str(self.path)).table
            steps = steps_of_rows(table, str(self.path), when, last=True, counter="_step")
        left_out = [*self.damaged, *self.histograms.left_out()]
        left_out += [f"{count:,} × {kind}" for kind, count in self.others.items()]
        return LoggedRun(
            self.name,
            steps,
            self.config,
            self.histograms.table(),
            self.histograms.params(),
            start=moment(self.start),
            state=self.state,
            tags=tuple(self.tags),
            host=self.host,
            left_out=tuple(left_out),
        )

    def _add(self, record: bytes) -> None:
        for number, value in _fields(record):
            if not isinstance(value, bytes):
                continue
            if number == _HISTORY:
                self._add_history(value)
            elif number == _SUMMARY:
                for name, each in _flat(_items(value)):
                    if isinstance(each, bool | int | float | str):
                        self.summary[name] = each
            elif number == _CONFIG:
                self._configure(value)
            elif number == _RUN:
                self._add_run(value)
            elif number == _EXIT:
                code = next((code for place, code in _fields(value) if place == 1), 0)
                self.state = "failed" if code else "finished"

    def _add_run(self, message: bytes) -> None:
        for number, value in _fields(message):
            if not isinstance(value, bytes):
                continue
            if number == 4:
                self._configure(value)
            elif number in {1, 8} and value:  # run_id, and after it display_name
                self.name = _text(value)
            elif number == 10:
                self.tags.append(_text(value))
            elif number == 13:
                self.host = _text(value)
            elif number == 17:
                time = dict(_fields(value))
                self.start = float(time.get(1, 0)) + float(time.get(2, 0)) / 1e9

    def _configure(self, message: bytes) -> None:
        self.config |= {name: value for name, value in _items(message).items() if name != "_wandb"}
        for name in _items(message, which=2):
            self.config.pop(name, None)

    def _add_history(self, message: bytes) -> None:
        items = _items(message)
        for number, value in _fields(message):
            if number == 2 and isinstance(value, bytes):
                items.setdefault("_step", next((step for place, step in _fields(value) if place == 1), 0))
        step = items.pop("_step", len(self.rows))
        if type(step) is not int or not -(2**63) <= step < 2**63:
            raise ValueError(f"its step is {step!r:.40}")
        seconds = items.pop("_timestamp", None)
        runtime = items.pop("_runtime", None)
        if seconds is None and isinstance(runtime, int | float):
            seconds = self.start + runtime
        row: dict[str, Any] = {"_step": step}
        when = moment(seconds) if isinstance(seconds, int | float) else None
        if when is not None:
            row["_timestamp"] = when
        for name, value in _flat(items):
            if isinstance(value, Mapping):
                self._add_typed(name, step, when.timestamp() if when else self.start, value)
            elif value is not None:
                row[name] = value
        self.rows.append(row)

    def _add_typed(self, name: str, step: int, seconds: float, value: Mapping[str, Any]) -> None:
        kind = str(value.get("_type"))
        counts, edges = value.get("values"), value.get("bins")
        if kind == "histogram" and isinstance(value.get("packedBins"), Mapping) and isinstance(counts, list):
            packed = value["packedBins"]
            edges = [packed["min"] + packed["size"] * place for place in range(len(counts) + 1)]
        if kind == "histogram" and isinstance(counts, list) and isinstance(edges, list) and len(edges) > len(counts):
            self.histograms.add(name, step, seconds, Sums.of_edges(counts, edges[:-1], edges[1:]))
        else:
            self.others[kind] += 1


def _flat(items: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values by dotted names; what has a type of W&B's own stays whole."""
    for name, value in items.items():
        if isinstance(value, Mapping) and "_type" not in value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _items(message: bytes, which: int = 1) -> dict[str, Any]:
    """The items of a history, summary or config, in which a name may be a path."""
    found: dict[str, Any] = {}
    for number, item in _fields(message):
        if number != which or not isinstance(item, bytes):
            continue
        path: list[str] = []
        value: Any = None
        for place, held in _fields(item):
            if place in {1, 2} and isinstance(held, bytes):
                path.append(_text(held))
            elif place in {8, 16} and isinstance(held, bytes):
                value = _json(held)
            elif place == 7 and isinstance(held, bytes):
                value = _text(held)
            elif place == 6 and isinstance(held, bytes):
                (value,) = struct.unpack("<d", held)
            elif place == 5 and isinstance(held, int):
                value = (held >> 1) ^ -(held & 1)
            elif place == 4:
                value = bool(held)
        into = found
        for name in path[:-1]:
            below = into.get(name)
            if not isinstance(below, dict):
                below = into[name] = {}
            into = below
        if path:
            into[path[-1]] = value
    return found


def _json(text: bytes) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text.decode("utf-8", "replace")
    # What JSON has no word for.
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _begins(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _records(path: Path) -> Iterator[bytes]:
    """The records of a log, up to one that is only half there.

    Raises:
        SourceError: If one is damaged.
    """
    number, parts = 0, bytearray()
    with path.open("rb") as file:
        block, start = file.read(_BLOCK), _HEADER
        while block:
            at, size = start, len(block)
            while at + _HEADER <= size:
                crc, length, kind = struct.unpack_from("<IHB", block, at)
                at += _HEADER
                data = block[at : at + length]
                if len(data) < length and size < _BLOCK:
                    return
                if kind == 0 and length == 0:
                    break  # room that was laid out and not yet written
                if len(data) < length or zlib.crc32(data, zlib.crc32(bytes([kind]))) != crc:
                    raise SourceError(f"{path}, record {number} is damaged, and what follows cannot be read")
                at += length
                if kind in (_FULL, _FIRST):
                    parts.clear()
                parts += data
                if kind in (_FULL, _LAST):
                    yield bytes(parts)
                    number += 1
            block, start = file.read(_BLOCK), 0


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message by number: whole numbers, and the bytes of what is anything else.

    https://protobuf.dev/programming-guides/encoding

    Raises:
        ValueError: If it is no message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(message, at)
        elif wire in {1, 5}:
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"a field of wire type {wire}")
        if at + length > len(message):
            raise ValueError("a field that is longer than its message")
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("a number that does not end")

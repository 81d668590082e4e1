"""Frames and findings as the header and the blocks of a page; `docs/protocol.md` has the contract."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..diagnose import Finding
from ..errors import ViewError
from ..frame import Beside, Frame
from ..query.values import encode, milliseconds
from ..schema import Column
from ._blocks import Blocks
from ._summary import LEAST_ROWS, summary

__all__ = ["VERSION", "column_header", "frame_header", "payload", "sizes", "stored"]

VERSION = 2

LABELS = {"steps": "Steps", "layers": "Layers", "flow": "Flow", "runs": "Runs", "rows": "Rows"}

#: From the smallest on; a column takes the first that holds every one of its values exactly.
_NUMBERS = (("i8", "<i1"), ("i16", "<i2"), ("i32", "<i4"), ("f32", "<f4"), ("f64", "<f8"))
_CODES = (("u8", "<u1"), ("u16", "<u2"), ("u32", "<u4"))
#: JavaScript's numbers count exactly up to here.
_EXACT = 2**53
#: Numbers tried at a time for a narrower type.
_PIECE = 1 << 16

#: These could end the element, open a comment in it, or break a line of JavaScript that quotes it.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def payload(
    frames: Sequence[Frame], findings: Sequence[Finding] = (), title: str = "", subtitle: str = "", theme: str = "auto"
) -> tuple[str, list[bytes]]:
    """Returns the header, as JSON that is safe within a script element, and the zlib streams of the blocks.

    Args:
        frames: The lenses, the one to show first in front.
        findings: What was found.
        title: The page's title.
        subtitle: One line under it.
        theme: "auto", "light" or "dark".

    Raises:
        ViewError: If there is no frame, or no such theme.
    """
    if not frames:
        raise ViewError("there is no frame to show")
    if theme not in {"auto", "light", "dark"}:
        raise ViewError(f"there is no theme {theme!r}; there are: auto, light, dark")
    blocks = Blocks()
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="undertow-summary") as pool:
        described = [frame_header(frame, blocks, pool) for frame in frames]
        streams = blocks.finish()
    for frame in described:
        for column in frame["columns"]:
            if isinstance(column["summary"], Future):
                column["summary"] = column["summary"].result()
    header = {
        "version": VERSION,
        "blocks": sizes(blocks, streams),
        "title": title,
        "subtitle": subtitle,
        "theme": theme,
        "frames": described,
        "findings": [finding.to_json() for finding in findings],
    }
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES), streams


def sizes(blocks: Blocks, streams: Sequence[bytes]) -> list[dict[str, int]]:
    """What the header says of the blocks."""
    return [{"size": len(stream), "length": length} for stream, length in zip(streams, blocks.lengths, strict=True)]


def frame_header(frame: Frame, blocks: Blocks | None, pool: ThreadPoolExecutor | None = None) -> dict[str, Any]:
    """What the header says of a frame; its columns' values go into the blocks, or nowhere where there are none.

    With a pool, large columns are described there; without one the page is to look for itself.
    """
    # In the order that the page needs them, which decodes a block as soon as it is read: its first picture needs these.
    first = {name: place for place, name in reversed(list(enumerate((frame.color, *frame.axes))))}
    described = {
        column.name: {
            **column_header(column),
            **({} if blocks is None else stored(column.kind, frame.table[column.name], blocks, pool)),
        }
        for column in sorted(frame.columns, key=lambda column: first.get(column.name, len(first)))
    }
    columns = [described[column.name] for column in frame.columns]
    if blocks is not None:
        blocks.close()
    return {
        "lens": frame.lens,
        "label": LABELS.get(frame.lens, frame.lens),
        "note": frame.note,
        "rows": len(frame),
        "axes": list(frame.axes),
        "color": frame.color,
        "inverted": list(frame.inverted),
        "weight": frame.weight,
        "beside": _beside(frame.beside),
        "presets": [
            {"label": preset.label, "axes": list(preset.axes), "description": preset.description}
            for preset in frame.presets
        ],
        "columns": columns,
    }


def _beside(beside: Beside) -> dict[str, Any]:
    """What the header says of the views beside the plot; nothing of what is left to the page."""
    x, y = beside.scatter
    said = {
        "open": None if beside.open is None else list(beside.open),
        "scatter": {"x": x, "y": y} if x is not None or y is not None else None,
        "distribution": beside.distribution,
        "sort": [{"column": column, "descending": descending} for column, descending in beside.sort] or None,
        "order": list(beside.order) or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def column_header(column: Column) -> dict[str, Any]:
    """What the header says of a column, its values aside."""
    return {
        "name": column.name,
        "label": column.label or column.name,
        "unit": column.unit,
        "description": column.description,
        "kind": column.kind,
        "scale": column.scale,
        "domain": column.domain and list(column.domain),
        "share": column.share,
        "group": column.group,
        "colouring": column.colouring
        and {
            "scheme": column.colouring.scheme,
            "reversed": column.colouring.reversed,
            "midpoint": column.colouring.midpoint,
            "own": dict(column.colouring.own),
        },
        **({"fold": dataclasses.asdict(column.fold)} if column.fold else {}),
    }


def stored(
    kind: str, values: pa.ChunkedArray, blocks: Blocks, pool: ThreadPoolExecutor | None = None
) -> dict[str, Any]:
    """Puts a column's values into the blocks and says where they are and of which type; `kind` as a `Column` has it."""
    categories = None
    if kind == "category":
        type_, array, categories = _category(values)
    elif kind == "time":
        type_, array = "f64", milliseconds(values).astype("<f8")
    else:
        type_, array = _number(values)
    present = None
    if values.null_count:
        present = np.asarray(values.is_valid().to_numpy(), dtype=bool)
        array = np.where(present, array, np.zeros(1, array.dtype)).astype(array.dtype)
    return {
        "type": type_,
        "length": len(array),
        **blocks.add(array, present),
        "categories": categories,
        # Beside the compression: NumPy lets go of the interpreter meanwhile.
        "summary": pool.submit(summary, array, present, None if categories is None else len(categories))
        if pool is not None and len(array) > LEAST_ROWS
        else None,
    }


def _number(values: pa.ChunkedArray) -> tuple[str, NDArray[Any]]:
    zero = pa.scalar(0, values.type)
    numbers = np.asarray(pc.fill_null(values, zero).to_numpy())
    if numbers.dtype.kind in "iu" and len(numbers) and max(abs(int(numbers.min())), abs(int(numbers.max()))) > _EXACT:
        if numbers.max() > np.iinfo(np.int64).max:
            raise ViewError(f"{numbers.max()} is more than the 64-bit integers of a page can hold")
        return "i64", numbers.astype("<i8")
    for kind, dtype in _NUMBERS:
        if _holds(numbers, dtype):
            return kind, numbers.astype(dtype)
    raise ViewError(f"numbers of type {values.type} cannot be written to a page")


def _holds(numbers: NDArray[Any], dtype: str) -> bool:
    """Whether a narrower type holds every number, NaN and the sign of 0 included. The first piece refuses most."""
    for start in range(0, len(numbers), _PIECE):
        piece = numbers[start : start + _PIECE]
        with np.errstate(invalid="ignore", over="ignore"):
            back = piece.astype(dtype).astype(numbers.dtype)
        real = numbers.dtype.kind == "f"
        if not np.array_equal(back, piece, equal_nan=real):
            return False
        if real and not np.array_equal(np.signbit(back), np.signbit(piece)):
            return False
    return True


def _category(values: pa.ChunkedArray) -> tuple[str, NDArray[Any], list[str]]:
    codes, categories = encode(values)
    for kind, dtype in _CODES:
        if len(categories) <= np.iinfo(dtype).max + 1:
            return kind, codes.astype(dtype), categories
    raise ViewError(f"{len(categories)} categories are more than a page can tell apart")

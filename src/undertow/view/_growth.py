"""How a frame grew: which of its rows a page has already, wherever they stood, and which it lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..frame import Frame
from ..query.values import encode, milliseconds
from ..schema import Column
from ._blocks import Blocks
from ._payload import stored

__all__ = ["growth"]

#: Below this share of rows that stay, sending all is no more work than sending the difference.
_LEAST_KEPT = 0.5
_EXACT = 2**53


def growth(old: Frame, new: Frame, blocks: Blocks) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """What turns one state of a frame into the next.

    A lens does not merely append: the line of the epoch that is being trained changes, and those of several runs or
    layers grow between each other. So rows are told by what is in them.

    Args:
        old: What the page has.
        new: What it is to have.
        blocks: Take the arrays.

    Returns:
        Stretches of rows, as what the header says of them (`starts`: the old row that each begins with, −1 for rows
        that are sent; `lengths`), and for each column what it says of the values sent. None where all must be sent:
        columns came or went, hardly a row stays, or integers are beyond what a double holds.
    """
    if [(c.name, c.kind) for c in old.columns] != [(c.name, c.kind) for c in new.columns] or not len(old):
        return None
    if any(_is_beyond(frame.table[column.name]) for frame in (old, new) for column in frame.columns):
        return None
    known, wanted = _prints(old), _prints(new)
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known[order], wanted), len(order) - 1)
    origin = np.where(known[order][at] == wanted, order[at], -1)
    if np.count_nonzero(origin >= 0) < _LEAST_KEPT * len(new):
        return None
    # A stretch ends where the next row does not follow the one before it, there as here.
    follows = np.where(origin[1:] >= 0, origin[1:] == origin[:-1] + 1, origin[:-1] < 0)
    follows &= (origin[1:] >= 0) == (origin[:-1] >= 0)
    begins = np.flatnonzero(np.concatenate([[True], ~follows]))
    lengths = np.diff(np.append(begins, len(origin)))
    kept = {"starts": _array(origin[begins], blocks), "lengths": _array(lengths, blocks)}
    fresh = np.flatnonzero(origin < 0)
    columns = [stored(column.kind, _taken(column, new.table[column.name], fresh), blocks) for column in new.columns]
    blocks.close()
    return kept, columns


def _taken(column: Column, values: pa.ChunkedArray, rows: npt.NDArray[np.int64]) -> pa.ChunkedArray:
    """Some rows of a column; categories with all the names that the whole of it has, in their order."""
    taken = values.take(pa.array(rows))
    if column.kind != "category":
        return taken
    codes, names = encode(values)
    missing = np.asarray(taken.is_null().to_numpy(), bool)
    indices = pa.array(codes[rows], pa.int32(), mask=missing)
    return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))])


def _prints(frame: Frame) -> npt.NDArray[np.uint64]:
    """64 bits a row that differ, for all one can expect, where any of its values does. Shape (rows,)."""
    prints = np.zeros(len(frame), np.uint64)
    for column in frame.columns:
        values = frame.table[column.name]
        if column.kind == "category":
            codes, names = encode(values)
            words = np.array([hash(name) for name in names], np.int64).view(np.uint64)
            bits = words[codes] if len(names) else np.zeros(len(codes), np.uint64)
        elif column.kind == "time":
            bits = milliseconds(values).view(np.uint64)
        else:
            bits = np.asarray(values.fill_null(0).to_numpy(), np.float64).view(np.uint64)
        if values.null_count:
            bits = np.where(np.asarray(values.is_null().to_numpy(), bool), np.uint64(0x9E3779B97F4A7C15), bits)
        prints = _mixed(prints ^ _mixed(bits))
    return prints


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of SplitMix64: every bit of the result depends on every bit that goes in."""
    x = bits + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


def _is_beyond(values: pa.ChunkedArray) -> bool:
    if not pa.types.is_integer(values.type) or values.type.bit_width < 64 or not len(values):
        return False
    numbers = values.fill_null(0).to_numpy()
    return bool(max(abs(int(numbers.min())), abs(int(numbers.max()))) > _EXACT)


def _array(values: npt.NDArray[np.integer[Any]], blocks: Blocks) -> dict[str, Any]:
    return {"type": "i32", "length": len(values), **blocks.add(values.astype("<i4"), None)}

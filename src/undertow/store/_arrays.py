"""Arrow arrays made of NumPy's without `pyarrow.array`.

That imports pandas at its first call, where it is installed: half a second of the interpreter, in the middle of a
training that may have no use for it, and too late for a process that ends before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["bools", "lists", "of_numpy", "texts"]

_TYPES = {np.dtype(name): getattr(pa, name)() for name in ("int32", "int64", "float32", "float64")}


def of_numpy(
    values: NDArray[Any], missing: NDArray[np.bool_] | None = None, type: pa.DataType | None = None
) -> pa.Array:
    """An array of numbers.

    Args:
        values: Shape (n,); int32, int64, float32 or float64.
        missing: Shape (n,); True where the value is null.
        type: What the numbers mean, of the same width; themselves if None.
    """
    values = np.ascontiguousarray(values)
    buffers = [_validity(missing), pa.py_buffer(values)]
    return pa.Array.from_buffers(type or _TYPES[values.dtype], len(values), buffers)


def bools(values: Sequence[bool | None]) -> pa.Array:
    """An array of bools, null where None."""
    missing = np.fromiter((value is None for value in values), bool, len(values))
    bits = np.packbits(np.fromiter((bool(value) for value in values), bool, len(values)), bitorder="little")
    buffers = [_validity(missing if missing.any() else None), pa.py_buffer(bits)]
    return pa.Array.from_buffers(pa.bool_(), len(values), buffers)


def texts(values: Sequence[str | None]) -> pa.Array:
    """An array of texts, null where None. What has no encoding (a lone surrogate) becomes "?"."""
    encoded = [b"" if value is None else value.encode("utf-8", errors="replace") for value in values]
    missing = np.fromiter((value is None for value in values), bool, len(values))
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=offsets[1:])
    if offsets[-1] >= 2**31:
        raise ValueError("texts of 2 GiB and more do not fit one table")
    buffers = [_validity(missing if missing.any() else None), pa.py_buffer(offsets.astype(np.int32))]
    return pa.Array.from_buffers(pa.string(), len(values), [*buffers, pa.py_buffer(b"".join(encoded))])


def lists(flat: NDArray[Any], lengths: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """An array of n lists of numbers.

    Args:
        flat: All of them, one list behind the other.
        lengths: Of each. Shape (n,).
        missing: Shape (n,); True where the list is null, which has a length all the same.
    """
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    buffers = [_validity(missing), pa.py_buffer(offsets)]
    kept = of_numpy(flat)
    return pa.Array.from_buffers(pa.list_(kept.type), len(lengths), buffers, children=[kept])


def _validity(missing: NDArray[np.bool_] | None) -> pa.Buffer | None:
    return None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))

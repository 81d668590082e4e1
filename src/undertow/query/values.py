"""Columns as numbers: categories as codes, times as milliseconds; alike on the page and in every engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["BOOLEANS", "as_text", "encode", "milliseconds", "ranks"]

BOOLEANS = ["false", "true"]


def encode(values: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The code of each category, 0 where missing, and the categories' names by code. Booleans are false and true."""
    if pa.types.is_boolean(values.type):
        return np.asarray(pc.fill_null(values.cast(pa.int64()), 0).to_numpy()), BOOLEANS
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    encoded = encoded.unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], encoded.type)
    codes = np.asarray(pc.fill_null(encoded.indices.cast(pa.int64()), 0).to_numpy())
    return codes, encoded.dictionary.to_pylist()


def milliseconds(values: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Timestamps as milliseconds since 1970-01-01 UTC, 0 where missing. Shape (rows,)."""
    per_unit = {"s": 1e3, "ms": 1.0, "us": 1e-3, "ns": 1e-6}[values.type.unit]
    ticks = np.asarray(pc.fill_null(values.cast(pa.int64()), 0).to_numpy())
    return np.asarray(ticks * per_unit if per_unit >= 1 else ticks / (1 / per_unit), np.float64)


def as_text(value: float) -> str:
    """A number as the page's language writes it, so that a search finds there what it finds here."""
    if isinstance(value, int):
        return str(value)
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    sign, magnitude = "-" if value < 0 else "", abs(value)
    digits, _, power = repr(float(magnitude)).partition("e")
    exponent = int(power or 0)
    if magnitude == 0 or not power:
        return (sign if magnitude else "") + digits.removesuffix(".0")
    # Python turns to exponents below 1e-4 and from 1e16 on, the page below 1e-6 and from 1e21 on.
    bare = digits.replace(".", "").removesuffix("0") if digits.endswith(".0") else digits.replace(".", "")
    if -7 < exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{bare}"
    if 0 < exponent < 21:
        return sign + bare.ljust(exponent + 1, "0")
    return f"{sign}{digits.removesuffix('.0')}e{exponent:+d}"


def ranks(names: Sequence[str]) -> list[int]:
    """The place of each category in its alphabet, numbers within it counted as numbers."""
    ranks = [0] * len(names)
    for rank, code in enumerate(sorted(range(len(names)), key=lambda code: _natural(names[code]))):
        ranks[code] = rank
    return ranks


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    parts: list[tuple[int, int, str]] = []
    digits = text = ""
    for character in f"{name.casefold()}\0":
        if character.isascii() and character.isdigit():
            if text:
                parts.append((1, 0, text))
            text, digits = "", digits + character
        else:
            if digits:
                parts.append((0, int(digits[:4000]), ""))
            digits, text = "", text + character
    return [*parts, (1, 0, text.removesuffix("\0"))], name

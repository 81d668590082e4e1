"""Column buffers as the blocks of a page: planes, zlib, base85. `docs/protocol.md` has the format."""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIGITS", "Blocks", "encode85"]

#: The printable ASCII characters from `!` on without those that HTML could take for its own; 85 of them.
DIGITS = "".join(character for character in map(chr, range(33, 127)) if character not in "\"&'<>`")[:85]

#: A column of this many bytes has a block of its own.
_LARGE = 256 << 10
#: From this many bytes on the bytes of values are sorted into planes: below, the gain is less than a page's header.
_PLANES = 4 << 10
#: Bytes tried at each of up to eight places of a column, and no more than a third of it, before it is compressed.
_SAMPLE = 16 << 10
#: Bytes encoded at a time; a multiple of 4.
_PIECE = 4 << 20

#: What a zlib stream starts with, and its last block, which is empty: between them stand blocks of any compressors.
_HEADER, _LAST = b"\x78\x9c", b"\x03\x00"

_TABLE = np.frombuffer(DIGITS.encode("ascii"), np.uint8)


class Blocks:
    """The blocks of one page, compressed as they fill, in threads; zlib lets go of the interpreter meanwhile."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="undertow-zlib")
        self._done: list[Future[bytes]] = []
        self._lengths: list[int] = []
        self._waiting: deque[Future[bytes]] = deque()
        self._parts: list[NDArray[np.uint8]] = []
        self._size = 0

    def add(self, values: NDArray[Any], present: NDArray[np.bool_] | None) -> dict[str, Any]:
        """Takes a column's values.

        Args:
            values: Little-endian, 0 where missing. Shape (rows,).
            present: Which rows hold a value; None where all do. Shape (rows,).

        Returns:
            What a column's header says of its place: block, offset, planes, valid.
        """
        if values.nbytes >= _LARGE:
            self.close()
        planes = values.itemsize > 1 and values.nbytes >= _PLANES
        raw = np.ascontiguousarray(values).view(np.uint8)
        parts = list(np.ascontiguousarray(raw.reshape(-1, values.itemsize).T)) if planes else [raw]
        block = len(self._done)
        place: dict[str, Any] = {"block": block, "offset": self._append(*parts), "planes": bool(planes), "valid": None}
        if present is not None:
            place["valid"] = {"block": block, "offset": self._append(np.packbits(present, bitorder="little"))}
        if values.nbytes >= _LARGE:
            self.close()
        return place

    def close(self) -> None:
        """Ends the block that is being filled; what comes next starts another."""
        if not self._parts:
            return
        future = self._pool.submit(_compress, self._parts, self._size)
        self._done.append(future)
        self._lengths.append(self._size)
        self._parts, self._size = [], 0
        # Raw bytes wait only for the threads that are at work, or a large table would lie in memory twice.
        self._waiting.append(future)
        while len(self._waiting) > 4:
            self._waiting.popleft().result()

    def finish(self) -> list[bytes]:
        """The zlib streams of all blocks, in order."""
        self.close()
        self._pool.shutdown()
        return [future.result() for future in self._done]

    @property
    def lengths(self) -> list[int]:
        """Bytes of every block before compression."""
        return self._lengths

    def _append(self, *parts: NDArray[np.uint8]) -> int:
        offset, size = self._size, sum(map(len, parts))
        padding = np.zeros(-size % 8, np.uint8)
        self._parts += [*parts, padding]
        self._size += size + len(padding)
        return offset


def _compress(parts: list[NDArray[np.uint8]], size: int) -> bytes:
    """One zlib stream. In a large block every part is compressed in the way that suits it, one after another."""
    if size < _LARGE:
        compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9)
        return b"".join([*(compressor.compress(part.data) for part in parts), compressor.flush()])
    check, streams = 1, [_HEADER]
    for part in parts:
        check = zlib.adler32(part.data, check)
        streams.append(_deflate(part.data, *_way(part)) if len(part) else b"")
    return b"".join([*streams, _LAST, check.to_bytes(4, "big")])


def _way(part: NDArray[np.uint8]) -> tuple[int, int]:
    """The zlib level and strategy that make the least of a sample; of equals the fastest.

    The random ends of mantissas repeat nothing: there a search for repeats costs time and, in its tables, bytes.
    """
    step = max(3 * _SAMPLE, len(part) // 8)
    sample = b"".join(part[at : at + _SAMPLE].data for at in range(0, len(part), step))
    ways = ((0, zlib.Z_DEFAULT_STRATEGY), (6, zlib.Z_HUFFMAN_ONLY), (6, zlib.Z_DEFAULT_STRATEGY))
    return min(ways, key=lambda way: len(_deflate(sample, *way)))


def _deflate(data: bytes | memoryview, level: int, strategy: int) -> bytes:
    """Bare deflate blocks that end on a byte and are not the last."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)


def encode85(data: bytes) -> Iterator[str]:
    """Writes four bytes as five digits to base 85, the most significant first, padded with zero bytes; in pieces."""
    for start in range(0, len(data), _PIECE):
        piece = data[start : start + _PIECE]
        numbers = np.frombuffer(piece + bytes(-len(piece) % 4), ">u4").astype(np.uint32)
        digits = np.empty((len(numbers), 5), np.uint8)
        for place in range(4, -1, -1):
            quotient = numbers // 85
            digits[:, place] = _TABLE[numbers - quotient * 85]
            numbers = quotient
        yield digits.tobytes().decode("ascii")

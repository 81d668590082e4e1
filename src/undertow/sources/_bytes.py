"""A file's bytes, unpacked where they are compressed, and its text, whatever it was written in."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from pathlib import Path

import pyarrow as pa

from ..errors import SourceError

__all__ = ["read_bytes", "read_text"]

_PACKED = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ\x00", lzma.decompress),
    (b"\x28\xb5\x2f\xfd", lambda data: pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()),
)
#: The longer first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read_bytes(path: Path) -> bytes:
    """Returns what is in the file; gzip, bzip2, xz and Zstandard are told by their first bytes.

    Raises:
        SourceError: If it cannot be read.
    """
    try:
        data = path.read_bytes()
        for mark, unpack in _PACKED:
            if data.startswith(mark):
                return bytes(unpack(data))
    except (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return data


def read_text(path: Path, skip_bad: bool = False) -> str:
    """Returns the file's text: UTF-8, or UTF-16 and UTF-32 by their mark.

    Args:
        path: The file.
        skip_bad: Whether bytes that are no text become U+FFFD.

    Raises:
        SourceError: If it cannot be read or is not text; the message names the line.
    """
    data = read_bytes(path)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding, "replace" if skip_bad else "strict")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{path}, line {line}: bytes that are not {encoding.upper().removesuffix('-SIG')} text"
        ) from error

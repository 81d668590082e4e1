"""PNG, by zlib alone: https://www.w3.org/TR/png-3/."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["encode_png"]

_METRES_PER_PIXEL = 0.0254 / 96


def encode_png(pixels: npt.NDArray[np.uint8], ratio: float = 1.0, **texts: str) -> bytes:
    """Pixels as the bytes of a PNG file.

    Args:
        pixels: Shape (height, width, 3) for RGB, (height, width, 4) for RGBA that is not premultiplied.
        ratio: Pixels per CSS pixel, for whoever prints it.
        texts: What the file says of itself, by keyword ("Title", "Description").
    """
    height, width, channels = pixels.shape
    per_metre = round(ratio / _METRES_PER_PIXEL)
    squeezed = zlib.compressobj(6)
    body = bytearray()
    above = np.zeros((1, width * channels), np.uint8)
    # A few rows at a time, so that a large picture is not held three times.
    for start in range(0, height, 64):
        rows = pixels[start : start + 64].reshape(-1, width * channels)
        body += squeezed.compress(_filtered(rows, np.concatenate([above, rows[:-1]]), channels).tobytes())
        above = rows[-1:]
    body += squeezed.flush()
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            *(_chunk(b"iTXt", f"{key}\0\0\0\0\0{text}".encode()) for key, text in texts.items() if text),
            _chunk(b"IDAT", bytes(body)),
            _chunk(b"IEND", b""),
        ]
    )


def _filtered(rows: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.uint8]:
    """Each row with the filter that leaves the least of it, and the filter's number in front."""
    left, corner = np.zeros_like(rows), np.zeros_like(rows)
    left[:, channels:], corner[:, channels:] = rows[:, :-channels], above[:, :-channels]
    tried: dict[int, npt.NDArray[np.uint8]] = {0: rows, 1: rows - left, 2: rows - above}
    a, b, c = (each.astype(np.int16) for each in (left, above, corner))
    pa, pb, pc = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    guess: Any = np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, above, corner))
    tried[4] = rows - guess
    sizes = np.stack([np.abs(each.view(np.int8).astype(np.int16)).sum(axis=1) for each in tried.values()])
    best = sizes.argmin(axis=0)
    out = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    for i, (number, each) in enumerate(tried.items()):
        out[best == i, 0] = number
        out[best == i, 1:] = each[best == i]
    return out


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

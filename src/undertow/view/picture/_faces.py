"""Text as pixels, by Pillow: the machine's faces that the page would use, and Pillow's own where it has none."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

__all__ = ["drawn", "measure"]

#: Files of the page's faces, in its order: regular, bold, italic.
_FACES = (
    ("Inter-Regular.otf", "Inter-SemiBold.otf", "Inter-Italic.otf"),
    ("Inter-Regular.ttf", "Inter-SemiBold.ttf", "Inter-Italic.ttf"),
    ("segoeui.ttf", "seguisb.ttf", "segoeuii.ttf"),
    ("Roboto-Regular.ttf", "Roboto-Medium.ttf", "Roboto-Italic.ttf"),
    ("Arial.ttf", "Arial Bold.ttf", "Arial Italic.ttf"),
    ("arial.ttf", "arialbd.ttf", "ariali.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"),
)
#: For characters that the face has not, all kinds of writing between them.
_OTHERS = (
    *(
        "DejaVuSans.ttf",
        "NotoSans-Regular.ttf",
        "NotoSansCJK-Regular.ttc",
        "wqy-zenhei.ttc",
        "DroidSansFallbackFull.ttf",
    ),
    *("msyh.ttc", "malgun.ttf", "YuGothM.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf"),
)
#: Characters that no face has, whose pictures are what a face draws instead of others it has not: of no assignment, of
#: private use, of no use.
_NONE = ("\u0378", "\U000f5a5a", "\U0010fffe")

_RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_INSTEAD = {"⁻": "-", "−": "-", "∞": "inf", "≤": "<=", "…": "...", "×": "x"}

Font = Any


def measure(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is, in units of its size."""
    # Measured large: hinted widths of small sizes do not scale.
    return _length(text, bold, False) * size / 64


@lru_cache(maxsize=20_000)
def _length(text: str, bold: bool, italic: bool) -> float:
    return math.fsum(font.getlength(part) for font, part in _runs(text, 64, bold, italic))


def drawn(
    text: str, size: float, *, bold: bool, italic: bool, offset: tuple[float, float], halo: float
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], int]:
    """A text's cover.

    Args:
        text: One line.
        size: In pixels.
        bold: Whether it is bold.
        italic: Whether it leans.
        offset: What is left of its place after whole pixels, in [0, 1).
        halo: How far around it the halo reaches, in pixels; 0 for none.

    Returns:
        The letters and the halo, 0–255, both of shape (height, width); and how far their top left corner lies left of
        and above the place where the text starts on its base line.
    """
    runs = list(_runs(text, size, bold, italic))
    pad = int(np.ceil(size + halo)) + 2
    width = int(np.ceil(sum(font.getlength(part) for font, part in runs))) + 2 * pad
    letters, around = (Image.new("L", (width, 2 * pad)) for _ in range(2))
    for image, stroke in ((letters, 0.0), (around, halo)):
        if image is around and not halo:
            continue
        pen, x = ImageDraw.Draw(image), pad + offset[0]
        for font, part in runs:
            pen.text((x, pad + offset[1]), part, 255, font, "ls", stroke_width=round(stroke))
            x += font.getlength(part)
    return np.asarray(letters), np.asarray(around), pad


def _runs(text: str, size: float, bold: bool, italic: bool) -> Iterator[tuple[Font, str]]:
    """A text in stretches, each with a face that has its characters."""
    missing = {character for character in text if _file_for(character, bold, italic) is None}
    if missing:
        text = _plain(text, missing)
    parts: list[tuple[str | None, str]] = []
    for character in text:
        # What is put on a letter stays with it.
        joins = bool(parts) and (unicodedata.combining(character) or unicodedata.category(character) == "Cf")
        file = parts[-1][0] if joins else _file_for(character, bold, italic) or _face(bold, italic)
        parts.append((file, character))
    for file, run in groupby(parts, key=lambda part: part[0]):
        yield _font(file, size), "".join(character for _, character in run)


def _plain(text: str, missing: set[str]) -> str:
    """In letters that any face has: 3.2×10⁻⁷ as 3.2e-7, é as e; what cannot be told so stays."""
    if missing & set(_RAISED):
        text = re.sub(f"×10(?=[{_RAISED}])", "e", text)
        text = re.sub(f"(?<![0-9])10(?=[{_RAISED}])", "1e", text)
    return "".join(
        _INSTEAD.get(character) or _parted(character) if character in missing else character for character in text
    )


def _parted(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if not unicodedata.combining(part)) or character


@cache
def _file_for(character: str, bold: bool, italic: bool) -> str | None:
    """The first face that has a character; None where none has."""
    for file in (_face(bold, italic), *_OTHERS):
        if (file == "" or _font(file, 20) is not None) and (character.isspace() or _has(file, character)):
            return file
    return None


def _has(file: str, character: str) -> bool:
    return bytes(_font(file, 20).getmask(character)) not in _missing(file)


@cache
def _missing(file: str) -> frozenset[bytes]:
    return frozenset(bytes(_font(file, 20).getmask(character)) for character in _NONE)


@cache
def _face(bold: bool, italic: bool) -> str:
    """The file of the face; empty for Pillow's own."""
    return _faces()[2 if italic else 1 if bold else 0]


@cache
def _faces() -> tuple[str, str, str]:
    for files in (*_FACES, _of_matplotlib()):
        if files and all(_font(file, 20) is not None for file in files):
            return files
    return ("", "", "")


def _of_matplotlib() -> tuple[str, str, str] | None:
    """The faces that Matplotlib carries, where it is installed."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    regular, bold, italic = (str(folder / file) for file in _FACES[-1])
    return regular, bold, italic


@lru_cache(maxsize=512)
def _font(file: str | None, size: float) -> Font:
    """A face at a size; None where the machine has no such file."""
    if not file:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(file, size)
    except OSError:
        return None

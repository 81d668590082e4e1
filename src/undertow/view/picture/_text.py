"""How wide a text is, and where a name breaks: the twin of `web/src/ui/parallel/text.ts`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

__all__ = ["FAMILY", "Measure", "broken", "estimated", "fitted", "readable"]

#: The page's faces, the first that a machine has.
FAMILY = ("Inter", "Segoe UI", "Roboto", "Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans")

#: The width of a text in CSS pixels, by its size and whether it is bold.
Measure = Callable[[str, float, bool], float]

#: Hundredths of the size, of the characters from U+0020 to U+007E: Inter's or Arial's, whichever is wider.
_PLAIN = bytes.fromhex(
    "1c1d284040594316262634431d2e1c2541383d40413e403a3f401c1d434343386646434a48433d4e4a1c3743385a4b4e"
    "434e4843414a4662434440262526303832393f393f3b253e3c19193819583c3c3e3e2636253b395237393726222643"
)
_BOLD = bytes.fromhex(
    "1c212f4041594818272736431e2f1d2643383e41433f413b414121214343433d6448484a48433d4e4a1c38483d5b4a4e"
    "434e4843424948654546412726273a3832393f3a3f3b263f3d1c1c391c5a3d3d3e3e2838263d3a54383a3827242743"
)
#: What faces differ by.
_MARGIN = 1.03


@lru_cache(maxsize=20_000)
def estimated(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at most, in whatever face a reader of the picture has."""
    widths = _BOLD if bold else _PLAIN
    return _MARGIN * size * sum(_width(character, widths) for character in text) / 100


def _width(character: str, widths: bytes) -> int:
    if " " <= character <= "~":
        return widths[ord(character) - 32]
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 105
    base = unicodedata.normalize("NFD", character)[0]
    return widths[ord(base) - 32] if " " <= base <= "~" else 92 if unicodedata.category(character) == "Lu" else 72


def readable(text: str) -> str:
    """A text on one line, without what neither XML nor a face has: control characters and halves of pairs."""
    kinds = {"Cc": " ", "Cs": "\ufffd", "Zl": " ", "Zp": " "}
    cleaned = "".join(kinds.get(unicodedata.category(character), character) for character in text)
    return cleaned.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def fitted(text: str, room: float, measure: Measure, size: float, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than `room`."""
    if measure(text, size, bold) <= room:
        return text
    fits, over = 1, len(text)
    while over - fits > 1:
        middle = (fits + over) // 2
        if measure(text[:middle] + "…", size, bold) <= room:
            fits = middle
        else:
            over = middle
    return text[:fits].rstrip() + "…"


def broken(text: str, room: float, measure: Measure, size: float, bold: bool = False) -> list[str]:
    """A text in lines no wider than `room`: broken where its words meet, and longer words anywhere."""
    lines = [""]
    for part in re.split(r"(?<=[_./\- ])", text):
        if lines[-1] and measure((lines[-1] + part).rstrip(), size, bold) > room:
            lines.append("")
        lines[-1] += part
        while measure(lines[-1].rstrip(), size, bold) > room and len(lines[-1]) > 1:
            whole, fits = lines.pop(), 1
            while measure(whole[: fits + 1], size, bold) <= room:
                fits += 1
            lines += [whole[:fits], whole[fits:]]
    return [line.strip() for line in lines if line.strip()] or [""]

"""Numbers and times as the page writes them: the twin of `web/src/core/format.ts`."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from ...query.values import as_text

__all__ = [
    "JAVASCRIPT_TIMES",
    "format_number",
    "format_short",
    "format_time",
    "format_whole",
    "log_label",
    "minus",
    "rounded",
    "tick_label",
]

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_THOUSANDS = ("", "k", "M", "G", "T")
#: JavaScript's dates end so many milliseconds from 1970.
JAVASCRIPT_TIMES = 8.64e15


def format_number(value: float, digits: int = 4) -> str:
    """A number as a person reads it, to so many significant digits: 0.0421, 12,340, 3.2×10⁻⁷, NaN, −∞."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        return "0"
    if value == int(value) and size < 1e7:
        return format_whole(int(value))
    sign = "−" if value < 0 else ""
    if 1e-3 <= size < 1e6:
        whole, _, part = _plain(rounded(size, digits)).partition(".")
        if size >= 9999.5:
            whole = f"{int(whole):,}"
        return f"{sign}{whole}.{part}" if part else sign + whole
    mantissa, exponent = _exponential(size, digits)
    return f"{sign}{mantissa}×{_power_of_ten(exponent)}"


def format_short(value: float) -> str:
    """A number where there is hardly room: 1.2e−5, 3.4k, 12M."""
    if value == 0 or not math.isfinite(value):
        return format_number(value)
    sign, size = "−" if value < 0 else "", abs(value)
    # 999.95 is 1.00k: rounded first, then put in its class.
    near = rounded(size, 3)
    power = near.adjusted() // 3
    if near < Decimal("0.01") or power >= len(_THOUSANDS):
        mantissa, exponent = _exponential(size, 2)
        return f"{sign}{mantissa}e{'−' if exponent < 0 else ''}{abs(exponent)}"
    power = max(0, power)
    return f"{sign}{as_text(float(near.scaleb(-3 * power)))}{_THOUSANDS[power]}"


def format_whole(value: int) -> str:
    """A whole number with every digit: 2024, 1,700,000,001."""
    return minus(str(value) if -10_000 < value < 10_000 else f"{value:,}")


def format_time(milliseconds: float) -> str:
    """An instant as 2026-11-24 08:05:12, without what is zero at its end."""
    if not abs(milliseconds) <= JAVASCRIPT_TIMES:
        return format_number(milliseconds)
    day, _, hours = str(np.datetime64(math.trunc(milliseconds), "ms")).partition("T")
    # Beyond four digits the page's years have a sign and six.
    year, month, date = day.rsplit("-", 2)
    if not 0 <= int(year) <= 9999:
        day = f"{'-' if int(year) < 0 else '+'}{abs(int(year)):06}-{month}-{date}"
    hours = hours.removesuffix(".000")
    return day if hours == "00:00:00" else f"{day} {hours}"


def tick_label(value: float, step: float) -> str:
    """A number on an axis whose numbers lie `step` apart: with digits enough that neighbours differ."""
    narrow = value != 0 and step > 0 and abs(value) / step >= 1e4
    if narrow and value == int(value) and abs(value) < 2**53:
        return format_whole(int(value))
    if narrow and abs(value) < 1e6:
        digits = min(12, max(0, math.ceil(-math.log10(step))))
        return minus(f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}")
    return format_number(value)


def log_label(value: float, exponent: int) -> str:
    """A power of ten on a log axis."""
    return format_number(value) if -3 <= exponent <= 4 else _power_of_ten(exponent)


def minus(text: str) -> str:
    """With the sign that is as wide as a plus."""
    return text.replace("-", "−")


def rounded(value: float, digits: int) -> Decimal:
    """To so many significant digits, ties away from 0, as JavaScript rounds."""
    exact = Decimal(value)
    if exact == 0:
        return exact
    return exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1), ROUND_HALF_UP)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponential(size: float, digits: int) -> tuple[str, int]:
    near = rounded(size, digits)
    exponent = near.adjusted()
    return _plain(near.scaleb(-exponent)), exponent


def _power_of_ten(exponent: int) -> str:
    return "10" + str(exponent).translate(_SUPERSCRIPTS)

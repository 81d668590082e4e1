"""Marks on axes: the twin of `web/src/core/ticks.ts` and of the ticks of d3-array and d3-time that it stands on."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from ._format import JAVASCRIPT_TIMES, format_time

__all__ = ["Tick", "even_ticks", "named", "power_ticks", "time_ticks", "with_ends"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis.

    Attributes:
        value: What stands there.
        position: In [0, 1].
        label: Empty for a minor tick.
        rank: A tick may lose its label to those of a lower rank; 9 is never named.
    """

    value: float
    position: float
    label: str
    rank: int = 0


def named(candidates: Sequence[Tick], length: float) -> list[Tick]:
    """Names ticks, lowest rank first, while there is room: a line of text is 14 px tall."""
    taken: list[float] = []
    kept: set[int] = set()
    for i, tick in sorted(enumerate(candidates), key=lambda each: each[1].rank):
        room = max(14.0, length / 18) if 0 < tick.rank < 9 else 13.9
        if tick.rank == 9 or any(abs(other - tick.position) * length < room for other in taken):
            continue
        taken.append(tick.position)
        kept.add(i)
        if len(taken) * 14 > length + 14:
            break
    return [tick if i in kept else replace(tick, label="") for i, tick in enumerate(candidates)]


def with_ends(
    ticks: Iterable[Tick], domain: tuple[float, float], length: float, label: Callable[[float], str]
) -> list[Tick]:
    """Adds the two ends of the domain; ticks whose labels they would touch yield."""
    first, last = (Tick(value, float(i), label(value), -1) for i, value in enumerate(domain))
    inner = [tick for tick in ticks if all(abs(tick.position - end.position) * length >= 1 for end in (first, last))]
    return named([first, *inner, last], length)


def even_ticks(start: float, stop: float, count: float) -> list[float]:
    """About `count` round numbers within a domain: d3-array's `ticks`."""
    if start == stop:
        return [start]
    spec = _spec(start, stop, count)
    if spec is None:
        return []
    first, last, step = spec
    return [(first + i) / -step if step < 0 else (first + i) * step for i in range(last - first + 1)]


def _spec(start: float, stop: float, count: float) -> tuple[int, int, float] | None:
    """The first and the last multiple of a step, and the step; of its inverse, negative, where it is below 1."""
    step = (stop - start) / max(0, count)
    if not math.isfinite(step) or step <= 0:
        return None
    power = math.floor(math.log10(step))
    error = step / 10.0**power
    factor = 10 if error >= math.sqrt(50) else 5 if error >= math.sqrt(10) else 2 if error >= math.sqrt(2) else 1
    if power < 0:
        if power < -307:
            return None
        grain = 10.0**-power / factor
        first, last = _round(start * grain), _round(stop * grain)
        first += first / grain < start
        last -= last / grain > stop
        grain = -grain
    else:
        grain = 10.0**power * factor
        first, last = _round(start / grain), _round(stop / grain)
        first += first * grain < start
        last -= last * grain > stop
    if last < first:
        return _spec(start, stop, count * 2) if 0.5 <= count < 2 else None
    return first, last, grain


def _round(value: float) -> int:
    return math.floor(value + 0.5)


def power_ticks(low: float, high: float) -> list[float]:
    """The ticks of d3's log scale: of each decade 1 … 9, or where they are many, powers alone."""
    i, j = math.log10(low), math.log10(high)
    if j - i >= 10:
        return [float(f"1e{round(power)}") for power in even_ticks(i, j, min(j - i, 10))]
    found = []
    for power in range(math.floor(i), math.ceil(j) + 1):
        for k in range(1, 10):
            value = k / float(f"1e{-power}") if power < 0 and power > -308 else k * float(f"1e{power}")
            if low <= value <= high:
                found.append(value)
    return even_ticks(low, high, 10) if len(found) * 2 < 10 else found


_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_INTERVALS = (
    *((step * _SECOND, step * _SECOND) for step in (1, 5, 15, 30)),
    *((step * _MINUTE, step * _MINUTE) for step in (1, 5, 15, 30)),
    *((step * _HOUR, step * _HOUR) for step in (1, 3, 6, 12)),
    *((step * _DAY, step * _DAY) for step in (1, 2, 7)),
    (30 * _DAY, 1),
    (90 * _DAY, 3),
    (365 * _DAY, 12),
)
"""How long a stretch between ticks lasts, and its milliseconds; from a month on its months."""


def time_ticks(domain: tuple[float, float], length: float) -> list[Tick]:
    """Ticks of a time axis: its ends say the whole date, as finely as its span asks for; those between what changes."""
    low, high = domain
    instants = _instants(low, high, max(2, _round(length / 48)))
    span = high - low
    inner = [Tick(at, (at - low) / span, _changes(at)) for at in instants]
    digits = 10 if span >= 3 * _DAY else 16 if span >= 10 * _MINUTE else 19 if span >= 10_000 else 23
    return with_ends(inner, domain, length, lambda value: format_time(value)[:digits])


def _instants(low: float, high: float, count: int) -> list[int]:
    """The round instants of a stretch of time: d3-time's `utcTicks`."""
    if max(abs(low), abs(high)) > JAVASCRIPT_TIMES:
        return []
    start, stop = math.trunc(low), math.trunc(high)
    target = (stop - start) / count
    lengths = [length for length, _ in _INTERVALS]
    i = bisect.bisect_right(lengths, target)
    if i == len(lengths):
        year = 365 * _DAY
        step = max(1, math.floor(_step(start / year, stop / year, count)))
        return _months(start, stop, 12 * step)
    if i == 0:
        return _multiples(start, stop, max(1, math.floor(_step(start, stop, count))))
    length, step = _INTERVALS[i - 1 if target / lengths[i - 1] < lengths[i] / target else i]
    if length >= 30 * _DAY:
        return _months(start, stop, step)
    # Weeks begin on Sundays; 1970 did on a Thursday.
    return _multiples(start, stop, step, 3 * _DAY if step == 7 * _DAY else 0)


def _step(start: float, stop: float, count: float) -> float:
    spec = _spec(start, stop, count)
    return 1.0 if spec is None else 1 / -spec[2] if spec[2] < 0 else spec[2]


def _multiples(start: int, stop: int, step: int, origin: int = 0) -> list[int]:
    first = origin - (origin - start) // step * step
    return list(range(first, stop + 1, step))


def _months(start: int, stop: int, step: int) -> list[int]:
    """The firsts of every so many months, counted from the year 0."""

    def month(at: int) -> int:
        return int(np.datetime64(at, "ms").astype("datetime64[M]").astype(int)) + 1970 * 12

    found = []
    for count in range(month(start) // step * step, month(stop) + 1, step):
        at = int(np.datetime64(count - 1970 * 12, "M").astype("datetime64[ms]").astype(int))
        if start <= at <= stop:
            found.append(at)
    return found


def _changes(at: int) -> str:
    """What an instant begins: a second, an hour, a day, a month, a year."""
    if at % _SECOND:
        return f".{at % _SECOND:03}"
    year = int(np.datetime64(at, "ms").astype("datetime64[Y]").astype(int)) + 1970
    # Weekdays and clocks repeat every 400 years, which brings any year within Python's.
    cycle = 146_097 * _DAY
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at % cycle)
    if at % _MINUTE:
        return f":{date.second:02}"
    if at % _HOUR:
        return f"{date.hour % 12 or 12:02}:{date.minute:02}"
    if at % _DAY:
        return f"{date.hour % 12 or 12:02} {'AM' if date.hour < 12 else 'PM'}"
    if date.day > 1:
        return f"{_DAYS[date.weekday()] if date.weekday() != 6 else _MONTHS[date.month - 1][:3]} {date.day:02}"
    return _MONTHS[date.month - 1] if date.month > 1 else f"{year % 10_000:04}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

"""What text stands for: numbers, booleans and times that a file wrote down as words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ._values import array_of

__all__ = ["as_unix", "infer", "inferred_array", "is_unix_name", "moments"]

#: Words for a missing value, where the other values of the column are numbers, booleans or times. Among words each is
#: one itself ("None" is a scheduler); the empty text is missing everywhere.
MISSING = ("NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "Null", "None", "none", "-")

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_COMMA = r"^[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?$"
_SPECIAL = r"^([+-]?(inf|infinity|∞)|nan|[+-]nan)$"
_BOOLEAN = r"^(true|false)$"
_TIME = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?$"
_ZONED = r":.*(Z|[+-]\d{2}(:?\d{2})?)$"

#: `timestamp` as Weights & Biases, Ray and HiPlot name it; not `time`, which is as often a duration, nor `epoch`.
_UNIX = re.compile(r"(^|[^a-z])(unix|unix_?time|timestamp|wall_?time|time_?stamp)(_?(s|sec|ms|us|ns|utc))?$")
#: From 1990 to 2100: a number of seconds, or of its thousandths, that lies within is a date and no count.
_YEARS = (631_152_000, 4_102_444_800)

#: Words tried before all of them: Arrow words an error for each that it cannot read, slower than it reads one.
_FEW = 100


def infer(values: pa.ChunkedArray, name: str, comma: bool = False) -> pa.ChunkedArray:
    """Returns a text column as what all of its values stand for; as text where that is nothing else.

    Whole numbers are int64, or float64 where one does not fit; `nan` and `inf` in any case are numbers, too. ISO 8601
    dates and times are `timestamp[us]`, in UTC where one has a zone. Space around values goes, unless they are text.

    Args:
        values: Text; null and the empty text are missing.
        name: The column's, which alone tells Unix times from counts.
        comma: Whether numbers are written 0,5.
    """
    found = _plain_numbers(values)
    if found is not None:
        return as_unix(found, name)
    bare = pc.utf8_trim_whitespace(values)
    words = _without(bare, pc.equal(bare, ""))
    if words.null_count == len(words):
        return pa.chunked_array([pa.nulls(len(values), pa.float64())])
    found = _plain_numbers(words)
    if found is not None:
        return as_unix(found, name)
    found = _told(words, name, comma)
    return _without(values, pc.is_null(words)) if found is None else found


def _without(values: pa.ChunkedArray, gone: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(gone, pa.scalar(None, values.type), values)


def _told(words: pa.ChunkedArray, name: str, comma: bool = False) -> pa.ChunkedArray | None:
    """What words without space around them stand for, pattern by pattern; None if they are text."""
    words = _without(words, pc.is_in(words, pa.array(MISSING)))
    if words.null_count < len(words):
        for read in (_numbers, _booleans, _times):
            found = read(words, comma)
            if found is not None:
                return as_unix(found, name)
    return None


def inferred_array(values: Sequence[object], name: str) -> pa.Array | pa.ChunkedArray:
    """Returns Python values as one column, what is text in them as what it stands for where that holds for all.

    Raises:
        SourceError: If a value is nothing a column can hold; the message names its row and column.
    """
    array = array_of(values, name)
    if pa.types.is_string(array.type):
        return infer(pa.chunked_array([array]), name)
    return as_unix(pa.chunked_array([array]), name)


def is_unix_name(name: str) -> bool:
    """Whether a column by this name may hold Unix times."""
    return bool(_UNIX.search(re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()))


def as_unix(values: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Returns numbers that are Unix times by the column's name and their size as times, others as they are."""
    if not is_unix_name(name) or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return values
    extent = pc.min_max(values)
    low, high = extent["min"].as_py(), extent["max"].as_py()
    if low is None:
        return values
    for ticks in (1, 10**3, 10**6, 10**9):
        if _YEARS[0] * ticks <= low and high <= _YEARS[1] * ticks:
            return moments(values, ticks)
    return values


def moments(values: pa.ChunkedArray, ticks: int = 1) -> pa.ChunkedArray:
    """Returns numbers of ticks since 1970, so many a second, as `timestamp[us]` in UTC; null for what is no time."""
    if pa.types.is_integer(values.type) and ticks >= 10**6:
        whole = pc.divide(values, ticks // 10**6)
    else:
        finite = pc.if_else(pc.is_finite(values), values, pa.scalar(None, values.type)).cast(pa.float64(), safe=False)
        near = pc.if_else(pc.less(pc.abs(finite), 2.0**53 * ticks / 10**6), finite, pa.scalar(None, pa.float64()))
        whole = pc.round(pc.multiply(near, 10**6 / ticks))
    return whole.cast(pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def _plain_numbers(words: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The numbers, where Arrow's parsers alone tell what `_numbers` would, in a tenth of its time; else None."""
    real = _parsed(words, pa.float64())
    # What Arrow reads otherwise, or only some versions of it: nan(x), 1e400, +5.
    if real is None or not pc.all(pc.is_finite(real)).as_py() or pc.any(pc.starts_with(words, "+")).as_py():
        return None
    whole = _parsed(words, pa.int64())  # 0x10, an integer to Arrow, was no double
    return real if whole is None else whole


def _parsed(words: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    try:
        words.slice(0, _FEW).cast(kind)
        return words.cast(kind)
    except pa.ArrowInvalid:
        return None


def _all(words: pa.ChunkedArray, pattern: str, ignore_case: bool = False) -> bool:
    return bool(pc.all(pc.match_substring_regex(words, pattern, ignore_case=ignore_case)).as_py())


def _numbers(words: pa.ChunkedArray, comma: bool) -> pa.ChunkedArray | None:
    special = pc.match_substring_regex(words, _SPECIAL, ignore_case=True)
    if pc.any(special).as_py():
        plain = pc.if_else(special, pa.scalar(None, pa.string()), words)
        folded = pc.utf8_lower(pc.replace_substring(words, "∞", "inf"))
        words = pc.if_else(special, pc.replace_substring_regex(folded, r"^[+-]?nan$", "nan"), words)
    else:
        plain = words
    # The first value decides for most columns of text, and spares the others.
    first = pc.drop_null(plain).slice(0, 1)
    if len(first) and not (_all(first, _NUMBER) or (comma and _all(first, _COMMA))):
        return None
    if not _all(plain, _NUMBER) and plain.null_count < len(plain):
        if not comma or not _all(plain, _COMMA):
            return None
        words = pc.replace_substring(words, ",", ".")
    # Arrow reads neither a plus before a number nor a point without a digit before it.
    words = pc.replace_substring_regex(words, r"^\+", "")
    if plain.null_count == words.null_count:
        whole = _parsed(words, pa.int64())
        if whole is not None:
            return whole
    real = _parsed(words, pa.float64())
    if real is not None:
        return real
    # What Arrow's parser is too strict for ("5.", ".5"), or too large for it.
    return pa.chunked_array([pa.array([None if word is None else float(word) for word in words.to_pylist()])])


def _booleans(words: pa.ChunkedArray, _: bool) -> pa.ChunkedArray | None:
    if not _all(words, _BOOLEAN, ignore_case=True):
        return None
    return pc.equal(pc.utf8_lower(words), "true")


def _times(words: pa.ChunkedArray, _: bool) -> pa.ChunkedArray | None:
    if not _all(words, _TIME):
        return None
    # What Arrow does not read: a comma in the seconds, a space before the zone, more than six digits behind the point.
    plain = pc.replace_substring_regex(pc.replace_substring(words, ",", "."), r"(\.\d{6})\d+", r"\1")
    plain = pc.replace_substring_regex(plain, r" (Z|[+-])", r"\1")
    zoned = pc.match_substring_regex(plain, _ZONED)
    if pc.any(zoned).as_py():
        # Where one has a zone, those without count as UTC.
        dated = pc.if_else(pc.match_substring(plain, ":"), plain, pc.binary_join_element_wise(plain, "T00:00:00", ""))
        plain = pc.if_else(zoned, plain, pc.binary_join_element_wise(dated, "Z", ""))
        target = pa.timestamp("us", tz="UTC")
    else:
        target = pa.timestamp("us")
    try:
        return plain.cast(target)
    except pa.ArrowInvalid:  # 2024-02-30
        return None

"""Rows of a table that counts steps or epochs, as the steps of a run."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SourceError
from ._describe import normalise
from ._logged import steps_of

__all__ = ["steps_of_rows"]

#: What counts the steps of a training, by the names that tools give it; an epoch where there is none.
_STEPS = ("step", "global_step", "trainer/global_step", "_step", "iteration", "iter", "epoch", "epochs")
_TIMES = ("time", "wall_time", "timestamp", "_timestamp", "date")


def steps_of_rows(
    table: pa.Table, where: str, when: dt.datetime, last: bool = False, counter: str | None = None
) -> pa.Table:
    """Returns rows as the steps of a `LoggedRun`: rows of one step become one.

    Args:
        table: The rows; one column, called step or epoch or a name like these, counts whole numbers.
        where: What errors call it.
        when: The time of each row, where no column says it.
        counter: The column that counts; None finds it by name.
        last: Whether, of two values at one step, the later stands; else they are an error.

    Raises:
        SourceError: If no column counts steps or epochs, or a step has two values of one metric.
    """
    table = normalise(table)
    folded = {name.casefold(): name for name in reversed(table.column_names)}
    counter = counter or next((folded[name] for name in _STEPS if name in folded and _whole(table[folded[name]])), None)
    if counter is None:
        raise SourceError(f"{where} counts neither steps nor epochs: no column of whole numbers is called {_named()}")
    table = table.filter(pc.is_valid(table[counter]))
    table = _merged(table, counter, where, last)
    step = table[counter].cast(pa.int64())
    clock = next(
        (folded[name] for name in _TIMES if name in folded and pa.types.is_timestamp(table[folded[name]].type)), None
    )
    time = pa.nulls(len(table), pa.timestamp("us", tz="UTC"))
    if clock is not None:
        kind = table[clock].type
        moments = table[clock] if kind.tz else pc.assume_timezone(table[clock], "UTC")
        time = moments.cast(pa.timestamp("us", tz="UTC"), safe=False)
        table = table.drop_columns([clock])
    time = pc.fill_null(time, pa.scalar(when, pa.timestamp("us", tz="UTC")))
    # What counts epochs alone stays, and becomes the row's epoch.
    rest = table if counter.casefold().startswith("epoch") else table.drop_columns([counter])
    return steps_of(rest, step, time)


def _named() -> str:
    return ", ".join(_STEPS[:2]) + " or epoch"


def _whole(values: pa.ChunkedArray) -> bool:
    if pa.types.is_integer(values.type):
        return True
    if not pa.types.is_floating(values.type) or values.null_count == len(values):
        return False
    there = pc.drop_null(values)
    return bool(pc.all(pc.and_(pc.is_finite(there), pc.equal(pc.floor(there), there))).as_py())


def _merged(table: pa.Table, counter: str, where: str, last: bool) -> pa.Table:
    """The rows by step, of each step one."""
    table = table.take(pc.sort_indices(table[counter]))  # stable: those of one step stay in their order
    if len(pc.unique(table[counter])) == len(table):
        return table
    # By number, for a name may be any text; and dictionaries have no last value.
    plain = pa.table(
        [each.cast(pa.string()) if _is_coded(each) else each for each in table],
        list(map(str, range(table.num_columns))),
    )
    keys = str(table.column_names.index(counter))
    several = [each for each in plain.column_names if each != keys]
    grouped = plain.group_by(keys, use_threads=False).aggregate(
        [(each, how) for each in several for how in ("last", "count", "first")]
    )
    for each in several if not last else ():
        first, final = (grouped[f"{each}_{which}"] for which in ("first", "last"))
        differ = pc.fill_null(pc.not_equal(first, final), False)
        if pc.any(differ).as_py():
            at = grouped[keys].filter(differ)[0].as_py()
            raise SourceError(
                f"{where}, column {table.column_names[int(each)]!r} has several values at {counter} {at}; "
                "rows of several runs go in a file each"
            )
    chosen = [grouped[keys if each == keys else f"{each}_last"] for each in plain.column_names]
    return pa.table(chosen, table.column_names)


def _is_coded(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_dictionary(values.type))

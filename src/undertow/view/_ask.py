"""Questions over HTTP: from JSON to an engine's method, and its answer as a container."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import QueryError
from ..query import Engine, Summary, Ticket
from ..query._questions import parse_cube, parse_filters, parse_nearest, parse_rows, parse_series
from ._blocks import Blocks
from ._payload import VERSION, sizes, stored
from ._wire import pack

__all__ = ["answer"]

_TYPES = {"u1": "u8", "u4": "u32", "i8": "f64", "f4": "f32", "f8": "f64"}
#: Rows whose values are asked for one by one, at most.
_MOST_VALUES = 100_000


def answer(engine: Engine, question: str, query: Any, ticket: Ticket) -> bytes:
    """What an engine says to a question, packed.

    Args:
        engine: Whom to ask.
        question: "describe", "cube", "rows", "series", "select", "percentiles", "nearest" or "values".
        query: The question's own JSON.
        ticket: Whoever waits.

    Raises:
        QueryError: If there is no such question, or it cannot be answered.
        CancelledError: If nobody waits any more.
    """
    ask = _QUESTIONS.get(question)
    if ask is None:
        raise QueryError(f"there is no question {question!r}; there are: {', '.join(_QUESTIONS)}")
    blocks = Blocks()
    content = ask(engine, query, ticket, blocks)
    ticket.check()
    streams = blocks.finish()
    return pack({"version": VERSION, "blocks": sizes(blocks, streams), "answer": content}, streams)


def _describe(engine: Engine, query: Any, ticket: Ticket, _: Blocks) -> Any:
    return [_summary(each) for each in engine.describe(_names(query), ticket)]


def _cube(engine: Engine, query: Any, ticket: Ticket, blocks: Blocks) -> Any:
    found = engine.cube(parse_cube(query), ticket)
    return {
        "side": found.side,
        "slices": found.slices,
        "share": found.share,
        "counts": [_array(each, blocks) for each in found.counts],
        "colours": [_array(each, blocks) for each in found.colours],
    }


def _rows(engine: Engine, query: Any, ticket: Ticket, blocks: Blocks) -> Any:
    found = engine.rows(parse_rows(query), ticket)
    columns = _columns(engine, found.table, ticket, blocks)
    return {"ids": _array(found.ids.astype(np.uint32), blocks), "total": found.total, "columns": columns}


def _values(engine: Engine, query: Any, ticket: Ticket, blocks: Blocks) -> Any:
    ids = query.get("ids") if isinstance(query, dict) else None
    known = ids if isinstance(ids, list) and len(ids) <= _MOST_VALUES else [None]
    if not all(type(each) is int and 0 <= each < 2**53 for each in known):
        raise QueryError(f"ids must be a list of at most {_MOST_VALUES} row numbers")
    table = engine.values(np.array(known, np.int64), _names(query), ticket)
    return _columns(engine, table, ticket, blocks)


def _series(engine: Engine, query: Any, ticket: Ticket, blocks: Blocks) -> Any:
    return [
        {
            "name": each.name,
            **{part: _array(getattr(each, part), blocks) for part in ("x", "min", "mean", "max")},
            "count": _array(each.count.astype(np.uint32), blocks),
        }
        for each in engine.series(parse_series(query), ticket)
    ]


def _select(engine: Engine, query: Any, ticket: Ticket, blocks: Blocks) -> Any:
    found = engine.select(parse_filters(query), ticket)
    return {"count": found.count, "bits": _array(found.bits, blocks)}


def _percentiles(engine: Engine, query: Any, ticket: Ticket, blocks: Blocks) -> Any:
    [name] = _names(query)[:1] or [""]
    return _array(engine.percentiles(name, ticket), blocks)


def _nearest(engine: Engine, query: Any, ticket: Ticket, _: Blocks) -> Any:
    return engine.nearest(parse_nearest(query), ticket)


_QUESTIONS: Mapping[str, Callable[[Engine, Any, Ticket, Blocks], Any]] = {
    "describe": _describe,
    "cube": _cube,
    "rows": _rows,
    "values": _values,
    "series": _series,
    "select": _select,
    "percentiles": _percentiles,
    "nearest": _nearest,
}


def _names(query: Any) -> list[str]:
    names = query.get("columns") if isinstance(query, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise QueryError("columns must be a list of names")
    return names


def _array(values: npt.NDArray[Any], blocks: Blocks) -> dict[str, Any]:
    """An array as a column of the container, flat."""
    type_ = _TYPES[values.dtype.str[1:]]
    flat = np.ascontiguousarray(values).ravel().astype({"f64": "<f8"}.get(type_, values.dtype.newbyteorder("<")))
    return {"type": type_, "length": len(flat), **blocks.add(flat, None)}


def _columns(engine: Engine, table: pa.Table, ticket: Ticket, blocks: Blocks) -> list[dict[str, Any]]:
    """Columns of rows. Categories travel as the codes that `describe` gave names to, and without those names."""
    kinds = {column.name: column.kind for column in engine.columns}
    found = []
    for name in table.column_names:
        values, kind = table[name], kinds[name]
        if kind == "category":
            names = pa.array(engine.describe([name], ticket)[0].names or [], pa.string())
            texts = (
                values.cast(pa.string()) if not pa.types.is_dictionary(values.type) else pc.cast(values, pa.string())
            )
            codes = pc.index_in(texts, value_set=names).combine_chunks()
            present = np.asarray(texts.is_valid().to_numpy()) if texts.null_count else None
            place = blocks.add(np.asarray(pc.fill_null(codes, 0).to_numpy(), "<u4"), present)
            found.append({"name": name, "type": "u32", "length": len(values), **place})
        else:
            column = stored(kind, values, blocks)
            del column["categories"], column["summary"]
            found.append({"name": name, **column})
    return found


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "name": summary.name,
        "rows": summary.rows,
        "missing": summary.missing,
        "nan": summary.nan,
        "positiveInfinity": summary.positive_infinity,
        "negativeInfinity": summary.negative_infinity,
        "nonPositive": summary.non_positive,
        "min": _spoken(summary.min),
        "max": _spoken(summary.max),
        "minPositive": _spoken(summary.min_positive),
        "integer": summary.integer,
        "quantiles": [_spoken(each) for each in summary.quantiles],
        "names": None if summary.names is None else list(summary.names),
        "categories": [list(each) for each in summary.categories],
    }


def _spoken(number: float) -> float | None:
    """JSON has no NaN: there is no such number."""
    return number if math.isfinite(number) else None

"""HiPlot's experiments: the object, its JSON (plain or compressed), and the data in a page that HiPlot exported."""

from __future__ import annotations

import datetime as dt
import html
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SourceError
from ..frame import Beside, Frame
from ..schema import Colouring, Column, Scale, is_colour, parse_scheme
from ._describe import MOST_AXES, frame_of, normalise
from ._infer import moments
from ._json import parse_json, table_of_rows
from ._values import encodable, plain

__all__ = [
    "DEFAULT_COLORMAP",
    "experiment_in_page",
    "from_experiment",
    "from_hiplot",
    "is_experiment",
    "is_hiplot",
    "parent_word",
    "plain_value",
    "word",
]

#: What every experiment says that was not told otherwise; the page's own colours, which one can tell apart, do instead.
DEFAULT_COLORMAP = "interpolateTurbo"

_SCALES: dict[str, Scale] = {"numeric": "linear", "numericlog": "log", "numericpercentile": "percentile"}
_VIEWS = {"XY": "scatter", "TABLE": "table", "DISTRIBUTION": "distribution"}
_ALL = {"PARALLEL_PLOT", *_VIEWS}
_MEMBERS = ("parameters_definition", "display_data", "_asdict")
_NOTE = "One line is one datapoint."


def is_experiment(data: object) -> bool:
    """Whether this is an Experiment, of HiPlot's or of `undertow.hiplot`."""
    # Of the class where it has them: to ask the drop-in's object for datapoints makes them.
    return all(hasattr(type(data), name) or hasattr(data, name) for name in ("datapoints", *_MEMBERS))


def is_hiplot(value: object) -> bool:
    """Whether this is an experiment's JSON."""
    return isinstance(value, Mapping) and (
        isinstance(value.get("datapoints"), list) or isinstance(value.get("datapoints_compressed"), Mapping)
    )


def from_experiment(data: Any) -> Frame:
    """Returns an Experiment as a Frame.

    Raises:
        SourceError: If it has no datapoints, or a value cannot be held.
    """
    # The drop-in's, as they were given: its JSON would turn times into text, to be read again.
    table = data._table() if hasattr(data, "_table") else None
    if table is not None:
        return _shown(table, data._settings())
    said = data._raw() if hasattr(data, "_raw") else data._asdict()
    return from_hiplot(said, "the experiment")


def from_hiplot(value: Mapping[str, Any], where: str) -> Frame:
    """Returns an experiment's JSON as a Frame, with its settings. `docs/hiplot.md` has what becomes of each.

    Args:
        value: As HiPlot's `Experiment._asdict()` has it; all but the datapoints may be missing.
        where: What errors call it.

    Raises:
        SourceError: If it has no datapoints, one is malformed, or a value cannot be held.
    """
    uids, parents, rows = [], [], []
    for uid, parent, values in _datapoints(value, where):
        uids.append(uid)
        parents.append(parent)
        rows.append(values)
    table = table_of_rows(rows, where, number="datapoint {}".format).table
    # Who merely counts the rows says nothing; lineage needs both.
    linked = any(parent is not None for parent in parents)
    if linked or uids != list(map(str, range(len(uids)))):
        table = table.add_column(0, "uid", pa.array(uids, pa.string()))
    if linked:
        table = table.add_column(1, "from_uid", pa.array(parents, pa.string()))
    return _shown(table, value)


def _shown(table: pa.Table, value: Mapping[str, Any]) -> Frame:
    """The values of all datapoints as a Frame, with the settings of an experiment's JSON."""
    definitions = _mapping(value.get("parameters_definition"))
    table = normalise(table)
    for place, name in enumerate(table.column_names):
        kind = _mapping(definitions.get(name)).get("type")
        table = table.set_column(place, name, _typed(table[name], kind if isinstance(kind, str) else None))
    frame = frame_of(table, _NOTE)
    colormap = value.get("colormap")
    colormap = colormap if isinstance(colormap, str) and colormap != DEFAULT_COLORMAP else None
    columns = (
        _described(column, frame.table[column.name], _mapping(definitions.get(column.name)), colormap)
        for column in frame.columns
    )
    return _arranged(replace(frame, columns=tuple(columns)), value)


def experiment_in_page(text: str, where: str) -> Any:
    """Returns the JSON of the experiment in a page that HiPlot exported; it is read, and nothing in it run.

    Raises:
        SourceError: If there is none, or it was cut off.
    """
    # As HiPlot writes it: Object.assign(options, eval('(' + "{\"experiment\": …}" + ')'))
    for found in re.finditer(r"""eval\(\s*['"]\(['"]\s*\+\s*(?=")""", text):
        try:
            quoted, _ = json.JSONDecoder().raw_decode(text, found.end())
        except (ValueError, RecursionError):
            continue
        options = parse_json(quoted, where)
        if isinstance(options, Mapping) and is_hiplot(options.get("experiment")):
            return options["experiment"]
    raise SourceError(f"{where} holds no experiment of HiPlot's, or one that was cut off")


def plain_value(value: Any) -> Any:
    """Returns a value as JSON has it: numbers of NumPy and tensors of one element as numbers, times as ISO 8601 text.

    Raises:
        SourceError: If a column could not hold it.
    """
    if value is None or (isinstance(value, bool | int | float | str) and type(value).__module__ == "builtins"):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(each) for each in value]
    found = plain(value, 0, "")
    if isinstance(found, dt.datetime):
        return found.isoformat()
    return found.total_seconds() if isinstance(found, dt.timedelta) else found


def parent_word(uid: Any) -> str | None:
    """Returns a uid as text; None for what stands for none: None, the empty text, nan, and what pandas has for it."""
    if uid is None or type(uid).__name__ in {"NAType", "NaTType"} or (isinstance(uid, float) and math.isnan(uid)):
        return None
    return word(uid) or None


def word(value: Any) -> str:
    """A category's name, as JavaScript writes the value."""
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return encodable(str(value))


def _datapoints(value: Mapping[str, Any], where: str) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    packed = value.get("datapoints_compressed")
    if isinstance(packed, Mapping) and not isinstance(value.get("datapoints"), list):
        columns, rows = packed.get("columns"), packed.get("rows")
        if not isinstance(columns, list) or not isinstance(rows, list):
            raise SourceError(f"{where}: datapoints_compressed needs columns and rows")
        for number, row in enumerate(rows):
            if not isinstance(row, list) or len(row) != len(columns) + 2:
                raise SourceError(f"{where}, datapoint {number} is no list of {len(columns) + 2} values")
            yield _named(row[0], number), parent_word(row[1]), dict(zip(map(str, columns), row[2:], strict=True))
        return
    points = value.get("datapoints")
    if not isinstance(points, list):
        raise SourceError(f"{where}: datapoints are no list")
    for number, point in enumerate(points):
        values = point.get("values") if isinstance(point, Mapping) else None
        if not isinstance(values, Mapping):
            raise SourceError(f"{where}, datapoint {number} is no object with values")
        kept = values if "uid" not in values and "from_uid" not in values else _without_ids(values)
        yield _named(point.get("uid"), number), parent_word(point.get("from_uid")), kept  # type: ignore[misc]


def _without_ids(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in values.items() if name not in ("uid", "from_uid")}


def _named(uid: object, number: int) -> str:
    return str(number) if uid is None else word(uid)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _typed(values: pa.ChunkedArray, kind: str | None) -> pa.ChunkedArray:
    """The values as the definition's type has them; what cannot be of it is missing."""
    if kind == "categorical":
        if pa.types.is_timestamp(values.type) or pa.types.is_string(values.type) or pa.types.is_boolean(values.type):
            return values.cast(pa.string())
        return pa.chunked_array([pa.array([None if v is None else word(v) for v in values.to_pylist()], pa.string())])
    if kind in _SCALES or kind == "timestamp":
        if pa.types.is_boolean(values.type):
            values = values.cast(pa.int64())
        elif pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
            values = pa.chunked_array([pa.array(list(map(_number, values.to_pylist())), pa.float64())])
        if kind == "timestamp" and not pa.types.is_timestamp(values.type):
            return moments(values)
    return values


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _described(column: Column, values: pa.ChunkedArray, definition: Mapping[str, Any], colormap: str | None) -> Column:
    label = definition.get("label_html")
    if isinstance(label, str):
        text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", label)).split())
        column = replace(column, label=encodable(text))
    if column.kind == "number":
        column = replace(column, scale=_SCALES.get(str(definition.get("type"))))
    colours = {
        word(key): colour.strip() for key, colour in _mapping(definition.get("colors")).items() if is_colour(colour)
    }
    own = definition.get("colormap")
    chosen = own if isinstance(own, str) else colormap if column.kind != "category" else None
    if colours or chosen:
        scheme, suffix = parse_scheme(chosen or "")
        column = replace(column, colouring=Colouring(encodable(scheme), "inverse" in suffix.split(","), own=colours))
    return replace(column, domain=_domain(column, values, definition))


def _domain(column: Column, values: pa.ChunkedArray, definition: Mapping[str, Any]) -> tuple[float, float] | None:
    ends = [definition.get("force_value_min"), definition.get("force_value_max")]
    if column.kind == "category" or all(end is None for end in ends):
        return None
    if column.kind == "time":
        low, high = (None if end is None else _finite(end, 1000.0) for end in ends)
        known = [None if each is None else each.timestamp() * 1000 for each in pc.min_max(values).as_py().values()]
    else:
        low, high = (None if end is None else _finite(end) for end in ends)
        finite = pc.drop_null(values).filter(pc.is_finite(pc.drop_null(values)))
        known = list(pc.min_max(finite).as_py().values())
    low, high = (end if end is not None else side for end, side in zip((low, high), known, strict=True))
    return (float(low), float(high)) if low is not None and high is not None and low < high else None


def _finite(value: object, factor: float = 1.0) -> float | None:
    try:
        number = float(value) * factor  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _arranged(frame: Frame, value: Mapping[str, Any]) -> Frame:
    """With axes, colours and views as the experiment's settings say."""
    displays = _mapping(value.get("display_data"))
    plot, xy, table = (_mapping(displays.get(name)) for name in ("PARALLEL_PLOT", "XY", "TABLE"))
    names = frame.table.column_names
    order, hidden = _known(plot.get("order"), names), set(_known(plot.get("hide"), names))
    hidden |= {"uid", "from_uid"} - set(order)
    # Among very many, those come first that were named.
    worth = {name for name in names if frame[name].kind != "category" or name in frame.axes}
    axes = [name for name in dict.fromkeys([*order, *names]) if name in worth and name not in hidden][:MOST_AXES]
    axes = axes or [name for name in names if name not in hidden][:MOST_AXES] or names
    color = value.get("colorby")
    if color not in names:
        color = (
            frame.color
            if frame.color in axes
            else next((n for n in reversed(axes) if frame[n].kind == "number"), axes[-1])
        )
    weight = value.get("weightcolumn")
    axis_x, axis_y = (xy.get(name) if xy.get(name) in names else None for name in ("axis_x", "axis_y"))
    axis = _mapping(displays.get("DISTRIBUTION")).get("axis")
    enabled = value.get("enabled_displays")
    shown = {name for name in enabled if isinstance(name, str)} if isinstance(enabled, list) else _ALL
    told = {"table": True, "scatter": axis_x is not None and axis_y is not None, "distribution": axis in names}
    views = [view for name, view in _VIEWS.items() if name in shown and (told[view] or not shown >= _ALL)]
    listed = _known(table.get("order"), names)
    listed = [*listed, *(name for name in names if name not in listed)] if listed else []
    return replace(
        frame,
        axes=tuple(axes),
        color=color,
        inverted=tuple(_known(plot.get("invert"), names)),
        weight=next((name for name in names if name == weight and frame[name].kind == "number"), None),
        beside=Beside(
            open=tuple(views),
            scatter=(axis_x, axis_y),
            distribution=axis if axis in names else None,
            sort=tuple(_sorting(table.get("order_by"), names)),
            order=tuple(listed if listed != names else ()),
        ),
    )


def _known(listed: object, names: Sequence[str]) -> list[str]:
    """Those of a list that are columns, each once."""
    if not isinstance(listed, list | tuple):
        return []
    return list(dict.fromkeys(each for each in listed if isinstance(each, str) and each in names))


def _sorting(order: object, names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    for each in order if isinstance(order, list | tuple) else ():
        if isinstance(each, list | tuple) and len(each) == 2 and isinstance(each[0], str) and each[0] in names:
            yield each[0], str(each[1]).startswith("desc")

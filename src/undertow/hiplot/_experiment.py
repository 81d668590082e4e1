"""An Experiment: datapoints, and how they are to be shown."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pyarrow as pa

from .._show import show
from ..errors import SourceError, ViewError
from ..sources import (
    DEFAULT_COLORMAP,
    from_arrow,
    from_hiplot,
    is_hiplot,
    parent_word,
    parse_json,
    plain_value,
    table_of_csv,
    word,
)
from ..view import View
from ._columns import Columns
from ._displayed import DisplayedView, ExperimentDisplayed
from ._values import (
    Datapoint,
    Displays,
    ExperimentValidationError,
    ValueDef,
    check_lineage,
    validate_colormap,
)

if TYPE_CHECKING:
    from ._streamlit import ExperimentStreamlitComponent

__all__ = ["Experiment"]

_IDS = ("uid", "from_uid")
#: What the settings of an experiment's JSON are.
_KINDS: dict[str, type] = {
    "parameters_definition": dict,
    "display_data": dict,
    "colormap": str,
    "colorby": str,
    "weightcolumn": str,
    "enabled_displays": list,
}


class Experiment:
    """Datapoints and how they are to be shown, as HiPlot has it.

    Attributes:
        datapoints: One for each line of the plot; a list, to be changed as one likes.
        parameters_definition: What is said of the columns, by their names; one that is not there yet is made on demand.
        colormap: The colours of numbers that their `ValueDef` says none of.
        colorby: The column that colours the lines; None leaves it to the data.
        weightcolumn: The column that says how much each datapoint weighs; None where all weigh the same.
        enabledDisplays: The displays that are open beside the plot, which always is.
    """

    def __init__(
        self,
        datapoints: list[Datapoint] | None = None,
        parameters_definition: dict[str, ValueDef] | None = None,
        colormap: str | None = None,
    ) -> None:
        self._columns: Columns | None = None
        self.datapoints = datapoints if datapoints is not None else []
        self.parameters_definition: dict[str, ValueDef] = (
            parameters_definition if parameters_definition is not None else defaultdict(ValueDef)
        )
        self.colormap = colormap if colormap is not None else DEFAULT_COLORMAP
        self.colorby: str | None = None
        self.weightcolumn: str | None = None
        self.enabledDisplays: list[str] = [
            Displays.PARALLEL_PLOT,
            Displays.XY,
            Displays.DISTRIBUTION,
            Displays.TABLE,
        ]
        self._display_data: dict[str, dict[str, Any]] = {}
        self._compress = False

    def __repr__(self) -> str:
        return f"Experiment({len(self)} datapoints)"

    def __len__(self) -> int:
        return len(self._points if self._columns is None else self._columns)

    @property
    def datapoints(self) -> list[Datapoint]:
        """The datapoints; made of the columns that they came as when somebody asks for them, who may change them."""
        if self._columns is not None:
            self.datapoints = self._columns.datapoints()
        return self._points

    @datapoints.setter
    def datapoints(self, datapoints: list[Datapoint]) -> None:
        self._points, self._columns = datapoints, None

    def validate(self) -> Experiment:
        """Checks the experiment, and returns it.

        Raises:
            ExperimentValidationCircularRef: If a datapoint descends from itself.
            ExperimentValidationMissingParent: If one descends from what is not there; see `remove_missing_parents`.
            ExperimentValidationError: If there is no datapoint, a value's name is reserved, or a colour is none.
        """
        if self._columns is None:  # rows that are columns as yet have the uids 0, 1, … and no parents
            check_lineage(self.datapoints)
            for point in self.datapoints:
                point.validate()
        if not len(self):
            raise ExperimentValidationError("Not a single datapoint")
        validate_colormap(self.colormap)
        for definition in self.parameters_definition.values():
            definition.validate()
        return self

    def remove_missing_parents(self) -> Experiment:
        """Lets go of parents that are not there, and returns the experiment."""
        known = {word(point.uid) for point in self.datapoints}
        for point in self.datapoints:
            if parent_word(point.from_uid) not in known:
                point.from_uid = None
        return self

    def display_data(self, plugin: str) -> dict[str, Any]:
        """Returns the settings of one of `Displays`, to be changed: `display_data(Displays.XY)["axis_x"] = "time"`."""
        return self._display_data.setdefault(plugin, {})

    def display(
        self, force_full_width: bool = False, store_state_key: str | None = None, **_: Any
    ) -> ExperimentDisplayed:
        """Shows the experiment: in a notebook as a widget below the cell, in a script as a page in the browser.

        Args:
            force_full_width: Taken for HiPlot's sake: the widget is as wide as the cell.
            store_state_key: Likewise: a page keeps what was made of it in its address.

        Returns:
            What tells the selection back.

        Raises:
            ExperimentValidationError: If the experiment is invalid.
        """
        from ._streamlit import is_streamlit

        self.validate()
        if is_streamlit():
            raise RuntimeError("this is a Streamlit script: show the experiment with `display_st` instead of `display`")
        view = show(self)
        displayed = DisplayedView(self.datapoints, view)
        displayed.show()
        return displayed

    def display_st(self, *, ret: str | list[str] | None = None, key: str | None = None) -> Any:
        """Shows the experiment in a Streamlit app; the same as `to_streamlit(key, ret).display()`."""
        return self.to_streamlit(key, ret).display()

    def to_streamlit(self, key: str | None = None, ret: str | list[str] | None = None) -> ExperimentStreamlitComponent:
        """Returns the experiment as a component that `display()` shows in a Streamlit app, and that can be cached.

        Args:
            key: Taken for HiPlot's sake.
            ret: What `display()` returns: "selected_uids", "filtered_uids" or "brush_extents", or several.

        Raises:
            ExperimentValidationError: If the experiment is invalid.
            RuntimeError: If this is no Streamlit app.
        """
        from ._streamlit import ExperimentStreamlitComponent

        self.validate()
        return ExperimentStreamlitComponent(self._view().html, [point.uid for point in self.datapoints], ret)

    def to_html(self, file: str | os.PathLike[str] | TextIO | None = None, **_: Any) -> str:
        """Returns the experiment as a page that needs nothing else, and writes it to `file` where there is one.

        Raises:
            ExperimentValidationError: If the experiment is invalid.
            ViewError: If the file cannot be written.
        """
        self.validate()
        page = self._view().html
        if file is not None and not hasattr(file, "write"):
            try:
                Path(file).write_text(page, encoding="utf-8")
            except OSError as error:
                raise ViewError(f"{file} cannot be written: {error.strerror or error}") from error
        elif file is not None:
            file.write(page)
        return page

    def to_csv(self, file: str | os.PathLike[str] | TextIO) -> None:
        """Writes the values to a file or handle, after `uid` and `from_uid` in the order of their names."""
        if isinstance(file, str | os.PathLike):
            with Path(file).open("w", encoding="utf-8", newline="") as handle:
                self.to_csv(handle)
            return
        names = sorted({name for point in self.datapoints for name in point.values})
        writer = csv.DictWriter(file, [*_IDS, *names])
        writer.writeheader()
        for point in self.datapoints:
            writer.writerow({**point.values, "uid": point.uid, "from_uid": point.from_uid})

    def to_json(self, file: str | os.PathLike[str] | TextIO | None = None) -> str:
        """Returns the experiment as HiPlot's JSON, which `from_json` reads; writes it to `file` where there is one."""
        text = json.dumps(self._asdict())
        if file is not None and not hasattr(file, "write"):
            Path(file).write_text(text, encoding="utf-8")
        elif file is not None:
            file.write(text)
        return text

    @staticmethod
    def from_iterable(it: Iterable[Mapping[str, Any]]) -> Experiment:
        """Makes an experiment of rows; `uid` and `from_uid` in them are the datapoints'.

        Raises:
            ExperimentValidationError: If a row is no mapping.
        """
        points = []
        for number, row in enumerate(it):
            if not isinstance(row, Mapping):
                raise ExperimentValidationError(
                    f"row {number} is a {type(row).__name__}, not a dict of names and values"
                )
            values = {name: value for name, value in row.items() if name not in _IDS}
            uid = parent_word(row.get("uid"))
            points.append(Datapoint(values, uid=number if uid is None else uid, from_uid=row.get("from_uid")))
        return Experiment(points)

    @staticmethod
    def from_csv(file: str | os.PathLike[str] | TextIO) -> Experiment:
        """Makes an experiment of a CSV file or handle; numbers, booleans and times in it are what they stand for.

        Raises:
            SourceError: If it cannot be read; the message names file and row.
        """
        if hasattr(file, "read"):
            table = table_of_csv(file.read(), getattr(file, "name", None) or "the CSV").table
        else:
            from ..sources import read_csv

            table = read_csv(Path(file)).table
        return Experiment._of_columns(Columns.of_arrow(table), table.column_names)

    @staticmethod
    def from_dataframe(dataframe: Any) -> Experiment:
        """Makes an experiment of a DataFrame: pandas, Polars, or any that speaks Arrow; columns stay in their order.

        Raises:
            SourceError: If it is no table, or a column's name occurs twice.
        """
        if hasattr(dataframe, "iloc"):  # pandas, whose own values are kept; as in HiPlot without the index
            names = [str(name) for name in dataframe.columns]
            repeated = next((name for name in names if names.count(name) > 1), None)
            if repeated is not None:
                raise SourceError(f"column name {repeated!r} occurs more than once")
            columns = Columns.of_pandas(dataframe, names)
        else:
            table = from_arrow(dataframe).table
            names, columns = table.column_names, Columns.of_frame(table)
        experiment = Experiment._of_columns(columns, names)
        experiment.display_data(Displays.PARALLEL_PLOT)["order"] = list(names)
        experiment.display_data(Displays.TABLE)["order"] = list(names)
        return experiment

    @staticmethod
    def from_optuna(study: Any) -> Experiment:
        """Makes an experiment of an Optuna study: the parameters and `value` (or `value_0` …) of complete trials."""
        rows = []
        for trial in study.trials:
            if trial.state.name != "COMPLETE" or not trial.values:
                continue
            values = trial.values
            goals = {"value": values[0]} if len(values) == 1 else {f"value_{i}": each for i, each in enumerate(values)}
            rows.append({**goals, **trial.params, "uid": trial.number})
        return Experiment.from_iterable(rows)

    @staticmethod
    def from_json(file: str | os.PathLike[str] | TextIO) -> Experiment:
        """Reads what `to_json` wrote, or HiPlot's JSON, plain or compressed, from a file or handle.

        Raises:
            SourceError: If it is none.
        """
        where = getattr(file, "name", None) or "the JSON" if hasattr(file, "read") else str(file)
        text = file.read() if hasattr(file, "read") else Path(file).read_text("utf-8")
        value = parse_json(text, where)
        if not is_hiplot(value):
            raise SourceError(f"{where} is no experiment of HiPlot's: it has no datapoints")
        return Experiment._fromdict(value, where)

    @staticmethod
    def merge(xp_dict: Mapping[str, Experiment]) -> Experiment:
        """Makes one experiment of several, whose names are in the column `exp` and before each uid."""
        merged = Experiment()
        for name, each in xp_dict.items():
            for point in each.datapoints:
                parent = parent_word(point.from_uid)
                merged.datapoints.append(
                    Datapoint(
                        {**point.values, "exp": name},
                        uid=f"{name}_{point.uid}",
                        from_uid=None if parent is None else f"{name}_{parent}",
                    )
                )
            merged.parameters_definition.update(each.parameters_definition)
            for display, data in each._display_data.items():
                merged.display_data(display).update(data)
        return merged

    @classmethod
    def _of_columns(cls, columns: Columns, names: Sequence[str]) -> Experiment:
        """An experiment of columns; where uids are among them, of rows."""
        if any(name in _IDS for name in names):
            return cls.from_iterable(point.values for point in columns.datapoints())
        made = cls()
        made._columns = columns
        return made

    def _view(self) -> View:
        return show(self, open=False)

    def _table(self) -> pa.Table | None:
        """The values as a table, where they are columns as yet."""
        return None if self._columns is None else self._columns.table()

    def _asdict(self) -> dict[str, Any]:
        """The experiment as JSON has it: numbers of NumPy as numbers, times as ISO 8601 text."""
        said = self._raw()
        points = said.pop("datapoints")
        for point in points:
            point["values"] = {str(name): plain_value(value) for name, value in point["values"].items()}
        if not self._compress:
            return {**said, "datapoints": points}
        names = list(dict.fromkeys(name for point in points for name in point["values"] if name not in _IDS))
        rows = [[point["uid"], point["from_uid"], *map(point["values"].get, names)] for point in points]
        return {**said, "datapoints_compressed": {"columns": names, "rows": rows}}

    def _raw(self) -> dict[str, Any]:
        """The same, with the values as they were given."""
        return {**self._settings(), "datapoints": [point._asdict() for point in self.datapoints]}

    def _settings(self) -> dict[str, Any]:
        """All of it but the datapoints."""
        return {
            "parameters_definition": {str(k): each._asdict() for k, each in self.parameters_definition.items()},
            "colormap": self.colormap,
            "colorby": self.colorby,
            "weightcolumn": self.weightcolumn,
            "display_data": self._display_data,
            "enabled_displays": self.enabledDisplays,
        }

    @classmethod
    def _fromdict(cls, value: Mapping[str, Any], where: str) -> Experiment:
        from_hiplot(value, where)  # says what is wrong with the datapoints
        for name, kind in _KINDS.items():
            said = value.get(name)
            if said is not None and not isinstance(said, kind):
                raise SourceError(f"{where}: {name} is a {type(said).__name__}, not a {kind.__name__}")
            for key, each in said.items() if isinstance(said, dict) else ():
                if not isinstance(each, dict):
                    raise SourceError(f"{where}: {key!r} in {name} is a {type(each).__name__}, not a dict")
        packed = value.get("datapoints_compressed")
        if isinstance(value.get("datapoints"), list):
            points = [
                Datapoint(
                    dict(each["values"]),
                    uid=word(number) if each.get("uid") is None else each["uid"],
                    from_uid=each.get("from_uid"),
                )
                for number, each in enumerate(value["datapoints"])
            ]
        else:
            assert isinstance(packed, Mapping)  # noqa: S101 - by `is_hiplot`
            points = [
                Datapoint(dict(zip(packed["columns"], row[2:], strict=True)), uid=row[0], from_uid=row[1])
                for row in packed["rows"]
            ]
        made = cls(points, colormap=value.get("colormap"))
        definitions = value.get("parameters_definition") or {}
        made.parameters_definition.update({name: ValueDef._fromdict(each) for name, each in definitions.items()})
        made.colorby, made.weightcolumn = value.get("colorby"), value.get("weightcolumn")
        made._display_data = {name: dict(each) for name, each in (value.get("display_data") or {}).items()}
        made.enabledDisplays = list(value.get("enabled_displays") or made.enabledDisplays)
        return made

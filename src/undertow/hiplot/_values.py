"""HiPlot's vocabulary: datapoints, what is said of their columns, and what can be wrong with them."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from ..errors import SourceError, ViewError
from ..sources import parent_word, word
from ..view import colouring

__all__ = [
    "Datapoint",
    "Displays",
    "ExperimentFetcherDoesntApply",
    "ExperimentValidationCircularRef",
    "ExperimentValidationError",
    "ExperimentValidationMissingParent",
    "ValueDef",
    "ValueType",
    "check_lineage",
    "validate_colormap",
]


class ExperimentValidationError(SourceError):
    """An experiment, or what is said of its columns, cannot be shown."""


class ExperimentValidationCircularRef(ExperimentValidationError):  # noqa: N818 - HiPlot's name
    """A datapoint descends from itself."""


class ExperimentValidationMissingParent(ExperimentValidationError):  # noqa: N818 - HiPlot's name
    """A datapoint descends from one that is not there."""


class ExperimentFetcherDoesntApply(SourceError):  # noqa: N818 - HiPlot's name
    """A fetcher is not for this URI: the next is asked."""


class ValueType(Enum):
    """How a column is scaled."""

    CATEGORICAL = "categorical"
    NUMERIC = "numeric"
    NUMERIC_LOG = "numericlog"
    NUMERIC_PERCENTILE = "numericpercentile"
    #: Seconds since 1970.
    TIMESTAMP = "timestamp"


class Displays:
    """The names of the displays, for `Experiment.display_data` and `Experiment.enabledDisplays`."""

    PARALLEL_PLOT = "PARALLEL_PLOT"
    XY = "XY"
    TABLE = "TABLE"
    DISTRIBUTION = "DISTRIBUTION"


class ValueDef:
    """What is said of a column; see `Experiment.parameters_definition`.

    Attributes:
        type: Its scale; None leaves it to the values.
        colors: A colour for each category, as CSS writes it.
        colormap: A scheme of d3-scale-chromatic ("interpolateSinebow"); "#inverse" behind it turns it round.
        label_css: CSS classes of HiPlot's page; kept, but without effect here.
        label_html: The label, of which the text is shown.
        force_value_min: Where its axis begins; None for the least value.
        force_value_max: Where its axis ends; None for the greatest value.
    """

    def __init__(
        self,
        value_type: ValueType | None = None,
        colors: Mapping[Any, str] | None = None,
        colormap: str | None = None,
        label_css: str | None = None,
    ) -> None:
        self.type = value_type
        self.colors = colors
        self.colormap = colormap
        self.label_css = label_css
        self.force_value_min: float | None = None
        self.force_value_max: float | None = None
        self.label_html: str | None = None

    def force_range(self, minimum: float, maximum: float) -> ValueDef:
        """Has the axis go from `minimum` to `maximum`; what lies beyond stands at its ends."""
        self.force_value_min = minimum
        self.force_value_max = maximum
        return self

    def validate(self) -> None:
        """Checks the colours.

        Raises:
            ExperimentValidationError: If one is no colour, or there is no such colormap.
        """
        for value, colour in (self.colors or {}).items():
            if not str(colour).startswith(("rgb(", "hsl(", "#")):
                raise ExperimentValidationError(
                    f'Invalid color {colour} for value {value}. Expected color to start with "rgb(", "hsl(", or "#"'
                )
        if self.colors:
            _checked(self.colors)
        validate_colormap(self.colormap)

    def _asdict(self) -> dict[str, Any]:
        return {
            "type": self.type.value if self.type is not None else None,
            "colors": None if self.colors is None else {word(value): colour for value, colour in self.colors.items()},
            "colormap": self.colormap,
            "force_value_min": _number(self.force_value_min),
            "force_value_max": _number(self.force_value_max),
            "label_css": self.label_css,
            "label_html": self.label_html,
        }

    @classmethod
    def _fromdict(cls, said: Mapping[str, Any]) -> ValueDef:
        try:
            kind = ValueType(said["type"]) if said.get("type") is not None else None
        except ValueError as error:
            raise ExperimentValidationError(str(error)) from error
        if not isinstance(said.get("colors") or {}, dict) or not isinstance(said.get("colormap") or "", str):
            raise ExperimentValidationError("colors are a colour for each value, and a colormap is a name")
        made = cls(kind, said.get("colors"), said.get("colormap"), said.get("label_css"))
        made.force_value_min, made.force_value_max = said.get("force_value_min"), said.get("force_value_max")
        made.label_html = said.get("label_html")
        return made


class Datapoint:
    """One line of the plot, and one row of the table.

    Attributes:
        uid: Tells it from all others; text, whatever it was given as. A random one where there is none.
        values: Its values by the names of their columns.
        from_uid: The datapoint that it descends from, or None.
    """

    __slots__ = ("from_uid", "uid", "values")

    def __init__(self, values: dict[str, Any], *, uid: Any = None, from_uid: Any = None) -> None:
        self.uid = parent_word(uid) or str(uuid.uuid4())
        self.values = values
        self.from_uid = parent_word(from_uid)

    def __repr__(self) -> str:
        parent = f", from_uid={self.from_uid!r}" if self.from_uid is not None else ""
        return f"Datapoint({self.values!r}, uid={self.uid!r}{parent})"

    def validate(self) -> None:
        """Checks the names of the values.

        Raises:
            ExperimentValidationError: If one is `uid` or `from_uid`.
        """
        for reserved in ("uid", "from_uid"):
            if reserved in self.values:
                raise ExperimentValidationError(f'Datapoint {self.uid} contains a value for "{reserved}"')

    def _asdict(self) -> dict[str, Any]:
        return {"uid": self.uid, "values": self.values, "from_uid": self.from_uid}


def check_lineage(datapoints: Iterable[Datapoint]) -> None:
    """Checks that datapoints descend from each other without a circle; a warning says where several have one uid.

    HiPlot takes these, too; what descends from such a uid descends from each of them.

    Raises:
        ExperimentValidationCircularRef: If one descends from itself.
        ExperimentValidationMissingParent: If one descends from what is not there.
    """
    parents: dict[str, str | None] = {}
    again: dict[str, None] = {}
    for point in datapoints:
        uid = word(point.uid)
        if uid in parents:
            again[uid] = None
        parents[uid] = parent_word(point.from_uid)
    if again:
        first, *rest = again
        also = f", and {len(rest)} more uids are likewise shared" if rest else ""
        warnings.warn(f"Several datapoints have the uid {first!r}{also}", UserWarning, stacklevel=4)
    settled: set[str] = set()
    for uid in parents:
        line: dict[str, None] = {}
        at: str | None = uid
        while at is not None and at not in settled:
            if at in line:
                raise ExperimentValidationCircularRef(f"Datapoint ({uid}) has a circular reference in its parents")
            line[at] = None
            parent = parents[at]
            if parent is not None and parent not in parents:
                raise ExperimentValidationMissingParent(f"Datapoint ({at}) parent ({parent}) not found")
            at = parent
        settled.update(line)


def validate_colormap(colormap: str | None) -> None:
    """Checks a colormap's name.

    Raises:
        ExperimentValidationError: If d3-scale-chromatic has no such scheme, or what follows `#` is not `inverse`.
    """
    if colormap is None:
        return
    name, _, modifier = colormap.partition("#")
    if not name.startswith(("interpolate", "scheme")):
        raise ExperimentValidationError(
            f"Invalid colormap `{name}`. The names are those of d3-scale-chromatic, and start with `interpolate` or "
            "`scheme`: `interpolateSpectral`, `interpolateViridis`, `schemeTableau10`"
        )
    if modifier not in ("", "inverse"):
        raise ExperimentValidationError(f"Invalid colormap modifier `{modifier}`. Valid colormaps modifiers: inverse")
    _checked(colormap)


def _checked(palette: str | Mapping[Any, str]) -> None:
    try:
        colouring(palette)
    except ViewError as error:
        raise ExperimentValidationError(str(error)) from error


def _number(value: Any) -> float | int | None:
    number: float | int | None = value.item() if hasattr(value, "item") else value
    return number

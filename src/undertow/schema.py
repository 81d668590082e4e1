"""The tables that a run folder holds, and the words that describe a column.

Two tables are recorded. Both carry the same keys, so that either can be read without the other:

    steps    one row per logged step; wide, a column a metric
    layers   one row per (step, parameter); the mergeable statistics of `undertow.statistics`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

__all__ = [
    "FORMAT_VERSION",
    "KEYS",
    "LAYERS",
    "MODULE_SUFFIX",
    "OPTIONAL",
    "PARAMS",
    "Colouring",
    "Column",
    "Fold",
    "Kind",
    "Scale",
    "is_colour",
    "parse_scheme",
]

#: Written to every `run.json`. Readers refuse a newer one rather than misread it.
FORMAT_VERSION = 1

Kind = Literal["number", "category", "time"]
Scale = Literal["linear", "log", "symlog", "percentile", "category", "time"]

#: What every recorded row carries. `step` counts optimizer updates from 0; a row that sums up an epoch carries the
#: step it ended with. `epoch` is null where the training has none. `attempt` tells a resumed run's repeated steps
#: apart.
KEYS = pa.schema(
    [
        pa.field("run", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("attempt", pa.int32(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("step", pa.int64(), nullable=False),
        pa.field("epoch", pa.int32()),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)

#: The `layers` table: keys, the parameter's path, and the sums (see `undertow.statistics.FIELDS` for their meaning).
#: What a module's output went through (the signal s, the activation a) has rows of its own, whose `param` is the
#: module's path and `MODULE_SUFFIX`; what belongs to parameters is null there, and the other way round.
LAYERS = pa.schema(
    [
        *KEYS,
        pa.field("param", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("count", pa.int64()),
        pa.field("sum", pa.float32()),
        pa.field("sum_sq", pa.float32()),
        pa.field("abs_max", pa.float32()),
        pa.field("zeros", pa.int64()),
        pa.field("nonfinite", pa.int64()),
        pa.field("w_sum_sq", pa.float32()),
        pa.field("u_sum_sq", pa.float32()),
        pa.field("dot_prev", pa.float32()),
        pa.field("prev_sum_sq", pa.float32()),
        pa.field("m_sum_sq", pa.float32()),
        pa.field("m_count", pa.int64()),
        pa.field("s_sum_sq", pa.float32()),
        pa.field("s_count", pa.int64()),
        pa.field("a_sum", pa.float32()),
        pa.field("a_sum_sq", pa.float32()),
        pa.field("a_zeros", pa.int64()),
        pa.field("a_count", pa.int64()),
        pa.field("histogram", pa.list_(pa.int32())),
    ]
)

#: The columns of `LAYERS` that are recorded on demand only. A file that lacks one has null in it.
OPTIONAL = tuple(LAYERS.names[LAYERS.names.index("dot_prev") :])

#: Ends the `param` of a row about a module's output: no parameter's path can end so. Its row in `PARAMS` has an empty
#: shape and dtype, and the size 0.
MODULE_SUFFIX = "()"

#: `params.parquet`: one row per parameter. `depth` counts modules from the input (0) to the output, in forward order;
#: parameters of one module share it. `module` is the path of the module that owns the parameter.
PARAMS = pa.schema(
    [
        pa.field("param", pa.string(), nullable=False),
        pa.field("module", pa.string(), nullable=False),
        pa.field("depth", pa.int32(), nullable=False),
        pa.field("shape", pa.list_(pa.int64()), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("dtype", pa.string(), nullable=False),
        pa.field("sharding", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Fold:
    """A group of columns in one: each row's median over those that share its domain and lie within a module path.

    Attributes:
        path: The module path that the group's members lie within.
        low: The name of the column with each row's least value of the group.
        high: The name of the column with each row's greatest.
    """

    path: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Colouring:
    """How a column's values are coloured.

    Attributes:
        scheme: The name of a scheme of d3-scale-chromatic, "" for the page's own; or colours from low to high.
        reversed: Whether high and low change places.
        midpoint: The value in the middle of the colours; None for the middle of the scale.
        own: Colours of single categories.
    """

    scheme: str | tuple[str, ...] = ""
    reversed: bool = False
    midpoint: float | None = None
    own: Mapping[str, str] = field(default_factory=dict)


_COLOUR = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})|(rgb|hsl)a?\([0-9.,%\s/deg-]+\)|[a-z]+", re.IGNORECASE)


def is_colour(text: object) -> bool:
    """Whether this is text that CSS may take for a colour, and that holds nothing else."""
    return isinstance(text, str) and _COLOUR.fullmatch(text.strip()) is not None


def parse_scheme(text: str) -> tuple[str, str]:
    """A scheme's name without what d3 puts before it, and what follows its `#`, where HiPlot writes `inverse`."""
    name, _, suffix = text.partition("#")
    return re.sub("^(interpolate|scheme)", "", name, flags=re.IGNORECASE), suffix


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a Frame is to be understood and drawn.

    Attributes:
        name: The column's name in the table.
        kind: What its values are.
        label: What a person reads; the name where empty.
        unit: As a person writes it ("$1000", "s"); empty where there is none.
        scale: The scale its axis starts with; chosen by its values where None.
        share: Columns with the same word here share one domain, so that their heights can be compared along a line.
        group: The path of the module that it belongs to, for folding; empty where none.
        description: One sentence for the tooltip of the axis.
        fold: What it stands for where it is the median of a group of columns; None for any other.
        colouring: How its values are coloured; None leaves it to the page.
        domain: The ends that its axis starts with, in milliseconds since 1970 for times; None for those of its values.
    """

    name: str
    kind: Kind
    label: str = ""
    unit: str = ""
    scale: Scale | None = None
    share: str = ""
    group: str = ""
    description: str = ""
    fold: Fold | None = None
    colouring: Colouring | None = None
    domain: tuple[float, float] | None = None

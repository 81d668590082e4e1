"""What was measured of a run's layers, as arrays over time and depth, for the rules that look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..query._lines import runs_of
from ..query._merge import Clock, choose_clock, codes, floats, integers, merge
from ..schema import MODULE_SUFFIX

__all__ = ["Broken", "Layers", "Series", "layers_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: As many points in time as keep points × parameters below this, but at least `_FEWEST`: what rules look for lasts.
_MOST_VALUES, _MOST_POINTS, _FEWEST = 200_000, 1000, 64

#: Windows that a training is looked at in: its epochs where there are at least so many, else so many equal spans.
FEWEST_EPOCHS, WINDOWS = 6, 12


@dataclass(frozen=True, slots=True)
class Series:
    """Some parameters, or the outputs of some modules, over time: P of them, from the input to the loss; T points.

    Attributes:
        names: As recorded, those of outputs without the suffix. P of them.
        modules: The path of the module of each.
        depth: How many modules stand before it. Shape (P,).
        shapes: Of each parameter; empty for outputs.
        sums: By the names of `undertow.schema.LAYERS`: the mean over the steps of each point, nan where nothing was
            recorded. Shape (T, P) each.
    """

    names: tuple[str, ...]
    modules: tuple[str, ...]
    depth: Ints
    shapes: tuple[tuple[int, ...], ...]
    sums: dict[str, Floats]

    def norm(self, field: str = "sum_sq") -> Floats:
        """The root of the sum of squares: the gradient's norm, or that of the field given. Shape (T, P)."""
        return np.sqrt(self.sums[field])

    def share(self, part: str, whole: str) -> Floats:
        """One field divided by another, nan where that is 0. Shape (T, P)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.sums[whole] > 0, self.sums[part] / self.sums[whole], np.nan)

    def has(self, field: str) -> bool:
        """Whether the field was recorded."""
        return bool(np.isfinite(self.sums[field]).any()) if len(self.names) else False


@dataclass(frozen=True, slots=True)
class Broken:
    """The first step at which something was not finite.

    Attributes:
        step: The step.
        epoch: Its epoch, -1 where it has none.
        gradients: The parameters with gradients that were not, from the input to the loss, with how many elements.
        outputs: The modules whose outputs were not.
        measured: How many parameters were measured at that step.
        last: The last step at which something was not finite.
        steps: At how many recorded steps something was not.
    """

    step: int
    epoch: int
    gradients: tuple[tuple[str, int], ...]
    outputs: tuple[str, ...]
    measured: int
    last: int
    steps: int


@dataclass(frozen=True, slots=True)
class Layers:
    """One run's layers over time.

    Attributes:
        run: Its name.
        clock: What one line of the lenses `layers` and `flow` spans.
        step: The last step of each point. Shape (T,).
        epoch: Its epoch, -1 where it has none. Shape (T,).
        every: The steps from one recorded step to the next, as a rule.
        params: The parameters that were measured.
        outputs: The modules whose outputs were.
        absent: The parameters that were described, but had no gradient at any step: names and sizes.
        broken: Where something was not finite first, None where all was.
        by_run: Whether there are several runs.
    """

    run: str
    clock: Clock
    step: Ints
    epoch: Ints
    every: float
    params: Series
    outputs: Series
    absent: tuple[tuple[str, int, int], ...]
    broken: Broken | None
    by_run: bool

    def windows(self) -> Ints:
        """The number of the window that each point belongs to, ascending from 0: an epoch, or a twelfth. Shape (T,)."""
        epochs = np.unique(self.epoch[self.epoch >= 0])
        if len(epochs) >= FEWEST_EPOCHS and np.all(self.epoch >= 0):
            window = np.searchsorted(epochs, self.epoch)
            # Longer than a few dozen, and windows span several epochs.
            return np.asarray(window * min(len(epochs), 60) // len(epochs), dtype=np.int64)
        return np.arange(len(self.step)) * min(WINDOWS, len(self.step)) // max(1, len(self.step))

    def by_window(self, values: Floats, reduce: Any = np.nanmedian) -> Floats:
        """The values reduced over each window, nan where it has none. Shape (W, …) of (T, …)."""
        window = self.windows()
        found = np.full((int(window.max(initial=-1)) + 1, *values.shape[1:]), np.nan)
        with np.errstate(all="ignore"):
            for index in range(len(found)):
                part = np.where(np.isfinite(values[window == index]), values[window == index], np.nan)
                some = np.isfinite(part).any(axis=0)
                if values.ndim == 1:
                    found[index] = reduce(part) if some else np.nan
                elif some.any():
                    found[index, some] = reduce(part[:, some], axis=0)
        return found

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The points of the windows from `first` to `last`, both included."""
        window = self.windows()
        return int(np.argmax(window >= first)), int(np.flatnonzero(window <= last)[-1])

    def when(self, point: int) -> str:
        """When a point was, in words: "epoch 3" or "step 120"."""
        return f"epoch {self.epoch[point]}" if self.clock.name == "epoch" else f"step {self.step[point]}"

    def evidence(self, first: int, last: int, layers: Sequence[str] = (), lens: str = "layers") -> dict[str, Any]:
        """The fields of a Finding that say where it is.

        Args:
            first: The first point.
            last: The last one.
            layers: Names of parameters; all where empty.
            lens: "layers" or "flow".
        """
        if self.clock.name == "epoch":
            span = [int(self.epoch[first]), int(self.epoch[last])]
        else:
            width = self.clock.width  # a line of the lens goes by its last step
            span = [int(self.step[first]), int(self.step[last]) // width * width + width - 1]
        filters: dict[str, Any] = {self.clock.name: {"ranges": [span]}}
        if layers and lens == "layers":
            filters["layer"] = {"values": list(layers)}
        if self.by_run:
            filters["run"] = {"values": [self.run]}
        return {
            "run": self.run,
            "first_step": int(self.step[first]),
            "last_step": int(self.step[last]),
            "layers": tuple(layers),
            "lens": lens,
            "filters": filters,
        }


def layers_of(table: pa.Table, params: pa.Table, skipped: dict[str, set[int]] | None = None) -> Iterator[Layers]:
    """Yields the layers of each run.

    Args:
        table: Rows of `undertow.schema.LAYERS`, of one or more runs.
        params: Rows of `undertow.schema.PARAMS`, with a column `run` where there are several.
        skipped: By run the steps that a loss scaler skipped, whose gradients are not finite by design.
    """
    runs = runs_of(table)
    clock = choose_clock(table) if len(table) else Clock("step")
    of_row = codes(table["run"], runs)
    for index, run in enumerate(runs):
        rows = table if len(runs) == 1 else table.filter(pa.array(of_row == index))
        known, certain = params, len(runs) == 1
        if "run" in params.column_names:
            own = params.filter(pc.equal(params["run"].cast(pa.string()), run))
            known, certain = (own, True) if len(own) else (params, False)
        made = _layers(run, rows, known, clock, len(runs) > 1, (skipped or {}).get(run, set()))
        if made is not None:
            # Of descriptions that name no run, another's may be among them.
            yield made if certain else replace(made, absent=())


def _layers(run: str, rows: pa.Table, params: pa.Table, clock: Clock, by_run: bool, skipped: set[int]) -> Layers | None:
    about = {row["param"]: (place, row) for place, row in enumerate(params.drop_columns(_unused(params)).to_pylist())}
    seen = rows["param"].cast(pa.string()).unique().to_pylist()
    seen.sort(key=lambda name: (about[name][1]["depth"], about[name][0]) if name in about else (-1, 0))
    if skipped:
        # Their gradients are infinite by design, and the weights never saw them.
        rows = rows.filter(pa.array(~np.isin(integers(rows["step"]), list(skipped))))
    if not len(rows):
        return None
    steps = np.unique(integers(rows["step"]))
    points = int(np.clip(_MOST_VALUES // max(1, len(seen)), _FEWEST, _MOST_POINTS))
    width = max(1, -(-len(steps) // points))
    # Equal numbers of recorded steps, which may lie far apart.
    span = np.searchsorted(steps, integers(rows["step"])) // width
    spanned = rows.set_column(rows.schema.get_field_index("epoch"), "epoch", pa.array(span, pa.int32()))
    merged = merge(spanned, np.zeros(len(rows), np.int64), codes(rows["param"], seen), Clock("epoch"))
    count = int(span.max()) + 1
    sums = {}
    for name, values in merged.sums.items():
        with np.errstate(invalid="ignore"):
            mean = values if name == "abs_max" else values / merged.steps
        table = np.full((count, len(seen)), np.nan)
        table[merged.span, merged.owner] = np.where(merged.missing[name], np.nan, mean)
        sums[name] = table
    ends = np.minimum(np.arange(1, count + 1) * width, len(steps)) - 1
    epoch = np.full(count, -1)
    np.maximum.at(epoch, span, integers(rows["epoch"]))
    kinds = [name.endswith(MODULE_SUFFIX) for name in seen]
    absent = tuple(
        (name, int(row["size"]), int(row["depth"]))
        for name, (_, row) in about.items()
        if name not in set(seen) and not name.endswith(MODULE_SUFFIX)
    )
    return Layers(
        run,
        clock,
        steps[ends],
        epoch,
        float(np.median(np.diff(steps))) if len(steps) > 1 else 1.0,
        _series(seen, [not kind for kind in kinds], about, sums),
        _series(seen, kinds, about, sums),
        absent,
        _broken(rows, seen),
        by_run,
    )


def _unused(params: pa.Table) -> list[str]:
    return [name for name in params.column_names if name not in ("param", "module", "depth", "shape", "size")]


def _series(names: list[str], chosen: list[bool], about: dict[str, Any], sums: dict[str, Floats]) -> Series:
    at = np.flatnonzero(chosen)
    rows = [about.get(names[index], (0, {"module": names[index], "depth": -1, "shape": []}))[1] for index in at]
    return Series(
        tuple(names[index].removesuffix(MODULE_SUFFIX) for index in at),
        tuple(str(row["module"]) for row in rows),
        np.array([row["depth"] for row in rows], dtype=np.int64),
        tuple(tuple(row["shape"]) for row in rows),
        {name: values[:, at] for name, values in sums.items()},
    )


def _broken(rows: pa.Table, order: list[str]) -> Broken | None:
    elements, none = floats(rows["nonfinite"])
    forward = np.zeros(len(rows), dtype=bool)
    if "a_sum" in rows.column_names:
        # Not the squares, which large outputs overflow.
        total, absent = floats(rows["a_sum"])
        forward = ~absent & ~np.isfinite(total)
    backward = ~none & (elements > 0)
    if not (forward.any() or backward.any()):
        return None
    step, param = integers(rows["step"]), codes(rows["param"], order)
    first = int(step[forward | backward].min())
    now = step == first
    hit = sorted({(int(code), int(n)) for code, n in zip(param[now & backward], elements[now & backward], strict=True)})
    bad = step[backward | forward]
    return Broken(
        first,
        int(integers(rows["epoch"])[now].max()),
        tuple((order[code], n) for code, n in hit),
        tuple(order[code].removesuffix(MODULE_SUFFIX) for code in sorted(set(param[now & forward].tolist()))),
        len(set(param[now & ~none].tolist())),
        int(bad.max()),
        len(np.unique(bad)),
    )

"""All that the rules may look at of one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..frame import Frame
from ..query._lines import runs_of
from ..query._merge import codes, integers
from ..query.lenses import Recorded
from ._curves import Curves, curves_of
from ._layers import Layers, layers_of
from ._replicas import Replicas, replicas_of

__all__ = ["Evidence", "evidence_of", "lasting"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One run, as rules see it. Whatever was not recorded is None.

    Attributes:
        run: Its name; empty where the data name none.
        curves: Its metrics by epoch, or by step where there are no epochs.
        fine: Its metrics by step, as they were logged; `curves` where the data count no steps.
        layers: What was measured of its layers.
        replicas: Values that all ranks should have alike.
    """

    run: str
    curves: Curves | None = None
    fine: Curves | None = None
    layers: Layers | None = None
    replicas: tuple[Replicas, ...] = field(default=())


def evidence_of(frames: list[Frame], recorded: Recorded | None = None) -> Iterator[Evidence]:
    """Yields what there is to see of each run.

    Args:
        frames: The frames of metrics.
        recorded: The tables that they were made of, where these are recorded runs; their `run` is what people see.
    """
    curves = {each.run: each for frame in frames for each in curves_of(frame)}
    fine = {each.run: each for frame in frames for each in curves_of(frame, ("step",))}
    layers: dict[str, Layers] = {}
    replicas: dict[str, tuple[Replicas, ...]] = {}
    if recorded is not None:
        logged, table, params = (each.to_arrow() for each in (recorded.steps, recorded.layers, recorded.params))
        only = runs_of(logged)
        if len(only) == 1:
            # A frame of one run has no column for it; others may have layers alone.
            curves, fine = ({only[0]: replace(own[""], run=only[0])} if "" in own else own for own in (curves, fine))
        if len(table):
            layers = {each.run: each for each in layers_of(table, params, _skipped(logged))}
        replicas = replicas_of(logged, table, params)
    for run in dict.fromkeys([*curves, *fine, *layers, *replicas]):
        yield Evidence(run, curves.get(run), fine.get(run, curves.get(run)), layers.get(run), replicas.get(run, ()))


def lasting(holds: NDArray[np.bool_]) -> int | None:
    """The first window from which on something holds in 3 of 4 windows, to the end; None where it does not.

    At least 3 windows must hold, and a fifth of all, the first not among them: that is the warm-up.

    Args:
        holds: In which windows it does. Shape (W,).
    """
    fewest = max(3, -(-len(holds) // 5))
    for first in np.flatnonzero(holds):
        rest = holds[max(first, 1) :]
        if rest.sum() >= fewest and rest.mean() >= 0.75 and rest[-fewest:].any():
            return int(first)
    return None


def _skipped(logged: pa.Table) -> dict[str, set[int]]:
    """By run, the steps that a loss scaler skipped."""
    if "amp.skipped" not in logged.column_names:
        return {}
    runs = runs_of(logged)
    run, step = codes(logged["run"], runs), integers(logged["step"])
    hit: Any = np.asarray(logged["amp.skipped"].cast(pa.bool_()).fill_null(False).to_numpy(), dtype=bool)
    return {name: set(step[hit & (run == index)].tolist()) for index, name in enumerate(runs)}

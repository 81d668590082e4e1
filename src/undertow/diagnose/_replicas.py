"""Replicas that diverge: ranks that train one model, whose weights should be alike and are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..query._lines import metric_names, runs_of
from ..query._merge import Clock, choose_clock, codes, floats, integers
from ._finding import Finding, Number

if TYPE_CHECKING:
    from ._evidence import Evidence

__all__ = ["Replicas", "replicas", "replicas_of"]

#: Sums in another order differ by some 1e-6 of a norm; what was never averaged differs by far more.
DIFFERS = 1e-3
#: At so many steps at least, and at this share of those that both wrote, from the first on.
FEWEST_STEPS, SHARE = 3, 0.75

#: What a training loop may log on every rank to be compared.
_CHECKSUMS = ("weight_norm", "weights_norm", "param_norm", "checksum")


@dataclass(frozen=True, slots=True)
class Replicas:
    """One value that several ranks wrote at the same steps.

    Attributes:
        name: The parameter whose norm it is, or the metric.
        step: Shape (S,), ascending.
        epoch: Shape (S,), -1 where there is none.
        spread: (max − min) / max |value| over the ranks. Shape (S,).
        ranks: How many.
        metric: Whether it is a metric.
        clock: What a line of the lens spans.
    """

    name: str
    step: NDArray[np.int64]
    epoch: NDArray[np.int64]
    spread: NDArray[np.float64]
    ranks: int
    metric: bool
    clock: Clock


def replicas_of(logged: pa.Table, layers: pa.Table, params: pa.Table) -> dict[str, tuple[Replicas, ...]]:
    """By run, what its ranks wrote alike or not; empty where one rank wrote alone.

    Args:
        logged: Rows of `steps`.
        layers: Rows of `undertow.schema.LAYERS`. A sharded parameter is passed over: its ranks hold other parts.
        params: Rows of `undertow.schema.PARAMS`.
    """
    found: dict[str, list[Replicas]] = {}
    if len(logged) and len(logged["rank"].unique()) > 1:
        for name in metric_names(logged):
            if name in _CHECKSUMS or name.endswith(tuple(f".{each}" for each in _CHECKSUMS)):
                _compare(found, logged, name, np.zeros(len(logged), np.int64), [name], True)
    if len(layers) and len(layers["rank"].unique()) > 1:
        sharding = dict(zip(params["param"].to_pylist(), params["sharding"].to_pylist(), strict=True))
        names = [name for name in layers["param"].cast(pa.string()).unique().to_pylist() if not sharding.get(name)]
        _compare(found, layers, "w_sum_sq", codes(layers["param"], names), names, False)
    return {run: tuple(several) for run, several in found.items()}


def _compare(
    found: dict[str, list[Replicas]],
    table: pa.Table,
    column: str,
    owner: NDArray[np.int64],
    names: list[str],
    metric: bool,
) -> None:
    runs = runs_of(table)
    clock = choose_clock(table) if not metric else Clock("step")
    values, null = floats(table[column])
    use = ~null & np.isfinite(values) & (owner >= 0)
    run, step, epoch, rank = (
        each[use]
        for each in (
            codes(table["run"], runs),
            integers(table["step"]),
            integers(table["epoch"]),
            integers(table["rank"]),
        )
    )
    owner = owner[use]
    values = values[use] if metric else np.sqrt(values[use])
    order = np.lexsort((rank, step, owner, run))
    run, owner, step, epoch = (each[order] for each in (run, owner, step, epoch))
    values = values[order]
    fresh = np.ones(len(run), dtype=bool)
    fresh[1:] = (np.diff(run) != 0) | (np.diff(owner) != 0) | (np.diff(step) != 0)
    starts = np.flatnonzero(fresh)
    if not len(starts):
        return
    high, low = np.maximum.reduceat(values, starts), np.minimum.reduceat(values, starts)
    size = np.maximum(np.abs(high), np.abs(low))
    ranks = np.diff(np.append(starts, len(run)))
    spread = np.where(size > 0, (high - low) / np.where(size > 0, size, 1), 0.0)
    for index, name in enumerate(runs):
        for each, label in enumerate(names):
            here = (run[starts] == index) & (owner[starts] == each) & (ranks > 1)
            if here.any():
                at = starts[here]
                made = Replicas(label, step[at], epoch[at], spread[here], int(ranks[here].max()), metric, clock)
                found.setdefault(name, []).append(made)


def replicas(evidence: Evidence) -> Iterator[Finding]:
    """Finds that ranks which should hold the same weights do not.

    With n_r the norm of a parameter (or a metric called weight_norm, param_norm or checksum) on rank r at one step, the
    replicas have diverged when (max n_r − min n_r) / max |n_r| > 1e-3 at 3 steps at least, and at three quarters of
    those from the first such one to the end.

    Silent when: one rank wrote alone, as `run.watch` does where parameters are replicated (there is nothing to compare:
    watch with `replicated=False`, or log a checksum on every rank); the parameter is sharded; or they came together
    again, as at the averaging of local SGD.

    Source: TrainCheck (2025), which compares the checksums of replicas. https://arxiv.org/abs/2506.14813
    """
    worst: tuple[float, Replicas, int] | None = None
    names = []
    for each in evidence.replicas:
        off = each.spread > DIFFERS
        if off.sum() < FEWEST_STEPS or off[int(np.argmax(off)) :].mean() < SHARE or not off[-1]:
            continue
        names.append(each.name)
        most = float(each.spread[-1])
        if worst is None or most > worst[0]:
            worst = (most, each, int(np.argmax(off)))
    if worst is None:
        return
    most, each, first = worst
    by_epoch = each.clock.name == "epoch"
    span = each.epoch if by_epoch else each.step
    filters: dict[str, dict[str, object]] = {each.clock.name: {"ranges": [[int(span[first]), int(span[-1])]]}}
    if not each.metric:
        filters["layer"] = {"values": names}
    if evidence.layers is not None and evidence.layers.by_run:
        filters["run"] = {"values": [evidence.run]}
    yield Finding(
        kind="replicas",
        severity="error",
        sentence=(
            f"The {each.ranks} replicas train apart from step {each.step[first]}: {each.name} differs by "
            f"{100 * most:.2g} % between ranks at the end."
        ),
        advice=(
            "See that every backward pass goes through the wrapper that averages gradients, that all ranks start from "
            "the same weights, and that none skips a step on its own."
        ),
        source="TrainCheck (2025), https://arxiv.org/abs/2506.14813",
        run=evidence.run,
        first_step=int(each.step[first]),
        last_step=int(each.step[-1]),
        layers=() if each.metric else tuple(names),
        numbers=(Number("difference between ranks", 100 * most, 100 * DIFFERS, " %"),),
        lens="steps" if each.metric else "layers",
        filters=filters,
    )

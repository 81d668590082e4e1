"""The signal on its way back through the depth of a network, for the rules that ask whether it fades or grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._layers import Layers, Series

__all__ = ["FEWEST_LAYERS", "Depth", "depth_of"]

Floats = NDArray[np.float64]

#: Fewer modules than this are no depth.
FEWEST_LAYERS = 5

#: What underflows is no more than this; a logarithm needs a floor.
_LEAST = 1e-30


@dataclass(frozen=True, slots=True)
class Depth:
    """The signal by window and depth.

    Attributes:
        names: What was measured, from the input to the loss. L of them.
        modules: Their modules.
        what: What was measured, in words.
        level: log₁₀ of the norm; nan where it was not recorded. Shape (W, L).
        change: log₁₀ of how many times larger the signal is at the loss than at the input: the fitted line's rise over
            the whole depth. Shape (W,).
        order: Spearman's rank correlation of signal and depth: 1 where each module has less than the one nearer to
            the loss. Shape (W,).
    """

    names: tuple[str, ...]
    modules: tuple[str, ...]
    what: str
    level: Floats
    change: Floats
    order: Floats


def depth_of(layers: Layers) -> Depth | None:
    """The signal by depth: ∂L/∂a of the modules' outputs, else the gradients of biases, else those of weights.

    A bias' gradient is the sum of the signal over the batch, so it tells the same, without a factor of the activations
    that a weight's gradient has. None where there are fewer than five modules of a kind.
    """
    outputs, params = layers.outputs, layers.params
    if outputs.has("s_sum_sq") and len(outputs.names) >= FEWEST_LAYERS:
        return _depth(layers, outputs, list(range(len(outputs.names))), "s_sum_sq", "signal")
    weights = [index for index, shape in enumerate(params.shapes) if len(shape) > 1]
    owners = {params.modules[index] for index in weights}
    biases = [i for i, shape in enumerate(params.shapes) if len(shape) == 1 and params.modules[i] in owners]
    if len(biases) >= FEWEST_LAYERS:
        return _depth(layers, params, biases, "sum_sq", "biases' gradient")
    if len(weights) >= FEWEST_LAYERS:
        return _depth(layers, params, weights, "sum_sq", "gradient")
    return None


def _depth(layers: Layers, series: Series, chosen: list[int], field: str, what: str) -> Depth:
    norms = layers.by_window(series.norm(field)[:, chosen])
    some = [index for index in range(len(chosen)) if np.isfinite(norms[:, index]).any()]
    chosen, norms = [chosen[index] for index in some], norms[:, some]
    level = np.log10(np.maximum(norms, _LEAST))
    place = np.arange(len(chosen), dtype=np.float64)
    change, order = np.full(len(level), np.nan), np.full(len(level), np.nan)
    for window, row in enumerate(level):
        if len(row) >= FEWEST_LAYERS and np.isfinite(row).all():
            change[window] = _slope(place, row) * (len(row) - 1)
            order[window] = _spearman(row)
    return Depth(
        tuple(series.names[index] for index in chosen),
        tuple(series.modules[index] for index in chosen),
        what,
        level,
        change,
        order,
    )


def _slope(x: Floats, y: Floats) -> float:
    """The slope of the least-squares line."""
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / np.square(x).sum())


def _spearman(row: Floats) -> float:
    ranks = _ranks(row)
    place = np.arange(len(row), dtype=np.float64)
    return float(np.corrcoef(ranks, place)[0, 1]) if np.ptp(ranks) > 0 else 0.0


def _ranks(row: Floats) -> Floats:
    """Ranks from 0, ties at their mean."""
    distinct, place, count = np.unique(row, return_inverse=True, return_counts=True)
    del distinct
    ends = np.cumsum(count)
    return np.asarray((ends - (count + 1) / 2)[place], dtype=np.float64)

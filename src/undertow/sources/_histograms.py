"""Histograms that a log has of gradients and weights, as rows of `layers`, as far as they give our sums."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from ._logged import NO_LAYERS

__all__ = ["Histograms", "Sums", "parameter_of"]

_GRADIENT = re.compile(r"grads?|gradients?", re.IGNORECASE)
_WEIGHT = re.compile(r"weights?|params?|parameters?|variables?", re.IGNORECASE)
#: How a parameter's own path ends, whatever stands before it.
_PARAMETER = re.compile(r"(weight|bias|kernel|gamma|beta|embeddings?|scale)(_\d+)?", re.IGNORECASE)
_NOISE = re.compile(r"hist(ogram)?s?(_\d+)?|values?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a histogram says of its n numbers x.

    Attributes:
        count: n.
        abs_max: max |x|.
        sum: Σx, None where the histogram has not kept it: from its buckets alone it would be a guess.
        sum_sq: Σx², likewise.
    """

    count: int
    abs_max: float
    sum: float | None = None
    sum_sq: float | None = None

    @classmethod
    def of_edges(cls, counts: ArrayLike, lows: ArrayLike, highs: ArrayLike) -> Sums:
        """The sums that buckets give whose outer edges are the extremes of the numbers."""
        there = np.asarray(counts, float) > 0
        edges = np.concatenate([np.asarray(lows, float)[there], np.asarray(highs, float)[there]])
        return cls(int(np.sum(counts)), float(np.abs(edges).max(initial=0.0)))


def parameter_of(tag: str) -> tuple[str, Literal["gradient", "weight"]] | None:
    """Returns the parameter that a histogram is of, and whether of its gradient; None where its name says neither.

    "gradients/fc.weight", "fc.weight.grad" and "fc.weight/grad" are gradients of "fc.weight"; "weights/fc.weight",
    "fc.weight" and Keras' "dense/kernel/histogram" are weights.
    """
    words = list(re.finditer(r"[^/.]+", tag))
    while len(words) > 1 and _NOISE.fullmatch(words[-1][0]):
        words.pop()
    for place in (0, -1):
        if len(words) > 1 and _GRADIENT.fullmatch(words[place][0]):
            del words[place]
            return tag[words[0].start() : words[-1].end()], "gradient"
    if len(words) > 1 and _WEIGHT.fullmatch(words[0][0]):
        return tag[words[1].start() : words[-1].end()], "weight"
    if words and _PARAMETER.fullmatch(words[-1][0]):
        return tag[words[0].start() : words[-1].end()], "weight"
    return None


class Histograms:
    """Collects the sums of histograms, a row a step and parameter.

    Attributes:
        partial: Of which only count and largest value are known.
        foreign: The tags that are neither gradients nor weights, by their names.
    """

    def __init__(self) -> None:
        self.partial: set[str] = set()
        self.foreign: set[str] = set()
        self._rows: dict[tuple[int, str], dict[str, Any]] = {}
        self._sizes: dict[str, int] = {}

    def add(self, tag: str, step: int, seconds: float, sums: Sums) -> None:
        """Adds a histogram that was logged so many seconds after 1970."""
        told = parameter_of(tag)
        if told is None:
            self.foreign.add(tag)
            return
        param, what = told
        self._sizes.setdefault(param, sums.count)
        row = self._rows.setdefault((step, param), {"step": step, "param": param})
        row["time"] = max(row.get("time", 0), round(seconds * 1e6))
        if what == "gradient":
            row |= {"count": sums.count, "abs_max": sums.abs_max, "sum": sums.sum, "sum_sq": sums.sum_sq}
        elif sums.sum_sq is not None:
            row["w_sum_sq"] = sums.sum_sq
        if sums.sum_sq is None:
            self.partial.add(tag)

    def table(self) -> pa.Table:
        """The rows, as `NO_LAYERS` has them."""
        # A weight's histogram of v2 says nothing that a row of layers has.
        rows = [row for row in self._rows.values() if row.keys() & {"count", "w_sum_sq"}]
        return pa.Table.from_pylist(rows, schema=NO_LAYERS.schema) if rows else NO_LAYERS

    def params(self) -> list[Mapping[str, Any]]:
        """A row of `undertow.schema.PARAMS` for each parameter: in the order of the log, which is the model's."""
        depths: dict[str, int] = {}
        rows: list[Mapping[str, Any]] = []
        for param, size in self._sizes.items():
            module = re.sub(r"[/.]?[^/.]*$", "", param).replace("/", ".")
            rows.append(
                {
                    "param": param,
                    "module": module,
                    "depth": depths.setdefault(module, len(depths)),
                    "shape": [size],
                    "size": size,
                    "dtype": "unknown",
                    "sharding": None,
                }
            )
        return rows

    def left_out(self) -> list[str]:
        """What could not be had of them, in words."""
        words = []
        if self.partial:
            words.append(
                f"norms of {_some(self.partial)} (such histograms keep counts and extremes; a norm would be a guess)"
            )
        if self.foreign:
            words.append(f"histograms that by their names are of neither gradients nor weights: {_some(self.foreign)}")
        return words


def _some(names: set[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "")

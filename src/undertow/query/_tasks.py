"""What Spark's executors do: functions from Arrow batches to Arrow batches, for `DataFrame.mapInArrow`.

They are sent by value (see `_cluster.py`), so that executors need Python, NumPy and PyArrow, and nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .binning import bin_codes, category_codes
from .values import as_text

__all__ = [
    "CELLS",
    "NEAREST",
    "CodePlan",
    "Counts",
    "Nearest",
    "bits",
    "holding",
    "keys_between",
    "leading_bits",
    "ordered",
    "values_of",
]

Batches = Iterator[pa.RecordBatch]
Task = Callable[[Batches], Batches]

#: What `Counts` makes: cells of pairs and how much is in each; channel 0 counts rows, the others add up colours.
CELLS = "channel INT, pair INT, cell BIGINT, n BIGINT, weight DOUBLE"
NEAREST = "distance FLOAT, id BIGINT"

#: Rows that are counted at a time, at least; and so many times the cells, which are added up after each.
_PIECE = 1 << 16
_PER_CELL = 2
#: Rows whose bits travel together.
CHUNK = 1 << 16


@dataclass(frozen=True)
class CodePlan:
    """How a column of a batch becomes bin codes.

    Attributes:
        column: Its place in the batch.
        bins: How many.
        cut: The edges, for numbers.
        log: Whether what is ≤ 0 has no place.
        names: The categories' names by code, where the column holds names; how many there are, where it holds codes.
    """

    column: int
    bins: int
    cut: npt.NDArray[np.float64] | None
    log: bool
    names: pa.Array | int | None

    def codes(self, batch: pa.RecordBatch) -> npt.NDArray[np.uint16]:
        """The bin of every row of a batch. Shape (rows,)."""
        values = batch.column(self.column)
        if self.cut is not None:
            numbers, valid = values_of(values)
            return bin_codes(numbers, self.cut, log=self.log, valid=valid)
        codes, count = values, self.names
        if not isinstance(self.names, int):
            codes, count = pc.index_in(values, value_set=self.names), len(self.names or ())
        valid = np.asarray(codes.is_valid().to_numpy(zero_copy_only=False))
        return category_codes(pc.fill_null(codes, 0).to_numpy(), int(count or 0), self.bins, valid)


@dataclass(frozen=True)
class Counts:
    """Joint counts of pairs of axes, as cells that are not empty.

    Attributes:
        plans: The codes that are needed, each once.
        pairs: Of each pair: which codes, and what each code adds to a cell's number, of the left and the right axis.
        active: Likewise of the third axis; None where there is none.
        color: The codes of the colour's axis; None where there is none.
        tints: By channel what its codes add.
        area: Cells of a pair.
        size: Cells of a pair over all positions of the third axis.
    """

    plans: tuple[CodePlan, ...]
    pairs: tuple[tuple[tuple[int, Any], tuple[int, Any]], ...]
    active: tuple[int, Any] | None
    color: int | None
    tints: tuple[npt.NDArray[np.float64], ...]
    area: int
    size: int

    def __call__(self, batches: Batches) -> Batches:
        """Batches of values become batches of `CELLS`, one for each pair and channel."""
        sums = [np.zeros(self.size, np.int64) for _ in self.pairs]
        tinted = [[np.zeros(self.area) for _ in self.pairs] for _ in self.tints]
        waiting: list[list[npt.NDArray[np.uint16]]] = []
        rows, piece = 0, max(_PIECE, _PER_CELL * self.size)
        for batch in batches:
            waiting.append([plan.codes(batch) for plan in self.plans])
            rows += batch.num_rows
            if rows >= piece:
                self._add(waiting, sums, tinted)
                waiting, rows = [], 0
        if rows:
            self._add(waiting, sums, tinted)
        for pair, counted in enumerate(sums):
            yield _cells(0, pair, counted, None)
        for channel, grids in enumerate(tinted):
            for pair, grid in enumerate(grids):
                yield _cells(channel + 1, pair, None, grid)

    def _add(self, waiting: Any, sums: Any, tinted: Any) -> None:
        codes = [np.concatenate(parts) for parts in zip(*waiting, strict=True)]
        shift = None if self.active is None else np.take(self.active[1], codes[self.active[0]])
        for pair, (left, right) in enumerate(self.pairs):
            cells = np.take(left[1], codes[left[0]]) + np.take(right[1], codes[right[0]])
            for channel, weights in enumerate(self.tints):
                weight = np.take(weights, codes[self.color or 0])
                tinted[channel][pair] += np.bincount(cells, weight, minlength=self.area)
            sums[pair] += np.bincount(cells if shift is None else cells + shift, minlength=self.size)


@dataclass(frozen=True)
class Nearest:
    """The row whose codes are nearest by a table: the columns after the first, which is the row's number."""

    left: CodePlan
    right: CodePlan
    distance: npt.NDArray[np.float32]

    def __call__(self, batches: Batches) -> Batches:
        """Batches of values become one batch of `NEAREST`, of one row, or none where no row came."""
        best: tuple[float, int] | None = None
        for batch in batches:
            if batch.num_rows == 0:
                continue
            found = self.distance[self.left.codes(batch), self.right.codes(batch)]
            ids = batch.column(0).to_numpy()
            least = found.min()
            here = (float(least), int(ids[found == least].min()))
            best = here if best is None else min(best, here)
        if best is not None:
            yield pa.RecordBatch.from_pydict(
                {"distance": pa.array([best[0]], pa.float32()), "id": pa.array([best[1]], pa.int64())}
            )


def bits(batches: Batches) -> Batches:
    """The numbers of rows become chunks of bits: `chunk BIGINT, bits BINARY`, the least significant first."""
    chunks: dict[int, npt.NDArray[np.bool_]] = {}
    for batch in batches:
        ids = batch.column(0).to_numpy()
        for chunk in np.unique(ids // CHUNK).tolist():
            mask = chunks.setdefault(chunk, np.zeros(CHUNK, np.bool_))
            mask[ids[ids // CHUNK == chunk] - chunk * CHUNK] = True
    if chunks:
        packed = [np.packbits(mask, bitorder="little").tobytes() for mask in chunks.values()]
        yield pa.RecordBatch.from_pydict(
            {"chunk": pa.array(list(chunks), pa.int64()), "bits": pa.array(packed, pa.binary())}
        )


def holding(
    kept: int, spoken: Sequence[pa.Array | list[str] | None], steps: Sequence[tuple[str, bool]], last: str
) -> Task:
    """A task that lets through the rows that hold texts.

    Args:
        kept: So many columns of a batch are what is wanted. After them come one for each of `spoken`, and one for each
            step: whether the row passes its columns.
        spoken: Of each column that is searched the categories' names by code where it holds codes, an empty list where
            it holds text, None where it holds numbers.
        steps: The text that each step looks for, which may be empty, and whether it keeps what it finds.
        last: The text that a row must hold in the end.
    """

    def task(batches: Batches) -> Batches:
        for batch in batches:
            columns = [batch.column(kept + place) for place in range(len(spoken))]
            mask = np.ones(batch.num_rows, np.bool_)
            for place, (text, keep) in enumerate(steps):
                passing = np.asarray(batch.column(kept + len(spoken) + place).to_numpy(zero_copy_only=False))
                if text:
                    passing = passing & _held(columns, spoken, text)
                mask &= passing if keep else ~passing
            if last:
                mask &= _held(columns, spoken, last)
            names = batch.schema.names[:kept]
            yield pa.RecordBatch.from_arrays(batch.columns[:kept], names=names).filter(pa.array(mask))

    return task


def _held(columns: Sequence[pa.Array], spoken: Sequence[Any], search: str) -> npt.NDArray[np.bool_]:
    wanted = search.lower()
    found = np.zeros(len(columns[0]) if columns else 0, np.bool_)
    for values, names in zip(columns, spoken, strict=True):
        encoded = pc.dictionary_encode(values)
        said = encoded.dictionary.to_pylist()
        texts = [as_text(each) for each in said] if names is None else [names[each] for each in said] if names else said
        hits = pa.array([wanted in each.lower() for each in texts], pa.bool_())
        if len(hits):
            found |= pc.fill_null(hits.take(encoded.indices), False).to_numpy(zero_copy_only=False)
    return found


def leading_bits(shift: int, prefixes: Sequence[npt.NDArray[np.uint64] | None]) -> Task:
    """A task that counts finite numbers by the leading bits of their order: `place INT, lead BIGINT, n BIGINT`.

    Args:
        shift: So many bits below are left out of account.
        prefixes: Of each column which leading bits are of interest, with 16 bits fewer; None for all.
    """

    def task(batches: Batches) -> Batches:
        counts: list[dict[int, int]] = [{} for _ in prefixes]
        for batch in batches:
            for place, wanted in enumerate(prefixes):
                keys = ordered(*values_of(batch.column(place))) >> np.uint64(shift)
                if wanted is not None:
                    keys = keys[np.isin(keys >> np.uint64(16), wanted)]
                for lead, n in zip(*(each.tolist() for each in np.unique(keys, return_counts=True)), strict=True):
                    counts[place][lead] = counts[place].get(lead, 0) + n
        for place, found in enumerate(counts):
            # As Spark has no unsigned numbers, they travel with another sign.
            leads = np.array(list(found), np.uint64).astype(np.int64)
            yield pa.RecordBatch.from_pydict(
                {
                    "place": pa.array([place] * len(found), pa.int32()),
                    "lead": pa.array(leads, pa.int64()),
                    "n": pa.array(list(found.values()), pa.int64()),
                }
            )

    return task


def keys_between(shift: int, prefixes: Sequence[npt.NDArray[np.uint64] | None]) -> Task:
    """A task that hands over the finite numbers with certain leading bits, as their order: `place INT, lead BIGINT`."""

    def task(batches: Batches) -> Batches:
        for batch in batches:
            for place, wanted in enumerate(prefixes):
                keys = ordered(*values_of(batch.column(place)))
                if wanted is not None:
                    keys = keys[np.isin(keys >> np.uint64(shift), wanted)]
                yield pa.RecordBatch.from_pydict(
                    {
                        "place": pa.array(np.full(len(keys), place, np.int32)),
                        "lead": pa.array(keys.astype(np.int64), pa.int64()),
                    }
                )

    return task


def ordered(numbers: npt.NDArray[np.float64], valid: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.uint64]:
    """The finite ones among some numbers as whole numbers in the same order; −0 is 0. Shape (finite,)."""
    there = np.isfinite(numbers) if valid is None else valid & np.isfinite(numbers)
    raw = (numbers[there] + 0.0).view(np.uint64)
    top = np.uint64(1 << 63)
    return np.where(raw & top, ~raw, raw | top)


def values_of(values: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """A column of doubles, 0 where missing, and which are there. Shapes (rows,)."""
    valid = np.asarray(values.is_valid().to_numpy(zero_copy_only=False))
    return np.asarray(pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False), np.float64), valid


def _cells(
    channel: int, pair: int, counted: npt.NDArray[np.int64] | None, weights: npt.NDArray[np.float64] | None
) -> pa.RecordBatch:
    grid: npt.NDArray[Any] | None = weights if counted is None else counted
    here = np.flatnonzero(np.zeros(0) if grid is None else grid)
    n = np.zeros(len(here), np.int64) if counted is None else counted[here]
    weight = np.zeros(len(here)) if weights is None else weights[here]
    arrays = {"channel": np.full(len(here), channel, np.int32), "pair": np.full(len(here), pair, np.int32)}
    return pa.RecordBatch.from_pydict(
        {
            name: pa.array(each)
            for name, each in {**arrays, "cell": here.astype(np.int64), "n": n, "weight": weight}.items()
        }
    )

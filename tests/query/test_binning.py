"""Bins against the shared vectors and against a search that looks at one edge after another."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow.query.binning import bin_codes, category_codes, edges, percentiles

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "binning.json").read_text("utf-8"))
SPOKEN = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, None: 0.0}
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def heard(values: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """The numbers, and which of them are there."""
    numbers = [SPOKEN[v] if v is None or isinstance(v, str) else float(v) for v in values]
    return np.array(numbers), np.array([v is not None for v in values])


def codes_of(table: dict[str, Any], axis: dict[str, Any], bins: int) -> list[int]:
    column = table["columns"][axis["column"]]
    values, valid = heard(column["values"])
    if column["categories"] is not None:
        return category_codes(values.astype(int), column["categories"], bins, valid).tolist()
    fine = axis["percentiles"] and np.array(axis["percentiles"], float)
    cut = edges(axis["scale"], axis["domain"], bins, fine)
    return bin_codes(values, cut, log=axis["scale"] == "log", valid=valid).tolist()


def cells(pairs: list[tuple[int, int]]) -> list[list[int]]:
    return [[a, b, count] for (a, b), count in sorted(Counter(pairs).items())]


@pytest.mark.parametrize("case", VECTORS["cuts"], ids=lambda c: f"{c['scale']} {c['domain']} in {c['bins']}")
def test_cuts_and_bins_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    fine = None if case["percentiles"] is None else np.array(case["percentiles"], float)
    cut = edges(case["scale"], case["domain"], case["bins"], fine)
    assert cut.tolist() == case["edges"]
    values, valid = heard(case["values"])
    assert bin_codes(values, cut, log=case["scale"] == "log", valid=valid).tolist() == case["found"]


@pytest.mark.parametrize("case", VECTORS["categories"], ids=lambda c: f"{c['categories']} in {c['bins']}")
def test_categories_lie_where_the_vectors_say(case: dict[str, Any]) -> None:
    values, valid = heard(case["codes"])
    assert category_codes(values.astype(int), case["categories"], case["bins"], valid).tolist() == case["found"]


@pytest.mark.parametrize("case", VECTORS["percentiles"])
def test_percentiles_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    values, valid = heard(case["values"])
    assert percentiles(values[valid]).tolist() == case["percentiles"]


@pytest.mark.parametrize("table", VECTORS["tables"], ids=lambda t: f"{t['left']['scale']} {t['bins']}")
def test_joint_counts_and_slices_are_those_of_the_vectors(table: dict[str, Any]) -> None:
    pairs = list(zip(*(codes_of(table, table[side], table["bins"]) for side in ("left", "right")), strict=True))
    assert cells(pairs) == table["cells"]
    if active := table["active"]:
        at = codes_of(table, active["axis"], active["positions"])
        for end, wanted in enumerate(active["slices"]):
            assert cells([pair for pair, k in zip(pairs, at, strict=True) if k < end]) == wanted


@given(st.sampled_from(["linear", "time", "log", "symlog"]), FINITE, FINITE, st.integers(1, 240), st.data())
def test_edges_ascend_from_end_to_end_and_bins_are_the_last_edge_reached(
    scale: Any, a: float, b: float, bins: int, data: st.DataObject
) -> None:
    if scale == "log":
        a, b = max(abs(a), 5e-324), max(abs(b), 5e-324)
    lo, hi = min(a, b), max(a, b)
    cut = edges(scale, (lo, hi), bins)
    assert np.isfinite(cut).all()
    assert (np.diff(cut[1:]) >= 0).all() and (np.diff(cut[:-1]) >= 0).all()
    assert (cut[0], cut[-1]) == (lo, hi)
    near = st.sampled_from(cut.tolist()).flatmap(
        lambda edge: st.sampled_from([math.nextafter(edge, -math.inf), edge, math.nextafter(edge, math.inf)])
    )
    values = data.draw(st.lists(st.one_of(FINITE, near).filter(math.isfinite), max_size=20))
    wanted = []
    for value in values:
        found = bins // 2 if lo == hi else max([k for k in range(bins) if cut[k] <= value], default=0)
        wanted.append(bins + 1 if scale == "log" and value <= 0 else found)
    assert bin_codes(np.array(values), cut, log=scale == "log").tolist() == wanted


@given(st.sampled_from(["linear", "log", "symlog"]), st.floats(1e-300, 1e300), st.floats(1.01, 1e6))
def test_coarse_edges_are_among_the_fine_ones(scale: Any, lo: float, ratio: float) -> None:
    domain = (lo, lo * ratio)
    assert edges(scale, domain, 60).tolist() == edges(scale, domain, 240)[::4].tolist()


def test_round_numbers_are_edges() -> None:
    assert edges("log", (0.001, 1000), 240)[::40].tolist() == [0.001, 0.01, 0.1, 1, 10, 100, 1000]
    assert edges("linear", (0, 24), 240)[::10].tolist() == list(range(25))
    assert edges("linear", (-0.1, 0.2), 240)[80] == 0


def test_nothing_finite_has_no_percentiles() -> None:
    assert np.isnan(percentiles(np.array([np.nan, np.inf]))).all()


def test_percentile_edges_ask_for_percentiles() -> None:
    with pytest.raises(ValueError, match="percentiles"):
        edges("percentile", (0, 1), 10)

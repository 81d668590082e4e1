import json
import math
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from undertow.query.binning import SPECIAL_BINS, bin_categories, bin_numbers, edges, percentile_edges

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "binning.json").read_text("utf-8"))
WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, None: 0.0}


def arrays(values):
    present = np.array([value is not None for value in values])
    return np.array(
        [WORDS.get(value, value) if not isinstance(value, float) else value for value in values], float
    ), present


def codes_of(case):
    bins = case["bins"]
    if case["scale"] == "category":
        present = np.array([value is not None for value in case["values"]])
        return bin_categories([value or 0 for value in case["values"]], case["categories"], bins, present)
    values, present = arrays(case["values"])
    cut = (
        percentile_edges(values[present], bins)
        if case["scale"] == "percentile"
        else edges(case["scale"], case["domain"], bins)
    )
    return bin_numbers(values, cut, present, case["scale"] == "log")


@pytest.mark.parametrize(
    "case", VECTORS["cases"], ids=lambda case: f"{case['scale']} {case['domain']} / {case['bins']}"
)
def test_every_case_of_the_vectors(case):
    if case["scale"] not in ("category", "percentile"):
        cut = edges(case["scale"], case["domain"], case["bins"])
        assert cut.tolist() == case.get("edges", cut.tolist())
        assert {int(k): cut[int(k)] for k in case.get("some_edges", {})} == {
            int(k): v for k, v in case.get("some_edges", {}).items()
        }
    assert codes_of(case).tolist() == case["codes"]


@pytest.mark.parametrize("joint", VECTORS["joints"])
def test_every_joint_of_the_vectors(joint):
    bins, side = joint["bins"], joint["bins"] + SPECIAL_BINS

    def codes(cut, bins):
        column = joint["columns"][cut["column"]]
        values = column["values"]
        if "categories" in column:
            names = column["categories"]
            values = [None if value is None else names.index(value) for value in values]
            return codes_of({"scale": "category", "values": values, "categories": len(names), "bins": bins})
        return codes_of({**cut, "values": values, "bins": bins})

    cells = codes(joint["pair"][0], bins) * side + codes(joint["pair"][1], bins)
    found = np.bincount(cells, minlength=side * side)
    assert {str(cell): int(found[cell]) for cell in np.flatnonzero(found)} == joint["counts"]
    if "active" in joint:
        place = codes(joint["active"]["cut"], joint["active"]["positions"])
        for k, counts in joint["active"]["slices"].items():
            found = np.bincount(cells[place < int(k)], minlength=side * side)
            assert {str(cell): int(found[cell]) for cell in np.flatnonzero(found)} == counts


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(numbers, max_size=60),
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
    st.sampled_from([1, 2, 7, 60, 240]),
)
def test_bins_follow_the_order_of_the_values_and_hold_every_one(values, domain, bins):
    low, high = sorted(domain)
    cut = edges("linear", (low, high), bins)
    assert (np.diff(cut) >= 0).all()
    codes = bin_numbers(values, cut)
    assert ((codes >= 0) & (codes < bins + SPECIAL_BINS)).all()
    finite = np.isfinite(values)
    assert (codes[finite] < bins).all()
    order = np.argsort(np.array(values)[finite], kind="stable")
    assert (np.diff(codes[finite][order]) >= 0).all()


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200), st.sampled_from([1, 7, 60]))
def test_percentile_edges_are_values_of_the_column(values, bins):
    cut = percentile_edges(values, bins)
    assert set(cut) <= set(values)
    assert (cut[0], cut[-1]) == (min(values), max(values))

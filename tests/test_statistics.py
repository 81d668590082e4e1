"""The sums merge as their shards do, and what derives from them is what NumPy says of the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from undertow import statistics
from undertow.errors import ShapeError
from undertow.schema import KEYS, LAYERS, OPTIONAL

ordinary = st.floats(-1e3, 1e3, width=32)
# Up to where 30 squares still fit float32: a part that overflows is inf, and inf − inf is nan, whatever the whole is.
anything = st.one_of(st.floats(-(2.0**50), 2.0**50, width=32), st.sampled_from([np.nan, np.inf, -np.inf]))
#: Squares of less are not in float32's normal range.
TINY = 1e-18
FIELD_NAMES = [field.name for field in statistics.FIELDS]


def arrays(elements: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6), elements=elements)


def test_fields_are_the_columns_of_layers() -> None:
    columns = LAYERS.names[len(KEYS) + 1 :]
    optional = [field.name for field in statistics.OPTIONAL_FIELDS]
    assert sorted(FIELD_NAMES) + optional == sorted(columns[: len(FIELD_NAMES)]) + list(OPTIONAL)
    assert columns[len(FIELD_NAMES) :] == optional
    for field in (*statistics.FIELDS, *statistics.OPTIONAL_FIELDS):
        assert str(LAYERS.field(field.name).type) in (field.dtype, "float") or field.name == "histogram"
    assert sorted([*statistics.FLOATS, *statistics.COUNTS, "count"]) == sorted(FIELD_NAMES)


@given(arrays(ordinary))
def test_derived_quantities_agree_with_numpy(g: np.ndarray) -> None:
    s = statistics.summarize(g, g * 2, g * 0.5)
    wide = g.astype(np.float64)
    assert s["abs_max"] == np.abs(wide).max(initial=0.0)
    assert s["zeros"] == (g == 0).sum()
    np.testing.assert_allclose(statistics.norm(s["sum_sq"]), np.linalg.norm(wide), rtol=1e-6, atol=TINY)
    np.testing.assert_allclose(statistics.weight_norm(s["w_sum_sq"]), 2 * np.linalg.norm(wide), rtol=1e-6, atol=TINY)
    np.testing.assert_allclose(statistics.update_norm(s["u_sum_sq"]), np.linalg.norm(wide) / 2, rtol=1e-6, atol=TINY)
    if g.size:
        bound = np.abs(wide).max() * 1e-3 + 1e-20
        np.testing.assert_allclose(statistics.mean(s["sum"], s["count"]), wide.mean(), rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(
            statistics.rms(s["sum_sq"], s["count"]), np.sqrt((wide**2).mean()), rtol=1e-6, atol=TINY
        )
        np.testing.assert_allclose(statistics.std(s["sum"], s["sum_sq"], s["count"]), wide.std(), atol=bound)
        assert statistics.zero_share(s["zeros"], s["count"]) == (g == 0).mean()


@given(hnp.arrays(np.float32, st.integers(0, 30), elements=anything), st.integers(0, 30))
def test_shards_merge_to_the_whole(g: np.ndarray, cut: int) -> None:
    cut = min(cut, len(g))
    with np.errstate(all="ignore"):
        whole = statistics.summarize(g, g, g)
        merged = statistics.merge(
            statistics.summarize(g[:cut], g[:cut], g[:cut]), statistics.summarize(g[cut:], g[cut:], g[cut:])
        )
    for name in FIELD_NAMES:
        scale = np.sqrt(max(whole["count"], 1) * np.float64(whole["sum_sq"])) if name == "sum" else 0.0
        tolerance = 1e-5 * scale if np.isfinite(scale) else 0.0
        np.testing.assert_allclose(
            merged[name].astype(np.float32), whole[name], rtol=1e-5, atol=tolerance, err_msg=name
        )


@given(arrays(anything), arrays(anything))
def test_merge_is_commutative(a: np.ndarray, b: np.ndarray) -> None:
    with np.errstate(all="ignore"):
        first, second = statistics.summarize(a, a, a), statistics.summarize(b, b, b)
    one, other = statistics.merge(first, second), statistics.merge(second, first)
    for name in FIELD_NAMES:
        np.testing.assert_array_equal(one[name], other[name])


def test_merge_works_on_whole_columns() -> None:
    column = {name: np.ones(5) for name in FIELD_NAMES}
    merged = statistics.merge(column, column)
    assert merged["sum_sq"].tolist() == [2.0] * 5
    assert merged["abs_max"].tolist() == [1.0] * 5
    assert merged["count"].dtype == np.int64


def test_nonfinite_elements_are_counted_and_stay_in_the_sums() -> None:
    s = statistics.summarize([1.0, np.nan, np.inf, -np.inf, 0.0])
    assert s["nonfinite"] == 3
    assert s["zeros"] == 1
    assert np.isnan(s["sum"])
    assert np.isnan(s["sum_sq"])
    assert np.isnan(s["abs_max"])
    s = statistics.summarize([1.0, np.inf])
    assert s["sum"] == s["sum_sq"] == s["abs_max"] == np.inf


def test_nan_of_one_shard_is_nan_of_the_whole() -> None:
    healthy, broken = statistics.summarize([1.0]), statistics.summarize([np.nan])
    assert np.isnan(statistics.merge(healthy, broken)["abs_max"])
    assert np.isnan(statistics.merge(broken, healthy)["abs_max"])


def test_squares_beyond_float32_are_inf() -> None:
    assert statistics.summarize([1e30])["sum_sq"] == np.inf


def test_a_vanished_gradient_is_still_seen_in_its_maximum() -> None:
    s = statistics.summarize([1e-30])
    assert s["sum_sq"] == 0
    assert s["zeros"] == 0
    assert s["abs_max"] == np.float32(1e-30)


def test_empty_gradient_has_zero_sums_and_undefined_means() -> None:
    s = statistics.summarize(np.empty((0, 3)))
    assert s["count"] == s["sum"] == s["sum_sq"] == s["abs_max"] == s["zeros"] == 0
    assert np.isnan(statistics.mean(s["sum"], s["count"]))
    assert np.isnan(statistics.rms(s["sum_sq"], s["count"]))
    assert np.isnan(statistics.std(s["sum"], s["sum_sq"], s["count"]))
    assert np.isnan(statistics.zero_share(s["zeros"], s["count"]))


def test_update_ratio_is_nan_for_zero_weights() -> None:
    ratio = statistics.update_ratio(np.array([1.0, 4.0, 0.0]), np.array([0.0, 16.0, 1.0]))
    np.testing.assert_array_equal(ratio, [np.nan, 0.5, 0.0])


def test_std_of_a_constant_is_not_negative() -> None:
    s = statistics.summarize(np.full(1000, 0.1, np.float32))
    assert 0 <= statistics.std(s["sum"], s["sum_sq"], s["count"]) < 1e-3


def test_shapes_that_differ_are_named() -> None:
    with pytest.raises(ShapeError, match=r"weight has shape \(3,\), its gradient \(2,\)"):
        statistics.summarize([1.0, 2.0], weight=[1.0, 2.0, 3.0])


def test_optional_sums_merge_where_either_part_has_them() -> None:
    one = {**statistics.summarize(np.ones(2)), "s_sum_sq": 1.5, "histogram": statistics.histogram([1.0, 2.0])}
    other = {**statistics.summarize(np.ones(3)), "s_sum_sq": 2.0}
    merged = statistics.merge(one, other)
    assert merged["s_sum_sq"] == 3.5
    assert merged["histogram"].tolist() == one["histogram"].tolist()
    assert "a_sum" not in merged

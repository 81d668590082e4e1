import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow.query._merge import MEASURES, MOST_SPANS, Clock, choose_clock, merge
from undertow.statistics import summarize

from .recorded import layers_table, sums

MEASURE = {measure.name: measure for measure in MEASURES}
FLOATS = st.floats(-100, 100, width=32)


def merged(rows, clock):
    n = len(rows)
    return merge(layers_table(rows), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), clock)


@given(st.lists(st.lists(FLOATS, min_size=1, max_size=5), min_size=1, max_size=6))
def test_merging_the_shards_of_a_step_is_what_the_whole_gradient_gives(shards):
    rows = [sums("w", len(shard), shard, rank=rank) for rank, shard in enumerate(shards)]
    whole = summarize(np.concatenate(shards))
    one = merged(rows, Clock("step"))
    assert one.steps.tolist() == [1]
    for name in ("count", "sum", "sum_sq", "abs_max", "zeros", "nonfinite"):
        assert one.sums[name][0] == pytest.approx(whole[name], rel=1e-5, abs=1e-4)
    assert MEASURE["grad_norm"].of(one)[0].as_py() == pytest.approx(np.linalg.norm(np.concatenate(shards)), rel=1e-5)


@given(st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_the_norm_of_an_epoch_is_the_rms_of_the_norms_of_its_steps(gradients):
    rows = [sums("w", 3, gradient, step=step, epoch=0) for step, gradient in enumerate(gradients)]
    norms = np.linalg.norm(np.array(gradients), axis=1)
    expected = math.sqrt(np.mean(norms**2))
    assert MEASURE["grad_norm"].of(merged(rows, Clock("epoch")))[0].as_py() == pytest.approx(expected, rel=1e-5)


def test_the_update_ratio_is_missing_where_the_weight_is_zero_or_nothing_was_measured():
    ratio = MEASURE["update_ratio"]
    assert ratio.of(merged([sums("w", 2, 1.0, weight=0.0, update=0.1)], Clock("step"))).to_pylist() == [None]
    assert ratio.of(merged([sums("w", 2, 1.0)], Clock("step"))).to_pylist() == [None]
    assert ratio.of(merged([sums("w", 2, 1.0, weight=2.0, update=0.1)], Clock("step")))[0].as_py() == pytest.approx(
        0.05
    )


def test_a_gradient_that_exploded_stays_nan_in_its_epoch():
    rows = [sums("w", 2, [1.0, math.nan], step=0, epoch=0), sums("w", 2, 1.0, step=1, epoch=0)]
    rows += [sums("w", 2, 1.0, step=2, epoch=1)]
    exploded = merged(rows, Clock("epoch"))
    norms = MEASURE["grad_norm"].of(exploded).to_pylist()
    assert math.isnan(norms[0])
    assert norms[1] == pytest.approx(math.sqrt(2))
    assert MEASURE["nonfinite"].of(exploded).to_pylist() == [1.0, 0.0]


def test_rows_without_an_epoch_are_left_out_where_epochs_count():
    rows = [sums("w", 1, 1.0, step=0, epoch=None), sums("w", 1, 2.0, step=1, epoch=0)]
    assert merged(rows, Clock("epoch")).span.tolist() == [0]


def test_the_clock_counts_epochs_from_three_on_and_else_steps():
    def table(epochs, steps):
        return layers_table([sums("w", 1, 1.0, step=step, epoch=step % epochs) for step in range(steps)])

    assert choose_clock(table(3, 6)) == Clock("epoch")
    assert choose_clock(table(2, 6)) == Clock("step")
    assert choose_clock(table(1, MOST_SPANS)) == Clock("step")
    assert choose_clock(table(1, MOST_SPANS + 1)) == Clock("step", 2)
    assert Clock("step", 2).noun == "span of 2 steps"

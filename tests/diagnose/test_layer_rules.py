"""The rules that look at layers, each at its thresholds from both sides."""

from dataclasses import replace

import numpy as np
import pytest

from undertow.diagnose._accumulation import accumulation
from undertow.diagnose._curves import curves_of
from undertow.diagnose._dead import dead
from undertow.diagnose._evidence import Evidence, lasting
from undertow.diagnose._exploding import exploding
from undertow.diagnose._layers import Broken
from undertow.diagnose._noise_scale import noise_scale
from undertow.diagnose._nonfinite import nonfinite
from undertow.diagnose._oscillation import oscillation
from undertow.diagnose._replicas import Replicas, replicas
from undertow.diagnose._unused import unused
from undertow.diagnose._update_ratio import update_ratio
from undertow.diagnose._vanishing import vanishing
from undertow.query._merge import Clock
from undertow.sources import from_columns

from .evidence import by_step, layered

T = 120  # points, ten in each of twelve epochs


def constant(*values):
    return np.tile(np.asarray(values, float), (T, 1))


def signals(norms, since=0):
    """Signals that go from module to module, from the input to the loss, by the norms; 1 before some point."""
    squares = np.tile(np.square(np.asarray(norms, float)), (T, 1))
    squares[:since] = 1
    names = [f"m{index}" for index in range(len(norms))]
    return layered(
        {"sum_sq": constant(1)}, outputs=(names, [()] * len(norms), range(len(norms)), {"s_sum_sq": squares})
    )


@pytest.mark.parametrize(
    ("holds", "first"),
    [
        ([1] * 12, 0),
        ([0] * 9 + [1] * 3, 9),
        ([0] * 10 + [1] * 2, None),  # two windows are none that last
        ([1, 1, 1] + [0] * 9, None),  # it passed
        ([0, 1, 1, 1] * 3, 1),  # three of four
        ([1, 0, 0, 1] * 3, None),
        ([1, 0, 0, 0], None),
        ([0] * 49 + [1] * 11, None),  # less than a fifth of sixty
        ([0] * 48 + [1] * 12, 48),
    ],
)
def test_lasting_is_three_of_four_to_the_end(holds, first):
    assert lasting(np.array(holds, bool)) == first


@pytest.mark.parametrize(("decades", "speaks"), [(2.9, False), (3.1, True)])
def test_vanishing_is_a_thousandth_at_the_input(decades, speaks):
    assert bool(list(vanishing(signals(np.logspace(-decades, 0, 8))))) == speaks
    assert not list(vanishing(signals(np.logspace(decades, 0, 8))))


@pytest.mark.parametrize(("decades", "speaks"), [(1.8, False), (1.9, True)])  # log10 of 70 is 1.845
def test_exploding_is_seventyfold_at_the_input(decades, speaks):
    assert bool(list(exploding(signals(np.logspace(decades, 0, 8))))) == speaks
    assert not list(exploding(signals(np.logspace(-decades, 0, 8))))


@pytest.mark.parametrize(("modules", "speaks"), [(4, False), (5, True)])
def test_fewer_than_five_modules_are_no_depth(modules, speaks):
    assert bool(list(vanishing(signals(np.logspace(-6, 0, modules))))) == speaks
    assert bool(list(exploding(signals(np.logspace(6, 0, modules))))) == speaks


def test_vanishing_names_the_first_layer_that_starves():
    (found,) = vanishing(signals(10.0 ** np.array([-8, -6, -5, -2.9, -2, -1, 0])))
    assert "is below a thousandth from m2 on" in found.sentence
    assert found.lens == "flow"
    assert found.filters == {"epoch": {"ranges": [[0, 11]]}}


def test_uneven_signals_as_in_branches_are_passed_over():
    # The trend is steep, but the order is not: every other module has the signal of the stream.
    assert not list(vanishing(signals([1e-6, 1, 1e-5, 1, 1e-4, 1, 1e-1, 1])))


@pytest.mark.parametrize(("since", "speaks"), [(90, True), (110, False)])
def test_vanishing_must_last(since, speaks):
    assert bool(list(vanishing(signals(np.logspace(-6, 0, 8), since)))) == speaks


def test_the_biases_speak_where_no_signals_were_recorded():
    names = [f"{index}.{kind}" for index in range(6) for kind in ("weight", "bias")]
    squares = constant(*np.repeat(np.logspace(-12, 0, 6), 2))
    squares[:, ::2] = 1  # the weights' gradients, which the activations hide the signal in
    evidence = layered({"sum_sq": squares}, names, [(8, 8), (8,)] * 6, np.repeat(range(6), 2))
    (found,) = vanishing(evidence)
    assert "the biases' gradient fades by 10^6.0" in found.sentence
    assert found.layers[:2] == ("0.weight", "0.bias")


@pytest.mark.parametrize(("leap", "speaks"), [(90, False), (110, True)])
@pytest.mark.parametrize("count", [2, 3])
def test_three_leaps_of_a_hundredfold_explode(leap, speaks, count):
    squares = constant(1)
    squares[30 : 30 + 30 * count : 30] = leap**2
    assert bool(list(exploding(layered({"sum_sq": squares})))) == (speaks and count == 3)


@pytest.mark.parametrize(("small", "speaks"), [(0.08, False), (0.12, True)])
def test_leaps_below_the_first_gradients_are_the_end_of_a_fit(small, speaks):
    squares = constant(1)
    squares[20:] = small**2
    squares[[100, 105, 110]] = (small * 101) ** 2
    assert bool(list(exploding(layered({"sum_sq": squares})))) == speaks


@pytest.mark.parametrize(("level", "speaks"), [(90, False), (110, True)])
def test_gradients_that_stay_a_hundredfold_explode(level, speaks):
    squares = constant(1)
    squares[60:] = level**2
    assert bool(list(exploding(layered({"sum_sq": squares})))) == speaks


def biases(zeros, units=32, since=0, kind=((32, 32), (32,))):
    share = np.full(T, zeros, float)
    share[:since] = 0
    return layered(
        {"zeros": np.stack([np.zeros(T), share], 1), "count": constant(units * units, units)},
        ("up.weight", "up.bias"),
        kind,
        (0, 0),
    )


@pytest.mark.parametrize(("zeros", "speaks"), [(15, False), (16, True)])
def test_a_layer_is_dead_from_half_its_units_on(zeros, speaks):
    found = list(dead(biases(zeros)))
    assert bool(found) == speaks
    if found:
        assert found[0].sentence.startswith("16 of the 32 units of up are dead from epoch 0")
        assert found[0].layers == ("up.bias",)


def test_units_that_are_idle_at_some_steps_are_alive():
    zeros = np.where(np.arange(T) % 10 == 0, 10, 30.0)  # one step an epoch finds most of them at work
    shares = {"zeros": np.stack([np.zeros(T), zeros], 1), "count": constant(1024, 32)}
    assert not list(dead(layered(shares, ("up.weight", "up.bias"), ((32, 32), (32,)), (0, 0))))


@pytest.mark.parametrize("units", [7, 8])
def test_fewer_than_eight_units_are_no_layer(units):
    assert bool(list(dead(biases(units, units, kind=((8, units), (units,)))))) == (units == 8)


def test_dead_is_silent_about_normalisations_and_where_nothing_is_trained():
    assert not list(dead(biases(32, kind=((32,), (32,)))))
    silent = {"zeros": constant(1024, 32), "count": constant(1024, 32)}
    assert not list(dead(layered(silent, ("up.weight", "up.bias"), ((32, 32), (32,)), (0, 0))))


@pytest.mark.parametrize(("ratio", "speaks"), [(0.11, True), (0.09, False), (1.1e-5, False), (0.9e-5, True)])
def test_updates_are_out_of_proportion_above_a_tenth_and_below_a_hundred_thousandth(ratio, speaks):
    assert bool(list(update_ratio(layered({"u_sum_sq": constant(ratio**2), "w_sum_sq": constant(1)})))) == speaks


def test_updates_that_become_small_at_the_end_are_a_schedule():
    ratio = np.where(np.arange(T) < 20, 1e-3, 1e-7)[:, None]
    assert not list(update_ratio(layered({"u_sum_sq": ratio**2, "w_sum_sq": constant(1)})))


def test_large_updates_while_it_warms_up_are_passed_over():
    ratio = np.where(np.arange(T) < 10, 0.5, 1e-3)[:, None]
    assert not list(update_ratio(layered({"u_sum_sq": ratio**2, "w_sum_sq": constant(1)})))


def test_a_parameter_without_a_row_is_not_trained():
    evidence = layered(
        {"zeros": constant(0, 0), "count": constant(64, 64)},
        ("a.weight", "c.weight"),
        ((8, 8), (8, 8)),
        (0, 2),
        absent=[("b.weight", 64, 1), ("b.bias", 8, 1)],
    )
    (found,) = unused(evidence)
    assert found.severity == "warning"
    assert found.sentence.startswith("b.weight: without a gradient at every step, so that 64 weights, 33 % of all")


@pytest.mark.parametrize(("last", "speaks"), [(64, True), (63, False)])
def test_a_gradient_of_zero_at_every_step_is_not_trained(last, speaks):
    zeros = constant(0, 64)
    zeros[-1, 1] = last
    evidence = layered({"zeros": zeros, "count": constant(64, 64)}, ("a.weight", "b.weight"), ((8, 8), (8, 8)))
    assert bool(list(unused(evidence))) == speaks


@pytest.mark.parametrize(
    ("depth", "size", "severity"), [(0, 64, "info"), (2, 64, "warning"), (2, 130, "info")], ids=["first", "mid", "most"]
)
def test_a_frozen_start_or_most_of_a_model_is_meant(depth, size, severity):
    evidence = layered(
        {"zeros": constant(0, 0), "count": constant(64, 64)},
        ("a.weight", "c.weight"),
        ((8, 8), (8, 8)),
        (1, 3),
        absent=[("b.weight", size, depth)],
    )
    assert [found.severity for found in unused(evidence)] == [severity]


def test_unused_is_silent_about_biases_and_where_nothing_is_trained():
    known = {"zeros": constant(0), "count": constant(64)}
    assert not list(unused(layered(known, absent=[("b.bias", 8, 1)])))
    assert not list(unused(layered({"zeros": constant(64), "count": constant(64)}, absent=[("b.weight", 8, 1)])))
    assert not list(unused(layered({"zeros": np.zeros((2, 1)), "count": np.ones((2, 1))}, absent=[("b.weight", 8, 1)])))


def cosines(cosine, norms=None, every=1.0):
    squares = np.ones((T, 1)) if norms is None else np.square(np.asarray(norms, float))[:, None]
    previous = np.r_[squares[:1], squares[:-1]]
    sums = {"sum_sq": squares, "prev_sum_sq": previous, "dot_prev": cosine * np.sqrt(squares * previous)}
    return layered(sums, every=every)


@pytest.mark.parametrize(("cosine", "speaks"), [(-0.45, False), (-0.55, True)])
def test_opposed_gradients_oscillate(cosine, speaks):
    assert bool(list(oscillation(cosines(cosine)))) == speaks
    assert not list(oscillation(cosines(cosine, every=2.0)))  # not successive ones


@pytest.mark.parametrize(("early", "speaks"), [(10, False), (20, True)])
def test_vanishing_at_the_start_takes_two_epochs(early, speaks):
    evidence = signals(np.logspace(-6, 0, 8))
    evidence.layers.outputs.sums["s_sum_sq"][early:] = 1
    found = list(vanishing(evidence))
    assert bool(found) == speaks
    if found:
        assert found[0].sentence.startswith("Gradients vanish towards the input until epoch 1: ")
        assert found[0].filters == {"epoch": {"ranges": [[0, 1]]}}


@pytest.mark.parametrize(("low", "severity"), [(0.72, "info"), (0.68, "warning")])
def test_opposed_gradients_cost_something_a_fifth_above_the_best(low, severity):
    losses = np.repeat([2.0, 1.5, 0.85], T // 3)
    losses[100] = low
    [curves] = curves_of(from_columns({"step": range(T), "loss": losses}))
    evidence = Evidence("", curves, curves, cosines(-0.9).layers)
    assert [found.severity for found in oscillation(evidence)] == [severity]


def test_units_are_not_dead_for_gradients_that_are_not_finite():
    evidence = biases(32, since=30)
    assert list(dead(evidence))
    broken = Broken(30, 3, (("up.bias", 1),), (), 2, T - 1, 90)
    assert not list(dead(Evidence("", layers=replace(evidence.layers, broken=broken))))


@pytest.mark.parametrize(("end", "severity"), [(0.85, "info"), (0.95, "warning")])
def test_opposed_gradients_are_no_fault_while_the_loss_falls(end, severity):
    [curves] = curves_of(from_columns({"step": range(T), "loss": np.repeat([1.0, 0.97, end], T // 3)}))
    evidence = Evidence("", curves, curves, cosines(-0.9).layers)
    assert [found.severity for found in oscillation(evidence)] == [severity]


def piled(factor):
    """Norms that grow by the factor from the first step to the tenth, and stay."""
    return np.r_[np.linspace(1, factor, 9), np.full(T - 9, factor)]


@pytest.mark.parametrize(("factor", "speaks"), [(2.9, False), (3.1, True)])
def test_gradients_that_pile_up_grow_threefold_in_ten_steps(factor, speaks):
    assert bool(list(accumulation(cosines(0.95, piled(factor))))) == speaks


@pytest.mark.parametrize(("cosine", "speaks"), [(0.88, False), (0.92, True)])
def test_gradients_that_pile_up_are_alike(cosine, speaks):
    assert bool(list(accumulation(cosines(cosine, piled(5))))) == speaks
    assert not list(accumulation(cosines(cosine, piled(5), every=2.0)))


def micro(scale, batches=4.0):
    """Sums by which the noise scale is `scale` micro-batches: |G|² = 1 and S = scale."""
    return layered(
        {
            "sum_sq": constant(1 + scale / batches),
            "m_sum_sq": constant(batches * (1 + scale)),
            "m_count": constant(batches),
        }
    )


@pytest.mark.parametrize(
    ("scale", "words"), [(0.38, "larger than it need be"), (0.42, ""), (39, ""), (41, "mostly noise")]
)
def test_the_batch_is_ten_times_off_the_noise_scale(scale, words):
    found = list(noise_scale(micro(scale)))
    assert [each.severity for each in found] == (["info"] if words else [])
    assert all(words in each.sentence for each in found)


def test_the_noise_scale_wants_fifty_steps_and_two_micro_batches():
    assert not list(noise_scale(micro(100, 1.0)))
    short = micro(100).layers
    cut = {name: values[:98] for name, values in short.params.sums.items()}
    assert not list(noise_scale(layered({name: cut[name] for name in ("sum_sq", "m_sum_sq", "m_count")})))


def compared(spread, **more):
    step = np.arange(len(spread))
    each = Replicas("w", step, step // 4, np.asarray(spread, float), 2, False, Clock("step"), **more)
    return Evidence("r", replicas=(each,))


@pytest.mark.parametrize(("spread", "speaks"), [(0.9e-3, False), (1.1e-3, True)])
def test_replicas_differ_by_a_thousandth(spread, speaks):
    found = list(replicas(compared([0] * 5 + [spread] * 15)))
    assert [each.severity for each in found] == (["error"] if speaks else [])
    assert all("train apart from step 5" in each.sentence for each in found)


@pytest.mark.parametrize(
    ("spreads", "speaks"),
    [([0, 0, 1, 1], False), ([0, 1, 1, 1], True), ([0, 1, 1, 1, 0], False), ([1, 0, 0, 1] * 4, False)],
)
def test_replicas_that_come_together_again_are_passed_over(spreads, speaks):
    assert bool(list(replicas(compared(spreads)))) == speaks


@pytest.mark.parametrize(("last", "severity"), [(T - 1, "error"), (T - 2, "warning")])
def test_gradients_that_are_finite_again_are_a_warning(last, severity):
    broken = Broken(40, 4, (("0.weight", 3),), (), 2, last, 5)
    (found,) = nonfinite(layered({"sum_sq": constant(1)}, broken=broken))
    assert found.severity == severity
    assert (found.first_step, found.layers) == (40, ("0.weight",))
    assert "from step 40 (epoch 4): first in 0.weight" in found.sentence


def test_outputs_tell_where_the_forward_pass_broke():
    broken = Broken(40, -1, (("a.weight", 1), ("b.weight", 1)), ("b",), 2, T - 1, 80)
    (found,) = nonfinite(layered({"sum_sq": constant(1)}, broken=broken))
    assert "first in the outputs of b, on the way forward" in found.sentence


def test_what_was_not_recorded_finds_nothing():
    for rule in (accumulation, dead, exploding, noise_scale, replicas, unused, update_ratio, vanishing):
        assert not list(rule(by_step(loss=np.ones(50))))
        assert not list(rule(Evidence("")))
        assert not list(rule(layered({}, outputs=([], [], [], {"sum_sq": np.zeros((0, 0))}))))

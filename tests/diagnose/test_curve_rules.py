"""The rules that look at losses, each at its thresholds from both sides."""

from dataclasses import replace

import numpy as np
import pytest

from undertow.diagnose._divergence import divergence
from undertow.diagnose._nonfinite import nonfinite
from undertow.diagnose._order import order
from undertow.diagnose._oscillation import oscillation
from undertow.diagnose._plateau import plateau
from undertow.diagnose._spikes import spikes
from undertow.diagnose._underfitting import underfitting

from .curves import decay
from .evidence import by_epoch, by_step

rng = np.random.default_rng(0)


def ends_at(level, length=100):
    """Falls from 10 to 2, and ends at a level from the middle on."""
    return np.r_[2 + 8 * np.exp(-np.arange(length // 2) / 5), np.full(length - length // 2, level)]


@pytest.mark.parametrize(("level", "severity"), [(4.5, None), (4.8, "warning"), (9.8, "warning"), (10.2, "error")])
def test_divergence_loses_a_third_of_what_was_won_and_all_of_it_is_an_error(level, severity):
    found = list(divergence(by_step(loss=ends_at(level))))
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_divergence_starts_where_the_loss_left_its_best():
    (found,) = divergence(by_step(loss=ends_at(20.0)))
    assert found.filters == {"step": {"ranges": [[50, 99]]}}
    assert found.sentence.startswith("loss diverges from step 50: it ends at 20, after a best of 2")


@pytest.mark.parametrize(("level", "speaks"), [(1.19, False), (1.21, True)])
def test_divergence_ends_a_fifth_above_the_best(level, speaks):
    losses = np.r_[1 + 0.2 * np.exp(-np.arange(50) / 3), np.full(50, level)]
    assert bool(list(divergence(by_step(loss=losses)))) == speaks


@pytest.mark.parametrize(("end", "speaks"), [(1.9, False), (2.1, True)])
def test_a_loss_that_never_fell_diverges_when_it_doubles(end, speaks):
    assert bool(list(divergence(by_step(loss=np.linspace(1, end, 400))))) == speaks


def test_divergence_is_silent_about_jitter_spikes_and_validation():
    noisy = 5 + rng.normal(size=200)
    spike = decay(100)
    spike[60:63] = 100
    for silent in (by_step(loss=noisy), by_step(loss=spike), by_step(val_loss=ends_at(20.0)), by_step(loss=decay(7))):
        assert not list(divergence(silent))


def with_spikes(height, count, length=400):
    losses = 1 + 8 * np.exp(-np.arange(length) / 15) + 0.01 * np.random.default_rng(1).normal(size=length)
    losses[150 : 150 + 60 * count : 60] += height
    return losses


@pytest.mark.parametrize(
    ("height", "count", "severity"),
    [(1.1, 3, None), (1.3, 2, "info"), (1.3, 3, "warning"), (4.5, 1, "info"), (5.0, 1, "warning")],
)
def test_spikes_give_back_a_quarter_and_three_are_a_warning(height, count, severity):
    found = list(spikes(by_step(loss=with_spikes(height, count))))
    assert [each.severity for each in found] == ([severity] if severity else [])


@pytest.mark.parametrize(("height", "speaks"), [(5.5, False), (7.5, True)])
def test_spikes_stand_out_by_six_deviations(height, speaks):
    # Little was won, so that a quarter of it is less than what the deviations ask for.
    losses = np.r_[np.full(16, 6.5), 5 + np.tile([0.1, -0.1], 150)]
    deviation = 1.4826 * 0.1
    losses[[160, 220, 280]] = 5 + height * max(deviation, 0.25 * 1.5 / 6)
    assert bool(list(spikes(by_step(loss=losses)))) == speaks


def test_a_run_of_spikes_counts_once_and_names_its_steps():
    losses = with_spikes(20.0, 1)
    losses[151:154] += 20
    (found,) = spikes(by_step(loss=losses))
    assert "spikes at 1 step (150)" in found.sentence
    assert found.filters == {"step": {"ranges": [[150, 150]]}}


def test_spikes_are_silent_by_the_epoch_after_a_jump_and_in_few_steps():
    jump = with_spikes(0, 0)
    jump[200:] += 20
    assert not list(spikes(by_step(loss=jump)))
    assert not list(spikes(by_step(loss=with_spikes(20, 1)[:31])))
    epochs = by_epoch(1, loss=with_spikes(20, 3))
    assert not list(spikes(replace(epochs, fine=epochs.curves)))


@pytest.mark.parametrize(("fall", "speaks"), [(0.015, True), (0.025, False), (-0.015, True), (-0.025, False)])
def test_underfitting_is_a_fall_below_two_percent(fall, speaks):
    losses = np.r_[np.full(20, 1.0), np.full(160, 1 - fall / 2), np.full(20, 1 - fall)]
    assert bool(list(underfitting(by_step(loss=losses)))) == speaks


@pytest.mark.parametrize(("steps", "speaks"), [(100, False), (101, True)])
def test_underfitting_wants_a_hundred_updates(steps, speaks):
    assert bool(list(underfitting(by_step(loss=np.ones(steps))))) == speaks


@pytest.mark.parametrize(("accuracy", "speaks"), [(0.89, True), (0.91, False)])
def test_underfitting_is_silent_where_all_is_fitted(accuracy, speaks):
    assert bool(list(underfitting(by_step(loss=np.ones(200), accuracy=np.full(200, accuracy))))) == speaks


def test_underfitting_is_silent_about_losses_below_zero():
    assert not list(underfitting(by_step(loss=np.full(200, -3.0))))


def blocks(swing, epochs=8, steps=32, mixed=False, noise=0.05):
    """A loss that swings with the place in the epoch: in two blocks, or in a fixed but mixed order."""
    place = np.r_[np.full(steps // 2, 1 + swing / 2), np.full(steps - steps // 2, 1 - swing / 2)]
    if mixed:
        place = np.random.default_rng(3).permutation(place)
    losses = np.tile(place, epochs) + noise * np.random.default_rng(1).normal(size=epochs * steps)
    return by_epoch(steps, loss=losses)


@pytest.mark.parametrize(("swing", "speaks"), [(0.25, False), (0.35, True)])
def test_order_swings_by_three_tenths(swing, speaks):
    assert bool(list(order(blocks(swing, noise=0.001)))) == speaks


@pytest.mark.parametrize(("noise", "speaks"), [(0.4, True), (1.2, False)])
def test_order_explains_two_fifths(noise, speaks):
    # The share is swing²/4 : (swing²/4 + noise²), before the adjustment.
    assert bool(list(order(blocks(1.0, epochs=30, noise=noise)))) == speaks


@pytest.mark.parametrize(("epochs", "speaks"), [(7, False), (8, True)])
def test_order_wants_eight_epochs(epochs, speaks):
    assert bool(list(order(blocks(1.0, epochs=epochs)))) == speaks


@pytest.mark.parametrize(("steps", "speaks"), [(7, False), (8, True)])
def test_order_wants_eight_steps_an_epoch(steps, speaks):
    assert bool(list(order(blocks(1.0, steps=steps)))) == speaks


def test_a_fixed_but_mixed_order_is_passed_over():
    assert not list(order(blocks(1.0, mixed=True)))


@pytest.mark.parametrize("share", [0.8, 1.0])
def test_a_loss_that_turns_at_each_point_oscillates(share):
    turns = np.random.default_rng(0).random(100) < share
    losses = 1 + 0.1 * np.cumprod(np.where(turns, -1, 1))
    assert bool(list(oscillation(by_step(loss=losses)))) == (share == 1.0)


@pytest.mark.parametrize(("swing", "speaks"), [(0.005, False), (0.02, True)])
def test_oscillation_swings_by_a_fiftieth(swing, speaks):
    assert bool(list(oscillation(by_step(loss=1 + swing * np.tile([1, -1], 50))))) == speaks


@pytest.mark.parametrize(("rises", "speaks"), [(2, False), (3, True)])
def test_a_loss_that_gives_back_a_quarter_three_times_bounces(rises, speaks):
    losses = 1 + 9 * np.exp(-np.arange(48) / 3)
    for index in range(rises):
        losses[28 + 6 * index : 32 + 6 * index] = 5
    assert bool(list(oscillation(by_epoch(1, loss=losses)))) == speaks


@pytest.mark.parametrize(("back", "speaks"), [(2.9, False), (3.6, True)])
def test_bounces_give_back_a_quarter(back, speaks):
    losses = 1 + 9 * np.exp(-np.arange(48) / 3)
    for start in (26, 32, 38, 44):
        losses[start : start + 3] = back
    assert bool(list(oscillation(by_epoch(1, loss=losses)))) == speaks


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_loss_that_is_not_finite_is_an_error_and_a_warning_where_it_recovers(value):
    losses = np.ones(20)
    losses[7] = value
    (found,) = nonfinite(by_step(loss=losses))
    assert (found.severity, found.sentence) == ("warning", "loss is not finite from step 7.")
    losses[7:] = value
    (found,) = nonfinite(by_step(loss=losses))
    assert (found.severity, found.filters) == ("error", {"step": {"ranges": [[7, 19]]}})


def test_other_metrics_may_be_nan_and_losses_missing():
    assert not list(nonfinite(by_step(loss=np.ones(20), auc=np.full(20, np.nan))))
    assert not list(nonfinite(by_step(loss=[1.0, None] * 10)))


@pytest.mark.parametrize(("rate", "spent"), [(0.04, True), (0.06, False)])
def test_a_plateau_after_the_learning_rate_is_spent_says_so(rate, spent):
    rates = np.r_[np.full(6, 1.0), np.full(34, rate)]
    (found,) = plateau(by_epoch(1, loss=decay(40), lr=rates))
    assert ("the schedule ended the fit" in found.advice) == spent

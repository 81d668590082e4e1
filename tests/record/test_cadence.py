import pytest

from undertow.record._cadence import Cadence, _nice


def simulate(cadence, steps, bare, cost):
    """The steps that are recorded in a training of constant speed, and what recording took of all its time."""
    now = spent = 0.0
    recorded = []
    for step in range(steps):
        now += bare
        if cadence.due(step):
            cadence.begin(step, now)
            now += cost(step)
            spent += cost(step)
            cadence.end(step, now, cost(step))
            recorded.append(step)
    return recorded, spent / now


def test_every_nth_step_is_due_and_the_next_one_known():
    cadence = Cadence(3)
    assert [step for step in range(8) if cadence.due(step)] == [0, 3, 6]
    assert [cadence.next(step) for step in (0, 2, 3)] == [3, 3, 6]


@pytest.mark.parametrize("cost", [1e-5, 1e-3, 0.02, 1.0])
@pytest.mark.parametrize("budget", [0.01, 0.1])
def test_recording_stays_within_its_budget(cost, budget):
    changes = []
    cadence = Cadence(1, budget, lambda *change: changes.append(change))
    recorded, share = simulate(cadence, 20_000, 0.001, lambda step: cost)
    trials = 4 * cost / (20_000 * 0.001)
    assert share <= budget / 2 + trials
    assert len(changes) <= 1 and len(recorded) >= 4
    assert changes == [] or changes[0][1] == cadence.every


def test_the_first_step_is_dearer_and_does_not_count():
    cadence = Cadence(1, 0.1)
    simulate(cadence, 100, 0.01, lambda step: 1.0 if step == 0 else 1e-4)
    assert cadence.every == 1


def test_the_cadence_follows_a_cost_that_changes_but_not_one_that_wavers():
    changes = []
    cadence = Cadence(1, 0.01, lambda *change: changes.append(change))
    simulate(cadence, 40_000, 0.001, lambda step: 1e-4 if step < 20_000 else 1e-3)
    # Twice what the clocks show is counted.
    assert [every for _, every in changes] == [20, 200]
    changes.clear()
    simulate(Cadence(1, 0.01, lambda *change: changes.append(change)), 9000, 0.001, lambda step: 1e-4 * (1 + step % 2))
    assert len(changes) <= 2


def test_the_spacing_asked_for_is_the_least_that_a_budget_chooses():
    cadence = Cadence(50, 0.1)
    simulate(cadence, 5000, 1.0, lambda step: 1e-6)
    assert cadence.every == 50


def test_spacings_are_round():
    assert [_nice(value) for value in (0, 0.3, 1, 1.1, 2, 3, 5.1, 11, 99, 101)] == [1, 1, 1, 2, 2, 5, 10, 20, 100, 200]


def test_what_makes_no_sense_raises():
    with pytest.raises(ValueError, match="every = 0"):
        Cadence(0)
    for budget in (0, 1, -0.1):
        with pytest.raises(ValueError, match="budget"):
            Cadence(1, budget)

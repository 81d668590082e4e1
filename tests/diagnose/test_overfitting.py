import numpy as np
import pytest

from undertow.diagnose import diagnose

from .curves import decay, frame_of, jitter

EPOCHS = 30
LOSS = decay(EPOCHS, rate=0.1)


def valley(bottom=12, rise=0.2):
    """Falls to its best at `bottom`, then rises by the share `rise` to the end."""
    fall = decay(bottom + 1, floor=40.0, rate=0.4)
    return np.r_[fall, fall[-1] * (1 + rise * np.arange(1, EPOCHS - bottom) / (EPOCHS - 1 - bottom))]


def overfittings(loss, val_loss, **more):
    return diagnose(frame_of(loss=loss, val_loss=val_loss, **more), ["overfitting"])


def test_overfitting_starts_after_the_best_validation_loss():
    (found,) = overfittings(LOSS, valley())
    assert found.filters == {"epoch": {"ranges": [[13, 29]]}}
    assert found.severity == "warning"
    assert found.sentence.startswith("Overfitting from epoch 13: val_loss rises 17 % above its best of ")
    assert "Stop at epoch 12" in found.advice


def test_the_evidence_names_steps_where_they_are_counted():
    (found,) = overfittings(LOSS, valley(), step=[10 * epoch + 9 for epoch in range(EPOCHS)])
    assert (found.first_step, found.last_step) == (139, 299)


@pytest.mark.parametrize(("rise", "speaks"), [(0.05, False), (0.07, True)])
def test_the_rise_must_reach_five_percent(rise, speaks):
    assert bool(overfittings(LOSS, valley(rise=rise))) == speaks  # its last third averages 5/6 of the rise


@pytest.mark.parametrize(("bottom", "speaks"), [(24, True), (26, False)])
def test_the_rise_must_last_four_epochs(bottom, speaks):
    assert bool(overfittings(LOSS, valley(bottom, rise=0.5))) == speaks


@pytest.mark.parametrize(("share", "speaks"), [(0.99, False), (0.95, True)])
def test_the_training_loss_must_fall_on(share, speaks):
    loss = np.r_[decay(13, rate=0.4)[:13], np.full(EPOCHS - 13, share * decay(13, rate=0.4)[12])]
    assert bool(overfittings(loss, valley())) == speaks


@pytest.mark.parametrize("seed", range(10))
def test_a_healthy_run_with_jitter_is_passed_over(seed):
    assert not overfittings(LOSS, decay(EPOCHS, floor=12, rate=0.3) * jitter(EPOCHS, 0.05, seed))


@pytest.mark.parametrize("seed", range(10))
def test_overfitting_is_found_through_jitter(seed):
    (found,) = overfittings(LOSS, valley(rise=0.4) * jitter(EPOCHS, 0.01, seed))
    assert abs(found.filters["epoch"]["ranges"][0][0] - 13) <= 3


def test_where_both_losses_rise_it_is_no_overfitting():
    assert not overfittings(valley(), valley())


@pytest.mark.parametrize(
    ("loss", "val_loss"),
    [
        (LOSS, decay(EPOCHS)),
        (LOSS[:7], valley()[:7]),
        (LOSS, valley() - 1000),
        (LOSS, np.full(EPOCHS, np.nan)),
        (LOSS, np.full(EPOCHS, 3.0)),
    ],
    ids=["healthy", "short", "negative", "nan", "flat"],
)
def test_what_is_no_overfitting_is_passed_over(loss, val_loss):
    assert not overfittings(loss, val_loss)


def test_a_history_without_validation_is_passed_over():
    assert not diagnose(frame_of(loss=LOSS))

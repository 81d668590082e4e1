import numpy as np
import pytest

from undertow.diagnose import diagnose
from undertow.diagnose._plateau import SMALL_GAIN

from .curves import decay, frame_of, jitter


def plateaus(values, name="val_loss"):
    return diagnose(frame_of(**{name: values}), ["plateau"])


def test_the_plateau_starts_where_less_than_a_hundredth_of_the_fall_is_left():
    values = decay(40)
    (found,) = plateaus(values)
    epoch = found.filters["epoch"]["ranges"][0][0]
    left = (values - values[-1]) / (values[0] - values[-1])
    assert left[epoch] < SMALL_GAIN <= left[epoch - 1]
    assert found.filters == {"epoch": {"ranges": [[epoch, 39]]}}
    assert found.severity == "info"
    assert found.sentence.startswith(
        f"The fit tapers off at epoch {epoch}: the remaining {39 - epoch} epochs bring only"
    )


def test_the_training_loss_speaks_where_there_is_no_validation():
    (found,) = plateaus(decay(40), "loss")
    assert "fall of loss" in found.sentence


def test_a_loss_that_is_negative_has_a_plateau_too():
    assert plateaus(decay(40) - 60)[0].filters == plateaus(decay(40))[0].filters


@pytest.mark.parametrize("seed", range(10))
def test_jitter_moves_the_plateau_by_a_few_epochs_at_most(seed):
    (found,) = plateaus(decay(40) * jitter(40, 0.01, seed))
    (clean,) = plateaus(decay(40))
    assert abs(found.filters["epoch"]["ranges"][0][0] - clean.filters["epoch"]["ranges"][0][0]) <= 4


def test_one_lucky_epoch_makes_no_plateau():
    values = np.linspace(100, 50, 30)
    values[8] = 40
    assert not plateaus(values)


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(100, 10, 30),  # falls to the end
        100 / np.arange(1, 31),  # slows down, but slowly
        decay(7),  # too short
        np.full(30, 5.0),  # never fell
        np.linspace(100, 95, 30),  # hardly fell
        decay(12, rate=0.5),  # the flat part is no quarter yet
        np.r_[1e6, np.linspace(5, 4, 29)],  # one outlier at the start
        np.r_[decay(20), np.linspace(10, 90, 20)],  # comes up again: no plateau
        100 * jitter(40, 0.3),  # nothing but jitter
        np.full(30, np.nan),
        np.full(30, np.inf),
    ],
    ids=["line", "slow", "short", "flat", "hardly", "just-now", "outlier", "rises", "jitter", "nan", "inf"],
)
def test_what_is_no_plateau_is_passed_over(values):
    assert not plateaus(values)


def test_epochs_that_are_nan_are_passed_over():
    values = decay(40)
    values[5] = np.nan
    assert plateaus(values)[0].filters == plateaus(decay(40))[0].filters

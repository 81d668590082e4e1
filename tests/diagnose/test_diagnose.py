import pytest

from query.recorded import keys, recording, training
from undertow.diagnose import RULES, diagnose
from undertow.sources import from_columns

from .curves import decay, frame_of
from .test_overfitting import LOSS, valley


def test_the_gravest_comes_first():
    found = diagnose(frame_of(loss=LOSS, val_loss=valley(rise=0.07)))
    assert [finding.kind for finding in found] == ["overfitting", "plateau"]
    assert {finding.kind for finding in found} <= set(RULES)


def test_each_number_stands_beside_its_threshold():
    for finding in diagnose(frame_of(loss=LOSS, val_loss=valley())):
        assert finding.numbers
        assert all("threshold" in str(number) for number in finding.numbers)
        assert finding.source.count("https://") == 1


def test_each_run_has_its_own_findings_and_evidence():
    frame = from_columns(
        {"run": ["a"] * 40 + ["b"] * 40, "epoch": [*range(40)] * 2, "loss": [*decay(40), *decay(40, rate=0.05)]}
    )
    (found,) = diagnose(frame)
    assert found.run == "a"
    assert found.filters["run"] == {"values": ["a"]}


def test_recorded_runs_are_read_through_their_steps():
    losses = decay(40)
    logged = [{**keys(step=9 + 10 * epoch, epoch=epoch), "loss": losses[epoch]} for epoch in range(40)]
    (found,) = diagnose(recording(training()[0], logged))
    assert found.lens == "steps"
    assert found.last_step == 399


def test_losses_logged_by_the_step_are_read_by_the_epoch():
    losses = decay(40).repeat(5)
    frame = from_columns({"step": range(200), "epoch": [step // 5 for step in range(200)], "train_loss": losses})
    (found,) = diagnose(frame)
    assert "epoch" in found.filters


def test_without_epochs_steps_count():
    (found,) = diagnose(from_columns({"step": range(100), "loss": decay(100, rate=0.2)}))
    assert found.sentence.startswith("The fit tapers off at step ")


@pytest.mark.parametrize(
    "columns",
    [
        {"loss": decay(40)},
        {"epoch": ["x"] * 40, "loss": decay(40)},
        {"epoch": [0.5 * epoch for epoch in range(40)], "loss": decay(40)},
        {"epoch": range(40), "loss": ["x"] * 40},
        {"epoch": [None] * 40, "loss": decay(40)},
        {"a": [1], "b": ["x"]},
    ],
)
def test_data_that_are_no_curves_have_no_findings(columns):
    assert diagnose(from_columns(columns)) == []


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="no rule 'plateaux'; there are: nonfinite, divergence, "):
        diagnose(frame_of(loss=LOSS), ["plateaux"])

from types import SimpleNamespace

import pytest

from undertow.errors import SourceError
from undertow.sources import from_histories, from_history, is_history


def history(metrics, epochs=None):
    return SimpleNamespace(
        history=metrics, epoch=list(range(len(next(iter(metrics.values()))))) if epochs is None else epochs
    )


def test_one_row_is_one_epoch_and_a_metric_stands_beside_its_validation():
    frame = from_history(history({"loss": [3.0, 2.0], "mae": [1.0, 0.5], "val_loss": [4.0, 3.0], "val_mae": [1, 1]}))
    assert frame.lens == "steps"
    assert frame.axes == ("epoch", "loss", "val_loss", "mae", "val_mae")
    assert frame.table["epoch"].to_pylist() == [0, 1]
    assert frame["loss"].share == frame["val_loss"].share == "loss"
    assert frame["mae"].share == frame["val_mae"].share == "mae"


def test_a_metric_without_validation_shares_its_axis_with_none():
    frame = from_history(history({"loss": [100.0, 5.0], "val_loss": [90.0, 50.0], "mae": [100.0, 5.0]}))
    assert [frame[name].share for name in ("loss", "val_loss", "mae")] == ["loss", "loss", ""]


def test_validation_at_every_second_epoch_stands_at_its_epochs():
    frame = from_history(history({"loss": [4.0, 3.0, 2.0, 1.0], "val_loss": [5.0, 6.0]}))
    assert frame.table["val_loss"].to_pylist() == [None, 5.0, None, 6.0]


def test_validation_whose_epochs_are_unknown_is_left_out_and_the_note_says_so():
    frame = from_history(history({"loss": [1.0] * 18, "val_loss": [1.0] * 3}))
    assert "val_loss" not in frame.table.column_names
    assert "val_loss" in frame.note


def test_a_history_without_epochs_is_refused():
    with pytest.raises(SourceError, match="no epochs"):
        from_history(history({}, epochs=[]))


def test_a_history_is_told_by_its_attributes():
    assert is_history(history({"loss": [1.0]}))
    assert not is_history({"loss": [1.0]})


def test_several_histories_are_told_apart_by_run():
    frame = from_histories([history({"loss": [2.0]}), history({"loss": [3.0], "mae": [1]})])
    assert frame.table.to_pydict() == {"run": ["1", "2"], "epoch": [0, 0], "loss": [2.0, 3.0], "mae": [None, 1]}
    assert frame.color == "run"

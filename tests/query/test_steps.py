import math

import pytest

from undertow.errors import SourceError
from undertow.query.lenses import steps
from undertow.schema import KEYS

from .recorded import keys, layers_table, steps_table, sums, training


def test_one_line_is_one_epoch_with_its_metrics_and_total_gradient():
    recorded, logged = training(epochs=3, steps=5)
    frame = steps(steps_table(logged), layers_table(recorded))
    assert frame.axes == ("epoch", "loss", "val_loss", "grad_norm", "update_ratio")
    assert frame.note == "One line is one epoch."
    squares = [row["sum_sq"] for row in recorded if row["epoch"] == 1]
    assert frame.table["grad_norm"][1].as_py() == pytest.approx(math.sqrt(sum(squares) / 5), rel=1e-5)


def test_keys_that_say_nothing_are_dropped_and_time_is_hidden():
    frame = steps(steps_table(training()[1]))
    assert not {"run", "rank", "attempt"} & set(frame.table.column_names)
    assert {"step", "time"} <= set(frame.table.column_names) - set(frame.axes)


def test_a_learning_rate_that_never_changes_starts_hidden_and_one_that_does_stands_last():
    logged = training()[1]
    assert "learning_rate" not in steps(steps_table(logged)).axes
    logged[-1]["learning_rate"] = 0.0001
    assert steps(steps_table(logged)).axes[-1] == "learning_rate"


def test_where_an_epoch_has_several_rows_one_line_is_a_step():
    rows = [{**keys(step=step, epoch=step // 2), "loss": 1.0 / (step + 1)} for step in range(4)]
    recorded = [sums("w", 1, float(step + 1), step=step, epoch=step // 2) for step in range(4)]
    frame = steps(steps_table(rows), layers_table(recorded))
    assert frame.axes == ("step", "loss", "grad_norm")
    assert frame.table["grad_norm"].to_pylist() == [1.0, 2.0, 3.0, 4.0]


def test_several_runs_and_ranks_are_axes():
    rows = [{**keys(run=run, rank=rank, step=1), "loss": 1.0 + rank} for run in "ab" for rank in (0, 1)]
    assert steps(steps_table(rows)).axes == ("run", "rank", "step", "loss")


def test_a_metric_that_takes_the_name_of_a_total_keeps_it():
    recorded, logged = training()
    logged = [{**row, "grad_norm": float(row["step"])} for row in logged]
    frame = steps(steps_table(logged), layers_table(recorded))
    assert frame.table["grad_norm"].to_pylist() == [row["grad_norm"] for row in logged]
    assert "grad_norm (2)" in frame.axes


def test_metrics_without_any_value_are_left_out():
    rows = [{**keys(step=1), "loss": 1.0, "nothing": None}]
    assert "nothing" not in steps(steps_table(rows)).table.column_names


def test_without_rows_there_are_no_steps():
    with pytest.raises(SourceError, match="nothing was logged"):
        steps(KEYS.empty_table())

"""Lightning's CSVLogger, as Lightning writes it; and rows that count steps, from any file."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow._dispatch import frames_of, logged_of
from undertow.errors import SourceError
from undertow.sources._settings import read_settings
from undertow.sources._stepped import steps_of_rows

NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)


def logger(folder, **settings):
    loggers = pytest.importorskip("lightning.pytorch.loggers")
    log = loggers.CSVLogger(folder, name="csv")
    log.log_hyperparams({"lr": 0.1, "layers": (64, 32), "opt": {"name": "adam"}, **settings})
    return log


def test_training_and_validation_of_a_step_are_one_row_with_settings(tmp_path):
    log = logger(tmp_path)
    for step in range(4):
        log.log_metrics({"train_loss": 1.0 / (step + 1), "epoch": step // 2}, step)
        if step % 2:
            log.log_metrics({"val_loss": 2.0 / (step + 1), "epoch": step // 2}, step)
    log.save()
    ((name, run),) = logged_of([tmp_path]).several.items()
    assert name == "csv/version_0"
    assert run.config == {"lr": 0.1, "layers": [64, 32], "opt": {"name": "adam"}}
    assert run.steps.drop_columns("time").to_pydict() == {
        "step": [0, 1, 2, 3],
        "epoch": [0, 0, 1, 1],
        "train_loss": [1.0, 0.5, 1 / 3, 0.25],
        "val_loss": [None, 1.0, None, 0.5],
    }
    (frame,) = frames_of(tmp_path / "csv" / "version_0")
    assert frame.lens == "steps"


def test_versions_are_runs_and_their_settings_axes(tmp_path):
    for lr in (0.1, 0.2):
        log = logger(tmp_path, lr=lr)
        log.log_metrics({"loss": lr**2}, 0)
        log.save()
    frames = {frame.lens: frame for frame in frames_of(tmp_path)}
    assert frames["runs"].table["run"].to_pylist() == ["csv/version_0", "csv/version_1"]
    assert frames["runs"].table["lr"].to_pylist() == [0.1, 0.2]
    assert frames["runs"].table["opt.name"].to_pylist() == ["adam", "adam"]


def test_bad_rows_are_refused_by_line_or_counted(tmp_path):
    log = logger(tmp_path)
    log.log_metrics({"loss": 1.0, "acc": 0.5}, 0)
    log.save()
    path = tmp_path / "csv" / "version_0" / "metrics.csv"
    path.write_text(path.read_text() + "1\n")
    with pytest.raises(SourceError, match=r"metrics\.csv, line 3: 1 values where there are 3 columns"):
        frames_of(tmp_path)
    (frame,) = frames_of(tmp_path, skip_bad=True)
    assert "1 bad row" in frame.note


def test_settings_make_no_object_and_broken_ones_name_their_line(tmp_path):
    path = tmp_path / "hparams.yaml"
    path.write_text("a: !!python/object/apply:os.system ['exit 1']\nb: !!python/name:os.getcwd ''\nc: [1, nan]\n")
    assert read_settings(path) == {"a": ["exit 1"], "b": "", "c": [1, "nan"]}
    path.write_text("a: 1\nb: [\n")
    with pytest.raises(SourceError, match=r"hparams\.yaml, line 3"):
        read_settings(path)
    path.write_text("- 1\n")
    with pytest.raises(SourceError, match="holds a list"):
        read_settings(path)


@pytest.mark.parametrize("counter", ["step", "Global_Step", "iteration", "_step", "epoch"])
def test_the_column_that_counts_is_found(counter):
    table = pa.table({"loss": [2.0, 1.0], counter: [10.0, 0.0]})
    steps = steps_of_rows(table, "rows", NOON)
    assert steps["step"].to_pylist() == [0, 10]
    assert steps["loss"].to_pylist() == [1.0, 2.0]
    assert steps["epoch"].to_pylist() == ([0, 10] if counter == "epoch" else [None, None])
    assert steps["time"].to_pylist() == [NOON, NOON]


def test_rows_that_count_nothing_are_refused():
    with pytest.raises(SourceError, match="rows counts neither steps nor epochs"):
        steps_of_rows(pa.table({"loss": [1.0], "step": ["first"]}), "rows", NOON)
    with pytest.raises(SourceError, match="neither steps"):
        steps_of_rows(pa.table({"loss": [1.0], "step": [0.5]}), "rows", NOON)


def test_rows_of_two_runs_are_refused_by_column_and_step():
    table = pa.table({"run": ["a", "b"], "step": [3, 3], "loss": [1.0, 1.0]})
    with pytest.raises(SourceError, match="column 'run' has several values at step 3"):
        steps_of_rows(table, "rows", NOON)


ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.none() | st.floats(allow_nan=False), st.none() | st.sampled_from("xyz")), min_size=1
)


@given(rows=ROWS)
def test_of_several_values_at_a_step_the_last_stands(rows):
    table = pa.table(
        {
            "step": [row[0] for row in rows],
            "a": pa.array([row[1] for row in rows], pa.float64()),
            "b": pa.array([row[2] for row in rows], pa.string()).dictionary_encode(),
        }
    )
    wanted = {}
    for step, a, b in rows:
        before = wanted.get(step, (None, None))
        wanted[step] = (before[0] if a is None else a, before[1] if b is None else b)
    found = steps_of_rows(table, "rows", NOON, last=True).to_pydict()
    assert found["step"] == sorted(wanted)
    assert list(zip(found["a"], found["b"], strict=True)) == [wanted[step] for step in found["step"]]

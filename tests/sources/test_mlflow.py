"""MLflow's stores, as MLflow 3.18 wrote them (tests/log_files/make.py)."""

import datetime as dt
import math
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undertow._dispatch import frames_of, logged_of
from undertow.errors import SourceError
from undertow.sources._mlflow import _told

FILES = Path(__file__).parents[1] / "log_files" / "mlflow"


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "a store?.db"
    with sqlite3.connect(path) as connection:
        connection.executescript((FILES / "mlflow.sql").read_text("utf-8"))
    connection.close()
    return path


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(FILES / "mlruns", tmp_path / "mlruns"))


@pytest.mark.parametrize("kind", ["folder", "database"])
def test_both_stores_give_the_same_runs(kind, request):
    path = request.getfixturevalue(kind)
    runs = logged_of([path]).several
    assert sorted(runs) == ["lr-0.01", "lr-0.1"]  # and not the one that was deleted
    for lr in (0.1, 0.01):
        run = runs[f"lr-{lr}"]
        assert run.config == {"lr": lr, "opt": "adam\nw"}
        assert run.tags == ("note: x: y", "team: a")
        assert run.start == dt.datetime.fromtimestamp(1_767_355_200, dt.UTC)
        assert (run.end - run.start).total_seconds() == 5
        table = run.steps.to_pydict()
        assert table["step"] == [0, 1, 2]
        assert table["train/loss"] == [lr, lr / 2, lr / 3]
        assert table["big"] == [math.inf, None, None]
        assert table["acc"][0] is None
        assert math.isnan(table["acc"][1])
        assert table["acc"][2] == 0.5
        assert [(each - run.start).total_seconds() for each in table["time"]] == [0.25, 0.5, 1.0]
    assert runs["lr-0.1"].state == "finished"
    assert runs["lr-0.01"].state == "failed"
    assert {frame.lens for frame in frames_of(path)} == {"steps", "runs"}


def test_an_experiment_or_a_run_alone_is_a_store_too(folder):
    (experiment,) = folder.glob("[1-9]*")
    assert len(logged_of([experiment]).several) == 2
    for run in experiment.glob("*/params/lr"):
        assert len(logged_of([run.parents[1]]).several) == 1


def test_several_experiments_are_told_apart(folder):
    (experiment,) = folder.glob("[1-9]*")
    other = Path(shutil.copytree(experiment, folder / "7"))
    (other / "meta.yaml").write_text("experiment_id: '7'\nname: more\n")
    assert sorted(logged_of([folder]).several) == ["more/lr-0.01", "more/lr-0.1", "sweep/lr-0.01", "sweep/lr-0.1"]


def test_a_broken_metric_names_its_line_and_costs_its_run_alone(folder):
    path = next(folder.glob("*/*/metrics/train/loss"))
    path.write_text(path.read_text() + "17 x 3\n")
    with pytest.raises(SourceError, match=r"loss, line 4: '17 x 3' is not a time, a value and a step"):
        frames_of(folder)
    (frame, *_) = frames_of(folder, skip_bad=True)
    assert "line 4" in frame.note
    assert len(logged_of([folder], skip_bad=True).several) == 1
    with pytest.raises(SourceError, match=r"none of 1 runs can be read; the first: .*line 4"):
        frames_of(path.parents[2], skip_bad=True)


def test_a_database_is_never_written_to(database):
    before = database.read_bytes()
    frames_of(database)
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


@given(value=st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False))
def test_a_parameter_is_what_its_text_stands_for(value):
    told = _told(str(value))
    assert told == value
    assert type(told) is type(value)


@given(text=st.text())
def test_any_other_text_stays(text):
    told = _told(text)
    assert isinstance(told, bool | int | float | None.__class__) or told == text

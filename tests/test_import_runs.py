"""`undertow import`: what other tools logged, as run folders of ours."""

import datetime as dt
import json
import os

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import undertow as ut
from undertow import _cli, _import
from undertow._dispatch import frames_of
from undertow._import import import_runs
from undertow.errors import SourceError
from undertow.sources import Logged, LoggedRun
from undertow.sources._histograms import Histograms, Sums
from undertow.sources._logged import Points
from undertow.store import verify

WHEN = 1_767_355_200.25


def rows(tmp_path, text="step,loss,note,ok\n0,1.5,a,true\n2,nan,b,false\n", name="log.csv"):
    path = tmp_path / name
    path.write_text(text)
    os.utime(path, (WHEN, WHEN))
    return path


def a_run(name="mlp", steps=5):
    points, layers = Points(), Histograms()
    for step in range(steps):
        points.add("loss", step, WHEN + step, 1 / (step + 1))
        layers.add("gradients/fc.weight", step, WHEN + step, Sums(6, 2.0, 1.0, 9.0))
    config = {"lr": np.float32(0.5), "nan": float("nan"), "opt": {"name": "adam"}}
    return LoggedRun(name, points.table(), config, layers.table(), layers.params(), tags=("t",), state="failed")


def imported(monkeypatch, tmp_path, *runs):
    monkeypatch.setattr(_import, "logged_of", lambda *_: Logged(runs))
    return [folder for folder, _ in import_runs([], tmp_path / "runs")]


def test_rows_of_a_file_become_a_run_that_reads_back(tmp_path):
    ((folder, _),) = import_runs([rows(tmp_path)], tmp_path / "runs")
    recording = ut.load(folder)
    (about,) = recording.runs.to_arrow().to_pylist()
    assert (about["name"], about["state"], about["lost"]) == ("log", "finished", 0)
    steps = recording.steps.to_arrow()
    assert steps["step"].to_pylist() == [0, 2]
    assert np.array_equal(steps["loss"].to_numpy(), [1.5, np.nan], equal_nan=True)
    assert steps["note"].to_pylist() == ["a", "b"]
    assert steps["ok"].to_pylist() == [True, False]
    assert steps["time"].to_pylist() == [dt.datetime.fromtimestamp(WHEN, dt.UTC)] * 2
    assert all(check.problem is None for check in verify(folder))
    assert len(list(folder.glob("steps/*.parquet"))) == 1


def test_a_run_keeps_its_times_settings_and_layers(tmp_path, monkeypatch):
    (folder,) = imported(monkeypatch, tmp_path, a_run())
    recording = ut.load(tmp_path / "runs")
    (about,) = recording.runs.to_arrow().to_pylist()
    assert about["start"].timestamp() == WHEN
    assert about["end"].timestamp() == WHEN + 4
    assert about["state"] == "failed"
    assert about["tags"] == ["t"]
    assert json.loads(about["config"]) == {"lr": 0.5, "nan": "nan", "opt": {"name": "adam"}}
    layers = recording.layers.to_arrow()
    assert layers["sum_sq"].to_pylist() == [9.0] * 5
    assert layers["zeros"].null_count == 5
    assert recording.params.to_arrow()["param"].to_pylist() == ["fc.weight"]
    shown, given = ({each.lens: each for each in frames_of(what)} for what in (folder, Logged([a_run()])))
    assert shown.keys() == given.keys() == {"flow", "steps", "layers"}
    for lens, frame in shown.items():
        assert frame.table.to_pydict() == given[lens].table.to_pydict()


def test_runs_of_one_name_are_two_and_empty_ones_none(tmp_path, monkeypatch):
    empty = LoggedRun("empty", Points().table())
    folders = imported(monkeypatch, tmp_path, a_run(), a_run(), empty)
    assert len(set(folders)) == 2
    assert set(ut.load(tmp_path / "runs").runs.to_arrow()["name"].to_pylist()) == {"mlp", "mlp (2)"}


def test_a_failure_amid_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError("no space left")

    monkeypatch.setattr(_import, "replace_params", broken)
    with pytest.raises(OSError, match="no space"):
        imported(monkeypatch, tmp_path, a_run())
    assert list((tmp_path / "runs").iterdir()) == []


def test_what_is_half_written_is_no_run_to_any_reader(tmp_path, monkeypatch):
    seen = []

    def look(path, content):
        seen.append(next((tmp_path / "runs").iterdir()).name)
        with pytest.raises(ut.NotARunError):
            ut.load(tmp_path / "runs")
        return replace(path, content)

    replace = _import.replace_json
    monkeypatch.setattr(_import, "replace_json", look)
    (folder,) = imported(monkeypatch, tmp_path, a_run())
    assert seen[0].startswith(".importing-")
    assert list((tmp_path / "runs").iterdir()) == [folder]


def test_more_rows_than_a_batch_come_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(_import, "_ROWS", 3)
    imported(monkeypatch, tmp_path, a_run(steps=10))
    assert ut.load(tmp_path / "runs").steps.to_arrow()["step"].to_pylist() == list(range(10))


def test_what_is_recorded_already_and_what_counts_nothing_is_refused(tmp_path):
    with ut.Run(tmp_path / "runs", name="mlp") as run:
        run.log(loss=1.0)
    with pytest.raises(SourceError, match="is a folder of recorded runs already"):
        list(import_runs([tmp_path / "runs"], tmp_path / "new"))
    with pytest.raises(SourceError, match=r"a\.csv counts neither steps nor epochs"):
        list(import_runs([rows(tmp_path, "lr,loss\n1,2\n", "a.csv")], tmp_path / "new"))
    with pytest.raises(SourceError, match=r"a\.csv, column 'loss' has several values at epoch 1"):
        list(import_runs([rows(tmp_path, "epoch,loss\n1,2\n1,3\n", "a.csv")], tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_the_command_line_imports_and_says_what_it_left_out(tmp_path):
    path = rows(tmp_path, "step,loss\n0,1\n5\n1,2\n")
    arguments = ["import", str(path), "--into", str(tmp_path / "runs")]
    assert isinstance(CliRunner().invoke(_cli.app, arguments).exception, SourceError)
    result = CliRunner().invoke(_cli.app, [*arguments, "--skip-bad", "--format", "csv"])
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "2 steps" in words
    assert "1 run imported" in words
    assert "Left out: 1 bad row" in words
    assert len(ut.load(tmp_path / "runs").steps.to_arrow()) == 2


def test_one_metric_may_be_text_in_one_run_and_a_number_in_another():
    runs = [LoggedRun(kind, _steps(values)) for kind, values in (("whole", [1]), ("real", [0.5]), ("truth", [True]))]
    assert Logged(runs).steps.to_arrow()["m"].to_pylist() == [1.0, 0.5, 1.0]


def _steps(values):
    from undertow.sources._logged import steps_of

    count = len(values)
    time = pa.array([0] * count, pa.timestamp("us", tz="UTC"))
    return steps_of(pa.table({"m": values}), pa.array(range(count), pa.int64()), time)

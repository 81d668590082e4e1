from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import undertow as ut
from query.recorded import recording, training
from undertow._dispatch import frames_of

HISTORY = SimpleNamespace(history={"loss": [2.0, 1.0]}, epoch=[0, 1])
COLUMNS = {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    "data",
    [
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        ({"a": a, "b": b} for a, b in ((1, "x"), (2, "y"))),
        COLUMNS,
        pd.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS),
        pa.table(COLUMNS),
        np.array([(1, "x"), (2, "y")], dtype=[("a", "i8"), ("b", "U1")]),
    ],
    ids=lambda data: type(data).__name__,
)
def test_anything_tabular_becomes_one_frame_of_rows(data):
    (frame,) = frames_of(data)
    assert frame.lens == "rows"
    assert frame.table.to_pydict() == COLUMNS
    assert frames_of(frame) == [frame]


def test_a_history_is_steps_and_several_are_runs():
    assert frames_of(HISTORY)[0].lens == "steps"
    assert frames_of([HISTORY, HISTORY])[0].axes[0] == "run"


def test_a_recording_is_all_its_lenses():
    assert [frame.lens for frame in frames_of(recording(*training()), "steps")] == ["steps", "flow", "layers"]


def test_several_recordings_are_one():
    both = [recording(*training(run=run), runs=((run, run),)) for run in "ab"]
    assert set(frames_of(both)[0].table["run"].to_pylist()) == {"a", "b"}


def test_a_run_and_its_folder_and_the_folder_of_runs_show_the_same(tmp_path):
    with ut.Run(tmp_path, name="mlp") as run:
        for epoch in range(3):
            run.log(epoch=epoch, loss=1.0 / (epoch + 1))
    for data in (run, run.path, str(tmp_path), Path(tmp_path), ut.load(tmp_path), [run.path]):
        assert frames_of(data)[0].table["loss"].to_pylist() == [1.0, 0.5, pytest.approx(1 / 3)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "cannot show an object of type int"),
        (None, "cannot show an object of type NoneType"),
        (pl.LazyFrame(COLUMNS), r"type LazyFrame \(collect\(\) it first\)"),
        ("no/such/place", "there is no"),
        (__file__, "is a file of no format"),
        ([], "no rows"),
        ({}, "no columns"),
    ],
)
def test_what_cannot_be_shown_is_refused(data, message):
    with pytest.raises(ut.SourceError, match=message):
        frames_of(data)


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(ut.SourceError, match=r"holds no run\.json"):
        frames_of(tmp_path)


def test_a_lens_of_recorded_runs_is_refused_for_other_data():
    with pytest.raises(ut.SourceError, match="lens 'flow' needs a recorded run"):
        frames_of(COLUMNS, "flow")

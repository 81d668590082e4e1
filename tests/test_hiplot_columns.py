"""Experiments that came as columns: the same in every way as those of rows, and made into rows only when asked for."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import undertow.hiplot as hip
from undertow._dispatch import frames_of
from undertow.errors import SourceError
from undertow.hiplot import ExperimentValidationError


def shown(experiment):
    """What is shown of an experiment; NaN as text, which equals itself."""
    (frame,) = frames_of(experiment)
    return frame.table.schema, repr(frame.table.to_pydict()), frame.columns, frame.axes, frame.color


def of_rows(experiment):
    """The same experiment, of its datapoints."""
    rows = hip.Experiment(experiment.datapoints, experiment.parameters_definition, experiment.colormap)
    rows._display_data = experiment._display_data
    return rows


WORDS = st.sampled_from(["1", "2.5", "", "NA", "true", "2024-02-29", "x"])
TIMES = st.datetimes(min_value=dt.datetime(1980, 1, 1), max_value=dt.datetime(2100, 1, 1))
KINDS = [
    ("float64", st.floats()),
    ("float32", st.floats(width=32)),
    ("int64", st.integers(-(2**63), 2**63 - 1)),
    ("int64", st.integers(1_700_000_000, 1_800_000_000)),
    ("int8", st.integers(-128, 127)),
    ("uint64", st.integers(0, 2**64 - 1)),
    ("bool", st.booleans()),
    ("object", st.none() | st.text(max_size=3) | st.booleans() | st.integers() | st.floats()),
    ("object", WORDS),
    ("category", st.sampled_from(["a", "b"])),
    ("datetime64[us]", TIMES),
]
NAMES = st.sampled_from(["a", "b", "timestamp", "wall_time", "ünï"])


@settings(max_examples=150)
@given(data=st.data(), rows=st.integers(1, 4), names=st.lists(NAMES, min_size=1, max_size=3, unique=True))
def test_columns_show_what_their_datapoints_show(data, rows, names):
    frame = pd.DataFrame()
    for name in names:
        dtype, values = data.draw(st.sampled_from(KINDS))
        frame[name] = pd.Series(data.draw(st.lists(values, min_size=rows, max_size=rows)), dtype=dtype)
    try:
        wanted = shown(of_rows(hip.Experiment.from_dataframe(frame)))
    except SourceError as error:
        with pytest.raises(SourceError) as found:
            shown(hip.Experiment.from_dataframe(frame))
        assert str(found.value).endswith(str(error).removeprefix("the experiment, "))
        return
    assert shown(hip.Experiment.from_dataframe(frame)) == wanted


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame], ids=["polars", "pandas"])
def test_frames_and_csv_give_datapoints_when_asked(make):
    columns = {"lr": [0.1, None], "n": [1, 2], "opt": ["adam", "7"], "big": [1.0, float("nan")]}
    experiment = hip.Experiment.from_dataframe(make(columns))
    table = shown(experiment)
    assert experiment._columns is not None
    assert len(experiment) == 2
    assert [point.uid for point in experiment.datapoints] == ["0", "1"]
    assert [point.values["opt"] for point in experiment.datapoints] == ["adam", "7"]
    assert [point.values["n"] for point in experiment.datapoints] == [1, 2]
    assert experiment._columns is None
    assert shown(experiment) == table
    from_csv = hip.Experiment.from_csv(io.StringIO("n,t\n1,2024-01-01\n2,\n"))
    assert shown(from_csv) == shown(of_rows(from_csv))
    assert from_csv.datapoints[1].values == {"n": 2, "t": None}


def test_what_a_person_does_to_the_datapoints_is_shown():
    experiment = hip.Experiment.from_dataframe(pd.DataFrame({"a": [1.0, 2.0]}))
    experiment.datapoints[0].values["a"] = 9.0
    experiment.datapoints.append(hip.Datapoint({"a": 3.0}, uid="last"))
    (frame,) = frames_of(experiment)
    assert frame.table["a"].to_pylist() == [9.0, 2.0, 3.0]
    assert '"uid": "last"' in experiment.to_json()
    experiment.datapoints = []
    with pytest.raises(ExperimentValidationError, match="Not a single datapoint"):
        experiment.validate()


def test_what_becomes_of_the_dataframe_later_is_not_shown():
    frame = pd.DataFrame({"a": np.arange(3.0)})
    experiment = hip.Experiment.from_dataframe(frame)
    frame.loc[0, "a"] = 7.0
    assert frames_of(experiment)[0].table["a"].to_pylist() == [0.0, 1.0, 2.0]


def test_uids_among_the_columns_are_the_datapoints():
    frame = pd.DataFrame({"uid": ["x", "y"], "from_uid": [None, "x"], "a": [1, 2]})
    experiment = hip.Experiment.from_dataframe(frame)
    assert [(point.uid, point.from_uid, point.values) for point in experiment.datapoints] == [
        ("x", None, {"a": 1}), ("y", "x", {"a": 2}),
    ]  # fmt: skip


def test_uids_that_several_have_are_said_and_shown():
    rows = [{"uid": "x", "a": 1}, {"uid": "x", "a": 2}, {"uid": "y", "from_uid": "x", "a": 3}]
    experiment = hip.Experiment.from_iterable(rows)
    with pytest.warns(UserWarning, match="Several datapoints have the uid 'x'$"):
        experiment.validate()
    assert frames_of(experiment)[0].table["uid"].to_pylist() == ["x", "x", "y"]
    rows += [{"uid": "y", "a": 4}, {"uid": "y", "from_uid": "y", "a": 5}]
    with pytest.warns(UserWarning, match="1 more"), pytest.raises(hip.ExperimentValidationCircularRef):
        hip.Experiment.from_iterable(rows).validate()


def test_an_empty_dataframe_is_no_experiment():
    with pytest.raises(ExperimentValidationError, match="Not a single datapoint"):
        hip.Experiment.from_dataframe(pd.DataFrame({"a": []})).to_html()

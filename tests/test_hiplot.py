"""HiPlot's place taken: its API and its files (made by HiPlot 0.1.33), and what broke there."""

import csv
import datetime as dt
import io
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import undertow as ut
import undertow.hiplot as hip
from undertow._dispatch import frames_of
from undertow.errors import SourceError
from undertow.hiplot.fetchers import get_fetchers, load_xp_with_fetchers
from undertow.schema import Colouring
from undertow.sources import from_files

FILES = Path(__file__).parent / "hiplot_files"
ROWS = [{"opt": "sgd", "lr": 0.01, "loss": 10.0}, {"opt": "adam", "lr": 0.1, "loss": 15.0}]


@pytest.fixture
def opened(monkeypatch):
    """What would have been opened in a browser."""
    views = []
    monkeypatch.setattr("undertow._show.has_display", lambda: True)
    monkeypatch.setattr(ut.View, "open", lambda view, **_: views.append(view))
    return views


def frame_of(experiment):
    (frame,) = frames_of(experiment)
    return frame


def lineage(*pairs):
    return hip.Experiment([hip.Datapoint({"a": 1}, uid=uid, from_uid=parent) for uid, parent in pairs])


def fetch(uri, *own):
    return load_xp_with_fetchers(get_fetchers(own), uri)


# The article


def test_the_articles_script_runs_unchanged_but_for_the_import(opened):
    history = SimpleNamespace(history={"loss": [3.0, 2.0], "mae": [1.5, 1.2]}, epoch=[0, 1])
    data = [
        {"epoch": epoch, "loss": history.history["loss"][epoch], "mae": history.history["mae"][epoch]}
        for epoch in history.epoch
    ]
    hip.Experiment.from_iterable(data).display()
    hip.Experiment.from_dataframe(pd.DataFrame(data)).display(force_full_width=True, store_state_key="x")
    for view in opened:
        assert view.frames[0].table.to_pylist() == data
        assert view.frames[0].axes == ("epoch", "loss", "mae")
    assert len(opened) == 2


# Files that HiPlot made


@pytest.mark.parametrize("name", ["plain.json", "compressed.json", "page.html"])
def test_what_hiplot_wrote_is_shown_with_all_its_settings(name):
    (frame,) = frames_of(FILES / name)
    table = frame.table.to_pydict()
    assert table["uid"] == ["a", "b", "c"]
    assert table["from_uid"] == [None, "a", "b"]
    assert table["opt"] == ["adam", "sgd", "<b>"]
    assert table["score"] == [3.0, 4.5, None]
    assert table["loss"][0] == 10
    assert math.isnan(table["loss"][1])
    assert table["loss"][2] == math.inf
    assert table["when"] == [dt.datetime(2023, 11, 14, 22, 13 + m, 20, tzinfo=dt.UTC) for m in (0, 1)] + [None]
    assert frame.axes[:3] == ("loss", "lr", "opt")
    assert set(frame.axes[3:]) == {"when", "w"}, "HiPlot's compressed JSON has its columns in any order"
    assert (frame.color, frame.weight, frame.inverted) == ("lr", "w", ("lr",))
    assert [frame[n].scale for n in ("lr", "loss", "when", "w")] == ["log", "percentile", "time", None]
    assert frame["lr"].colouring == Colouring("Sinebow", reversed=True)
    assert frame["w"].colouring == Colouring("Viridis")
    assert frame["w"].domain == (0, 10)
    assert frame["opt"].colouring.own == {"adam": "rgb(255, 0, 0)", "sgd": "#00ff00"}
    assert frame["opt"].label == "the optimizer"
    assert frame.beside.open == ("scatter", "table")
    assert frame.beside.scatter == ("lr", "loss")
    assert frame.beside.sort == (("loss", True),)


def test_one_experiment_read_three_ways_is_the_same():
    plain, packed, page = (fetch(str(FILES / name)) for name in ("plain.json", "compressed.json", "page.html"))
    assert plain.to_json() == page.to_json()
    packed._compress = False
    assert sorted(json.loads(packed.to_json())) == sorted(json.loads(plain.to_json()))
    assert [point.from_uid for point in packed.datapoints] == [None, "a", "b"]


def test_what_was_dumped_loads_again(tmp_path):
    before = fetch(str(FILES / "plain.json"))
    for before._compress in (False, True):
        before.to_json(tmp_path / "again.json")
        after = hip.Experiment.from_json(tmp_path / "again.json")
        assert str(frame_of(after)) == str(frame_of(before))


def test_a_page_that_was_cut_off_or_is_not_hiplots_is_refused(tmp_path):
    text = (FILES / "page.html").read_text()
    for broken in (text[: text.index("datapoints") + 30], "<p>eval('(' + \"1\" + ')')"):
        (tmp_path / "x.html").write_text(broken)
        with pytest.raises(SourceError, match=r"x\.html holds no experiment of HiPlot's, or one that was cut off"):
            from_files([tmp_path / "x.html"])


# The API


def test_rows_become_datapoints_and_ids_theirs():
    experiment = hip.Experiment.from_iterable([{"uid": 7, "a": 1}, {"from_uid": 7.0, "a": 2}])
    assert [(p.uid, p.from_uid, p.values) for p in experiment.datapoints] == [
        ("7", None, {"a": 1}),
        ("1", "7", {"a": 2}),
    ]
    assert frame_of(experiment.validate()).axes == ("a",)


def test_ids_that_merely_count_are_no_column():
    assert frame_of(hip.Experiment.from_iterable(ROWS)).table.to_pylist() == ROWS


def test_a_dataframe_keeps_the_order_of_its_columns_and_its_lineage():
    data = {"z": [1, 2], "uid": [10, 11], "from_uid": [np.nan, 10], "a": ["x", "y"]}
    for frame in (pd.DataFrame(data), pl.DataFrame({**data, "from_uid": [None, 10]})):
        experiment = hip.Experiment.from_dataframe(frame).validate()
        assert experiment.display_data(hip.Displays.PARALLEL_PLOT)["order"] == list(data)
        shown = frame_of(experiment)
        assert shown.table["from_uid"].to_pylist() == [None, "10"]
        assert shown.axes[0] == "z"


def test_values_that_broke_hiplot_are_shown_and_dumped():
    experiment = hip.Experiment.from_iterable(
        [
            {
                "f": np.float32(0.5),
                "i": np.int64(3),
                "b": np.bool_(True),
                "t": pd.Timestamp("2024-02-29"),
                "d": dt.date(2024, 2, 29),
                "s": "</script><script>alert(1)</script>",
                "from_uid": np.nan,
            }
        ]
    ).validate()
    row = frame_of(experiment).table.to_pylist()[0]
    assert row["t"] == row["d"] == dt.datetime(2024, 2, 29)
    assert (row["f"], row["i"], row["b"]) == (0.5, 3, True)
    again = hip.Experiment.from_json(io.StringIO(experiment.to_json()))
    assert frame_of(again).table.to_pylist() == [row]
    assert "<script>alert" not in experiment.to_html()


def test_validation_says_what_is_wrong():
    cases = [
        (hip.Experiment(), hip.ExperimentValidationError, "Not a single datapoint"),
        (lineage(("a", "b"), ("b", "a")), hip.ExperimentValidationCircularRef, "circular"),
        (lineage(("a", "a")), hip.ExperimentValidationCircularRef, "circular"),
        (lineage(("a", None), ("b", "c")), hip.ExperimentValidationMissingParent, r"\(b\) parent \(c\) not found"),
        (hip.Experiment([hip.Datapoint({"uid": 1})]), hip.ExperimentValidationError, 'a value for "uid"'),
        (hip.Experiment([hip.Datapoint({"a": 1})], colormap="viridis"), hip.ExperimentValidationError, "colormap"),
        (hip.Experiment([hip.Datapoint({"a": 1})], colormap="interpolateX"), hip.ExperimentValidationError, "palette"),
        (
            hip.Experiment([hip.Datapoint({"a": 1})], {"a": hip.ValueDef(colormap="interpolateTurbo#flip")}),
            hip.ExperimentValidationError,
            "modifier `flip`",
        ),
        (
            hip.Experiment([hip.Datapoint({"a": 1})], {"a": hip.ValueDef(colors={"x": "red;}"})}),
            hip.ExperimentValidationError,
            "Invalid color",
        ),
    ]
    for experiment, error, message in cases:
        with pytest.raises(error, match=message):
            experiment.validate()


def test_a_long_lineage_is_checked_in_a_moment():
    assert lineage(*((str(i), str(i - 1) if i else None) for i in range(50_000))).validate()


def test_missing_parents_are_let_go():
    points = lineage(("a", None), ("b", "c"), ("d", "a")).remove_missing_parents().validate().datapoints
    assert [point.from_uid for point in points] == [None, None, "a"]


def test_merging_names_the_experiment_and_keeps_its_lineage():
    merged = hip.Experiment.merge({"x": lineage(("a", None), ("b", "a")), "y": lineage(("a", None))}).validate()
    assert [(p.uid, p.from_uid, p.values["exp"]) for p in merged.datapoints] == [
        ("x_a", None, "x"),
        ("x_b", "x_a", "x"),
        ("y_a", None, "y"),
    ]


def test_settings_of_a_column_and_of_the_displays():
    experiment = hip.Experiment.from_iterable([{"n": i, "k": i % 2, "t": 1.7e9 + i, "y": -i} for i in range(4)])
    definitions = experiment.parameters_definition
    definitions["n"].force_range(-5, 5)
    definitions["k"] = hip.ValueDef(hip.ValueType.CATEGORICAL, {0: "#000", 1: "#eee"})
    definitions["t"] = hip.ValueDef(hip.ValueType.TIMESTAMP)
    definitions["y"].type = hip.ValueType.NUMERIC
    experiment.enabledDisplays = [hip.Displays.PARALLEL_PLOT, hip.Displays.DISTRIBUTION]
    experiment.display_data(hip.Displays.DISTRIBUTION)["axis"] = "y"
    frame = frame_of(experiment.validate())
    assert frame["n"].domain == (-5, 5)
    assert (frame["k"].kind, frame["k"].colouring.own["1"]) == ("category", "#eee")
    assert frame.table["k"].to_pylist() == ["0", "1", "0", "1"]
    assert (frame["t"].kind, frame["y"].scale) == ("time", "linear")
    assert (frame.beside.open, frame.beside.distribution) == (("distribution",), "y")


def test_csv_has_every_value(tmp_path):
    experiment = hip.Experiment.from_iterable(
        [{"uid": "u", "b": "x,\n", "a": 1}, {"uid": "v", "from_uid": "u", "c": 0.5}]
    )
    experiment.to_csv(tmp_path / "e.csv")
    text = io.StringIO(newline="")
    experiment.to_csv(text)
    assert (tmp_path / "e.csv").read_bytes().decode() == text.getvalue()
    assert next(csv.reader(io.StringIO(text.getvalue()))) == ["uid", "from_uid", "a", "b", "c"]
    with (tmp_path / "e.csv").open(newline="") as handle:
        for again in (hip.Experiment.from_csv(str(tmp_path / "e.csv")), hip.Experiment.from_csv(handle)):
            assert frame_of(again).table["c"].to_pylist() == [None, 0.5]
            assert [(p.uid, p.from_uid) for p in again.datapoints] == [("u", None), ("v", "u")]


def test_html_is_returned_and_written(tmp_path):
    experiment, handle = hip.Experiment.from_iterable(ROWS), io.StringIO()
    page = experiment.to_html(tmp_path / "e.html")
    assert experiment.to_html(handle) == handle.getvalue() == page == (tmp_path / "e.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")


def test_an_optuna_study():
    complete, pruned = SimpleNamespace(name="COMPLETE"), SimpleNamespace(name="PRUNED")

    def trial(number, values, state=complete):
        return SimpleNamespace(number=number, values=values, params={"x": number / 2}, state=state)

    one = hip.Experiment.from_optuna(SimpleNamespace(trials=[trial(0, [3.0]), trial(1, None, pruned), trial(2, [1.0])]))
    assert [(p.uid, p.values) for p in one.datapoints] == [
        ("0", {"value": 3.0, "x": 0.0}),
        ("2", {"value": 1.0, "x": 1.0}),
    ]
    two = hip.Experiment.from_optuna(SimpleNamespace(trials=[trial(0, [3.0, 4.0])]))
    assert two.datapoints[0].values == {"value_0": 3.0, "value_1": 4.0, "x": 0.0}


def test_what_is_brushed_in_a_notebook_comes_back(monkeypatch):
    shown = []
    monkeypatch.setattr("undertow._show.has_kernel", lambda: True)
    monkeypatch.setattr("undertow.hiplot._displayed.has_kernel", lambda: True)
    monkeypatch.setattr(ut.View, "_ipython_display_", lambda view: shown.append(view))
    experiment = hip.Experiment.from_iterable([*ROWS, {"opt": "sgd", "lr": 1.0, "loss": 1.0}])
    displayed = experiment.display()
    assert shown == [displayed.view]
    assert displayed.get_selected() == experiment.datapoints
    assert displayed.get_brush_extents() == {}
    widget = displayed.view.widget
    widget._bits = bytes([0b101])
    columns = {"lr": {"ranges": [[0.5, 2], [0, 0.02]]}, "opt": {"values": ["sgd"]}}
    widget._selected = {"version": widget._version, "lens": "rows", "filters": {"columns": columns}}
    assert displayed.get_selected() == [experiment.datapoints[0], experiment.datapoints[2]]
    assert displayed.get_brush_extents() == {
        "lr": {"type": "numeric", "range": [0, 2], "ranges": [[0.5, 2], [0, 0.02]]},
        "opt": {"type": "categorical", "values": ["sgd"]},
    }

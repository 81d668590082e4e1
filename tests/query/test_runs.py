import datetime as dt
import json
import math
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undertow.query import frames
from undertow.query.lenses import runs
from undertow.sources import higher_is_better

from .recorded import START, Lazy, keys, layers_table, params_table, recording, steps_table, training


def about(*rows):
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def columns(frame):
    return {name: frame.table[name].to_pylist() for name in frame.table.column_names}


def logged(run, **metrics):
    """A row an epoch."""
    count = len(next(iter(metrics.values())))
    return [
        {**keys(run=run, step=10 * i + 9, epoch=i), **{name: values[i] for name, values in metrics.items()}}
        for i in range(count)
    ]


def test_each_metric_has_its_best_last_lowest_and_highest_value():
    steps = steps_table(
        logged("a", val_loss=[3.0, 1.0, 2.0], accuracy=[0.1, 0.9, 0.5])
        + logged("b", val_loss=[5.0, 4.0, 6.0], accuracy=[0.3, 0.2, 0.25])
    )
    found = columns(runs(about({"run": "a"}, {"run": "b"}), steps))
    assert found["val_loss:best"] == [1.0, 4.0]
    assert found["val_loss:last"] == [2.0, 6.0]
    assert found["val_loss:min"] == [1.0, 4.0]
    assert found["val_loss:max"] == [3.0, 6.0]
    assert found["accuracy:best"] == [0.9, 0.3]
    assert found["best epoch"] == [1, 1]
    assert found["epochs"] == [2, 2]


numbers = st.one_of(st.none(), st.floats(-9, 9).map(lambda x: round(x, 1) + 0.0), st.sampled_from([math.nan, math.inf]))


@settings(max_examples=60)
@given(st.lists(st.lists(numbers, min_size=1, max_size=6), min_size=2, max_size=4))
def test_summaries_agree_with_plain_python(values):
    rows = [row for index, each in enumerate(values) for row in logged(f"r{index}", loss=each)]
    found = columns(runs(about(*({"run": f"r{index}"} for index in range(len(values)))), steps_table(rows[::-1])))
    for index, each in enumerate(values):
        there = [value for value in each if value is not None]
        finite = [value for value in there if math.isfinite(value)]
        expected = {
            "last": there[-1] if there else None,
            "min": min(finite, default=math.nan) if there else None,
            "max": max(finite, default=math.nan) if there else None,
        }
        for choice, value in (expected | {"best": expected["min"]}).items():
            if f"loss:{choice}" in found:
                np.testing.assert_equal(found[f"loss:{choice}"][index], value)
            else:
                assert all(v is None for each in values for v in each)


def test_settings_flatten_and_those_that_differ_are_axes():
    configs = [
        {"lr": 0.1, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "seed": 1, "same": 3, "odd": "auto"},
        {"lr": 0.01, "opt": {"name": "sgd"}, "seed": 2, "same": 3, "odd": 7, "long": list(range(100))},
    ]
    rows = [{"run": name, "config": json.dumps(config)} for name, config in zip("ab", configs, strict=True)]
    frame = runs(about(*rows), steps_table(logged("a", loss=[1.0]) + logged("b", loss=[2.0])))
    found = columns(frame)
    assert found["opt.name"] == ["adam", "sgd"]
    assert found["opt.betas"] == ["[0.9, 0.99]", None]
    assert found["odd"] == ["auto", "7"]
    assert found["long"][1].startswith("[0, 1, 2")
    assert frame.axes[:5] == ("run", "lr", "opt.name", "opt.betas", "seed")
    assert "same" not in frame.axes
    assert frame.axes[-1] == frame.color == "loss:best"


def test_a_setting_chosen_by_its_order_of_magnitude_is_on_a_log_scale():
    rows = [
        {"run": name, "config": json.dumps({"lr": lr, "dropout": dropout, "wd": wd})}
        for name, lr, dropout, wd in (("a", 1e-4, 0.1, 0.0), ("b", 1e-2, 0.5, 1e-2))
    ]
    frame = runs(about(*rows), steps_table(logged("a", loss=[1.0]) + logged("b", loss=[2.0])))
    assert [frame[name].scale for name in ("lr", "dropout", "wd")] == ["log", None, None]


def test_presets_choose_which_value_stands_for_a_metric():
    steps = steps_table(logged("a", loss=[3.0, 1.0, 2.0]) + logged("b", loss=[5.0, 4.0, 6.0]))
    presets = {preset.label: preset.axes for preset in runs(about({"run": "a"}, {"run": "b"}), steps).presets}
    assert presets == {choice: ("run", f"loss:{choice}") for choice in ("best", "last", "min", "max")}


def test_gradients_of_all_layers_together_stand_beside_the_metrics():
    (first, rows), (second, more) = training(run="a", seed=1), training(run="b", seed=2)
    frame = runs(about({"run": "a"}, {"run": "b"}), steps_table(rows + more), layers_table(first + second))
    table = layers_table(first).to_pandas()
    norms = np.sqrt(table.groupby("step")["sum_sq"].sum())
    assert columns(frame)["grad_norm:last"][0] == pytest.approx(norms.iloc[-1])
    assert columns(frame)["grad_norm:max"][0] == pytest.approx(norms.max())
    assert "grad_norm:last" in frame.axes


def test_how_a_run_went_is_told():
    end = START + dt.timedelta(seconds=90)
    rows = [
        {"run": "a", "start": START, "end": end, "state": "finished", "tags": ["x", "y"], "host": "h"},
        {
            "run": "b",
            "start": START - dt.timedelta(seconds=5),
            "end": None,
            "state": "crashed",
            "tags": [],
            "host": "h",
        },
    ]
    found = columns(runs(about(*rows), steps_table(logged("a", loss=[1.0]) + logged("b", loss=[2.0]))))
    assert found["duration"] == [90.0, 5.0]
    assert found["state"] == ["finished", "crashed"]
    assert found["tags"] == ["x, y", None]


@pytest.mark.parametrize("name", ["val_accuracy", "eval/f1", "testAUC", "top1", "mean_reward", "val/R2"])
def test_more_is_better_of_scores(name):
    assert higher_is_better(name)


@pytest.mark.parametrize("name", ["loss", "val_mae", "error", "accuracy_loss", "backtrack", "perplexity", "grad_norm"])
def test_less_is_better_of_losses(name):
    assert not higher_is_better(name)


def test_the_lens_is_there_for_two_runs_and_first_for_ten():
    def of(count):
        both = [training(run=f"r{index}", epochs=2, steps=1) for index in range(count)]
        given = [row for first, _ in both for row in first], [row for _, more in both for row in more]
        return [frame.lens for frame in frames(recording(*given, tuple((f"r{i}", f"run {i}") for i in range(count))))]

    assert of(1) == ["flow", "steps", "layers"]
    assert of(2) == ["flow", "steps", "layers", "runs"]
    assert of(10) == ["runs", "flow", "steps", "layers"]


def test_runs_that_recorded_nothing_are_left_out_and_names_stand_for_ids():
    rows = logged("a", loss=[1.0]) + logged("b", loss=[2.0])
    given = SimpleNamespace(
        runs=Lazy(about({"run": "a", "name": "mlp"}, {"run": "c", "name": "none"}, {"run": "b", "name": "cnn"})),
        steps=Lazy(steps_table(rows)),
        layers=Lazy(layers_table([])),
        params=Lazy(params_table()),
    )
    assert columns(frames(given, "runs")[0])["run"] == ["mlp", "cnn"]

"""Alerts: found while training, said once, and a training is stopped only where asked."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from undertow import Run, load
from undertow.errors import TrainingStoppedError


def noisy(steps: int, level: float = 1.0, seed: int = 0) -> list[float]:
    return list(level + 0.01 * np.random.default_rng(seed).normal(size=steps))


def falling(steps: int) -> list[float]:
    return [float(value) for value in 1 + 9 * np.exp(-np.arange(steps) / 5)]


def wait_for(run: Run, count: int = 1) -> None:
    deadline = time.monotonic() + 10
    while len(run.alerts) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def recorded(run: Run, losses: list[float]) -> None:
    for step, loss in enumerate(losses):
        run.log(step=step, loss=loss)


def test_a_loss_that_is_nan_is_said_once(root: Path):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with Run(root, name="mlp", alerts=True) as run:
            recorded(run, [3.0, float("nan")])
            wait_for(run)
            recorded(run, [float("nan")] * 3)
            run.flush()
    assert [finding.kind for finding in run.alerts] == ["nonfinite"]
    assert run.alerts[0].first_step == 1
    assert [str(each.message).startswith("run mlp: loss is not finite from step 1.") for each in said] == [True]
    assert not run.should_stop


def test_a_sound_training_raises_no_alert(root: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Run(root, alerts=True) as run:
            recorded(run, falling(200))
            run.flush()
    assert run.alerts == []


def test_without_alerts_nothing_is_asked(root: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Run(root) as run:
            recorded(run, [1.0, float("nan")])
            run.flush()
    assert run.alerts == []


def test_divergence_is_found_while_it_trains(root: Path):
    with pytest.warns(RuntimeWarning, match="diverges"), Run(root, alerts=["divergence"]) as run:
        recorded(run, falling(40))
        run.flush()
        for step in range(40, 80):
            run.log(step=step, loss=30.0)
        run.flush()
        time.sleep(0.6)
        for step in range(80, 100):
            run.log(step=step, loss=30.0)
        wait_for(run)
    assert [finding.kind for finding in run.alerts] == ["divergence"]


def test_stop_on_raises_from_the_next_log_once(root: Path):
    with pytest.warns(RuntimeWarning, match="not finite"):
        run = Run(root, stop_on=["nonfinite"])
        run.log(loss=float("inf"))
        wait_for(run)
        with pytest.raises(TrainingStoppedError, match="loss is not finite from step 0"):
            run.log(loss=1.0)
        run.log(loss=2.0)
        run.close()
    assert run.should_stop
    assert load(run.path).steps.to_arrow()["loss"].to_pylist() == [float("inf"), 1.0, 2.0]


def test_gradients_that_are_nan_name_the_layer(root: Path):
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.warns(RuntimeWarning, match="Gradients are not finite from step 3"), Run(root, alerts=True) as run:
        run.watch(model, optimizer)
        for step in range(6):
            optimizer.zero_grad()
            model(torch.ones(2, 4)).sum().backward()
            if step == 3:
                model[0].weight.grad[0, 0] = float("nan")
            optimizer.step()
        wait_for(run)
    (finding,) = run.alerts
    assert finding.layers == ("0.weight",)
    assert "first in 0.weight, the nearest to the loss of 1 parameters hit" in finding.sentence


def test_a_rule_that_is_not_cheap_is_refused_before_anything_is_written(root: Path):
    with pytest.raises(ValueError, match="'vanishing' cannot raise an alert; these can: nonfinite, divergence, spikes"):
        Run(root, stop_on=["vanishing"])
    assert list(root.iterdir()) == []


def test_steps_that_a_loss_scaler_skipped_are_no_alarm(root: Path):
    from undertow.statistics import FLOATS

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Run(root, alerts=True) as run:
            run.log({"amp.skipped": True, "amp.scale": 65536.0}, step=0)
            run.record_layers(0, None, ("w",), (2,), np.full((1, len(FLOATS)), np.nan), np.array([[0, 2]]))
            run.record_layers(1, None, ("w",), (2,), np.ones((1, len(FLOATS))), np.array([[0, 0]]))
            run.flush()
            time.sleep(0.5)
    assert run.alerts == []


def test_keras_stops_at_the_end_of_the_epoch(root: Path):
    keras = pytest.importorskip("keras")
    from undertow.integrations.keras import Recorder

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Run(root, stop_on=["nonfinite"]) as run:
            waits = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: wait_for(run))
            history = model.fit(
                np.full((8, 4), np.nan), np.ones((8, 1)), epochs=5, verbose=0, callbacks=[waits, Recorder(run)]
            )
    assert len(history.epoch) <= 2
    assert run.alerts[0].kind == "nonfinite"


def test_of_a_long_training_the_older_losses_are_thinned(root: Path, monkeypatch):
    from undertow import _alerts

    monkeypatch.setattr(_alerts, "_MOST", 200)
    alerts = _alerts.Alerts(["divergence"], ())
    run = Run(root)
    alerts.attach(run)
    with pytest.warns(RuntimeWarning, match="diverges from step "):
        for step, loss in enumerate([*falling(500), *noisy(500, 30.0)]):
            run.log(step=step, loss=loss)
            if step % 50 == 0:
                run.flush()
        run.flush()
        alerts._look_at_losses()
    assert alerts._count <= 250
    steps = alerts._table()["step"].to_pylist()
    assert steps == sorted(steps)
    assert steps[0] == 0
    run.close()

"""The Keras recorder, on each backend, against autograd by hand and against training without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("keras")

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).with_name("keras_cases.py")
MODELS = ("default", "no_jit", "eager", "own_train_step", "subclassed", "conv")
OPTIMIZERS = ("clipped", "scaled", "fixed_scale", "accumulated")
EXACT = ("count", "zeros", "nonfinite")
PARAMS = ["first/kernel", "first/bias", "second/kernel", "second/bias", "last/kernel", "last/bias"]


@cache
def cases(backend: str) -> dict[str, Any]:
    """What keras_cases.py found; one process a backend."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, str(CASES)], env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert found, f"exit code {done.returncode}\n{done.stderr[-4000:]}"
    return json.loads(found[0].removeprefix("RESULT "))


@pytest.fixture(params=["jax", "torch", "tensorflow"])
def result(request: pytest.FixtureRequest) -> dict[str, Any]:
    pytest.importorskip(request.param)
    return cases(request.param)


def compared(result: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in result["compare"]:
        pytest.skip("Keras refuses it on this backend")
    return result["compare"][name]


@pytest.mark.parametrize("name", [*MODELS, *OPTIMIZERS, "steps_per_execution"])
def test_training_is_bit_identical_with_the_recorder(result: dict[str, Any], name: str) -> None:
    case = compared(result, name)
    assert case["identical"]
    assert case["history"]
    assert case["logs"]
    assert case["warnings"] == []
    assert case["leftovers"] == []
    assert case["state"] == ["finished"]


@pytest.mark.parametrize("name", [*MODELS, *OPTIMIZERS, "steps_per_execution"])
def test_every_update_is_recorded_once(result: dict[str, Any], name: str) -> None:
    case = compared(result, name)
    updates = {"conv": 12, "accumulated": 4}.get(name, 14)
    assert case["steps"] == list(range(updates))
    assert case["rows"] == updates * len(case["params"])
    assert case["epochs_of_steps"] == [[step // (updates // 2), step] for step in range(updates)]


@pytest.mark.parametrize("name", [*MODELS, *OPTIMIZERS, "steps_per_execution"])
def test_every_epoch_records_what_the_history_says(result: dict[str, Any], name: str) -> None:
    case = compared(result, name)
    updates = {"conv": 12, "accumulated": 4}.get(name, 14)
    assert all(case["recorded_history"].values())
    assert "val_loss" in case["recorded_history"]
    assert case["epoch"] == [0, 1]
    assert case["last_step"] == [updates // 2 - 1, updates - 1]
    assert all(rate > 0 for rate in case["learning_rate"])


@pytest.mark.parametrize("name", ["default", *OPTIMIZERS])
def test_statistics_agree_with_autograd(result: dict[str, Any], name: str) -> None:
    worst = result["oracle"][name]
    assert all(worst[field] == 0 for field in EXACT)
    assert max(worst.values()) < 1e-5


def test_parameters_are_named_as_a_person_would_and_deepen_towards_the_output(result: dict[str, Any]) -> None:
    assert result["compare"]["default"]["params"] == PARAMS
    assert result["compare"]["default"]["depths"] == [0, 0, 1, 1, 2, 2]
    assert result["compare"]["subclassed"]["params"] == [PARAMS[0], PARAMS[1], PARAMS[4], PARAMS[5]]


def test_steps_go_on_in_the_next_fit_and_nothing_is_wrapped_twice(result: dict[str, Any]) -> None:
    assert result["two_fits"] == {"steps": [0, 1, 2, 3, 4, 5, 6], "rows": [6] * 7, "last": [2, 4, 6]}


def test_every_thins_out_the_steps(result: dict[str, Any]) -> None:
    assert result["every"] == [0, 3, 6]


def test_a_fit_that_raises_leaves_no_trace(result: dict[str, Any]) -> None:
    failed = result["failing_fit"]
    assert failed["raised"]
    assert failed["steps"] == [0, 1, 2]
    assert failed["leftovers_callback"] == []
    assert failed["leftovers_step"] == []


def test_model_saved_while_and_after_recording_is_the_same(result: dict[str, Any]) -> None:
    assert result["saving"] == {"same": True, "during": 6, "optimizer_variables": True}


def test_nan_in_the_gradient_is_counted_and_stays_visible(result: dict[str, Any]) -> None:
    assert result["nonfinite"] == {"nonfinite": 32, "nan": True}


def test_a_parameter_that_the_loss_does_not_use_has_a_zero_gradient(result: dict[str, Any]) -> None:
    assert result["unused"] == {"zeros": 13, "count": 13, "sum_sq": 0.0}


def test_a_closed_run_is_refused_before_training(result: dict[str, Any]) -> None:
    assert result["misuse"] == {"error": "RunClosedError"}


def test_keras_is_not_made_to_wait_for_each_batch(result: dict[str, Any]) -> None:
    assert not result["synchronises"]


def test_the_integration_loads_no_framework_but_keras(result: dict[str, Any]) -> None:
    assert result["loaded_by_us"] == []


def test_nnx_mode_says_that_layers_are_not_recorded(tmp_path):
    pytest.importorskip("flax")
    code = """if True:
        import sys, warnings
        import keras, numpy as np
        import undertow as ut
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        with ut.Run(sys.argv[1]) as run, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=3, verbose=0, callbacks=[ut.keras.Recorder(run)])
        recording = ut.load(run.path)
        told = sum("NNX" in str(warning.message) for warning in caught)
        print(len(recording.steps.to_arrow()), len(recording.layers.to_arrow()), told)
    """
    environment = {**os.environ, "KERAS_BACKEND": "jax", "KERAS_NNX_ENABLED": "true"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["3", "0", "1"], done.stderr

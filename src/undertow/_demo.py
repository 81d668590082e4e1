"""The demo: the article's network on the Boston housing data, recorded, diagnosed and drawn."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ._dispatch import frames_of, recorded_of
from .datasets.boston_housing import CAVEAT, FEATURES, load_boston_housing
from .diagnose import find
from .errors import UndertowError
from .record import Run
from .view import View

__all__ = ["BACKENDS", "Demo", "DemoUnavailableError", "train"]

BACKENDS = ("jax", "tensorflow", "torch")

#: The last fifth of the 404 training rows is held out for validation, the rows that `validation_split=0.2` takes.
VALIDATION_SPLIT = 0.2
UNITS, BATCH = 64, 16

_EXTRAS = {
    "jax": 'pip install "undertow[demo]"',
    "tensorflow": 'pip install "undertow[keras]" tensorflow',
    "torch": 'pip install "undertow[keras]" torch',
}


class DemoUnavailableError(UndertowError):
    """Keras or its backend is not installed."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo made.

    Attributes:
        run: The run's folder.
        view: The page, flow first.
        test_mae: Mean absolute error on the 102 test rows, in $1000.
    """

    run: Path
    view: View
    test_mae: float


#: Called after each epoch with the number of epochs done and the metrics that Keras reports.
Progress = Callable[[int, dict[str, float]], None]


def train(backend: str, epochs: int, seed: int, runs: Path, progress: Progress) -> Demo:
    """Trains 13 → 64 → 64 → 1 (relu, rmsprop, mse, batch 16) with a Recorder, and reads back what it recorded.

    Features are standardised with mean and deviation of the 323 rows that are fitted; the validation and test rows have
    no say in them.

    Args:
        backend: "jax", "tensorflow" or "torch". Keras takes it when first imported; it must not be imported yet.
        epochs: How often to see the data.
        seed: For weights and batches.
        runs: The folder of all runs.
        progress: Told after each epoch.

    Raises:
        DemoUnavailableError: If Keras or the backend is not installed.
    """
    with _quiet():
        _choose_backend(backend)
        with _hushed():
            import keras

            from .integrations.keras import Recorder

            keras.utils.set_random_seed(seed)

        (x, y), (x_test, y_test) = load_boston_housing()
        fitted = int(len(x) * (1 - VALIDATION_SPLIT))
        mean, deviation = x[:fitted].mean(axis=0), x[:fitted].std(axis=0)
        x, x_test = (x - mean) / deviation, (x_test - mean) / deviation

        model = keras.Sequential(
            [
                keras.Input((len(FEATURES),)),
                keras.layers.Dense(UNITS, activation="relu"),
                keras.layers.Dense(UNITS, activation="relu"),
                keras.layers.Dense(1),
            ],
            name="boston",
        )
        model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
        config = {
            "backend": backend,
            "epochs": epochs,
            "seed": seed,
            "batch": BATCH,
            "units": UNITS,
            "optimizer": "rmsprop",
            "validation_split": VALIDATION_SPLIT,
        }
        with Run(runs, name="boston-housing", config=config) as run:
            model.fit(
                x[:fitted],
                y[:fitted],
                validation_data=(x[fitted:], y[fitted:]),
                epochs=epochs,
                batch_size=BATCH,
                verbose=0,
                callbacks=[
                    Recorder(run),
                    keras.callbacks.LambdaCallback(
                        on_epoch_end=lambda epoch, logs: progress(epoch + 1, dict(logs or {}))
                    ),
                ],
            )
        _, test_mae = model.evaluate(x_test, y_test, verbose=0)
    subtitle = (
        f"{len(FEATURES)} → {UNITS} → {UNITS} → 1, rmsprop, {epochs} epochs on {backend}; "
        f"mean error on the test rows ${1000 * test_mae:,.0f}. {CAVEAT}"
    )
    recorded = recorded_of(run.path)
    frames = frames_of(recorded)
    view = View(frames, find(frames, recorded), title="Boston housing", subtitle=subtitle)
    return Demo(run.path, view, float(test_mae))


def _choose_backend(backend: str) -> None:
    for package in ("keras", backend):
        if importlib.util.find_spec(package) is None:
            raise DemoUnavailableError(f"the demo needs {package}, which is not installed: {_EXTRAS[backend]}")
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("ABSL_MIN_LOG_LEVEL", "3")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the deprecation warnings that the frameworks give each other; ours are shown."""
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", kind)
        yield


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Without what C++ libraries write to stderr while they load, whatever they are told; not lost if loading fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(stderr, said.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)

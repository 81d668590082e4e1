"""Trains one Keras network of the findings suite with a Recorder; the backend is whatever KERAS_BACKEND says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from _data import FEATURES, SIDE, Task
from _setup import Case, Setup

import undertow as ut

__all__ = ["train"]

_BATCHES = 32


def train(case: Case, runs: Path) -> None:
    """Records `runs/<name>`; beside it stands the expected loss by epoch, as for PyTorch."""
    setup = case.setup
    keras.utils.set_random_seed(case.seed)
    task = Task("cnn" if setup.arch == "cnn" else "mlp", setup.classes, case.seed)
    model = _model(setup)
    for layer in model.layers[:-1] if setup.bias is not None else ():
        if layer.weights:
            layer.bias.assign(np.full(layer.bias.shape, setup.bias, np.float32))
    x, y = _shaped(task.draw(setup.rows or setup.batch * _BATCHES * setup.epochs, setup.noise))
    held_out, truth = _shaped(task.draw(512)), _shaped(task.draw(4000))
    if setup.poison:
        x[(setup.poison[0] * _BATCHES + setup.poison[1]) * setup.batch].flat[0] = np.nan
    expected: list[float] = []
    truthful = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: expected.append(float(model.evaluate(*truth, verbose=0, batch_size=4000)))
    )
    options: dict[str, Any] = {"verbose": 0, "validation_data": held_out, "validation_batch_size": 512}
    with ut.Run(runs, id=case.name, config={"batch": setup.batch, "lr": setup.lr}) as run:
        recorder = ut.keras.Recorder(run)
        callbacks = [recorder, truthful]
        if setup.rows:
            model.fit(x, y, epochs=setup.epochs, batch_size=setup.batch, callbacks=callbacks, **options)
        else:
            # New examples each epoch: those of the epoch at hand, in order.
            model.fit(
                _stream(x, y, setup), epochs=setup.epochs, steps_per_epoch=_BATCHES, callbacks=callbacks, **options
            )
    (runs / f"{case.name}.json").write_text(json.dumps({"case": json.loads(case.to_json()), "expected": expected}))


def _stream(x: Any, y: Any, setup: Setup) -> Any:
    for start in range(0, len(x), setup.batch):
        yield x[start : start + setup.batch], y[start : start + setup.batch]


def _shaped(data: tuple[Any, Any]) -> tuple[Any, Any]:
    x, y = data
    return (x.transpose(0, 2, 3, 1) if x.ndim == 4 else x), y


def _model(setup: Setup) -> Any:
    layers = keras.layers
    out = layers.Dense(max(setup.classes, 1))
    if setup.arch == "cnn":
        stack = [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
        ]
    elif setup.arch == "sigmoid20":
        stack = [keras.Input((FEATURES,)), *(layers.Dense(32, activation="sigmoid") for _ in range(20))]
    elif setup.arch == "bn":
        stack = [keras.Input((FEATURES,))]
        for _ in range(3):
            stack += [layers.Dense(64), layers.BatchNormalization(), layers.ReLU()]
    else:
        stack = [keras.Input((FEATURES,)), *(layers.Dense(64, activation="relu") for _ in range(3))]
    model = keras.Sequential([*stack, out])
    optimizer = {
        "sgd": lambda: keras.optimizers.SGD(setup.lr),
        "momentum": lambda: keras.optimizers.SGD(setup.lr, momentum=0.9),
        "rmsprop": lambda: keras.optimizers.RMSprop(setup.lr),
        "adam": lambda: keras.optimizers.Adam(setup.lr),
    }[setup.optimizer]()
    factor = setup.loss_factor
    if setup.classes:
        base = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    else:
        base = keras.losses.MeanSquaredError()
    model.compile(optimizer=optimizer, loss=base if factor == 1 else lambda y, z: factor * base(y, z))
    return model

"""Trains the same model with and without the recorder on one Keras backend; prints what came of it as JSON.

Run by test_keras.py, once a backend, since KERAS_BACKEND holds for a process and importing a framework takes seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

_FRAMEWORKS = ("tensorflow", "jax", "torch", "flax", "pandas", "polars")
import keras  # noqa: E402

LOADED_BY_KERAS = {name for name in _FRAMEWORKS if name in sys.modules}

from undertow.integrations.keras import Recorder  # noqa: E402

LOADED_BY_US = {name for name in _FRAMEWORKS if name in sys.modules} - LOADED_BY_KERAS

from undertow.record import Run  # noqa: E402
from undertow.statistics import FIELDS, summarize  # noqa: E402
from undertow.store import load  # noqa: E402

BACKEND = keras.backend.backend()
FIELD_NAMES = [field.name for field in FIELDS]
BATCH = 16
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 13)).astype("float32")
Y = rng.normal(size=(120, 1)).astype("float32")
IMAGES = rng.normal(size=(96, 10, 10, 3)).astype("float32")
CLASSES = rng.integers(0, 5, 96)


def layers() -> list[Any]:
    return [
        keras.Input((13,)),
        keras.layers.Dense(32, activation="relu", name="first"),
        keras.layers.Dense(32, activation="relu", name="second"),
        keras.layers.Dense(1, name="last"),
    ]


class OwnStep(keras.Sequential):
    def train_step(self, *arguments: Any) -> Any:
        return super().train_step(*arguments)


class Subclassed(keras.Model):
    """Built by its first batch only."""

    def __init__(self) -> None:
        super().__init__()
        self.first = keras.layers.Dense(8, activation="relu", name="first")
        self.last = keras.layers.Dense(1, name="last")

    def call(self, inputs: Any) -> Any:
        return self.last(self.first(inputs))


def dense(optimizer: Any = None, kind: Any = keras.Sequential, **compiled: Any) -> Any:
    keras.utils.set_random_seed(1)
    model = kind(layers())
    model.compile(optimizer or keras.optimizers.RMSprop(), "mse", metrics=["mae"], **compiled)
    return model


def subclassed() -> Any:
    keras.utils.set_random_seed(1)
    model = Subclassed()
    model.compile("adam", "mse")
    return model


def conv() -> Any:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((10, 10, 3)),
            keras.layers.Conv2D(8, 3),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(5),
        ]
    )
    model.compile("adamw", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def optimizers() -> dict[str, Any]:
    return {
        "clipped": lambda: keras.optimizers.Adam(clipnorm=0.5),
        "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-2)),
        "fixed_scale": lambda: keras.optimizers.SGD(1e-2, loss_scale_factor=128.0),
        "accumulated": lambda: keras.optimizers.Adam(gradient_accumulation_steps=3),
    }


def models() -> dict[str, Any]:
    cases = {
        "default": dense,
        "no_jit": lambda: dense(jit_compile=False),
        "eager": lambda: dense(run_eagerly=True),
        "own_train_step": lambda: dense(kind=OwnStep),
        "subclassed": subclassed,
        "conv": conv,
        **{name: lambda make=make: dense(make()) for name, make in optimizers().items()},
    }
    if BACKEND != "torch":
        # Keras refuses it on PyTorch.
        cases["steps_per_execution"] = lambda: dense(steps_per_execution=4)
    return cases


class LogKeys(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.keys: set[str] = set()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.keys |= set(logs or {})


def leftovers(model: Any) -> list[str]:
    hooks = [(model, name) for name in ("train_step", "_make_function")]
    hooks += [(model.optimizer, name) for name in ("apply", "stateless_apply")]
    return [name for owner, name in hooks if name in vars(owner)]


def compare(make: Any) -> dict[str, Any]:
    """The same training twice, the second time with the recorder."""
    ended = []
    for recorded in (False, True):
        model, keys, folder = make(), LogKeys(), tempfile.mkdtemp()
        data = (IMAGES, CLASSES) if make is conv else (X, Y)
        with warnings.catch_warnings(record=True) as caught, Run(folder) as run:
            warnings.simplefilter("always")
            callbacks = [keys, *([Recorder(run)] if recorded else [])]
            history = model.fit(
                *data, epochs=2, batch_size=BATCH, validation_split=0.1, verbose=0, callbacks=callbacks
            ).history
        ended.append((model.get_weights(), history, keys.keys))
    rec = load(folder)
    rows, steps = rec.layers.to_pandas(), rec.steps.to_pandas()
    (weights, history, keys), (weights_recorded, history_recorded, keys_recorded) = ended
    names = list(history)
    return {
        "identical": all(np.array_equal(a, b) for a, b in zip(weights, weights_recorded, strict=True)),
        "history": history == history_recorded,
        "logs": keys == keys_recorded,
        "recorded_history": {name: steps[name].tolist() == history[name] for name in names},
        "learning_rate": steps["learning_rate"].tolist(),
        "epoch": steps["epoch"].tolist(),
        "last_step": steps["step"].tolist(),
        "rows": len(rows),
        "steps": sorted(set(rows["step"].tolist())),
        "epochs_of_steps": sorted({(int(e), int(s)) for e, s in zip(rows["epoch"], rows["step"], strict=True)}),
        "params": rec.params.to_pandas()["param"].tolist(),
        "depths": rec.params.to_pandas()["depth"].tolist(),
        "state": rec.runs.to_pandas()["state"].tolist(),
        "warnings": [str(w.message) for w in caught if "undertow" in str(w.message)],
        "leftovers": leftovers(model),
    }


def gradients(model: Any, x: Any, y: Any) -> list[np.ndarray]:
    """By hand, with the framework's own autograd."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
        return [g.numpy() for g in tape.gradient(loss, [v.value for v in model.trainable_variables])]
    if BACKEND == "jax":
        import jax

        def loss_of(weights: Any) -> Any:
            predicted, _ = model.stateless_call(weights, [v.value for v in model.non_trainable_variables], x)
            return ((predicted - y) ** 2).mean()

        return [np.asarray(g) for g in jax.grad(loss_of)([v.value for v in model.trainable_variables])]
    import torch

    loss = ((model(torch.tensor(x)) - torch.tensor(y)) ** 2).mean()
    return [g.numpy() for g in torch.autograd.grad(loss, [v.value for v in model.trainable_variables])]


def train(model: Any, first: int, last: int, callbacks: Any = ()) -> None:
    rows = slice(first * BATCH, last * BATCH)
    if last > first:
        model.fit(X[rows], Y[rows], batch_size=BATCH, shuffle=False, verbose=0, callbacks=list(callbacks))


def oracle(make: Any, accumulate: int = 1) -> dict[str, float]:
    """The largest difference between what was recorded and what is computed by hand, by field, over the first steps.

    Relative; for `sum`, where positive and negative cancel, relative to √n times the norm, its bound.
    """
    with Run(tempfile.mkdtemp()) as run:
        train(make(), 0, 6, [Recorder(run)])
    rows = load(run.path).layers.to_pandas()
    worst = dict.fromkeys(FIELD_NAMES, 0.0)
    model = make()
    for step in range(6 // accumulate):
        batches = [slice(c * BATCH, (c + 1) * BATCH) for c in range(step * accumulate, (step + 1) * accumulate)]
        before = weights(model)
        parts = [gradients(model, X[batch], Y[batch]) for batch in batches]
        averaged = [np.mean(group, axis=0) for group in zip(*parts, strict=True)]
        for batch in batches:
            model.train_on_batch(X[batch], Y[batch])
        recorded = rows[rows["step"] == step].set_index("param")
        for name, g, w, v in zip(_paths(model), averaged, before, weights(model), strict=True):
            expected, got = summarize(g, w, v - w), recorded.loc[name]
            for field in FIELD_NAMES:
                scale = abs(expected[field]) or 1.0
                if field == "sum":
                    scale = np.sqrt(expected["count"] * expected["sum_sq"]) or 1.0
                worst[field] = max(worst[field], abs(float(got[field]) - expected[field]) / scale)
    return worst


def weights(model: Any) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in model.trainable_variables]


def _paths(model: Any) -> list[str]:
    return [v.path.removeprefix(f"{model.name}/") for v in model.trainable_variables]


def two_fits() -> dict[str, Any]:
    model = dense()
    with Run(tempfile.mkdtemp()) as run:
        recorder = Recorder(run)
        train(model, 0, 3, [recorder])
        train(model, 3, 5, [recorder])
        train(model, 5, 7, [Recorder(run)])
    rec = load(run.path)
    counts = rec.layers.to_pandas().groupby("step").size()
    return {"steps": counts.index.tolist(), "rows": counts.tolist(), "last": rec.steps.to_pandas()["step"].tolist()}


def every() -> list[int]:
    with Run(tempfile.mkdtemp()) as run:
        train(dense(), 0, 7, [Recorder(run, every=3)])
    return sorted(set(load(run.path).layers.to_pandas()["step"].tolist()))


class StopError(Exception):
    pass


class Raises(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        raise StopError


def failing_fit() -> dict[str, Any]:
    """A fit that a callback ends by raising, of which Keras tells nobody; and one that the data end."""
    result: dict[str, Any] = {}
    model = dense()
    with Run(tempfile.mkdtemp()) as run:
        try:
            train(model, 0, 3, [Recorder(run), Raises()])
        except StopError:
            result["raised"] = True
        train(model, 3, 5)
        result["leftovers_callback"] = leftovers(model)
    rows = load(run.path).layers.to_pandas()
    result["steps"] = sorted(set(rows["step"].tolist()))
    result["state"] = load(run.path).runs.to_pandas()["state"].tolist()

    def bad_batches() -> Any:
        yield X[:16], Y[:16]
        yield X[:16, :5], Y[:16]

    model = dense()
    with Run(tempfile.mkdtemp()) as run:
        try:
            model.fit(bad_batches(), verbose=0, callbacks=[Recorder(run)])
        except Exception:
            result["leftovers_step"] = leftovers(model)
    return result


def saving() -> dict[str, Any]:
    plain, recorded = dense(), dense()
    with tempfile.TemporaryDirectory() as name, Run(tempfile.mkdtemp()) as run:
        during = keras.callbacks.ModelCheckpoint(str(Path(name) / "during.keras"), save_freq=2)
        train(plain, 0, 4)
        train(recorded, 0, 4, [Recorder(run), during])
        recorded.save(Path(name) / "after.keras")
        again = keras.models.load_model(Path(name) / "after.keras")
        checkpoint = keras.models.load_model(Path(name) / "during.keras")
    same = [np.array_equal(a, b) for a, b in zip(again.get_weights(), plain.get_weights(), strict=True)]
    return {
        "same": all(same),
        "during": len(checkpoint.get_weights()),
        "optimizer_variables": len(again.optimizer.variables) == len(plain.optimizer.variables),
    }


def nonfinite() -> dict[str, Any]:
    model = dense()
    y = Y[:16].copy()
    y[0, 0] = np.nan
    with Run(tempfile.mkdtemp()) as run:
        model.fit(X[:16], y, batch_size=16, verbose=0, callbacks=[Recorder(run)])
    row = load(run.path).layers.to_pandas().set_index("param").loc["last/kernel"]
    return {
        "nonfinite": int(row["nonfinite"]),
        "nan": bool(np.isnan([row["sum"], row["sum_sq"], row["abs_max"]]).all()),
    }


def unused() -> dict[str, Any]:
    """A parameter that the loss does not depend on."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((13,))
    used = keras.layers.Dense(1, name="used")(inputs)
    unused_ = keras.layers.Dense(1, name="unused")(inputs)
    model = keras.Model(inputs, [used, unused_])
    model.compile("sgd", loss=["mse", None])
    with Run(tempfile.mkdtemp()) as run, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X[:16], Y[:16], batch_size=16, verbose=0, callbacks=[Recorder(run)])
    row = load(run.path).layers.to_pandas().set_index("param").loc["unused/kernel"]
    return {"zeros": int(row["zeros"]), "count": int(row["count"]), "sum_sq": float(row["sum_sq"])}


def misuse() -> dict[str, Any]:
    run = Run(tempfile.mkdtemp())
    run.close()
    try:
        train(dense(), 0, 1, [Recorder(run)])
    except Exception as error:
        return {"error": type(error).__name__}
    return {"error": None}


def main() -> None:
    made = models()
    result: dict[str, Any] = {
        "loaded_by_us": sorted(LOADED_BY_US),
        "synchronises": not keras.src.utils.is_default(Recorder.on_train_batch_end),
        "compare": {name: compare(make) for name, make in made.items()},
        "oracle": {name: oracle(made[name], 3 if name == "accumulated" else 1) for name in ("default", *optimizers())},
        "two_fits": two_fits(),
        "every": every(),
        "failing_fit": failing_fit(),
        "saving": saving(),
        "nonfinite": nonfinite(),
        "unused": unused(),
        "misuse": misuse(),
    }
    print("RESULT " + json.dumps(result, default=str))


if __name__ == "__main__":
    main()

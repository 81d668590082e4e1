"""What recording costs a jitted training: Keras by its Recorder, optax by a watched optimizer; beside bare.

python benchmarks/overhead_jax.py [--model keras|optax|optax-mlp] [--backend jax|tensorflow] [--rounds N] [--json PATH]

As overhead_torch.py: contenders take turns in one process, each a training of its own. `keras` is one `fit` a block,
timed without its first epoch, which compiles; a block shorter than some turns of the writer shows chance.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _rounds import report

import undertow as ut


def keras_blocks(folder: Path) -> dict[str, Callable[[int], float]]:
    """The article's network: batches of 16 of as many rows as Boston housing trains on."""
    import keras

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 13)).astype("float32"), rng.normal(size=(400, 1)).astype("float32")

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            self.starts = [*getattr(self, "starts", []), time.perf_counter()]

    def block(callbacks: Callable[[], list]) -> Callable[[int], float]:
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Dense(64, "relu"), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((13,)), *layers])
        model.compile("rmsprop", "mse", metrics=["mae"])

        def steps(count: int) -> float:
            clock, epochs = Clock(), 2 + count // 25
            model.fit(x, y, batch_size=16, epochs=epochs, verbose=0, callbacks=[clock, *callbacks()])
            return (clock.starts[-1] - clock.starts[1]) / (25 * (epochs - 2))

        return steps

    run = ut.Run(folder / "runs")
    return {
        "bare": block(list),
        "undertow, every step": block(lambda: [ut.keras.Recorder(run)]),
        "undertow, every=20": block(lambda: [ut.keras.Recorder(run, every=20)]),
    }


def optax_blocks(folder: Path, sizes: list[int], batch: int) -> dict[str, Callable[[int], float]]:
    import jax
    import jax.numpy as jnp
    import optax

    layers = list(itertools.pairwise(sizes))
    x = jax.random.normal(jax.random.key(0), (batch, sizes[0]))
    y = jax.random.normal(jax.random.key(1), (batch, sizes[-1]))

    def loss_of(params: list, x: jax.Array, y: jax.Array) -> jax.Array:
        for w, b in params[:-1]:
            x = jax.nn.relu(x @ w + b)
        return jnp.square(x @ params[-1][0] + params[-1][1] - y).mean()

    def block(tx: optax.GradientTransformation, log: Callable) -> Callable[[int], float]:
        keys = jax.random.split(jax.random.key(2), len(layers))
        params = [
            (jax.random.normal(k, shape) * 0.05, jnp.zeros(shape[1])) for k, shape in zip(keys, layers, strict=True)
        ]
        now = [params, tx.init(params)]

        def step(params: list, state: object, x: jax.Array, y: jax.Array) -> tuple:
            loss, grads = jax.value_and_grad(loss_of)(params, x, y)
            updates, state = tx.update(grads, state, params)
            return optax.apply_updates(params, updates), state, loss

        compiled = jax.jit(step, donate_argnums=(0, 1))

        def steps(count: int) -> float:
            start = time.perf_counter()
            for _ in range(count):
                *now[:], loss = compiled(*now, x, y)
                log(now[1], loss)
            loss.block_until_ready()
            return (time.perf_counter() - start) / count

        return steps

    run, every = ut.Run(folder / "runs"), ut.Run(folder / "runs")
    adam = optax.adam(1e-4)
    return {
        "bare": block(adam, lambda state, loss: None),
        "loss alone, float(loss)": block(adam, lambda state, loss: float(loss)),
        "undertow, every step": block(ut.optax.watch(adam), lambda state, loss: run.log(ut.optax.stats(state))),
        "undertow, every=20": block(
            ut.optax.watch(adam, every=20), lambda state, loss: every.log(ut.optax.stats(state))
        ),
    }


#: What makes the blocks, steps in one, what it is.
MODELS = {
    "keras": (keras_blocks, 1000, "Keras, MLP 13-64-64-1, batch 16"),
    "optax": (lambda folder: optax_blocks(folder, [13, 64, 64, 1], 16), 1000, "optax, MLP 13-64-64-1, batch 16"),
    "optax-mlp": (
        lambda folder: optax_blocks(folder, [784, *[1024] * 3, 10], 128),
        10,
        "optax, MLP 784-1024³-10, batch 128",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=[*MODELS, "all"], default="all")
    parser.add_argument("--backend", choices=["jax", "tensorflow"], default="jax", help="of Keras")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ |= {"KERAS_BACKEND": options.backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    report(MODELS, lambda make, folder: make(folder), options, {"backend": options.backend})


if __name__ == "__main__":
    main()

"""What the tests of the optax integration share: a network, its training, and the same sums by NumPy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax

import undertow as ut
from undertow.statistics import COUNTS, FLOATS, summarize

NAMES = (*FLOATS, *COUNTS, "count")
LAYERS = ("first", "second", "out")


def init(seed=0, width=16, dtype=jnp.float32):
    keys = jax.random.split(jax.random.key(seed), 3)
    shapes = [(8, width), (width, width), (width, 1)]
    return {
        name: {"w": (jax.random.normal(key, shape) * 0.3).astype(dtype), "b": jnp.zeros(shape[1], dtype)}
        for name, key, shape in zip(LAYERS, keys, shapes, strict=True)
    }


def batches(n, size=16, seed=1, dtype=jnp.float32):
    x = jax.random.normal(jax.random.key(seed), (n, size, 8)).astype(dtype)
    return [(batch, jnp.sin(batch.sum(1, keepdims=True))) for batch in x]


def loss_of(params, x, y):
    for name in LAYERS[:-1]:
        x = jax.nn.relu(x @ params[name]["w"] + params[name]["b"])
    return jnp.square(x @ params["out"]["w"] + params["out"]["b"] - y).mean()


def step_of(tx, loss=loss_of, **jit):
    def step(params, state, x, y):
        value, grads = jax.value_and_grad(loss)(params, x, y)
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state, value

    return jax.jit(step, **jit)


def rows(run):
    """The recorded rows by (step, param), their nulls as None."""
    run.flush()
    table = ut.load(run.path).layers.to_arrow().drop_columns(["run", "time"])
    found = {(row["step"], row["param"]): row for row in table.to_pylist()}
    assert len(found) == len(table), "a row stands twice"
    return found


def named(tree):
    return {
        ".".join(str(key.key) for key in path): np.asarray(leaf, np.float64)
        for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]
    }


def expected(tx, data, params=None, loss=loss_of, measured=lambda step: True):
    """What each step of a training does to each parameter, by NumPy; and the parameters it ends with.

    The gradients come from the same compiled step, without anything of ours in it.
    """

    def step(params, state, x, y):
        grads = jax.grad(loss)(params, x, y)
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state, grads

    params = init() if params is None else params
    state, step, found = tx.init(params), jax.jit(step), {}
    for number, (x, y) in enumerate(data):
        after, state, grads = step(params, state, x, y)
        if measured(number):
            w, v = named(params), named(after)
            found |= {(number, name): summarize(g, w[name], v[name] - w[name]) for name, g in named(grads).items()}
        params = after
    return found, params


def check(recorded, wanted, rel=1e-5, fields=NAMES):
    assert set(recorded) == set(wanted)
    for key, sums in wanted.items():
        size = sums["count"]
        scale = {"sum": np.sqrt(sums["sum_sq"] * size)}
        for name in fields:
            value, target = recorded[key][name], sums[name]
            if not np.isfinite(target):
                assert str(value) == str(target), (key, name)
                continue
            # Σg may cancel, so what it may be off by goes by what it could have been.
            assert abs(value - target) <= rel * max(abs(target), scale.get(name, 0.0), 1e-30), (
                key,
                name,
                value,
                target,
            )

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
flax = pytest.importorskip("flax")

import jax.numpy as jnp  # noqa: E402
from flax import linen, nnx, serialization  # noqa: E402
from flax.training.train_state import TrainState  # noqa: E402

import undertow as ut  # noqa: E402
from undertow.statistics import summarize  # noqa: E402

from .optax_cases import batches, check, rows  # noqa: E402


class Net(nnx.Module):
    def __init__(self, rngs):
        self.stem = nnx.Linear(8, 16, rngs=rngs)
        self.blocks = nnx.List([nnx.Linear(16, 16, rngs=rngs) for _ in range(11)])
        self.attention = nnx.Linear(16, 1, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.stem(x))
        for block in self.blocks:
            x = x + nnx.relu(block(x))
        return self.attention(x)


def loss_of(model, x, y):
    return jnp.square(model(x) - y).mean()


def train(tx, data, log):
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer, x, y):
        loss, grads = nnx.value_and_grad(loss_of)(model, x, y)
        optimizer.update(model, grads)
        return loss, grads

    for x, y in data:
        before = flat(nnx.state(model, nnx.Param))
        loss, grads = step(model, optimizer, x, y)
        log(optimizer, loss, flat(grads), before, flat(nnx.state(model, nnx.Param)))
    return model


def flat(state):
    return {
        ".".join(map(str, path)): np.asarray(variable.get_value(), np.float64)
        for path, variable in nnx.to_flat_state(state)
    }


def test_an_nnx_training_gives_the_sums_of_numpy(tmp_path):
    data, wanted, count = batches(5), {}, iter(range(5))
    tx = optax.chain(optax.clip_by_global_norm(1e6), ut.optax.watch(optax.adam(1e-2), order=Net(nnx.Rngs(0))))
    with ut.Run(tmp_path, name="nnx") as run:

        def log(optimizer, loss, grads, before, after):
            step = next(count)
            run.log(ut.optax.stats(optimizer), loss=loss)
            for name, g in grads.items():
                wanted[step, name] = summarize(g, before[name], after[name] - before[name])

        trained = train(tx, data, log)
        check(rows(run), wanted)
    bare = train(optax.chain(optax.clip_by_global_norm(1e6), optax.adam(1e-2)), data, lambda *_: None)
    for a, b in zip(jax.tree.leaves(nnx.state(trained)), jax.tree.leaves(nnx.state(bare)), strict=True):
        assert (a == b).all()
    params = ut.load(run.path).params.to_arrow().to_pylist()
    modules = sorted({(row["depth"], row["module"]) for row in params})
    assert [module for _, module in modules] == ["stem", *(f"blocks.{index}" for index in range(11)), "attention"]


class Linen(linen.Module):
    @linen.compact
    def __call__(self, x):
        for _ in range(11):
            x = linen.relu(linen.Dense(8)(x))
        return linen.Dense(1, name="A_head")(x)


@pytest.mark.parametrize("jitted", [False, True])
def test_a_linen_train_state(tmp_path, jitted):
    model = Linen()
    create = jax.jit(model.init) if jitted else model.init
    params = create(jax.random.key(0), jnp.ones((1, 8)))["params"]
    state = TrainState.create(apply_fn=model.apply, params=params, tx=ut.optax.watch(optax.adam(1e-2)))

    @jax.jit
    def step(state, x, y):
        grads = jax.grad(lambda p: jnp.square(state.apply_fn({"params": p}, x) - y).mean())(state.params)
        return state.apply_gradients(grads=grads)

    with ut.Run(tmp_path, name="linen") as run:
        for x, y in batches(3):
            state = step(state, x, y)
            run.log(ut.optax.stats(state))
        assert len(rows(run)) == 3 * 24
    params = ut.load(run.path).params.to_arrow().to_pylist()
    modules = [module for _, module in sorted({(row["depth"], row["module"]) for row in params})]
    dense = [f"Dense_{index}" for index in range(11)]
    # What passes a jitted function comes out sorted, and nothing tells the order any more; numbers still do.
    assert modules == (["A_head", *dense] if jitted else [*dense, "A_head"])


def test_flax_saves_and_restores_the_state():
    params = {"w": jnp.arange(4.0)}
    tx = ut.optax.watch(optax.adam(1e-2), cosine=True, histograms=True)
    _, state = tx.update({"w": jnp.ones(4)}, tx.init(params), params)
    restored = serialization.from_bytes(tx.init(params), serialization.to_bytes(state))
    assert jax.tree.structure(restored) == jax.tree.structure(state)
    for a, b in zip(jax.tree.leaves(restored), jax.tree.leaves(state), strict=True):
        assert np.array_equal(a, b, equal_nan=True)


def test_orbax_saves_and_restores_the_state(tmp_path):
    orbax = pytest.importorskip("orbax.checkpoint")
    params = {"w": jnp.arange(4.0)}
    tx = ut.optax.watch(optax.adam(1e-2))
    _, state = tx.update({"w": jnp.ones(4)}, tx.init(params), params)
    with orbax.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "state", state)
        checkpointer.wait_until_finished()
        restored = checkpointer.restore(tmp_path / "state", tx.init(params))
    assert jax.tree.structure(restored) == jax.tree.structure(state)
    assert restored.sums.floats.tolist() == state.sums.floats.tolist()

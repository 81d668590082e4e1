"""Record a JAX training with optax: a plain jitted loop, whose optimizer's state carries the statistics out."""

import jax
import jax.numpy as jnp
import optax

import undertow as ut

LAYERS = ["stem", *(f"hidden_{index}" for index in range(8)), "head"]


def init(key):
    # A plain start for tanh, but too small: what flows back shrinks from layer to layer.
    sizes = [8, *[32] * 9, 1]
    keys = jax.random.split(key, len(LAYERS))
    return {
        name: {"w": jax.random.normal(k, (m, n)) * 0.6 / m**0.5, "b": jnp.zeros(n)}
        for name, k, m, n in zip(LAYERS, keys, sizes, sizes[1:], strict=False)
    }


def loss_of(params, x, y):
    for name in LAYERS[:-1]:
        x = jnp.tanh(x @ params[name]["w"] + params[name]["b"])
    return jnp.square(x @ params["head"]["w"] + params["head"]["b"] - y).mean()


# That is all there is to add: the optimizer is watched …
tx = ut.optax.watch(optax.adam(1e-3))


@jax.jit
def step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_of)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


x = jax.random.normal(jax.random.key(0), (1024, 8))
y = jnp.sin(x.sum(1, keepdims=True))
params = init(jax.random.key(1))
opt_state = tx.init(params)

with ut.Run("runs", name="tanh", config={"layers": len(LAYERS), "optimizer": "adam"}) as run:
    for epoch in range(12):
        for batch in jax.random.permutation(jax.random.key(epoch), len(x)).reshape(-1, 64):
            params, opt_state, loss = step(params, opt_state, x[batch], y[batch])
            # … and its statistics are logged like any metric, without waiting for the device.
            run.log(ut.optax.stats(opt_state), loss=loss, epoch=epoch)

recording = ut.load(run.path)
for finding in ut.diagnose(recording):
    print(finding)
ut.show(recording, lens="flow", title="Ten layers of tanh")

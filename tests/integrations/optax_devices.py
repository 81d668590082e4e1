"""Trains on four devices of one host and records it; run by test_optax_devices.py in a process of its own.

Usage: optax_devices.py FOLDER MODE, where MODE is one, data, tensor or pmap.
"""

import sys

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from optax_cases import batches, init, loss_of, step_of

import undertow as ut

folder, mode = sys.argv[1:]
data, params = batches(6, size=32), init(width=32)
tx = ut.optax.watch(optax.adam(1e-2), histograms=True, cosine=True)
state, step = tx.init(params), step_of(tx)
if mode == "pmap":

    def step(params, state, x, y):
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        updates, state = tx.update(jax.lax.pmean(grads, "batch"), state, params)
        return optax.apply_updates(params, updates), state, jax.lax.pmean(loss, "batch")

    step = jax.pmap(step, "batch")
    params, state = jax.tree.map(lambda leaf: jnp.stack([leaf] * 4), (params, state))
    data = [(x.reshape(4, 8, -1), y.reshape(4, 8, -1)) for x, y in data]
elif mode != "one":
    assert jax.device_count() == 4
    mesh = Mesh(jax.devices(), ("d",))

    def put(tree, spec):
        return jax.tree.map(lambda leaf: jax.device_put(leaf, NamedSharding(mesh, spec(leaf))), tree)

    # Either each device has a part of the batch, or of each layer's outputs.
    whole, split = (lambda leaf: P()), (lambda leaf: P(None, "d") if leaf.ndim == 2 and leaf.shape[1] % 4 == 0 else P())
    params = put(params, split if mode == "tensor" else whole)
    state = tx.init(params)
    data = [put(batch, lambda leaf: P("d") if mode == "data" else P()) for batch in data]

with ut.Run(folder, id=mode) as run:
    for x, y in data:
        params, state, loss = step(params, state, x, y)
        run.log(ut.optax.stats(state), loss=jnp.mean(loss))
if mode == "tensor":
    assert params["second"]["w"].sharding.spec == P(None, "d"), "the update was gathered"

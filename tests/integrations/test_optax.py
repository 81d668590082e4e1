from __future__ import annotations

import math
import pickle
import warnings

import numpy as np
import pytest

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

import jax.numpy as jnp  # noqa: E402

import undertow as ut  # noqa: E402
from undertow.errors import RunClosedError, ValueTypeError  # noqa: E402
from undertow.integrations import _jax_sums  # noqa: E402
from undertow.query._flow import flow  # noqa: E402
from undertow.statistics import histogram, summarize  # noqa: E402

from .optax_cases import LAYERS, batches, check, expected, init, loss_of, named, rows, step_of  # noqa: E402


@pytest.fixture
def run(tmp_path):
    with ut.Run(tmp_path, name="jax") as run:
        yield run


def train(run, tx, data, params=None, **jit):
    params = init() if params is None else params
    state, step = tx.init(params), step_of(tx, **jit)
    for x, y in data:
        params, state, loss = step(params, state, x, y)
        run.log(ut.optax.stats(state), loss=loss)
    return params, state


@pytest.mark.parametrize("base", [optax.adam(1e-2), optax.sgd(0.1, momentum=0.9), optax.lion(1e-3)])
@pytest.mark.parametrize("donated", [(), (0, 1)])
def test_a_jitted_loop_gives_the_sums_of_numpy_and_trains_alike(run, base, donated):
    data = batches(12)
    params, _ = train(run, ut.optax.watch(base), data, donate_argnums=donated)
    check(rows(run), expected(base, data)[0])
    bare, state, step = init(), base.init(init()), step_of(base)
    for x, y in data:
        bare, state, _ = step(bare, state, x, y)
    assert all((a == b).all() for a, b in zip(jax.tree.leaves(params), jax.tree.leaves(bare), strict=True))


@pytest.mark.parametrize("sums", [_jax_sums._sums, _jax_sums._sums_in_rows])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (255, 3), (4097,), (96, 128), (1009, 17), (1024, 1024)])
def test_both_ways_to_add_up_give_what_numpy_does(sums, shape):
    g, w, u = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    g = np.where(np.random.default_rng(1).random(shape) < 0.1, np.float32(0), g)
    wanted = summarize(g, w, u)
    found = [float(x) for x in jax.jit(sums)(g, w, u)]
    names = ("sum", "sum_sq", "abs_max", "w_sum_sq", "u_sum_sq", "zeros", "nonfinite")
    for name, value in zip(names, found, strict=True):
        scale = math.sqrt(wanted["sum_sq"] * g.size) if name == "sum" else wanted[name]
        assert abs(value - wanted[name]) <= 2e-6 * abs(scale), name


@pytest.mark.parametrize("backend", ["cpu", "gpu"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_counted_and_shows_in_the_sums(monkeypatch, backend, bad):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    g = np.ones((300, 20), np.float32)
    g[7, 3] = bad
    sums = jax.jit(lambda g: _jax_sums.summarize([g], [g], [g], None, None, False))(g)
    wanted = summarize(g, g, np.zeros_like(g))
    assert sums.counts.tolist() == [[0, 1]]
    assert [str(x) for x in sums.floats[0, :3].tolist()] == [str(wanted[name]) for name in ("sum", "sum_sq", "abs_max")]


def test_a_link_of_a_chain_sees_gradients_and_weights_at_its_place(run):
    data = batches(5)
    clip = optax.clip_by_global_norm(0.05)
    train(run, optax.chain(clip, ut.optax.watch(), optax.adam(1e-2)), data)
    wanted, _ = expected(optax.chain(clip, optax.adam(1e-2)), data)
    recorded = rows(run)
    check(recorded, wanted, fields=("w_sum_sq", "count"))
    assert all(math.isnan(row["u_sum_sq"]) for row in recorded.values())
    for step in range(5):
        norm = math.sqrt(sum(row["sum_sq"] for (at, _), row in recorded.items() if at == step))
        assert norm == pytest.approx(0.05, rel=1e-5)


def test_without_parameters_there_are_no_weights(run):
    tx = ut.optax.watch(optax.sgd(0.1))
    params = init()
    state = tx.init(params)
    _, state = jax.jit(tx.update)(jax.tree.map(jnp.ones_like, params), state)
    run.log(ut.optax.stats(state))
    for row in rows(run).values():
        assert row["sum"] == row["count"]
        assert math.isnan(row["w_sum_sq"])
        assert math.isnan(row["u_sum_sq"])


def test_rows_of_steps_and_layers_meet_whenever_they_are_logged(run):
    data = batches(12)
    tx = ut.optax.watch(optax.adam(1e-2))
    params = init()
    state, step = tx.init(params), step_of(tx)
    for number, (x, y) in enumerate(data):
        params, state, loss = step(params, state, x, y)
        if number % 5 == 4:
            run.log(ut.optax.stats(state), epoch=number // 5, loss=loss)
            run.log(val_loss=1.0)
    assert run.next_step == 10
    run.flush()
    steps = ut.load(run.path).steps.to_arrow().select(["step", "epoch", "loss", "val_loss"]).to_pylist()
    assert sorted((row["step"], row["epoch"], row["val_loss"]) for row in steps if row["val_loss"]) == [
        (4, None, 1.0),
        (9, None, 1.0),
    ]
    assert sorted((row["step"], row["epoch"]) for row in steps if row["loss"]) == [(4, 0), (9, 1)]
    assert {(step, row["epoch"]) for (step, _), row in rows(run).items()} == {(4, 0), (9, 1)}


def test_every_measures_the_multiples_and_nothing_twice(run):
    data = batches(10)
    train(run, ut.optax.watch(optax.adam(1e-2), every=4), data)
    wanted, _ = expected(optax.adam(1e-2), data, measured=lambda step: step % 4 == 0)
    check(rows(run), wanted)
    run.flush()
    assert ut.load(run.path).steps.to_arrow()["step"].to_pylist() == list(range(10))


def test_accumulated_gradients_are_measured_once_an_update(run):
    data = batches(12)
    inner = ut.optax.watch(optax.sgd(0.1))
    train(run, optax.MultiSteps(inner, every_k_schedule=4), data)
    recorded = rows(run)
    assert {step for step, _ in recorded} == {0, 1, 2}
    params = init()
    for update in range(3):
        parts = [named(jax.grad(loss_of)(params, x, y)) for x, y in data[4 * update : 4 * update + 4]]
        mean = {name: sum(part[name] for part in parts) / 4 for name in parts[0]}
        for name, g in mean.items():
            assert recorded[update, name]["sum_sq"] == pytest.approx(float((g**2).sum()), rel=1e-4)
        leaves = jax.tree_util.tree_flatten_with_path(params)
        params = jax.tree.unflatten(
            leaves[1],
            [leaf - 0.1 * jnp.asarray(mean[f"{path[0].key}.{path[1].key}"], jnp.float32) for path, leaf in leaves[0]],
        )


def test_a_wrapper_that_is_no_transformation_is_taken_too(run):
    data = batches(8)
    train(run, ut.optax.watch(optax.MultiSteps(optax.sgd(0.1), every_k_schedule=2)), data)
    recorded = rows(run)
    assert {step for step, _ in recorded} == set(range(8))
    moved = [sum(row["u_sum_sq"] for (at, _), row in recorded.items() if at == step) > 0 for step in range(8)]
    assert moved == [False, True] * 4


def test_a_scan_hands_out_all_steps_at_once(run):
    data = batches(9)
    tx = ut.optax.watch(optax.adam(1e-2))
    step = step_of(tx)

    @jax.jit
    def epoch(params, state, xs, ys):
        def body(carry, batch):
            params, state, loss = step(*carry, *batch)
            return (params, state), (ut.optax.stats(state), loss)

        return jax.lax.scan(body, (params, state), (xs, ys))

    params = init()
    state = tx.init(params)
    xs, ys = (jnp.stack(part) for part in zip(*data, strict=True))
    for _ in range(2):
        (params, state), (stats, loss) = epoch(params, state, xs, ys)
        run.log(stats, loss=loss[-1])
    wanted, _ = expected(optax.adam(1e-2), data * 2)
    check(rows(run), wanted)
    run.flush()
    assert ut.load(run.path).steps.to_arrow()["step"].to_pylist() == [8, 17]


def test_half_precision_is_summed_in_float32(run):
    data = batches(4, dtype=jnp.bfloat16)
    params = init(width=64, dtype=jnp.bfloat16)
    train(run, ut.optax.watch(optax.sgd(0.1)), data, params)
    wanted, _ = expected(optax.sgd(0.1), data, params)
    # The compiled step may keep more digits of a gradient than bfloat16 has, as long as nobody asks for it.
    check(rows(run), wanted, rel=0.02, fields=("sum_sq", "abs_max", "w_sum_sq", "count"))
    big = {"w": jnp.full(70_000, 300.0, jnp.float16)}
    tx = ut.optax.watch(optax.sgd(0.0))
    _, state = tx.update(big, tx.init(big), big)
    _, sums = _jax_sums.unpack(ut.optax.stats(state).arrays[0], 2, 1, (5, 2, 0, 0))
    assert sums.floats[0, 0, 1] == pytest.approx(70_000 * 300.0**2, rel=1e-5)


def test_histograms_and_the_cosine(run):
    data = batches(6)
    train(run, ut.optax.watch(optax.sgd(0.1), histograms=True, cosine=True), data)
    params, before = init(), None
    recorded = rows(run)
    for number, (x, y) in enumerate(data):
        grads = jax.jit(jax.grad(loss_of))(params, x, y)
        for name, g in named(grads).items():
            row = recorded[number, name]
            assert row["histogram"] == histogram(g).tolist()
            if before is None:
                assert math.isnan(row["dot_prev"])
            else:
                scale = math.sqrt((g**2).sum() * (before[name] ** 2).sum())
                assert row["dot_prev"] == pytest.approx(float((g * before[name]).sum()), abs=1e-5 * scale)
                assert row["prev_sum_sq"] == pytest.approx(float((before[name] ** 2).sum()), rel=1e-5)
        before = named(grads)
        params = jax.tree.map(lambda w, g: w - 0.1 * g, params, grads)


@pytest.mark.parametrize("dtype", [np.float16, jnp.bfloat16, np.float32])
def test_a_histogram_counts_powers_of_two_exactly(dtype):
    exponents = np.arange(-60, 20)
    values = np.concatenate([2.0**exponents, -(2.0**exponents), 2.0**exponents * 1.5, [0, -0.0, np.nan, np.inf, 65504]])
    array = jnp.asarray(values).astype(dtype)
    wanted = histogram(np.asarray(array.astype(jnp.float32)))
    assert _jax_sums._histogram(_jax_sums.wide(array)).tolist() == wanted.tolist()


def test_several_optimizers_and_masks_in_one_run(run):
    both = {"generator": init(0), "critic": init(1)}
    txs = {name: ut.optax.watch(optax.adam(1e-2), prefix=name) for name in both}
    for name, params in both.items():
        train(run, txs[name], batches(3), params)
    assert {param.split(".")[0] for _, param in rows(run)} == {"generator", "critic"}
    params = init()
    parts = {"head": ut.optax.watch(optax.adam(1e-2), prefix="part"), "rest": optax.set_to_zero()}
    labels = {
        name: jax.tree.map(lambda _, name=name: "head" if name == "out" else "rest", params[name]) for name in params
    }
    train(run, optax.multi_transform(parts, labels), batches(3), params)
    assert {param for _, param in rows(run) if param.startswith("part")} == {"part.out.w", "part.out.b"}


def test_what_is_not_a_float_is_left_out(run):
    params = {"w": jnp.ones(3), "table": jnp.arange(3), "none": None}
    tx = ut.optax.watch(optax.sgd(0.1))
    grads = {"w": jnp.ones(3), "table": np.zeros(3, jax.dtypes.float0), "none": None}
    masked = optax.masked(tx, {"w": True, "table": False, "none": None})
    _, state = masked.update(grads, masked.init(params), params)
    run.log(ut.optax.stats(state))
    assert set(rows(run)) == {(0, "w")}


def test_nothing_is_recorded_before_the_first_update(run):
    tx = ut.optax.watch(optax.sgd(0.1))
    run.log(ut.optax.stats(tx.init(init())))
    run.flush()
    assert len(ut.load(run.path).layers.to_arrow()) == 0


def test_a_new_optimizer_may_start_over_in_the_same_run(run):
    train(run, ut.optax.watch(optax.sgd(0.1)), batches(3))
    tx = ut.optax.watch(optax.sgd(0.2))
    train(run, tx, batches(2))
    run.flush()
    assert sorted(set(ut.load(run.path).layers.to_arrow()["step"].to_pylist())) == [0, 1, 2]
    assert len(ut.load(run.path).layers.to_arrow()) == 5 * 6


def test_the_state_can_be_pickled_and_goes_on(run):
    tx = ut.optax.watch(optax.adam(1e-2), cosine=True)
    params, state = train(run, tx, batches(3))
    again = pickle.loads(pickle.dumps(state))
    assert jax.tree.structure(again) == jax.tree.structure(state)
    for _ in range(1):
        params, again, _ = step_of(tx)(params, again, *batches(1)[0])
    run.log(ut.optax.stats(again))
    assert {step for step, _ in rows(run)} == {0, 1, 2, 3}


def test_a_traced_loop_compiles_once():
    tx = ut.optax.watch(optax.adam(1e-2), every=3)
    params = init()
    state, step = tx.init(params), step_of(tx)
    for x, y in batches(4):
        params, state, _ = step(params, state, x, y)
    assert step._cache_size() == 1


def test_what_cannot_be_measured_warns_and_trains_on():
    tx = ut.optax.watch(optax.sgd(0.1))
    params = init()
    state = tx.init(params)
    other = {"only": jnp.ones(5)}
    with pytest.warns(RuntimeWarning, match="does not record the gradients"):
        updates, state = tx.update(other, state, other)
    assert updates["only"].tolist() == pytest.approx([-0.1] * 5)


def test_errors_name_what_is_wrong(run, tmp_path):
    with pytest.raises(ValueError, match="no undertow watch"):
        ut.optax.stats(optax.adam(1e-3).init(init()))
    with pytest.raises(ValueError, match="every = 0"):
        ut.optax.watch(every=0)
    tx = ut.optax.watch(optax.sgd(0.1))
    stats = ut.optax.stats(tx.init(init()))
    with pytest.raises(ValueTypeError, match="step themselves"):
        run.log(stats, step=3)
    with pytest.raises(TypeError):
        run.log({**stats, "loss": 1.0})
    closed = ut.Run(tmp_path, name="closed")
    closed.close()
    with pytest.raises(RunClosedError):
        closed.log(stats)


@pytest.mark.parametrize(
    ("params", "order", "wanted"),
    [
        ({"layer_2": [1], "layer_10": [1], "layer_1": [1]}, None, ["layer_2", "layer_10", "layer_1"]),
        ({"layer_1": [1], "layer_10": [1], "layer_2": [1]}, None, ["layer_1", "layer_2", "layer_10"]),
        (
            {"params": {"stem": [1], "blocks": {"0": [1], "1": [1]}, "a_head": [1]}},
            None,
            ["stem", "blocks.0", "blocks.1", "a_head"],
        ),
        ({"a": [1], "b": [1]}, ["b", "a"], ["b", "a"]),
        ([([1], [1]), ([1], [1])], None, ["0.0", "0.1", "1.0", "1.1"]),
    ],
)
def test_depth_is_the_forward_order(params, order, wanted):
    def arrays(node):
        # Not jax.tree.map, which sorts what it passes through.
        if isinstance(node, dict):
            return {key: arrays(value) for key, value in node.items()}
        return type(node)(map(arrays, node)) if isinstance(node, list | tuple) else jnp.ones(2)

    tree = arrays(params)
    found = ut.optax.watch(order=order).init(tree).layout.rows()
    by_depth = sorted(found, key=lambda row: row["depth"])
    assert [row["module"] for row in by_depth] == wanted
    assert [row["depth"] for row in by_depth] == list(range(len(wanted)))


def test_paths_with_dots_stay_apart():
    tree = {"a": {"b": jnp.ones(1)}, "a.b": jnp.ones(1)}
    assert sorted(ut.optax.watch().init(tree).layout.params) == ["a.b", "a.b~2"]


def test_the_recording_shows(run):
    train(run, ut.optax.watch(optax.adam(1e-2)), batches(5))
    run.close()
    recording = ut.load(run.path)
    frame = flow(recording.layers.to_arrow(), recording.params.to_arrow())
    assert [name for name in frame.axes if name.startswith(LAYERS)] == [f"{name}:grad_norm" for name in LAYERS[::-1]]


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("size", [10, 20_000])
def test_with_64_bits_the_state_keeps_its_types(every, size):
    with jax.enable_x64(True):
        params = {"w": jnp.ones(size, jnp.float64), "b": jnp.ones(3, jnp.float32)}
        tx = ut.optax.watch(optax.sgd(0.1), every=every, histograms=True, cosine=True)

        def body(carry, _):
            params, state = carry
            updates, state = tx.update(params, state, params)
            return (optax.apply_updates(params, updates), state), ut.optax.stats(state)

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            jax.lax.scan(body, (params, tx.init(params)), None, length=4)

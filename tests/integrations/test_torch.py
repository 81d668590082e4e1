"""What is recorded is what NumPy says of the gradients and weights around each optimizer step."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import time
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import undertow as ut  # noqa: E402
from undertow.integrations.torch import watch  # noqa: E402

from .torch_cases import Oracle, batches, loss_of, net, rows, train_one  # noqa: E402

BIG = 150  # 150 × 150 weights are too many to be copied


def train(run, model, optimizer, data, oracle=None, start=0, **options):
    run.watch(model, optimizer, **options)
    for step, x in enumerate(data, start):
        optimizer.zero_grad()
        loss_of(model, x).backward()
        if oracle:
            oracle.before()
        optimizer.step()
        if oracle:
            oracle.after(step)


@pytest.mark.parametrize("width", [8, BIG])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_each_step_is_as_numpy_has_it(tmp_path, width, kind):
    model = net(width)
    oracle = Oracle(model)
    with ut.Run(tmp_path) as run:
        train(run, model, kind(model.parameters(), lr=0.01), batches(5, width), oracle)
    oracle.check(rows(run))


@pytest.mark.parametrize("steps", [70, 200])
def test_long_trainings_fill_several_buffers(tmp_path, steps):
    model = net()
    oracle = Oracle(model)
    with ut.Run(tmp_path) as run:
        train(run, model, torch.optim.SGD(model.parameters(), lr=0.01), batches(steps), oracle)
    oracle.check(rows(run), rel=1e-4)


def test_a_step_outlives_the_buffer_that_the_writer_took_meanwhile(tmp_path):
    model = net()
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer)
        optimizer.register_step_pre_hook(lambda *_: time.sleep(0.15))  # after ours, and longer than the writer waits
        for step, x in enumerate(batches(4)):
            optimizer.zero_grad()
            loss_of(model, x).backward()
            oracle.before()
            optimizer.step()
            oracle.after(step)
    oracle.check(rows(run))


def test_accumulated_gradients_are_seen_as_the_step_sees_them(tmp_path):
    model = net()
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer)
        for step in range(3):
            optimizer.zero_grad()
            for x in batches(4, seed=step):
                (loss_of(model, x) / 4).backward()
            oracle.before()
            optimizer.step()
            oracle.after(step)
    oracle.check(rows(run))


@pytest.mark.parametrize("width", [8, BIG])
def test_clipped_gradients_are_recorded_and_before_clip_gives_the_others(tmp_path, width):
    for early in (False, True):
        model = net(width)
        oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.01)
        with ut.Run(tmp_path) as run:
            watcher = run.watch(model, optimizer)
            for step, x in enumerate(batches(3, width)):
                optimizer.zero_grad()
                loss_of(model, x).backward()
                if early:
                    oracle.before()
                    watcher.before_clip()
                nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
                if not early:
                    oracle.before()
                optimizer.step()
                oracle.after(step)
        oracle.check(rows(run))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("width", [8, BIG])
def test_half_and_double_precision_are_summed_in_float32_or_wider(tmp_path, dtype, width):
    model = net(width, dtype=dtype)
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.1)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer)
        for step, x in enumerate(batches(2, width, dtype=dtype)):
            optimizer.zero_grad()
            loss_of(model, x).backward()
            for p in model.parameters():
                p.grad.mul_(300)  # squares beyond float16
            oracle.before()
            optimizer.step()
            oracle.after(step)
    oracle.check(rows(run))


@pytest.mark.parametrize("width", [8, BIG])
def test_what_is_not_finite_is_counted_and_stays_in_the_sums(tmp_path, width):
    model = net(width)
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer)
        loss_of(model, batches(1, width)[0]).backward()
        model[0].weight.grad[0, :3] = torch.tensor([torch.nan, torch.inf, -torch.inf])
        model[2].weight.grad[0, 0] = torch.inf
        model[2].bias.grad.fill_(1e30)  # squares overflow, though each is finite
        oracle.before()
        optimizer.step()
        oracle.after(0)
    recorded = rows(run)
    assert [recorded[0, name]["nonfinite"] for name in ("0.weight", "2.weight", "2.bias")] == [3, 1, 0]
    assert np.isnan(recorded[0, "0.weight"]["abs_max"]) and np.isnan(recorded[0, "0.weight"]["sum_sq"])
    assert recorded[0, "2.bias"]["sum_sq"] == np.inf and recorded[0, "2.weight"]["abs_max"] == np.inf


@pytest.mark.parametrize("kind", ["positional", "keyword"])
def test_closures_are_measured_where_they_first_give_a_gradient(tmp_path, kind):
    model, x = net(), batches(1)[0]
    oracle = Oracle(model)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)
    calls = []
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer)
        for step in range(2):

            def closure():
                optimizer.zero_grad()
                loss = loss_of(model, x)
                loss.backward()
                if not calls:
                    oracle.before()
                calls.append(1)
                return loss

            loss = optimizer.step(closure) if kind == "positional" else optimizer.step(closure=closure)
            assert float(loss) > 0
            oracle.after(step)
            assert len(calls) > 1
            calls.clear()
    oracle.check(rows(run))


def test_compiled_models_and_optimizers_are_seen_alike(tmp_path):
    model = net()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.1)
    with ut.Run(tmp_path) as run:
        run.watch(compiled, optimizer)
        for step, x in enumerate(batches(3)):
            optimizer.zero_grad()
            loss_of(compiled, x).backward()
            oracle.before()
            optimizer.step()
            oracle.after(step)
    oracle.check(rows(run))


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("width", [8, BIG])
def test_the_training_is_the_same_to_the_last_bit(tmp_path, every, width):
    finals = []
    for watched in (False, True):
        model = net(width)
        model.insert(1, nn.Dropout(0.1))
        optimizer = torch.optim.Adam(model.parameters(), weight_decay=0.01)
        with ut.Run(tmp_path) as run:
            if watched:
                everything = dict.fromkeys(("signals", "activations", "histograms", "cosine", "noise"), True)
                run.watch(model, optimizer, every, **everything)
            torch.manual_seed(3)
            for x in batches(10, width):
                train_step(model, optimizer, x)
        finals.append([p.detach().clone() for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*finals, strict=True))


def train_step(model, optimizer, x):
    optimizer.zero_grad()
    loss_of(model, x).backward()
    optimizer.step()


def test_every_nth_step_is_recorded_and_log_knows_the_step(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        watcher = run.watch(model, optimizer, every=3, updates=False)
        for x in batches(8):
            train_step(model, optimizer, x)
            run.log(loss=1.0)
        assert watcher.step == 8 and run.next_step == 8
        with run.watch(model, optimizer, every=2):  # goes on counting
            train_step(model, optimizer, x)
    recorded = rows(run)
    assert sorted({step for step, _ in recorded}) == [0, 3, 6, 8]
    assert ut.load(run.path).steps.to_arrow()["step"].to_pylist() == list(range(8))
    assert recorded[3, "0.weight"]["u_sum_sq"] is None and recorded[3, "0.weight"]["w_sum_sq"] > 0
    assert recorded[3, "0.weight"]["dot_prev"] is None


def test_the_budget_chooses_the_cadence_and_says_so(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        watcher = run.watch(model, optimizer, budget=0.01)
        for x in batches(40):
            train_step(model, optimizer, x)
        assert watcher.every > 1
    noted = json.loads((run.path / "run.json").read_text())["notes"]["watch"]
    assert noted["budget"] == 0.01 and noted["cadence"][0] == {"step": 0, "every": 1}
    assert noted["cadence"][-1]["every"] == watcher.every


def test_the_epoch_is_what_the_loop_says(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        watcher = run.watch(model, optimizer)
        for epoch in range(3):
            watcher.epoch = epoch
            for x in batches(2):
                train_step(model, optimizer, x)
    assert [rows(run)[step, "0.bias"]["epoch"] for step in range(6)] == [0, 0, 1, 1, 2, 2]


def test_models_and_optimizers_are_saved_and_copied_without_us(tmp_path):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, signals=True, activations=True, noise=True)
        train_one(model, optimizer)
        buffer = io.BytesIO()
        torch.save(model, buffer)
        assert b"undertow" not in buffer.getvalue()
        loaded = torch.load(io.BytesIO(buffer.getvalue()), weights_only=False)
        clone = copy.deepcopy(model)
        pickle.loads(pickle.dumps(optimizer))
        for twin in (loaded, clone):
            assert torch.equal(twin(torch.ones(1, 8)), model(torch.ones(1, 8)))
        assert set(model.state_dict()) == set(net().state_dict())


def test_closing_leaves_no_hook_behind(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for how in ("run", "watcher"):
        run = ut.Run(tmp_path)
        watcher = run.watch(model, optimizer, signals=True, activations=True, noise=True)
        train_one(model, optimizer)
        (run if how == "run" else watcher).close()
        assert watcher.closed
        assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks
        assert not any(module._forward_hooks for module in model.modules())
        assert not any(p._backward_hooks for p in model.parameters())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            train_one(model, optimizer)
        run.close()


@pytest.mark.parametrize("broken", ["measure", "_finish", "_weigh"])
def test_what_fails_is_told_once_and_training_goes_on(tmp_path, monkeypatch, broken):
    from undertow.integrations import _torch_tap

    def fail(*_):
        raise ZeroDivisionError("broken")

    target = _torch_tap if broken == "measure" else _torch_tap.Tap
    monkeypatch.setattr(target, broken, fail)
    model = net(BIG)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        watcher = run.watch(model, optimizer)
        with pytest.warns(RuntimeWarning, match="ZeroDivisionError: broken") as told:
            for x in batches(3, BIG):
                train_step(model, optimizer, x)
        assert len(told) == 1 and watcher.closed


def test_what_fails_in_a_module_s_hook_is_told_once_too(tmp_path, monkeypatch):
    from undertow.integrations import _torch_signals

    monkeypatch.setattr(_torch_signals, "local", lambda tensor: 1 / 0)
    model = net()
    with ut.Run(tmp_path) as run:
        run.watch(model, None, signals=True, activations=True)
        with pytest.warns(RuntimeWarning, match="ZeroDivisionError") as told:
            train_one(model, torch.optim.SGD(model.parameters(), lr=0.01))
        assert len(told) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_records_nothing(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer)
        child = os.fork()
        if child == 0:
            train_one(model, optimizer)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        train_one(model, optimizer)
    assert {step for step, _ in rows(run)} == {0}


def test_wrong_calls_raise_at_once(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        with pytest.raises(TypeError, match="watch a dict"):
            run.watch({})
        with pytest.raises(TypeError, match=r"torch.nn.Module"):
            watch(run, lambda x: x)
        with pytest.raises(TypeError, match="Optimizer"):
            run.watch(model, "adam")
        with pytest.raises(ValueError, match="holds no parameter"):
            run.watch(net(), optimizer)
        with pytest.raises(ValueError, match="every = 0"):
            run.watch(model, optimizer, every=0)
        with pytest.raises(ValueError, match="budget"):
            run.watch(model, optimizer, budget=1.5)
    with pytest.raises(ut.RunClosedError):
        run.watch(model, optimizer)
    assert not optimizer._optimizer_step_pre_hooks

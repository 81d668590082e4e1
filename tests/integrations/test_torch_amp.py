"""With loss scaling the true gradients are recorded, and the steps that the scaler skips."""

from __future__ import annotations

import time

import pytest

torch = pytest.importorskip("torch")

import undertow as ut  # noqa: E402

from .torch_cases import Oracle, batches, loss_of, net, rows  # noqa: E402

SCALE = 1024.0
BIG = 150


def train(tmp_path, width, fused, clip, bad=(), told=True, **options):
    model = net(width)
    optimizer = torch.optim.Adam(model.parameters(), fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=SCALE)
    oracle = Oracle(model)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, scaler=scaler if told else None, **options)
        for step, x in enumerate(batches(5, width)):
            optimizer.zero_grad()
            scaler.scale(loss_of(model, x)).backward()
            if step in bad:
                model[0].weight.grad[0, 0] = torch.inf
            if clip:
                scaler.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)
            # Taken before the scaler unscales in place, and the scale before it changes.
            oracle.before(1.0 if clip else scaler.get_scale())
            scaler.step(optimizer)
            oracle.after(step)
            scaler.update()
    return run, oracle, scaler


@pytest.mark.parametrize("width", [8, BIG])
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("clip", [False, True])
def test_gradients_are_recorded_without_their_scale(tmp_path, width, fused, clip):
    run, oracle, _ = train(tmp_path, width, fused, clip)
    oracle.check(rows(run))
    assert "amp.skipped" not in ut.load(run.path).steps.to_arrow().column_names


@pytest.mark.parametrize("width", [8, BIG])
@pytest.mark.parametrize("fused", [False, True])
def test_a_skipped_step_is_recorded_as_one_that_changed_nothing(tmp_path, width, fused):
    run, _, scaler = train(tmp_path, width, fused, clip=False, bad=(2,))
    assert scaler.get_scale() < SCALE
    recorded = rows(run)
    assert sorted({step for step, _ in recorded}) == [0, 1, 2, 3, 4]
    assert recorded[2, "0.weight"]["nonfinite"] == 1
    assert recorded[2, "0.weight"]["u_sum_sq"] == 0 < recorded[1, "0.weight"]["u_sum_sq"]
    steps = ut.load(run.path).steps.to_arrow()
    assert steps["amp.skipped"].to_pylist() == [True]
    assert steps["step"].to_pylist() == [2]
    assert steps["amp.scale"].to_pylist() == [SCALE]


def test_fused_optimizers_tell_a_skipped_step_by_themselves(tmp_path):
    run, _, _ = train(tmp_path, 8, True, clip=False, bad=(2,), told=False)
    assert ut.load(run.path).steps.to_arrow()["step"].to_pylist() == [2]


@pytest.mark.parametrize("fused", [False, True])
def test_signals_and_products_are_without_the_scale(tmp_path, fused):
    plain, scaled = [], []
    for found, scale in ((plain, 1.0), (scaled, SCALE)):
        model = net(BIG)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=scale)
        with ut.Run(tmp_path) as run:
            run.watch(model, optimizer, signals=True, cosine=True, histograms=True, noise=True, scaler=scaler)
            for x in batches(3, BIG):
                optimizer.zero_grad()
                scaler.scale(loss_of(model, x)).backward()
                scaler.step(optimizer)
                scaler.update()
        found.append(rows(run))
    for key, row in plain[0].items():
        for name in ("s_sum_sq", "dot_prev", "prev_sum_sq", "m_sum_sq", "sum_sq"):
            other = scaled[0][key][name]
            assert other == (None if row[name] is None else pytest.approx(row[name], rel=1e-4)), (key, name)
        assert row["histogram"] == scaled[0][key]["histogram"] or fused


def test_the_scaler_is_as_before_afterwards_and_its_errors_get_through(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu")
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, scaler=scaler)
        with pytest.raises(AssertionError):
            scaler.step(optimizer)  # nothing was scaled yet
    assert "step" not in vars(scaler)


def test_a_run_that_is_to_stop_tells_the_users_own_log_and_goes_on_watching(tmp_path):
    model = net(8)
    optimizer = torch.optim.Adam(model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=SCALE)
    with ut.Run(tmp_path) as run:
        watcher = run.watch(model, optimizer, scaler=scaler)
        for x in batches(3, 8):
            run.stop("loss is not finite")
            optimizer.zero_grad()
            scaler.scale(loss_of(model, x)).backward()
            model[0].weight.grad[0, 0] = torch.inf
            scaler.step(optimizer)
            scaler.update()
            with pytest.raises(ut.TrainingStoppedError, match="loss is not finite"):
                run.log(loss=1.0)
        assert not watcher.closed
    assert ut.load(run.path).steps.to_arrow()["amp.skipped"].to_pylist().count(True) == 3


def test_skipped_steps_raise_no_alert(tmp_path, recwarn):
    model = net(8)
    optimizer = torch.optim.Adam(model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=SCALE)
    with ut.Run(tmp_path, alerts=True) as run:
        run.watch(model, optimizer, scaler=scaler)
        for step, x in enumerate(batches(60, 8)):
            optimizer.zero_grad()
            scaler.scale(loss_of(model, x)).backward()
            if step % 3 == 0:
                model[0].weight.grad[0, 0] = torch.inf
            scaler.step(optimizer)
            scaler.update()
            time.sleep(0.01)
        run.flush()
        time.sleep(0.5)
    assert run.alerts == []

"""Signals and activations against autograd; histograms, cosines and the noise scale against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import undertow as ut  # noqa: E402
from undertow import statistics  # noqa: E402

from .torch_cases import batches, loss_of, net, rows  # noqa: E402

BIG = 150


class Outputs:
    """The outputs of all leaves and their gradients, by autograd."""

    def __init__(self, model):
        self.kept = {}
        for name, module in model.named_modules():
            if not any(module.children()):
                module.register_forward_hook(self._hook(name))

    def _hook(self, name):
        def keep(module, inputs, output):
            if torch.is_grad_enabled():
                output.retain_grad()
                self.kept.setdefault(f"{name}()", []).append(output)

        return keep

    def check(self, recorded, step):
        for name, outputs in self.kept.items():
            row = recorded[step, name]
            a = np.concatenate([output.detach().double().numpy().ravel() for output in outputs])
            s = np.concatenate([output.grad.double().numpy().ravel() for output in outputs])
            assert row["a_count"] == row["s_count"] == len(a)
            assert row["a_zeros"] == (a == 0).sum()
            np.testing.assert_allclose(row["a_sum"], a.sum(), rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(row["a_sum_sq"], np.square(a).sum(), rtol=1e-5)
            np.testing.assert_allclose(row["s_sum_sq"], np.square(s).sum(), rtol=1e-5)
            assert row["count"] is row["sum_sq"] is row["histogram"] is None
        self.kept.clear()


@pytest.mark.parametrize("micro_batches", [1, 3])
def test_signals_and_activations_are_those_of_autograd(tmp_path, micro_batches):
    model = net()
    outputs = Outputs(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    kept = []
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, every=2, signals=True, activations=True)
        for step in range(4):
            optimizer.zero_grad()
            outputs.kept.clear()
            for x in batches(micro_batches, seed=step):
                loss_of(model, x).backward()
            with torch.no_grad():
                model(x)  # validation is not training
            kept.append(dict(outputs.kept))
            optimizer.step()
    recorded = rows(run)
    assert {step for step, _ in recorded} == {0, 2}
    for step in (0, 2):
        outputs.kept = kept[step]
        outputs.check(recorded, step)


def test_the_backward_gain_is_the_ratio_of_neighbouring_signals(tmp_path):
    model = nn.Sequential(nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False))
    x = batches(1)[0]
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer := torch.optim.SGD(model.parameters(), lr=0.1), signals=True)
        loss_of(model, x).backward()
        optimizer.step()
    recorded = rows(run)
    a = model[0](x).detach()
    first, second = recorded[0, "0()"]["s_sum_sq"], recorded[0, "1()"]["s_sum_sq"]
    assert a.shape == x.shape and first > 0
    gain = statistics.backward_gain(first, second)
    assert gain == pytest.approx((first / second) ** 0.5)
    assert np.isnan(statistics.backward_gain(1.0, 0.0))


def test_modules_that_work_in_place_return_tuples_or_run_twice(tmp_path):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.act, self.rnn = nn.Linear(8, 8), nn.ReLU(inplace=True), nn.LSTM(8, 4)

        def forward(self, x):
            return self.rnn(self.act(self.one(self.act(self.one(x)))))[0]

    model = Odd()
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer := torch.optim.SGD(model.parameters(), lr=0.1), signals=True, activations=True)
        loss_of(model, batches(1)[0]).backward()
        optimizer.step()
    recorded = rows(run)
    assert recorded[0, "one()"]["a_count"] == recorded[0, "one()"]["s_count"] == 2 * 16 * 8
    assert recorded[0, "rnn()"]["a_count"] == 16 * 4


@pytest.mark.parametrize("width", [8, BIG])
def test_histograms_count_by_the_logarithm(tmp_path, width):
    model = net(width)
    expected = {}
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer := torch.optim.SGD(model.parameters(), lr=0.1), histograms=True)
        loss_of(model, batches(1, width)[0]).backward()
        model[0].weight.grad[0, :4] = torch.tensor([torch.nan, torch.inf, 1e-30, 1e30])
        for name, p in model.named_parameters():
            expected[name] = statistics.histogram(p.grad.numpy()).tolist()
        optimizer.step()
    for name, counts in expected.items():
        row = rows(run)[0, name]
        assert row["histogram"] == counts
        assert sum(counts) == row["count"] - row["zeros"] - row["nonfinite"]


@pytest.mark.parametrize("width", [8, BIG])
def test_the_cosine_is_with_the_gradient_recorded_before(tmp_path, width):
    model = net(width)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    grads = []
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, every=2, cosine=True)
        for x in batches(5, width):
            optimizer.zero_grad()
            loss_of(model, x).backward()
            grads.append({name: p.grad.double().numpy().ravel().copy() for name, p in model.named_parameters()})
            optimizer.step()
    recorded = rows(run)
    for name in grads[0]:
        assert recorded[0, name]["dot_prev"] is None and recorded[0, name]["prev_sum_sq"] is None
        for step in (2, 4):
            row, g, before = recorded[step, name], grads[step][name], grads[step - 2][name]
            cosine = statistics.cosine(row["dot_prev"], row["sum_sq"], row["prev_sum_sq"])
            assert cosine == pytest.approx(g @ before / np.linalg.norm(g) / np.linalg.norm(before), rel=1e-4, abs=1e-5)


def test_the_noise_scale_is_mccandlish_s(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    data = batches(4)
    each = []
    for x in data:
        optimizer.zero_grad()
        loss_of(model, x).backward()
        each.append(model[0].weight.grad.double().numpy().copy())
    optimizer.zero_grad()
    found = []
    for share in (1, 4):
        with ut.Run(tmp_path) as run:
            run.watch(model, optimizer, noise=True)
            for x in data:
                (loss_of(model, x) / share).backward()
            optimizer.step()
            optimizer.zero_grad()
        row = rows(run)[0, "0.weight"]
        assert row["m_count"] == 4
        found.append(statistics.noise_scale(row["sum_sq"], row["m_sum_sq"], row["m_count"]))
    small, big, n = np.mean([np.square(g).sum() for g in each]), np.square(np.mean(each, axis=0)).sum(), 4
    signal, noise = (n * big - small) / (n - 1), (small - big) / (1 - 1 / n)
    # Whether the loss was divided or the gradients were summed makes no difference.
    np.testing.assert_allclose(found, noise / signal, rtol=1e-4)


def test_the_noise_scale_needs_two_micro_batches_and_a_signal():
    assert np.isnan(statistics.noise_scale(1.0, 1.0, 1))
    assert np.isnan(statistics.noise_scale(0.1, 4.0, 2))
    assert statistics.noise_scale(1.0, 2.0, 2) == 0


def test_quantiles_of_a_histogram_are_right_to_a_factor_of_sqrt_2():
    g = np.exp(np.random.default_rng(0).normal(-6, 2, 10_000))
    histogram = statistics.histogram(g)
    for q in (0.01, 0.5, 0.99):
        assert abs(np.log2(statistics.quantile(histogram, q) / np.quantile(g, q))) <= 0.51
    assert np.isnan(statistics.quantile(np.zeros((2, 64)), 0.5)).tolist() == [True, True]
    merged = statistics.histogram(g[:99]) + statistics.histogram(g[99:])
    assert merged.tolist() == histogram.tolist()


@pytest.mark.filterwarnings("ignore")
def test_within_a_compiled_model_modules_are_left_alone(tmp_path):
    model = net()
    compiled = torch.compile(model, backend="aot_eager")
    with ut.Run(tmp_path) as run:
        run.watch(compiled, optimizer := torch.optim.SGD(model.parameters(), lr=0.1), signals=True, activations=True)
        for x in batches(2):
            optimizer.zero_grad()
            loss_of(compiled, x).backward()
            optimizer.step()
    assert {param for _, param in rows(run)} == set(dict(model.named_parameters()))

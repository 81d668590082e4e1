"""What the tests of the PyTorch integration share: recorded rows, and the same sums by NumPy."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

import undertow as ut
from undertow.statistics import COUNTS, FLOATS, summarize

NAMES = (*FLOATS, *COUNTS, "count")


def net(width=8, depth=2, seed=0, dtype=torch.float32):
    torch.manual_seed(seed)
    layers = [layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(width, 1)).to(dtype)


def batches(n, width=8, size=16, seed=1, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(size, width, generator=generator).to(dtype) for _ in range(n)]


def loss_of(model, x):
    return model(x).square().mean()


def rows(run, suffix=""):
    """The recorded rows by (step, param), their nulls as None."""
    table = ut.load(run.path).layers.to_arrow().drop_columns(["run", "time"])
    return {(row["step"], row["param"]): row for row in table.to_pylist()}


def train_one(model, optimizer, width=8):
    loss_of(model, batches(1, width)[0]).backward()
    optimizer.step()
    optimizer.zero_grad()


class Oracle:
    """What each step did, by NumPy: tell it before and after `optimizer.step`."""

    def __init__(self, model):
        self.parameters = dict(model.named_parameters())
        self.expected = {}

    def before(self, scale=1.0):
        self.weights = {name: p.detach().double().numpy().copy() for name, p in self.parameters.items()}
        self.grads = {
            name: p.grad.to_dense().double().numpy() / scale
            for name, p in self.parameters.items()
            if p.grad is not None
        }

    def after(self, step):
        for name, g in self.grads.items():
            w = self.weights[name]
            self.expected[step, name] = summarize(g, w, self.parameters[name].detach().double().numpy() - w)

    def check(self, recorded, rel=1e-5):
        assert set(recorded) == set(self.expected)
        for key, expected in self.expected.items():
            scale = math.sqrt(max(expected["count"], 1) * expected["sum_sq"])
            for name in NAMES:
                if name == "u_sum_sq" and not expected[name]:
                    assert recorded[key][name] == 0
                    continue
                tolerance = rel * scale if name == "sum" else 0.0
                np.testing.assert_allclose(
                    recorded[key][name], expected[name], rtol=rel, atol=tolerance, err_msg=f"{key} {name}"
                )

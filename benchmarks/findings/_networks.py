"""The PyTorch networks of the findings suite: small, plain and residual, with and without normalisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from _data import FEATURES, LENGTH, SIDE, WORDS
from torch import nn

__all__ = ["build"]


class Plain(nn.Module):
    """Layers one after another, under the name `net`."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.net = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> Any:
        return self.net(x)


class Block(nn.Module):
    """A residual block: x + W₂ relu(W₁ norm(x))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(torch.relu(self.up(self.norm(x))))


class Residual(nn.Module):
    """Residual blocks between two linear layers."""

    def __init__(self, blocks: int, out: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(FEATURES, 48), nn.Linear(48, out)
        self.blocks = nn.Sequential(*(Block(48) for _ in range(blocks)))
        self.norm = nn.LayerNorm(48)

    def forward(self, x: torch.Tensor) -> Any:
        return self.last(self.norm(self.blocks(self.first(x))))


class Attention(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.before(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.down(nn.functional.gelu(self.up(self.after(x))))


class Transformer(nn.Module):
    """A small encoder that classifies by the mean of its outputs."""

    def __init__(self, blocks: int, out: int) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 32)
        self.places = nn.Parameter(0.02 * torch.randn(LENGTH, 32))
        self.blocks = nn.Sequential(*(Attention(32) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, out)

    def forward(self, x: torch.Tensor) -> Any:
        return self.head(self.norm(self.blocks(self.words(x) + self.places)).mean(dim=1))


class Words(nn.Module):
    """Embeddings, averaged and classified."""

    def __init__(self, out: int) -> None:
        super().__init__()
        self.words, self.up, self.head = nn.Embedding(WORDS, 16), nn.Linear(16, 32), nn.Linear(32, out)

    def forward(self, x: torch.Tensor) -> Any:
        return self.head(torch.relu(self.up(self.words(x).mean(dim=1))))


class Recurrent(nn.Module):
    """A recurrent layer and a linear one over its last state."""

    def __init__(self, kind: type[nn.Module], out: int, gain: float = 0.0) -> None:
        super().__init__()
        self.cell, self.head = kind(4, 32, batch_first=True), nn.Linear(32, out)
        if gain:
            # An expanding recurrence without a bound: the relu of the identity, slightly too large.
            with torch.no_grad():
                self.cell.weight_hh_l0.copy_(gain * torch.eye(32))

    def forward(self, x: torch.Tensor) -> Any:
        return self.head(self.cell(x)[0][:, -1])


class Relu(nn.RNN):
    """An RNN with relu."""

    def __init__(self, *sizes: int, batch_first: bool) -> None:
        super().__init__(*sizes, nonlinearity="relu", batch_first=batch_first)


def _mlp(out: int, width: int = 64, depth: int = 2, act: Callable[[], nn.Module] = nn.ReLU, *more: nn.Module) -> Plain:
    layers: list[nn.Module] = []
    for index in range(depth):
        layers += [nn.Linear(width if index else FEATURES, width), act(), *more]
    return Plain(*layers, nn.Linear(width, out))


def _he(model: nn.Module) -> nn.Module:
    for each in model.modules():
        if isinstance(each, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(each.weight, nonlinearity="relu")
    return model


def _cnn(out: int, norm: bool = False, depth: int = 2) -> Plain:
    layers: list[nn.Module] = []
    for index in range(depth):
        layers += [nn.Conv2d(8 if index else 1, 8, 3, padding=1)]
        layers += [nn.BatchNorm2d(8)] if norm else []
        layers += [nn.ReLU()] if index % 2 == 0 or depth > 2 else [nn.ReLU(), nn.MaxPool2d(2)]
    side = SIDE // 2 if depth == 2 else SIDE
    if depth == 2:
        # conv, relu, conv, conv: one in the middle to be frozen, as net.3 without normalisation
        layers += [nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()] if norm else []
    return Plain(*layers, nn.Flatten(), nn.Linear(8 * side * side, 32), nn.ReLU(), nn.Linear(32, out))


ARCHITECTURES: dict[str, Callable[[int], nn.Module]] = {
    "mlp": lambda out: _mlp(out, depth=3),
    "mlp-synced": lambda out: _mlp(out),
    "wide": lambda out: _mlp(out, width=256),
    "deep": lambda out: _he(_mlp(out, width=48, depth=8)),
    "deeper": lambda out: _he(_mlp(out, width=48, depth=12)),
    "deep10": lambda out: _he(_mlp(out, width=40, depth=10)),
    "narrow": lambda out: _mlp(out, width=24, depth=4),
    "elu": lambda out: _mlp(out, width=48, depth=4, act=nn.ELU),
    "tanh": lambda out: _mlp(out, depth=3, act=nn.Tanh),
    "silu": lambda out: _mlp(out, depth=3, act=nn.SiLU),
    "dropout": lambda out: _mlp(out, 128, 2, nn.ReLU, nn.Dropout(0.3)),
    "sigmoid20": lambda out: _mlp(out, width=32, depth=20, act=nn.Sigmoid),
    "sigmoid15": lambda out: _mlp(out, width=32, depth=15, act=nn.Sigmoid),
    "sigmoid12": lambda out: _mlp(out, width=32, depth=12, act=nn.Sigmoid),
    "linear": lambda out: Plain(nn.Linear(FEATURES, out)),
    "autoencoder": lambda out: Plain(
        nn.Linear(FEATURES, 32), nn.ReLU(), nn.Linear(32, 6), nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, FEATURES)
    ),
    "cnn": _cnn,
    "cnn-bn": lambda out: _cnn(out, norm=True),
    "plain-cnn": lambda out: _he(_cnn(out, depth=7)),
    "cnn4": lambda out: _he(_cnn(out, depth=4)),
    "cnn6": lambda out: _he(_cnn(out, depth=6)),
    "residual12": lambda out: Residual(12, out),
    "transformer2": lambda out: Transformer(2, out),
    "rnn-warm": lambda out: Recurrent(Relu, out, gain=1.3),
    "residual": lambda out: Residual(6, out),
    "residual30": lambda out: Residual(30, out),
    "transformer": lambda out: Transformer(3, out),
    "transformer6": lambda out: Transformer(6, out),
    "embedding": Words,
    "gru": lambda out: Recurrent(nn.GRU, out),
    "lstm": lambda out: Recurrent(nn.LSTM, out),
    "rnn-short": lambda out: Recurrent(nn.RNN, out),
    "rnn-hot": lambda out: Recurrent(Relu, out, gain=1.25),
    "rnn-hotter": lambda out: Recurrent(Relu, out, gain=1.35),
}


def build(arch: str, classes: int, init: float = 1.0, bias: float | None = None) -> nn.Module:
    """A network; its weights multiplied by `init`, the biases of its hidden layers replaced by `bias`."""
    model = ARCHITECTURES[arch](max(classes, 1))
    with torch.no_grad():
        layers = [each for each in model.modules() if isinstance(each, nn.Linear | nn.Conv2d)]
        for each in layers:
            each.weight *= init
        for each in layers[:-1] if bias is not None else ():
            each.bias.fill_(bias)
    return model

"""The trainings of the findings suite: faults put into real trainings, and trainings that are sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from _setup import Case, Fault, Setup

__all__ = ["FAULTS", "cases"]


_SGD = Setup(optimizer="sgd", lr=0.05)
_FULL = Setup(optimizer="sgd", classes=0, rows=256, batch=256, epochs=60)
_BLOWN = ("divergence", "nonfinite", "exploding", "spikes", "update_ratio", "oscillation")

FAULTS = (
    Fault(
        "lr-30",
        (*_BLOWN, "dead"),
        (replace(_SGD, optimizer="momentum", lr=0.6), Setup(lr=0.06, arch="cnn", classes=4)),
        (
            replace(_SGD, arch="tanh", optimizer="momentum", lr=0.9),
            Setup(arch="transformer", lr=0.09, classes=4, log="epoch"),
            Setup(keras=True, lr=0.1, optimizer="rmsprop", classes=0),
        ),
        means="learning rate × 30",
    ),
    Fault(
        "lr-jump",
        (*_BLOWN, "dead"),
        (replace(_SGD, optimizer="momentum", lr=0.02, jump=(6, 100.0)), Setup(jump=(7, 300.0), arch="cnn", classes=4)),
        (Setup(arch="residual", jump=(5, 300.0)), Setup(arch="gru", jump=(8, 300.0), classes=2, log="epoch")),
        means="learning rate × 100 or × 300 from some epoch on",
    ),
    Fault(
        "init-large",
        ("exploding", "nonfinite"),
        (Setup(arch="deep", init=4.0),),
        (Setup(arch="deeper", init=3.0), Setup(arch="deep", init=5.0, classes=0, log="epoch")),
        means="weights × 3 to × 5 in a plain network",
    ),
    Fault(
        "init-small",
        ("vanishing",),
        (Setup(arch="deep", init=0.25, optimizer="sgd", lr=0.01),),
        (Setup(arch="deeper", init=0.3, log="epoch"), Setup(arch="plain-cnn", init=0.2, classes=4)),
        means="weights × 0.2 to × 0.3 in a plain network",
    ),
    Fault(
        "sigmoid-20",
        ("vanishing",),
        (Setup(arch="sigmoid20"), Setup(arch="sigmoid20", optimizer="momentum", lr=0.05)),
        (Setup(arch="sigmoid12", classes=2, log="epoch"), Setup(keras=True, arch="sigmoid20")),
        means="20 (12) sigmoid layers",
    ),
    Fault(
        "tiny-data",
        ("overfitting",),
        (Setup(rows=64, epochs=60, batch=16), Setup(arch="cnn", rows=48, epochs=50, batch=16, classes=4, log="epoch")),
        (
            Setup(arch="transformer", rows=64, epochs=24, batch=16, classes=4),
            Setup(keras=True, rows=64, epochs=60, batch=16),
        ),
        means="64 examples (CNN: 48)",
    ),
    Fault(
        "label-noise",
        ("overfitting",),
        (
            Setup(arch="wide", rows=512, epochs=40, noise=0.4),
            Setup(arch="cnn", rows=256, epochs=40, noise=0.4, classes=4),
        ),
        (
            Setup(arch="residual", rows=384, epochs=40, noise=0.5, log="epoch"),
            Setup(arch="tanh", rows=384, epochs=60, noise=0.5),
        ),
        means="40 or 50 % random labels",
    ),
    Fault(
        "frozen",
        ("unused",),
        (Setup(freeze="net.2"), Setup(arch="residual", freeze="blocks.3")),
        (
            Setup(arch="transformer", freeze="blocks.1", classes=4),
            Setup(arch="cnn", freeze="net.2", classes=4, log="epoch"),
        ),
        means="a layer in the middle is not trained",
    ),
    Fault(
        "orphan",
        ("unused",),
        (Setup(orphan=True),),
        (Setup(arch="gru", orphan=True, classes=2), Setup(arch="cnn", orphan=True, classes=4, log="epoch")),
        means="a layer that nothing goes through",
    ),
    Fault(
        "dead-relu",
        ("dead",),
        (Setup(bias=-4.0), Setup(bias=-4.0, optimizer="momentum", lr=0.05)),
        (
            Setup(arch="wide", bias=-5.0, log="epoch"),
            Setup(arch="cnn", bias=-3.0, classes=4),
            Setup(keras=True, bias=-5.0),
        ),
        means="biases of −3 to −5 before the ReLU",
    ),
    Fault(
        "nan-batch",
        ("nonfinite",),
        (Setup(poison=(5, 7)), Setup(arch="cnn", poison=(3, 0), classes=4, log="epoch")),
        (
            Setup(arch="residual", poison=(9, 3)),
            Setup(arch="gru", poison=(6, 20), classes=2),
            Setup(keras=True, poison=(4, 2)),
        ),
        means="one NaN among the inputs",
    ),
    Fault(
        "bad-batches",
        ("spikes",),
        (Setup(outliers=(4, 7, 9)),),
        (
            Setup(arch="gru", classes=2, outliers=(3, 5, 8, 10)),
            replace(_SGD, arch="tanh", classes=0, outliers=(5, 7, 9)),
        ),
        means="three or four batches with inputs × 30",
    ),
    Fault(
        "no-zero-grad",
        (*_BLOWN, "accumulation"),
        (replace(_SGD, zero_grad=False), replace(_SGD, zero_grad=False, optimizer="momentum", lr=0.02)),
        (
            replace(_SGD, zero_grad=False, arch="tanh", log="epoch"),
            replace(_SGD, zero_grad=False, arch="cnn", classes=4),
            replace(_SGD, zero_grad=False, arch="residual", lr=0.01),
        ),
        means="zero_grad() forgotten",
    ),
    Fault(
        "loss-scale",
        ("update_ratio", "underfitting"),
        (replace(_SGD, loss_factor=1e-4), replace(_SGD, loss_factor=1e-4, arch="cnn", classes=4, log="epoch")),
        (
            replace(_SGD, loss_factor=1e-4, arch="residual"),
            replace(_SGD, loss_factor=2e-4, arch="gru", classes=2),
            replace(_SGD, loss_factor=1e-4, keras=True),
        ),
        means="loss × 1e-4 under SGD: scaled down and never up",
    ),
    Fault(
        "lr-tiny",
        ("update_ratio", "underfitting"),
        (Setup(lr=1e-7), replace(_SGD, lr=1e-5)),
        (Setup(arch="transformer", lr=1e-7, classes=4), Setup(arch="cnn", lr=1e-7, classes=4, log="epoch")),
        means="learning rate / 10,000",
    ),
    Fault(
        "no-shuffle",
        ("order",),
        (Setup(rows=1024, shuffle=False), replace(_SGD, rows=1024, shuffle=False)),
        (Setup(arch="cnn", rows=768, shuffle=False, classes=4), Setup(arch="tanh", rows=1536, shuffle=False)),
        means="examples sorted by class",
    ),
    Fault(
        "rnn-exploding",
        _BLOWN,
        (Setup(arch="rnn-hot", classes=0, optimizer="sgd", lr=0.02, epochs=10),),
        (
            Setup(arch="rnn-hot", classes=2, optimizer="momentum", lr=0.05, epochs=10),
            Setup(arch="rnn-hotter", classes=0, optimizer="sgd", lr=0.01, epochs=10, log="epoch"),
        ),
        means="a plain RNN over 60 steps whose recurrence expands",
    ),
    Fault(
        "edge",
        _BLOWN,
        (replace(_FULL, lr=0.1),),
        (replace(_FULL, arch="tanh", lr=0.2), replace(_FULL, arch="linear", lr=0.8, log="epoch")),
        means="full-batch descent beyond the edge of stability",
    ),
    Fault(
        "noise",
        ("noise_scale",),
        (Setup(optimizer="sgd", lr=0.01, noise=0.8, micro=2, batch=4, classes=2, rows=1024, epochs=8),),
        (Setup(arch="tanh", optimizer="sgd", lr=0.01, noise=0.8, micro=2, batch=4, classes=2, rows=1024, epochs=8),),
        means="batches of 4 with 80 % random labels",
    ),
    Fault(
        "replicas",
        ("replicas",),
        (replace(_SGD, ranks=2, epochs=4),),
        (Setup(arch="cnn", ranks=2, epochs=4, classes=4),),
        means="two replicas whose gradients are not averaged",
    ),
)

# Networks that no threshold was chosen with, of which each fault has some.
_HELD_OUT: dict[str, tuple[Setup, ...]] = {
    "lr-30": (
        Setup(arch="narrow", optimizer="momentum", lr=0.6),
        Setup(arch="cnn4", lr=0.03, classes=4),
        Setup(keras=True, optimizer="momentum", lr=0.6),
    ),
    "lr-jump": (Setup(arch="elu", jump=(6, 300.0)), Setup(arch="lstm", jump=(5, 300.0), classes=2)),
    "init-large": (Setup(arch="deep10", init=4.0), Setup(arch="cnn6", init=4.0, classes=4)),
    "init-small": (Setup(arch="deep10", init=0.25), Setup(arch="cnn6", init=0.2, classes=4)),
    "sigmoid-20": (Setup(arch="sigmoid15"),),
    "tiny-data": (Setup(arch="narrow", rows=80, epochs=60, batch=16), Setup(arch="elu", rows=64, epochs=50, batch=16)),
    "label-noise": (
        Setup(arch="narrow", rows=400, epochs=60, noise=0.5),
        Setup(arch="cnn4", rows=256, epochs=40, noise=0.4, classes=4),
    ),
    "frozen": (Setup(arch="narrow", freeze="net.4"), Setup(arch="residual12", freeze="blocks.5")),
    "orphan": (Setup(arch="lstm", orphan=True, classes=2), Setup(arch="elu", orphan=True, log="epoch")),
    "dead-relu": (
        Setup(arch="narrow", bias=-4.0),
        Setup(arch="cnn4", bias=-3.0, classes=4),
        Setup(keras=True, bias=-4.0, classes=0),
    ),
    "nan-batch": (
        Setup(arch="lstm", poison=(5, 3), classes=2),
        Setup(arch="narrow", poison=(8, 30), log="epoch"),
        Setup(keras=True, poison=(7, 9), classes=0),
    ),
    "bad-batches": (Setup(arch="lstm", classes=2, outliers=(3, 6, 9)), Setup(arch="narrow", outliers=(4, 6, 8))),
    "no-zero-grad": (
        replace(_SGD, zero_grad=False, arch="elu"),
        replace(_SGD, zero_grad=False, arch="residual12", lr=0.01),
    ),
    "loss-scale": (
        replace(_SGD, loss_factor=1e-4, arch="elu"),
        replace(_SGD, loss_factor=1e-4, arch="lstm", classes=2),
    ),
    "lr-tiny": (Setup(arch="narrow", lr=1e-7), Setup(arch="residual12", lr=1e-7, log="epoch")),
    "no-shuffle": (Setup(arch="elu", rows=1024, shuffle=False), Setup(arch="narrow", rows=1536, shuffle=False)),
    "rnn-exploding": (Setup(arch="rnn-warm", classes=2, optimizer="sgd", lr=0.05, epochs=10),),
    "edge": (replace(_FULL, arch="elu", lr=0.15), replace(_FULL, arch="narrow", lr=0.2)),
    "noise": (
        Setup(arch="elu", optimizer="sgd", lr=0.01, noise=0.8, micro=2, batch=4, classes=2, rows=1024, epochs=8),
    ),
    "replicas": (Setup(arch="elu", ranks=2, epochs=4, optimizer="sgd", lr=0.05),),
}

# Trainings without a fault. Those with `rows` see the same examples again and again, but many, and stop in time.
_SOUND_TUNED = {
    "mlp": Setup(),
    "mlp-sgd": replace(_SGD, lr=0.05),
    "mlp-momentum": Setup(optimizer="momentum", lr=0.02),
    "mlp-finite": Setup(rows=4096, epochs=8, decay=1e-3),
    "mlp-epoch": Setup(log="epoch", optimizer="rmsprop"),
    "deep": Setup(arch="deep"),
    "tanh": Setup(arch="tanh", optimizer="momentum", lr=0.02),
    "regression": Setup(classes=0, noise=0.1),
    "cnn": Setup(arch="cnn", classes=4),
    "cnn-bn": Setup(arch="cnn-bn", classes=4, optimizer="momentum", lr=0.05, schedule="cosine"),
    "residual": Setup(arch="residual", schedule="warmup"),
    "transformer": Setup(arch="transformer", classes=4, schedule="warmup", decay=0.01, optimizer="adamw", clip=1.0),
    "gru": Setup(arch="gru", classes=2, clip=1.0),
    "full-batch-slow": replace(_FULL, lr=0.02),
    "dropout": Setup(arch="dropout", rows=4096, epochs=8),
    "noise": Setup(micro=4, batch=128, epochs=8),
    "replicas": Setup(ranks=2, epochs=4, loss_factor=1.0, optimizer="sgd", lr=0.05, arch="mlp-synced"),
    "keras-mlp": Setup(keras=True),
    "keras-regression": Setup(keras=True, classes=0, optimizer="rmsprop"),
}
_SOUND_SEEN = {
    "wide": Setup(arch="wide"),
    "deeper-residual": Setup(arch="residual30", schedule="warmup"),
    "autoencoder": Setup(arch="autoencoder", classes=-1),
    "lstm": Setup(arch="lstm", classes=2, clip=1.0),
    "cnn-steps": Setup(arch="cnn", classes=4, schedule="steps", optimizer="momentum", lr=0.02, log="epoch"),
    "cnn-finite": Setup(arch="cnn-bn", classes=4, rows=4096, epochs=8),
    "transformer-adam": Setup(arch="transformer", classes=4, lr=5e-4),
    "deep-transformer": Setup(arch="transformer6", classes=4, schedule="warmup", lr=5e-4, clip=1.0, optimizer="adamw"),
    "embedding": Setup(arch="embedding", classes=4, lr=5e-3),
    "transfer": Setup(freeze="net.0", optimizer="adam"),
    "silu": Setup(arch="silu", optimizer="adamw", decay=0.01),
    "linear": Setup(arch="linear", classes=0, noise=0.1, optimizer="sgd", lr=0.05),
    "rnn-short": Setup(arch="rnn-short", classes=2, clip=1.0),
    "noise": Setup(arch="tanh", micro=4, batch=128, epochs=8),
    "mlp-finite-long": Setup(rows=8192, epochs=10, schedule="cosine"),
    "keras-cnn": Setup(keras=True, arch="cnn", classes=4),
    "keras-bn": Setup(keras=True, arch="bn", optimizer="momentum", lr=0.05),
}

_SOUND_HELD_OUT = {
    "narrow": Setup(arch="narrow"),
    "narrow-finite": Setup(arch="narrow", rows=6000, epochs=8, log="epoch"),
    "elu": Setup(arch="elu", optimizer="momentum", lr=0.02),
    "elu-regression": Setup(arch="elu", classes=0, noise=0.1, optimizer="sgd", lr=0.02),
    "deep10": Setup(arch="deep10"),
    "residual12": Setup(arch="residual12", optimizer="adamw", decay=0.01),
    "cnn4": Setup(arch="cnn4", classes=4),
    "cnn4-sgd": Setup(arch="cnn4", classes=4, optimizer="momentum", lr=0.02, schedule="cosine"),
    "transformer2": Setup(arch="transformer2", classes=4, schedule="warmup", clip=1.0),
    "lstm-fast": Setup(arch="lstm", classes=2, lr=3e-3, clip=1.0),
    "elu-noise": Setup(arch="elu", micro=4, batch=128, epochs=8),
    "elu-decay": Setup(arch="elu", optimizer="rmsprop", decay=1e-4, schedule="steps"),
    "keras-sgd": Setup(keras=True, optimizer="momentum", lr=0.02),
}

_SEEDS = range(5)
_FEW = range(3)


def cases() -> Iterator[Case]:
    """Every training, in a fixed order."""
    for fault in FAULTS:
        yield from _cases(fault, fault.tuned, "t", "tuned", _SEEDS)
        yield from _cases(fault, fault.seen, "h", "tuned", range(100, 103))
        yield from _cases(fault, _HELD_OUT[fault.name], "n", "held out", range(200, 203))
    for part, sound, first in (
        ("tuned", _SOUND_TUNED, 0),
        ("tuned", _SOUND_SEEN, 100),
        ("held out", _SOUND_HELD_OUT, 200),
    ):
        for variant, setup in sound.items():
            for seed in _FEW:
                yield Case("", variant, part, first + seed, setup)


def _cases(fault: Fault, setups: tuple[Setup, ...], tag: str, part: str, seeds: range) -> Iterator[Case]:
    for number, setup in enumerate(setups):
        variant = f"{'keras-' if setup.keras else ''}{setup.arch}-{tag}{number}"
        for seed in seeds:
            yield Case(fault.name, variant, part, seed, setup, fault.expects, _onset(setup))


def _onset(setup: Setup) -> int | None:
    moment: Any = setup.jump or setup.poison
    return None if moment is None else int(moment[0])

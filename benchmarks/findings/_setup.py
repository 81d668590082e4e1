"""What a training of the findings suite is: how a network is trained, and what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

__all__ = ["Case", "Fault", "Setup"]


@dataclass(frozen=True)
class Setup:
    """How one network is trained. A fault is a sound setup with something replaced.

    Attributes:
        arch: A network of `_torch_trainings.ARCHITECTURES` or `_keras_trainings.ARCHITECTURES`.
        rows: Training examples; 0 draws new ones each epoch, so that nothing can be overfitted.
        classes: 0 for regression.
        schedule: "constant", "cosine", "warmup" (then cosine) or "steps".
        init: Multiplies every weight (not biases) before the training.
        bias: Replaces the biases of hidden layers.
        noise: Share of training labels that are random, or the deviation of the noise on targets.
        jump: (epoch, factor): multiplies the learning rate from that epoch on.
        poison: (epoch, batch): where a NaN gets into the inputs.
        outliers: Epochs of which one batch has inputs 30 times too large.
        freeze: Part of the path of a module that is kept from training.
        orphan: Whether a layer is made that nothing goes through.
        zero_grad: Whether gradients are forgotten after each step.
        loss_factor: Multiplies the loss before it is propagated back.
        shuffle: Whether batches mix the classes; else the examples are sorted by them.
        micro: Micro-batches per step, whose gradients are averaged; measured for the noise scale.
        log: "epoch" for a row with mean loss and validation loss an epoch; "step" for the loss each step, too.
    """

    arch: str = "mlp"
    epochs: int = 12
    rows: int = 0
    batch: int = 32
    classes: int = 5
    optimizer: str = "adam"
    lr: float = 1e-3
    decay: float = 0.0
    schedule: str = "constant"
    clip: float = 0.0
    init: float = 1.0
    bias: float | None = None
    noise: float = 0.0
    jump: tuple[int, float] | None = None
    poison: tuple[int, int] | None = None
    outliers: tuple[int, ...] = ()
    freeze: str = ""
    orphan: bool = False
    zero_grad: bool = True
    loss_factor: float = 1.0
    shuffle: bool = True
    micro: int = 1
    log: str = "step"
    keras: bool = False
    ranks: int = 1


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        fault: What is wrong with it; "" where nothing is.
        variant: The architecture and what else tells it from its like.
        part: "tuned" if the thresholds were chosen with it in sight, "held out" if not. What was held out at first is
            "tuned" since it was looked at.
        expects: The kinds of finding of which one must come; empty where none may.
        onset: The epoch from which on it is wrong, None where from the start, or told by the training itself.
    """

    fault: str
    variant: str
    part: str
    seed: int
    setup: Setup
    expects: tuple[str, ...] = ()
    onset: int | None = None

    @property
    def name(self) -> str:
        return f"{self.fault or 'sound'}-{self.variant}-{self.seed}"

    def to_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Fault:
    """A fault, in the networks that it is put into; those of `seen` were held out until they were looked at once."""

    name: str
    expects: tuple[str, ...]
    tuned: tuple[Setup, ...]
    seen: tuple[Setup, ...]
    onset: int | None = None
    means: str = ""

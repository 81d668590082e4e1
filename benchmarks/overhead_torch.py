"""What recording costs a PyTorch training: step time beside bare, in one process, interleaved.

python benchmarks/overhead_torch.py [--model article|mlp|gpt] [--rounds N] [--json PATH]

Each round times a block of steps of every contender, in an order that changes; reported are medians over the rounds of
the ratio to the bare block of the same round, so that what else runs on the machine weighs on all alike. One thread.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from _rounds import report
from torch import nn

import undertow as ut


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(self.norm_1(x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(nn.functional.gelu(self.up(self.norm_2(x))))


class GPT(nn.Module):
    def __init__(self, vocabulary: int = 512, layers: int = 6, width: int = 256, length: int = 128) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList([Block(width, 8) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def article() -> tuple[nn.Module, Callable[[nn.Module], torch.Tensor]]:
    model = nn.Sequential(nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    x, y = torch.randn(16, 13), torch.randn(16, 1)
    return model, lambda model: nn.functional.mse_loss(model(x), y)


def mlp() -> tuple[nn.Module, Callable[[nn.Module], torch.Tensor]]:
    sizes = [784, 1024, 1024, 1024, 10]
    layers = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
    x, y = torch.randn(128, 784), torch.randint(10, (128,))
    return nn.Sequential(*layers[:-1]), lambda model: nn.functional.cross_entropy(model(x), y)


def gpt() -> tuple[nn.Module, Callable[[nn.Module], torch.Tensor]]:
    tokens = torch.randint(512, (8, 129))
    return GPT(), lambda model: nn.functional.cross_entropy(
        model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()
    )


#: Model, steps in a block, what it is.
MODELS = {
    "article": (article, 400, "MLP 13-64-64-1, batch 16"),
    "mlp": (mlp, 5, "MLP 784-1024³-10, batch 128"),
    "gpt": (gpt, 1, "GPT, 6 layers, d 256, sequence 128, batch 8"),
}


class Training:
    """One contender: a model of its own, trained as the others are."""

    def __init__(self, make: Callable, watch: Callable[[nn.Module, torch.optim.Optimizer], Callable | None]) -> None:
        torch.manual_seed(0)
        self.model, self.loss = make()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4)
        self.after = watch(self.model, self.optimizer)

    def block(self, steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.loss(self.model).backward()
            self.optimizer.step()
            if self.after is not None:
                self.after()
        return (time.perf_counter() - start) / steps


def contenders(folder: Path, chosen: list[str]) -> dict[str, Callable]:
    def ours(**options: object) -> Callable:
        def watch(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
            ut.Run(folder / "runs").watch(model, optimizer, **options)

        return watch

    def loop(model: nn.Module, optimizer: torch.optim.Optimizer) -> Callable:
        return lambda: {name: p.grad.norm().item() for name, p in model.named_parameters()}

    def wandb_watch(model: nn.Module, optimizer: torch.optim.Optimizer) -> Callable:
        import wandb

        os.environ["WANDB_SILENT"] = "true"
        run = wandb.init(mode="offline", dir=folder, settings=wandb.Settings(x_disable_stats=True))
        run.watch(model, log="gradients", log_freq=1)
        return lambda: run.log({"step": 0})  # without a log, what it watched is kept and never written

    known = {
        "bare": lambda model, optimizer: None,
        "undertow, every step": ours(),
        "undertow, budget=0.01": ours(budget=0.01),
        "loop of .norm().item()": loop,
        "wandb.watch(log_freq=1)": wandb_watch,
    }
    if "wandb" not in chosen:
        del known["wandb.watch(log_freq=1)"]
    return known


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=[*MODELS, "all"], default="all")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--without", choices=["wandb"], action="append", default=[])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [] if "wandb" in options.without else ["wandb"]
    if chosen:
        try:
            import wandb  # noqa: F401
        except ImportError:
            chosen = []

    def blocks_of(make: Callable, folder: Path) -> dict[str, Callable[[int], float]]:
        return {label: Training(make, watch).block for label, watch in contenders(folder, chosen).items()}

    report(MODELS, blocks_of, options, {"torch": torch.__version__})


if __name__ == "__main__":
    main()

"""Trains one PyTorch network of the findings suite, and records it as any user would."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _data import Task
from _networks import build
from _setup import Case, Setup
from torch import nn

import undertow as ut

__all__ = ["train"]

_BATCHES = 32
_HELD_OUT, _TRUTH = 512, 4000


def train(case: Case, runs: Path) -> None:
    """Records `runs/<name>`; beside it stands what only the maker of the data knows: the expected loss by epoch."""
    setup = case.setup
    if setup.ranks > 1:
        _train_replicas(case, runs)
        return
    torch.manual_seed(case.seed)
    task = Task(setup.arch, setup.classes, case.seed)
    model = build(setup.arch, setup.classes, setup.init, setup.bias)
    if setup.orphan:
        model.extra = nn.Linear(16, 16)
    for path, parameter in model.named_parameters():
        if setup.freeze and path.startswith(setup.freeze + "."):
            parameter.requires_grad_(False)
    optimizer = _optimizer(model, setup)
    fixed = _ordered(task.draw(setup.rows, setup.noise), setup) if setup.rows else None
    held_out, truth = task.draw(_HELD_OUT, setup.noise if setup.classes == 0 else 0.0), task.draw(_TRUTH)
    shuffled = np.random.default_rng(case.seed)
    expected: list[float] = []
    with ut.Run(runs, id=case.name, config={"batch": setup.batch, "micro": setup.micro, "lr": setup.lr}) as run:
        noise = setup.micro > 1
        watcher = run.watch(model, optimizer, signals=True, activations=True, cosine=True, noise=noise)
        for epoch in range(setup.epochs):
            watcher.epoch = epoch
            rate = _rate(setup, epoch)
            for group in optimizer.param_groups:
                group["lr"] = rate
            x, y = fixed if fixed else task.draw(_BATCHES * setup.batch, setup.noise)
            order = shuffled.permutation(len(x)) if setup.shuffle else np.arange(len(x))
            losses = []
            for number, start in enumerate(range(0, len(x), setup.batch)):
                rows = order[start : start + setup.batch]
                inputs = torch.from_numpy(x[rows])
                if setup.poison == (epoch, number):
                    inputs = _poisoned(inputs)
                if epoch in setup.outliers and number == 5:
                    inputs = 30 * inputs
                losses.append(_step(model, optimizer, setup, inputs, torch.from_numpy(y[rows])))
                if setup.log == "step":
                    run.log(loss=losses[-1], epoch=epoch)
            expected.append(_loss(model, truth, setup))
            row = {"val_loss": _loss(model, held_out, setup), "lr": rate, "epoch": epoch}
            run.log(row if setup.log == "step" else {"loss": float(np.mean(losses)), **row})
    (runs / f"{case.name}.json").write_text(json.dumps({"case": json.loads(case.to_json()), "expected": expected}))


def _step(model: nn.Module, optimizer: Any, setup: Setup, x: Any, y: Any) -> float:
    if setup.zero_grad:
        optimizer.zero_grad()
    total = 0.0
    for part, target in zip(x.chunk(setup.micro), y.chunk(setup.micro), strict=True):
        loss = _criterion(model(part), target, setup) / setup.micro
        (setup.loss_factor * loss).backward()
        total += float(loss.detach())
    if setup.clip:
        nn.utils.clip_grad_norm_(model.parameters(), setup.clip)
    optimizer.step()
    return total


def _criterion(output: Any, target: Any, setup: Setup) -> Any:
    if setup.classes > 0:
        return nn.functional.cross_entropy(output, target)
    return nn.functional.mse_loss(output, target)


def _loss(model: nn.Module, data: tuple[Any, Any], setup: Setup) -> float:
    model.eval()
    with torch.no_grad():
        loss = float(_criterion(model(torch.from_numpy(data[0])), torch.from_numpy(data[1]), setup))
    model.train()
    return loss


def _poisoned(x: Any) -> Any:
    """The inputs with one NaN."""
    x = x.clone()
    x.view(-1)[0] = math.nan
    return x


def _rate(setup: Setup, epoch: int) -> float:
    done = epoch / setup.epochs
    rate = setup.lr
    if setup.schedule == "cosine" or (setup.schedule == "warmup" and epoch >= 3):
        rate *= 0.5 * (1 + math.cos(math.pi * done))
    elif setup.schedule == "warmup":
        rate *= (epoch + 1) / 4
    elif setup.schedule == "steps":
        rate *= 0.1 ** int(3 * done)
    if setup.jump and epoch >= setup.jump[0]:
        rate *= setup.jump[1]
    return rate


def _optimizer(model: nn.Module, setup: Setup) -> Any:
    parameters = [p for p in model.parameters() if p.requires_grad]
    rate, decay = setup.lr, setup.decay
    match setup.optimizer:
        case "sgd":
            return torch.optim.SGD(parameters, rate, weight_decay=decay)
        case "momentum":
            return torch.optim.SGD(parameters, rate, momentum=0.9, weight_decay=decay)
        case "adamw":
            return torch.optim.AdamW(parameters, rate, weight_decay=decay)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, rate, weight_decay=decay)
    return torch.optim.Adam(parameters, rate, weight_decay=decay)


def _ordered(data: tuple[Any, Any], setup: Setup) -> tuple[Any, Any]:
    if setup.shuffle:
        return data
    order = np.argsort(data[1], kind="stable")
    return data[0][order], data[1][order]


def _train_replicas(case: Case, runs: Path) -> None:
    """Two replicas, each recorded by its own rank; they share their gradients only in the sound network's case."""
    setup = case.setup
    torch.manual_seed(case.seed)
    synced = setup.arch.endswith("synced")
    first = build(setup.arch, setup.classes)
    models = [first, copy.deepcopy(first)]
    optimizers = [_optimizer(model, setup) for model in models]
    tasks = Task(setup.arch, setup.classes, case.seed)
    opened = [ut.Run(runs, id=case.name, rank=rank, config={"batch": setup.batch, "lr": setup.lr}) for rank in range(2)]
    watchers = [
        run.watch(model, optimizer, replicated=False)
        for run, model, optimizer in zip(opened, models, optimizers, strict=True)
    ]
    for epoch in range(setup.epochs):
        for watcher in watchers:
            watcher.epoch = epoch
        for _ in range(_BATCHES):
            losses = []
            for model in models:
                x, y = tasks.draw(setup.batch)
                model.zero_grad()
                loss = _criterion(model(torch.from_numpy(x)), torch.from_numpy(y), setup)
                loss.backward()
                losses.append(float(loss.detach()))
            if synced:
                for a, b in zip(*(model.parameters() for model in models), strict=True):
                    mean = (a.grad + b.grad) / 2
                    a.grad, b.grad = mean, mean.clone()
            for optimizer in optimizers:
                optimizer.step()
            for run, loss in zip(opened, losses, strict=True):
                run.log(loss=loss, epoch=epoch)
    for run in opened:
        run.close()
    (runs / f"{case.name}.json").write_text(json.dumps({"case": json.loads(case.to_json()), "expected": []}))

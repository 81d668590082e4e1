"""One rank of a training over gloo, for `test_torch_distributed`: python torch_ranks.py CASE RANK FOLDER PORT."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import undertow as ut

RANKS, WIDTH, STEPS = 2, 160, 3


class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.norm, self.two = nn.Linear(width, width), nn.LayerNorm(width), nn.Linear(width, width)
        self.head = nn.Linear(width, 3, bias=False)

    def forward(self, x):
        return self.head(self.norm(x + self.two(torch.relu(self.one(x)))))


class Communication(TorchDispatchMode):
    """Counts the collectives within it. DDP's reducer issues its own below any mode, in both trainings alike."""

    def __init__(self):
        super().__init__()
        self.counts = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        # To look at what a collective brings is to wait for it, as the training does a moment later.
        if function.namespace in ("c10d", "_c10d_functional") and "wait_tensor" not in str(function):
            self.counts[str(function)] = self.counts.get(str(function), 0) + 1
        return function(*args, **(kwargs or {}))


def data(step):
    generator = torch.Generator().manual_seed(step)
    return torch.randn(8, WIDTH, generator=generator)


def train(model, whole, optimizer, rank, ranks, micro=1):
    """Steps on this rank's part of each batch."""
    for step in range(STEPS):
        optimizer.zero_grad()
        part = data(step).chunk(ranks * micro)
        for index in range(micro):
            loss = model(part[rank * micro + index]).square().mean() / micro
            if micro > 1 and index < micro - 1 and hasattr(model, "no_sync"):
                with model.no_sync():
                    loss.backward()
            else:
                loss.backward()
        optimizer.step()


def wrapped(case, model):
    """The model as the case trains it, and among how many ranks the batch is divided."""
    if case.startswith("ddp"):
        return nn.parallel.DistributedDataParallel(model), RANKS
    from torch.distributed.device_mesh import init_device_mesh

    mesh = init_device_mesh("cpu", (RANKS,))
    if case == "fsdp":
        from torch.distributed.fsdp import fully_shard

        for module in (model.one, model.two):
            fully_shard(module, mesh=mesh)
        return fully_shard(model, mesh=mesh), RANKS
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    return parallelize_module(model, mesh, {"one": ColwiseParallel(), "two": RowwiseParallel()}), 1


def main(case, rank, folder, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port, RANK=str(rank), WORLD_SIZE=str(RANKS))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    counts = []
    for watched in (False, True):
        whole = Net()
        model, ranks = wrapped(case, whole)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        run = ut.Run(folder / "runs", name=f"rank {rank}", rank=rank) if watched else None
        if run is not None:
            everything = {"signals": True, "activations": True, "histograms": True, "cosine": True, "noise": True}
            run.watch(model, optimizer, **everything, budget=0.5 if case == "tp" else None)
        part = rank if ranks > 1 else 0
        with Communication() as communication:
            train(model, whole, optimizer, part, ranks, micro=2 if case == "ddp-accumulate" else 1)
        counts.append(communication.counts)
        if run is not None:
            run.close()
            (folder / f"{rank}.json").write_text(json.dumps({"path": str(run.path), "counts": counts}))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])

"""Which parameters of which optimizers are recorded, as they come, go and are shared."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import undertow as ut  # noqa: E402

from .torch_cases import Oracle, batches, loss_of, net, rows, train_one  # noqa: E402


def test_several_optimizers_and_groups_and_a_group_that_comes_later(tmp_path):
    model = net(depth=3)
    oracle = Oracle(model)
    first = torch.optim.SGD([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters()}], lr=0.01)
    second = torch.optim.Adam(model[4].parameters())
    with ut.Run(tmp_path) as run:
        run.watch(model, [first, second])
        for step, x in enumerate(batches(4)):
            if step == 2:
                first.add_param_group({"params": model[6].parameters()})
            loss_of(model, x).backward()
            oracle.before()
            first.step()
            second.step()
            oracle.after(step)
            model.zero_grad()
            run.log(loss=1.0)
    recorded = rows(run)
    assert {param for step, param in recorded if step < 2} == {
        f"{i}.{n}" for i in (0, 2, 4) for n in ("weight", "bias")
    }
    oracle.expected = {key: value for key, value in oracle.expected.items() if key in recorded}
    oracle.check(recorded)
    assert {param for step, param in recorded if step == 2} == set(oracle.parameters)
    assert ut.load(run.path).steps.to_arrow()["step"].to_pylist() == [0, 1, 2, 3]


def test_without_an_optimizer_those_that_hold_its_parameters_are_found(tmp_path):
    model, other = net(), net(seed=5)
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.01)
    foreign = torch.optim.SGD(other.parameters(), lr=0.01)
    with ut.Run(tmp_path) as run:
        with run.watch(model):
            for step, x in enumerate(batches(3)):
                loss_of(other, x).backward()
                foreign.step()
                optimizer.zero_grad()
                loss_of(model, x).backward()
                oracle.before()
                optimizer.step()
                oracle.after(step)
        optimizer.step()
    oracle.check(rows(run))
    assert not optimizer._optimizer_step_pre_hooks and not foreign._optimizer_step_pre_hooks


def test_frozen_unused_and_shared_parameters(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.unused = nn.Embedding(7, 8), nn.Linear(3, 3)
            self.base, self.adapter = nn.Linear(8, 8), nn.Linear(8, 8, bias=False)
            self.head = nn.Linear(8, 7, bias=False)
            self.head.weight = self.embed.weight
            self.base.requires_grad_(False)

        def forward(self, x):
            x = self.embed(x)
            return self.head(self.base(x) + self.adapter(x))

    model = Tied()
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.1)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer)
        for step in range(2):
            optimizer.zero_grad()
            loss_of(model, torch.arange(7)).backward()
            oracle.before()
            optimizer.step()
            oracle.after(step)
    recorded = rows(run)
    assert {param for _, param in recorded} == {"embed.weight", "adapter.weight"}
    oracle.check(recorded)
    params = ut.load(run.path).params.to_pandas().set_index("param")
    assert "head.weight" not in params.index
    assert params.loc["embed.weight", "depth"] == 0 and params.loc["adapter.weight", "module"] == "adapter"


def test_parameters_that_appear_after_watching_began(tmp_path):
    model = net()
    with ut.Run(tmp_path) as run:
        run.watch(model)
        model.requires_grad_(False)
        model.append(nn.Linear(1, 1))
        train_one(model, torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1))
    assert {param for _, param in rows(run)} == {"5.weight", "5.bias"}
    assert "5.weight" in ut.load(run.path).params.to_arrow()["param"].to_pylist()


@pytest.mark.parametrize("size", [10, 5000])
def test_sparse_gradients(tmp_path, size):
    model = nn.Embedding(size, 8, sparse=True)
    oracle, optimizer = Oracle(model), torch.optim.SGD(model.parameters(), lr=0.1)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, histograms=True, cosine=True)
        for step in range(3):
            optimizer.zero_grad()
            model(torch.tensor([1, 1, 3 + step])).square().sum().backward()
            oracle.before()
            optimizer.step()
            oracle.after(step)
    recorded = rows(run)
    oracle.check(recorded)
    assert recorded[0, "weight"]["zeros"] == size * 8 - 16
    assert sum(recorded[0, "weight"]["histogram"]) == 16


def test_other_memory_layouts(tmp_path):
    model = nn.Sequential(nn.Conv2d(40, 50, 5), nn.Flatten(), nn.Linear(50 * 4, 1)).to(
        memory_format=torch.channels_last
    )
    oracle, optimizer = Oracle(model), torch.optim.Adam(model.parameters())
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, cosine=True)
        for step in range(2):
            optimizer.zero_grad()
            loss_of(model, torch.randn(2, 40, 6, 6)).backward()
            oracle.before()
            optimizer.step()
            oracle.after(step)
    oracle.check(rows(run))


@pytest.mark.parametrize("every", [1, 3])
def test_an_optimizer_that_calls_the_step_of_its_parent_counts_once(tmp_path, every):
    class Decaying(torch.optim.SGD):
        fail = False

        def step(self, closure=None):
            if self.fail:
                raise ValueError("not now")
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.mul_(0.99)
            return super().step(closure)

    model = net()
    torch.optim.SGD(model.parameters(), lr=0.1)  # from the first instance of a class on, its step calls hooks
    optimizer, oracle = Decaying(model.parameters(), lr=0.1), Oracle(model)
    with ut.Run(tmp_path) as run:
        run.watch(model, optimizer, every=every)
        for step, x in enumerate(batches(7)):
            optimizer.zero_grad()
            loss_of(model, x).backward()
            optimizer.fail = step == 3
            if optimizer.fail:
                with pytest.raises(ValueError, match="not now"):
                    optimizer.step()
                optimizer.fail = False
            oracle.before()
            optimizer.step()
            if step % every == 0:
                oracle.after(step)
    oracle.check(rows(run))

"""Recorded tables made by hand, for the tests of the lenses."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from undertow.schema import KEYS, LAYERS, PARAMS

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NET = {"dense/kernel": (0, 6), "dense/bias": (0, 2), "dense_1/kernel": (1, 2), "dense_1/bias": (1, 1)}


def keys(run="r", step=0, epoch=None, rank=0, attempt=0):
    return {"run": run, "attempt": attempt, "rank": rank, "step": step, "epoch": epoch, "time": START}


def layers_table(rows):
    return pa.Table.from_pylist(rows, schema=LAYERS)


def steps_table(rows):
    metrics = dict.fromkeys(name for row in rows for name in row if name not in KEYS.names)
    arrays = [pa.array([row.get(field.name) for row in rows], field.type) for field in KEYS]
    arrays += [pa.array([row.get(name) for row in rows]) for name in metrics]
    return pa.table(arrays, names=[*KEYS.names, *metrics])


def params_table(net=NET):
    rows = [
        {
            "param": param,
            "module": param.rpartition("/")[0],
            "depth": depth,
            "shape": [size],
            "size": size,
            "dtype": "float32",
            "sharding": None,
        }
        for param, (depth, size) in net.items()
    ]
    return pa.Table.from_pylist(rows, schema=PARAMS)


def sums(param, size, gradient, weight=None, update=None, **where):
    g = np.broadcast_to(np.asarray(gradient, dtype=float), size)
    row = {
        **keys(**where),
        "param": param,
        "count": size,
        "sum": g.sum(),
        "sum_sq": np.square(g).sum(),
        "abs_max": np.abs(g).max(),
        "zeros": int((g == 0).sum()),
        "nonfinite": int((~np.isfinite(g)).sum()),
        "w_sum_sq": None if weight is None else weight**2 * size,
        "u_sum_sq": None if update is None else update**2 * size,
    }
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}


def training(epochs=4, steps=3, run="r", net=NET, seed=0):
    """Rows of `layers` and of `steps`: gradients that shrink by the epoch, one steps row an epoch."""
    rng = np.random.default_rng(seed)
    recorded, logged, step = [], [], 0
    for epoch in range(epochs):
        for _ in range(steps):
            recorded += [
                sums(param, size, rng.normal(size=size) / (epoch + 1), 1.0, 0.001, run=run, step=step, epoch=epoch)
                for param, (_, size) in net.items()
            ]
            step += 1
        row = {"loss": 10.0 / (epoch + 1), "val_loss": 12.0 / (epoch + 1), "learning_rate": 0.001}
        logged.append({**keys(run=run, step=step - 1, epoch=epoch), **row})
    return recorded, logged


class Lazy:
    def __init__(self, table):
        self.table = table

    def to_arrow(self):
        return self.table


def recording(recorded, logged, runs=(("r", "mlp"),), net=NET):
    return SimpleNamespace(
        runs=Lazy(pa.table({"run": [run for run, _ in runs], "name": [name for _, name in runs]})),
        steps=Lazy(steps_table(logged)),
        layers=Lazy(layers_table(recorded)),
        params=Lazy(params_table(net)),
    )

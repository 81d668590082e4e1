"""The sums of a large parameter, where adding up one by one in float32 would be seen."""

from __future__ import annotations

import numpy as np
import pytest

from undertow.statistics import COUNTS, FLOATS, summarize

SHAPE = (1024, 4099)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_sums_of_four_million_elements_are_right(backend: str) -> None:
    pytest.importorskip(backend)
    rng = np.random.default_rng(0)
    g, w = (rng.normal(size=SHAPE).astype("float32") for _ in range(2))
    g[0, :7] = 0
    v = w + np.float32(1e-3) * rng.normal(size=SHAPE).astype("float32")
    expected = summarize(g, w, v - w)
    floats, counts = measure(backend, g, w, v)
    for name, value in zip(FLOATS, floats, strict=True):
        scale = np.sqrt(expected["count"] * expected["sum_sq"]) if name == "sum" else expected[name]
        assert abs(value - expected[name]) / scale < 1e-6, name
    assert counts == [expected[name] for name in COUNTS]


def measure(backend: str, g: np.ndarray, w: np.ndarray, v: np.ndarray) -> tuple[list[float], list[int]]:
    if backend == "jax":
        from undertow.integrations._jax_sums import summarize

        floats, counts, *_ = summarize([g], [w], [v], None, None, False)
        return np.asarray(floats)[0].tolist(), np.asarray(counts)[0].tolist()
    import torch

    from undertow.integrations._keras_torch import _gradient_rows, _sum_sq

    rows, counted = _gradient_rows([torch.tensor(g)])
    values = torch.stack([*rows, _sum_sq([torch.tensor(w)]), _sum_sq([torch.tensor(v) - torch.tensor(w)])], 1)
    return values[0].tolist(), counted[0].tolist()

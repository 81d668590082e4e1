import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")
pytest.importorskip("optax")

import undertow as ut

from .optax_cases import NAMES

SCRIPT = Path(__file__).with_name("optax_devices.py")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("devices")

    def of(mode):
        if not (folder / mode).exists():
            flags = "" if mode == "one" else "--xla_force_host_platform_device_count=4"
            environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
            done = subprocess.run(
                [sys.executable, SCRIPT, folder, mode], env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        table = ut.load(folder / mode).layers.to_arrow()
        rows = {(row["step"], row["param"]): row for row in table.to_pylist()}
        assert len(rows) == len(table) == 6 * 6
        return rows

    return of


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["data", "tensor", "pmap"])
def test_four_devices_give_the_sums_of_one(recorded, mode):
    one, four = recorded("one"), recorded(mode)
    for key, wanted in one.items():
        found = four[key]
        for name in NAMES:
            scale = math.sqrt(wanted["sum_sq"] * wanted["count"]) if name == "sum" else wanted[name]
            assert found[name] == pytest.approx(wanted[name], abs=1e-5 * abs(scale)), (key, name)
        if key[0]:
            # The summation order of a gradient differs between the two, so a few elements change the power of two.
            moved = sum(abs(a - b) for a, b in zip(found["histogram"], wanted["histogram"], strict=True))
            assert moved <= 4
            assert sum(found["histogram"]) == sum(wanted["histogram"])
            scale = math.sqrt(wanted["sum_sq"] * wanted["prev_sum_sq"])
            assert found["dot_prev"] == pytest.approx(wanted["dot_prev"], abs=1e-5 * scale)

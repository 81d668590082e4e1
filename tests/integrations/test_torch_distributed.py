"""What two ranks record together is what one process records of the same training, with no communication added."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import undertow as ut  # noqa: E402
from undertow.statistics import FIELDS, OPTIONAL_FIELDS, merge  # noqa: E402

from .torch_cases import rows  # noqa: E402
from .torch_ranks import RANKS, STEPS, Net, train  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (torch.distributed.is_available() and torch.distributed.is_gloo_available()), reason="no gloo"
    ),
]
CASES = ("ddp", "ddp-accumulate", "fsdp", "tp")


@pytest.fixture(scope="module", params=CASES)
def recorded(request, tmp_path_factory):
    """The case; what each rank recorded, and counted of communication."""
    folder = tmp_path_factory.mktemp(request.param)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, str(Path(__file__).with_name("torch_ranks.py")), request.param]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    ranks = [
        subprocess.Popen([*command, str(rank), str(folder), port], env=environment, stderr=subprocess.PIPE, text=True)
        for rank in range(RANKS)
    ]
    errors = [rank.communicate(timeout=120)[1] for rank in ranks]
    assert all(rank.returncode == 0 for rank in ranks), "\n".join(errors)
    return request.param, [json.loads((folder / f"{rank}.json").read_text()) for rank in range(RANKS)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one process records of the whole batches."""
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with ut.Run(tmp_path_factory.mktemp("alone")) as run:
        run.watch(model, optimizer, signals=True, activations=True, histograms=True, cosine=True, noise=True)
        train(model, model, optimizer, 0, 1)
    return rows(run)


class Folder:
    def __init__(self, path):
        self.path = path


def merged(ranks):
    found = {}
    for rank in ranks:
        for key, row in rows(Folder(rank["path"])).items():
            row = {name: value for name, value in row.items() if value is not None}
            found[key] = {**found[key], **merge(*padded(found[key], row))} if key in found else row
    return found


def padded(*parts):
    names = {field.name for field in FIELDS}
    return [{**{name: part.get(name, 0) for name in names}, **part} for part in parts]


def test_the_ranks_together_record_what_one_process_would(recorded, alone):
    case, ranks = recorded
    together = merged(ranks)
    steps = {0, 2} if case == "tp" else set(range(STEPS))  # its budget allows each second step
    assert {step for step, _ in together} == steps
    assert set(together) == {key for key in alone if key[0] in steps}
    for key, expected in alone.items():
        if key[0] not in steps:
            continue
        for field in (*FIELDS, *OPTIONAL_FIELDS):
            name = field.name
            if expected[name] is None or name[:2] == "m_" or (case == "tp" and "prev" in name):
                continue
            if key[1].endswith("()") and case == "tp":
                continue  # a rank's part of a module is another module
            value, scale = np.asarray(together[key][name], float), 0.0
            if name in ("sum", "a_sum", "dot_prev"):
                scale = np.sqrt(
                    expected["a_count" if name[0] == "a" else "count"] * (expected["sum_sq"] or expected["a_sum_sq"])
                )
            if name == "histogram":  # an element on the edge of its bin falls here or there
                assert np.abs(value - expected[name]).sum() <= 0.001 * expected["count"] + 4
                continue
            # Adam divides by the root of a tiny second moment: rounding differs more in its update than in anything.
            loose = 1e-3 if name in ("u_sum_sq",) or field.dtype == "int64" else 1e-5
            np.testing.assert_allclose(value, expected[name], rtol=loose, atol=1e-5 * scale, err_msg=f"{key} {name}")


def test_no_communication_is_added(recorded):
    _, ranks = recorded
    for rank in ranks:
        bare, watched = rank["counts"]
        assert bare == watched


def test_what_all_have_one_writes_and_params_says_how_it_is_sharded(recorded):
    case, ranks = recorded
    written = [{param for _, param in rows(Folder(rank["path"])) if not param.endswith("()")} for rank in ranks]
    params = ut.load(ranks[0]["path"]).params.to_pandas().set_index("param")["sharding"]
    if case.startswith("ddp"):
        assert written[1] == set() and params.isna().all()
    elif case == "fsdp":
        assert written[0] == written[1] and params.dropna().str.contains("Shard").sum() == len(written[0])
    else:
        assert written[1] == {"one.weight", "one.bias", "two.weight"}
        assert params["one.weight"] == "Shard(dim=0)" and params["two.weight"] == "Shard(dim=1)"
        assert params["two.bias"] == "Replicate()" and params.isna()["norm.weight"]


def test_ranks_and_micro_batches_count_for_the_noise_scale(recorded):
    case, ranks = recorded
    if not case.startswith("ddp"):
        pytest.skip("no gradient of a rank's own passes")
    row = [rows(Folder(rank["path"])) for rank in ranks]
    assert row[0][0, "one.weight"]["m_count"] == (2 if case == "ddp-accumulate" else 1)

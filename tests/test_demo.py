import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import undertow as ut
from undertow import _demo

pytest.importorskip("keras")
pytest.importorskip("jax")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What `undertow demo` wrote and said, run as a user runs it."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-c", "from undertow._cli import main; main()", "demo", "--no-open"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"}
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout, done.stderr


def test_the_demo_records_every_epoch_and_layer(demo):
    recording = ut.load(demo[0] / "runs")
    assert len(recording.steps.to_arrow()) == 18
    assert len(recording.layers.to_arrow()) == 18 * 21 * 6
    assert recording.steps.to_arrow()["loss"].to_pylist()[-1] < 20


def test_the_demo_says_what_it_found_and_where_it_is(demo):
    folder, said, complained = demo
    assert 2 < float(re.search(r"MAE ([\d.]+) in \$1000", said)[1]) < 5
    assert "The fit tapers off at epoch" in said
    assert "Column b" in said
    assert re.search(r"Run +runs.boston-housing-\S+ +\d+ kB", said)
    assert re.search(r"Page +undertow-demo.html +\d+ kB", said)
    assert complained == ""
    assert 10_000 < (folder / "undertow-demo.html").stat().st_size < 250_000


def test_a_missing_backend_is_one_line_with_a_hint(monkeypatch):
    monkeypatch.setattr(_demo.importlib.util, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(ut.UndertowError, match=r'needs torch.*pip install "undertow\[keras\]" torch'):
        _demo.train("torch", 1, 0, Path("runs"), lambda done, metrics: None)

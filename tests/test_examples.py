import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))
QUIET = {"CI": "1", "KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3"}


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs_and_is_short(example, tmp_path):
    source = example.read_text("utf-8")
    if "keras" in source:
        pytest.importorskip("keras")
        pytest.importorskip("jax")
    for library in ("torch", "lightning", "transformers", "optax", "accelerate", "optuna", "tensorboard"):
        if f"import {library}" in source or f"from {library}" in source:
            pytest.importorskip(library)
    assert len(source.splitlines()) < 60
    done = subprocess.run(
        [sys.executable, example],
        cwd=tmp_path,
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Undertow wrote" in done.stdout

import json
import subprocess
import sys

import undertow as ut

HEAVY = {
    "keras",
    "tensorflow",
    "jax",
    "optax",
    "torch",
    "lightning",
    "transformers",
    "pandas",
    "polars",
    "typer",
    "rich",
    "duckdb",
    "starlette",
    "uvicorn",
    "IPython",
    "matplotlib",
}


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_importing_undertow_loads_no_framework():
    loaded = run("import json, sys, undertow; print(json.dumps([name.partition('.')[0] for name in sys.modules]))")
    assert not HEAVY & set(loaded)


def test_looking_at_data_loads_no_framework_either():
    loaded = run(
        "import json, sys, undertow as ut; ut.show([{'a': 1}], open=False); ut.Run, ut.load;"
        "print(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    )
    assert not (HEAVY - {"pandas"}) & set(loaded)  # pyarrow imports pandas itself, wherever it is installed


def test_importing_undertow_takes_less_than_150_ms_more_than_numpy_and_pyarrow():
    code = (
        "import json, time, numpy, pyarrow; start = time.perf_counter(); import undertow;"
        "print(json.dumps(time.perf_counter() - start))"
    )
    assert min(run(code) for _ in range(5)) < 0.15


def test_every_public_name_is_there_and_listed_in_order():
    assert ut.__all__ == sorted(ut.__all__)
    assert set(ut.__all__) <= set(dir(ut))
    for name in set(ut.__all__) - {"keras", "lightning", "transformers"}:
        assert getattr(ut, name) is not None


def test_every_error_is_public():
    from undertow import errors

    assert set(errors.__all__) <= set(ut.__all__)
    assert all(getattr(ut, name) is getattr(errors, name) for name in errors.__all__)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(ut, "plot")


def test_diagnose_is_the_function_whatever_was_imported_before():
    kinds = run(
        "import json, undertow.view, undertow.diagnose, undertow; from undertow.diagnose import RULES, Finding;"
        "print(json.dumps([type(undertow.diagnose).__name__, sorted(RULES), Finding.__name__]))"
    )
    assert kinds[0] == "function"
    assert kinds[1] == sorted(
        [
            *"""accumulation dead divergence exploding noise_scale nonfinite order oscillation overfitting plateau
                               replicas spikes underfitting unused update_ratio vanishing""".split()
        ]
    )
    assert kinds[2] == "Finding"

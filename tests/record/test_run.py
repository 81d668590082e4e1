"""A Run takes what training hands it, refuses what no column can hold, and never lets the disk reach the training."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from undertow.errors import NameClashError, RunClosedError, ValueTypeError
from undertow.record import Run, _writer
from undertow.record._values import to_numpy
from undertow.store import load

ROOT = Path(__file__).parents[2]


def about(run: Run) -> dict[str, Any]:
    return json.loads((run.path / "run.json").read_text("utf-8"))


def logged(root: Path, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    with Run(root) as run:
        for row in rows:
            run.log(row)
    return load(run.path).steps.to_arrow().to_pylist()


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "", "  ", "…", "7b", "a" * 300, "con", "Ünï cøde", "a/b\\c\0d", None]
)
def test_the_id_is_a_safe_folder_name(tmp_path: Path, name: str | None) -> None:
    root = tmp_path / "deep" / "runs"
    with Run(root, name=name) as run:
        pass
    assert run.path.parent == root
    assert [child.name for child in root.iterdir()] == [run.id]
    assert run.id[0].isalpha()
    assert set(run.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(run.id) < 80
    assert about(run)["name"] == (run.id if name is None else name)


def test_two_runs_of_one_name_are_two_runs(tmp_path: Path) -> None:
    with Run(tmp_path, name="a") as first, Run(tmp_path, name="a") as second:
        assert first.id != second.id


def test_run_json_tells_what_ran_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2-never-recorded")
    with Run(tmp_path, name="n", config={"lr": 1e-3}, tags=("a", "b")) as run:
        assert about(run)["state"] == "running"
        assert about(run)["end"] is None
    written = about(run)
    assert written["state"] == "finished"
    assert written["config"] == {"lr": 1e-3}
    assert written["tags"] == ["a", "b"]
    assert written["start"] < written["end"]
    assert written["command"] == sys.argv
    assert {"python", "numpy", "undertow", "pyarrow"} <= set(written["versions"])
    assert "hunter2" not in (run.path / "run.json").read_text()


def test_a_run_that_raises_has_failed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Run(tmp_path) as run:
        run.log(loss=1.0)
        raise KeyboardInterrupt
    assert about(run)["state"] == "failed"
    assert load(tmp_path).steps.to_arrow().num_rows == 1


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Config:
    lr: float
    layers: tuple[int, ...]
    color: Color = Color.RED


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config(0.1, (64, 64)), {"lr": 0.1, "layers": [64, 64], "color": "red"}),
        (argparse.Namespace(a=1, b=Path("x")), {"a": 1, "b": "x"}),
        ({"nan": float("nan"), "inf": -np.inf}, {"nan": "nan", "inf": "-inf"}),
        ({"np": np.float32(0.5), "array": np.arange(3), 1: {2}}, {"np": 0.5, "array": [0, 1, 2], "1": [2]}),
        ({"f": len, "c": dict}, {"f": "builtins.len", "c": "builtins.dict"}),
        (None, {}),
    ],
)
def test_config_becomes_json(tmp_path: Path, config: Any, expected: Any) -> None:
    with Run(tmp_path, config=config) as run:
        pass
    assert about(run)["config"] == expected
    assert json.loads(load(tmp_path).runs.to_arrow()["config"][0].as_py()) == expected


def test_a_config_that_holds_itself_ends(tmp_path: Path) -> None:
    config: dict[str, Any] = {}
    config["self"] = config
    with Run(tmp_path, config=config) as run:
        pass
    assert about(run)["state"] == "finished"


def test_metrics_keep_their_type(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        run.log({"val": {"loss": 1.5}}, n=3, ok=True, note="hi", half=np.float16(0.5), flag=np.bool_(False), skip=None)
    schema = load(tmp_path).steps.to_arrow().schema
    types = {name: str(schema.field(name).type) for name in schema.names[6:]}
    assert types == {
        "val.loss": "double", "n": "int64", "ok": "bool", "note": "string", "half": "double", "flag": "bool"
    }  # fmt: skip


def test_nan_and_inf_are_values_and_none_is_missing(tmp_path: Path) -> None:
    rows = logged(tmp_path, {"a": float("nan")}, {"a": np.inf}, {"a": None}, {})
    assert np.isnan(rows[0]["a"])
    assert [row["a"] for row in rows[1:]] == [np.inf, None, None]


def test_int_then_float_is_float_and_bool_then_int_is_int(tmp_path: Path) -> None:
    rows = logged(tmp_path, {"a": 1, "b": True}, {"a": 0.5, "b": 3})
    assert [(type(row["a"]), row["a"]) for row in rows] == [(float, 1.0), (float, 0.5)]
    assert [(type(row["b"]), row["b"]) for row in rows] == [(int, 1), (int, 3)]


def test_steps_count_on_by_themselves(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        run.log(a=1)
        run.log(a=2, step=10, epoch=1)
        run.log({"a": 3, "epoch": 2})
        run.log({"step": 4, "a": 4})
        assert run.next_step == 12
    rows = load(tmp_path).steps.to_arrow().to_pylist()
    assert [(row["step"], row["epoch"], row["a"]) for row in rows] == [
        (0, None, 1),
        (4, None, 4),
        (10, 1, 2),
        (11, 2, 3),
    ]


@pytest.mark.parametrize("name", ["run", "attempt", "rank", "time", "Run", "STEP", "Epoch"])
def test_the_names_of_keys_are_taken(tmp_path: Path, name: str) -> None:
    with Run(tmp_path) as run, pytest.raises(NameClashError, match=name):
        run.log({name: 1.0})


def test_names_that_are_given_twice_or_differ_in_case_clash(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        with pytest.raises(NameClashError, match="twice"):
            run.log({"a": 1}, a=2)
        with pytest.raises(NameClashError, match="twice"):
            run.log({"a.b": 1, "a": {"b": 2}})
        with pytest.raises(NameClashError, match="twice"):
            run.log({"step": 1}, step=2)
        with pytest.raises(NameClashError, match="case"):
            run.log(loss=1, Loss=2)
        run.log(loss=1)
        with pytest.raises(NameClashError, match="case"):
            run.log(Loss=2)
    assert load(tmp_path).steps.to_arrow().num_rows == 1


@pytest.mark.parametrize(
    "value", [[1, 2], np.zeros(2), np.zeros((1,)), object(), 1j, np.complex64(1), b"x", 2**63, {1: 2}]
)
def test_a_value_that_no_column_holds_is_refused_at_once(tmp_path: Path, value: Any) -> None:
    with Run(tmp_path) as run, pytest.raises(ValueTypeError):
        run.log(a=value)


def test_text_where_a_number_was_is_refused(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        run.log(a=1.0)
        with pytest.raises(ValueTypeError, match="a was float so far and is text now"):
            run.log(a="x")


@pytest.mark.parametrize("step", [-1, 1.5, "1", True, 2**63, np.arange(2)])
def test_a_step_is_a_whole_number(tmp_path: Path, step: Any) -> None:
    with Run(tmp_path) as run, pytest.raises(ValueTypeError, match="step"):
        run.log(a=1, step=step)


def test_nothing_is_recorded_after_close(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.close()
    run.close()
    with pytest.raises(RunClosedError):
        run.log(a=1)
    with pytest.raises(RunClosedError):
        run.set_params([])
    with pytest.raises(RunClosedError):
        run.record_layers(0, 0, (), (), np.zeros((0, 5)), np.zeros((0, 2)))


class Lazy:
    """A tensor of no known framework, which tells who read it."""

    dtype = "float32"
    shape = ()

    def __init__(self, number: float) -> None:
        self.number, self.readers = number, []

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self.readers.append(threading.current_thread().name)
        if self.number < 0:
            raise RuntimeError("Array has been deleted")
        return np.asarray(self.number, dtype)


def test_a_tensor_is_read_by_the_writer_thread_only(tmp_path: Path) -> None:
    lazy = Lazy(0.5)
    with Run(tmp_path) as run:
        run.log(loss=lazy)
    assert load(tmp_path).steps.to_arrow()["loss"].to_pylist() == [0.5]
    assert lazy.readers == [f"undertow-{run.id}"]


def test_a_tensor_that_cannot_be_read_is_said_and_the_rest_recorded(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="has been deleted"), Run(tmp_path) as run:
        run.log(loss=Lazy(-1.0), acc=0.5)
    assert about(run)["state"] == "degraded"
    assert load(tmp_path).steps.to_arrow()["acc"].to_pylist() == [0.5]


def test_torch_tensors_are_taken_as_they_are_now(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    weight = torch.tensor(1.0, requires_grad=True)
    with Run(tmp_path) as run:
        run.log(w=weight, half=torch.tensor(0.5, dtype=torch.bfloat16), n=torch.tensor(3), ok=torch.tensor(True))
        with torch.no_grad():
            weight += 1
        with pytest.raises(ValueTypeError, match=r"shape \(2,\)"):
            run.log(w=torch.zeros(2))
    row = load(tmp_path).steps.to_arrow().to_pylist()[0]
    assert (row["w"], row["half"], row["n"], row["ok"]) == (1.0, 0.5, 3, True)
    assert to_numpy(torch.tensor([1.5], dtype=torch.float16)).tolist() == [1.5]


def test_a_traced_jax_value_is_refused_at_once(tmp_path: Path) -> None:
    jax = pytest.importorskip("jax")
    with Run(tmp_path) as run:
        run.log(loss=jax.numpy.float32(0.25))
        with pytest.raises(ValueTypeError, match="traced"):
            jax.jit(lambda x: run.log(loss=x))(1.0)
    assert load(tmp_path).steps.to_arrow()["loss"].to_pylist() == [0.25]


def test_observers_see_new_rows_and_their_errors_become_one_warning(tmp_path: Path) -> None:
    seen: list[tuple[str, pa.Table]] = []

    def broken(table: str, rows: pa.Table) -> None:
        raise ValueError("broken observer")

    with pytest.warns(RuntimeWarning, match="broken observer") as caught, Run(tmp_path) as run:
        run.observe(broken)
        run.observe(lambda table, rows: seen.append((table, rows)))
        run.log(loss=1.0)
        run.record_layers(0, 0, ("a",), (1,), np.zeros((1, 5), np.float32), np.zeros((1, 2), np.int64))
    assert len(caught) == 1
    assert {name for name, _ in seen} == {"steps", "layers"}
    assert sum(len(rows) for name, rows in seen if name == "steps") == 1
    assert about(run)["state"] == "finished"


def test_several_steps_at_once_leave_out_those_below_zero(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        floats = np.arange(30, dtype=np.float32).reshape(3, 2, 5)
        run.record_layers(np.array([4, -1, 5]), 1, ("a", "b"), (1, 2), floats, np.zeros((3, 2, 2), np.int64))
    table = load(tmp_path).layers.to_arrow().to_pylist()
    assert [(row["param"], row["step"], row["sum"]) for row in table] == [
        ("a", 4, 0),
        ("a", 5, 20),
        ("b", 4, 5),
        ("b", 5, 25),
    ]


def full_disk(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_becomes_one_warning_and_a_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undertow.store._tail._write_all", full_disk)
    with warnings.catch_warnings(record=True) as caught, Run(tmp_path) as run:
        warnings.simplefilter("always")
        for _ in range(10):
            run.log(loss=1.0)
        assert not run.flush()
    messages = [str(w.message) for w in caught]
    assert len(messages) == 2
    assert "No space left" in messages[0]
    assert "10 rows were lost" in messages[1]
    assert about(run)["state"] == "degraded"
    assert about(run)["lost"]["rows"] == 10
    assert load(tmp_path).runs.to_arrow()["lost"].to_pylist() == [10]


def test_rows_survive_a_disk_that_is_full_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(RuntimeWarning, match="0 rows were lost"):
        with monkeypatch.context() as patch:
            patch.setattr("undertow.store._tail._write_all", full_disk)
            run = Run(tmp_path)
            run.log(loss=1.0)
            assert not run.flush()
        run.close()
    assert load(tmp_path).steps.to_arrow().num_rows == 1


def test_rows_stay_in_the_tail_where_no_segment_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undertow.store._write._write_parquet", full_disk)
    with pytest.warns(RuntimeWarning, match="could not be sealed"), Run(tmp_path) as run:
        run.log(loss=1.0)
    assert about(run)["lost"]["rows"] == 0
    assert load(tmp_path).steps.to_arrow()["loss"].to_pylist() == [1.0]


@pytest.mark.skipif(os.name == "nt", reason="folders are not read-only on Windows")
def test_a_root_that_cannot_be_made_does_not_stop_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with warnings.catch_warnings(record=True) as caught, Run(tmp_path / "file" / "runs") as run:
        warnings.simplefilter("always")
        run.log(loss=1.0)
    assert run.state == "degraded"
    assert "1 rows were lost" in str(caught[-1].message)


def test_warnings_that_are_errors_do_not_reach_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Run(tmp_path / "file" / "runs") as run:
            run.log(loss=1.0)


def test_a_dead_thread_is_told_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_writer.Writer, "_work", lambda self: None)
    with pytest.warns(RuntimeWarning, match="3 rows were lost"), Run(tmp_path) as run:
        for _ in range(3):
            run.log(loss=1.0)
    assert about(run)["state"] == "degraded"


def test_a_writer_that_stands_still_costs_no_memory_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writer.Writer, "_work", lambda self: None)
    monkeypatch.setattr(_writer, "_QUEUE_BYTES", 3000)
    with pytest.warns(RuntimeWarning, match="keep up"), Run(tmp_path) as run:
        for _ in range(1000):
            run.log(loss=1.0)
        assert len(run._writer._rows) < 20
    assert about(run)["lost"]["rows"] == 1000


def test_what_was_logged_can_be_read_after_flush(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        for step in range(3):
            run.log(loss=float(step))
            assert run.flush()
            assert load(tmp_path).steps.to_arrow()["loss"].to_pylist() == [float(s) for s in range(step + 1)]
            assert about(run)["state"] == "running"
    assert run.flush()


def test_flush_returns_where_the_writer_stands_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_writer.Writer, "_work", lambda self: None)
    with pytest.warns(RuntimeWarning, match="1 rows were lost"), Run(tmp_path) as run:
        run.log(loss=1.0)
        assert not run.flush()


@pytest.mark.parametrize("limit", ["SEAL_SECONDS", "SEAL_BYTES"])
def test_tails_are_sealed_while_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(_writer, limit, 0)
    with Run(tmp_path) as run:
        for loss in (1.0, 2.0):
            run.log(loss=loss)
            assert run.flush()
    names = sorted(path.name for path in (run.path / "steps").iterdir())
    assert len(names) == 2
    assert all(name.endswith(".parquet") for name in names)
    assert load(tmp_path).steps.to_arrow()["loss"].to_pylist() == [1.0, 2.0]


def test_many_threads_may_log(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        threads = [threading.Thread(target=lambda: [run.log(a=1) for _ in range(500)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert load(tmp_path).steps.to_arrow()["step"].to_pylist() == list(range(2000))


def script(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, "-c", text, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_writes_nothing_and_ends_nothing(tmp_path: Path) -> None:
    done = script(
        "import os, sys; from undertow.record import Run\n"
        "with Run(sys.argv[1]) as run:\n"
        "    run.log(a=1)\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        run.log(a=2); run.close(); sys.exit(0)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    run.log(a=3)\n",
        str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert load(tmp_path).steps.to_arrow()["a"].to_pylist() == [1, 3]


@pytest.mark.parametrize(("ending", "state"), [("pass", "finished"), ("raise ValueError", "failed")])
def test_a_run_left_open_is_closed_at_exit(tmp_path: Path, ending: str, state: str) -> None:
    script(
        f"import sys; from undertow.record import Run; run = Run(sys.argv[1]); run.log(a=1); {ending}", str(tmp_path)
    )
    assert load(tmp_path).runs.to_arrow()["state"].to_pylist() == [state]
    assert load(tmp_path).steps.to_arrow().num_rows == 1


def test_recording_loads_numpy_and_pyarrow_only() -> None:
    done = script(
        "import sys, undertow.record, undertow.store, undertow.statistics\n"
        "print([n for n in ('pandas', 'polars', 'keras', 'torch', 'jax', 'tensorflow') if n in sys.modules])\n"
        "print([n for n in sys.modules if n.startswith(('undertow.query', 'undertow.view'))])\n"
    )
    assert done.stdout == "[]\n[]\n", done.stderr

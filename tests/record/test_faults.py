"""Whatever happens to disk or process, training goes on, what was written is read, and what was lost is told."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from undertow.errors import ValueTypeError
from undertow.record import Run, _writer
from undertow.store import compact, load, verify

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


def about(run: Run) -> dict[str, Any]:
    return json.loads((run.path / "run.json").read_text("utf-8"))


def start(text: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", "import os, sys\nfrom undertow.record import Run\n" + text, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Any:
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    if not hasattr(libc, "mount") or libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={size}".encode()) != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        libc.umount2(bytes(folder), 2)


def test_a_full_file_system_keeps_what_fitted_and_counts_the_rest(tmp_path: Path) -> None:
    with small_disk(tmp_path, "1m"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Run(tmp_path) as run:
                for step in range(40):
                    run.log({f"m{i}": float(step) for i in range(1000)})
                    run.flush(1.0)
                assert run.state == "degraded"
        lost = run._writer.lost
        assert lost > 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = load(run.path).steps.to_arrow()
        assert table["m999"].to_pylist() == [float(step) for step in range(len(table))]
        assert len(table) == 40 - lost


@posix
def test_a_limit_on_files_loses_only_what_is_beyond_it_and_ends_nothing(tmp_path: Path) -> None:
    process = start(
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "run = Run(sys.argv[1], id='r')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "for step in range(3000):\n"
        "    run.log(loss=float(step), step=step)\n"
        "    if step % 100 == 0: run.flush(1)\n"
        "run.close(); print(run._writer.lost)",
        str(tmp_path),
    )
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    lost = int(out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = load(tmp_path).steps.to_arrow()
    assert lost > 0
    assert len(table) == 3000 - lost
    assert table["loss"].to_pylist() == [float(step) for step in table["step"].to_pylist()]
    assert load(tmp_path).runs.to_arrow()["state"].to_pylist() == ["degraded"]


@posix
def test_a_read_only_folder_does_not_stop_training(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    with pytest.warns(RuntimeWarning, match="1 rows were lost"), Run(tmp_path / "runs") as run:
        run.log(loss=1.0)
    tmp_path.chmod(0o700)


@posix
def test_a_folder_that_becomes_read_only_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    run = Run(tmp_path)
    monkeypatch.setattr("undertow.store._append.TailFile", refuse)
    with pytest.warns(RuntimeWarning, match="Permission denied"):
        run.log(loss=1.0)
        run.close()
    assert about(run)["lost"]["rows"] == 1


@posix
def test_a_deleted_folder_is_made_again_with_all_rows(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        run.log(loss=1.0)
        assert run.flush()
        shutil.rmtree(tmp_path)
        run.log(loss=2.0)
        assert run.flush()
    assert load(tmp_path).steps.to_arrow()["loss"].to_pylist() == [1.0, 2.0]
    assert about(run)["state"] == "finished"


@posix
def test_a_process_that_exits_at_once_loses_what_is_younger_than_a_tenth_of_a_second(tmp_path: Path) -> None:
    process = start(
        "import time\n"
        "run = Run(sys.argv[1], id='r')\n"
        "run.log(loss=1.0)\n"
        "while not any(tail.stat().st_size for tail in run.path.glob('steps/*.tail')): time.sleep(0.05)\n"
        "time.sleep(0.2); run.log(loss=2.0)\n"
        "os._exit(3)",
        str(tmp_path),
    )
    assert process.wait(60) == 3
    assert 1.0 in load(tmp_path).steps.to_arrow()["loss"].to_pylist()


@posix
@pytest.mark.parametrize("pause", [0.001, 0.0])
def test_a_killed_process_leaves_all_it_wrote_once_and_whole(tmp_path: Path, pause: float) -> None:
    process = start(
        "import time\n"
        "run = Run(sys.argv[1], id='r')\n"
        "step = 0\n"
        "while True:\n"
        "    run.log(step=step, loss=step * 0.5, n=step)\n"
        "    step += 1\n"
        "    if float(sys.argv[2]): time.sleep(float(sys.argv[2]))\n",
        str(tmp_path),
        str(pause),
    )
    folder = tmp_path / "r"
    while not list((folder / "steps").glob("*.tail")):
        assert process.poll() is None, process.stderr
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = load(folder).steps.to_arrow()
    steps = table["step"].to_pylist()
    assert steps == list(range(len(steps)))
    assert len(steps) > 0
    assert table["loss"].to_pylist() == [step * 0.5 for step in steps]
    content = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**content, "heartbeat": "2026-01-01T00:00:00+00:00"}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert compact(folder)[0].sealed == 1
    assert load(folder).steps.to_arrow()["n"].to_pylist() == steps
    assert [check.problem for check in verify(folder)] == [None] * 2


@posix
def test_a_forked_child_keeps_its_hands_off_the_parents_tail(tmp_path: Path) -> None:
    process = start(
        "with Run(sys.argv[1]) as run:\n"
        "    run.log(a=1); run.flush()\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        run.log(a=2); run.flush(); run.close(); os._exit(0)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    run.log(a=3)\n",
        str(tmp_path),
    )
    assert process.wait(60) == 0, process.stderr
    assert load(tmp_path).steps.to_arrow()["a"].to_pylist() == [1, 3]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_data_loader_workers_do_not_write(tmp_path: Path, method: str) -> None:
    torch = pytest.importorskip("torch")
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("no fork here")
    with Run(tmp_path) as run:
        data = torch.utils.data.DataLoader(list(range(8)), num_workers=2, multiprocessing_context=method)
        for item in data:
            run.log(x=int(item))
    assert load(tmp_path).steps.to_arrow()["x"].to_pylist() == list(range(8))
    assert about(run)["state"] == "finished"


def test_an_exception_in_the_loop_ends_the_run_as_failed_with_all_rows(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Run(tmp_path) as run:
        for step in range(10):
            run.log(x=1 / (5 - step))
    assert load(tmp_path).steps.to_arrow().num_rows == 5
    assert about(run)["state"] == "failed"


def test_nan_and_inf_everywhere_come_back(tmp_path: Path) -> None:
    odd = [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 1.7976931348623157e308]
    with Run(tmp_path, config={"lr": float("nan")}) as run:
        for value in odd:
            run.log(a=value, b=np.float32(value) if abs(value) < 1e38 or value != value else value)
        run.record_layers(0, 0, ("p",), (1,), np.full((1, 5), np.nan, np.float32), np.zeros((1, 2), np.int64))
        run.record_layers(1, 0, ("p",), (1,), np.full((1, 5), np.inf, np.float32), np.zeros((1, 2), np.int64))
    read = load(tmp_path).steps.to_arrow()["a"].to_pylist()
    assert str(read) == str(odd)
    assert str(load(tmp_path).layers.to_arrow()["sum"].to_pylist()) == "[nan, inf]"


def test_ten_thousand_parameters(tmp_path: Path) -> None:
    names = tuple(f"block.{index}.weight" for index in range(10_000))
    values = np.arange(50_000, dtype=np.float32).reshape(10_000, 5)
    with Run(tmp_path) as run:
        shape = {"depth": 0, "shape": [2, 3], "size": 6, "dtype": "float32"}
        run.set_params([{"param": name, "module": name.rpartition(".")[0], **shape} for name in names])
        for step in range(3):
            run.record_layers(step, None, names, (6,) * 10_000, values, np.zeros((10_000, 2), np.int64))
    table = load(tmp_path).layers.to_arrow()
    assert len(table) == 30_000
    assert load(tmp_path).params.to_arrow().num_rows == 10_000
    first = table.filter(np.array(table["step"]) == 0)
    assert dict(zip(first["param"].to_pylist(), first["sum"].to_pylist(), strict=True)) == dict(
        zip(names, values[:, 0].tolist(), strict=True)
    )


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a\\b", "Größe/🜁/核", "c-1", "x" * 3000, "'; DROP TABLE--"])
def test_odd_names_stay_names(tmp_path: Path, name: str) -> None:
    root = tmp_path / "deep" / "runs"
    with Run(root, name=name, config={name: name}, tags=[name]) as run:
        run.log({name: 1.5})
        row = {"module": name, "depth": 0, "shape": [1], "size": 1, "dtype": "float32"}
        run.set_params([{"param": name, **row}])
        run.record_layers(0, 0, (name,), (1,), np.ones((1, 5), np.float32), np.zeros((1, 2), np.int64))
    assert load(root).steps.to_arrow()[name].to_pylist() == [1.5]
    assert load(root).layers.to_arrow()["param"].to_pylist() == [name]
    assert load(root).params.to_arrow()["param"].to_pylist() == [name]
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert {path.name for path in run.path.iterdir()} == {"run.json", "params.parquet", "steps", "layers"}


def test_a_thousand_metric_names_over_time_are_one_segment(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        for index in range(1000):
            run.log({f"metric.{index}": float(index)})
            if index % 100 == 0:
                run.flush()
    table = load(tmp_path).steps.to_arrow()
    assert [table[f"metric.{index}"][index].as_py() for index in range(1000)] == [float(i) for i in range(1000)]
    assert sum(table[f"metric.{index}"].null_count for index in range(1000)) == 999_000
    assert len(list((run.path / "steps").iterdir())) == 1


def test_a_metric_that_changes_its_type_keeps_every_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [True, 2, 0.5, np.float32(0.25), np.int64(7), np.bool_(False), 2**40]
    with Run(tmp_path) as run:
        for index, value in enumerate(values):
            run.log(x=value)
            run.flush()
            # With a new tail amid them.
            monkeypatch.setattr(_writer, "SEAL_BYTES", 0 if index == 2 else 64 << 20)
        with pytest.raises(ValueTypeError, match="text now"):
            run.log(x="a")
    assert load(tmp_path).steps.to_arrow()["x"].to_pylist() == [1.0, 2.0, 0.5, 0.25, 7.0, 0.0, float(2**40)]


def test_integers_on_the_fast_path_are_refused_beyond_64_bits(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        for value in (1, 2**63 - 1, -(2**63)):
            run.log(n=value)
        for value in (2**63, -(2**63) - 1, 10**30):
            with pytest.raises(ValueTypeError, match="64 bits"):
                run.log(n=value)
    assert load(tmp_path).steps.to_arrow()["n"].to_pylist() == [1, 2**63 - 1, -(2**63)]


def test_eight_processes_write_one_run(tmp_path: Path) -> None:
    text = (
        "with Run(sys.argv[1], id='r', rank=int(sys.argv[2])) as run:\n"
        "    for step in range(500):\n"
        "        run.log({f'm{i}': step + i / 16 + run.rank for i in range(8)}, step=step)\n"
    )
    processes = [start(text, str(tmp_path), str(rank)) for rank in range(8)]
    for process in processes:
        assert process.wait(120) == 0, process.stderr
    table = load(tmp_path).steps.to_arrow()
    keys = list(zip(table["step"].to_pylist(), table["rank"].to_pylist(), strict=True))
    assert sorted(keys) == [(step, rank) for step in range(500) for rank in range(8)]
    for index in range(8):
        assert table[f"m{index}"].to_pylist() == [step + index / 16 + rank for step, rank in keys]


def test_recording_does_not_import_pandas(tmp_path: Path) -> None:
    """`pyarrow.array` does at its first call: until it is done, half a second of the first rows is in nobody's tail."""
    process = start(
        "import numpy as np\n"
        "run = Run(sys.argv[1], id='r')\n"
        "run.log(a=1, b=0.5, c='x', d=True)\n"
        "run.log(a=None, b=1.0, d=False)\n"
        "run.set_params([dict(param='p', module='m', depth=0, shape=[2], size=2, dtype='f')])\n"
        "run.record_layers(0, 0, ('p',), (2,), np.ones((1, 5), np.float32), np.zeros((1, 2), np.int64))\n"
        "assert run.flush()\n"
        "print('pandas' in sys.modules)\n"
        "run.close()\n"
        "print('pandas' in sys.modules)\n",
        str(tmp_path),
    )
    out, err = process.communicate(timeout=60)
    assert out.split() == ["False", "False"], err
    table = load(tmp_path).steps.to_arrow()
    assert table.select(["a", "b", "c", "d"]).to_pylist() == [
        {"a": 1, "b": 0.5, "c": "x", "d": True},
        {"a": None, "b": 1.0, "c": None, "d": False},
    ]
    assert load(tmp_path).params.to_arrow()["shape"].to_pylist() == [[2]]

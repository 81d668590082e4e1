"""What the store costs and keeps: bytes a value, memory, eight processes at once, and what kill -9 loses.

python benchmarks/store.py [--kills 50] [--values 10000000] [--json store.json]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from undertow.record import Run
from undertow.store import load

MEMORY = """
import sys, threading, time
import numpy, pyarrow
from undertow.record import Run
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
width, values = int(sys.argv[2]), int(sys.argv[3])
row = {f"m{i}": i + 0.5 for i in range(width)}
with Run(sys.argv[1]) as run:
    run.log(row); run.flush()
    before, most = rss(), [0]
    def watch():
        while True:
            most[0] = max(most[0], rss()); time.sleep(0.005)
    threading.Thread(target=watch, daemon=True).start()
    start = time.perf_counter()
    for _ in range(values // width):
        run.log(row)
    seconds = time.perf_counter() - start
print(most[0] - before, seconds, run._writer.lost)
"""

PROCESS = """
import sys, time
from pathlib import Path
from undertow.record import Run
root, rank, rows, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
row = {f"m{i}": rank + i / 1024 for i in range(width)}
with Run(root, id="r", rank=rank) as run:
    run.log(row, step=0); run.flush()
    Path(root, f"ready-{rank}").touch()
    while not Path(root, "go").exists():
        time.sleep(0.001)
    for step in range(1, rows):
        run.log(row, step=step)
    run.flush(60)
    print(time.time())
"""

KILLED = """
import sys, time
import numpy as np
from undertow.record import Run
# What was logged last, and when: in memory that outlives the process.
logged = np.memmap(sys.argv[3], np.int64, "r+")
run, pause, step = Run(sys.argv[1], id="r"), float(sys.argv[2]), 0
while True:
    now = time.time_ns()
    run.log({"x": step * 0.5, "y": -step}, step=step)
    logged[:] = step, now
    step += 1
    if pause:
        time.sleep(pause)
"""


def bytes_a_value(root: Path) -> dict[str, float]:
    chance = np.random.default_rng(0)
    parameters, steps = 200, 2000
    names = tuple(f"blocks.{i // 4}.part_{i % 4}.weight" for i in range(parameters))
    with Run(root / "layers") as run:
        for step in range(steps):
            floats = np.abs(chance.normal(size=(parameters, 5))).astype(np.float32)
            counts = np.zeros((parameters, 2), np.int64)
            run.record_layers(step, None, names, (1000,) * parameters, floats, counts)
    layers = sum(path.stat().st_size for path in (run.path / "layers").iterdir()) / (parameters * steps * 5)
    with Run(root / "steps") as run:
        for _ in range(20_000):
            run.log(dict(zip("abcdefghijklmnopqrst", chance.normal(size=20).tolist(), strict=True)))
    scalars = sum(path.stat().st_size for path in (run.path / "steps").iterdir()) / (20_000 * 20)
    return {"float32 statistics": layers, "float64 scalars": scalars}


def memory(root: Path, width: int, values: int) -> dict[str, float]:
    command = [sys.executable, "-c", MEMORY, str(root), str(width), str(values)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return {"width": width, "mb": int(out[0]) / 1e6, "values_per_s": values / float(out[1]), "lost": int(out[2])}


def processes(root: Path, count: int = 8, rows: int = 4000, width: int = 300) -> dict[str, Any]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(root), str(rank), str(rows), str(width)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]
    while len(list(root.glob("ready-*"))) < count:
        time.sleep(0.01)
    start = time.time()
    (root / "go").touch()
    ends = [float(process.communicate()[0]) for process in started]
    table = load(root / "r").steps.to_arrow()
    ranks = table["rank"].to_numpy()
    exact = len(table) == count * rows and all(
        bool((table[f"m{i}"].to_numpy() == ranks + i / 1024).all()) for i in range(width)
    )
    return {"processes": count, "values_per_s": count * (rows - 1) * width / (max(ends) - start), "exact": exact}


def kill(root: Path, pause: float, after: float) -> dict[str, Any]:
    (root / "logged").write_bytes(bytes(16))
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(root), str(pause), str(root / "logged")])
    while not list((root / "r" / "steps").glob("*.tail")):
        time.sleep(0.005)
    time.sleep(after)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = load(root / "r").steps.to_arrow()
    steps = table["step"].to_numpy()
    whole = bool((steps == np.arange(len(steps))).all() and (table["x"].to_numpy() == steps * 0.5).all())
    step, logged_ns = np.fromfile(root / "logged", np.int64).tolist()
    lost_s = logged_ns / 1e9 - table["time"].cast("int64")[-1].as_py() / 1e6
    return {"pause": pause, "lost_s": max(0.0, lost_s), "lost": step + 1 - len(steps), "whole": whole}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--values", type=int, default=10_000_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    chance = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)

        def fresh(name: str) -> Path:
            (root / name).mkdir()
            return root / name

        results: dict[str, Any] = {"bytes_per_value": bytes_a_value(fresh("bytes"))}
        for kind, nbytes in results["bytes_per_value"].items():
            print(f"bytes a value, {kind:24} {nbytes:10.2f}", flush=True)
        results["processes"] = together = processes(fresh("processes"))
        print(
            f"8 processes, values/s {'':22} {together['values_per_s']:10,.0f}   exact: {together['exact']}", flush=True
        )
        results["kills"] = {}
        for name, pause in (("steady, 1 ms", 0.001), ("tight loop", 0.0)):
            kills = [
                kill(fresh(f"kill-{name}-{i}"), pause, float(chance.uniform(0.1, 0.8))) for i in range(arguments.kills)
            ]
            lost = sorted(k["lost_s"] for k in kills)
            results["kills"][name] = {
                "times": len(kills), "lost_s_median": lost[len(lost) // 2], "lost_s_max": lost[-1],
                "over_100_ms": sum(s > 0.1 for s in lost),
                "lost_rows_max": max(k["lost"] for k in kills), "whole": all(k["whole"] for k in kills),
            }  # fmt: skip
            print(
                f"kill -9 × {len(kills)}, {name:14} lost: median {1000 * lost[len(lost) // 2]:.0f} ms,"
                f" most {1000 * lost[-1]:.0f} ms, all whole: {all(k['whole'] for k in kills)}", flush=True
            )  # fmt: skip
        results["memory"] = [memory(fresh(f"memory-{width}"), width, arguments.values) for width in (1, 10, 300)]
        for m in results["memory"]:
            print(
                f"memory, {arguments.values:,} values, {m['width']:3} a row {m['mb']:8.0f} MB"
                f"   {m['values_per_s']:,.0f} values/s, {m['lost']} rows lost", flush=True
            )  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

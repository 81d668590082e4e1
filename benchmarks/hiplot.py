"""What `import undertow.hiplot as hip` gains over HiPlot 0.1.33: time, size and memory of making a page.

    python benchmarks/hiplot.py [--rows 100000] [--columns 20] [--rounds 5] [--peers FOLDER]

Both do the same calls on the same data, each in a process of its own, in turns; a figure is the median over the rounds
of the ratio within a round. HiPlot is installed from PyPI into an environment below `--peers`, a temporary folder
where that is not given.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _peers import python_of

RESULTS = Path(__file__).parent / "results"
TASKS = {
    "DataFrame to page": "hip.Experiment.from_dataframe(frame).to_html(page)",
    "CSV to page": "hip.Experiment.from_csv(csv).to_html(page)",
}
#: What a process does: it imports, makes the frame where the task needs one, and is timed from there.
CODE = """
import json, resource, sys, time
import numpy, pandas
import {module} as hip
kind, task, csv, page = sys.argv[1:5]
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
frame = pandas.read_csv(csv) if kind == "DataFrame to page" else None
before, start = peak(), time.perf_counter()
exec(compile(task, "task", "exec"))
print(json.dumps({{"s": time.perf_counter() - start, "peak": peak(), "before": before}}))
"""


def once(python: Path | str, module: str, kind: str, csv: Path, page: Path) -> dict[str, float]:
    code = CODE.format(module=module)
    env = {**os.environ, "OMP_NUM_THREADS": "2"}
    if module == "hiplot":
        env.pop("PYTHONPATH", None)
    arguments = [str(python), "-W", "ignore", "-c", code, kind, TASKS[kind], str(csv), str(page)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, env=env)
    return {**json.loads(done.stdout.splitlines()[-1]), "bytes": page.stat().st_size}


def run(rows: int, columns: int, rounds: int, peers: Path, folder: Path) -> dict[str, Any]:
    theirs = python_of("hiplot", peers)
    csv = folder / "rows.csv"
    table = np.random.default_rng(0).normal(size=(rows, columns))
    header = ",".join(f"c{place}" for place in range(columns))
    with csv.open("w", encoding="utf-8") as file:
        file.write(header + "\n")
        file.writelines(",".join(map(repr, row)) + "\n" for row in table.tolist())
    contenders = {"HiPlot": (theirs, "hiplot"), "Undertow": (sys.executable, "undertow.hiplot")}
    found: dict[str, Any] = {"CSV, MB": csv.stat().st_size / 1e6}
    for kind in TASKS:
        each: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for number in range(rounds):
            order = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
            for name in order:
                each[name].append(once(*contenders[name], kind, csv, folder / f"{name}.html"))
        found[kind] = {
            name: {key: statistics.median(one[key] for one in many) for key in ("s", "bytes", "peak", "before")}
            for name, many in each.items()
        }
        pairs = list(zip(each["HiPlot"], each["Undertow"], strict=True))
        found[kind]["ratio"] = {
            "time": statistics.median(a["s"] / b["s"] for a, b in pairs),
            "size": statistics.median(b["bytes"] / a["bytes"] for a, b in pairs),
            "memory": statistics.median(b["peak"] / a["peak"] for a, b in pairs),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, help="where HiPlot's environment is, or is to be made and left")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        peers = options.peers or Path(temporary)
        found = run(options.rows, options.columns, options.rounds, peers, Path(temporary))
    print(f"{options.rows:,} rows × {options.columns} columns, a CSV of {found['CSV, MB']:.1f} MB\n")
    print("| | HiPlot: s | MB | peak, MB | Undertow: s | MB | peak, MB | times faster | of the size | of the memory |")
    print("|---|" + "---|" * 9)
    for kind in TASKS:
        cells = [
            f"{found[kind][name][key] / scale:.{digits}f}"
            for name in ("HiPlot", "Undertow")
            for key, scale, digits in (("s", 1, 2), ("bytes", 1e6, 1), ("peak", 1e6, 0))
        ]
        ratio = found[kind]["ratio"]
        cells += [f"{ratio['time']:.1f}", f"{ratio['size']:.2f}", f"{ratio['memory']:.2f}"]
        print(f"| {kind} |", " | ".join(cells), "|")
    RESULTS.mkdir(exist_ok=True)
    result = {"machine": platform.platform(), "python": platform.python_version(), **vars(options), "table": found}
    (RESULTS / "hiplot.json").write_text(json.dumps(result, indent=1, default=str) + "\n", "utf-8")


if __name__ == "__main__":
    main()

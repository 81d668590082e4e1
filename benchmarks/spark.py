"""The engine of a Spark cluster against DuckDB on the same Parquet: time of `cube` a row, with one worker and with two.

    python benchmarks/spark.py [--rows 1000000 10000000 100000000] [--rounds 3] [--folder DIR] [--json spark.json]

A real standalone cluster on loopback, of workers with one core each; all its processes share as many cores as there are
workers, and DuckDB has as many. 100M rows take 2 GB of disk. Contenders take turns, in an order that changes.
The engine `duckdb` keeps bin codes once they are made; what is compared is the answer to a brush, whose filter is new
each time, and the first cube, for which DuckDB reads the files as Spark does each time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from cluster import running, session_of
from undertow.query import DuckEngine
from undertow.query._questions import Binning, ColumnFilter, CubeQuery, Filters
from undertow.query.spark import SparkEngine

COLUMNS = 5
BINS = 240
FILE_ROWS = 2_500_000


def write(folder: Path, rows: int) -> list[Path]:
    """Five float32 columns, each leaning on the one before it, a file every 2.5 million rows."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for start in range(0, rows, FILE_ROWS):
        count = min(FILE_ROWS, rows - start)
        columns, last = {}, np.zeros(count, np.float32)
        for place in range(COLUMNS):
            last = (0.7 * last + rng.standard_normal(count, np.float32)).astype(np.float32)
            columns[f"x{place}"] = last
        paths.append(folder / f"{start:010d}.parquet")
        # Row groups as the store writes them, and no compression: random digits have none.
        pq.write_table(pa.table(columns), paths[-1], use_dictionary=False, compression="none", row_group_size=131_072)
    return paths


def query(turn: int) -> CubeQuery:
    """Four joint histograms of the rows under a brush that nobody drew before."""
    axes = [Binning(f"x{place}", "linear", (-6.0, 6.0)) for place in range(COLUMNS)]
    brush = Filters({"x2": ColumnFilter(((-1.0 + turn * 1e-3, 9.0),))})
    return CubeQuery(tuple(pairwise(axes)), BINS, brush)


def spark(folder: Path, sizes: list[int], rounds: int, workers: int) -> dict[str, list[float]]:
    """Seconds of each cube by the number of rows, with so many workers; once a process, which has one master."""
    found: dict[str, list[float]] = {}
    # Driver, executors and their Python share these cores; without, one worker's JVM and Python would take two.
    pin(workers)
    with tempfile.TemporaryDirectory() as home:
        places = [Path(home) / name for name in ("cluster", "warehouse")]
        for place in places:
            place.mkdir()
        # The tests' cluster asks little of the compiler, so that it starts soon; here it shall run fast.
        settings = {"driver.extraJavaOptions": "-XX:+UseSerialGC", "executor.extraJavaOptions": "-XX:+UseSerialGC"}
        with running(places[0], workers) as cluster, session_of(cluster, places[1], **settings) as session:
            for rows in sizes:
                engine = SparkEngine(sorted((folder / str(rows)).iterdir()), session)
                found[str(rows)] = times(engine, rounds, rows)
    return found


def duck(folder: Path, sizes: list[int], rounds: int, cores: int) -> dict[str, list[float]]:
    """Likewise by DuckDB and our kernel, on so many cores; the first time of each is that of a new engine."""
    pin(cores)
    found = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as codes:
            found[str(rows)] = times(DuckEngine(sorted((folder / str(rows)).iterdir()), Path(codes)), rounds, rows)
    return found


def pin(cores: int) -> None:
    """Keeps this process, and those that it starts, to so many cores."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:cores]))


def times(engine: Any, rounds: int, rows: int) -> list[float]:
    """The first cube's seconds, and those of as many more as there are rounds."""
    taken = []
    for turn in range(rounds + 1):
        asked = query(turn)
        start = time.perf_counter()
        cube = engine.cube(asked)
        taken.append(time.perf_counter() - start)
        # Each row of the brush stands in one cell of each pair.
        sums = {int(each.sum(dtype=np.int64)) for each in cube.counts}
        assert len(sums) == 1, sums
        assert 0.5 < sums.pop() / rows < 0.9
    return taken


CONTENDERS: dict[str, tuple[Callable[..., dict[str, list[float]]], int]] = {
    "Spark, 1 worker": (spark, 1),
    "Spark, 2 workers": (spark, 2),
    "DuckDB, 1 core": (duck, 1),
    "DuckDB, 2 cores": (duck, 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000])
    parser.add_argument("--rounds", type=int, default=3, help="turns of every contender")
    parser.add_argument("--cubes", type=int, default=3, help="cubes after the first, in a turn")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder if not given")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        name, folder, sizes, cubes = json.loads(options.alone)
        function, size = CONTENDERS[name]
        print(json.dumps(function(Path(folder), sizes, cubes, size)))
        return
    found: dict[str, dict[str, dict[str, list[float]]]] = {str(rows): {} for rows in options.rows}
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for rows in options.rows:
            needed, free = rows * COLUMNS * 4 * 2, shutil.disk_usage(folder).free
            if free < needed:
                parser.error(
                    f"{rows:,} rows and their codes need {needed / 1e9:.1f} GB of disk; {free / 1e9:.1f} are free"
                )
            write(Path(folder) / str(rows), rows)
        order = random.Random(0)
        for _ in range(options.rounds):
            for name in order.sample(list(CONTENDERS), len(CONTENDERS)):
                task = json.dumps([name, folder, options.rows, options.cubes])
                done = subprocess.run(
                    [sys.executable, __file__, "--alone", task], check=True, stdout=subprocess.PIPE, text=True
                )
                for rows, taken in json.loads(done.stdout.splitlines()[-1]).items():
                    into = found[rows].setdefault(name, {"first": [], "next": []})
                    into["first"].append(taken[0])
                    into["next"] += taken[1:]
                loads.append(os.getloadavg()[0])
                print(f"{name}: {done.stdout.splitlines()[-1]}  load {loads[-1]:.1f}", file=sys.stderr, flush=True)
    print(
        f"{'rows':>12}  {'contender':18} {'first, s':>9} {'cube, s':>9} {'ns a row':>9} {'÷ DuckDB':>9}   range of cube"
    )
    for rows, contenders in found.items():
        for name, taken in contenders.items():
            middle, size = statistics.median(taken["next"]), CONTENDERS[name][1]
            peer = statistics.median(contenders["DuckDB, 1 core" if size == 1 else "DuckDB, 2 cores"]["next"])
            print(
                f"{int(rows):>12,}  {name:18} {statistics.median(taken['first']):>9.2f} {middle:>9.3f}"
                f" {1e9 * middle / int(rows):>9.1f} {middle / peer:>9.2f}"
                f"   {min(taken['next']):.3f}–{max(taken['next']):.3f}"
            )
    print(f"load {min(loads):.1f} to {max(loads):.1f}")
    if options.json:
        options.json.write_text(json.dumps({"load": loads, "seconds": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()

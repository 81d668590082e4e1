"""Python's engine: joint histograms against the same as SQL, candidates for the kernel, an axis' activation, 100M rows.

    python benchmarks/engine.py [--rows 10000000] [--large 100000000] [--kernels]

Writes results/engine.json and prints a table. `--large 0` leaves the large table out; it needs some 6 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from undertow.query import DuckEngine
from undertow.query._kernel import joint
from undertow.query._questions import Binning, ColumnFilter, CubeQuery, Filters

COLUMNS = 10
BINS = 240
CHUNK = 5_000_000


def write(folder: Path, rows: int) -> list[Path]:
    """Ten normal columns, each leaning on the one before it, a file every five million rows."""
    rng = np.random.default_rng(0)
    paths = []
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        columns, last = {}, np.zeros(count, np.float32)
        for k in range(COLUMNS):
            last = (0.7 * last + rng.standard_normal(count, np.float32)).astype(np.float32)
            columns[f"x{k}"] = last
        paths.append(folder / f"{start:010d}.parquet")
        pq.write_table(pa.table(columns), paths[-1], use_dictionary=False, compression="zstd")
    return paths


def best(function: Callable[[], Any], times: int = 3) -> float:
    function()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found)


def sql(paths: list[Path], domains: list[tuple[float, float]]) -> float:
    """Nine joint histograms as one would write them in DuckDB, over its own table of floats in memory."""
    con = duckdb.connect()
    con.execute("CREATE TABLE t AS SELECT * FROM read_parquet(?)", [[str(path) for path in paths]])

    def run() -> None:
        for k in range(COLUMNS - 1):
            cells = []
            for name, (lo, hi) in ((f"x{k}", domains[k]), (f"x{k + 1}", domains[k + 1])):
                cells.append(f"least(greatest(floor(({name} - {lo}) / {(hi - lo) / BINS})::INTEGER, 0), {BINS - 1})")
            con.execute(f"SELECT {cells[0]} AS a, {cells[1]} AS b, count(*) FROM t GROUP BY a, b").fetchnumpy()

    return best(run, 2)


def kernels(rows: int) -> dict[str, float]:
    """Nine 245² histograms over codes, seconds, by everything that was considered."""
    rng = np.random.default_rng(1)
    side = BINS + 5
    codes = [rng.normal(120, 30, rows).clip(0, 239).astype(np.uint8) for _ in range(COLUMNS)]
    pairs = list(pairwise(codes))
    table = np.arange(256, dtype=np.int64)
    found = {
        "numpy, in pieces (ours)": best(
            lambda: [joint((a, table * side), (b, table), None, None, side * side) for a, b in pairs]
        ),
        "numpy, one bincount": best(
            lambda: [np.bincount(a.astype(np.int64) * side + b, minlength=side * side) for a, b in pairs]
        ),
    }
    try:
        import boost_histogram as bh

        def boost(a: Any, b: Any) -> Any:
            axes = [bh.axis.Integer(0, side, underflow=False, overflow=False) for _ in range(2)]
            return bh.Histogram(*axes, storage=bh.storage.Int64()).fill(a, b, threads=2)

        found["boost-histogram, 2 threads"] = best(lambda: [boost(a, b) for a, b in pairs])
    except ImportError:
        pass
    try:
        import numba

        @numba.njit(nogil=True)
        def count(a: Any, b: Any, out: Any, side: int) -> None:
            for i in range(a.size):
                out[a[i] * side + b[i]] += 1

        def one(pair: Any) -> Any:
            out = np.zeros(side * side, np.int64)
            count(pair[0], pair[1], out, side)
            return out

        with ThreadPoolExecutor(2) as pool:
            found["numba, 2 threads"] = best(lambda: list(pool.map(one, pairs)))
    except ImportError:
        pass
    return found


def measure(rows: int, folder: Path, compare: bool) -> dict[str, float]:
    paths = write(folder, rows)
    engine = DuckEngine(paths, folder / "cache")
    start = time.perf_counter()
    summaries = engine.describe([f"x{k}" for k in range(COLUMNS)])
    found = {"describe": time.perf_counter() - start}
    axes = [Binning(s.name, "linear", (s.min, s.max)) for s in summaries]
    pairs = tuple(pairwise(axes))
    whole = CubeQuery(pairs, BINS)
    start = time.perf_counter()
    engine.cube(whole)
    found["nine histograms, codes made"] = time.perf_counter() - start
    found["nine histograms"] = best(lambda: engine.cube(whole))
    found["activation"] = best(lambda: engine.cube(CubeQuery(pairs, 60, active=(axes[0], BINS))), 2)
    spots = iter(np.linspace(-1, 1, 100))
    found["a brush at rest"] = best(
        lambda: engine.cube(CubeQuery(pairs, BINS, Filters({"x3": ColumnFilter(((float(next(spots)), 9.0),))}))), 2
    )
    if compare:
        found["nine histograms in SQL"] = sql(paths, [(s.min, s.max) for s in summaries])
    found["peak memory, GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--kernels", action="store_true")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(options.alone, Path(folder), options.alone <= 20_000_000)))
        return
    results: dict[str, dict[str, float]] = {}
    for rows in filter(None, (options.rows, options.large)):
        # A process each, so that the peak of one is not taken for the other's.
        done = subprocess.run(
            [sys.executable, __file__, "--alone", str(rows)], check=True, stdout=subprocess.PIPE, text=True
        )
        results[f"{rows:,} rows"] = json.loads(done.stdout)
    if options.kernels:
        results["kernels"] = kernels(options.rows)
    for name, found in results.items():
        print(f"\n{name}")
        for what, seconds in found.items():
            print(f"  {what:32} {seconds:8.3f}")
    target = Path(__file__).parent / "results" / "engine.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()

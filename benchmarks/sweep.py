"""A sweep of many runs, each of many ranks: written at once, some killed; compacted, killed midway, resumed; read back.

    python benchmarks/sweep.py [--runs 1000] [--ranks 8] [--json sweep.json]

Every rank is an `undertow.Run` of its own; a few processes hold 64 open ranks each. One run in fifty is written by a
process that is killed while its runs are open. Beside the compaction one run is written and others are read, again and
again. Rows are counted exactly at each stage, rank by rank; what differs fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.compute as pc

from undertow.query import DuckEngine
from undertow.query._questions import Binning, CubeQuery
from undertow.query._source import footers
from undertow.query.sealed import segments
from undertow.record import Run
from undertow.store import load, verify

TABLES = ("steps", "layers")

STEPS, EVERY, PARAMS = 100, 10, 16
#: Of so many runs one is written by a process that is killed.
CRASHES = 50
AT_ONCE = 8
COMPACT = "import sys; from undertow._cli import main; main()"


def write(root: Path, numbers: list[int], ranks: int, killed: bool) -> None:
    """Writes runs as their ranks would; where `killed`, ends without closing them, once all is on the disk."""
    names = tuple(f"blocks.{each}.weight" for each in range(PARAMS))
    floats, counts = np.ones((PARAMS, 5), np.float32), np.ones((PARAMS, 2), np.int64)
    left: list[Run] = []

    def one(number: int) -> None:
        config = {"lr": 10.0 ** -(number % 5), "batch": 16 << number % 4}
        opened = [Run(root, id=f"run-{number:06d}", config=config, rank=rank) for rank in range(ranks)]
        for step in range(STEPS):
            for rank, run in enumerate(opened):
                run.log(step=step, loss=1.0 / (step + 1), accuracy=step / STEPS, mark=number * ranks + rank)
                if step % EVERY == 0:
                    run.record_layers(step, None, names, (64,) * PARAMS, floats, counts)
        for run in opened:
            if killed:
                assert run.flush(120)
            else:
                run.close()
        if killed:
            left.extend(opened)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, numbers))
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)


def written(root: Path, runs: int, ranks: int, processes: int) -> dict[str, float]:
    """Has child processes write the runs."""
    crashing = [number for number in range(runs) if number % CRASHES == CRASHES - 1]
    whole = [number for number in range(runs) if number % CRASHES != CRASHES - 1]
    tasks = [(crashing, True)] + [(whole[each::processes], False) for each in range(processes)]
    start = time.perf_counter()
    started = []
    for numbers, killed in tasks:
        command = [sys.executable, __file__, "--write", json.dumps([str(root), numbers, ranks, killed])]
        started.append((subprocess.Popen(command), killed and bool(numbers)))
    for process, killed in started:
        assert process.wait() == (-signal.SIGKILL if killed else 0), "a writer failed"
    return {"seconds": time.perf_counter() - start, "killed runs": len(crashing)}


def checked(root: Path, runs: int, ranks: int, sealed: bool) -> float:
    """Reads all rows with Undertow and counts them, rank by rank; returns the seconds that reading took."""
    start = time.perf_counter()
    recording = load(root)
    steps = recording.steps.to_arrow()
    layers = recording.layers.to_arrow()
    seconds = time.perf_counter() - start
    steps = steps.filter(pc.starts_with(steps["run"].cast("string"), "run-"))
    layers = layers.filter(pc.starts_with(layers["run"].cast("string"), "run-"))
    assert len(layers) == runs * ranks * STEPS // EVERY * PARAMS, f"{len(layers)} rows of layers"
    by_rank = steps.group_by("mark").aggregate([("step", "count"), ("step", "sum"), ("rank", "min"), ("rank", "max")])
    assert sorted(by_rank["mark"].to_pylist()) == list(range(runs * ranks)), "a rank is missing"
    assert set(by_rank["step_count"].to_pylist()) == {STEPS}, "a rank has too few or too many rows"
    assert set(by_rank["step_sum"].to_pylist()) == {STEPS * (STEPS - 1) // 2}
    assert by_rank["rank_min"].equals(by_rank["rank_max"])
    if sealed:
        con = duckdb.connect()
        for table, count in (("steps", len(steps)), ("layers", len(layers))):
            glob = str(root / "run-*" / table / "*.parquet")
            found = con.execute("SELECT count(*) FROM read_parquet(?, union_by_name = true)", [glob]).fetchone()
            assert found == (count,), f"DuckDB counts {found} rows of {table}, not {count}"
    return seconds


def measured(root: Path) -> dict[str, float]:
    """What the folder is made of, and what it takes to list it and to ask it, from a warm cache."""
    found: dict[str, float] = {}

    def timed(name: str, function: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        answer = function()
        found[name] = time.perf_counter() - start
        return answer

    files = [each for each in root.rglob("*") if each.is_file()]
    found["files"] = len(files)
    found["of these Parquet segments"] = sum(each.suffix == ".parquet" and each.parent.name in TABLES for each in files)
    found["tails"] = sum(each.suffix == ".tail" for each in files)
    found["MB of content"] = sum(each.stat().st_size for each in files) / 1e6
    found["MB on the disk"] = sum(each.stat().st_blocks * 512 for each in files) / 1e6
    timed("list every file (find), s", lambda: sum(1 for _ in walk(root)))
    folders = timed("runs of the folder, s", lambda: list(load(root).folders()))
    timed("table of runs, s", lambda: load(root).runs.to_arrow())
    paths = timed("segments of steps, s", lambda: segments(folders, "steps"))
    timed("their footers, s", lambda: footers(paths))
    engine = timed("open the engine duckdb, s", lambda: DuckEngine(paths))
    loss, accuracy = timed("describe two columns, s", lambda: engine.describe(["loss", "accuracy"]))
    axes = [Binning(each.name, "linear", (each.min, each.max)) for each in (loss, accuracy)]
    query = CubeQuery(((axes[0], axes[1]),), 240)
    timed("first cube, s", lambda: engine.cube(query))
    timed("next cube, s", lambda: engine.cube(query))
    glob = str(root / "*" / "steps" / "*.parquet")
    text = "SELECT run, min(loss) FROM read_parquet(?, union_by_name = true) GROUP BY run"
    timed("DuckDB alone, best loss by run, s", lambda: duckdb.connect().execute(text, [glob]).fetchall())
    return found


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    for entry in os.scandir(folder):
        yield entry
        if entry.is_dir():
            yield from walk(Path(entry.path))


def compacted(root: Path, runs: int, ranks: int) -> dict[str, float]:
    """Compacts beside a writer and a reader: killed once when a third is done, then to the end."""
    folders = sorted(root.glob("run-*"))
    found = {"killed after, s": 0.0, "reads beside it": 0.0, "rows written beside it": 0.0}
    choice = random.Random(0)

    def read() -> None:
        folder = choice.choice(folders)
        rows = len(load(folder).steps.to_arrow())
        assert rows == ranks * STEPS, f"{folder.name}: {rows} rows were read beside a compaction"
        found["reads beside it"] += 1

    with Run(root, id="live") as live:
        for attempt in ("killed", "resumed"):
            start = time.perf_counter()
            process = compaction(root)
            while process.poll() is None:
                live.log(loss=1.0)
                read()
                time.sleep(0.02)
                if attempt == "killed" and (folders[len(folders) // 3] / "compact.lock").exists():
                    process.kill()
            took = time.perf_counter() - start
            if attempt == "killed":
                assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
                found["killed after, s"] = took
                checked(root, runs, ranks, sealed=False)
            else:
                assert process.wait() == 0, "the compaction failed"
                found["resumed, to the end, s"] = took
        found["rows written beside it"] = live.next_step
    assert len(load(live.path).steps.to_arrow()) == live.next_step, "rows of the live run are lost"
    start = time.perf_counter()
    assert compaction(root).wait() == 0
    found["once more, nothing to do, s"] = time.perf_counter() - start
    return found


def compaction(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", COMPACT, "compact", str(root)], stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--ranks", type=int, default=8)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, help="where to write, some 0.3 MB a run; a temporary folder if not given"
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        root, numbers, ranks, killed = json.loads(options.write)
        write(Path(root), numbers, ranks, killed)
        return
    warnings.simplefilter("ignore")  # of tails that a kill left, which is what is tried
    results: dict[str, Any] = {"runs": options.runs, "ranks": options.ranks, "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        root = Path(folder) / "runs"
        size = (options.runs, options.ranks)
        results["write"] = written(root, *size, options.processes)
        show("written", results["write"])
        results["read"] = {"all rows by Undertow, s": checked(root, *size, sealed=False)}
        results["before"] = measured(root)
        # What was killed counts as alive until its last heartbeat is old enough.
        oldest = max(path.stat().st_mtime for path in root.glob("run-*/run.json"))
        time.sleep(max(0.0, oldest + 61 - time.time()))
        results["compact"] = compacted(root, *size)
        show("compacted", results["compact"])
        results["read"]["the same, compacted, s"] = checked(root, *size, sealed=True)
        results["after"] = measured(root)
        show("read back, exact", results["read"])
        damaged = [each for each in verify(root) if each.problem]
        assert not damaged, damaged
    print(f"{'':36} {'before':>12} {'compacted':>12}")
    for name, before in results["before"].items():
        after = results["after"][name]
        print(
            f"{name:36} {before:12,.2f} {after:12,.2f}" if before % 1 else f"{name:36} {before:12,.0f} {after:12,.0f}"
        )
    results["load_after"] = os.getloadavg()[0]
    print(f"load {results['load']:.1f} before, {results['load_after']:.1f} after")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


def show(title: str, found: dict[str, float]) -> None:
    print(title, *(f"{name}: {value:,.1f}" for name, value in found.items()), sep="\n  ", flush=True)


if __name__ == "__main__":
    main()

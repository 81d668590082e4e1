"""What one call to log costs the training thread, and the bytes that it leaves: Undertow beside its peers.

    python benchmarks/log.py [--rounds 15] [--json log.json]

Each contender runs in a process of its own; one that is not installed is left out. The figure is CPU time of the
calling thread alone, median over rounds of 100 calls, with a pause between rounds in which background threads catch up.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CALLS = 100
SIZES = (10, 300)
#: Of each contender the library that it needs.
CONTENDERS = {
    "undertow": "undertow",
    "trackio": "trackio",
    "wandb": "wandb",
    "tensorboard": "tensorboard",
    "binary": "sys",
}

Log = Callable[[dict[str, float], int], object]


@contextlib.contextmanager
def undertow(root: Path) -> Iterator[Log]:
    from undertow.record import Run

    with Run(root) as run:
        yield lambda metrics, step: run.log(metrics, step=step)


@contextlib.contextmanager
def trackio(root: Path) -> Iterator[Log]:
    os.environ["TRACKIO_DIR"] = str(root)
    import trackio

    with contextlib.redirect_stdout(sys.stderr):
        trackio.init(project="benchmark", embed=False)
    yield lambda metrics, step: trackio.log(metrics, step=step)
    with contextlib.redirect_stdout(sys.stderr):
        trackio.finish()


@contextlib.contextmanager
def wandb(root: Path) -> Iterator[Log]:
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    import wandb

    run = wandb.init(project="benchmark", dir=str(root), settings=wandb.Settings(x_disable_stats=True))
    yield lambda metrics, step: run.log(metrics, step=step)
    run.finish()


@contextlib.contextmanager
def tensorboard(root: Path) -> Iterator[Log]:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(root))

    def log(metrics: dict[str, float], step: int) -> None:
        for name, value in metrics.items():
            writer.add_scalar(name, value, step)

    yield log
    writer.close()


@contextlib.contextmanager
def binary(root: Path) -> Iterator[Log]:
    """The floor: the values alone, in binary, appended to a file."""
    import struct

    with (root / "log").open("ab") as file:
        yield lambda metrics, step: file.write(struct.pack(f"{len(metrics)}d", *metrics.values()))


def measure(name: str, size: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        chance = random.Random(0)
        micros: list[float] = []
        step = 0
        with globals()[name](root) as log:
            for block in range(rounds + 2):
                # New numbers each time: what repeats would compress to nothing.
                rows = [{f"metric_{i}": chance.gauss(0, 1) for i in range(size)} for _ in range(CALLS)]
                start = time.thread_time_ns()
                for row in rows:
                    log(row, step)
                    step += 1
                if block >= 2:
                    micros.append((time.thread_time_ns() - start) / CALLS / 1000)
                time.sleep(0.2)
        nbytes = sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
    least, median = min(micros), statistics.median(micros)
    return {
        "contender": name, "scalars": size, "us": median, "us_min": least, "bytes_per_value": nbytes / (step * size)
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, default=10, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print("RESULT" + json.dumps(measure(arguments.only, arguments.size, arguments.rounds)))
        return
    results: list[dict[str, Any]] = []
    for name, library in CONTENDERS.items():
        if importlib.util.find_spec(library) is None:
            print(f"{name} is not installed: left out")
            continue
        for size in SIZES:
            command = [sys.executable, __file__, "--only", name, "--size", str(size), "--rounds", str(arguments.rounds)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
            lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
            if lines:
                results.append(json.loads(lines[0].removeprefix("RESULT")))
            else:
                print(f"{name} failed: {done.stderr.strip().splitlines()[-1:]}")
    print(f"{'':12} {'scalars':>8} {'µs a call':>10} {'least':>8} {'× ours':>7} {'bytes a value':>14}")
    for size in SIZES:
        ours = next((r["us"] for r in results if r["contender"] == "undertow" and r["scalars"] == size), float("nan"))
        for r in (r for r in results if r["scalars"] == size):
            print(
                f"{r['contender']:12} {size:8} {r['us']:10.1f} {r['us_min']:8.1f} {r['us'] / ours:7.1f}"
                f" {r['bytes_per_value']:14.1f}"
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

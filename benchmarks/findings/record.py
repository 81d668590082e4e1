"""Records the trainings of the findings suite into a folder; `evaluate.py` asks the rules about them.

python benchmarks/findings/record.py DIR [--only WORD] [--keras | --torch]

A training that is there already is not done again. An hour or so on one core; the recordings take 130 MB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
import traceback
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parent))

from _cases import cases  # noqa: E402
from _setup import Case  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--only", default="")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--keras", action="store_true")
    chosen.add_argument("--torch", action="store_true")
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    wanted = [case for case in cases() if given.only in case.name]
    wanted.sort(key=lambda case: (case.part != "tuned", case.seed % 100))
    if given.keras or given.torch:
        wanted = [case for case in wanted if case.setup.keras == given.keras]
    start, failed = time.perf_counter(), 0
    for number, case in enumerate(wanted):
        if not (given.runs / f"{case.name}.json").exists():
            # What an interrupted recording left is no training.
            shutil.rmtree(given.runs / case.name, ignore_errors=True)
            try:
                _train(case, given.runs)
            except Exception:
                failed += 1
                traceback.print_exc()
            print(f"{number + 1}/{len(wanted)} {case.name} {time.perf_counter() - start:.0f} s", flush=True)
    sys.exit(bool(failed))


def _train(case: Case, runs: Path) -> None:
    if case.setup.keras:
        from _train_keras import train
    else:
        import torch

        torch.set_num_threads(1)
        from _train_torch import train
    train(case, runs)


if __name__ == "__main__":
    main()

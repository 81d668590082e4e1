"""What the benchmarks of overhead share: contenders take turns, and each is compared with the bare one of its round."""

from __future__ import annotations

import gc
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def measure(
    blocks: Mapping[str, Callable[[int], float]], steps: int, rounds: int, warm: int = 8
) -> dict[str, dict[str, float]]:
    """Times blocks of steps in an order that changes.

    Args:
        blocks: By label, what does so many steps and returns the seconds a step took. One is called "bare".
        steps: Of a block.
        rounds: How many blocks each gets.
        warm: The least number of steps before the first round.

    Returns:
        By label: ms, ratio (the median over the rounds of the ratio to the bare block of the same round, so that what
        else runs on the machine weighs on all alike), its quartiles, and the ratio of the medians.
    """
    for block in blocks.values():
        block(max(warm, steps))
    times: dict[str, list[float]] = {label: [] for label in blocks}
    labels, order = list(blocks), random.Random(0)
    for _ in range(rounds):
        gc.collect()
        for label in order.sample(labels, len(labels)):
            time.sleep(0.2)  # until what the one before left to its threads is done
            times[label].append(blocks[label](steps))
    found = {}
    for label, each in times.items():
        ratios = [value / bare for value, bare in zip(each, times["bare"], strict=True)]
        quartiles = statistics.quantiles(ratios, n=4)
        found[label] = {
            "ms": 1e3 * statistics.median(each),
            "ratio": statistics.median(ratios),
            "ratio_of_medians": statistics.median(each) / statistics.median(times["bare"]),
            "ratio_low": quartiles[0],
            "ratio_high": quartiles[2],
        }
    return found


def report(
    models: Mapping[str, tuple[Any, int, str]],
    blocks_of: Callable[[Any, Path], Mapping[str, Callable[[int], float]]],
    options: Namespace,
    about: Mapping[str, object],
) -> None:
    """Measures the models that are asked for, and prints a line a contender.

    Args:
        models: By name: what `blocks_of` makes the blocks of, in a folder; steps in a block; what it is, in words.
        blocks_of: See `measure`.
        options: `model` ("all" for each), `rounds`, and `json`, where to write what was found, or None.
        about: What else stands in there.
    """
    results = {}
    print(f"{'model':<44} {'contender':<26} {'ms a step':>10} {'ratio':>7}   quartiles", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in models if options.model == "all" else [options.model]:
            make, steps, words = models[name]
            results[name] = measure(blocks_of(make, Path(folder)), steps, options.rounds)
            for label, row in results[name].items():
                print(
                    f"{words:<44} {label:<26} {row['ms']:>10.3f} {row['ratio_of_medians']:>7.3f}"
                    f"   {row['ratio_low']:.3f}–{row['ratio_high']:.3f}",
                    flush=True,
                )
        if options.json:
            found = {"python": platform.python_version(), **about, "results": results}
            options.json.write_text(json.dumps(found, indent=2) + "\n")
        # The processes of peers, and our runs, end with this one; what they wrote is not wanted.
        sys.stdout.flush()

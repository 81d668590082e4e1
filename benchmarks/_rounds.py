"""What the benchmarks of overhead share: contenders take turns, and each is compared with the bare one of its round."""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Mapping

HEAD = f"{'model':<44} {'contender':<26} {'ms a step':>10} {'ratio':>7}   quartiles"


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


def show(model: str, found: Mapping[str, Mapping[str, float]]) -> None:
    """Prints the lines of one model, below `HEAD`."""
    for label, row in found.items():
        print(
            f"{model:<44} {label:<26} {row['ms']:>10.3f} {row['ratio_of_medians']:>7.3f}"
            f"   {row['ratio_low']:.3f}–{row['ratio_high']:.3f}",
            flush=True,
        )

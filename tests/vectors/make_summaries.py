"""Makes `summaries.json`: what a column holds, found by looking at one value after another.

    python tests/vectors/make_summaries.py

The layout; `V` is a number, "nan", "inf" or "-inf", or null for a missing value:

    [{"values": [V, …], "categories": n or null, "summary": what docs/protocol.md says under "Summaries"}]
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

SPECIAL = ("nan", "inf", "-inf", None)


def summary(values: list[Any], categories: int | None) -> dict[str, Any]:
    known = sorted(value for value in values if value not in SPECIAL)
    found = Counter(value for value in values if value in SPECIAL)
    above = [value for value in known if value > 0]
    counts = Counter(known)
    return {
        "min": known[0] if known else None,
        "max": known[-1] if known else None,
        "min_positive": above[0] if above else None,
        "integer": bool(known) and all(value == math.floor(value) for value in known),
        "quantiles": [quantile(known, share) for share in (0, 0.25, 0.5, 0.75, 1)]
        if known and categories is None
        else [],
        "categories": sorted(([code, counts[code]] for code in range(categories or 0)), key=lambda each: -each[1]),
        "missing": found[None],
        "nan": found["nan"],
        "positive_infinity": found["inf"],
        "negative_infinity": found["-inf"],
        "non_positive": len(known) - len(above),
    }


def quantile(known: list[float], share: float) -> float:
    place = share * (len(known) - 1)
    below, above = known[math.floor(place)], known[math.ceil(place)]
    between = below + (place - math.floor(place)) * (above - below)
    return between if math.isfinite(between) else below


def make() -> list[dict[str, Any]]:
    rng = random.Random(7)
    columns: list[tuple[list[Any], int | None]] = [
        ([], None),
        ([None, None], None),
        (["nan", "inf", "-inf", None], None),
        ([0.0], None),
        ([5e-324, 1e308, -1e308, 0.1], None),
        ([1e308, -1e308], None),
        ([3.0, 1.0, 2.0, 4.0, "nan", "inf", "-inf", None, -1.0], None),
        ([float(2**53), -3.0, None], None),
        ([2.0, 0.0, None, 2.0, 1.0, 2.0], 4),
        ([None], 2),
    ]
    for size in (2, 5, 40, 333):
        numbers = [
            rng.choice([rng.gauss(0, 1), rng.lognormvariate(0, 4), float(rng.randrange(-9, 9))]) for _ in range(size)
        ]
        columns.append((numbers, None))
        columns.append(([rng.choice([number, *SPECIAL]) for number in numbers], None))
        columns.append(([rng.choice([float(rng.randrange(7)), None]) for _ in range(size)], 7))
    return [
        {"values": values, "categories": categories, "summary": summary(values, categories)}
        for values, categories in columns
    ]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in make())
    Path(__file__).with_name("summaries.json").write_text(f"[\n{lines}\n]\n", "utf-8")

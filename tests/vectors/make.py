"""Makes `binning.json`: what every engine must answer, worked out without any of them.

    python tests/vectors/make.py

Edges come from `fractions` and `decimal` with 60 digits, rounded as docs/protocol.md ("Binning") says; bins from a
search that looks at one edge after another. An edge so near to a tie between two roundings that a mathematics library
may fall on either side is not a fair question: such a case is left out.

The layout; `V` is a number, "nan", "inf" or "-inf", or null for a missing value:

    {"cuts": [{"scale": "log", "domain": [lo, hi], "bins": 7,
               "percentiles": [241 numbers] or null,          # for percentile
               "edges": [bins + 1 numbers],
               "values": [V, …], "found": [bin, …]}],         # special bins included: bins + 0 … bins + 4
     "categories": [{"categories": 100, "bins": 60, "codes": [V, …], "found": [bin, …]}],
     "percentiles": [{"values": [V, …], "percentiles": [241 numbers]}],
     "tables": [{"columns": {name: {"values": [V, …], "categories": n or null}},
                 "left": AXIS, "right": AXIS, "bins": 60,      # AXIS = {"column", "scale", "domain", "percentiles"}
                 "cells": [[left bin, right bin, count], …],   # those that are not 0
                 "active": {"axis": AXIS, "positions": 16,
                            "slices": [[[left, right, count], …], …]} or null}]}  # positions + 6, cumulative
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal, getcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

getcontext().prec = 60
getcontext().Emax = 10**6
getcontext().Emin = -(10**6)
BINS = (1, 2, 7, 60, 240)
DIGITS = {"linear": 12, "time": 12, "log": 10, "symlog": 10}
TINY = 5e-324
LARGE = 1.7976931348623157e308


class TieError(Exception):
    """An edge that two mathematics libraries may round apart."""


def exact(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def rounded(edge: Decimal, digits: int, doubt: Decimal, lo: float, hi: float) -> float:
    """To so many significant digits, ties away from 0, within the domain.

    `doubt` is how far off doubles may compute the edge; 0 where they are exact, so that a tie is no matter of luck.
    """
    if edge == 0:
        return 0.0
    quantum = Decimal(1).scaleb(edge.adjusted() - (digits - 1))
    near = edge.quantize(quantum, ROUND_HALF_UP)
    gap = abs(abs(edge - near) - quantum / 2)
    if gap < doubt:
        raise TieError
    return min(max(float(near), lo), hi) + 0.0  # −0 is 0


def grounded(edge: Decimal, largest: Decimal) -> Decimal:
    """0 for what is next to nothing beside the larger end."""
    return Decimal(0) if abs(edge) < Decimal("1e-12") * largest else edge


def edges(scale: str, lo: float, hi: float, bins: int) -> list[float]:
    inner = [Fraction(k, bins) for k in range(1, bins)]
    largest = max(abs(Decimal(lo)), abs(Decimal(hi)))
    ulp = Decimal(2) ** -52
    digits = DIGITS[scale]
    if scale in ("linear", "time"):
        if hi - lo < 1e-8 * max(abs(lo), abs(hi)):
            # Too narrow for 12 digits: the doubles themselves, in the order that the document gives.
            cut = [lo + (hi - lo) * (k / bins) for k in range(1, bins)]
        else:
            span = Fraction(hi) - Fraction(lo)
            cut = []
            for k, t in enumerate(inner, 1):
                edge = Fraction(lo) + span * t
                sure = math.isfinite(hi - lo) and Fraction(lo + (hi - lo) * (k / bins)) == edge
                doubt = Decimal(0) if sure else 4 * ulp * largest + 2 * Decimal(TINY)
                cut.append(rounded(grounded(exact(edge), largest), digits, doubt, lo, hi))
    elif scale == "log":
        a, b = Decimal(lo).log10(), Decimal(hi).log10()
        doubt = 8 * ulp * max(abs(a), abs(b), 1)
        cut = [
            rounded(edge, digits, doubt * edge, lo, hi)
            for edge in (Decimal(10) ** (a + (b - a) * exact(t)) for t in inner)
        ]
    else:
        exponent = Decimal(repr(max(abs(lo), abs(hi)))).adjusted() if largest else 3
        c = Decimal(max(float(f"1e{exponent - 3}"), TINY))
        bend = lambda x: ((1 + abs(x) / c).ln()).copy_sign(x)  # noqa: E731
        back = lambda t: ((abs(t).exp() - 1) * c).copy_sign(t)  # noqa: E731
        a, b = bend(Decimal(lo)), bend(Decimal(hi))
        doubt = 8 * ulp * max(abs(a), abs(b), 1)
        cut = [
            rounded(edge, digits, doubt * (abs(edge) + c), lo, hi)
            for edge in (grounded(back(a + (b - a) * exact(t)), largest) for t in inner)
        ]
    return [lo, *cut, hi]


def special(value: Any, scale: str) -> int | None:
    if value is None:
        return 4
    if math.isnan(value):
        return 3
    if math.isinf(value):
        return 0 if value > 0 else 2
    return 1 if scale == "log" and value <= 0 else None


def find(value: Any, scale: str, cut: list[float]) -> int:
    """Bin by bin: the last whose lower edge the value reaches."""
    bins = len(cut) - 1
    beyond = special(value, scale)
    if beyond is not None:
        return bins + beyond
    if cut[0] == cut[-1]:
        return bins // 2
    found = 0
    for k in range(bins):
        if cut[k] <= value:
            found = k
    return found


def category(code: Any, categories: int, bins: int) -> int:
    if code is None:
        return bins + 4
    return code if categories <= bins else code * bins // categories


def percentiles(values: list[Any], bins: int = 240) -> list[float]:
    known = sorted(v for v in values if v is not None and math.isfinite(v))
    return [known[min(len(known) - 1, len(known) * k // bins)] for k in range(bins + 1)]


def coarser(fine: list[float], bins: int) -> list[float]:
    return [fine[240 * k // bins] for k in range(bins + 1)]


def questions(cut: list[float], chance: random.Random) -> list[Any]:
    """Values on edges, one ulp to either side, between and beyond them, and the special ones."""
    chosen = cut if len(cut) < 9 else [cut[0], *sorted(chance.sample(cut[1:-1], 5 if len(cut) < 100 else 3)), cut[-1]]
    values: list[Any] = []
    for edge in chosen:
        values += [math.nextafter(edge, -math.inf), edge, math.nextafter(edge, math.inf)]
    values += [cut[0] / 2 + cut[-1] / 2, 0.0, -0.0, TINY, -TINY, 1e308, -1e308, 2.2e-308, 10.0]
    return [*values, math.inf, -math.inf, math.nan, None]


DOMAINS: dict[str, list[tuple[float, float]]] = {
    "linear": [
        (0.0, 1.0),
        (0.0, 17.0),
        (-0.1, 0.2),
        (-3.25, 1e6),
        (0.0, 200_000_000_001.0),
        (1 / 3, 1 / 3),
        (1.0, 1 + 1e-13),
        (0.1, 0.1 + 2**-50),
        (1e9, 1e9 + 1e-3),
        (-1e308, 1e308),
        (-LARGE, LARGE),
        (-3e-310, 5e-310),
        (0.0, 0.0),
    ],
    "time": [
        (1.7e12, 1.7e12 + 86_400_000),
        (1_700_000_000_000.0, 1_700_000_000_010.0),
        (-62_135_596_800_000.0, 253_402_300_799_999.0),
    ],
    "log": [
        (0.001, 1000.0),
        (1.0, 10.0),
        (7e-5, 0.4),
        (3.0, 3.0),
        (1.0, 1 + 1e-13),
        (TINY, LARGE),
        (1e-300, 1e-299),
        (1e-310, 2e-308),
    ],
    "symlog": [
        (-1000.0, 1000.0),
        (-10.0, 14.0),
        (0.0, 999.0),
        (-1e308, 1e308),
        (-2.0, 1e23),
        (-TINY, TINY),
        (0.0, 0.0),
        (5.0, 5.0),
        (1000.0, 1000.5),
    ],
}


def messy(chance: random.Random, rows: int) -> list[Any]:
    """Numbers with everything that can go wrong among them."""
    rare = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, TINY, -TINY, 1e308, -1e308]
    return [
        chance.choice(rare)
        if chance.random() < 0.2
        else float(chance.randint(-6, 14))
        if chance.random() < 0.5
        else float(f"{chance.choice([-1, 1, 1, 1]) * 10 ** chance.uniform(-3, 3):.3g}")
        for _ in range(rows)
    ]


def axis(column: str, scale: str, lo: float, hi: float, fine: list[float] | None = None) -> dict[str, Any]:
    return {"column": column, "scale": scale, "domain": [lo, hi], "percentiles": fine}


def place(column: dict[str, Any], along: dict[str, Any], bins: int) -> list[int]:
    if column["categories"] is not None:
        return [category(code, column["categories"], bins) for code in column["values"]]
    fine = along["percentiles"]
    cut = coarser(fine, bins) if fine else edges(along["scale"], *along["domain"], bins)
    return [find(value, along["scale"], cut) for value in column["values"]]


def cells(pairs: list[tuple[int, int]]) -> list[list[int]]:
    return [[a, b, count] for (a, b), count in sorted(Counter(pairs).items())]


def table(columns: Any, left: Any, right: Any, bins: int, active: tuple[Any, int] | None) -> dict[str, Any]:
    pairs = list(zip(*(place(columns[along["column"]], along, bins) for along in (left, right)), strict=True))
    out = {"columns": columns, "left": left, "right": right, "bins": bins, "cells": cells(pairs), "active": None}
    if active:
        along, positions = active
        at = place(columns[along["column"]], along, positions)
        slices = [cells([pair for pair, k in zip(pairs, at, strict=True) if k < end]) for end in range(positions + 6)]
        out["active"] = {"axis": along, "positions": positions, "slices": slices}
    return out


def tables(chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for rows, bins, positions in ((300, 60, 8), (203, 240, None), (150, 7, 6), (64, 1, 2)):
        columns = {name: {"values": messy(chance, rows), "categories": None} for name in ("x", "y")}
        names = 9 if rows > 200 else 2
        columns["kind"] = {"values": [chance.choice([None, *range(names)]) for _ in range(rows)], "categories": names}
        fine = percentiles(columns["y"]["values"])
        x, y = axis("x", "linear", -6.0, 14.0), axis("y", "log", 0.001, 1000.0)
        rank = axis("y", "percentile", fine[0], fine[-1], fine)
        bent, kind = axis("x", "symlog", -1000.0, 1000.0), axis("kind", "category", 0, names - 1)
        made.append(table(columns, x, y, bins, positions and (kind, min(names, positions))))
        made.append(table(columns, bent, rank, bins, positions and (y, positions)))
        made.append(table(columns, kind, x, bins, None))
    return made


def spoken(value: Any) -> Any:
    """As JSON can say it."""
    if isinstance(value, dict):
        return {name: spoken(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [spoken(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return int(value) if isinstance(value, float) and value == int(value) and abs(value) < 1e15 and value else value


def make() -> dict[str, Any]:
    chance = random.Random(11)
    cuts = []

    def ask(scale: str, lo: float, hi: float, cut: list[float], fine: list[float] | None) -> None:
        values = questions(cut, chance)
        cuts.append(
            {
                "scale": scale,
                "domain": [lo, hi],
                "bins": len(cut) - 1,
                "percentiles": fine,
                "edges": cut,
                "values": values,
                "found": [find(value, scale, cut) for value in values],
            }
        )

    for scale, domains in DOMAINS.items():
        for i, (lo, hi) in enumerate(domains):
            # Twelve 240s say what thirty would.
            for bins in BINS if i < 5 else BINS[:-1]:
                try:
                    ask(scale, lo, hi, edges(scale, lo, hi, bins), None)
                except TieError:
                    print(f"left out, too near to a tie: {scale} [{lo}, {hi}] in {bins}")
    ranked = [messy(chance, 500), [1.0, 2.0, 2.0, 2.0, 3.0], [4.0] * 9, [math.nan, 1e308, None, -1e308, math.inf]]
    for values in ranked:
        fine = percentiles(values)
        for bins in BINS if len(values) > 9 else (7, 60):
            ask("percentile", fine[0], fine[-1], coarser(fine, bins), fine)
    categories = []
    for known in (1, 2, 7, 60, 61, 240, 241, 1000, 64_801, 70_001):
        for bins in BINS:
            few = {0, 1, 2, known // 3, known // 2, known - 2, known - 1, *(known * k // bins for k in (1, bins - 1))}
            codes = [*sorted(code for code in {*few, *(code + 1 for code in few)} if 0 <= code < known), None]
            found = [category(code, known, bins) for code in codes]
            categories.append({"categories": known, "bins": bins, "codes": codes, "found": found})
    return {
        "cuts": cuts,
        "categories": categories,
        "percentiles": [{"values": values, "percentiles": percentiles(values)} for values in ranked],
        "tables": tables(chance),
    }


if __name__ == "__main__":
    made = spoken(make())
    Path(__file__).with_name("binning.json").write_text(
        # One case a line, so that a change shows as one.
        "{"
        + ",\n".join(
            f'"{part}": [\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]"
            for part, cases in made.items()
        )
        + "}\n",
        "utf-8",
    )

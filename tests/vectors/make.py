"""Makes `binning.json`: cases of the binning rule of docs/protocol.md that every engine must meet.

`python tests/vectors/make.py` writes the file anew. Nothing of Undertow is imported: the edges of log and symlog come
from decimal arithmetic with 60 digits, bins from a search along the edges, counts from loops.

Layout:
    cases    [{scale, domain, bins, percentiles?, categories?, edges, values, codes}]
             `edges` as the document has them (absent for categories); `codes[i]` is the bin of `values[i]`, special
             bins included. For percentile, `values` holds the column and `percentiles` its edges at 240 bins.
    joints   [{columns: {name: {values, categories?}}, pair: [cut, cut], bins, counts: {"cell": count}, active?}]
             a cut is {column, scale, domain}; cell = left bin * (bins + 5) + right bin. `active` is {cut, positions,
             slices: {"k": {"cell": count}}}: the rows whose active position is below k.
Values that JSON cannot say are "nan", "inf" and "-inf"; null is a missing value.
"""

from __future__ import annotations

import json
import math
import random
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from pathlib import Path
from typing import Any

getcontext().prec = 60
SPECIAL = {"inf": 0, "place": 1, "-inf": 2, "nan": 3, "missing": 4}


def rounded(exact: Decimal) -> float:
    """The double nearest to 12 significant digits of a number."""
    if exact == 0:
        return 0.0
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 11), rounding=ROUND_HALF_EVEN))


def edges(scale: str, low: float, high: float, bins: int) -> list[float]:
    a, b = Decimal(low), Decimal(high)
    out = [low]
    for k in range(1, bins):
        t = Decimal(k) / Decimal(bins)
        if scale == "log":
            exact = (a.log10() + (b.log10() - a.log10()) * t) * Decimal(10).ln()
            out.append(rounded(exact.exp()))
        elif scale == "symlog":
            largest = max(abs(a), abs(b))
            c = Decimal(10) ** (largest.adjusted() - 3)

            def forth(x: Decimal, c: Decimal = c) -> Decimal:
                return (1 + abs(x) / c).ln().copy_sign(x)

            y = forth(a) + (forth(b) - forth(a)) * t
            out.append(rounded(((abs(y).exp() - 1) * c).copy_sign(y)))
        else:
            span = high - low
            fits = math.isfinite(span)
            out.append(low + span * (k / bins) if fits else 2 * (low / 2 + (high / 2 - low / 2) * (k / bins)))
    return [low, *(min(high, max(low, edge)) for edge in out[1:]), high]


def code(value: Any, scale: str, cut: list[float], bins: int) -> int:
    if value is None:
        return bins + SPECIAL["missing"]
    if isinstance(value, str):
        return bins + SPECIAL[value]
    if scale == "log" and value <= 0:
        return bins + SPECIAL["place"]
    if cut[0] == cut[-1]:
        return bins // 2
    found = 0
    for k in range(bins):
        if cut[k] <= value:
            found = k
    return found


def category(index: int | None, categories: int, bins: int) -> int:
    if index is None:
        return bins + SPECIAL["missing"]
    return index if categories <= bins else index * bins // categories


def around(cut: list[float]) -> list[float]:
    """Edges, and the doubles next to them on either side; a few of many."""
    chosen = (
        cut if len(cut) <= 9 else [cut[i] for i in (0, 1, 2, len(cut) // 3, len(cut) // 2, len(cut) - 2, len(cut) - 1)]
    )
    return [x for edge in chosen for x in (math.nextafter(edge, -math.inf), edge, math.nextafter(edge, math.inf))]


def number_cases() -> list[dict[str, Any]]:
    domains = {
        "linear": [
            (0.0, 17.0),
            (-10.0, 14.0),
            (0.1, 0.7),
            (1e6, 1e6 + 1),
            (-1e308, 1e308),
            (3.0, 3.0),
            (1e-320, 5e-310),
        ],
        "time": [(1.7e12, 1.8e12)],
        "log": [(0.001, 1000.0), (1e-300, 1e300), (12.18, 512.6), (1.0, 1.5), (2.0, 2.0), (5e-324, 1.0)],
        "symlog": [(-1000.0, 1000.0), (0.0, 5.0), (-3.7e-5, 2e4), (-7.0, -7.0)],
    }
    cases = []
    for scale, wanted in domains.items():
        for low, high in wanted:
            for bins in (1, 2, 7, 60, 240):
                cut = edges(scale, low, high, bins)
                beyond = [low - abs(low) - 1, min(1.7e308, abs(high) * 2 + 1), 0.0, -0.0, 5e-324, -5e-324]
                values: list[Any] = [*around(cut), *beyond, None, "nan", "inf", "-inf"]
                values = [x for x in values if not isinstance(x, float) or math.isfinite(x)]
                case = {"scale": scale, "domain": [low, high], "bins": bins, "edges": cut, "values": values}
                cases.append({**case, "codes": [code(x, scale, cut, bins) for x in values]})
    return cases


def percentile_cases() -> list[dict[str, Any]]:
    cases = []
    for seed, draw in enumerate(
        (lambda r: r.gauss(0, 1), lambda r: float(r.randrange(5)), lambda r: 10 ** r.uniform(-9, 9))
    ):
        r = random.Random(seed)
        values: list[Any] = [draw(r) for _ in range(150)] + [None, "nan", "inf", "-inf", None]
        r.shuffle(values)
        finite = sorted(x for x in values if isinstance(x, float))

        def at(bins: int, finite: list[float] = finite) -> list[float]:
            return [*(finite[len(finite) * k // bins] for k in range(bins)), finite[-1]]

        for bins in (1, 2, 60, 240):
            cut = at(bins)
            case = {"scale": "percentile", "domain": [finite[0], finite[-1]], "bins": bins, "percentiles": at(240)}
            cases.append(
                {**case, "edges": cut, "values": values, "codes": [code(x, "percentile", cut, bins) for x in values]}
            )
    return cases


def category_cases() -> list[dict[str, Any]]:
    cases = []
    for categories in (1, 3, 60, 61, 240, 300, 1000):
        for bins in (1, 7, 60, 240):
            values = [*range(0, categories, max(1, categories // 40)), categories - 1, None]
            case = {"scale": "category", "domain": [0, categories - 1], "bins": bins, "categories": categories}
            cases.append({**case, "values": values, "codes": [category(x, categories, bins) for x in values]})
    return cases


def joints() -> list[dict[str, Any]]:
    out = []
    for seed, rows, bins in ((1, 200, 7), (2, 300, 60)):
        r = random.Random(seed)
        odd = [None, "nan", "inf", "-inf", 0.0, -1.5, 3.0]
        x = [r.choice(odd) if r.random() < 0.2 else r.uniform(-10, 14) for _ in range(rows)]
        y = [r.choice(odd) if r.random() < 0.2 else 10 ** r.uniform(-3, 3) for _ in range(rows)]
        names = ["relu", "tanh", "</script>", "gelu"]
        kind = [r.choice([*names, None]) for _ in range(rows)]
        cuts = {
            "x": {"column": "x", "scale": "linear", "domain": [-10.0, 14.0]},
            "y": {"column": "y", "scale": "log", "domain": [0.001, 1000.0]},
            "kind": {"column": "kind", "scale": "category", "domain": [0, 3]},
        }

        def codes(
            name: str, bins: int, x: list[Any] = x, y: list[Any] = y, kind: list[Any] = kind, names: list[str] = names
        ) -> list[int]:
            if name == "kind":
                return [category(None if v is None else names.index(v), 4, bins) for v in kind]
            scale, low, high = ("linear", -10.0, 14.0) if name == "x" else ("log", 0.001, 1000.0)
            cut = edges(scale, low, high, bins)
            return [code(v, scale, cut, bins) for v in (x if name == "x" else y)]

        columns = {"x": {"values": x}, "y": {"values": y}, "kind": {"values": kind, "categories": names}}
        for left, right, active in (("x", "y", "kind"), ("y", "kind", "x"), ("kind", "x", None)):
            a, b = codes(left, bins), codes(right, bins)
            joint: dict[str, Any] = {"columns": columns, "pair": [cuts[left], cuts[right]], "bins": bins}
            joint["counts"] = counts(a, b, bins, [True] * rows)
            if active:
                positions = 4 if active == "kind" else 16
                place = codes(active, positions)
                slices = {
                    k: counts(a, b, bins, [p < k for p in place])
                    for k in (0, 1, positions // 2, positions, positions + 5)
                }
                joint["active"] = {"cut": cuts[active], "positions": positions, "slices": slices}
            out.append(joint)
    return out


def counts(a: list[int], b: list[int], bins: int, wanted: list[bool]) -> dict[str, int]:
    found: dict[str, int] = {}
    for left, right, take in zip(a, b, wanted, strict=True):
        if take:
            cell = str(left * (bins + 5) + right)
            found[cell] = found.get(cell, 0) + 1
    return found


def main() -> None:
    content = {"cases": [*number_cases(), *percentile_cases(), *category_cases()], "joints": joints()}
    # Edges of many bins are told by a few: the codes around them hold the rest.
    for case in content["cases"]:
        if len(case.get("edges", [])) > 61 and case["scale"] != "percentile":
            case["some_edges"] = {str(k): case["edges"][k] for k in range(0, len(case["edges"]), 16)}
            del case["edges"]
    path = Path(__file__).with_name("binning.json")
    path.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n", "utf-8")
    print(path.name, len(content["cases"]), "cases", len(content["joints"]), "joints", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

"""Asks the rules about the recorded trainings of the findings suite, and prints how often they are right.

python benchmarks/findings/evaluate.py DIR [--json findings.json] [--only WORD] [--wrong]

A fault is found when one of the kinds that it may show itself by comes as a warning or an error (`noise_scale`, which
accuses nobody, as a note). Warnings and errors about sound trainings are false; so are those about a fault of kinds
that it cannot cause. Thresholds were chosen with the part "tuned" in sight; "held out" has other architectures and
seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from _cases import FAULTS, cases
from _setup import Case

from undertow.diagnose import Finding, diagnose
from undertow.store import load

#: What follows from a fault besides what it is told by: consequences that are true of the training all the same.
FOLLOWS = {
    "lr-30": {"underfitting", "vanishing", "accumulation", "unused"},
    "lr-jump": {"underfitting", "vanishing", "accumulation"},
    "init-large": {"divergence", "spikes", "underfitting", "overfitting", "oscillation", "update_ratio"},
    "init-small": {"dead", "underfitting", "update_ratio"},
    "sigmoid-20": {"underfitting", "update_ratio"},
    "dead-relu": {"underfitting", "unused", "vanishing", "update_ratio"},
    "nan-batch": {"divergence"},
    "no-zero-grad": {"dead", "underfitting", "vanishing", "unused"},
    "rnn-exploding": {"underfitting", "dead"},
    "noise": {"underfitting", "overfitting"},
    "label-noise": set(),
    "no-shuffle": {"spikes", "oscillation", "divergence", "overfitting", "exploding"},
    "edge": {"dead", "underfitting"},
    "loss-scale": set(),
    "lr-tiny": set(),
}


#: The faults that each rule is there for, by which its recall is told; `nonfinite` and its like end many others too.
FOR = {
    "nonfinite": ("nan-batch",),
    "divergence": ("lr-jump",),
    "replicas": ("replicas",),
    "exploding": ("init-large",),
    "vanishing": ("init-small", "sigmoid-20"),
    "dead": ("dead-relu",),
    "unused": ("frozen", "orphan"),
    "accumulation": ("no-zero-grad",),
    "oscillation": ("edge",),
    "update_ratio": ("loss-scale", "lr-tiny"),
    "spikes": ("bad-batches",),
    "order": ("no-shuffle",),
    "overfitting": ("tiny-data", "label-noise"),
    "underfitting": ("loss-scale", "lr-tiny"),
    "noise_scale": ("noise",),
}


def look(case: Case, runs: Path) -> dict[str, Any]:
    """What is found in one training, beside what is wrong with it."""
    truth = json.loads((runs / f"{case.name}.json").read_text())
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = diagnose(load(runs / case.name))
    seconds = time.perf_counter() - start
    # A finding that names an epoch names it in its filter; where it names a step, the epoch is that step's.
    epochs = _epochs(runs / case.name)
    return {
        "name": case.name,
        "fault": case.fault,
        "part": case.part,
        "expects": case.expects,
        "onset": case.onset,
        "expected": truth["expected"],
        "seconds": seconds,
        "warnings": [str(each.message) for each in said],
        "findings": [
            {
                "kind": each.kind,
                "severity": each.severity,
                "sentence": each.sentence,
                "epoch": _epoch_of(each, epochs),
                "layers": each.layers,
            }
            for each in found
        ],
    }


def _epochs(path: Path) -> list[tuple[int, int]]:
    """The last step of each epoch."""
    table = load(path).steps.to_arrow()
    last: dict[int, int] = {}
    for step, epoch in zip(table["step"].to_pylist(), table["epoch"].to_pylist(), strict=True):
        last[epoch] = max(step, last.get(epoch, 0))
    return sorted((step, epoch) for epoch, step in last.items())


def _epoch_of(finding: Finding, epochs: list[tuple[int, int]]) -> int | None:
    if "epoch" in finding.filters:
        return int(finding.filters["epoch"]["ranges"][0][0])
    if finding.first_step is None:
        return None
    return next((epoch for step, epoch in epochs if step >= finding.first_step), None)


def onset_truth(result: dict[str, Any]) -> int | None:
    """The epoch from which on it is wrong: as put in, or for overfitting the one after the expected loss' best."""
    if result["onset"] is not None:
        return int(result["onset"])
    if result["expects"] == ("overfitting",) and len(result["expected"]):
        return int(np.argmin(result["expected"])) + 1
    return None


def overfits(result: dict[str, Any]) -> bool:
    """Whether the expected loss ends 5 % above its best: what the rule says, told by what it cannot see."""
    expected = np.array(result["expected"])
    return bool(np.mean(expected[-5:]) >= 1.05 * expected.min())


def accused(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings that say that something is wrong."""
    return [each for each in result["findings"] if each["severity"] != "info"]


def detected(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings that tell the fault."""
    return [
        each
        for each in result["findings"]
        if each["kind"] in result["expects"] and (each["severity"] != "info" or each["kind"] == "noise_scale")
    ]


def table(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Recall by fault, precision by rule, and all of it together."""
    # What was to be overfitted and was not, by the loss over data without end, shows no fault.
    idle = [each for each in results if each["expects"] == ("overfitting",) and not overfits(each)]
    results = [{**each, "fault": "", "expects": ()} if each in idle else each for each in results]
    faults: dict[str, Any] = {}
    for fault in FAULTS:
        own = [each for each in results if each["fault"] == fault.name]
        if not own:
            continue
        errors = []
        for each in own:
            truth, hits = onset_truth(each), [hit["epoch"] for hit in detected(each) if hit["epoch"] is not None]
            if truth is not None and hits:
                errors.append(abs(hits[0] - truth))
        faults[fault.name] = {
            "runs": len(own),
            "found": sum(bool(detected(each)) for each in own),
            "onset": float(np.median(errors)) if errors else None,
            "by": sorted({hit["kind"] for each in own for hit in detected(each)}),
        }
    rules: dict[str, dict[str, int]] = defaultdict(lambda: {"true": 0, "follows": 0, "false": 0, "sound": 0})
    for each in results:
        for hit in accused(each):
            if hit["kind"] in each["expects"]:
                place = "true"
            elif not each["fault"]:
                place = "sound"
            else:
                place = "follows" if hit["kind"] in FOLLOWS.get(each["fault"], set()) else "false"
            rules[hit["kind"]][place] += 1
    recalls = {}
    for name, of in FOR.items():
        own = [each for each in results if each["fault"] in of]
        hits = [name in {hit["kind"] for hit in each["findings"]} for each in own]
        recalls[name] = {"runs": len(own), "found": sum(hits)}
    faulty = [each for each in results if each["fault"]]
    sound = [each for each in results if not each["fault"]]
    true = sum(rule["true"] for rule in rules.values())
    false = sum(rule["false"] + rule["sound"] for rule in rules.values())
    onsets = []
    for each in faulty:
        truth, hits = onset_truth(each), [hit["epoch"] for hit in detected(each) if hit["epoch"] is not None]
        if truth is not None and hits:
            onsets.append(abs(hits[0] - truth))
    return {
        "faults": faults,
        "rules": {name: {**rules[name], **recalls.get(name, {"runs": 0, "found": 0})} for name in {*rules, *recalls}},
        "faulty": len(faulty),
        "recall": sum(bool(detected(each)) for each in faulty) / max(1, len(faulty)),
        "precision": true / max(1, true + false),
        "sound": len(sound),
        "without effect": len(idle),
        "errors on sound": sum(hit["severity"] == "error" for each in sound for hit in accused(each)),
        "warnings on sound": sum(hit["severity"] == "warning" for each in sound for hit in accused(each)),
        "onset": float(np.median(onsets)) if onsets else None,
        "onsets": len(onsets),
        "seconds": float(np.median([each["seconds"] for each in results])),
    }


def show(parts: dict[str, dict[str, Any]]) -> None:
    """Prints the parts side by side, as Markdown."""
    names = list(parts)
    print(f"| fault | what was put in | {' | '.join(f'found, {name}' for name in names)} | told by | onset off by |")
    print(f"|---|---|{'---|' * len(names)}---|---|")
    for fault in FAULTS:
        rows = [parts[name]["faults"].get(fault.name) for name in names]
        if not any(rows):
            continue
        found = " | ".join("" if row is None else f"{row['found']} of {row['runs']}" for row in rows)
        by = ", ".join(f"`{kind}`" for kind in sorted({kind for row in rows if row for kind in row["by"]}))
        onsets = [f"{row['onset']:g}" for row in rows if row and row["onset"] is not None]
        print(f"| {fault.name} | {fault.means} | {found} | {by} | {', '.join(onsets)} |")
    columns = [f"{what}, {name}" for what in ("recall", "precision") for name in names]
    print(f"\n| rule | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for rule in FOR:
        of = [parts[name]["rules"].get(rule) for name in names]
        recall = ["" if row is None or not row["runs"] else f"{row['found']} of {row['runs']}" for row in of]
        print(f"| `{rule}` | {' | '.join([*recall, *map(_precision, of)])} |")
    print()
    for name, of in parts.items():
        print(
            f"{name}: recall {of['recall']:.3f} over {of['faulty']} faulty runs, precision {of['precision']:.3f}; on "
            f"{of['sound']} sound runs {of['errors on sound']} errors and {of['warnings on sound']} warnings "
            f"({of['without effect']} of them were meant to overfit and did not); the onset is off by {of['onset']:g} "
            f"epochs at the median of {of['onsets']}; {1000 * of['seconds']:.0f} ms a run."
        )


def _precision(row: dict[str, int] | None) -> str:
    """How many findings of a rule are true of the fault, of those it made; nothing for notes, which accuse nobody."""
    if row is None:
        return ""
    right = row["true"] + row["follows"]
    said = right + row["false"] + row["sound"]
    return f"{right} of {said}" if said else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--part", choices=["tuned", "held out"])
    parser.add_argument("--wrong", action="store_true", help="print each run that was judged wrongly")
    given = parser.parse_args()
    chosen = [
        case
        for case in cases()
        if given.only in case.name and given.part in {None, case.part} and (given.runs / f"{case.name}.json").exists()
    ]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(look, chosen, [given.runs] * len(chosen), chunksize=4))
    if given.wrong:
        for each in results:
            missed = bool(each["fault"]) and not detected(each)
            allowed = {*each["expects"], *FOLLOWS.get(each["fault"], set())}
            wrong = [hit for hit in accused(each) if hit["kind"] not in allowed]
            if missed or wrong or each["warnings"]:
                print(f"{each['name']}: {'MISSED' if missed else 'also'} {each['warnings'] or ''}")
                for hit in each["findings"]:
                    print(f"    {hit['severity']} {hit['kind']} @{hit['epoch']}: {hit['sentence']}")
    parts = {}
    for part in ("tuned", "held out"):
        own = [each for each in results if each["part"] == part]
        if own:
            parts[part] = table(own)
    show(parts)
    if given.json:
        given.json.write_text(json.dumps({"parts": parts, "runs": results}, indent=1))


if __name__ == "__main__":
    main()

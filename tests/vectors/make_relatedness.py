"""Writes relatedness.json: joint counts of known data, and what scikit-learn says of them. Needs scikit-learn."""

import itertools
import json
from pathlib import Path

import numpy as np
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

HERE = Path(__file__).parent


def main() -> None:
    """Writes the file anew."""
    rng = np.random.default_rng(8)
    cases = []
    for rows, left, right in itertools.product((30, 1000), (2, 5), (3, 7)):
        x = rng.integers(0, left, rows)
        for name, y in (
            ("independent", rng.integers(0, right, rows)),
            ("a function", (x * 2 + 1) % right),
            ("noisy", np.where(rng.random(rows) < 0.7, x % right, rng.integers(0, right, rows))),
        ):
            counts = np.zeros((left, right), int)
            np.add.at(counts, (x, y), 1)
            cases.append(
                {
                    "name": f"{name}, {rows} rows",
                    "sides": [left, right],
                    "counts": counts.ravel().tolist(),
                    "information": float(mutual_info_score(None, None, contingency=counts)),
                    "entropies": [float(entropy(counts.sum(axis))) for axis in (1, 0)],
                }
            )
    (HERE / "relatedness.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""The Boston housing data: the demo's 506 districts of 1970, 13 features, and the median home value in $1000.

Harrison & Rubinfeld (1978), *Hedonic prices and the demand for clean air*, J. Environ. Economics & Management 5,
81–102; from StatLib. Offered because the article trains on it. Read `CAVEAT` before using it for anything else.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["CAVEAT", "FEATURES", "TARGET", "load_boston_housing"]

#: What has to be said wherever the data are offered.
CAVEAT = (
    "Column b of the Boston housing data is built from the share of Black residents of a district, on the assumption "
    "that it lowers home values; the data set serves here as a historical example, not as a basis for any decision."
)

FEATURES = ("crim", "zn", "indus", "chas", "nox", "rm", "age", "dis", "rad", "tax", "ptratio", "b", "lstat")
TARGET = "medv"

Floats: TypeAlias = NDArray[np.float64]


def load_boston_housing(
    test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Loads the data as `keras.datasets.boston_housing.load_data()` does, from the package, without a download.

    Args:
        test_split: Share of the 506 rows held out for testing, from the end of the shuffled rows.
        seed: For `numpy.random.RandomState`, which shuffles the rows; 113 is Keras' own.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float64 of shapes (404, 13), (404,), (102, 13), (102,) by default.
        Features in the order of `FEATURES`, as they are, not standardised; targets in $1000.
    """
    text = (files(__package__) / "boston_housing.csv").read_text("utf-8")
    header, *rows = csv.reader(text.splitlines())
    if tuple(header) != (*FEATURES, TARGET):
        raise ValueError(f"boston_housing.csv has columns {header}")
    table = np.array(rows, dtype=np.float64)
    indices = np.arange(len(table))
    np.random.RandomState(seed).shuffle(indices)
    table = table[indices]
    split = int(len(table) * (1 - test_split))
    x, y = table[:, :-1], table[:, -1]
    return (x[:split], y[:split]), (x[split:], y[split:])

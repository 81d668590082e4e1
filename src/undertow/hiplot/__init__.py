"""HiPlot's place taken: `import undertow.hiplot as hip`, and code written for HiPlot 0.1.33 runs on.

import undertow.hiplot as hip

hip.Experiment.from_iterable([{"dropout": 0.1, "loss": 10.0}, {"dropout": 0.2, "loss": 5.0}]).display()

`docs/hiplot.md` says what each of its settings becomes.
"""

from __future__ import annotations

from .._version import __version__
from . import fetchers
from ._displayed import ExperimentDisplayed
from ._experiment import Experiment
from ._server import run_server
from ._values import (
    Datapoint,
    Displays,
    ExperimentFetcherDoesntApply,
    ExperimentValidationCircularRef,
    ExperimentValidationError,
    ExperimentValidationMissingParent,
    ValueDef,
    ValueType,
)

__all__ = [
    "Datapoint",
    "Displays",
    "Experiment",
    "ExperimentDisplayed",
    "ExperimentFetcherDoesntApply",
    "ExperimentValidationCircularRef",
    "ExperimentValidationError",
    "ExperimentValidationMissingParent",
    "ValueDef",
    "ValueType",
    "__version__",
    "fetchers",
    "run_server",
]

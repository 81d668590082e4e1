"""Evidence made by hand, for the tests of the rules."""

import numpy as np

from undertow.diagnose._curves import curves_of
from undertow.diagnose._evidence import Evidence
from undertow.diagnose._layers import Layers, Series
from undertow.query._merge import SUMMED, Clock
from undertow.sources import from_columns


def by_step(**metrics):
    """Evidence of metrics logged by the step."""
    length = len(next(iter(metrics.values())))
    [curves] = curves_of(from_columns({"step": range(length), **metrics}))
    return Evidence("", curves, curves)


def by_epoch(per_epoch, **metrics):
    """Evidence of metrics logged by the step, `per_epoch` steps an epoch."""
    length = len(next(iter(metrics.values())))
    frame = from_columns({"step": range(length), "epoch": [step // per_epoch for step in range(length)], **metrics})
    [curves], [fine] = list(curves_of(frame)), list(curves_of(frame, ("step",)))
    return Evidence("", curves, fine)


def series(names, shapes, depth, sums):
    points = len(next(iter(sums.values()))) if sums else 0
    gone = np.full((points, len(names)), np.nan)
    known = {name: np.asarray(values, float).reshape(points, len(names)) for name, values in sums.items()}
    return Series(
        tuple(names),
        tuple(name.rpartition(".")[0] or name for name in names),
        np.asarray(depth),
        tuple(shapes),
        {**dict.fromkeys((*SUMMED, "abs_max"), gone), **known},
    )


def layered(sums, names=("0.weight",), shapes=((8, 8),), depth=None, epochs=12, every=1.0, outputs=None, **more):
    """Evidence of layers: T points in so many epochs. `sums`: arrays of shape (T, P) by field."""
    depth = range(len(names)) if depth is None else depth
    params = series(names, shapes, depth, sums)
    made = series([], [], [], {}) if outputs is None else series(*outputs)
    points = len(next(iter(sums.values()))) if sums else len(next(iter(outputs[3].values())))
    return Evidence(
        "",
        layers=Layers(
            run="",
            clock=Clock("epoch"),
            step=np.arange(points),
            epoch=np.arange(points) * epochs // points,
            every=every,
            params=params,
            outputs=made,
            absent=tuple(more.get("absent", ())),
            broken=more.get("broken"),
            by_run=False,
        ),
    )

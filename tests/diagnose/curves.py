"""Training curves with known properties, for the tests of the rules."""

import numpy as np

from undertow.sources import from_columns


def frame_of(**metrics):
    length = len(next(iter(metrics.values())))
    return from_columns({"epoch": range(length), **metrics})


def decay(epochs, start=100.0, floor=10.0, rate=0.5):
    """Falls from `start` towards `floor` by the factor e^-rate an epoch."""
    return floor + (start - floor) * np.exp(-rate * np.arange(epochs))


def jitter(epochs, size, seed=0):
    return 1 + size * np.random.default_rng(seed).normal(size=epochs)

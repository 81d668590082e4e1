"""Data made up from a seed, of which there is never too little: the same law gives training, validation and truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Task"]

Floats = NDArray[np.float64]

FEATURES, SIDE, LENGTH, WORDS = 20, 12, 12, 16

_IMAGES = {"cnn", "cnn-bn", "plain-cnn", "cnn4", "cnn6"}
_TOKENS = {"transformer", "transformer2", "transformer6", "embedding"}
_SERIES = {"rnn-hot": 60, "rnn-hotter": 60, "rnn-warm": 60, "rnn-short": 8, "gru": 12, "lstm": 12}


class Task:
    """Draws examples for an architecture.

    Args:
        arch: What it is for: images, tokens, series or plain features.
        classes: 0 for one target, -1 for the input itself.
        seed: Makes the law, and the order in which examples come.
    """

    def __init__(self, arch: str, classes: int, seed: int) -> None:
        self._arch, self._classes = arch, classes
        law = np.random.default_rng(1000 + seed)
        self._random = np.random.default_rng(2000 + seed)
        self._first = law.normal(size=(FEATURES, 10)) / np.sqrt(FEATURES)
        self._second = law.normal(size=(10, max(classes, 1)))

    def draw(self, rows: int, noise: float = 0.0) -> tuple[NDArray[Any], NDArray[Any]]:
        """Inputs and targets; a share `noise` of the labels is random, or targets have noise of that deviation."""
        if self._arch in _IMAGES:
            x, y = self._images(rows)
        elif self._arch in _TOKENS:
            x, y = self._tokens(rows)
        elif self._arch in _SERIES:
            x, y = self._series(rows, _SERIES[self._arch])
        else:
            x, y = self._features(rows)
        if self._classes > 0:
            random = self._random.random(rows) < noise
            y = np.where(random, self._random.integers(0, self._classes, rows), y)
        elif self._classes == 0:
            y = y + noise * self._random.normal(size=y.shape)
        return x.astype(np.int64 if self._arch in _TOKENS else np.float32), y.astype(
            np.int64 if self._classes > 0 else np.float32
        )

    def _features(self, rows: int) -> tuple[Floats, NDArray[Any]]:
        x = self._random.normal(size=(rows, FEATURES))
        if self._classes < 0:
            code = self._random.normal(size=(rows, 4)) @ self._first.T[:4]
            return code, code
        hidden = np.tanh(2 * x @ self._first)
        if self._classes == 0:
            return x, hidden @ self._second
        return x, np.argmax(hidden @ self._second, axis=1)

    def _images(self, rows: int) -> tuple[Floats, NDArray[Any]]:
        """Noise with a bar of one of four directions somewhere in it."""
        x = 0.5 * self._random.normal(size=(rows, 1, SIDE, SIDE))
        y = self._random.integers(0, 4, rows)
        place = self._random.integers(2, SIDE - 2, (rows, 2))
        for offset in range(-2, 3):
            dx = np.choose(y, [offset, 0, offset, offset])
            dy = np.choose(y, [0, offset, offset, -offset])
            x[np.arange(rows), 0, place[:, 0] + np.clip(dx, -2, 2), np.clip(place[:, 1] + dy, 0, SIDE - 1)] += 1.5
        return x, y

    def _tokens(self, rows: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Which of the first four words stands most often in the text; words of it are made frequent."""
        y = self._random.integers(0, 4, rows)
        x = self._random.integers(0, WORDS, (rows, LENGTH))
        often = self._random.random((rows, LENGTH)) < 0.35
        return np.where(often, y[:, None], x), y

    def _series(self, rows: int, length: int) -> tuple[Floats, NDArray[Any]]:
        x = self._random.normal(size=(rows, length, 4))
        total = x[:, -6:, 0].sum(axis=1) / np.sqrt(6)
        return x, total[:, None] if self._classes == 0 else (total > 0).astype(np.int64)

"""Every exception that Undertow raises on purpose.

UndertowError
├── RecordingError          what a training loop handed to a Run cannot be recorded
│   ├── RunClosedError      log() after close()
│   ├── ValueTypeError      a value of a type that no column can hold   (also TypeError)
│   └── NameClashError      two names that mean one column              (also ValueError)
├── StoreError              a run folder cannot be written or read
│   ├── NotARunError        the folder holds no run.json
│   └── CorruptFileError    a file of ours fails its checks
├── SourceError             foreign data cannot become a Frame          (also ValueError)
│   └── those of HiPlot     in `undertow.hiplot`, under HiPlot's names
├── QueryError              a question cannot be answered             (also ValueError)
│   └── CancelledError      whoever asked waits no longer
├── TrainingStoppedError    a rule that was to stop the training found something
├── ShapeError              two arrays that must agree in shape do not  (also ValueError)
└── ViewError               a view cannot be built or saved
    └── BundleMissingError  the front end was not built into the package
"""

from __future__ import annotations

__all__ = [
    "BundleMissingError",
    "CancelledError",
    "CorruptFileError",
    "NameClashError",
    "NotARunError",
    "QueryError",
    "RecordingError",
    "RunClosedError",
    "ShapeError",
    "SourceError",
    "StoreError",
    "TrainingStoppedError",
    "UndertowError",
    "ValueTypeError",
    "ViewError",
]


class UndertowError(Exception):
    """The base of every error that Undertow raises on purpose."""


class RecordingError(UndertowError):
    """What a training loop handed to a Run cannot be recorded."""


class RunClosedError(RecordingError):
    """A Run was used after `close()`."""


class ValueTypeError(RecordingError, TypeError):
    """A value is of a type that no column can hold."""


class NameClashError(RecordingError, ValueError):
    """Two names mean one and the same column."""


class StoreError(UndertowError):
    """A run folder cannot be written or read."""


class NotARunError(StoreError):
    """A folder was opened as a run but holds no `run.json`."""


class CorruptFileError(StoreError):
    """A file that we wrote fails its checks."""


class SourceError(UndertowError, ValueError):
    """Foreign data cannot become a Frame; the message names the row and the column."""


class QueryError(UndertowError, ValueError):
    """A question cannot be answered: it is malformed, too large, or about a column that is not there."""


class CancelledError(QueryError):
    """Whoever asked a question waits for the answer no longer."""


class TrainingStoppedError(UndertowError):
    """A rule that was to stop the training (`Run(stop_on=…)`) found something; the message says what."""


class ShapeError(UndertowError, ValueError):
    """Two arrays that must agree in shape do not."""


class ViewError(UndertowError):
    """A view cannot be built or saved."""


class BundleMissingError(ViewError):
    """The front end was not built into the package."""

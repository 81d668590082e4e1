"""TensorBoard's logs: scalars, hyperparameters, and histograms of gradients and weights. TensorFlow is not needed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SourceError
from ._histograms import Histograms, Sums
from ._logged import LoggedRun, Points, moment
from ._settings import read_settings

__all__ = ["find_tensorboard", "is_events", "read_tensorboard"]

_STATES = {1: "finished", 2: "failed", 3: "running"}


def is_events(path: Path) -> bool:
    """Whether the name is that of a file of events."""
    return ".tfevents." in path.name and not path.name.endswith(".profile-empty")


def find_tensorboard(files: Sequence[Path]) -> list[Path]:
    """Returns the folders of runs among files: those that hold events."""
    return list(dict.fromkeys(path.parent for path in files if is_events(path)))


def read_tensorboard(folders: Mapping[str, Path], skip_bad: bool = False) -> list[LoggedRun]:
    """Reads runs, one a folder, event by event: what is held is their numbers and not the files.

    What Keras writes into `train` and `validation` is one run, its validation named `val_…`; a run that holds
    hyperparameters alone, as PyTorch's `add_hparams` makes below the one it belongs to, is part of that. A half-written
    last event is left out.

    Args:
        folders: By the names of their runs.
        skip_bad: Whether to leave out what follows a damaged event; `LoggedRun.left_out` says so.

    Raises:
        SourceError: If the package `tensorboard` is missing, or an event is damaged; the message names the file.
    """
    names = {folder: name for name, folder in folders.items()}
    logs = {folder: _Log(folder, skip_bad) for folder in names}
    below = Counter(folder.parent for folder in logs)
    for folder in list(logs):
        train = folder.with_name("train")
        if folder.name == "validation" and train in logs and below[folder.parent] == 2:
            logs[train].join_validation(logs.pop(folder))
            names[train] = names[train].rpartition("/")[0] or folder.resolve().parent.name
    told = Counter(folder.parent for folder, log in logs.items() if log.config)
    for folder in list(logs):
        parent = logs.get(folder.parent)
        if logs[folder].config and parent and not parent.config and told[folder.parent] == 1:
            # What `add_hparams` notes is what the run came to, at a step 0 that means nothing.
            parent.take(logs.pop(folder), step=parent.points.last_step)
    return [log.run(names[folder]) for folder, log in logs.items()]


class _Log:
    """What the event files of one folder hold."""

    def __init__(self, folder: Path, skip_bad: bool) -> None:
        self.points = Points()
        self.histograms = Histograms()
        self.config: dict[str, Any] = dict(read_settings(folder / "hparams.yaml"))
        self.start = self.end = math.nan
        self.state: str | None = None
        self.others: Counter[str] = Counter()
        self.damaged: list[str] = []
        plugins: dict[str, str] = {}
        for path in sorted(each for each in folder.iterdir() if is_events(each)):
            try:
                for event in _events(path):
                    self.start = np.fmin(self.start, event.wall_time or math.nan)
                    for value in event.summary.value:
                        self._add(event, value, plugins)
            except SourceError as error:
                if not skip_bad:
                    raise
                self.damaged.append(str(error))

    def take(self, other: _Log, prefix: str = "", step: int | None = None) -> None:
        """Adds what another folder holds of the same run."""
        self.points.take(other.points, prefix, step)
        self.config |= other.config
        self.others += other.others
        self.damaged += other.damaged
        self.start, self.end = np.fmin(self.start, other.start), np.fmax(self.end, other.end)
        self.state = self.state or other.state

    def join_validation(self, other: _Log) -> None:
        """Adds what Keras writes into the folder beside this one."""
        per_epoch = all(
            name.startswith(("epoch_", "evaluation_")) for name in (*self.points.names, *other.points.names)
        )
        if per_epoch:
            # Its steps count epochs; what it counts by iterations is the same numbers once more.
            for log in (self, other):
                log.points.keep({name: name.removeprefix("epoch_") for name in log.points.names if name[:2] == "ep"})
        self.take(other, "val_")
        if per_epoch:
            self.points.count_epochs()

    def run(self, name: str) -> LoggedRun:
        """All of it."""
        steps = self.points.table()
        left_out = [*self.damaged, *self.histograms.left_out()]
        left_out += [f"{count:,} {kind}" for kind, count in self.others.items()]
        if self.points.replaced:
            left_out.append(f"{self.points.replaced:,} values whose step was logged again later")
        return LoggedRun(
            name,
            steps,
            self.config,
            self.histograms.table(),
            self.histograms.params(),
            start=moment(self.start if self.start == self.start else None),
            end=moment(self.end if self.end == self.end else None),
            state=self.state,
            left_out=tuple(left_out),
        )

    def _add(self, event: Any, value: Any, plugins: dict[str, str]) -> None:
        plugin = value.metadata.plugin_data.plugin_name or plugins.get(value.tag, "")
        # The first value of a tag alone says what it is.
        plugins[value.tag] = plugin
        kind = value.WhichOneof("value")
        if plugin == "hparams" and value.metadata.plugin_data.content:
            self._add_settings(value.metadata.plugin_data.content)
        elif kind == "simple_value":
            self.points.add(value.tag, event.step, event.wall_time, value.simple_value)
        elif kind == "histo":
            histo = value.histo
            # PyTorch and TensorFlow 1 keep the sums themselves.
            extreme = max(abs(histo.min), abs(histo.max)) if histo.num else 0.0
            sums = Sums(int(histo.num), extreme, histo.sum, histo.sum_squares)
            self.histograms.add(value.tag, event.step, event.wall_time, sums)
        elif kind == "tensor":
            self._add_tensor(event, value, plugin)
        elif kind is not None:
            self.others[_PLURALS.get(kind, kind)] += 1

    def _add_tensor(self, event: Any, value: Any, plugin: str) -> None:
        from tensorboard.util.tensor_util import make_ndarray

        if plugin in {"", "scalars"} and value.tensor.dtype != _STRING:
            array = make_ndarray(value.tensor)
            if array.size == 1:
                self.points.add(value.tag, event.step, event.wall_time, float(array.reshape(-1)[0]))
                return
        elif plugin == "histograms":
            lows, highs, counts = make_ndarray(value.tensor).reshape(-1, 3).T.astype(np.float64)
            sums = Sums.of_edges(counts, lows, highs)
            self.histograms.add(value.tag, event.step, event.wall_time, sums)
            return
        self.others[plugin or "tensors"] += 1

    def _add_settings(self, content: bytes) -> None:
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

        said = HParamsPluginData.FromString(content)
        if said.HasField("session_start_info"):
            info = said.session_start_info
            for name, value in info.hparams.items():
                kind = value.WhichOneof("kind")
                self.config[name] = getattr(value, kind) if kind in _PLAIN else None
        elif said.HasField("session_end_info"):
            self.end = np.fmax(self.end, said.session_end_info.end_time_secs or math.nan)
            self.state = _STATES.get(said.session_end_info.status, self.state)


_PLAIN = {"number_value", "string_value", "bool_value"}
#: Of tensorboard's DataType: text, which is no number.
_STRING = 7
_PLURALS = {"image": "images", "audio": "sounds"}


def _events(path: Path) -> Iterator[Any]:
    """The events of a file, up to one that is only half there."""
    try:
        # By name, since `tensorboard.compat.tf` would load all of TensorFlow where that is installed.
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.tensorflow_stub import errors
        from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New
    except ModuleNotFoundError as error:
        raise SourceError(
            f"{path} is a log of TensorBoard's, which its own package reads: pip install tensorboard"
        ) from error
    from google.protobuf.message import DecodeError

    reader = PyRecordReader_New(str(path))
    number = 0
    while True:
        try:
            reader.GetNext()
            event = Event.FromString(reader.record())
        except errors.OutOfRangeError:
            return
        except (errors.DataLossError, DecodeError) as error:
            if "truncated" in str(error):
                return
            raise SourceError(f"{path}, event {number} is damaged, and what follows cannot be read: {error}") from error
        yield event
        number += 1

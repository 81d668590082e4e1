"""From any object to the frames that show it: the only list of libraries and formats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa

from .errors import NotARunError, SourceError
from .frame import Frame
from .query.lenses import Recorded, frames
from .sources import (
    from_arrow,
    from_columns,
    from_histories,
    from_history,
    from_rows,
    from_structured,
    is_arrow,
    is_history,
)
from .store import load

__all__ = ["frames_of", "title_of"]


class Source(NamedTuple):
    """A kind of data: how it is told, and how it becomes a Frame."""

    suits: Callable[[Any], bool]
    read: Callable[[Any], Frame]


#: The first that suits reads. What has a protocol of its own stands before what is merely a mapping or a sequence.
SOURCES = (
    Source(lambda data: isinstance(data, Frame), lambda data: cast(Frame, data)),
    Source(is_history, from_history),
    Source(is_arrow, from_arrow),
    Source(lambda data: isinstance(data, np.ndarray), from_structured),
    Source(lambda data: isinstance(data, Mapping), from_columns),
    Source(lambda data: isinstance(data, list | tuple) and bool(data) and all(map(is_history, data)), from_histories),
    Source(lambda data: isinstance(data, list | tuple | Iterator), from_rows),
)


def frames_of(data: Any, lens: str | None = None) -> list[Frame]:
    """Returns the frames that show the data, the one to show first in front.

    Args:
        data: Recorded runs (a Recording, a Run, a run folder, or several of them), a Keras History or several, rows
            (dicts), a dict of columns, a structured array, a Frame, or any table that speaks Arrow or `__dataframe__`.
        lens: For recorded runs: the lens to put first.

    Raises:
        SourceError: If nothing here can read the data, there is nothing in it, or it has no such lens.
        StoreError: If a run folder cannot be read.
    """
    recorded = _recorded(data)
    if recorded is not None:
        return frames(recorded, lens)
    if isinstance(data, Sequence) and not isinstance(data, str | bytes) and data:
        several = [_recorded(item) for item in data]
        if all(item is not None for item in several):
            return frames(_Several([item for item in several if item is not None]), lens)
    for source in SOURCES:
        if source.suits(data):
            frame = source.read(data)
            if lens not in {None, frame.lens}:
                raise SourceError(
                    f"lens {lens!r} needs a recorded run; this is {frame.lens!r} of a {type(data).__name__}"
                )
            return [frame]
    hint = " (collect() it first)" if hasattr(data, "collect") else ""
    raise SourceError(
        f"cannot show an object of type {type(data).__name__}{hint}; what can be shown: a run folder, Recording or "
        "Run, a Keras History, a list of dicts, a dict of columns, a DataFrame or Arrow table"
    )


def title_of(data: Any) -> str:
    """What to call the page where the user does not say."""
    path = getattr(_recorded(data), "path", None)
    return Path(path).resolve().name if path is not None else "Undertow"


def _recorded(data: Any) -> Recorded | None:
    """The data as recorded runs, None where they are something else."""
    if all(hasattr(getattr(data, name, None), "to_arrow") for name in ("runs", "steps", "layers", "params")):
        return cast(Recorded, data)
    if isinstance(data, str | os.PathLike):
        return _folder(Path(data))
    if hasattr(data, "log") and isinstance(getattr(data, "path", None), Path):  # a Run
        flush = getattr(data, "flush", None)
        if flush is not None:
            flush()
        return load(data.path)
    return None


def _folder(path: Path) -> Recorded:
    if path.is_dir():
        try:
            return load(path)
        except NotARunError as error:
            raise SourceError(str(error)) from error
    if path.exists():
        raise SourceError(f"{path} is a file; only run folders can be shown by path. Read it with pandas and show that")
    raise SourceError(f"there is no {path}")


class _Several:
    """Several recordings as one."""

    def __init__(self, recordings: Sequence[Recorded]) -> None:
        self.runs, self.steps, self.layers, self.params = (
            _Joined([getattr(recording, name) for recording in recordings])
            for name in ("runs", "steps", "layers", "params")
        )


class _Joined:
    def __init__(self, tables: Sequence[Any]) -> None:
        self._tables = tables

    def to_arrow(self) -> pa.Table:
        return pa.concat_tables([_decoded(table.to_arrow()) for table in self._tables], promote_options="permissive")


def _decoded(table: pa.Table) -> pa.Table:
    """With text in place of dictionaries, which cannot be joined where their words differ."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table[place].cast(field.type.value_type))
    return table

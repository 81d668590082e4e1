"""A View in a notebook: anywidget carries the page's container to the cell, and the brushes back."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import pyarrow as pa
import traitlets
from numpy.typing import NDArray

from ..frame import Frame
from ..query import DuckEngine, Ticket
from ._ask import answer
from ._live import Live, Snapshot
from ._page import bundle
from ._wire import is_large, whole

if TYPE_CHECKING:
    from ._view import View

__all__ = ["Widget"]

#: No message to a notebook may be larger, by half a megabyte to be safe.
_PART = 3_500_000
#: A frame of more values stays in the kernel and is asked, where there is what answers.
_MOST_CELLS = 1_000_000
#: How often a run that is still recorded is looked at.
_POLL_SECONDS = 0.5


class Widget(anywidget.AnyWidget):  # type: ignore[misc]
    """The workbench as a notebook's widget; `View.widget` makes it.

    Args:
        view: What to show; a run that is still recorded is followed to its end.
    """

    # Read when they are needed, not when the class is made: a checkout may have no bundle.
    _esm = traitlets.Unicode("").tag(sync=True)
    _css = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    #: "webgl2" or "raster" to have that one; before the widget is shown.
    renderer = traitlets.Unicode("").tag(sync=True)
    #: Tells the widget from all others, in this notebook and after.
    mark = traitlets.Unicode("").tag(sync=True)
    _version = traitlets.Int(0).tag(sync=True)
    _parts = traitlets.Int(0).tag(sync=True)
    _bits = traitlets.CBytes(b"").tag(sync=True)
    _selected = traitlets.Dict().tag(sync=True)

    def __init__(self, view: View) -> None:
        super().__init__(_esm=bundle("widget.js"), _css=bundle("widget.css"), height=view.height, mark=token_hex(8))
        self._about = {"title": view.title, "theme": view.theme, "subtitle": view.subtitle}
        self._snapshots: dict[int, Snapshot] = {}
        self._answers = _Answers(self)
        self._callbacks: list[Callable[[pa.Table], object]] = []
        self._stop = threading.Event()
        self.observe(self._tell, names="_selected")
        self.on_msg(lambda _, content, buffers: self._answers.take(content))
        self._show(Snapshot("0", (), view.frames, view.findings, ()))
        if view.live is not None:
            threading.Thread(target=self._follow, args=(view.live,), name="undertow-widget", daemon=True).start()

    def close(self) -> None:
        """Take the widget off the notebook."""
        self._stop.set()
        super().close()

    @property
    def frame(self) -> Frame | None:
        """The frame that is brushed, or the first; None where there is none yet."""
        snapshot = self._snapshots[int(self._selected.get("version", self._version))]
        named = [frame for frame in snapshot.frames if frame.lens == self._selected.get("lens")]
        return next(iter(named or snapshot.frames), None)

    @property
    def selection(self) -> pa.Table:
        """See `View.selection`."""
        frame = self.frame
        if frame is None:
            return pa.table({})
        chosen = self._chosen(frame)
        return frame.table if chosen is None else frame.table.filter(pa.array(chosen))

    @property
    def rows(self) -> list[int]:
        """See `View.selected_rows`."""
        frame = self.frame
        if frame is None:
            return []
        chosen = self._chosen(frame)
        return list(range(len(frame))) if chosen is None else np.flatnonzero(chosen).tolist()

    def _chosen(self, frame: Frame) -> NDArray[np.bool_] | None:
        """Whether each row is selected; None where nothing was said yet, and all are."""
        bits = np.frombuffer(self._bits, np.uint8)
        if not self._selected or len(bits) * 8 < len(frame):
            return None
        return np.unpackbits(bits, count=len(frame), bitorder="little").astype(bool)

    @property
    def brushes(self) -> dict[str, Any]:
        """See `View.brushes`."""
        return dict(self._selected.get("filters", {}).get("columns", {}))

    def act(self, action: str) -> None:
        """Have the page "keep" or "exclude" what is brushed, or "restore" all."""
        self.send({"action": action})

    def on_select(self, callback: Callable[[pa.Table], object]) -> None:
        """See `View.on_select`."""
        self._callbacks.append(callback)

    def _tell(self, _: Any) -> None:
        for callback in list(self._callbacks):
            try:
                callback(self.selection)
            except Exception as error:
                warnings.warn(f"on_select failed, {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)

    def _show(self, snapshot: Snapshot) -> None:
        """Send a state of the data, in parts; the version last, since it is what the page waits for."""
        version = self._version + 1
        most = _MOST_CELLS if self._answers.possible else max((frame.cells for frame in snapshot.frames), default=0)
        packed = whole(snapshot, self._about["title"], most, more=self._about)
        parts = _parts(packed)
        for index, part in enumerate(parts):
            name = f"_part_{index}"
            if not self.has_trait(name):
                self.add_traits(**{name: traitlets.Bytes(b"").tag(sync=True)})
            setattr(self, name, part)
        self._parts = len(parts)
        # The one before may still be asked while the page opens the next.
        self._snapshots = {key: kept for key, kept in self._snapshots.items() if key == version - 1}
        self._snapshots[version] = snapshot
        self._version = version

    def _follow(self, folder: Path) -> None:
        """Show what a run records, as it comes; ends with the run."""
        live = Live(folder)
        shown, over = "", False
        while not (over or self._stop.wait(_POLL_SECONDS)):
            try:
                live.look()
                entries = live.entries()
                over = bool(entries) and all(entry["state"] != "running" for entry in entries.values())
                snapshot = live.snapshot(live.latest())
                if snapshot.version != shown and snapshot.frames:
                    shown = snapshot.version
                    self._show(self._as_chosen(snapshot))
            except Exception as error:
                warnings.warn(f"undertow shows no more of {folder}: {error}", RuntimeWarning, stacklevel=2)
                break
        live.close()

    def _as_chosen(self, snapshot: Snapshot) -> Snapshot:
        """With the lens in front that was in front."""
        before = self._snapshots[self._version].frames
        first = before[0].lens if before else None
        return replace(snapshot, frames=tuple(sorted(snapshot.frames, key=lambda frame: frame.lens != first)))


def _parts(packed: bytes) -> list[bytes]:
    """The bytes in pieces that notebooks let pass."""
    return [packed[start : start + _PART] for start in range(0, len(packed), _PART)]


class _Answers:
    """Answers questions about frames that were not sent, in the kernel's own thread, one after the other."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._engines: dict[tuple[int, str], Any] = {}
        self.possible = find_spec("duckdb") is not None

    def take(self, content: Mapping[str, Any]) -> None:
        number = content.get("ask")
        if not isinstance(number, int):
            return
        try:
            packed = self._answer(content)
        except Exception as error:
            self._widget.send({"answer": number, "part": 0, "of": 1, "error": str(error)})
            return
        parts = _parts(packed)
        for index, part in enumerate(parts):
            self._widget.send({"answer": number, "part": index, "of": len(parts)}, [part])

    def _answer(self, content: Mapping[str, Any]) -> bytes:
        key = int(content["version"]), str(content["lens"])
        snapshots = self._widget._snapshots
        if key not in self._engines:
            frame = next(
                frame for frame in snapshots[key[0]].frames if frame.lens == key[1] and is_large(frame, _MOST_CELLS)
            )
            self._engines = {known: engine for known, engine in self._engines.items() if known[0] in snapshots}
            self._engines[key] = DuckEngine(frame)
        return answer(self._engines[key], str(content["question"]), content["query"], Ticket())

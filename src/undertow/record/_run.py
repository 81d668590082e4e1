"""A Run: the one object that a training loop talks to."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, SupportsInt

from ..errors import RunClosedError, TrainingStoppedError, ValueTypeError
from ._about import About
from ._buffer import LaterRows, LayerRows, Statistics
from ._describe import jsonable
from ._metrics import Metrics, check_integers, whole
from ._watch import find_alerts, find_watch
from ._writer import Observer, Writer, warn

__all__ = ["Run"]

_NOTHING: dict[str, Any] = {}


class Run:
    """One training being recorded into `<root>/<id>/`.

    Nothing that goes wrong with the disk ever reaches the training: it becomes one warning, the state "degraded" in
    `run.json`, and a count of lost rows said at `close()`. What is wrong with the calls raises at once.

    Args:
        root: The folder of all runs; created if missing.
        name: What a person calls the run; the id is made of it and unique. The id itself if None.
        config: Hyperparameters: a mapping, a dataclass or an argparse.Namespace.
        tags: Words to find the run by.
        rank: This process's number among those that train together. If None, the environment's RANK, else 0.
        id: The run to join, made by whoever comes first: processes that train together give the same.
        resume: The id of a run in `root` to go on with, as its next attempt. Where both did a step, the newer one is
            shown.
        alerts: Whether to ask the cheap rules while training, or which of "nonfinite", "divergence", "spikes"; what
            they find becomes a warning, once.
        stop_on: The rules that stop the training, likewise: the next `log` raises; recorders of trainers tell these.

    Attributes:
        id: Unique, safe as a folder name; starts with a letter.
        path: The run's folder.
        rank: As given.
        attempt: How often the run was resumed before.
        alerts: What alerts found so far, a Finding each.
        should_stop: Whether the training is to end.

    Raises:
        NotARunError: If there is no run to resume.
        ValueError: If `id` or `resume` cannot be an id, or a rule cannot raise an alert.

    Example:
        >>> with Run("runs", name="mlp", config={"lr": 1e-3}) as run:
        ...     for step in range(100):
        ...         run.log(step=step, loss=loss)
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        name: str | None = None,
        config: Any = None,
        tags: Sequence[str] = (),
        rank: int | None = None,
        *,
        id: str | None = None,
        resume: str | None = None,
        alerts: bool | Sequence[str] = False,
        stop_on: Sequence[str] = (),
    ) -> None:
        asked = find_alerts()(alerts, stop_on) if alerts or stop_on else None
        self._about = about = About(Path(root), name, config, tags, rank, id, resume)
        self.id, self.path, self.rank, self.attempt = about.id, about.folder, about.rank, about.attempt
        self._pid = os.getpid()
        self._closed = False
        self.alerts: list[Any] = []
        self.should_stop = False
        self._stop: str | None = None
        self._lock = threading.Lock()
        self._next_step = about.first_step
        # Each tells the number of an optimizer's next update: asked, not told, since steps outnumber rows.
        self._clocks: list[Callable[[], int | None]] = []
        self._last_update: SupportsInt | None = None
        self._closers: list[Callable[[], object]] = []
        self._metrics = Metrics()
        self._known = self._metrics.known
        self._params: dict[str, dict[str, Any]] = {}
        self._writer = Writer(self.path, self.id, self.attempt, self.rank, about.params_name, self._save)
        about.content["writer"] = self._writer.name
        self._save(True)
        # Weak, or the hook would keep every run alive to the end of the process.
        reference = weakref.ref(self)
        self._at_exit = lambda: _close_at_exit(reference)
        atexit.register(self._at_exit)
        if asked is not None:
            asked.attach(self)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, state={self.state!r})"

    @property
    def name(self) -> str:
        """What a person calls the run."""
        return str(self._about.content.get("name", self.id))

    @property
    def state(self) -> str:
        """running, finished, failed; or degraded where something was lost."""
        return "degraded" if self._writer.degraded else str(self._about.content["state"])

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def stop(self, reason: str) -> None:
        """Have the next `log` raise TrainingStoppedError, once. From any thread."""
        self.should_stop, self._stop = True, reason

    @property
    def next_step(self) -> int:
        """The next optimizer update: one after the highest so far. Waits for it where the device counts updates."""
        return max(self._next_step, self._updates(), 0 if self._last_update is None else 1 + int(self._last_update))

    def log(
        self,
        metrics: Mapping[str, Any] | Statistics | None = None,
        /,
        *,
        step: int | None = None,
        epoch: int | None = None,
        **more: Any,
    ) -> None:
        """Record one row of `steps`.

        Args:
            metrics: Values by name; nested mappings get dotted names. A value is a Python or NumPy number, a bool,
                text, or a tensor without axes, of any framework, which is read later and not waited for. None is not
                recorded. Or an integration's statistics of layers, whose step this row has then.
            step: Which optimizer update the values belong to, from 0. If None, the update that a watcher or the
                statistics saw last; without these, one after the highest so far.
            epoch: From 0.
            **more: Values by name, as in `metrics`.

        Raises:
            RunClosedError: After `close`.
            TrainingStoppedError: Once, after `stop`; the row is recorded.
            ValueTypeError: If a value is of a type that no column can hold, or of text where it was a number so far; if
                there is a step beside statistics.
            NameClashError: If a name is given twice, is a key of every row (run, attempt, rank, time), or differs from
                an earlier one in case only.
        """
        if os.getpid() != self._pid:
            # A forked data-loader worker; the writer thread lives in the parent only.
            return
        now_us = time.time_ns() // 1000
        if metrics is not None and type(metrics) is not dict and hasattr(metrics, "record_into"):
            self._check_open()
            if step is not None:
                raise ValueTypeError(
                    "statistics of layers tell their step themselves; log the others in a call of their own"
                )
            epoch = None if epoch is None else whole("epoch", epoch, 2**31)
            self._last_update = metrics.record_into(self, epoch)
            metrics = None
            if not more:
                return
        given = metrics or _NOTHING if not more else more if not metrics else None
        with self._lock:
            if self._closed:
                self._check_open()
            # What was logged with the same names and types before needs no look at names or values.
            shape = self._known.get((tuple(given), tuple(map(type, given.values())))) if type(given) is dict else None
            if shape is None:
                both = (metrics or _NOTHING, more) if given is None else (given, _NOTHING)
                shape, values, step, epoch = self._metrics.check(*both, step, epoch)
            else:
                values = tuple(given.values())  # type: ignore[union-attr]
                if shape.whole:
                    check_integers(shape, values)
            number = self._step_of_now() if step is None else whole("step", step, 2**63)
            if epoch is not None:
                epoch = whole("epoch", epoch, 2**31)
            if type(number) is int and number >= self._next_step:
                self._next_step = number + 1
            self._writer.put_row((shape, values, number, epoch, now_us))
        if self._stop is not None:
            reason, self._stop = self._stop, None
            raise TrainingStoppedError(reason)

    def watch(
        self,
        model: Any,
        optimizer: Any = None,
        every: int = 1,
        budget: float | None = None,
        updates: bool = True,
        signals: bool = False,
        activations: bool = False,
        histograms: bool = False,
        **more: Any,
    ) -> Any:
        """Record what each optimizer step does to each parameter of a model, from now on.

        Args:
            model: A model of a library that has an integration with a function `watch`.
            optimizer: What trains it, or several; found when it steps if None.
            every: Record the steps that are multiples of it.
            budget: Rather keep recording within this share of the training time, e.g. 0.01.
            updates: Whether to measure updates Δw.
            signals: Whether to measure ∂L/∂a at the output of each module.
            activations: Whether to measure these outputs a themselves.
            histograms: Whether to count gradients by their logarithm.
            **more: See the integration's `watch`.

        Returns:
            The watcher. It ends with the run, or at its `close`.

        Raises:
            RunClosedError: After `close`.
            TypeError: If nothing can watch such a model.
            ValueError: If an option is out of range.
        """
        self._check_open()
        return find_watch(model)(
            self, model, optimizer, every, budget, updates, signals, activations, histograms, **more
        )

    def record_layers(
        self,
        step: Any,
        epoch: int | None,
        params: tuple[str, ...],
        sizes: Sequence[int],
        floats: Any,
        counts: Any,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Record the statistics of P parameters at one step, or at each of K steps. For integrations.

        Args:
            step: One number, or an array of K (a row whose step is negative is left out).
            epoch: From 0, or None.
            params: P paths, as in `set_params`.
            sizes: P numbers of elements.
            floats: The columns `undertow.statistics.FLOATS`. Shape (P, 5) or (K, P, 5), float32, any framework; read
                later by another thread, so it must not change any more.
            counts: The columns `undertow.statistics.COUNTS`. Shape (P, 2) or (K, P, 2), integer.
            more: Columns of `undertow.schema.OPTIONAL` by name. Shape (P,) or (K, P), the histogram (P, 64) or
                (K, P, 64); any framework.

        Raises:
            RunClosedError: After `close`.
        """
        if os.getpid() != self._pid:
            return
        self._check_open()
        if isinstance(step, int):
            self.reach(step)
        now_us = time.time_ns() // 1000
        self._writer.put(LayerRows(step, epoch, now_us, params, sizes, floats, counts, more or {}))

    def record_later(self, rows: LaterRows) -> None:
        """Record what the writer's thread is yet to measure. For integrations.

        Raises:
            RunClosedError: After `close`.
        """
        if os.getpid() != self._pid:
            return
        self._check_open()
        self._writer.put(rows)

    def reach(self, step: int) -> None:
        """Count a step that was recorded by other ways than `log`. For integrations."""
        with self._lock:
            self._next_step = max(self._next_step, step + 1)

    def follow(self, clock: Callable[[], int | None]) -> None:
        """Count the updates that a watcher sees: a `log` without a step belongs to the last one. For watchers.

        Args:
            clock: Tells the number of the next update; None before the first that was seen.
        """
        self._clocks.append(clock)

    def _updates(self) -> int:
        """The number of the next update by those who watch, 0 where nobody does."""
        return max((clock() or 0 for clock in self._clocks), default=0)

    def _step_of_now(self) -> int | SupportsInt:
        updates = self._updates()
        return updates - 1 if updates else self._next_step if self._last_update is None else self._last_update

    def at_close(self, callback: Callable[[], object]) -> None:
        """Have `callback()` called first thing when the run is closed: for what ends with it. It must not raise."""
        self._closers.append(callback)

    def note(self, name: str, fact: Any) -> None:
        """Put a fact about the recording into `run.json`, in place of an earlier one of that name. For integrations.

        Args:
            name: What it is about.
            fact: Of any JSON-like depth.
        """
        self._about.content.setdefault("notes", {})[name] = jsonable(fact)

    def set_params(self, params: Sequence[Mapping[str, Any]]) -> None:
        """Describe parameters; one that was described before is replaced.

        Args:
            params: A mapping per parameter, with the names of `undertow.schema.PARAMS`.

        Raises:
            RunClosedError: After `close`.
        """
        if os.getpid() != self._pid:
            return
        self._check_open()
        with self._lock:
            self._params.update({param["param"]: dict(param) for param in params})
            self._writer.put_params(list(self._params.values()))

    def observe(self, callback: Observer) -> None:
        """Call `callback(table, rows)` with the name of a table and an Arrow table of its new rows, as they come.

        It is called in the writer's thread, several times a second at most. What it raises becomes one warning.
        """
        self._writer.observers.append(callback)

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until everything that was recorded so far can be read. Never raises.

        Args:
            seconds: How long at most.

        Returns:
            Whether it can; False where the disk refuses it or takes longer.
        """
        if os.getpid() != self._pid or self._closed:
            return True
        return self._writer.flush(seconds)

    def close(self, state: Literal["finished", "failed"] = "finished") -> None:
        """Write what is left and end the run. A second call does nothing.

        Args:
            state: What `run.json` says, unless something was lost: then it says "degraded".
        """
        if os.getpid() != self._pid:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for callback in self._closers:
            callback()
        atexit.unregister(self._at_exit)
        self._writer.close()
        self._about.end(state)
        self._save(True)
        if self._writer.degraded:
            reasons = "; ".join(self._writer.reasons)
            warn(f"run {self.id} is closed: {self._writer.lost} rows were lost ({reasons})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close("finished" if kind is None else "failed")

    def _check_open(self) -> None:
        if self._closed:
            raise RunClosedError(f"run {self.id} is closed; nothing more can be recorded into it")

    def _save(self, durable: bool) -> None:
        """Write what the run says of itself; `durable` or, as a heartbeat, not."""
        try:
            self._about.beat()
            lost = {"rows": self._writer.lost, "reasons": list(self._writer.reasons)} if self._writer.degraded else None
            self._about.save(self.state, lost, durable)
        except Exception as error:
            if not self._writer.degraded:
                self._writer.degrade(f"run.json: {error}")


def _close_at_exit(reference: weakref.ref[Run]) -> None:
    run = reference()
    if run is not None:
        run.close("failed" if getattr(sys, "last_value", None) is not None else "finished")

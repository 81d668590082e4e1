"""Alerts: the cheap rules asked while a training runs, in the thread that writes it down."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .diagnose import RULES, Evidence, Finding
from .diagnose._curves import LOSSES, curves_of
from .diagnose._layers import layers_of
from .frame import Frame
from .record import Run
from .record._writer import warn
from .schema import PARAMS, Column
from .store._arrays import of_numpy

__all__ = ["CHEAP", "Alerts"]

#: The rules that need but the losses so far, or one look at new rows of layers.
CHEAP = ("nonfinite", "divergence", "spikes")

#: Losses are looked at again when there are a tenth more of them, and no sooner than this.
_GROWTH, _SECONDS = 1.1, 0.5
#: So many losses are kept; of the older half every second goes when there are more.
_MOST = 20_000

#: Several turns of the writer, each of which takes what was handed over within some 50 ms.
_PATIENCE_SECONDS = 0.3

_NAMES = tuple(dict.fromkeys(name for pair in LOSSES for name in pair))


class Alerts:
    """Watches what one run records, warns once of each kind, and stops the training where asked.

    Args:
        rules: The rules to ask, of `CHEAP`; all where True, those of `stop_on` alone where False.
        stop_on: The rules that stop the training.

    Raises:
        ValueError: If there is no such rule, or it is too costly to be asked while training.
    """

    def __init__(self, rules: bool | Iterable[str], stop_on: Iterable[str]) -> None:
        self._stop_on = frozenset([stop_on] if isinstance(stop_on, str) else stop_on)
        asked = CHEAP if rules is True else () if rules is False else [rules] if isinstance(rules, str) else rules
        self._rules = tuple(dict.fromkeys([*asked, *sorted(self._stop_on)]))
        for name in self._rules:
            if name not in CHEAP:
                raise ValueError(f"{name!r} cannot raise an alert; these can: {', '.join(CHEAP)}")
        self._parts: list[pa.Table] = []
        self._count, self._looked_at, self._next = 0, 0, 0.0
        self._skipped: set[int] = set()
        self._said: set[str] = set()
        self._lock = threading.Lock()
        self._run: Run | None = None

    def attach(self, run: Run) -> None:
        """Look at what `run` records from now on."""
        self._run = run
        run.observe(self)

    def __call__(self, name: str, rows: pa.Table) -> None:
        """New rows of a table, in the writer's thread."""
        if len(self._said) == len(self._rules):
            return
        if name == "steps":
            self._note_skips(rows)
            broken = self._keep(rows)
            now = time.monotonic()
            if (broken and self._wants("nonfinite")) or (
                self._count >= _GROWTH * self._looked_at and now >= self._next
            ):
                self._looked_at = self._count
                self._look_at_losses()
                # Twenty times as long is left alone as was spent on it, at the least.
                self._next = time.monotonic() + max(_SECONDS, 20 * (time.monotonic() - now))
        elif self._wants("nonfinite") and pc.any(pc.greater(rows["nonfinite"], 0)).as_py():
            # That a loss scaler skipped the step may come to be known in the writer's next turn only.
            timer = threading.Timer(_PATIENCE_SECONDS, self._look_at_layers, (rows,))
            timer.daemon = True
            timer.start()

    def _wants(self, rule: str) -> bool:
        return rule in self._rules and rule not in self._said

    def _note_skips(self, rows: pa.Table) -> None:
        if "amp.skipped" in rows.column_names:
            hit = rows.filter(pc.fill_null(pc.cast(rows["amp.skipped"], pa.bool_()), False))
            self._skipped.update(hit["step"].to_pylist())

    def _keep(self, rows: pa.Table) -> bool:
        """Keep the losses; whether one of them is not finite."""
        names = [name for name in _NAMES if name in rows.column_names]
        if not names:
            return False
        kept = rows.select(["step", "epoch", *names])
        self._parts.append(kept)
        self._count += len(kept)
        if self._count > _MOST:
            table = self._table()
            half = len(table) // 2
            older = table.slice(0, half).take(of_numpy(np.arange(0, half, 2)))
            self._parts = [older, table.slice(half)]
            self._count = sum(map(len, self._parts))
            self._looked_at = min(self._looked_at, self._count)
        return any(not pc.all(pc.is_finite(kept[name].cast(pa.float64()))).as_py() for name in names)

    def _table(self) -> pa.Table:
        return pa.concat_tables(self._parts, promote_options="permissive")

    def _look_at_losses(self) -> None:
        table = self._table()
        # A Frame by hand: what describes columns may import pandas, half a second of the interpreter while it trains.
        frame = Frame(table, tuple(Column(name, "number") for name in table.column_names), "steps", ("step",), None)
        run = self._name()
        for fine in curves_of(frame, ("step",)):
            by_epoch = next(curves_of(frame), fine)
            self._ask(self._rules, Evidence(run, by_epoch, fine))

    def _look_at_layers(self, rows: pa.Table) -> None:
        """In a thread of its own, some turns of the writer later."""
        try:
            self._judge_layers(rows)
        except Exception as error:
            warn(f"an alert of run {self._name()} failed, {type(error).__name__}: {error}")

    def _judge_layers(self, rows: pa.Table) -> None:
        known = rows.filter(pc.greater(pc.fill_null(rows["nonfinite"], 0), 0))
        if not set(known["step"].to_pylist()) - self._skipped:
            return
        described = [] if self._run is None else list(self._run._params.values())
        params = pa.Table.from_pylist(described, PARAMS) if described else PARAMS.empty_table()
        run = self._name()
        runs = {str(each): self._skipped for each in rows["run"].unique().to_pylist()}
        for layers in layers_of(rows, params, runs):
            self._ask(("nonfinite",), Evidence(run, layers=layers))

    def _name(self) -> str:
        return "" if self._run is None else self._run.name

    def _ask(self, rules: Iterable[str], evidence: Evidence) -> None:
        for name in rules:
            if self._wants(name):
                for finding in RULES[name](evidence):
                    if finding.severity != "info":
                        self._say(name, finding)
                        break

    def _say(self, rule: str, finding: Finding) -> None:
        with self._lock:
            if rule in self._said:
                return
            self._said.add(rule)
        run = self._run
        if run is None:
            return
        run.alerts.append(finding)
        warn(f"run {run.name}: {finding.sentence} {finding.advice}")
        if rule in self._stop_on:
            run.stop(finding.sentence)

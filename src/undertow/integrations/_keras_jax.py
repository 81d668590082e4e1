"""Keras on JAX: the statistics leave the jitted step as one more entry of its logs, and never reach Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..statistics import COUNTS, FLOATS
from ._jax_sums import pack, summarize, unpack, wide
from ._keras_plan import Plan

__all__ = ["Capture"]

_ENTRY = "__undertow__"


class Capture:
    """See `undertow.integrations._keras_plan.Capture`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._variables: tuple[Any, ...] = ()
        self._traced: list[Any] = []
        self._train_step, self._apply = plan.model.train_step, plan.optimizer.stateless_apply
        self._make = plan.model._make_function
        self._step = self._with_entry  # one bound method, to be recognised by identity
        plan.patches.set(plan.optimizer, "stateless_apply", self._measured)
        plan.patches.set(plan.model, "train_step", self._step)
        # Not `train_function`: with steps_per_execution it runs several steps and shows the last one's logs.
        plan.patches.set(plan.model, "_make_function", self._make_function)

    def start(self) -> None:
        self._plan.watch(before=lambda: None, after=lambda: None)

    @property
    def next_step(self) -> int:
        return self._plan.next_step

    @staticmethod
    def read(measured: Sequence[Any], parameters: int) -> tuple[NDArray[Any], NDArray[Any]]:
        _, sums = unpack(np.stack(measured), 0, parameters, (len(FLOATS), len(COUNTS), 0, 0))
        return sums.floats, sums.counts

    def _measured(self, optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
        result = self._apply(optimizer_variables, grads, trainable_variables)
        try:
            optimizer = self._plan.optimizer
            values = {id(v): value for v, value in zip(optimizer.variables, optimizer_variables, strict=True)}
            scale = values.get(id(getattr(optimizer, "dynamic_scale", None)), optimizer.loss_scale_factor)
            kept = None
            if self._plan.accumulate > 1:
                kept = [values[id(v)] for v in self._plan.inner._accumulated_gradients]
            self._variables = tuple(optimizer._trainable_variables)
            self._traced.append(
                _summarize(list(grads), list(trainable_variables), result[0], scale, kept, self._plan.accumulate)
            )
        except Exception as error:
            self._plan.fail(error)
        return result

    def _with_entry(self, *args: Any, **kwargs: Any) -> Any:
        self._traced.clear()
        logs, state = self._train_step(*args, **kwargs)
        if self._traced:
            entry = self._traced.pop()
            try:
                # A tracer that leaked from a scope within the user's own step (a lax.cond, say) fails here already.
                logs = {**logs, _ENTRY: entry + 0}
            except Exception as error:
                self._plan.fail(error)
        return logs, state

    def _make_function(self, step_function: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(step_function, "__wrapped__", step_function) is self._step:
            step_function = self._collecting(step_function)
        return self._make(step_function, *args, **kwargs)

    def _collecting(self, step_function: Any) -> Any:
        plan = self._plan

        def step(state: Any, data: Any) -> Any:
            logs, state = step_function(state, data)
            entry = logs.pop(_ENTRY, None)
            if entry is not None and plan.due():
                plan.sink(plan.next_step, self._variables, entry)
            plan.calls += 1
            return logs, state

        return step


def _summarize(
    grads: list[Any], old: list[Any], new: list[Any], scale: Any, kept: list[Any] | None, accumulate: int
) -> Any:
    grads = [jnp.zeros_like(w) if g is None else g for g, w in zip(grads, old, strict=True)]
    if scale is not None:
        grads = [wide(g) / scale for g in grads]
    if kept is not None:
        grads = [(g + sum_) / accumulate for g, sum_ in zip(grads, kept, strict=True)]
    return _packed(grads, old, list(new))


@jax.jit
def _packed(grads: Any, old: Any, new: Any) -> Any:
    """Compiled for what runs eagerly too; within a jitted step it is part of that."""
    return pack((), summarize(grads, old, new, None, None, False))

"""Keras on JAX: the statistics leave the jitted step as one more entry of its logs, and never reach Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ._keras_plan import Plan

__all__ = ["Capture"]

_ENTRY = "__undertow__"


class Capture:
    """See `undertow.integrations._keras_plan.Capture`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._variables: tuple[Any, ...] = ()
        self._traced: list[tuple[Any, Any]] = []
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
                logs = {**logs, _ENTRY: jax.tree.map(lambda array: array + 0, entry)}
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
                plan.sink(plan.next_step, self._variables, *entry)
            plan.calls += 1
            return logs, state

        return step


@jax.jit
def _rows(grads: Sequence[Any], old: Sequence[Any], new: Sequence[Any]) -> tuple[Any, Any]:
    """Floats of shape (P, 5) and counts of shape (P, 2), in the order of `undertow.statistics`."""
    floats, counts = [], []
    for gradient, before, after in zip(grads, old, new, strict=True):
        g, w, v = (_wide(array) for array in (gradient, before, after))
        sums = (g.sum(), jnp.square(g).sum(), jnp.abs(g).max(initial=0.0), jnp.square(w).sum(), jnp.square(v - w).sum())
        floats.append(jnp.stack([value.astype(jnp.float32) for value in sums]))
        counts.append(jnp.stack([(g == 0).sum(dtype=jnp.int32), (~jnp.isfinite(g)).sum(dtype=jnp.int32)]))
    return jnp.stack(floats), jnp.stack(counts)


def _summarize(
    grads: list[Any], old: list[Any], new: list[Any], scale: Any, kept: list[Any] | None, accumulate: int
) -> tuple[Any, Any]:
    grads = [jnp.zeros_like(w) if g is None else g for g, w in zip(grads, old, strict=True)]
    if scale is not None:
        grads = [_wide(g) / scale for g in grads]
    if kept is not None:
        grads = [(g + sum_) / accumulate for g, sum_ in zip(grads, kept, strict=True)]
    rows: tuple[Any, Any] = _rows(grads, old, list(new))
    return rows


def _wide(array: Any) -> Any:
    return array.astype(jnp.promote_types(array.dtype, jnp.float32))

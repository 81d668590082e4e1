"""Keras on TensorFlow: the graph writes its statistics into variables of ours, a slot for each step it executes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..statistics import COUNTS, FLOATS
from ._keras_plan import Plan

__all__ = ["Capture"]


class Capture:
    """See `undertow.integrations._keras_plan.Capture`."""

    def __init__(self, plan: Plan) -> None:
        if plan.model.distribute_strategy.num_replicas_in_sync > 1:
            raise NotImplementedError("gradients of several replicas are not recorded yet")
        self._plan = plan
        self._slots = max(1, int(plan.model.steps_per_execution))
        self._variables: tuple[Any, ...] = ()
        # Held here only: as an attribute of model or optimizer they would enter its checkpoints.
        self._calls = tf.Variable(plan.calls, dtype=tf.int64, trainable=False)
        self._ring: tuple[Any, Any, Any] | None = None
        self._blank = tf.fill([self._slots], tf.constant(-1, tf.int64))
        self._apply = plan.optimizer.apply
        plan.patches.set(plan.optimizer, "apply", self._measured)

    def start(self) -> None:
        self._plan.watch(before=lambda: None, after=self._emit)

    def _emit(self) -> None:
        if self._ring is not None:
            steps, floats, counts = self._ring
            # The values of now: what the next step assigns does not reach them.
            steps_now, floats_now, counts_now = (ring.read_value() for ring in (steps, floats, counts))
            self._plan.sink(steps_now, self._variables, (floats_now, counts_now))
            steps.assign(self._blank)

    @property
    def next_step(self) -> int:
        return self._plan.first + int(self._calls.numpy()) // self._plan.accumulate

    @staticmethod
    def read(measured: Sequence[Any], parameters: int) -> tuple[NDArray[Any], NDArray[Any]]:
        floats, counts = (np.concatenate([part.numpy() for part in parts]) for parts in zip(*measured, strict=True))
        return floats, counts

    def _measured(self, grads: Any, trainable_variables: Any = None) -> Any:
        plan, optimizer = self._plan, self._plan.optimizer
        grads = list(grads)
        variables = list(optimizer._trainable_variables if trainable_variables is None else trainable_variables)
        if not optimizer.built:
            # As `apply` would do first, but the loss scale is needed before it.
            with keras.name_scope(optimizer.name, caller=optimizer):
                optimizer.build(variables)
            optimizer.built = True
        try:
            dense = [_dense(g, v) for g, v in zip(grads, variables, strict=True)]
            scale = getattr(optimizer, "dynamic_scale", optimizer.loss_scale_factor)
            if scale is not None:
                scale = tf.cast(tf.convert_to_tensor(_native(scale)), tf.float32)
                dense = [_wide(g) / scale for g in dense]
            if plan.accumulate > 1:
                kept = [plan.inner._accumulated_gradients[plan.inner._get_variable_index(v)] for v in variables]
                dense = [(g + _native(sum_)) / plan.accumulate for g, sum_ in zip(dense, kept, strict=True)]
            old = [tf.identity(_native(v)) for v in variables]
        except Exception as error:
            plan.fail(error)
            return self._apply(grads, trainable_variables)
        result = self._apply(grads, trainable_variables)
        try:
            self._store(variables, dense, old)
        except Exception as error:
            plan.fail(error)
        return result

    def _store(self, variables: list[Any], grads: list[Any], old: list[Any]) -> None:
        plan, calls = self._plan, self._calls
        if self._ring is None or len(variables) != len(self._variables):
            self._ring = self._make_ring(len(variables))
        self._variables = tuple(variables)
        steps, *ring_values = self._ring
        number = tf.identity(calls)
        step = plan.first + number // plan.accumulate

        def write() -> Any:
            new = [tf.convert_to_tensor(_native(v)) for v in variables]
            for ring, row in zip((*ring_values, steps), (*_rows(grads, old, new), step), strict=True):
                if self._slots == 1:
                    ring.assign(row[None])
                else:
                    slot = tf.reshape(number % self._slots, [1, 1])
                    ring.assign(tf.tensor_scatter_nd_update(ring, slot, row[None]))
            return tf.constant(True)

        if plan.accumulate == 1 and plan.every == 1:
            write()
        else:
            due = ((number + 1) % plan.accumulate == 0) & (step % plan.every == 0)
            tf.cond(due, write, lambda: tf.constant(False))
        calls.assign_add(1)

    def _make_ring(self, parameters: int) -> tuple[Any, Any, Any]:
        # Out of the graph being traced: the number of parameters is not known before.
        with tf.init_scope():
            return (
                tf.Variable(self._blank, trainable=False),
                tf.Variable(tf.zeros([self._slots, parameters, len(FLOATS)]), trainable=False),
                tf.Variable(tf.zeros([self._slots, parameters, len(COUNTS)], tf.int64), trainable=False),
            )


def _rows(grads: Sequence[Any], old: Sequence[Any], new: Sequence[Any]) -> tuple[Any, Any]:
    """Floats of shape (P, 5) and counts of shape (P, 2), in the order of `undertow.statistics`."""
    floats, counts = [], []
    for gradient, before, after in zip(grads, old, new, strict=True):
        g, w, v = _wide(gradient), _wide(before), _wide(after)
        # Not every kernel's maximum keeps a nan.
        largest = tf.reduce_max(tf.abs(g)) if 0 not in g.shape else tf.zeros([], g.dtype)
        nan = tf.reduce_any(tf.math.is_nan(g))
        sums = (
            tf.reduce_sum(g),
            tf.reduce_sum(tf.square(g)),
            tf.where(nan, tf.constant(float("nan"), g.dtype), largest),
            tf.reduce_sum(tf.square(w)),
            tf.reduce_sum(tf.square(v - w)),
        )
        floats.append(tf.stack([tf.cast(value, tf.float32) for value in sums]))
        counted = (tf.equal(g, 0), ~tf.math.is_finite(g))
        counts.append(tf.stack([tf.reduce_sum(tf.cast(mask, tf.int64)) for mask in counted]))
    return tf.stack(floats), tf.stack(counts)


def _native(variable: Any) -> Any:
    return variable.value if isinstance(variable, keras.Variable) else variable


def _dense(gradient: Any, variable: Any) -> Any:
    # None: the loss does not depend on the parameter, which is a gradient of 0, as JAX has it.
    return tf.zeros_like(_native(variable)) if gradient is None else tf.convert_to_tensor(gradient)


def _wide(tensor: Any) -> Any:
    return tensor if tensor.dtype == tf.float64 else tf.cast(tensor, tf.float32)

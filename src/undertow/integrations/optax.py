"""JAX with optax: `tx = watch(optax.adam(1e-3))`, and `run.log(stats(opt_state), loss=loss)`.

The statistics are computed by the compiled step itself and kept in the optimizer's state, the one thing that every
optax loop hands on, under jit, scan and sharding alike. No callback leaves the step, and nothing is waited for.
"""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple, SupportsInt

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from ..record import Run
from ..record._buffer import LayerRows
from ..record._series import Series
from ._jax_sums import Sums, nothing_measured, pack, summarize, unpack
from ._optax_params import Layout, is_measured, layout_of

__all__ = ["Stats", "WatchState", "stats", "watch"]


class WatchState(NamedTuple):
    """What `watch` adds to the state of an optimizer.

    Attributes:
        count: How many updates there were. int32 scalar.
        step: The number of the update that `sums` are of; -1 before the first. int32 scalar.
        sums: The statistics of P parameters.
        previous: The gradients at `step`, where the cosine is asked for; else None.
        layout: The parameters' names; static.
        inner: The state of the transformation that is watched.
    """

    count: Any
    step: Any
    sums: Sums
    previous: Any
    layout: Layout
    inner: Any


def watch(
    inner: Any = None,
    *,
    every: int = 1,
    histograms: bool = False,
    cosine: bool = False,
    prefix: str = "",
    order: Any = None,
) -> optax.GradientTransformationExtraArgs:
    """Measure each parameter's gradient, weight and update at each step; read them with `stats`.

    `watch(optax.adam(1e-3))` sees what goes into the optimizer and what comes out. `optax.chain(watch(), …)` sees the
    gradients, and the weights, at its place in the chain; what the links after it make of them it cannot see, so there
    are no updates. Gradients before clipping: `watch(optax.chain(optax.clip_by_global_norm(1.0), …))`; after it:
    `optax.chain(optax.clip_by_global_norm(1.0), watch(…))`. What trains comes out unchanged.

    Args:
        inner: The transformation to watch.
        every: Measure the updates that are multiples of it; the others cost next to nothing.
        histograms: Whether to count gradients by their logarithm.
        cosine: Whether to keep the gradient, for Σg·g′ with the next one that is measured.
        prefix: Put before the path of each parameter, where one run records several optimizers: "generator".
        order: The modules from the input to the output: a list of their paths, or an object with the modules as
            attributes, such as an NNX model. By the order of the parameters' mapping, or by name, if None.

    Returns:
        A transformation whose `update` wants `params`; without them weights and updates are not measured.

    Raises:
        ValueError: If `every` is below 1.
    """
    if every < 1:
        raise ValueError(f"every = {every}: the least is 1, each update")
    inner = inner.gradient_transformation() if hasattr(inner, "gradient_transformation") else inner
    transformation = optax.with_extra_args_support(optax.identity() if inner is None else inner)

    def init(params: Any) -> WatchState:
        _let_flax_save_layouts()
        layout = layout_of(params, prefix, order)
        previous = [jnp.zeros_like(leaf) for leaf in _leaves(params)] if cosine else None
        nothing = nothing_measured(len(layout.params), histograms, cosine)
        # Arrays of their own, or donating the state would donate one buffer twice.
        count, step = jnp.zeros([], jnp.int32), jnp.full([], -1, jnp.int32)
        return WatchState(count, step, nothing, previous, layout, transformation.init(params))

    def update(grads: Any, state: WatchState, params: Any = None, **more: Any) -> tuple[Any, WatchState]:
        updates, after = transformation.update(grads, state.inner, params, **more)
        step, sums, previous = state.step, state.sums, state.previous
        try:
            given = _given(grads, updates if inner is not None else None, params, state.layout)

            def measured() -> tuple[Any, Sums, Any]:
                summed = summarize(*given, state.previous, state.step >= 0, histograms)
                kept = [g.astype(p.dtype) for g, p in zip(given[0], state.previous, strict=True)] if cosine else None
                return state.count, summed, kept

            if every == 1:
                step, sums, previous = measured()
            else:
                kept = (state.step, state.sums, state.previous)
                step, sums, previous = jax.lax.cond(state.count % every == 0, measured, lambda: kept)
        except Exception as error:
            # While tracing, so once: the training is compiled without us.
            message = f"undertow does not record the gradients of this optimizer, {type(error).__name__}: {error}"
            warnings.warn(message, RuntimeWarning, stacklevel=2)
        return updates, WatchState(state.count + 1, step, sums, previous, state.layout, after)

    return optax.GradientTransformationExtraArgs(init, update)


def stats(opt_state: Any) -> Stats:
    """What `watch` measured at the last update, for `run.log`.

    Args:
        opt_state: The state of an optimizer with `watch` anywhere in it, or an object that has it as `opt_state`, such
            as an NNX optimizer or a Flax TrainState. Within a jitted function too: what it returns may leave it, also
            stacked by a scan, with a first axis of K steps.

    Returns:
        Statistics that outlive the state: donating it to the next step does no harm.

    Raises:
        ValueError: If there is no `watch` in it.
    """
    found = _watches(opt_state) or _watches(getattr(opt_state, "opt_state", None))
    if not found:
        raise ValueError("there is no undertow watch in this optimizer state: tx = ut.optax.watch(tx)")
    bare = [jax.tree.map(_bare, (item.count, item.step, item.sums), is_leaf=_is_variable) for item in found]
    kinds = tuple((item.layout, sums.widths) for item, (_, _, sums) in zip(found, bare, strict=True))
    return Stats(_packed(bare), kinds)


@jax.jit
def _packed(states: Sequence[tuple[Any, Any, Sums]]) -> list[Any]:
    # With a first axis where the state has one: of the devices under pmap, which tell one and the same.
    return [(jax.vmap(pack) if count.ndim else pack)((count, step), sums) for count, step, sums in states]


@jax.tree_util.register_pytree_node_class
class Stats:
    """Statistics on their way from an optimizer's state to `Run.log`; a pytree.

    Attributes:
        arrays: For each `watch` the count of updates, the step that was measured, and its sums, packed. Each with a
            first axis of K where a scan stacked K steps.
        kinds: The parameters of each, and what is measured of them.
    """

    def __init__(self, arrays: Sequence[Any], kinds: tuple[tuple[Layout, tuple[int, ...]], ...]) -> None:
        self.arrays, self.kinds = arrays, kinds

    def tree_flatten(self) -> tuple[tuple[Any, ...], Any]:
        """For JAX."""
        return (self.arrays,), self.kinds

    @classmethod
    def tree_unflatten(cls, kinds: Any, children: tuple[Any, ...]) -> Stats:
        """For JAX."""
        return cls(children[0], kinds)

    def record_into(self, run: Run, epoch: int | None) -> SupportsInt:
        """Record what was measured, unless it was recorded before. For `Run.log`.

        Returns:
            The number of the last update, which need not be computed yet.
        """
        # Under jax.distributed each process has the sums of all, and adding them up would count them twice.
        if jax.process_index() == 0:
            for array, (layout, widths) in zip(self.arrays, self.kinds, strict=True):
                _record(run, epoch, array, layout, widths)
        return _LastUpdate(self.arrays)


class _LastUpdate:
    """The number of the last update: the most that any watch has counted; read by the writer."""

    def __init__(self, arrays: Sequence[Any]) -> None:
        self._arrays = arrays

    def __int__(self) -> int:
        return max(0, *(int(np.asarray(array)[..., 0].max()) - 1 for array in self._arrays))


class _Recorded:
    """What one run has of one set of parameters."""

    def __init__(self, layout: Layout, widths: tuple[int, ...]) -> None:
        self._layout, self._widths = layout, widths
        self._last = -1
        self.series = Series(len(layout.params), self._read)

    def _read(self, arrays: Sequence[Any], times: NDArray[Any], epochs: NDArray[Any]) -> LayerRows:
        parts = [np.asarray(array).reshape(-1, array.shape[-1]) for array in arrays]
        lengths = [len(part) for part in parts]
        times, epochs = np.repeat(times, lengths), np.repeat(epochs, lengths)
        layout = self._layout
        numbers, sums = unpack(np.concatenate(parts), 2, len(layout.params), self._widths)
        steps = numbers[:, 1].astype(np.int64)
        # Between two measured updates (`every`, optax.MultiSteps) a state tells the same again.
        new = np.where(steps == np.concatenate([[self._last], steps[:-1]]), -1, steps)
        self._last = int(steps[-1])
        return LayerRows(new, epochs, times, layout.params, layout.sizes, sums.floats, sums.counts, sums.optional())


_recorded: weakref.WeakKeyDictionary[Run, dict[Layout, _Recorded]] = weakref.WeakKeyDictionary()


def _record(run: Run, epoch: int | None, array: Any, layout: Layout, widths: tuple[int, ...]) -> None:
    known = _recorded.setdefault(run, {})
    if layout not in known:
        known[layout] = _Recorded(layout, widths)
        run.set_params(layout.rows())
    known[layout].series.add(run, epoch, array, array.shape[0] if array.ndim > 1 else 1)


def _watches(tree: Any) -> list[WatchState]:
    """The states of `watch` in a tree. Chains are tuples, and searched as such: the moments below them are many."""
    if _is_watch(tree):
        return [tree]
    if type(tree) is tuple:
        return [found for item in tree for found in _watches(item)]
    return [leaf for leaf in jax.tree.leaves(tree, is_leaf=_is_watch) if _is_watch(leaf)]


def _is_watch(node: Any) -> bool:
    return isinstance(node, WatchState)


def _is_variable(node: Any) -> bool:
    """Whether it is a variable of NNX, which holds an array."""
    return hasattr(node, "get_value")


def _bare(leaf: Any) -> Any:
    return leaf.get_value() if _is_variable(leaf) else leaf


def _leaves(tree: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(tree) if is_measured(leaf)]


def _given(grads: Any, updates: Any, params: Any, layout: Layout) -> tuple[list[Any], Any, Any]:
    """The gradients, weights and weights after the update, of the parameters of the layout."""
    g, w = _leaves(grads), None if params is None else _leaves(params)
    after = None if params is None or updates is None else _leaves(optax.apply_updates(params, updates))
    for name, leaves in (("gradients", g), ("parameters", w), ("updates", after)):
        if leaves is not None and tuple(tuple(leaf.shape) for leaf in leaves) != layout.shapes:
            raise ValueError(f"the {name} are not those of the parameters that the state was made for")
    return g, w, after


def _let_flax_save_layouts() -> None:
    """Flax's `to_bytes` asks each type how to save it; what is static is already in the state that it restores into."""
    flax = sys.modules.get("flax.serialization")
    if flax is not None and Layout not in flax._STATE_DICT_REGISTRY:
        flax.register_serialization_state(Layout, lambda layout: {}, lambda layout, state: layout)

"""Which columns stand for which, and which share a domain: the twins of `web/src/core/folds.ts` and `current.tsx`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

from ...frame import Frame

__all__ = ["Groups", "direction_of", "stretches", "within"]


class Groups:
    """The folded groups of a frame, their members, and groups within groups."""

    def __init__(self, frame: Frame) -> None:
        folded = [column for column in frame if column.fold is not None]
        auxiliary = {name for column in folded if column.fold for name in (column.fold.low, column.fold.high)}
        known = {(column.share, column.fold.path): column.name for column in folded if column.fold}
        self._parents: dict[str, str] = {}
        self._children: dict[str, list[str]] = {}
        for column in frame:
            if column.name in auxiliary or not column.share:
                continue
            # Outwards along the path, up to the first group that has a column of its own.
            path = _outer(column.fold.path if column.fold else column.group)
            while path and (column.share, path) not in known:
                path = _outer(path)
            if path:
                parent = known[column.share, path]
                self._parents[column.name] = parent
                self._children.setdefault(parent, []).append(column.name)

    def has(self, name: str) -> bool:
        """Whether a column stands for others."""
        return name in self._children

    def parent(self, name: str) -> str | None:
        """The group that a column lies in, by the column that stands for it."""
        return self._parents.get(name)

    def size(self, name: str) -> int:
        """How many columns it stands for in the end."""
        return sum(self.size(child) if self.has(child) else 1 for child in self._children.get(name, ()))

    def brackets(self, axes: Sequence[str]) -> list[tuple[str, list[str]]]:
        """Stretches of neighbouring axes of one group, with the column that stands for it."""
        runs = groupby(axes, self.parent)
        return [(group, list(members)) for group, members in runs if group is not None]


def within(label: str, group: str) -> str:
    """What is left of a name where its group is named already: `mlp` of `h.3.mlp`, but `h.3` of `h.3`."""
    if not label.startswith(group) or label[len(group) : len(group) + 1] not in (".", "/"):
        return label
    rest = label[len(group) + 1 :]
    if not re.fullmatch("[0-9]+", rest):
        return rest
    # A number alone says nothing.
    outer = _outer(group)
    return label[len(outer) + 1 if outer else 0 :]


def stretches(frame: Frame, axes: Sequence[str]) -> list[list[str]]:
    """Neighbouring axes of one domain, at least two: the first one's numbers serve all."""
    runs = groupby(axes, lambda name: frame[name].share)
    return [found for share, members in runs if share and len(found := list(members)) > 1]


def direction_of(frame: Frame, axes: Sequence[str], stretch: Sequence[str]) -> int:
    """Which way the current runs: 1 as the frame orders its layers, −1 against it, 0 where no arrow would be true."""
    share = frame[stretch[0]].share
    if sum(frame[name].share == share for name in axes) > len(stretch):
        return 0
    order = {column.name: i for i, column in enumerate(frame)}
    steps = [order[right] - order[left] for left, right in pairwise(stretch)]
    return 1 if all(step > 0 for step in steps) else -1 if all(step < 0 for step in steps) else 0


def _outer(path: str) -> str:
    """A module path without its last part; empty where nothing is left."""
    return path[: max(0, path.rfind("."), path.rfind("/"))]

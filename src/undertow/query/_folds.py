"""Groups of layers folded into one column each: the median of a group's members, and how far they spread."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["MOST_AXES", "Group", "first_axes", "fold", "grouped"]

#: More axes than this do not read at first sight; groups start folded then.
MOST_AXES = 30

_PARTS = re.compile(r"[./]")


@dataclass(slots=True)
class Group:
    """Modules whose paths begin alike.

    Attributes:
        path: What all members' paths begin with.
        members: Groups and modules (by index) in it, in the order of the modules.
    """

    path: str
    members: list[Group | int] = field(default_factory=list)

    def modules(self) -> Iterator[int]:
        """The indices of all modules in it, on whatever level."""
        for member in self.members:
            if isinstance(member, Group):
                yield from member.modules()
            else:
                yield member


def grouped(modules: Sequence[str]) -> list[Group | int]:
    """The modules, parted at `.` and `/`, as groups within groups: `h`, `h.0`, `h.0.attn`.

    A group has at least two members, and none holds all modules. A module that holds others is a member of the group of
    its own name. Groups stand where their first module stands.
    """
    root = Group("")
    known = {"": root}

    def at(path: str) -> Group:
        group = known.get(path)
        if group is None:
            group = known[path] = Group(path)
            at(_outer(path)).members.append(group)
        return group

    holders = {outer for path in modules for outer in _outers(path)}
    for index, path in enumerate(modules):
        at(path if path in holders else _outer(path)).members.append(index)
    _simplify(root)
    while len(root.members) == 1 and isinstance(root.members[0], Group):
        root = root.members[0]
    return root.members


def first_axes(members: Sequence[Group | int]) -> list[Group | int]:
    """The groups and modules to show at first: unfolded level by level, as long as there are no more than 30."""
    shown = list(members)
    while any(isinstance(member, Group) for member in shown):
        deeper = [each for member in shown for each in (member.members if isinstance(member, Group) else [member])]
        if len(deeper) > MOST_AXES:
            break
        shown = deeper
    return shown


def fold(values: NDArray[np.float64], present: NDArray[np.bool_]) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The median, the least and the greatest of some columns, row by row.

    Args:
        values: nan where there is none. Shape (rows, columns).
        present: Where there is a value; nan may be one. Shape (rows, columns).

    Returns:
        Three columns of float64, shape (rows,): null where no column has a value, nan where those that have one are
        nan. Else nan is left out; ±inf counts.
    """
    table = np.sort(values, axis=1)  # nan last
    absent = ~present.any(axis=1)
    count = np.count_nonzero(~np.isnan(table), axis=1)
    rows = np.arange(len(table))
    last = np.maximum(count - 1, 0)
    low, high = table[rows, last // 2], table[rows, np.minimum(count // 2, last)]
    with np.errstate(invalid="ignore", over="ignore"):
        # Halved before they are added: two huge values would be infinite together.
        middle = np.where(low == high, low, low / 2 + high / 2)
    least, greatest = table[:, 0], table[rows, last]
    return pa.array(middle, mask=absent), pa.array(least, mask=absent), pa.array(greatest, mask=absent)


def _simplify(group: Group) -> None:
    """Leaves out groups of one member, from the inside out."""
    for place, member in enumerate(group.members):
        if not isinstance(member, Group):
            continue
        _simplify(member)
        if len(member.members) == 1:
            group.members[place] = member.members[0]


def _outer(path: str) -> str:
    """The path without its last part; empty where nothing is left."""
    cuts = [found.start() for found in _PARTS.finditer(path)]
    return path[: cuts[-1]] if cuts else ""


def _outers(path: str) -> Iterator[str]:
    while path := _outer(path):
        yield path

"""Groups of layers, folded."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pytest

from undertow.query._folds import MOST_AXES, Group, first_axes, fold, grouped


def shape(members: list[Group | int], modules: list[str]) -> list[Any]:
    return [
        {member.path: shape(member.members, modules)} if isinstance(member, Group) else modules[member]
        for member in members
    ]


def gpt(blocks: int) -> list[str]:
    inner = ("mlp.c_proj", "mlp.c_fc", "ln_2", "attn.c_proj", "attn.c_attn", "ln_1")
    layers = [f"transformer.h.{block}.{name}" for block in reversed(range(blocks)) for name in inner]
    return ["lm_head", "transformer.ln_f", *layers, "transformer.wpe", "transformer.wte"]


def test_modules_are_grouped_by_path_and_groups_of_one_left_out() -> None:
    modules = ["head", "h.1.mlp", "h.1.attn.c", "h.1.attn.d", "h.0.mlp", "hat", "deep.single.one"]
    assert shape(grouped(modules), modules) == [
        "head",
        {"h": [{"h.1": ["h.1.mlp", {"h.1.attn": ["h.1.attn.c", "h.1.attn.d"]}]}, "h.0.mlp"]},
        "hat",
        "deep.single.one",
    ]


def test_no_group_holds_all_and_slashes_part_as_dots_do() -> None:
    modules = ["net/a/x", "net/a/y", "net/b"]
    assert shape(grouped(modules), modules) == [{"net/a": ["net/a/x", "net/a/y"]}, "net/b"]
    assert grouped(["a", "b"]) == [0, 1]
    assert grouped([]) == []


def test_a_module_that_holds_others_is_one_of_its_group() -> None:
    modules = ["head", "block", "block.inner"]
    assert shape(grouped(modules), modules) == ["head", {"block": ["block", "block.inner"]}]


@pytest.mark.parametrize(("blocks", "axes"), [(3, 22), (12, 16), (160, 5)])
def test_large_networks_start_folded(blocks: int, axes: int) -> None:
    modules = gpt(blocks)
    shown = first_axes(grouped(modules))
    assert len(shown) == axes <= MOST_AXES
    held = [index for member in shown for index in (member.modules() if isinstance(member, Group) else [member])]
    assert held == list(range(len(modules))), "every layer, once, in order"


def test_a_fold_is_the_median_the_least_and_the_greatest_of_what_is_there() -> None:
    rng = np.random.default_rng(3)
    rows = [[None if rng.random() < 0.3 else float(v) for v in rng.normal(size=7)] for _ in range(60)]
    rows += [[None] * 7, [math.nan] * 7, [1.0, math.inf, math.nan, None, 2.0, 0.5, 3.0], [1e308] * 7]
    present = np.array([[value is not None for value in row] for row in rows])
    values = np.array([[math.nan if value is None else value for value in row] for row in rows])
    for row, *found in zip(rows, *(column.to_pylist() for column in fold(values, present)), strict=True):
        there = [value for value in row if value is not None]
        known = [value for value in there if not math.isnan(value)]
        if not there:
            assert found == [None] * 3
        elif not known:
            assert all(math.isnan(value) for value in found)
        else:
            assert found == pytest.approx([statistics.median(known), min(known), max(known)])

"""What explains a column, and axes in an order in which neighbours are related: known data, and counts by hand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest


def known(rows: int = 4000) -> dict[str, Any]:
    """A target and columns that know less and less of it, down to nothing; a name for every row, that says nothing."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=rows)
    return {
        "none": rng.normal(size=rows),
        "noisy": x + rng.normal(size=rows),
        "kind": np.array(["low", "high"])[(x > 0).astype(int)],
        "square": x**2,
        "exact": np.exp(3 * x),
        "name": [f"row {i}" for i in range(rows)],
        "target": x,
    }


def ranking(page: Any) -> dict[str, float]:
    items = page.page.locator(".ut-ranking li").all()
    words = [item.locator("span").inner_text() for item in items]
    return {
        word: float(item.locator("em").inner_text().removesuffix(" %")) / 100
        for word, item in zip(words, items, strict=True)
    }


def opened(workbench: Any, data: dict[str, Any]) -> Any:
    page = workbench(data, page={"color": "target"})
    page.page.get_by_role("button", name="Ranking").click()
    page.page.locator(".ut-ranking li").first.wait_for()
    page.settle()
    return page


def test_columns_are_ranked_by_what_they_explain(workbench: Any) -> None:
    page = opened(workbench, known())
    found = ranking(page)
    # What knows the target best, whatever the shape; chance and names are left out.
    assert next(iter(found)) == "exact"
    assert found["exact"] > 0.95
    assert set(found) == {"exact", "square", "noisy", "kind"}
    # By hand: 24 bins of equal frequency of 4,000 rows.
    data = known()
    bins = {name: cut(data[name]) for name in ("exact", "square", "noisy", "kind", "target")}
    expected = {name: share(bins[name], bins["target"]) for name in found}
    for name, value in found.items():
        assert value == pytest.approx(expected[name], abs=0.03), name
    assert list(found) == sorted(expected, key=lambda name: -expected[name])


def cut(values: Any) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind == "U":
        return np.unique(values, return_inverse=True)[1]
    return (np.argsort(np.argsort(values)) * 24) // len(values)


def share(x: np.ndarray, y: np.ndarray) -> float:
    counts = np.zeros((x.max() + 1, y.max() + 1))
    np.add.at(counts, (x, y), 1)
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.nansum(p * np.log(p / (p.sum(1, keepdims=True) * p.sum(0, keepdims=True))))
    py = p.sum(0)
    bias = (counts.shape[0] - 1) * (counts.shape[1] - 1) / (2 * counts.sum())
    return float(max(0, information - bias) / -(py * np.log(py)).sum())


def test_a_press_puts_a_column_beside_the_target_and_the_axes_follow_the_ranking(workbench: Any) -> None:
    page = opened(workbench, known())
    page.page.locator(".ut-ranking button", has_text="square").click()
    page.settle()
    assert page.axes[-2:] == ["square", "target"]
    page.page.get_by_role("button", name="Order the axes so").click()
    page.settle()
    assert page.axes[-3:] == [*reversed(list(ranking(page))[:2]), "target"]


def test_another_target_can_be_chosen(workbench: Any) -> None:
    page = opened(workbench, known())
    page.page.get_by_label("Column to be explained").select_option("none")
    page.page.get_by_text(re.compile("Nothing explains none")).wait_for()


def test_axes_are_ordered_by_relatedness(workbench: Any) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=2000), rng.normal(size=2000)
    data = {"a": a, "b": b, "a again": a * 2 + 1, "noise": rng.normal(size=2000), "b again": -b}
    page = workbench(data)
    page.page.get_by_role("button", name="Axes").first.click()
    page.page.get_by_role("button", name="By relatedness").click()
    page.page.get_by_role("button", name="By relatedness").wait_for()
    page.settle()
    axes = page.axes
    assert abs(axes.index("a") - axes.index("a again")) == 1
    assert abs(axes.index("b") - axes.index("b again")) == 1


def test_many_rows_are_ranked_too(workbench: Any) -> None:
    page = opened(workbench, {name: values for name, values in known(50_000).items() if name != "name"})
    found = ranking(page)
    assert next(iter(found)) == "exact"
    assert "none" not in found


def test_few_rows_do_not_pretend(workbench: Any) -> None:
    rng = np.random.default_rng(0)
    page = workbench({"a": rng.normal(size=18), "b": rng.normal(size=18), "c": rng.normal(size=18)})
    page.page.get_by_role("button", name="Ranking").click()
    page.settle()
    assert all(share < 0.35 for share in ranking(page).values())

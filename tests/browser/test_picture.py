"""Pictures drawn by Python against the page in Chromium: the same axes, ticks, colours and pixels."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest

import undertow as ut
from undertow.view.picture._colour import palette
from undertow.view.picture._columns import Columns
from undertow.view.picture._geometry import Geometry
from undertow.view.picture._scene import lines_of, palette_of

pytestmark = pytest.mark.browser

READ = """() => {
  const plot = document.querySelector(".ut-plot");
  return {
    width: plot.clientWidth, height: plot.clientHeight, ratio: devicePixelRatio,
    axes: [...document.querySelectorAll(".ut-axis")].map((axis) => {
      const at = axis.getBoundingClientRect();
      const line = axis.querySelector(".ut-axis-line");
      const ys = (node) => Number(/translate\\(\\S+ (\\S+)\\)/.exec(node.getAttribute("transform"))[1]);
      return {
        name: axis.dataset.axis,
        x: Number(/translate\\((\\S+) /.exec(axis.getAttribute("transform"))[1]),
        head: Number(line.getAttribute("y1")), foot: Number(line.getAttribute("y2")),
        ticks: [...axis.querySelectorAll(".ut-tick")].map((tick) =>
          [ys(tick), (tick.querySelector("title") ?? tick.querySelector("text"))?.textContent ?? ""]),
        slots: [...axis.querySelectorAll(".ut-slot")].map((slot) => [slot.querySelector("text").textContent, ys(slot)]),
      };
    }),
  };
}"""
SLOTS = ["+∞", "≤ 0", "−∞", "NaN", "missing"]


def rows(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(4)
    odd = [None, math.nan, math.inf, -math.inf]
    return [
        {
            "when": dt.datetime(2026, 11, 24, 7) + dt.timedelta(minutes=37 * i),
            "lr": float(10 ** rng.uniform(-5, -1)),
            "loss": odd[i // 9] if i % 9 == 4 and i < 36 else float(rng.normal()),
            "optimizer": ["sgd", "adam", "lion"][int(rng.integers(0, 3))],
            "epoch": i,
            "same": 3,
        }
        for i in range(count)
    ]


def crowd(count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    base = rng.standard_normal(count)
    loss = np.exp(base)
    loss[::1000] = np.nan
    return {
        "a": base + 0.3 * rng.standard_normal(count),
        "b": rng.standard_normal(count) - base,
        "loss": loss,
        "kind": np.array(["x", "y", "z"])[rng.integers(0, 3, count)],
        "c": rng.integers(0, 40, count).astype(float),
    }


def laid_out(seen: dict[str, Any]) -> Geometry:
    """The page's plot, as the picture would have laid it out."""
    axes, foot = seen["axes"], seen["axes"][0]["foot"]
    gutters = {label: y for axis in axes for label, y in axis["slots"]}
    return Geometry(
        width=seen["width"],
        height=seen["height"],
        head=axes[0]["head"],
        foot=foot,
        slots=tuple(gutters.get(label, foot) for label in SLOTS),
        xs=tuple(axis["x"] for axis in axes),
        names=(),
        bottom=0,
        brackets=0,
        direction=0,
    )


def layer_of(view: Any, seen: dict[str, Any]) -> np.ndarray:
    """Premultiplied RGBA in 0–255, as `Workbench.pixels` has it."""
    frame = view.frames[0]
    columns, g = Columns(frame), laid_out(seen)
    lines = lines_of(columns, frame.axes, g, 0, 0, palette_of(columns, "light"))
    return 255 * lines.layer(seen["ratio"]).transpose(1, 0, 2)


def test_axes_have_the_pages_ticks_at_its_heights(workbench):
    data = rows(60)
    view = ut.show(data, color="lr", open=False)
    seen = workbench(data, page={"color": "lr"}).page.evaluate(READ)
    columns, g = Columns(view.frames[0]), laid_out(seen)
    assert [axis["name"] for axis in seen["axes"]] == list(view.frames[0].axes)
    assert {label for axis in seen["axes"] for label, _ in axis["slots"]} == {"+∞", "−∞", "NaN", "missing"}
    for axis in seen["axes"]:
        found = [(g.y(tick.position), tick.label) for tick in columns.scale(axis["name"]).ticks(g.length)]
        assert [label for _, label in found] == [label for _, label in axis["ticks"]], axis["name"]
        assert [y for y, _ in found] == pytest.approx([y for y, _ in axis["ticks"]], abs=0.01)
        assert len(columns.slots(axis["name"])) == len(axis["slots"])


@pytest.mark.parametrize("color", ["lr", "optimizer", "loss"])
def test_lines_have_the_pages_pixels(workbench, color):
    data = rows(60)
    page = {"color": color, "palette": "Plasma"} if color == "lr" else {"color": color}
    seen_by = workbench(data, page=page, renderer="raster")
    seen_by.settle()
    theirs = seen_by.pixels()
    ours = layer_of(ut.show(data, **page, open=False), seen_by.page.evaluate(READ))
    assert ours.shape == theirs.shape
    assert (theirs[..., 3] > 0).mean() > 0.02
    off = np.abs(ours - theirs)
    # The page's canvas keeps 8 bits, premultiplied once more by whoever reads it.
    assert np.quantile(off, 0.999) < 6
    # Where there is ink, so that a fuller plot may be as far off in each of its pixels, and no further.
    assert off[(theirs[..., 3] > 0) | (ours[..., 3] > 0)].mean() < 0.5


@pytest.mark.parametrize("color", ["a", "kind"])
def test_densities_have_the_pages_tones(workbench, color):
    data = crowd(30_000)
    seen_by = workbench(data, page={"color": color}, renderer="raster")
    seen_by.page.wait_for_function("() => performance.getEntriesByName('undertow:whole-picture').length > 0")
    seen_by.page.wait_for_timeout(1500)
    theirs = seen_by.pixels()
    ours = layer_of(ut.show(data, color=color, open=False), seen_by.page.evaluate(READ))
    assert ours.shape == theirs.shape
    assert theirs[..., 3].max() > 200
    off = np.abs(ours - theirs)
    # Where cells meet the pixels of a column ours are placed to a quarter of one, the page's to a float's.
    assert off.mean() < 0.6
    assert np.quantile(off, 0.99) < 8
    assert np.quantile(off, 0.999) < 20


def test_the_pages_own_colours_are_known(workbench):
    bench = workbench(rows(20), page={"color": "optimizer"})
    swatches = bench.page.eval_on_selector_all(
        ".ut-swatches button i", "nodes => nodes.map((node) => getComputedStyle(node).backgroundColor)"
    )
    hues = [f"rgb({r}, {g}, {b})" for r, g, b in palette("light").categories]
    assert swatches == hues[:3]


def test_an_svg_is_drawn_by_a_browser_within_its_box(open_page, tmp_path):
    view = ut.show(rows(60), color="lr", title="A picture", open=False)
    path = view.save(tmp_path / "plot.svg", width=1000, height=560)
    page = open_page(
        f"<body style='margin:0'>{path.read_text('utf-8')}</body>", viewport={"width": 1000, "height": 560}
    )
    boxes = page.eval_on_selector_all(
        "svg text", "nodes => nodes.map((node) => { const b = node.getBBox(); return [b.x, b.y, b.width, b.height]; })"
    )
    assert len(boxes) > 40
    assert all(x >= 0 and y >= 0 and x + w <= 1000 and y + h <= 560 for x, y, w, h in boxes)

"""The views beside the plot, in the page's own terms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .workbench import Workbench


class View:
    """One view of a workbench, opened where it was not."""

    def __init__(self, page: Workbench, name: str) -> None:
        self.page = page.page
        self.workbench = page
        self.name = name
        button = self.page.locator(".ut-view-bar button", has_text=name.capitalize())
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        self.root = self.page.locator(f'.ut-view[data-view="{name}"]')
        self.root.wait_for()
        page.settle()

    @property
    def chart(self) -> Any:
        return self.root.locator(".ut-chart")

    @property
    def tooltip(self) -> str:
        return " ".join(self.root.locator(".ut-tooltip").inner_text().split())

    @property
    def frame(self) -> dict[str, float]:
        """Where the two axes end, on the page."""
        return self.chart.evaluate(
            """(chart) => {
              const {left, top} = chart.getBoundingClientRect();
              const box = chart.querySelector(".ut-chart-axes > path").getBBox();
              return {left: left + box.x, right: left + box.x + box.width,
                      top: top + box.y, bottom: top + box.y + box.height};
            }"""
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the page by shares of the axes, from the foot."""
        f = self.frame
        return f["left"] + x * (f["right"] - f["left"]), f["bottom"] - y * (f["bottom"] - f["top"])

    def walk(self, key: str, times: int) -> None:
        """Presses a key again and again, with the keyboard on the chart."""
        self.chart.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def hover(self, x: float, y: float) -> str:
        self.page.mouse.move(*self.at(x, y))
        self.page.wait_for_timeout(120)
        return self.tooltip if self.root.locator(".ut-tooltip").count() else ""

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))
        self.workbench.settle()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.workbench.drag(self.at(*start), self.at(*end))

    def choose(self, label: str, value: str) -> None:
        self.root.get_by_label(label, exact=True).select_option(value)
        self.workbench.settle()

    def ticks(self, side: str) -> list[str]:
        """Labels of the ticks: `side` is "up" or "across"."""
        return self.root.locator(f".ut-chart-tick.ut-{side} text").evaluate_all(
            "all => all.map((each) => each.querySelector('title').textContent)"
        )

    def pixels(self) -> np.ndarray:
        """The chart's canvas, (height, width, 4) in 0–255."""
        width, height, data = self.chart.locator("canvas").evaluate(
            "c => [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"
        )
        return np.array(data, float).reshape(height, width, 4)

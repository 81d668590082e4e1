"""What a person sees and does on the page, in the page's own terms."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"


class Workbench:
    """What a person sees and does, in the page's own terms."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.wait_for_selector(".ut-plot canvas, .ut-empty")

    @property
    def axes(self) -> list[str]:
        labels = self.page.locator(".ut-label").all()
        return [
            label.get_attribute("data-axis") for label in sorted(labels, key=lambda label: label.bounding_box()["x"])
        ]

    @property
    def count(self) -> str:
        return self.page.locator(".ut-count").inner_text().split(" lines")[0]

    @property
    def cells(self) -> list[list[str]]:
        rows = self.page.locator(".ut-table [role=rowgroup] [role=row]").all()
        return [row.locator("[role=cell]").all_inner_texts() for row in rows]

    def reach(self, axis: str) -> dict[str, float]:
        return self.page.locator(f'.ut-axis[data-axis="{axis}"] .ut-axis-line').bounding_box()

    def brush(self, axis: str, foot: float, head: float) -> None:
        box = self.reach(axis)
        x = box["x"] + box["width"] / 2
        at = lambda p: box["y"] + box["height"] * (1 - p)  # noqa: E731
        self.drag((x, at(foot)), (x, at(head)))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
        mouse.move(*end, steps=3)
        mouse.up()
        self.settle()

    def settle(self) -> None:
        """Waits until nothing glides and the picture has been drawn."""
        self.page.wait_for_timeout(450)

    def label(self, axis: str) -> Any:
        return self.page.locator(f'.ut-label[data-axis="{axis}"] .ut-label-name')

    def menu(self, axis: str, choice: str) -> None:
        self.label(axis).hover()
        self.page.locator(f'.ut-label[data-axis="{axis}"] .ut-axis-menu > button').click()
        self.page.locator(".ut-menu-panel").get_by_text(choice, exact=True).click()
        self.settle()

    def serious(self, within: str = "html") -> list[Any]:
        """What axe finds that keeps someone from using the page, or the part of it that a selector names."""
        # Not as a script element: the page's own policy forbids what it does not know.
        self.page.evaluate(AXE.read_text("utf-8") + "; undefined")
        found = self.page.evaluate(
            f"axe.run({json.dumps(within)}).then((r) => r.violations.map((v) => [v.impact, v.id, v.nodes[0].html]))"
        )
        return [violation for violation in found if violation[0] in ("serious", "critical")]

    def pixels(self) -> np.ndarray:
        """The lines' canvas, (height, width, 4) in 0–255, premultiplied."""
        # Before its first picture a canvas has a size of the browser's own.
        for _ in range(200):
            if self.page.evaluate("performance.getEntriesByName('undertow:first-picture').length"):
                break
            self.page.wait_for_timeout(50)
        width, height, data = self.page.evaluate(
            """() => {
              const source = document.querySelector("canvas.ut-canvas");
              const copy = new OffscreenCanvas(source.width, source.height).getContext("2d");
              copy.drawImage(source, 0, 0);
              const {data} = copy.getImageData(0, 0, source.width, source.height);
              let text = "";
              for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
              return [source.width, source.height, btoa(text)];
            }"""
        )
        rgba = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4).astype(float)
        rgba[..., :3] *= rgba[..., 3:] / 255
        return rgba

"""Draws the README's pictures anew: `python docs/pictures.py` (needs the `dev` extra and a Chromium on PATH)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

import undertow as ut

HERE = Path(__file__).parent / "pictures"
VIEW = {"width": 1400, "height": 800}


def sweep() -> dict[str, object]:
    """2,000 made-up trainings: a valley of learning rates, some that diverge, some without dropout."""
    rng = np.random.default_rng(4)
    runs = 2000
    rate = 10 ** rng.uniform(-5, -0.5, runs)
    depth = rng.integers(2, 13, runs)
    optimizer = rng.choice(["adam", "rmsprop", "sgd"], runs, p=[0.45, 0.3, 0.25])
    best = np.select([optimizer == "adam", optimizer == "rmsprop"], [-3.2, -3.0], -1.8)
    off = np.log10(rate) - best
    norm = 10 ** (0.55 * off + 0.05 * depth * (off > 1) + rng.normal(0, 0.25, runs))
    loss = 0.18 + 0.11 * off**2 + 0.35 / depth + np.exp(rng.normal(-2.6, 0.5, runs)) + 3 * (off > 1.7)
    loss[(off > 2.1) & (rng.random(runs) < 0.5)] = np.nan
    dropout = rng.choice([0, 0.1, 0.2, 0.3, 0.5], runs)
    return {
        "optimizer": optimizer,
        "learning_rate": rate,
        "depth": depth,
        "dropout": [None if rng.random() < 0.06 else float(rate) for rate in dropout],
        "gradient_norm": norm,
        "val_loss": loss,
        "val_accuracy": np.clip(1.02 * np.exp(-0.75 * loss) + rng.normal(0, 0.012, runs), 0.02, 0.995),
    }


def picture(page: Page, name: str) -> None:
    page.mouse.move(2, 2)
    page.wait_for_timeout(1500)
    page.screenshot(path=HERE / name)
    print(f"{name}  {(HERE / name).stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Trains the demo, makes the sweep, and photographs both."""
    HERE.mkdir(exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        demo, runs = Path(folder) / "demo.html", Path(folder) / "sweep.html"
        order = ["--seed", "7", "--no-open", "--output", str(demo), "--runs", f"{folder}/runs"]
        subprocess.run([sys.executable, "-c", "from undertow._cli import main; main()", "demo", *order], check=True)
        ut.show(sweep(), title="A sweep of 2,000 trainings", color="val_accuracy", open=False).save(runs)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless=new", "--no-sandbox"])
        light = browser.new_context(viewport=VIEW, device_scale_factor=2, color_scheme="light").new_page()
        light.goto(demo.as_uri())
        light.wait_for_selector(".ut-plot canvas")
        picture(light, "flow.png")
        dark = browser.new_context(viewport=VIEW, device_scale_factor=1, color_scheme="dark").new_page()
        dark.goto(runs.as_uri())
        axis = dark.locator('.ut-axis[data-axis="val_accuracy"] .ut-axis-line')
        axis.wait_for(state="attached")
        box = axis.bounding_box()
        assert box
        dark.mouse.move(box["x"], box["y"] + 0.02 * box["height"])
        dark.mouse.down()
        dark.mouse.move(box["x"], box["y"] + 0.14 * box["height"], steps=5)
        dark.mouse.up()
        picture(dark, "sweep.png")
        browser.close()


if __name__ == "__main__":
    main()

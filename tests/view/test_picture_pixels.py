"""The pixels of pictures, against what is worked out one by one; and text on machines that have no faces."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from undertow.view.picture import _faces
from undertow.view.picture._density import draw_grid
from undertow.view.picture._encode import encode_png
from undertow.view.picture._grid import Grid
from undertow.view.picture._lines import draw_lines, new_layer, straight


def one_by_one(width, height, xs, ys, colours, stroke):
    """The formula of `web/src/render/raster.ts`, a pixel at a time."""
    out = np.zeros((height, width, 4))
    reach = stroke / 2 + 0.5
    for line, (red, green, blue, alpha) in zip(ys, colours, strict=True):
        for k in range(len(xs) - 1):
            slope = (line[k + 1] - line[k]) / (xs[k + 1] - xs[k])
            cosine = 1 / np.sqrt(1 + slope**2)
            low, high = min(line[k : k + 2]) - reach, max(line[k : k + 2]) + reach
            for x in range(width):
                if not xs[k] <= x + 0.5 < xs[k + 1]:
                    continue
                y = line[k] + slope * (x + 0.5 - xs[k])
                for row in range(height):
                    if not max(low, y - reach / cosine) <= row + 0.5 <= min(high, y + reach / cosine):
                        continue
                    a = alpha * np.clip(reach - abs(row + 0.5 - y) * cosine, 0, 1)
                    out[row, x] = out[row, x] * (1 - a) + a * np.array([red, green, blue, 1])
    return out


@pytest.mark.parametrize("stroke", [0.6, 1.25, 3])
def test_lines_are_drawn_by_the_pages_formula_in_their_order(stroke):
    rng = np.random.default_rng(2)
    xs, ys = [3.2, 17.5, 40.0], rng.uniform(-4, 44, (12, 3))
    colours = np.column_stack([rng.random((12, 3)), rng.uniform(0.2, 1, 12)])
    layer = new_layer(45, 40)
    draw_lines(layer, xs, ys, colours, stroke)
    assert layer.transpose(1, 0, 2) == pytest.approx(one_by_one(45, 40, xs, ys, colours, stroke), abs=1e-5)


def test_a_picture_does_not_depend_on_the_number_of_cores(monkeypatch):
    rng = np.random.default_rng(6)
    ys, colours = rng.uniform(0, 60, (700, 2)), np.column_stack([rng.random((700, 3)), np.full(700, 0.2)])
    found = []
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        layer = new_layer(50, 60)
        draw_lines(layer, [1, 49], ys, colours, 1.5)
        found.append(layer)
    assert np.array_equal(*found)


def test_a_density_holds_as_many_lines_as_were_counted():
    rng = np.random.default_rng(7)
    cells = np.zeros((245, 245), np.int64)
    np.add.at(cells, (rng.integers(60, 180, 5000), rng.integers(60, 180, 5000)), 1)
    middles = np.concatenate([(np.arange(240) + 0.5) / 240, np.zeros(5)])
    grid = Grid(cells, np.full((245, 245, 3), 0.5), (middles, middles), (0, 0), 1000.0)
    layer = new_layer(101, 400)
    draw_grid(layer, grid, 0.5, 100.5, [400 * middles, 400 * middles], 400, 1)
    # Each column of pixels passes on what it was given: the tone, taken back, says 5000 lines everywhere.
    lines = np.expm1((layer[1:100, :, 3].astype(float) / 0.96) ** (1 / 1.5) * np.log1p(1000.0))
    assert lines.sum(axis=1) == pytest.approx(np.full(99, 5000), rel=1e-3)


@pytest.mark.parametrize("channels", [3, 4])
def test_pixels_come_back_from_a_png(channels):
    rng = np.random.default_rng(8)
    noise = rng.integers(0, 256, (70, 33, channels), np.uint8)
    ramp = np.broadcast_to((np.arange(130) % 256).astype(np.uint8)[:, None, None], (130, 9, channels))
    for pixels in (noise, np.ascontiguousarray(ramp), np.zeros((1, 1, channels), np.uint8)):
        data = encode_png(pixels, 2, Title="Ünï <b>")
        image = Image.open(io.BytesIO(data))
        assert np.array_equal(np.asarray(image), pixels)
        assert image.text["Title"] == "Ünï <b>"


def test_a_layer_without_a_line_is_clear():
    assert not straight(new_layer(3, 2)).any()


@pytest.fixture
def bare(monkeypatch):
    """A machine with no face but Pillow's own."""
    own = _faces._font

    def font(file, size):
        return None if file else own("", size)

    caches = (_faces._length, _faces._file_for, _faces._missing, _faces._face, _faces._faces)
    for each in caches:
        each.cache_clear()
    monkeypatch.setattr(_faces, "_font", font)
    yield
    for each in caches:
        each.cache_clear()


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("3.2×10⁻⁷", "3.2e-7"),
        ("10⁻⁵", "1e-5"),
        ("−0.5", "-0.5"),
        ("+∞", "+inf"),
        ("≤ 0", "<= 0"),
        ("café", "cafe"),
        ("loss", "loss"),
    ],
)
def test_where_a_machine_has_no_face_numbers_are_still_read(bare, text, instead):
    assert "".join(part for _, part in _faces._runs(text, 20, False, False)) == instead
    letters, _, _ = _faces.drawn(text, 20, bold=False, italic=False, offset=(0, 0), halo=0)
    assert letters.max() == 255
    assert _faces.measure(text, 12) == pytest.approx(ImageFont.load_default(64).getlength(instead) * 12 / 64)


def test_a_text_is_as_wide_as_it_is_measured():
    letters, halo, pad = _faces.drawn("Undertow 1.5×10⁻³", 40, bold=True, italic=False, offset=(0.5, 0), halo=4)
    across = np.flatnonzero(letters.any(axis=0))
    assert across[-1] - across[0] == pytest.approx(_faces.measure("Undertow 1.5×10⁻³", 40, True), abs=6)
    assert pad - 2 <= across[0] <= pad + 6
    assert np.flatnonzero(halo.any(axis=0))[0] < across[0]

"""Pictures that Python draws by itself: what is in the file, what stands where, and what is refused."""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
import struct
import sys
import time
import tracemalloc
import zlib
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest

import undertow as ut
from undertow.errors import ViewError
from undertow.frame import Frame
from undertow.schema import Column, Fold
from undertow.sources import from_columns
from undertow.view import View
from undertow.view.picture import picture

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert("1")</script>'


def parsed(data: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(data)  # an XML parser, which lets nothing pass


def texts(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def paths(root: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """The points of every line."""
    return [
        [tuple(map(float, point.split())) for point in path.get("d")[1:].split("L")]
        for group in root.iter(f"{SVG}g")
        for path in group.iter(f"{SVG}path")
    ]


def decoded(data: bytes) -> np.ndarray:
    """A PNG's pixels, by another hand than the one that wrote it: Pillow."""
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(data))
    image.load()
    return np.asarray(image)


@pytest.fixture
def view():
    rng = np.random.default_rng(3)
    columns = {"lr": 10.0 ** rng.uniform(-5, -1, 30), "kind": ["a", "b", "c"] * 10, "loss": rng.exponential(size=30)}
    return ut.show(columns, color="loss", title="Sweep", open=False)


def test_the_suffix_says_what_is_saved(view, tmp_path):
    assert parsed(view.save(tmp_path / "plot.svg").read_bytes()).tag == f"{SVG}svg"
    assert decoded(view.save(tmp_path / "PLOT.PNG").read_bytes()).shape == (1440, 2560, 3)
    for name in ("plot.pdf", "plot", "plot.html.gz"):
        with pytest.raises(ViewError, match=r"none of \.html, \.svg and \.png"):
            view.save(tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["PLOT.PNG", "plot.svg"]


def test_a_picture_needs_no_front_end(view, tmp_path, stub):
    (stub / "page.js").unlink()
    assert view.save(tmp_path / "plot.svg").exists()


def test_a_page_has_no_size(view, tmp_path):
    with pytest.raises(ViewError, match="width is for pictures"):
        view.save(tmp_path / "page.html", width=300)


def test_a_picture_that_cannot_be_drawn_leaves_the_old_file(view, tmp_path):
    path = tmp_path / "plot.svg"
    path.write_text("old")
    with pytest.raises(ViewError):
        view.save(path, width=-3)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["plot.svg"]


def test_without_pillow_a_png_says_what_to_install_and_an_svg_is_written(view, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "PIL" or name.endswith(("_faces", "._png"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ViewError, match=re.escape("pip install 'undertow[pictures]'")):
        view.save(tmp_path / "plot.png")
    many = from_columns({"a": np.arange(3000), "b": np.arange(3000)[::-1]})
    assert View([many]).save(tmp_path / "plot.svg").stat().st_size > 1000


def test_a_lens_can_be_named(tmp_path):
    one = from_columns({"a": [1, 2], "b": [3, 4]})
    other = Frame(pa.table({"x": [1.0, 2.0]}), (Column("x", "number"),), lens="steps", axes=("x",))
    view = View([one, other])
    assert "x" in texts(parsed(view.save(tmp_path / "p.svg", lens="steps").read_bytes()))
    assert "a" in texts(parsed(view.save(tmp_path / "p.svg").read_bytes()))
    with pytest.raises(ViewError, match="no lens 'flow'; there are: rows, steps"):
        view.save(tmp_path / "p.svg", lens="flow")
    with pytest.raises(ViewError, match="no frame"):
        View([]).save(tmp_path / "p.svg")


def test_every_line_stands_where_its_values_are():
    frame = from_columns({"a": [0.0, 1.0, 0.25], "b": [10, 30, 20], "c": ["x", "y", "x"]})
    root = parsed(picture(frame, ".svg", width=900, height=400))
    (first, second, third), rules = paths(root), axes_of(root)
    assert len(rules) == 3
    head, foot = rules[0][1], rules[0][2]
    at = lambda share: pytest.approx(foot + share * (head - foot), abs=0.02)  # noqa: E731
    assert [y for _, y in first] == [at(0), at(0), at(0.75)]
    assert [y for _, y in second] == [at(1), at(1), at(0.25)]
    assert [y for _, y in third] == [at(0.25), at(0.5), at(0.75)]
    assert [x for x, _ in first] == [pytest.approx(rule[0], abs=0.02) for rule in rules]


def axes_of(root: ElementTree.Element) -> list[tuple[float, float, float]]:
    """The x, head and foot of every axis, from the corner of the plot's own group."""
    group = next(root.iter(f"{SVG}g"))
    dx, dy = map(float, re.findall(r"[-\d.]+", group.get("transform")))
    found = []
    for path in root.iter(f"{SVG}path"):
        if path.get("stroke-width") == "1.25" and path.get("stroke-opacity") == "0.75":
            x, y0, _, y1 = map(float, re.findall(r"[-\d.]+", path.get("d")))
            found.append((x - dx, y0 - dy, y1 - dy))
    return found


def test_values_without_a_place_stand_in_gutters():
    values = [1.0, math.nan, math.inf, -math.inf, None, 0.0]
    table = pa.table({"a": pa.array(values, pa.float64()), "b": [1.0] * 6})
    frame = Frame(table, (Column("a", "number", scale="log"), Column("b", "number")), axes=("a", "b"))
    root = parsed(picture(frame, ".svg"))
    assert {"+∞", "NaN", "−∞", "missing", "≤ 0"} <= set(texts(root))
    _, head, foot = axes_of(root)[0]
    one, nan, high, low, missing, zero = (line[0][1] for line in paths(root))
    assert high < head < one < foot < zero < low < nan < missing


def test_a_colour_that_is_missing_is_none_of_the_ramps():
    frame = ut.show({"a": [1.0, 2.0, None], "b": [1, 2, 3]}, color="a", open=False).frames[0]
    root = parsed(picture(frame, ".svg"))
    colours = [path.get("stroke") for group in root.iter(f"{SVG}g") for path in group.iter(f"{SVG}path")]
    assert colours[2] == "#96283c"
    assert len(set(colours)) == 3
    assert "missing" in texts(root)


def test_categories_have_a_swatch_each_and_times_their_dates():
    day = dt.datetime(2026, 11, 24)
    rows = [{"when": day + dt.timedelta(days=i), "kind": "abc"[i % 3]} for i in range(9)]
    root = parsed(picture(ut.show(rows, color="kind", open=False).frames[0], ".svg"))
    assert texts(root).count("a") == 2  # on the axis and in the legend
    assert {"2026-11-24", "2026-12-02"} <= set(texts(root))
    hues = {path.get("stroke") for group in root.iter(f"{SVG}g") for path in group.iter(f"{SVG}path")}
    assert hues == {"#0072b2", "#d55e00", "#009e73"}


@pytest.mark.parametrize("suffix", [".svg", ".png"])
@pytest.mark.parametrize(
    "columns",
    [
        {"a": [1.0]},
        {"a": [2.0], "b": ["x"]},
        {"a": [3, 3, 3], "b": [0.5, 0.5, 0.5]},
        {"a": [math.nan, math.inf], "b": [None, None]},
        {"a": [-1e308, 1e308], "b": [5e-324, 1.7e308]},
        {"a": [True, False]},
        {"a": [2**62, 2**62 + 1], "b": [-(2**63), 2**63 - 1]},
    ],
)
def test_small_and_odd_frames_are_drawn(columns, suffix):
    data = picture(from_columns(columns), suffix, title="Odd", width=640, height=360, scale=1)
    assert (parsed(data) if suffix == ".svg" else decoded(data)) is not None


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_frame_without_rows_says_so(suffix):
    table = pa.table({"a": pa.array([], pa.float64()), "b": pa.array([], pa.string())})
    frame = Frame(table, (Column("a", "number"), Column("b", "category")), axes=("a", "b"), color="b")
    data = picture(frame, suffix, title="Empty")
    if suffix == ".svg":
        assert "There are no rows to draw." in texts(parsed(data))
    else:
        assert len(np.unique(decoded(data).reshape(-1, 3), axis=0)) > 3


def test_no_text_becomes_markup():
    columns = {HOSTILE: [1, 2], "kind & <b>": [HOSTILE, "]]><x/>"], "nul\x00\x1b[31m\ud800￿": [3, 4]}
    frame = ut.show(
        {name: pa.array(values) for name, values in columns.items()}, color="kind & <b>", open=False
    ).frames[0]
    data = picture(frame, ".svg", title=f"T {HOSTILE}", note='"><img src=x onerror=alert(1)>')
    root = parsed(data)
    tags = {node.tag.removeprefix(SVG) for node in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "text", "g", "path", "circle", "linearGradient", "stop"}
    assert root.find(f"{SVG}title").text == f"T {HOSTILE}"
    assert HOSTILE in texts(root)
    assert not any(name.startswith("on") for node in root.iter() for name in node.attrib)


@pytest.mark.parametrize("rows", [10, 3000, 30_000])
def test_nothing_is_fetched_from_elsewhere(rows):
    data = picture(from_columns({"a": np.arange(rows), "b": np.arange(rows) % 7}), ".svg").decode()
    addresses = set(re.findall(r"[a-z]+://[^\"' )]*", data))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert all(value.startswith("data:image/png;base64,") for value in re.findall(r'href="([^"]{0,40})', data))
    assert set(re.findall(r"url\(([^)]*)\)", data)) <= {f"#ramp{i}" for i in range(20)}


def test_few_lines_are_paths_and_many_are_pixels_under_axes_that_stay_sharp():
    rng = np.random.default_rng(0)
    few = picture(from_columns({"a": rng.random(2000), "b": rng.random(2000)}), ".svg")
    many = picture(from_columns({"a": rng.random(2001), "b": rng.random(2001)}), ".svg", width=600, height=300)
    assert len(paths(parsed(few))) == 2000
    assert len(few) < 300_000
    root = parsed(many)
    assert paths(root) == []
    (image,) = root.iter(f"{SVG}image")
    inner = decoded(base64.b64decode(image.get("href").partition(",")[2]))
    assert inner.shape[1] == round(1.5 * float(image.get("width")))
    assert inner[..., 3].max() > 100
    assert {"a", "b"} <= set(texts(root))


def test_a_picture_is_the_same_every_time():
    rng = np.random.default_rng(1)
    for rows in (50, 2500, 25_000):
        frame = from_columns({"a": rng.random(rows), "b": rng.random(rows), "c": rng.integers(0, 3, rows)})
        for suffix in (".svg", ".png"):
            size = {"width": 400, "height": 300, "scale": 1}
            assert picture(frame, suffix, **size) == picture(frame, suffix, **size), (rows, suffix)


def test_names_and_numbers_neither_overlap_nor_are_cut(view):
    names = {f"a rather long name of column number {i}": np.arange(5) * 10.0**i for i in range(9)}
    from undertow.view.picture._compose import compose
    from undertow.view.picture._marks import Words
    from undertow.view.picture._text import estimated

    frame = ut.show(names, color="a rather long name of column number 3", open=False).frames[0]
    for width, height in ((1280, 720), (640, 400), (2560, 1000)):
        made = compose(frame, "A title", "A note " * 30, "light", width, height, estimated)
        boxes = []
        for mark in made.marks:
            if isinstance(mark, Words):
                wide = estimated(mark.text, mark.size, mark.bold)
                left = mark.x - {"start": 0, "middle": 0.5, "end": 1}[mark.anchor] * wide
                boxes.append((left, mark.y - 0.38 * mark.size, left + wide, mark.y + 0.38 * mark.size, mark.text))
        assert all(x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height for x0, y0, x1, y1, _ in boxes)
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, (width, one, other)
        if width >= 1280:
            assert not any("…" in box[4] for box in boxes)


def test_an_empty_corner_of_the_picture_has_the_themes_ground(view, tmp_path):
    for theme, ground in (("light", (243, 246, 248)), ("dark", (10, 17, 23)), ("auto", (243, 246, 248))):
        view.theme = theme
        pixels = decoded(view.save(tmp_path / "p.png", scale=1).read_bytes())
        assert tuple(pixels[-2, 2]) == ground


def test_sizes_are_what_was_asked_for(view, tmp_path):
    pixels = decoded(view.save(tmp_path / "p.png", width=700, height=350, scale=3).read_bytes())
    assert pixels.shape == (1050, 2100, 3)
    root = parsed(view.save(tmp_path / "p.svg", width=700, height=350).read_bytes())
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("700", "350", "0 0 700 350")
    data = (tmp_path / "p.png").read_bytes()
    at = data.index(b"pHYs")
    assert struct.unpack(">II", data[at + 4 : at + 12]) == (11339, 11339)  # 288 dots an inch


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width is 0"),
        ({"width": 12.5}, "whole number"),
        ({"height": True}, "height is True"),
        ({"scale": 0}, "between 0.25 and 8"),
        ({"scale": math.nan}, "between 0.25 and 8"),
        ({"width": 100_000, "height": 100_000}, "more than 40,000,000 pixels"),
        ({"width": 60}, "at least 240 px wide"),
        ({"height": 90}, "px more height"),
        ({"theme": "pink"}, "no theme 'pink'"),
    ],
)
@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_sizes_that_cannot_be_are_refused(options, message, suffix):
    with pytest.raises(ViewError, match=re.escape(message)):
        picture(from_columns({"a": [1, 2], "b": [2, 3]}), suffix, **options)


def test_axes_that_find_no_room_say_how_much_they_need():
    columns = tuple(Column(f"c{i}", "number") for i in range(60))
    table = pa.table({column.name: [1, 2] for column in columns})
    frame = Frame(table, columns, axes=tuple(table.column_names))
    with pytest.raises(ViewError, match="60 axes need a plot"):
        picture(frame, ".svg", width=900)
    assert float(parsed(picture(frame, ".svg")).get("width")) > 60 * 76


def test_a_png_is_well_formed(view, tmp_path):
    data = view.save(tmp_path / "p.png", width=400, height=300, scale=1).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, kinds = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunk = data[at + 4 : at + 8 + length]
        assert zlib.crc32(chunk) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        kinds.append(chunk[:4])
        at += 12 + length
    assert kinds[0] == b"IHDR"
    assert kinds[-1] == b"IEND"


def test_folded_groups_and_shared_domains_are_told():
    names = ["h.0.mlp", "h.0.attn", "h.1", "h.1 low", "h.1 high", "h.0", "h.0 low", "h.0 high"]
    table = pa.table({name: np.arange(1.0, 5) * (i + 1) for i, name in enumerate(names)})
    fold = lambda path: Fold(path, f"{path} low", f"{path} high")  # noqa: E731
    columns = (
        *(Column(name, "number", share="norm", group=name) for name in names[:2]),
        Column("h.1", "number", share="norm", fold=fold("h.1")),
        *(Column(name, "number", share="norm") for name in names[3:5]),
        Column("h.0", "number", share="norm", fold=fold("h.0")),
        *(Column(name, "number", share="norm") for name in names[6:]),
    )
    frame = Frame(table, columns, lens="flow", axes=("h.0.mlp", "h.0.attn", "h.1"))
    found = texts(parsed(picture(frame, ".svg")))
    assert {"mlp", "attn", "h.1", "h.0", "backward pass", "loss", "input"} <= set(found)
    assert found.count("32") == 1  # the numbers of a domain stand once


@pytest.mark.slow
def test_a_million_rows_take_seconds_and_bounded_memory():
    rng = np.random.default_rng(0)
    frame = from_columns({str(i): rng.standard_normal(1_000_000) for i in range(10)})
    picture(from_columns({"a": np.arange(30_000), "b": np.arange(30_000)}), ".png")
    tracemalloc.start()
    start = time.process_time()
    data = picture(frame, ".png", width=1200, height=600)
    took, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert decoded(data).shape == (1200, 2400, 3)
    assert took < 60
    assert peak < 4 * frame.table.nbytes

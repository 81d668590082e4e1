"""What `run.json` says about a run: its id, its config, and where it ran. Never the environment: secrets live there."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import math
import os
import platform
import re
import sys
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa

from .._version import __version__

__all__ = ["host", "jsonable", "now", "redacted", "run_id", "versions"]

_FRAMEWORKS = ("keras", "tensorflow", "jax", "torch", "optax", "lightning", "transformers")
#: Parts of an option's name whose value is a secret.
_SECRET_WORDS = {
    *("apikey", "auth", "authorization", "credential", "credentials", "key"),
    *("passphrase", "passwd", "password", "pwd", "secret", "token"),
}
#: Secrets that tell themselves: OpenAI's, Hugging Face's, GitHub's, AWS's, Slack's, Google's, web tokens, a password in
#: an address.
_SECRETS = re.compile(
    r"\b(?:sk-[\w-]{16,}|hf_\w{16,}|gh[opsur]_\w{20,}|github_pat_\w{20,}|AKIA[0-9A-Z]{16}|xox[a-z]-[\w-]{10,}|"
    r"AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)|(?<=://)[^/@\s]*:[^/@\s]+(?=@)"
)
_REDACTED = "[redacted]"

_MAX_DEPTH = 20
_MAX_ELEMENTS = 1000


def run_id(name: str | None) -> str:
    """A unique id that is safe as a folder name on every system: it starts with a letter and holds only [a-z0-9_-].

    Args:
        name: What a person calls the run; whatever it holds, the id names a folder and never leads out of one.
    """
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-_")[:40].rstrip("-_")
    if not slug or not slug[0].isalpha():
        slug = f"run-{slug}".rstrip("-")
    return f"{slug}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"


def jsonable(value: Any, depth: int = 0) -> Any:
    """`value` in what JSON has: mappings, dataclasses and argparse namespaces by their fields, the rest by its `repr`.

    nan and ±inf, which JSON lacks, become the text "nan", "inf", "-inf"; arrays become lists up to 1,000 elements.
    """
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, enum.Enum):
        return jsonable(value.value, depth + 1)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, np.generic):
        return jsonable(value.item(), depth + 1) if not isinstance(value.item(), np.generic) else repr(value)
    if depth >= _MAX_DEPTH:
        return _text(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name, None), depth + 1) for f in dataclasses.fields(value)}
    if isinstance(value, argparse.Namespace):
        value = vars(value)
    if isinstance(value, Mapping):
        return {str(key): jsonable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.size <= _MAX_ELEMENTS:
        return jsonable(value.tolist(), depth + 1)
    if isinstance(value, set | frozenset):
        return [jsonable(item, depth + 1) for item in sorted(value, key=repr)]
    if isinstance(value, list | tuple):
        return [jsonable(item, depth + 1) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    return _text(value)


def _text(value: Any) -> str:
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str):
        return f"{getattr(value, '__module__', '')}.{name}".lstrip(".")
    try:
        return repr(value)[:1000]
    except Exception:
        return f"<{type(value).__name__}>"


def redacted(command: Sequence[str]) -> list[str]:
    """A command line without its secrets: values of options such as `--api-key`, and what looks like a token.

    Args:
        command: Its words.
    """
    words: list[str] = []
    hide_next = False
    for word in command:
        name, equals, value = word.partition("=")
        if hide_next and not word.startswith("--"):
            words.append(_REDACTED)
            hide_next = False
            continue
        secret = bool(_SECRET_WORDS & set(re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1-\2", name).lower())))
        if secret and equals and value:
            words.append(f"{name}={_REDACTED}")
        else:
            words.append(_SECRETS.sub(_REDACTED, word))
        hide_next = secret and not equals and word.startswith("-")
    return words


def versions() -> dict[str, str]:
    """The versions of Python, ours, and every framework that is loaded by now; loads none."""
    found = {
        "undertow": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pyarrow": pa.__version__,
    }
    for name in _FRAMEWORKS:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found[name] = str(version)
    return found


def host() -> dict[str, Any]:
    """The machine and the process."""
    return {
        "name": platform.node(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "pid": os.getpid(),
    }


def now() -> str:
    """The time in UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")

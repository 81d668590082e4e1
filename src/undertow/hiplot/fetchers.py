"""From a URI to an experiment: files, inline JSON, several at once, and whatever function a user has."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ..sources import experiment_in_page, from_files, is_hiplot, parse_json, read_text, table_of_json
from ._experiment import Experiment
from ._values import ExperimentFetcherDoesntApply, ExperimentValidationError

__all__ = [
    "ExperimentFetcher",
    "MultipleFetcher",
    "NoFetcherFound",
    "get_fetcher",
    "get_fetchers",
    "load_csv",
    "load_file",
    "load_json",
    "load_xp_with_fetchers",
    "load_xps_with_fetchers",
]

#: Makes an experiment of a URI, or raises `ExperimentFetcherDoesntApply`.
ExperimentFetcher = Callable[[str], Experiment]

_INLINE = "json://"


class NoFetcherFound(SourceError):  # noqa: N818 - HiPlot's name
    """No fetcher is for this URI."""

    def __init__(self, uri: str) -> None:
        short = uri if len(uri) <= 200 else f"{uri[:200]}…"
        super().__init__(f"Unable to fetch an HiPlot experiment from '{short}'")


def load_xp_with_fetchers(fetchers: Sequence[ExperimentFetcher], uri: str) -> Experiment:
    """Makes one experiment of a URI, or of several, a line each, which are merged.

    Raises:
        NoFetcherFound: If no fetcher is for one of them.
        SourceError: If what a fetcher reads is broken.
    """
    found = load_xps_with_fetchers(fetchers, uri)
    return found[0] if len(found) == 1 else Experiment.merge({str(i): each for i, each in enumerate(found)})


def load_xps_with_fetchers(fetchers: Sequence[ExperimentFetcher], uri: str) -> list[Experiment]:
    """Makes an experiment of each URI, a line each.

    Raises:
        NoFetcherFound: If no fetcher is for one of them.
    """
    rest = uri.strip()
    found: list[Experiment] = []
    while rest or not found:
        experiment, end = _first(fetchers, rest)
        found.append(experiment)
        rest = rest[end:].lstrip()
    return found


def _first(fetchers: Sequence[ExperimentFetcher], text: str) -> tuple[Experiment, int]:
    """The experiment of the URI that the text begins with, and where that ends."""
    line = text.partition("\n")[0]
    for fetcher in fetchers:
        try:
            length_of = getattr(fetcher, "get_uri_length", None)
            end = len(line) if length_of is None else length_of(text)
            return fetcher(text[:end].rstrip()), end
        except ExperimentFetcherDoesntApply:
            continue
    raise NoFetcherFound(line)


class MultipleFetcher:
    """`multi://` and a JSON list of URIs, or an object of names and URIs: one experiment of all.

    Args:
        fetchers: What the URIs are read with; other `multi://` among them, too.
    """

    MULTI_PREFIX = "multi://"

    def __init__(self, fetchers: Sequence[ExperimentFetcher]) -> None:
        self.fetchers: list[ExperimentFetcher] = [*fetchers, self]

    def __call__(self, uri: str) -> Experiment:
        """Returns the experiments, merged.

        Raises:
            ExperimentFetcherDoesntApply: If the URI begins otherwise.
            SourceError: If what follows is no list or object of URIs.
        """
        said = parse_json(_behind(self.MULTI_PREFIX, uri), self.MULTI_PREFIX)
        parts = {str(each): each for each in said} if isinstance(said, list) else said
        if not isinstance(parts, Mapping) or not parts or not all(isinstance(each, str) for each in parts.values()):
            raise SourceError(f"{self.MULTI_PREFIX} needs a JSON list of URIs, or an object of names and URIs")
        return Experiment.merge({name: load_xp_with_fetchers(self.fetchers, each) for name, each in parts.items()})

    def get_uri_length(self, uri: str) -> int:
        """Returns where the URI ends, which may hold line breaks.

        Raises:
            ExperimentFetcherDoesntApply: If the URI begins otherwise.
            SourceError: If what follows is no JSON.
        """
        return _json_end(self.MULTI_PREFIX, uri)


class _InlineFetcher:
    """`json://` and rows, or an experiment, as JSON."""

    def __call__(self, uri: str) -> Experiment:
        return _experiment(parse_json(_behind(_INLINE, uri), _INLINE), _INLINE)

    def get_uri_length(self, uri: str) -> int:
        return _json_end(_INLINE, uri)


def _behind(prefix: str, uri: str) -> str:
    """What stands behind the prefix of a URI."""
    if not uri.startswith(prefix):
        raise ExperimentFetcherDoesntApply(f"Not a {prefix} URI: {uri}")
    return uri.removeprefix(prefix)


def _json_end(prefix: str, uri: str) -> int:
    """Where the JSON ends that stands behind the prefix."""
    text = _behind(prefix, uri)
    try:
        return len(prefix) + json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{prefix} needs JSON behind it: {error}") from error


def load_csv(uri: str) -> Experiment:
    """Reads a `.csv` file.

    Raises:
        ExperimentFetcherDoesntApply: If it is called otherwise, or is not there.
        SourceError: If it is broken.
    """
    return Experiment.from_csv(_file(uri, ".csv"))


def load_json(uri: str) -> Experiment:
    """Reads a `.json` file: rows, an experiment, or what Nevergrad writes.

    Raises:
        ExperimentFetcherDoesntApply: If it is called otherwise, or is not there.
        SourceError: If it is broken.
    """
    path = _file(uri, ".json")
    return _experiment(parse_json(read_text(path), str(path)), str(path))


def load_file(uri: str) -> Experiment:
    """Reads every other file that `undertow.show` does: Parquet, Arrow, JSON lines, pages that HiPlot exported.

    Raises:
        ExperimentFetcherDoesntApply: If it is not there.
        SourceError: If it is broken, or of no format that can be told.
    """
    path = Path(uri)
    try:
        if not uri.strip() or not path.exists():
            raise ExperimentFetcherDoesntApply(f"No such file: {uri}")
    except (OSError, ValueError) as error:  # too long for a name, or with a zero in it
        raise ExperimentFetcherDoesntApply(f"No such file: {uri}") from error
    if path.suffix.lower() in {".html", ".htm"}:
        return Experiment._fromdict(experiment_in_page(read_text(path), str(path)), str(path))
    return Experiment.from_iterable(from_files([path]).table.to_pylist())


def _file(uri: str, suffix: str) -> Path:
    path = Path(uri)
    if not uri.endswith(suffix):
        raise ExperimentFetcherDoesntApply(f"Not a {suffix[1:].upper()} file: {uri}")
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise ExperimentFetcherDoesntApply(f"No such file: {uri}")
    return path


def _experiment(value: Any, where: str) -> Experiment:
    if is_hiplot(value):
        return Experiment._fromdict(value, where)
    if isinstance(value, list) and value and all(_is_nevergrad(each) for each in value):
        return Experiment.from_iterable(
            {"id": job["job_id"], **{k: str(v) for k, v in job["kwargs"].items()}, **job["results"]["scores"]}
            for job in value
        )
    return Experiment.from_iterable(table_of_json(value, where).table.to_pylist())


def _is_nevergrad(job: object) -> bool:
    if not isinstance(job, Mapping) or "job_id" not in job:
        return False
    results = job.get("results")
    return (
        isinstance(job.get("kwargs"), Mapping)
        and isinstance(results, Mapping)
        and isinstance(results.get("scores"), Mapping)
    )


def get_fetcher(fetcher_spec: str) -> ExperimentFetcher:
    """Returns the function `module.function`, of an installed module or of one in the current folder.

    Raises:
        ExperimentValidationError: If there is none.
    """
    where, _, name = fetcher_spec.rpartition(".")
    if not where:
        raise ExperimentValidationError(f"{fetcher_spec!r} names no fetcher; write it as module.function")
    try:
        module = importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name != where and not where.startswith(f"{error.name}."):
            raise
        path = Path.cwd() / f"{where}.py"
        spec = importlib.util.spec_from_file_location(where, path) if path.is_file() else None
        if spec is None or spec.loader is None:
            raise ExperimentValidationError(f"there is no module {where!r} for the fetcher {fetcher_spec!r}") from error
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not callable(found):
        raise ExperimentValidationError(f"module {where!r} has no function {name!r}")
    return found  # type: ignore[no-any-return]


def get_fetchers(add_fetchers: Sequence[str] = ()) -> list[ExperimentFetcher]:
    """Returns the fetchers that are always there and those named `module.function`, which are asked first."""
    found: list[ExperimentFetcher] = [get_fetcher(each) for each in add_fetchers]
    found += [load_csv, load_json, _InlineFetcher()]
    several = MultipleFetcher([*found, load_file])
    return [*found, several, load_file]

"""The command line: `undertow demo`, `show`, `serve`, `diagnose`, and `ls`, `verify`, `compact` for run folders."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
import threading
import warnings
import webbrowser
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from ._version import __version__
from .diagnose import Finding
from .errors import UndertowError
from .store import compact as compact_runs
from .store import summaries
from .store import verify as check_files

__all__ = ["app", "main"]

app = typer.Typer(
    name="undertow",
    help="See the current that trains your network: recorded training and backpropagation as parallel coordinates.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

_STATE_COLORS = {"running": "cyan", "finished": "green", "degraded": "yellow"} | dict.fromkeys(
    ("failed", "crashed", "unreadable"), "red"
)

_MARKS = {"error": "[red]✗[/]", "warning": "[yellow]▲[/]", "info": "[cyan]●[/]"}


class Backend(StrEnum):
    """What Keras trains on."""

    jax = "jax"
    tensorflow = "tensorflow"
    torch = "torch"


class Format(StrEnum):
    """What a file can be: the names of `sources.FORMATS`."""

    csv = "csv"
    json = "json"
    parquet = "parquet"
    arrow = "arrow"
    hiplot = "hiplot"


class Rendered(StrEnum):
    """What `hiplot-render` writes."""

    html = "html"
    csv = "csv"


class Asked(StrEnum):
    """Who answers about runs that are too many to be read: the names of `query.sealed.ENGINES`."""

    duckdb = "duckdb"
    spark = "spark"


class Severity(StrEnum):
    """From what on findings make the command fail."""

    error = "error"
    warning = "warning"
    info = "info"


def main() -> None:
    """Runs the command line; an error of ours becomes one line and exit code 1."""
    try:
        app()
    except UndertowError as error:
        _err.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"undertow {__version__}")
        raise typer.Exit


@app.callback()
def _undertow(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    backend: Annotated[Backend, typer.Option(help="What Keras trains on.")] = Backend.jax,
    epochs: Annotated[int, typer.Option(min=1, help="How often to see the data.")] = 18,
    seed: Annotated[int, typer.Option(min=0, help="For weights and batches.")] = 0,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("undertow-demo.html"),
    runs: Annotated[Path, typer.Option(help="The folder to record into.")] = Path("runs"),
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Train the article's network on Boston housing, record its backpropagation, and show it."""
    from ._demo import train
    from ._show import has_display
    from .datasets.boston_housing import CAVEAT

    with _progress() as bar:
        task = bar.add_task(f"Training on {backend.value}", total=epochs, metrics="")

        def report(done: int, metrics: dict[str, float]) -> None:
            text = "  ".join(f"{name} {value:.3g}" for name, value in metrics.items() if name != "mae")
            bar.update(task, completed=done, metrics=text)

        made = train(backend.value, epochs, seed, runs, report)
        bar.update(task, description=f"Trained on {backend.value}")
    path = made.view.save(output)
    _out.print()
    _out.print(
        f"Test error  [bold]${1000 * made.test_mae:,.0f}[/] on average (MAE {made.test_mae:.3f} in $1000), 102 homes"
    )
    _out.print()
    _print_findings(made.view.findings)
    _out.print(f"\n[dim]{escape(CAVEAT)}[/]\n")
    _out.print(f"Run   {escape(str(made.run))}  [dim]{_size(made.run)}[/]", soft_wrap=True)
    _out.print(f"Page  {escape(str(path))}  [dim]{_size(path)}[/]", soft_wrap=True)
    if open_page and has_display():
        made.view.open(path, otherwise=lambda file: _out.print(f"Open {escape(str(file))} in a browser."))


@app.command()
def show(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Run folders; or files, and folders of them: CSV, JSON, Parquet, …"),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write the page (.html) or a picture (.svg, .png) here, and do not open it."
        ),
    ] = None,
    lens: Annotated[str | None, typer.Option(help="What to show first: flow, steps or layers.")] = None,
    title: Annotated[str | None, typer.Option(help="The page's title.")] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="What files are, where name and content do not tell.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Go on without rows and files that cannot be read, and count them.")
    ] = False,
) -> None:
    """Show recorded runs or files of data in the browser, or write them as one HTML file."""
    from ._show import show as show_data

    data = paths[0] if len(paths) == 1 else paths
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        view = show_data(
            data,
            lens=lens,
            title=title,
            open=False if output else None,
            format=format_ and format_.value,
            skip_bad=skip_bad,
        )
    for each in caught:
        _err.print(f"[yellow]warning:[/] {escape(str(each.message))}", soft_wrap=True)
    if output is not None:
        path = view.save(output)
        _out.print(f"Page  {escape(str(path))}  [dim]{_size(path)}[/]", soft_wrap=True)


_Fetchers = Annotated[
    list[str] | None, typer.Argument(metavar="[MODULE.FUNCTION]...", help="Fetchers of your own, asked first.")
]


@app.command()
def hiplot(
    fetchers: _Fetchers = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.")] = 5005,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Ask for experiments by their URIs, as HiPlot's server does, and show them."""
    from ._show import has_display
    from .hiplot import run_server
    from .hiplot.fetchers import get_fetchers

    def started(url: str) -> None:
        print(f"Undertow shows experiments at {url}", flush=True)
        if host not in {"127.0.0.1", "localhost", "::1"}:
            _err.print(
                "[yellow]Others on the network can reach this address; who has the token can read your files.[/]"
            )
        if open_page and has_display():
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    run_server(get_fetchers(fetchers or ()), host, port, started=started)


@app.command("hiplot-render")
def hiplot_render(
    uri: Annotated[str, typer.Argument(metavar="URI", help="A file, json://…, multi://…, or what a fetcher takes.")],
    fetchers: _Fetchers = None,
    format_: Annotated[Rendered, typer.Option("--format", help="What to write.")] = Rendered.html,
) -> None:
    """Write an experiment to the standard output, as HiPlot's command does."""
    from .hiplot.fetchers import get_fetchers, load_xp_with_fetchers

    experiment = load_xp_with_fetchers(get_fetchers(fetchers or ()), uri).validate()
    text = io.StringIO(newline="")
    if format_ is Rendered.csv:
        experiment.to_csv(text)
    else:
        experiment.to_html(text)
    # As bytes: a terminal may speak another encoding than the page says of itself.
    typer.echo(text.getvalue().encode(), nl=False)


@app.command()
def serve(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of runs; it may still be empty.")] = Path(
        "runs"
    ),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.")] = 0,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    engine: Annotated[
        Asked | None, typer.Option(help="Who answers about runs that are too many to be read; sealed files alone.")
    ] = None,
    master: Annotated[
        str | None, typer.Option(help="The cluster of the engine spark: spark://HOST:PORT, or sc://HOST:PORT.")
    ] = None,
) -> None:
    """Show a folder of runs live, while trainings write into it. Only reads."""
    from ._show import has_display
    from .view import server

    live = server(path, host, port, engine and engine.value, master)

    def started() -> None:
        print(f"Undertow serves {path} at {live.url}", flush=True)
        if host not in {"127.0.0.1", "localhost", "::1"}:
            _err.print("[yellow]Others on the network can reach this address; who has the token can read the runs.[/]")
        if open_page and has_display():
            threading.Thread(target=webbrowser.open, args=(live.url,), daemon=True).start()

    live.run(started)


@app.command()
def diagnose(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Run folders, or folders of runs.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with 1 if there is a finding this grave, or graver.")
    ] = None,
) -> None:
    """Say in words what recorded runs went through."""
    from ._show import findings_of

    findings = findings_of(paths[0] if len(paths) == 1 else paths)
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        _print_findings(findings)
    if fail_on is not None:
        grave = list(Severity)[: list(Severity).index(fail_on) + 1]
        if any(finding.severity in grave for finding in findings):
            raise typer.Exit(1)


_Runs = Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder, or a folder of runs.")]


@app.command()
def ls(path: _Runs = Path("runs")) -> None:
    """List recorded runs."""
    table = Table("run", "state", "attempt", "start", "size", "tails", box=None, pad_edge=False)
    table.columns[0].overflow = "fold"  # an id that is cut cannot be copied
    for run in summaries(path):
        start = "" if run.start is None else f"{run.start.astimezone():%Y-%m-%d %H:%M}"
        color = _STATE_COLORS.get(run.state, "default")
        size = f"{run.nbytes / 1000:,.0f} kB"
        table.add_row(escape(run.id), f"[{color}]{run.state}[/]", str(run.attempt), start, size, str(run.tails or ""))
    # A pipe has no width: what reads it wants whole ids, a line each.
    (_out if _out.is_terminal else Console(highlight=False, width=100_000)).print(table)


@app.command()
def verify(path: _Runs) -> None:
    """Check every file of recorded runs to the last bit; exit with 1 if something is damaged or was lost."""
    files = rows = bad = 0
    for check in check_files(path):
        files, rows = files + 1, rows + (check.rows if check.kind in ("segment", "tail") else 0)
        if check.problem is not None:
            bad += 1
            _out.print(f"[red]✗[/] {escape(check.problem)} [dim]{escape(str(check.path))}[/]", soft_wrap=True)
        elif check.note is not None:
            _out.print(f"[yellow]▲[/] {escape(check.note)} [dim]{escape(str(check.path))}[/]", soft_wrap=True)
    _out.print(f"{files:,} files, {rows:,} rows: {'whole' if not bad else f'{bad:,} with problems'}")
    if bad:
        raise typer.Exit(1)


@app.command()
def compact(path: _Runs) -> None:
    """Seal what a crash left open, and merge small files into large ones. Safe while runs are written and read."""
    for done in compact_runs(path):
        words = f"sealed {done.sealed}, merged {done.merged}, removed {done.removed}"
        unread = f" [yellow]({done.unread:,} bytes could not be read)[/]" if done.unread else ""
        _out.print(f"{escape(str(done.run))}: {words}{unread}", soft_wrap=True)


def _print_findings(findings: Sequence[Finding]) -> None:
    if not findings:
        _out.print("Findings    none: nothing that the rules look for.")
        return
    several = len({finding.run for finding in findings}) > 1
    table = Table.grid(padding=(0, 1))
    for finding in findings:
        run = f"[dim]{escape(finding.run)}:[/] " if several else ""
        table.add_row(_MARKS[finding.severity], f"{run}{escape(finding.sentence)}")
        table.add_row("", f"[dim]{escape(finding.advice)}[/]")
    _out.print("Findings", table, sep="\n")


def _progress() -> Progress:
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[metrics]}[/]"),
    )
    return Progress(*columns, console=_out)


def _size(path: Path) -> str:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return f"{sum(file.stat().st_size for file in files) / 1000:,.0f} kB"

"""The command line: `undertow demo`, `show`, `serve`, `diagnose`, and `ls`, `verify`, `compact`, `publish` for runs."""

from __future__ import annotations

import io
import json
import sys
import threading
import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ._terminal import err, out, print_findings, progress, size_of, state, warnings_said
from ._version import __version__
from .errors import UndertowError
from .store import compact as compact_runs
from .store import publish as publish_runs
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


class Backend(StrEnum):
    """What Keras trains on."""

    jax = "jax"
    tensorflow = "tensorflow"
    torch = "torch"


class Format(StrEnum):
    """What a file can be: the names of `sources.FORMATS` and `sources.LOGS`."""

    csv = "csv"
    json = "json"
    parquet = "parquet"
    arrow = "arrow"
    hiplot = "hiplot"
    tensorboard = "tensorboard"
    lightning = "lightning"
    transformers = "transformers"
    optuna = "optuna"
    mlflow = "mlflow"
    wandb = "wandb"


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
        err.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
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

    with progress() as bar:
        task = bar.add_task(f"Training on {backend.value}", total=epochs, metrics="")

        def report(done: int, metrics: dict[str, float]) -> None:
            text = "  ".join(f"{name} {value:.3g}" for name, value in metrics.items() if name != "mae")
            bar.update(task, completed=done, metrics=text)

        made = train(backend.value, epochs, seed, runs, report)
        bar.update(task, description=f"Trained on {backend.value}")
    path = made.view.save(output)
    out.print()
    out.print(
        f"Test error  [bold]${1000 * made.test_mae:,.0f}[/] on average (MAE {made.test_mae:.3f} in $1000), 102 homes"
    )
    out.print()
    print_findings(made.view.findings)
    out.print(f"\n[dim]{escape(CAVEAT)}[/]\n")
    out.print(f"Run   {escape(str(made.run))}  [dim]{size_of(made.run)}[/]", soft_wrap=True)
    out.print(f"Page  {escape(str(path))}  [dim]{size_of(path)}[/]", soft_wrap=True)
    if open_page and has_display():
        made.view.open(path, otherwise=lambda file: out.print(f"Open {escape(str(file))} in a browser."))


_Format = Annotated[
    Format | None, typer.Option("--format", help="What the paths are, where name and content do not tell.")
]
_SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Go on without what cannot be read (rows, files, events), and count it.")
]


@app.command()
def show(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Run folders, logs of other tools, or files: CSV, JSON, Parquet, …"),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write the page (.html) or a picture (.svg, .png) here, and do not open it."
        ),
    ] = None,
    lens: Annotated[str | None, typer.Option(help="What to show first: flow, steps or layers.")] = None,
    title: Annotated[str | None, typer.Option(help="The page's title.")] = None,
    format_: _Format = None,
    skip_bad: _SkipBad = False,
) -> None:
    """Show recorded runs or files of data in the browser, or write them as one HTML file."""
    from ._show import show as show_data

    data = paths[0] if len(paths) == 1 else paths
    with warnings_said():
        view = show_data(
            data,
            lens=lens,
            title=title,
            open=False if output else None,
            format=format_ and format_.value,
            skip_bad=skip_bad,
        )
    if output is not None:
        path = view.save(output)
        out.print(f"Page  {escape(str(path))}  [dim]{size_of(path)}[/]", soft_wrap=True)


@app.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Logs of TensorBoard, Lightning, …; or files that count steps."),
    ],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The folder of all runs.")] = Path("runs"),
    format_: _Format = None,
    skip_bad: _SkipBad = False,
) -> None:
    """Convert what other tools logged into recorded runs, a folder each."""
    from ._import import import_runs

    count = 0
    with warnings_said():
        for folder, run in import_runs(paths, into, format_ and format_.value, skip_bad):
            count += 1
            out.print(f"{escape(str(folder))}  [dim]{len(run.steps):,} steps, {size_of(folder)}[/]", soft_wrap=True)
            for word in run.left_out:
                err.print(f"[yellow]left out:[/] {escape(word)}", soft_wrap=True)
    out.print(f"{count:,} run{'s' * (count != 1)} imported")


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
            err.print("[yellow]Others on the network can reach this address; who has the token can read your files.[/]")
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
    master: Annotated[str | None, typer.Option(help="The cluster of the engine spark: spark://HOST:PORT.")] = None,
) -> None:
    """Show a folder of runs live, while trainings write into it. Only reads."""
    from ._show import has_display
    from .view import server

    live = server(path, host, port, engine and engine.value, master)

    def started() -> None:
        print(f"Undertow serves {path} at {live.url}", flush=True)
        if host not in {"127.0.0.1", "localhost", "::1"}:
            err.print("[yellow]Others on the network can reach this address; who has the token can read the runs.[/]")
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
    rules: Annotated[
        list[str] | None, typer.Option("--rule", metavar="NAME", help="Ask this rule only; again for more.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print what was measured, beside the thresholds, and each rule's source.")
    ] = False,
) -> None:
    """Say in words what recorded runs went through."""
    from ._show import findings_of
    from .diagnose import RULES

    unknown = [name for name in rules or () if name not in RULES]
    if unknown:
        raise typer.BadParameter(f"there is no rule {unknown[0]!r}; there are: {', '.join(RULES)}", param_hint="--rule")
    findings = findings_of(paths[0] if len(paths) == 1 else paths, rules)
    if as_json:
        print(json.dumps([finding.to_json() for finding in findings], indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_findings(findings, explain)
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
        size = f"{run.nbytes / 1000:,.0f} kB"
        table.add_row(escape(run.id), state(run.state), str(run.attempt), start, size, str(run.tails or ""))
    # A pipe has no width: what reads it wants whole ids, a line each.
    (out if out.is_terminal else Console(highlight=False, width=100_000)).print(table)


@app.command()
def verify(path: _Runs) -> None:
    """Check every file of recorded runs to the last bit; exit with 1 if something is damaged or was lost."""
    files = rows = bad = 0
    for check in check_files(path):
        files, rows = files + 1, rows + (check.rows if check.kind in ("segment", "tail") else 0)
        if check.problem is not None:
            bad += 1
            out.print(f"[red]✗[/] {escape(check.problem)} [dim]{escape(str(check.path))}[/]", soft_wrap=True)
        elif check.note is not None:
            out.print(f"[yellow]▲[/] {escape(check.note)} [dim]{escape(str(check.path))}[/]", soft_wrap=True)
    out.print(f"{files:,} files, {rows:,} rows: {'whole' if not bad else f'{bad:,} with problems'}")
    if bad:
        raise typer.Exit(1)


@app.command()
def compact(path: _Runs) -> None:
    """Seal what a crash left open, and merge small files into large ones. Safe while runs are written and read."""
    for done in compact_runs(path):
        words = f"sealed {done.sealed}, merged {done.merged}, removed {done.removed}"
        unread = f" [yellow]({done.unread:,} bytes could not be read)[/]" if done.unread else ""
        out.print(f"{escape(str(done.run))}: {words}{unread}", soft_wrap=True)


@app.command()
def publish(
    path: _Runs, url: Annotated[str, typer.Argument(metavar="URL", help="The place of all runs: s3://BUCKET/PREFIX.")]
) -> None:
    """Put what is sealed of recorded runs on object storage; `undertow.load` reads it there. May be repeated."""
    for run, count in publish_runs(path, url):
        out.print(f"{escape(str(run))}: {count:,} files put", soft_wrap=True)

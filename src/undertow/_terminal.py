"""What the command line says in a terminal, and how."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from .diagnose import Finding

__all__ = ["err", "out", "print_findings", "progress", "size_of", "state", "warnings_said"]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_STATE_COLORS = {"running": "cyan", "finished": "green", "degraded": "yellow"} | dict.fromkeys(
    ("failed", "crashed", "unreadable"), "red"
)

_MARKS = {"error": "[red]✗[/]", "warning": "[yellow]▲[/]", "info": "[cyan]●[/]"}


@contextlib.contextmanager
def warnings_said() -> Iterator[None]:
    """Says warnings in a line each, once what is inside is done."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for each in caught:
        err.print(f"[yellow]warning:[/] {escape(str(each.message))}", soft_wrap=True)


def state(name: str) -> str:
    """A run's state in its colour, as markup."""
    color = _STATE_COLORS.get(name, "default")
    return f"[{color}]{name}[/]"


def print_findings(findings: Sequence[Finding], explain: bool = False) -> None:
    """Prints findings, gravest first as they are given; with what they rest on where it is to be explained."""
    if not findings:
        out.print("Findings    none: nothing that the rules look for.")
        return
    several = len({finding.run for finding in findings}) > 1
    table = Table.grid(padding=(0, 1))
    for finding in findings:
        run = f"[dim]{escape(finding.run)}:[/] " if several else ""
        table.add_row(_MARKS[finding.severity], f"{run}{escape(finding.sentence)}")
        table.add_row("", f"[dim]{escape(finding.advice)}[/]")
        if explain:
            table.add_row("", f"[dim]{escape('; '.join(map(str, finding.numbers)))}[/]")
            table.add_row("", f"[dim]{finding.kind}: {escape(finding.source)}[/]")
    out.print("Findings", table, sep="\n")


def progress() -> Progress:
    """A bar that counts epochs and shows their metrics."""
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[metrics]}[/]"),
    )
    return Progress(*columns, console=out)


def size_of(path: Path) -> str:
    """How much a file, or all files of a folder, take on the disk, in words."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return f"{sum(file.stat().st_size for file in files) / 1000:,.0f} kB"

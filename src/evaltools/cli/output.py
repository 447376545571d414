"""What commands print: JSON, tables of the terminal, a bar of progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from evaltools.errors import message
from evaltools.text import Lang

if TYPE_CHECKING:
    import pandas as pd

    from evaltools.campaign import Campaign
    from evaltools.report.render import RenderResult


def print_json(value: Mapping[str, Any]) -> None:
    """Print JSON for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def print_report(campaign: Campaign, result: RenderResult) -> None:
    """Say where the reports are, and which failed."""
    lang = campaign.config.language
    typer.echo(message("report-written", {"count": len(result.reports), "path": result.index.as_posix()}, lang))
    for failure in result.failures:
        typer.echo(failure.text(lang), err=True)


def print_frame(frame: pd.DataFrame) -> None:
    """Print a frame; what is missing stays blank."""
    shown = frame.astype(object).where(frame.notna(), "")
    print_rows(frame.columns, ([str(cell) for cell in row] for row in shown.itertuples(index=False)))


def headings(names: Iterable[str], lang: Lang) -> list[str]:
    """Return what a person reads above columns of these names."""
    return [message(f"heading-{name}", {}, lang) for name in names]


def print_rows(header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table; a cell is text, never markup."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(box=box.SIMPLE_HEAD)
    for name in header:
        table.add_column(Text(name), overflow="fold")  # the end of a long path tells where
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: square brackets in data are not markup
    console.print(table)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on a terminal; stay silent for JSON and where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total, _what: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total, what: bars.update(task, completed=done, total=total, description=what)

"""Commands to begin with: a new campaign, the demonstration, an instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import app
from evaltools.cli.output import print_frame


@app.command(epilog="Example: `evaltools new campaigns/yunhe-2022`")
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Begin a campaign: write a commented campaign.toml into DIR."""
    from evaltools.skeleton import new_campaign

    typer.echo(new_campaign(folder).as_posix())


@app.command(epilog="Example: `evaltools demo try && evaltools run try`")
def demo(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Copy the demonstration campaign (a fictional county, 12 fictional banks) into DIR."""
    from evaltools.skeleton import copy_demo

    typer.echo(copy_demo(folder).as_posix())


@app.command(epilog="Example: `evaltools instrument enterprise_satisfaction --xlsx form.xlsx`")
def instrument(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of an instrument.")],
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="Write it as an XLSForm workbook.")
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option("--campaign", metavar="DIR", help="Look in this campaign's instruments/ first.")
    ] = None,
) -> None:
    """Show the questions of an instrument, or write it as an .xlsx for the collection tool."""
    from evaltools.survey.instrument import items_frame, read_instrument, write_xlsx

    form = read_instrument(name, campaign=campaign)
    if xlsx is not None:
        write_xlsx(form, xlsx)
        typer.echo(xlsx.as_posix())
        return
    shown = items_frame(form)[["item", "type", "sensitivity", "label_zh", "label_en"]]
    print_frame(shown)

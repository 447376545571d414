"""Commands to begin with: a new campaign, the demonstration, an instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import AsJson, app
from evaltools.cli.output import headings, print_frame, print_json, print_rows
from evaltools.cli.process import user_language
from evaltools.errors import UsageError

_CHANGES = ("item", "before", "verdict", "changed", "recode")


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


@app.command(epilog="Examples: `evaltools instrument enterprise_satisfaction --xlsx form.xlsx`, "
             "`evaltools instrument diff enterprise_satisfaction@2022.1 enterprise_satisfaction`")  # fmt: skip
def instrument(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME | diff OLD NEW", help="Name, name@version or, for diff, a file.")
    ],
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="Write it as an XLSForm workbook.")
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option("--campaign", metavar="DIR", help="Look in this campaign's instruments/ first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the questions of an instrument, write it as an .xlsx for the collection tool, or compare two versions."""
    from evaltools.survey.instrument import items_frame, read_instrument, write_xlsx

    if len(names) == 3 and names[0] == "diff":
        _show_changes(names[1], names[2], campaign, as_json)
        return
    if len(names) != 1:
        raise UsageError("instrument-arguments")
    form = read_instrument(names[0], campaign=campaign)
    if xlsx is not None:
        write_xlsx(form, xlsx)
        typer.echo(xlsx.as_posix())
        return
    shown = items_frame(form)[["item", "type", "sensitivity", "label_zh", "label_en"]]
    if as_json:
        print_json({"instrument": form.name, "version": form.version, "items": shown.to_dict("records")})
    else:
        print_frame(shown)


def _show_changes(old: str, new: str, campaign: Path | None, as_json: bool) -> None:
    from evaltools.survey.versions.report import change_rows, changes_dict, compare_named

    changes = compare_named(old, new, campaign=campaign)
    if as_json:
        print_json(changes_dict(changes))
    else:
        lang = user_language()
        print_rows(headings(_CHANGES, lang), change_rows(changes, lang))

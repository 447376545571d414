"""The command that shows which column is whose, and puts what is in doubt before a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import AsJson, Folder, Reader, app, open_campaign
from evaltools.cli.output import headings, print_json, print_rows

_COLUMNS = ("question", "label", "header", "how", "similarity")


@app.command(epilog="Example: `evaltools match campaigns/yunhe-2022 raw/endline/export.xlsx`")
def match(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A raw file of the campaign.")],
    reader: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Show the column of each question; write columns in doubt into review/columns.csv, where a person decides."""
    from evaltools.survey.matching.report import match_file, shown_rows
    from evaltools.survey.raw_files import place

    campaign = open_campaign(folder)
    lang = campaign.config.language
    result = match_file(campaign.folder, campaign.config, file, reader=reader)
    if as_json:
        print_json(result.to_dict())
    else:
        for table in result.tables:
            typer.echo(place(result.path, table.sheet))
            print_rows(headings(_COLUMNS, lang), shown_rows(table, lang))
    for notice in result.notices(lang):
        typer.echo(notice, err=True)
    raise typer.Exit(result.exit_code)

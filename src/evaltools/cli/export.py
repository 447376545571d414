"""The command that hands data on: tidy files with a codebook, after the disclosure check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import AsJson, Folder, app, langs, open_campaign
from evaltools.cli.output import headings, print_json, print_rows, progress


@app.command(epilog="Example: `evaltools export data/demo --out build/export --format csv --format sav`")
def export(
    folder: Folder,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the export; new, empty or an earlier one.")
    ],
    instrument: Annotated[
        list[str] | None, typer.Option("--instrument", metavar="NAME", help="Only this one; may be repeated.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="csv|xlsx|sav|dta", help="Format; may be repeated. Default: all."),
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="zh|en", help="Language of labels. Default: the campaign's.")
    ] = None,
    texts: Annotated[bool, typer.Option("--texts", help="Also free text; read it before you hand it on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the answers as tidy csv, xlsx, SPSS and Stata files with a codebook, after a disclosure check."""
    campaign = open_campaign(folder)
    chosen = langs([lang] if lang else None)
    with progress(as_json) as step:
        result = campaign.export(
            out, instruments=instrument, formats=formats, lang=chosen[0] if chosen else None, texts=texts, progress=step
        )
    if as_json:
        print_json(result.to_dict())
        return
    print_rows(headings(("path", "content", "rows", "columns"), campaign.config.language), (
        [one.path, one.content, str(one.rows), str(one.columns)] for one in result.files
    ))  # fmt: skip
    for line in result.lines(campaign.config.language):
        typer.echo(line)

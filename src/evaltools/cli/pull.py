"""The command that fetches from collecting servers, and the only one that asks a network."""

from __future__ import annotations

from typing import Annotated

import typer

from evaltools.cli.app import AsJson, Folder, app, open_campaign
from evaltools.cli.output import print_json, progress


@app.command(epilog="Example: `evaltools pull campaigns/yunhe-2022 --source firms`")
def pull(
    folder: Folder,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Only this [[live]] table; default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch new and edited submissions from KoboToolbox or ODK Central into raw/; ingest then reads them."""
    campaign = open_campaign(folder)
    with progress(as_json) as step:
        result = campaign.pull(source, progress=step)
    if as_json:
        print_json(result.to_dict())
    else:
        for line in result.lines(campaign.config.language):
            typer.echo(line)
    for notice in result.notices(campaign.config.language):
        typer.echo(notice, err=True)
    raise typer.Exit(result.exit_code)

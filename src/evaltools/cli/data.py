"""Commands on the data: read files in, say what was found, show what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import AsJson, Folder, Reader, app, open_campaign
from evaltools.cli.output import print_frame, print_json, print_rows, progress
from evaltools.errors import message


@app.command(epilog="Example: `evaltools ingest data/demo --json`")
def ingest(
    folder: Folder,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Only these files.")] = None,
    reader: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Read the raw files, check every row, store what is good, quarantine what is not."""
    campaign = open_campaign(folder)
    with progress(as_json) as step:
        result = campaign.ingest(paths, reader=reader, progress=step)
    if as_json:
        print_json(result.to_dict())
    else:
        columns = ("path", "sheet", "wave", "n_read", "n_accepted", "n_quarantined", "n_duplicate")
        print_rows(columns, ([str(getattr(one, column)) for column in columns] for one in result.files))
        typer.echo(message("ingest-summary", {"new_rows": result.new_rows}, campaign.config.language))
    for notice in result.notices(campaign.config.language):
        typer.echo(notice, err=True)
    raise typer.Exit(result.exit_code)


@app.command(epilog="Example: `evaltools findings data/demo --json`")
def findings(folder: Folder, as_json: AsJson = False) -> None:
    """List what the data show by rule: quarantined rows, duplicates, replaced answers."""
    found = open_campaign(folder).findings()
    if as_json:
        typer.echo(json.dumps(json.loads(found.to_json(orient="records")), ensure_ascii=False, indent=1))
    else:
        print_frame(found)


@app.command(epilog="Example: `evaltools status data/demo --json`")
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Show what is stored: tables with version and rows, answers by wave, answers on older forms."""
    campaign = open_campaign(folder)
    state = campaign.status()
    if as_json:
        print_json(state)
    else:
        print_rows(("table", "version", "rows"), ([str(part) for part in one.values()] for one in state["tables"]))
        print_rows(("wave", "instrument", "accepted"), (
            [wave, name, str(count)] for wave, counts in state["waves"].items() for name, count in counts.items()
        ))  # fmt: skip
        for one in state["old_forms"]:
            told = {**one, "share": f"{one['share']:.1%}"}
            typer.echo(message("forms-old", told, campaign.config.language))


@app.command(epilog="""Example: `evaltools sql data/demo "select wave, count(*) from responses group by wave"`""")
def sql(
    folder: Folder, query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT.")], as_json: AsJson = False
) -> None:
    """Ask the store a question in SQL (read-only)."""
    found = open_campaign(folder).sql(query)
    if as_json:
        typer.echo(found.to_json(orient="records", force_ascii=False, date_format="iso"))
    else:
        print_frame(found)

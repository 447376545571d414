"""The command of the correction loop: findings out, corrections back, and the proof that all agrees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaltools.cli.app import AsJson, Folder, app, open_campaign
from evaltools.cli.output import print_json, progress
from evaltools.errors import UsageError, message

if TYPE_CHECKING:
    from evaltools.campaign import Campaign


@app.command(
    epilog="Example: `evaltools correct data/demo --out open.xlsx`; back: `evaltools correct data/demo open.xlsx`"
)
def correct(
    folder: Folder,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A workbook or csv that came back; then ingest runs.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the open findings, to be filled in.")
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Prove that raw data, log and store agree; 8 where they do not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send open findings out as Excel, take the corrections that come back, prove that nothing else changed."""
    if sum((file is not None, out is not None, review)) != 1:
        raise UsageError("correct-one-way")
    campaign = open_campaign(folder)
    if file is not None:
        _take(campaign, file, as_json)
    lang = campaign.config.language
    if out is not None:
        sent = campaign.send_corrections(out)
        _tell(sent.to_dict(), sent.lines(lang), as_json)
        raise typer.Exit(sent.exit_code)
    reviewed = campaign.review_corrections()
    _tell(reviewed.to_dict(), reviewed.report(lang), as_json)
    raise typer.Exit(reviewed.exit_code)


def _take(campaign: Campaign, file: Path, as_json: bool) -> None:
    """Take a workbook, and read the corrected files anew."""
    lang = campaign.config.language
    taken = campaign.take_corrections(file)
    with progress(as_json) as step:
        ingested = campaign.ingest(progress=step)
    told = [*taken.lines(lang), message("ingest-summary", {"new_rows": ingested.new_rows}, lang)]
    _tell({**taken.to_dict(), "ingest": ingested.to_dict()}, told, as_json)
    for notice in ingested.notices(lang):
        typer.echo(notice, err=True)
    raise typer.Exit(max(taken.exit_code if ingested.exit_code != 4 else 0, ingested.exit_code))


def _tell(record: dict[str, object], lines: list[str], as_json: bool) -> None:
    if as_json:
        print_json(record)
        return
    for line in lines:
        typer.echo(line)

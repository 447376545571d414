"""Commands on the results: freeze, score, report, verify, or all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import AsJson, Folder, Langs, Out, Seed, Unlock, app, langs, open_campaign
from evaltools.cli.output import print_json, print_report, print_rows, progress
from evaltools.cli.process import user_language
from evaltools.errors import message


@app.command(epilog="Example: `evaltools freeze data/demo`")
def freeze(folder: Folder) -> None:
    """Freeze framework, goalposts, weights and headline before the endline: write framework.lock."""
    typer.echo(open_campaign(folder).freeze().as_posix())


@app.command(epilog="Example: `evaltools score data/demo --json`")
def score(folder: Folder, as_json: AsJson = False, seed: Seed = None, unlock: Unlock = None) -> None:
    """Score every bank: change with its uncertainty, verdict, targets."""
    campaign = open_campaign(folder)
    result = campaign.score(seed, unlock=unlock)
    if as_json:
        from evaltools.scoring.result import to_json

        typer.echo(to_json(result), nl=False)
        return
    from evaltools.report.tables import verdict_rows

    print_rows(*verdict_rows(result, campaign.config, campaign.config.language))


@app.command(epilog="Example: `evaltools report data/demo --lang zh --lang en`")
def report(
    folder: Folder,
    out: Out = None,
    lang: Langs = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", metavar="html", help="Format of the reports.")
    ] = None,
    bank: Annotated[list[str] | None, typer.Option("--bank", metavar="ID", help="Only this bank's scorecard.")] = None,
) -> None:
    """Render the reports from what is stored."""
    campaign = open_campaign(folder)
    with progress(quiet=False) as step:
        result = campaign.report(langs(lang), formats or ("html",), bank, out=out, progress=step)
    print_report(campaign, result)
    raise typer.Exit(result.exit_code)


@app.command(epilog="Example: `evaltools run data/demo`")
def run(folder: Folder, out: Out = None, lang: Langs = None, as_json: AsJson = False, unlock: Unlock = None) -> None:
    """Do everything unattended: ingest, score, report. The exit code says what happened."""
    from evaltools.run import run_campaign

    campaign = open_campaign(folder)
    with progress(as_json) as step:
        record = run_campaign(campaign, out=out, langs=langs(lang), unlock=unlock, progress=step)
    if as_json:
        print_json(record.to_dict())
    else:
        for line in record.lines(campaign.config.language):
            typer.echo(line)
    raise typer.Exit(record.exit_code)


@app.command(epilog="Example: `evaltools verify reports/demo`")
def verify(folder: Annotated[Path, typer.Argument(metavar="REPORT", help="A folder of reports.")]) -> None:
    """Say whether every file of a report is still what was written."""
    from evaltools.report.manifest import verify_reports

    told = {"count": verify_reports(folder), "path": folder.as_posix()}
    typer.echo(message("verify-good", told, user_language()))

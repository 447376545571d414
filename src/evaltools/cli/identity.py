"""Commands on who answered: forget one respondent, change the key, let go of every link."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import AsJson, Folder, app, open_campaign
from evaltools.cli.output import print_json
from evaltools.errors import UsageError, message


@app.command(epilog="Example: `evaltools forget campaigns/yunhe-2022 - --reason 'consent withdrawn'`")
def forget(
    folder: Folder,
    respondent: Annotated[
        str, typer.Argument(metavar="ID", help="Pseudonym, response id, credit code or the tool's id; - reads it.")
    ],
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept in the receipt.")] = None,
    reports: Annotated[
        list[Path] | None, typer.Option("--reports", metavar="DIR", help="Reports that stand elsewhere.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase one respondent from raw files, every table and version, logs and reviews; write a receipt."""
    from evaltools.forget import forget as erase

    campaign = open_campaign(folder)
    if respondent == "-" and sys.stdin.isatty():
        typer.echo(message("forget-prompt", {}, campaign.config.language), err=True)
    given = sys.stdin.readline().strip() if respondent == "-" else respondent
    receipt = erase(campaign, given, reason=reason, reports=reports or ())
    lang = campaign.config.language
    if as_json:
        print_json(receipt or {"receipt": None})
    elif receipt is None:
        typer.echo(message("forget-nothing", {}, lang))
    else:
        rows = sum(receipt["rows"].values())
        named = {"rows": rows, "files": len(receipt["raw"]), "reports": len(receipt["reports"])}
        typer.echo(message("forget-done", {**named, "receipt": f"erasures/{receipt['receipt']}.json"}, lang))


@app.command(epilog="Example: `evaltools rekey campaigns/yunhe-2022`")
def rekey(folder: Folder, as_json: AsJson = False) -> None:
    """Change the campaign's key; every link between answers stays, no pseudonym of before is left."""
    from evaltools.survey.identity.rotation import rotate_key

    campaign = open_campaign(folder)
    done = rotate_key(campaign.folder, campaign.config)
    if as_json:
        print_json(done)
    else:
        told = {"fingerprint": done["fingerprint"]["after"], "rotations": done["rotations"]}
        typer.echo(message("rekey-done", told, campaign.config.language))


@app.command(epilog="Example: `evaltools anonymise campaigns/yunhe-2022 --yes`")
def anonymise(
    folder: Folder,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; it cannot be taken back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the key and every link to who answered, prove it, and write a receipt; answers and units stay."""
    from evaltools.survey.erasure.anonymising import anonymise as let_go

    campaign = open_campaign(folder)
    if not yes:
        raise UsageError("anonymise-sure")
    receipt = let_go(campaign.folder, campaign.config)
    if as_json:
        print_json(receipt)
    else:
        told = {"receipt": f"erasures/{receipt['receipt']}.json"}
        typer.echo(message("anonymise-done", told, campaign.config.language))

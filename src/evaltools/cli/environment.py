"""Commands on the environment: JupyterLab, and a check of what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import app, open_campaign
from evaltools.cli.output import print_rows


@app.command(epilog="Example: `evaltools lab data/demo`")
def lab(
    folder: Annotated[Path | None, typer.Argument(metavar="[CAMPAIGN]", help="The campaign's folder.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether JupyterLab can start here.")] = False,
) -> None:
    """Open JupyterLab on a campaign, with a notebook to start from."""
    from evaltools.lab import check_lab, open_lab

    if check:
        typer.echo(check_lab())
    elif folder is None:
        raise typer.BadParameter("name the campaign's folder, or use --check")
    else:
        raise typer.Exit(open_lab(open_campaign(folder)))


@app.command(epilog="Example: `evaltools doctor data/demo`")
def doctor(folder: Annotated[Path | None, typer.Argument(metavar="[CAMPAIGN]")] = None) -> None:
    """Check the environment: packages, fonts, browser; with a campaign also its store."""
    from evaltools.doctor import examine

    checks = examine(folder)
    print_rows(("check", "ok", "detail"), ([one.name, "yes" if one.ok else "NO", one.detail] for one in checks))
    raise typer.Exit(0 if all(one.ok for one in checks) else 8)

"""The command that looks at any file of a collection tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaltools.cli.app import AsJson, app
from evaltools.cli.output import print_json
from evaltools.cli.process import user_language
from evaltools.errors import UsageError


@app.command(epilog="Example: `evaltools inspect export.xlsx --instrument enterprise_satisfaction`")
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, whatever wrote them.")],
    instrument: Annotated[
        str | None, typer.Option("--instrument", metavar="NAME", help="Hold the columns against its questions.")
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option("--campaign", metavar="DIR", help="Look for the instrument here first.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option("--reader", metavar="NAME", help="Read as the export of this tool.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="zh|en", help="Default: as this machine speaks.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is in a file, what is wrong with it and what was done about it. No answer is shown, none is stored."""
    from evaltools.survey.inspection import inspect_files
    from evaltools.survey.instrument import read_instrument

    if lang not in (None, "zh", "en"):
        raise UsageError("export-lang", given=lang)
    form = None if instrument is None else read_instrument(instrument, campaign=campaign)
    found = inspect_files(files, reader=reader, instrument=form)
    if as_json:
        print_json({"files": [one.to_dict() for one in found]})
    else:
        for line in (line for one in found for line in one.lines("zh" if (lang or user_language()) == "zh" else "en")):
            typer.echo(line)
    raise typer.Exit(4 if any(one.refused for one in found) else 0)

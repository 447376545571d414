"""Commands on the data: read files in, say what was found, show what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaltools.cli.app import AsJson, Folder, Reader, app, open_campaign
from evaltools.cli.output import headings, print_frame, print_json, print_rows, progress
from evaltools.errors import catalogue, message

if TYPE_CHECKING:
    import pandas as pd

    from evaltools.survey.accounting import IngestResult
    from evaltools.text import Lang


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
        _tell_ingested(result, folder, campaign.config.language)
    for notice in result.notices(campaign.config.language):
        typer.echo(notice, err=True)
    raise typer.Exit(result.exit_code)


def _tell_ingested(result: IngestResult, folder: Path, lang: Lang) -> None:
    columns = ("path", "sheet", "wave", "n_read", "n_accepted", "n_quarantined", "n_duplicate")
    if result.files:
        rows = ([str(getattr(one, column)) for column in columns] for one in result.files)
        print_rows(headings(columns, lang), rows)
    typer.echo(message("ingest-summary", {"new_rows": result.new_rows}, lang))
    held = sum(one.n_quarantined for one in result.files)
    if held:
        typer.echo(message("ingest-held", {"count": held, "folder": folder.as_posix()}, lang))


@app.command(epilog="Example: `evaltools findings data/demo --json`")
def findings(folder: Folder, as_json: AsJson = False) -> None:
    """List what the data show by rule: quarantined rows, duplicates, replaced answers."""
    campaign = open_campaign(folder)
    found = campaign.findings()
    if as_json:
        typer.echo(json.dumps(json.loads(found.to_json(orient="records")), ensure_ascii=False, indent=1))
    else:
        _tell_findings(found, campaign.config.language)


def _tell_findings(found: pd.DataFrame, lang: Lang) -> None:
    """Print where what was found, then each rule in words."""
    if found.empty:
        typer.echo(message("finding-none", {}, lang))
        return
    shown = found.assign(
        severity=[message(f"severity-{one}", {}, lang) for one in found["severity"]],
        kind=[message(f"kind-{one}", {}, lang) for one in found["kind"]],
    )
    print_frame(shown.set_axis(headings(shown.columns, lang), axis=1))
    for rule, count in found["rule"].value_counts().items():
        code = f"fault-{rule}" if f"fault-{rule}" in catalogue() else f"finding-{rule}"
        told = {"rule": rule, "count": count, "text": message(code, {"column": "…"}, lang)}
        typer.echo(message("finding-rule", told, lang))


@app.command(epilog="Example: `evaltools status data/demo --json`")
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Show what is stored: tables with version and rows, answers by wave, answers on older forms."""
    campaign = open_campaign(folder)
    state = campaign.status()
    lang = campaign.config.language
    if as_json:
        print_json(state)
    else:
        print_rows(
            headings(("table", "version", "rows"), lang),
            ([str(part) for part in one.values()] for one in state["tables"]),
        )
        print_rows(headings(("wave", "instrument", "n_accepted"), lang), (
            [wave, name, str(count)] for wave, counts in state["waves"].items() for name, count in counts.items()
        ))  # fmt: skip
        for one in state["old_forms"]:
            told = {**one, "share": f"{one['share']:.1%}"}
            typer.echo(message("forms-old", told, lang))


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

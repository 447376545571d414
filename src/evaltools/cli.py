"""The command line: parse, call one function, print, exit code. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import json
import locale
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from evaltools.errors import EvaltoolsError, UsageError, message
from evaltools.text import Lang

if TYPE_CHECKING:
    import pandas as pd

    from evaltools.campaign import Campaign
    from evaltools.report.render import RenderResult

app = typer.Typer(
    name="evaltools",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its traceback would show the values of local variables
    rich_markup_mode="markdown",
    help="Evaluate what changed at each bank between a baseline and an endline. 以评促改评估工具。",
    epilog="Begin with `evaltools demo DIR` and `evaltools run DIR`.",
)

Folder = Annotated[Path, typer.Argument(metavar="CAMPAIGN", help="The campaign's folder (it holds campaign.toml).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where reports go; default reports/<id>.")]
Langs = Annotated[
    list[str] | None,
    typer.Option("--lang", metavar="zh|en", help="Language; may be repeated. Default: the campaign's."),
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of random draws; default: the campaign's.")]
Unlock = Annotated[
    str | None,
    typer.Option("--unlock", metavar="REASON", help="Score although the framework was changed after freezing."),
]


@app.command(epilog="Example: `evaltools new campaigns/yunhe-2022`")
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Begin a campaign: write a commented campaign.toml into DIR."""
    from evaltools.skeleton import new_campaign

    typer.echo(new_campaign(folder).as_posix())


@app.command(epilog="Example: `evaltools demo try && evaltools run try`")
def demo(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Copy the demonstration campaign (a fictional county, 12 fictional banks) into DIR."""
    from evaltools.skeleton import copy_demo

    typer.echo(copy_demo(folder).as_posix())


@app.command(epilog="Example: `evaltools instrument enterprise_satisfaction --xlsx form.xlsx`")
def instrument(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of an instrument.")],
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="Write it as an XLSForm workbook.")
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option("--campaign", metavar="DIR", help="Look in this campaign's instruments/ first.")
    ] = None,
) -> None:
    """Show the questions of an instrument, or write it as an .xlsx for the collection tool."""
    from evaltools.survey.instrument import items_frame, read_instrument, write_xlsx

    form = read_instrument(name, campaign=campaign)
    if xlsx is not None:
        write_xlsx(form, xlsx)
        typer.echo(xlsx.as_posix())
        return
    shown = items_frame(form)[["item", "type", "sensitivity", "label_zh", "label_en"]]
    _print_frame(shown)


@app.command(epilog="Example: `evaltools ingest data/demo --json`")
def ingest(
    folder: Folder,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Only these files.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read the raw files, check every row, store what is good, quarantine what is not."""
    campaign = _open(folder)
    with _progress(as_json) as step:
        result = campaign.ingest(paths, progress=step)
    if as_json:
        _print_json(result.to_dict())
    else:
        columns = ("path", "sheet", "wave", "n_read", "n_accepted", "n_quarantined", "n_duplicate")
        _print_rows(columns, ([str(getattr(one, column)) for column in columns] for one in result.files))
        typer.echo(message("ingest-summary", {"new_rows": result.new_rows}, campaign.config.language))
    for notice in result.notices(campaign.config.language):
        typer.echo(notice, err=True)
    raise typer.Exit(result.exit_code)


@app.command(epilog="Example: `evaltools freeze data/demo`")
def freeze(folder: Folder) -> None:
    """Freeze framework, goalposts, weights and headline before the endline: write framework.lock."""
    typer.echo(_open(folder).freeze().as_posix())


@app.command(epilog="Example: `evaltools score data/demo --json`")
def score(folder: Folder, as_json: AsJson = False, seed: Seed = None, unlock: Unlock = None) -> None:
    """Score every bank: change with its uncertainty, verdict, targets."""
    campaign = _open(folder)
    result = campaign.score(seed, unlock=unlock)
    if as_json:
        from evaltools.scoring.result import to_json

        typer.echo(to_json(result), nl=False)
        return
    from evaltools.report.tables import verdict_rows

    _print_rows(*verdict_rows(result, campaign.config, campaign.config.language))


@app.command(epilog="Example: `evaltools findings data/demo --json`")
def findings(folder: Folder, as_json: AsJson = False) -> None:
    """List what the data show by rule: quarantined rows, duplicates, replaced answers."""
    found = _open(folder).findings()
    if as_json:
        typer.echo(json.dumps(json.loads(found.to_json(orient="records")), ensure_ascii=False, indent=1))
    else:
        _print_frame(found)


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
    campaign = _open(folder)
    with _progress(quiet=False) as step:
        result = campaign.report(_langs(lang), formats or ("html",), bank, out=out, progress=step)
    _print_report(campaign, result)
    raise typer.Exit(result.exit_code)


@app.command(epilog="Example: `evaltools run data/demo`")
def run(folder: Folder, out: Out = None, lang: Langs = None, as_json: AsJson = False, unlock: Unlock = None) -> None:
    """Do everything unattended: ingest, score, report. The exit code says what happened."""
    from evaltools.run import run_campaign

    campaign = _open(folder)
    with _progress(as_json) as step:
        record = run_campaign(campaign, out=out, langs=_langs(lang), unlock=unlock, progress=step)
    if as_json:
        _print_json(record.to_dict())
    else:
        for line in record.lines(campaign.config.language):
            typer.echo(line)
    raise typer.Exit(record.exit_code)


@app.command(epilog="Example: `evaltools status data/demo --json`")
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Show what is stored: tables with version and rows, answers by wave."""
    state = _open(folder).status()
    if as_json:
        _print_json(state)
    else:
        _print_rows(("table", "version", "rows"), ([str(part) for part in one.values()] for one in state["tables"]))
        _print_rows(("wave", "instrument", "accepted"), (
            [wave, name, str(count)] for wave, counts in state["waves"].items() for name, count in counts.items()
        ))  # fmt: skip


@app.command(epilog="Example: `evaltools verify reports/demo`")
def verify(folder: Annotated[Path, typer.Argument(metavar="REPORT", help="A folder of reports.")]) -> None:
    """Say whether every file of a report is still what was written."""
    from evaltools.report.manifest import verify_reports

    typer.echo(message("verify-good", {"count": verify_reports(folder), "path": folder.as_posix()}))


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
        raise typer.Exit(open_lab(_open(folder)))


@app.command(epilog="""Example: `evaltools sql data/demo "select wave, count(*) from responses group by wave"`""")
def sql(
    folder: Folder, query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT.")], as_json: AsJson = False
) -> None:
    """Ask the store a question in SQL (read-only)."""
    found = _open(folder).sql(query)
    if as_json:
        typer.echo(found.to_json(orient="records", force_ascii=False, date_format="iso"))
    else:
        _print_frame(found)


@app.command(epilog="Example: `evaltools doctor data/demo`")
def doctor(folder: Annotated[Path | None, typer.Argument(metavar="[CAMPAIGN]")] = None) -> None:
    """Check the environment: packages, fonts, browser; with a campaign also its store."""
    from evaltools.doctor import examine

    checks = examine(folder)
    _print_rows(("check", "ok", "detail"), ([one.name, "yes" if one.ok else "NO", one.detail] for one in checks))
    raise typer.Exit(0 if all(one.ok for one in checks) else 8)


def _open(folder: Path) -> Campaign:
    from evaltools.campaign import Campaign

    return Campaign.open(folder)


def _langs(given: list[str] | None) -> list[Lang] | None:
    return cast("list[Lang] | None", given)  # checked where the reports are planned


def _print_json(value: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _print_report(campaign: Campaign, result: RenderResult) -> None:
    lang = campaign.config.language
    typer.echo(message("report-written", {"count": len(result.reports), "path": result.index.as_posix()}, lang))
    for failure in result.failures:
        typer.echo(failure.text(lang), err=True)


def _print_frame(frame: pd.DataFrame) -> None:
    shown = frame.astype(object).where(frame.notna(), "")
    _print_rows(frame.columns, ([str(cell) for cell in row] for row in shown.itertuples(index=False)))


def _print_rows(header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(box=box.SIMPLE_HEAD)
    for name in header:
        table.add_column(Text(name))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: square brackets in data are not markup
    console.print(table)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on a terminal; stay silent for JSON and where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total, _what: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total, what: bars.update(task, completed=done, total=total, description=what)


_STOPS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def _stop(number: int, _frame: FrameType | None) -> None:
    """Unwind like Ctrl-C, so that kernels end, the lock is freed and nothing half-written stays; then 128 + number."""
    signal.signal(number, signal.SIG_IGN)  # a second one would interrupt that
    raise SystemExit(128 + number)


def _prepare_process() -> None:
    """Make output safe for every name, and have a request to end unwind instead of cutting off."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller, as some schedulers do
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # open to the end
        # a Chinese path or name must not end a command on a terminal of another encoding
        getattr(sys, name).reconfigure(encoding="utf-8", errors="replace")
    for number in _STOPS:
        if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it stays ignored
            signal.signal(number, _stop)


def _language() -> Lang:
    """Return the language of this machine's user, for errors that come before a campaign's own is known."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    given = next((name for name in names if name), None) or locale.getlocale()[0] or ""
    return "zh" if given.lower().startswith(("zh", "chinese")) else "en"


def _internal(error: Exception, lang: Lang) -> str:
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where else "?"
    return message("internal", {"kind": type(error).__name__, "place": place}, lang)


def main() -> None:
    """Run the command line; turn errors into one clear line and a documented exit code."""
    _prepare_process()
    lang = _language()
    try:
        if sys.getfilesystemencoding() != "utf-8":
            raise UsageError("file-names", encoding=sys.getfilesystemencoding())
        app()
    except SystemExit as end:
        if end.code in {128 + number for number in (*_STOPS, signal.SIGINT)}:
            typer.echo(message("stopped", {}, lang), err=True)
        raise
    except EvaltoolsError as error:
        typer.echo(error.text(lang), err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # the last line of defence: a traceback could show an answer
        if os.environ.get("EVALTOOLS_TRACEBACK"):
            raise
        if isinstance(error, OSError) and error.strerror:
            file = Path(os.fsdecode(error.filename)).name if isinstance(error.filename, str | bytes) else "-"
            typer.echo(message("system", {"problem": error.strerror, "file": file}, lang), err=True)
        else:
            typer.echo(_internal(error, lang), err=True)
        sys.exit(1)

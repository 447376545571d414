"""The Typer application, and the arguments that several commands share. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evaltools.text import Lang

if TYPE_CHECKING:
    from evaltools.campaign import Campaign

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
Reader = Annotated[
    str | None, typer.Option("--reader", metavar="NAME", help="Read the named files as the export of this tool.")
]
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


def open_campaign(folder: Path) -> Campaign:
    """Open the campaign of a command."""
    from evaltools.campaign import Campaign

    return Campaign.open(folder)


def langs(given: list[str] | None) -> list[Lang] | None:
    """Return languages as they were given; they are checked where the reports are planned."""
    return cast("list[Lang] | None", given)

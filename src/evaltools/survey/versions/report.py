"""What `evaltools instrument diff` says: a row an item, with what changed, the verdict, and the recode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaltools.errors import message
from evaltools.survey.instrument import Instrument, read_instrument, read_instrument_file
from evaltools.survey.instrument.sheets import SUFFIXES
from evaltools.survey.versions.comparing import ItemChange, compare_versions
from evaltools.text import Lang


def compare_named(old: str, new: str, *, campaign: Path | None = None) -> tuple[ItemChange, ...]:
    """Compare two versions, each given as a name, ``name@version`` or a file.

    Raises
    ------
    CampaignError
        What :func:`~evaltools.survey.instrument.read_instrument` raises.
    """
    return compare_versions(_read(old, campaign), _read(new, campaign))


def _read(given: str, campaign: Path | None) -> Instrument:
    path = Path(given)
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return read_instrument_file(path)
    return read_instrument(given, campaign=campaign)


def changes_dict(changes: Sequence[ItemChange]) -> dict[str, Any]:
    """Return what ``evaltools instrument diff --json`` prints."""
    return {
        "items": [
            {
                "item": one.item, "before": one.before and one.before.name, "verdict": one.verdict,
                "changed": list(one.respects), "recode": None if one.recode is None else dict(one.recode),
            }
            for one in changes
        ]
    }  # fmt: skip


def change_rows(changes: Sequence[ItemChange], lang: Lang) -> list[list[str]]:
    """Return the changes for people: item, name before, verdict, what changed, recode."""
    return [
        [
            one.item,
            one.before.name if one.before else "",
            message(f"verdict-{one.verdict}", {}, lang),
            "; ".join(message(f"changed-{respect}", {}, lang) for respect in one.respects),
            " ".join(f"{old}→{new}" for old, new in (one.recode or {}).items()),
        ]
        for one in changes
    ]

"""Forget one respondent of a campaign, in its data and in the reports that were made from them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from evaltools.campaign import Campaign
from evaltools.errors import ReportError
from evaltools.report.files import write_beside
from evaltools.report.manifest import NAME, read_manifest, superseded
from evaltools.survey.erasure.elsewhere import holds_any, needles
from evaltools.survey.erasure.erasing import erase

_DEEP: Final = 3
"""A page stands at most so many folders below the manifest that names it."""


def forget(
    campaign: Campaign,
    given: str,
    *,
    reason: str | None = None,
    reports: Sequence[Path] = (),
    today: date | None = None,
) -> dict[str, Any] | None:
    """Erase one respondent from every table, version, log and raw file, and mark the reports made before.

    Parameters
    ----------
    given
        Pseudonym of the enterprise, response id, credit code, or the id that the tool gave.
    reason
        Why, for the receipt.
    reports
        Further folders of reports; those that run records name, and ``reports/<id>`` below the current folder and the
        campaign's, are found by themselves.

    Returns
    -------
    dict or None
        The receipt, also kept in ``erasures/``; None where the respondent was erased before.

    Raises
    ------
    EvaltoolsError
        What :func:`evaltools.survey.erasure.erasing.erase` raises; nothing is then changed.
    """
    folders = _report_folders(campaign, reports)

    def outside(secrets: Collection[str], on: date) -> list[Mapping[str, Any]]:
        return [_supersede(folder, secrets, on) for folder in folders]

    return erase(campaign.folder, campaign.config, given, outside, reason=reason, skipped=folders, today=today)


def _supersede(folder: Path, secrets: Collection[str], on: date) -> Mapping[str, Any]:
    """Mark a folder of reports, and remove pages that name the respondent (none should)."""
    write_beside(folder / NAME, superseded(folder, on))
    named = [path for path in _pages(folder) if holds_any(path.read_bytes(), needles(secrets))]
    for path in named:
        path.unlink()
    return {"folder": folder.name, "superseded": True, "removed": len(named)}


def _pages(folder: Path) -> Iterable[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != NAME]


def _report_folders(campaign: Campaign, further: Sequence[Path]) -> list[Path]:
    """Return the folders of reports that the caller names, and those that are known and show a score of this campaign.

    Raises
    ------
    ReportError
        ``manifest-missing`` or ``manifest-invalid``: a folder that the caller names is no folder of reports.
    """
    for folder in further:
        read_manifest(folder)
    scores = set(campaign.store().read("verdicts", ["score_id"]).column("score_id").to_pylist())
    name = campaign.config.id
    places = [Path("reports") / name, campaign.folder / "reports", campaign.folder / "reports" / name]
    for path in sorted((campaign.folder / "runs").glob("*.json")):
        try:
            written = json.loads(path.read_text(encoding="utf-8")).get("written", [])
        except ValueError:
            continue  # a record that was damaged names no folder
        places += [parent for one in written for parent in list(Path(one).parents)[:_DEEP]]
    own = [place for place in dict.fromkeys(places) if not scores.isdisjoint(_scores_shown(place))]
    return sorted({place.resolve() for place in (*further, *own)})


def _scores_shown(folder: Path) -> set[str]:
    """Return the ids of the scores that a folder's reports show; none where it is no folder of reports."""
    try:
        return {entry.score_id for entry in read_manifest(folder)}
    except ReportError:
        return set()

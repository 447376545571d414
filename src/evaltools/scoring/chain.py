"""All steps of scoring in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from evaltools import __version__
from evaltools.config import Bank, DesignSettings
from evaltools.scoring.changes import measure_changes, measure_levels
from evaltools.scoring.composite import score_composites
from evaltools.scoring.freeze import framework_sha
from evaltools.scoring.gate import check_gate
from evaltools.scoring.models import Framework
from evaltools.scoring.preparation import prepare_scoring
from evaltools.scoring.result import ScoreResult, score_id
from evaltools.scoring.targets import judge_targets
from evaltools.scoring.verdicts import judge_verdicts


def score_campaign(
    answers: Mapping[str, pd.DataFrame],
    framework: Framework,
    *,
    banks: Sequence[Bank],
    start: date,
    inputs: Mapping[str, Any],
    waves: tuple[str, str] = ("baseline", "endline"),
    design: DesignSettings | None = None,
    comparability: Mapping[str, Mapping[str, str]] | None = None,
    headline: str = "raw",
    exclusions: Sequence[str] = (),
    flags: Sequence[str] = (),
) -> ScoreResult:
    """Score a campaign; nothing is read or written.

    Parameters
    ----------
    answers
        Instrument to its accepted ratings; see `prepare_scoring`.
    framework
        The framework in use.
    banks
        Providers in the order of the results.
    start
        First day of the campaign.
    inputs
        ``files`` (sorted paths), ``tables`` (input table to version), ``seed``; the rest is filled in.
    waves
        Before and after.
    design
        Variance settings.
    comparability
        Instrument to item to same, rescaled, reworded or not_comparable.
    headline, exclusions
        What else the freeze fixes.
    flags
        What concerns all banks, such as ``not_frozen``.

    Returns
    -------
    ScoreResult

    Raises
    ------
    CampaignError
        ``framework-item``, ``weights-partial``.
    DesignError
        A PSU stands in two strata.
    """
    settings = design or DesignSettings()
    data = prepare_scoring(
        answers, framework, banks=banks, start=start, waves=waves, design=settings, comparability=comparability
    )
    gate = check_gate(data)
    changes = measure_changes(data, gate)
    composites = score_composites(data, gate, changes)
    complete = _complete(inputs, framework_sha(framework, headline=headline, exclusions=exclusions))
    moving = {
        "waves": list(waves),
        "start": start.isoformat(),
        "banks": [[bank.id, bank.type] for bank in banks],
        "design": settings.model_dump(mode="json"),
        "comparability": {name: dict(items) for name, items in (comparability or {}).items()},
        "flags": sorted(flags),
    }
    return ScoreResult(
        score_id=score_id(complete, code_version=__version__, settings=moving),
        inputs=complete,
        estimates=measure_levels(data, level=1 - framework.alpha),
        changes=changes.frame,
        dimensions=composites.dimensions,
        composites=composites.frame,
        verdicts=judge_verdicts(framework, gate, changes, composites, flags=flags),
        targets=judge_targets(data, changes),
        counts=data.counts(),
        merged_strata=data.merged(),
    )


def _complete(inputs: Mapping[str, Any], sha: str) -> dict[str, Any]:
    """Return the inputs as the contract has them, in a fixed order."""
    return {
        "files": sorted(inputs.get("files", ())),
        "tables": dict(sorted(inputs.get("tables", {}).items())),
        "framework_sha": sha,
        "seed": inputs.get("seed"),
        "replicates": None,
    }

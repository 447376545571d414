"""All steps of scoring in their order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from evaltools import __version__
from evaltools.config import Bank, DesignSettings
from evaltools.errors import CampaignError
from evaltools.scoring.changes import ChangeResult, bank_table, join_flags, measure_changes, measure_levels
from evaltools.scoring.composite import CompositeResult, score_composites
from evaltools.scoring.contributions import measure_contributions
from evaltools.scoring.doubt import leave_out, mark_fragile
from evaltools.scoring.freeze import framework_sha, frozen_headline
from evaltools.scoring.gate import GateResult, check_gate
from evaltools.scoring.losses import list_lost_weights
from evaltools.scoring.models import Framework
from evaltools.scoring.preparation import ScoringData, prepare_scoring
from evaltools.scoring.result import ScoreResult, score_id
from evaltools.scoring.standardising import MIX_COLUMNS, compare_mixes, standardise
from evaltools.scoring.standing import DEFAULT_SEED, draws_for, measure_relative, rank_banks, shrink_banks
from evaltools.scoring.targets import judge_targets
from evaltools.scoring.verdicts import judge_verdicts


@dataclass(frozen=True, slots=True, eq=False)
class ScoringSteps:
    """What the steps up to the verdict found; later analyses start from here."""

    data: ScoringData
    gate: GateResult
    changes: ChangeResult
    composites: CompositeResult
    verdicts: pd.DataFrame


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
    doubtful: Mapping[str, Collection[str]] | None = None,
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
        ``files`` (sorted paths), ``tables`` (input table to version), ``seed`` (None: a fixed one); the rest is filled
        in.
    waves
        Before and after.
    design
        Variance settings.
    comparability
        Instrument to item to same, rescaled, reworded or not_comparable.
    headline
        ``raw``, or ``standardised``: verdicts rest on changes at one mix of firms, that of the design's margins.
    exclusions
        Weighted indicators that are left out.
    doubtful
        Instrument to ids of responses that are open to doubt. They stay in; each verdict is worked out without them
        as well, and one that moves is marked ``fragile``.
    flags
        What concerns all banks, such as ``not_frozen``.

    Returns
    -------
    ScoreResult

    Raises
    ------
    CampaignError
        ``framework-item``, ``weights-partial``, ``exclusion-unknown``, ``margins-stratum``; ``headline-margins`` where
        the headline needs margins and there are none.
    UsageError
        ``doubtful-unknown``: a doubtful response is none of the accepted ones.
    DesignError
        A PSU stands in two strata.
    """
    settings = design or DesignSettings()
    if headline != "raw" and not settings.margins:
        raise CampaignError("headline-margins")

    def judge(chosen: Mapping[str, pd.DataFrame]) -> _Judged:
        data = prepare_scoring(
            chosen, framework, banks=banks, start=start, waves=waves, design=settings, comparability=comparability,
            exclusions=exclusions,
        )  # fmt: skip
        return _judge(data, settings.margins, headline, flags)

    judged = judge(answers)
    steps, verdicts = judged.headline, judged.headline.verdicts
    if doubtful:
        verdicts = mark_fragile(verdicts, judge(leave_out(answers, doubtful)).headline.verdicts)
    fixed = frozen_headline(headline, settings.margins)
    complete = _complete(inputs, framework_sha(framework, headline=fixed, exclusions=exclusions), steps)
    moving = {
        "waves": list(waves),
        "start": start.isoformat(),
        "design": settings.model_dump(mode="json"),
        "comparability": {name: dict(items) for name, items in (comparability or {}).items()},
        "doubtful": {name: sorted(ids) for name, ids in (doubtful or {}).items()},
        "flags": sorted(flags),
    }
    return _as_result(judged, verdicts, complete, moving)


def _as_result(judged: _Judged, verdicts: pd.DataFrame, inputs: dict[str, Any], moving: dict[str, Any]) -> ScoreResult:
    """Work out what stands beside the verdicts, and lay all of it out; `moving` are settings that can move a number."""
    steps, framework = judged.headline, judged.headline.data.framework
    moving["banks"] = [[bank.id, bank.type] for bank in steps.data.banks]
    return ScoreResult(
        score_id=score_id(inputs, code_version=__version__, settings=moving),
        inputs=inputs,
        estimates=measure_levels(judged.raw.data, level=1 - framework.alpha),
        changes=steps.changes.frame,
        contributions=measure_contributions(steps.data, steps.changes, steps.composites),
        dimensions=steps.composites.dimensions,
        composites=steps.composites.frame,
        relative=measure_relative(steps.data, steps.gate, steps.composites),
        ranks=rank_banks(steps.data, steps.gate, steps.composites, seed=inputs["seed"]),
        verdicts=verdicts,
        shrunken=shrink_banks(steps.data, steps.gate, steps.composites),
        mix=judged.mix,
        targets=judge_targets(judged.raw.data, judged.raw.changes),
        counts=steps.data.counts(),
        lost_weights=list_lost_weights(steps.data, steps.gate, steps.changes.frame),
        merged_strata=steps.data.merged(),
        steps=steps,
        raw=judged.raw,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """The steps on the raw change and on the one of the headline, and both beside each other."""

    raw: ScoringSteps
    headline: ScoringSteps
    mix: pd.DataFrame


def _judge(data: ScoringData, margins: Mapping[str, float], headline: str, flags: Sequence[str]) -> _Judged:
    raw = judge_banks(data, flags=flags)
    if not margins:
        return _Judged(raw, raw, pd.DataFrame(columns=list(MIX_COLUMNS)))
    one_mix = standardise(data, margins)
    standardised = judge_banks(one_mix.data, flags=flags)
    weights = bank_table(standardised.changes.frame, "weight")
    mix = compare_mixes(raw.composites.frame, standardised.composites.frame, weights, one_mix.cells)
    steps = raw if headline == "raw" else standardised
    noted = [join_flags(own, other) for own, other in zip(steps.verdicts["flags"], mix["flag"], strict=True)]
    return _Judged(raw, replace(steps, verdicts=steps.verdicts.assign(flags=noted)), mix)


def judge_banks(data: ScoringData, *, flags: Sequence[str] = ()) -> ScoringSteps:
    """Go from prepared answers to verdicts: gate, changes, composites, verdicts."""
    gate = check_gate(data)
    changes = measure_changes(data, gate)
    composites = score_composites(data, gate, changes)
    verdicts = judge_verdicts(data.framework, gate, changes, composites, flags=flags)
    return ScoringSteps(data, gate, changes, composites, verdicts)


def _complete(inputs: Mapping[str, Any], sha: str, steps: ScoringSteps) -> dict[str, Any]:
    """Return the inputs as the contract has them, in a fixed order."""
    seed = inputs.get("seed")
    return {
        "files": sorted(inputs.get("files", ())),
        "tables": dict(sorted(inputs.get("tables", {}).items())),
        "framework_sha": sha,
        "seed": DEFAULT_SEED if seed is None else seed,
        "replicates": draws_for(len(steps.gate.passed)),
    }

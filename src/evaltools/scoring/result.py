"""The result of scoring and its JSON, the same bytes for the same data, code and framework."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaltools.scoring.freeze import canonical_sha
from evaltools.scoring.standing import RANK_COLUMNS, RANKED

if TYPE_CHECKING:
    from evaltools.scoring.chain import ScoringSteps

SCHEMA = 1
_DIGITS = 10
_COMPOSITE = ("baseline", "endline", "change", "se", "df", "ci_low", "ci_high", "p", "p_holm")
_RELATIVE = ("change", "se", "df", "ci_low", "ci_high", "p", "p_holm")
_WHOLE = ("rank", "simultaneous_low", "simultaneous_high", "marginal_low", "marginal_high", "n_better", "n_worse",
          "n_alike")  # fmt: skip
_TARGET = ("clause", "indicator", "statistic", "value", "ci_low", "ci_high", "n", "verdict", "evidence")


@dataclass(frozen=True, slots=True, eq=False)
class ScoreResult:
    """Everything that scoring says about a campaign.

    Attributes
    ----------
    score_id
        SHA-256 over versions of the input tables, framework, code version, seed and settings.
    inputs
        ``files``, ``tables``, ``framework_sha``, ``seed``, ``replicates``.
    estimates, changes, contributions, dimensions, composites, relative, ranks, shrunken, verdicts, targets
        Tidy frames, banks in the campaign's order; see the functions that make them. Composites and scores are not cut
        at 0 and 100; `displayed` cuts.
    mix
        Raw and standardised change of the composites; no rows without margins.
    counts
        Ratings by bank, wave, indicator and the reason why they have no value.
    lost_weights
        Indicators that a bank's composite goes without, and where their weight went.
    merged_strata
        [source, stratum, pattern, merged_with, result]: strata that were merged since a single PSU stood in them.
    steps
        What further analyses start from.
    raw
        The same on the answers as they were given, where the headline rests on standardised ones.
    """

    score_id: str
    inputs: Mapping[str, Any]
    estimates: pd.DataFrame
    changes: pd.DataFrame
    contributions: pd.DataFrame
    dimensions: pd.DataFrame
    composites: pd.DataFrame
    relative: pd.DataFrame
    ranks: pd.DataFrame
    shrunken: pd.DataFrame
    mix: pd.DataFrame
    verdicts: pd.DataFrame
    targets: pd.DataFrame
    counts: pd.DataFrame
    lost_weights: pd.DataFrame
    merged_strata: pd.DataFrame
    steps: ScoringSteps = field(repr=False)
    raw: ScoringSteps = field(repr=False)


def displayed(score: float) -> float:
    """Return a score as it is displayed: cut at 0 and 100; NaN stays NaN. Tests use the score itself."""
    return score if math.isnan(score) else min(max(score, 0.0), 100.0)


def score_id(inputs: Mapping[str, Any], *, code_version: str, settings: Mapping[str, Any]) -> str:
    """Return the id of a score: equal inputs, code and settings give the same id on every machine.

    Parameters
    ----------
    inputs
        As in `ScoreResult`.
    code_version
        Version of evaltools.
    settings
        Settings of the campaign that can move a number.
    """
    return canonical_sha({"inputs": inputs, "code": code_version, "settings": settings})


def to_json(result: ScoreResult) -> str:
    """Return the contract's JSON: ten significant digits, keys in a fixed order, null for what has no value.

    ``relative`` is null for a bank without one, ``ranks`` for a bank whose gate failed.
    """
    document = {
        "schema": SCHEMA,
        "inputs": {key: result.inputs.get(key) for key in ("files", "tables", "framework_sha", "seed", "replicates")},
        "banks": [_bank(result, str(bank)) for bank in result.verdicts["bank"]],
    }
    return json.dumps(_plain(document), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _bank(result: ScoreResult, bank: str) -> dict[str, object]:
    verdict = _row(result.verdicts, bank)
    composite = _row(result.composites, bank)
    targets = result.targets[result.targets["bank"] == bank].to_dict("records")
    return {
        "bank": bank,
        "composite": {name: composite[name] for name in _COMPOSITE},
        "relative": _relative(result, bank),
        "verdict": verdict["verdict"],
        "detail": verdict["detail"],
        "gate": {
            "passed": bool(verdict["gate_passed"]),
            "rule": verdict["gate_rule"] or None,
            "fields": json.loads(str(verdict["gate_fields"])),
        },
        "flags": _listed(verdict["flags"]),
        "ranks": _ranks(result, bank),
        "targets": [
            {name: _listed(row[name]) if name == "evidence" else row[name] for name in _TARGET} for row in targets
        ],
    }


def _relative(result: ScoreResult, bank: str) -> dict[str, object] | None:
    row = _row(result.relative, bank)
    return None if math.isnan(row["change"]) else {name: row[name] for name in _RELATIVE}


def _ranks(result: ScoreResult, bank: str) -> dict[str, object] | None:
    rows = result.ranks[result.ranks["bank"] == bank]
    if rows.empty:
        return None
    return {of: _rank(_row(rows[rows["of"] == of], bank)) for of in RANKED}


def _rank(row: Mapping[str, Any]) -> dict[str, object]:
    numbers = {name: row[name] for name in RANK_COLUMNS[2:-2]}
    whole = {name: int(value) for name, value in numbers.items() if name in _WHOLE and not math.isnan(value)}
    return {**numbers, **whole, "groups": row["groups"], "flags": _listed(row["flag"])}


def _row(frame: pd.DataFrame, bank: str) -> dict[str, Any]:
    return {str(key): value for key, value in frame[frame["bank"] == bank].iloc[0].to_dict().items()}


def _listed(joined: object) -> list[str]:
    return [part for part in str(joined).split(";") if part]


def _plain(value: Any) -> Any:
    """Return plain JSON values: numbers at ten significant digits, no NaN, no negative zero."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") + 0.0 if math.isfinite(value) else None
    return value

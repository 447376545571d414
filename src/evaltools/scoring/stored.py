"""Score what a campaign has stored: gather the answers, compute, keep the result."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import evaltools
from evaltools.config import CampaignConfig
from evaltools.errors import CampaignError
from evaltools.scoring.chain import score_campaign
from evaltools.scoring.framework import check_choices
from evaltools.scoring.freeze import FreezeState, check_lock, frozen_headline, record_unlock, write_lock
from evaltools.scoring.keeping import store_rows
from evaltools.scoring.models import Framework
from evaltools.scoring.result import ScoreResult
from evaltools.store import Store
from evaltools.store.schemas import input_tables
from evaltools.survey.answers import accepted_answers, stored_choices
from evaltools.survey.versions.harmonising import comparability_of


def input_versions(store: Store) -> dict[str, int]:
    """Return the version of each table that scoring reads."""
    versions = store.versions()
    return {name: at for name, at in versions.items() if name in input_tables(versions)}


def score_stored(
    store: Store,
    config: CampaignConfig,
    framework: Framework,
    state: FreezeState,
    *,
    seed: int,
    doubtful: Mapping[str, Collection[str]] | None = None,
) -> ScoreResult:
    """Score the accepted answers of a store; nothing is written.

    Parameters
    ----------
    store, config, framework
        The campaign's.
    state
        How the framework relates to the lock; a flag of it goes to every bank.
    seed, doubtful
        As in `score_campaign`.

    Raises
    ------
    CampaignError
        ``campaign-waves``: there are not two waves to compare; those of `score_campaign`.
    """
    check_choices(framework, stored_choices(store))
    if len(config.waves) != 2:
        raise CampaignError("campaign-waves", count=len(config.waves), waves=list(config.waves))
    before, after = config.waves
    instruments = dict.fromkeys(indicator.instrument for indicator in framework.indicators)
    files = store.read("files", ["rel_path"]).column("rel_path").to_pylist()
    return score_campaign(
        {name: accepted_answers(store, name, waves=(before, after)) for name in instruments},
        framework,
        banks=config.banks,
        start=config.start,
        inputs={"files": sorted(set(files)), "tables": input_versions(store), "seed": seed},
        waves=(before, after),
        design=config.design,
        comparability=comparability_of(store, config),
        headline=config.headline,
        exclusions=config.exclusions,
        doubtful=doubtful,
        flags=[state.flag] if state.flag else [],
    )


def keep_score(store: Store, result: ScoreResult) -> None:
    """Append a score to the store's tables; one that is kept already writes nothing."""
    with store.writing() as transaction:
        known = transaction.read("verdicts").column("score_id").to_pylist()
        if result.score_id not in known:
            for table, rows in store_rows(result).items():
                transaction.append(table, rows)


def freeze_state(folder: Path, config: CampaignConfig, framework: Framework, store: Store) -> FreezeState:
    """Return how the framework in use relates to the campaign's lock; see `check_lock`."""
    headline, rows = _headline(config), _endline_rows(store, config)
    return check_lock(folder, framework, endline_rows=rows, headline=headline, exclusions=config.exclusions)


def freeze_stored(folder: Path, config: CampaignConfig, framework: Framework, store: Store) -> None:
    """Write the campaign's lock; see `write_lock`."""
    headline, rows = _headline(config), _endline_rows(store, config)
    write_lock(folder, framework, endline_rows=rows, headline=headline, exclusions=config.exclusions)


def unlock_stored(folder: Path, config: CampaignConfig, framework: Framework, store: Store, reason: str) -> None:
    """Write into the lock why another framework is used; see `record_unlock`."""
    headline, rows = _headline(config), _endline_rows(store, config)
    record_unlock(folder, framework, reason, endline_rows=rows, headline=headline, exclusions=config.exclusions)


def _headline(config: CampaignConfig) -> str:
    return frozen_headline(config.headline, config.design.margins)


def describe_head(config: CampaignConfig, framework: Framework, state: FreezeState, score_id: str) -> dict[str, Any]:
    """Return what page 1 of every report says of a campaign: selection, waves, freeze, version of the data."""
    return {
        "title": config.title,
        "region": config.region,
        "selection": config.selection,
        "waves": dict(config.waves),
        "frozen": state.frozen,
        "freeze_flag": state.flag,
        "unlock_reason": state.unlock_reason,
        "framework": framework.title,
        "score_id": score_id,
        "n_banks": len(config.banks),
        "demo": config.demo,
    }


def list_provenance(config: CampaignConfig, framework: Framework, score: ScoreResult) -> pd.DataFrame:
    """Return where the numbers of a score come from: [name, value]; code, framework, seed, table versions."""
    inputs, merged = score.inputs, score.merged_strata
    rows = [
        ("evaltools", evaltools.__version__),
        ("campaign", config.id),
        ("framework", f"{framework.id} {framework.version}"),
        ("framework_sha", inputs["framework_sha"]),
        ("score_id", score.score_id),
        ("seed", inputs["seed"]),
    ]
    if len(merged):
        joined = [f"{one.source}: {one.stratum} ({one.pattern}) + {one.merged_with}" for one in merged.itertuples()]
        rows.append(("merged_strata", "; ".join(joined)))
    rows += [(f"table {name}", f"version {version}") for name, version in inputs["tables"].items()]
    return pd.DataFrame(rows, columns=["name", "value"]).astype(str)


def _endline_rows(store: Store, config: CampaignConfig) -> int:
    after = list(config.waves)[1:2]
    rows = store.read("responses", ["wave", "status"]).to_pandas()
    return int((rows["wave"].isin(after) & (rows["status"] == "accepted")).sum())

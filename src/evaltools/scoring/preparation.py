"""Gather what scoring needs: one table a source with its design, both waves, all indicators."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from evaltools.config import Bank, DesignSettings
from evaltools.errors import CampaignError
from evaltools.scoring.indicators import count_reasons, indicator_frame, missing_shares
from evaltools.scoring.models import Framework, Indicator, Source, Uncertainty
from evaltools.stats import Design, merge_single_strata
from evaltools.stats.waves import Pattern
from evaltools.survey.answers import NO_STRATUM

# worst first: an indicator is only as comparable as the least comparable item that it reads
COMPARABILITY = ("not_comparable", "reworded", "rescaled", "same")

_MERGED = ["stratum", "pattern", "merged_with", "result"]

_KEPT = (
    "response_id",
    "bank",
    "wave",
    "mode",
    "tool",
    "psu",
    "stratum",
    "weight",
    "branch",
    "scenario",
    "event_date",
    "overlap_known",
)


@dataclass(frozen=True, slots=True, eq=False)
class SourceData:
    """Ratings of one source.

    Attributes
    ----------
    frame : DataFrame, one row a rating of the two waves
        ``bank wave psu stratum weight mode tool branch scenario response_id overlap_known mix`` and one float column an
        indicator; ``mix`` is the stratum as declared, before strata with a single PSU were merged.
    reasons : DataFrame aligned with `frame`
        Why an indicator has no value; see `IndicatorValues`.
    missing : DataFrame, index (bank, wave), one column an indicator
        Share of missing among the ratings that the indicator is about.
    design
        Columns and choices for `evaltools.stats`.
    joined_patterns
        Overlap patterns that count as another, since one PSU alone had them.
    merged : DataFrame
        [stratum, pattern, merged_with, result]: strata that were merged since a single PSU stood in them.
    """

    source: Source
    uncertainty: Uncertainty
    indicators: tuple[Indicator, ...]
    frame: pd.DataFrame
    reasons: pd.DataFrame
    missing: pd.DataFrame
    design: Design
    joined_patterns: Mapping[Pattern, Pattern]
    merged: pd.DataFrame

    @property
    def items(self) -> list[str]:
        """Ids of the indicators: the columns of values."""
        return [indicator.id for indicator in self.indicators]

    def min_psus(self, framework: Framework) -> int:
        """Return the PSUs a wave below which an indicator of this source is neither shown nor used."""
        return {"sampling": max(framework.gate.min_cell, 2), "branch": framework.gate.branches, "none": 1}[
            self.uncertainty
        ]


@dataclass(frozen=True, slots=True, eq=False)
class ScoringData:
    """All sources of a campaign, ready for the steps of scoring.

    `comparability` gives, for each indicator, same, rescaled, reworded or not_comparable between the two waves;
    `exclusions` are indicators that the campaign leaves out.
    """

    framework: Framework
    banks: tuple[Bank, ...]
    waves: tuple[str, str]
    sources: tuple[SourceData, ...]
    comparability: Mapping[str, str]
    exclusions: frozenset[str] = frozenset()

    @property
    def bank_ids(self) -> list[str]:
        """Ids of the banks in the campaign's order, which is the order of every result."""
        return [bank.id for bank in self.banks]

    def of_source(self, source: str) -> SourceData:
        """Return the table of one source of the framework."""
        return next(data for data in self.sources if data.source == source)

    def merged(self) -> pd.DataFrame:
        """Return the record of merged strata: [source, stratum, pattern, merged_with, result]."""
        parts = [data.merged.assign(source=data.source) for data in self.sources]
        return pd.concat(parts, ignore_index=True)[["source", "stratum", "pattern", "merged_with", "result"]]

    def counts(self) -> pd.DataFrame:
        """Count ratings by reason: [bank, wave, indicator, reason, n]; reason "" is a scored rating."""
        return pd.concat([count_reasons(data.frame, data.reasons) for data in self.sources], ignore_index=True)


def prepare_scoring(
    answers: Mapping[str, pd.DataFrame],
    framework: Framework,
    *,
    banks: Sequence[Bank],
    start: date,
    waves: tuple[str, str] = ("baseline", "endline"),
    design: DesignSettings | None = None,
    comparability: Mapping[str, Mapping[str, str]] | None = None,
    exclusions: Collection[str] = (),
) -> ScoringData:
    """Turn accepted answers into values of indicators with the design of each source.

    Parameters
    ----------
    answers
        Instrument to its accepted ratings, one row each: ``response_id bank wave mode tool psu stratum weight branch
        scenario event_date overlap_known`` and one column a question. An instrument that is absent has no answers.
    framework
        The frozen framework.
    banks
        Providers in the order of the results; ratings of others stay in the design, not in the results.
    start
        First day of the campaign, for the recall window.
    waves
        Before and after.
    design
        Variance settings of the campaign.
    comparability
        Instrument to item to ``same``, ``rescaled``, ``reworded`` or ``not_comparable``; absent items are the same.
    exclusions
        Indicators that are left out of scores and changes; their weight goes where that of a missing one goes.

    Raises
    ------
    CampaignError
        ``exclusion-unknown`` for an excluded indicator that the framework does not have or does not weigh;
        ``framework-item`` for an item that the answers do not have; ``weights-partial`` where only some ratings of an
        instrument have a weight.
    DesignError
        A PSU stands in two strata.
    """
    settings = design or DesignSettings()
    weighted = [indicator.id for indicator in framework.indicators if indicator.weight > 0]
    unknown = sorted(set(exclusions) - set(weighted))
    if unknown:
        raise CampaignError("exclusion-unknown", unknown=unknown, known=weighted)
    sources = tuple(
        _prepare_source(answers, framework, source, waves=waves, start=start, settings=settings)
        for source in framework.sources
    )
    states = _comparability(framework, comparability or {})
    return ScoringData(framework, tuple(banks), waves, sources, states, frozenset(exclusions))


def _prepare_source(
    answers: Mapping[str, pd.DataFrame],
    framework: Framework,
    source: Source,
    *,
    waves: tuple[str, str],
    start: date,
    settings: DesignSettings,
) -> SourceData:
    indicators = framework.of_source(source)
    instrument, uncertainty = indicators[0].instrument, indicators[0].uncertainty
    table = answers.get(instrument)
    if table is None or table.empty:
        items = {item for i in indicators for item in (i.item, *i.where)}
        table = pd.DataFrame(columns=[*_KEPT, *sorted(items - set(_KEPT))], dtype=object)
    table = table[table["wave"].isin(waves)].reset_index(drop=True)
    scored = indicator_frame(table, framework, instrument, waves=waves, start=start)
    frame = _design_columns(table, instrument, uncertainty)
    # an answer of weight 0 stays in the design and answers nothing; what a visit found is a fact whatever its weight
    silent = (frame["weight"] == 0) & (uncertainty == "sampling")
    frame = pd.concat([frame, scored.numbers.mask(silent, np.nan, axis=0)], axis=1)
    branches = uncertainty == "branch"
    chosen = Design(
        weight="weight", stratum="stratum", psu="psu", lonely_psu="adjust", df=settings.df,
        overlap="union" if branches else settings.overlap,
    )  # fmt: skip
    frame["mix"] = frame["stratum"]
    joined: Mapping[Pattern, Pattern] = {}
    merged = pd.DataFrame(columns=_MERGED)
    if branches:
        frame["stratum"], merged = _branch_strata(frame, waves)
    elif len(frame):
        # ratings without a stratum stand last, also where the campaign does not list them
        order = tuple(dict.fromkeys((*settings.strata_order, NO_STRATUM))) if settings.strata_order else None
        done = merge_single_strata(frame, chosen, waves=waves, order=order)
        frame["stratum"], joined, merged = done.stratum, done.joined_patterns, done.record
    missing = missing_shares(scored.reasons, frame)
    return SourceData(source, uncertainty, indicators, frame, scored.reasons, missing, chosen, joined, merged)


def _design_columns(table: pd.DataFrame, instrument: str, uncertainty: Uncertainty) -> pd.DataFrame:
    """Return the columns that the design needs, as plain text and numbers without gaps."""

    def text(name: str) -> pd.Series:
        column = table[name] if name in table.columns else pd.Series(pd.NA, index=table.index)
        return column.astype(object).where(column.notna(), None)

    frame = pd.DataFrame(
        {name: text(name) for name in ("response_id", "bank", "wave", "mode", "tool", "branch", "scenario")}
    )
    psu, stratum = text("psu").fillna(frame["response_id"]).astype(str), text("stratum").fillna(NO_STRATUM).astype(str)
    if uncertainty == "branch":
        branch = text("branch")
        psu = (frame["bank"].astype(str) + "/" + branch.astype(str)).where(branch.notna(), psu)
    frame["psu"], frame["stratum"] = psu, stratum
    frame["weight"] = _weights(table, instrument)
    known = table["overlap_known"] if "overlap_known" in table.columns else pd.Series(True, index=table.index)
    frame["overlap_known"] = known.astype(object).fillna(True).astype(bool)
    return frame


def _weights(table: pd.DataFrame, instrument: str) -> pd.Series:
    if "weight" not in table.columns or table["weight"].isna().all():
        return pd.Series(1.0, index=table.index)
    weight = pd.to_numeric(table["weight"]).astype(float)
    if weight.isna().any():
        raise CampaignError("weights-partial", instrument=instrument, missing=int(weight.isna().sum()), n=len(weight))
    return weight


def _branch_strata(frame: pd.DataFrame, waves: tuple[str, str]) -> tuple[pd.Series, pd.DataFrame]:
    """Return the strata of visits: the bank, by which waves a branch was visited in where each part has two branches.

    Visits are drawn bank by bank, so the branches of other banks say nothing about this one's variance. The record
    names the banks whose parts were joined since one of them had a single branch.
    """
    seen = {wave: set(frame.loc[frame["wave"] == wave, "psu"]) for wave in waves}
    first, last = frame["psu"].isin(seen[waves[0]]), frame["psu"].isin(seen[waves[1]])
    pattern = pd.Series("both", index=frame.index, dtype=object).mask(~last, waves[0]).mask(~first, waves[1])
    parts = pd.DataFrame({"bank": frame["bank"], "pattern": pattern, "psu": frame["psu"]}).drop_duplicates()
    alone = parts.groupby(["bank", "pattern"])["psu"].nunique().eq(1)
    parts_of: dict[str, list[str]] = {}
    for bank, part in alone.index:
        parts_of.setdefault(bank, []).append(f"{bank}/{part}")
    record = []
    for bank, part in alone.index[alone.to_numpy()]:
        others = [other for other in parts_of[bank] if other != f"{bank}/{part}"]
        if others:  # a bank with one branch in all has nothing to join
            record.append((f"{bank}/{part}", "", "+".join(others), bank))
    whole = {bank for bank, _ in alone.index[alone.to_numpy()]}
    name = frame["bank"].astype(str)
    strata = name.where(frame["bank"].isin(whole), name + "/" + pattern)
    return strata, pd.DataFrame(record, columns=_MERGED, dtype="str")


def _comparability(framework: Framework, given: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    result = {}
    for indicator in framework.indicators:
        of_items = given.get(indicator.instrument, {})
        states = {of_items.get(item, "same") for item in (indicator.item, *indicator.where)}
        result[indicator.id] = min(states, key=COMPARABILITY.index)
    return result

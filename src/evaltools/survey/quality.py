"""The tables of data quality: what became of the rows, what is missing, how answers came, who is in both waves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from evaltools.config import CampaignConfig
from evaltools.store import Store
from evaltools.store.schemas import RATING_KEY
from evaltools.survey.versions.old_forms import form_counts, no_forms

REASONS: Final = (
    "skipped_by_logic", "refused", "dont_know", "not_applicable", "blank", "invalid", "not_asked",
)  # fmt: skip
"""Why an answer is missing, in the order of the columns of :attr:`QualityResult.missing`."""

_COUNTS: Final = ("n_read", "n_accepted", "n_quarantined", "n_duplicate")
_STORED: Final = ("quasi", "sensitive", "plain", "text")


@dataclass(frozen=True, slots=True, eq=False)
class QualityResult:
    """Tables of data quality.

    Attributes
    ----------
    files
        [path, sheet, wave, instrument, n_read, n_accepted, n_quarantined, n_duplicate], by path, sheet and wave.
    quarantine
        [rule, instrument, wave, n, share]: rows that a rule holds back (or, rule ``relevant``, in which it took out
        an answer, rule ``calculation``, in which it doubts one), and their share of the rows read. A row that breaks
        two rules counts for both.
    missing
        [instrument, item, wave, n, and one column a reason]: accepted ratings, and the share of them in which the
        item is missing for the reason. Replaced answers do not count.
    modes
        [bank, wave, mode, channel, tool, n]: accepted ratings.
    overlap
        [bank, baseline_only, endline_only, both, unknown]: enterprises (or branches) with accepted ratings of the bank;
        `unknown` counts ratings of which nothing tells whose they are.
    forms
        [instrument, wave, version, form_version, n, share, old]: accepted answers by the version that they were read by
        and the one that the tool states of them, their share of the instrument and wave, and whether that is an older
        form, see :func:`evaltools.survey.versions.old_forms.stated_forms`. Answers of which no tool states it are left
        out of the rows, not of the shares.
    """

    files: pd.DataFrame
    quarantine: pd.DataFrame
    missing: pd.DataFrame
    modes: pd.DataFrame
    overlap: pd.DataFrame
    forms: pd.DataFrame = field(default_factory=no_forms)


def read_quality(store: Store, config: CampaignConfig) -> QualityResult:
    """Return all tables of data quality of a campaign.

    Parameters
    ----------
    store
        A committed state of the store.
    config
        The campaign: the order of its banks, and its first two waves as baseline and endline.
    """
    waves = [*config.waves, "", ""][:2]
    ratings = accepted_ratings(store)
    return QualityResult(
        files=file_counts(store),
        quarantine=quarantine_counts(store),
        missing=missing_shares(store, ratings),
        modes=mode_counts(ratings, config.bank_ids),
        overlap=overlap_counts(ratings, config.bank_ids, waves=(waves[0], waves[1])),
        forms=form_counts(store),
    )


def accepted_ratings(store: Store) -> pd.DataFrame:
    """Return [response_id, instrument, wave, mode, channel, tool, bank, repeat_no, psu], one row an accepted rating."""
    responses = store.read("responses", ["response_id", "instrument", "wave", "mode", "channel", "tool", "status"])
    accepted: pd.DataFrame = responses.to_pandas().query("status == 'accepted'").drop(columns="status")
    ratings = store.read("ratings", ["response_id", "bank_id", "repeat_no", "status", "psu"]).to_pandas()
    ratings = ratings[ratings["status"] != "superseded"].drop(columns="status")
    return accepted.merge(ratings.rename(columns={"bank_id": "bank"}), on="response_id", how="inner")


def file_counts(store: Store) -> pd.DataFrame:
    """Return the account of every sheet, see :attr:`QualityResult.files`."""
    files: pd.DataFrame = store.read("files").to_pandas().rename(columns={"rel_path": "path"})
    order = ["path", "sheet", "wave", "source_no"]
    return files.sort_values(order, ignore_index=True)[["path", "sheet", "wave", "instrument", *_COUNTS]]


def quarantine_counts(store: Store) -> pd.DataFrame:
    """Return rows held back by rule, see :attr:`QualityResult.quarantine`."""
    keys = ["instrument", "wave"]
    columns = ["file_sha256", "sheet", "source_sha", *keys, "row", "rule", "scope", "resolved_by"]
    held: pd.DataFrame = store.read("quarantine", columns).to_pandas()
    held = held[(held["scope"] != "duplicate") & held["resolved_by"].isna()]
    held = held.drop(columns=["scope", "resolved_by"]).drop_duplicates()
    counts = held.groupby(["rule", *keys], as_index=False).size().rename(columns={"size": "n"})
    read = store.read("files", [*keys, "n_read"]).to_pandas().groupby(keys, as_index=False)["n_read"].sum()
    table = counts.merge(read, on=keys, how="left")
    table["share"] = table["n"] / table["n_read"]
    return table.sort_values([*keys, "rule"], ignore_index=True)[["rule", *keys, "n", "share"]]


def missing_shares(store: Store, ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the share of missing answers by item, wave and reason, see :attr:`QualityResult.missing`."""
    keys = ["instrument", "wave"]
    n = ratings.groupby(keys, as_index=False).size().rename(columns={"size": "n"})
    items: pd.DataFrame = store.read("items", ["instrument", "item", "sensitivity", "type"]).to_pandas()
    items = items[items["sensitivity"].isin(_STORED) & (items["type"] != "calculate")]
    table = items[["instrument", "item"]].drop_duplicates().merge(n, on="instrument")
    missing = store.read("missing", [*RATING_KEY, "item", "reason"]).to_pandas().rename(columns={"bank_id": "bank"})
    rating = ["response_id", "bank", "repeat_no"]
    missing = missing.merge(ratings[[*rating, *keys]], on=rating, how="inner")
    wide = missing.pivot_table(index=[*keys, "item"], columns="reason", values="response_id", aggfunc="count")
    wide = wide.reindex(columns=[*REASONS, *sorted(set(wide.columns) - set(REASONS))], fill_value=0)
    table = table.merge(wide.reset_index(), on=[*keys, "item"], how="left")
    reasons = list(wide.columns)
    table[reasons] = table[reasons].fillna(0).astype(float).div(table["n"].to_numpy(), axis=0)
    return table.sort_values(["instrument", "item", "wave"], ignore_index=True)[
        ["instrument", "item", "wave", "n", *reasons]
    ]


def mode_counts(ratings: pd.DataFrame, banks: tuple[str, ...]) -> pd.DataFrame:
    """Return how the answers came, see :attr:`QualityResult.modes`."""
    keys = ["bank", "wave", "mode", "channel", "tool"]
    counts = ratings.fillna({"mode": "", "channel": "", "tool": ""}).groupby(keys, as_index=False).size()
    counts["place"] = counts["bank"].map({bank: number for number, bank in enumerate(banks)}).fillna(len(banks))
    counts = counts.sort_values(["place", *keys[1:]], ignore_index=True)
    return counts.rename(columns={"size": "n"})[[*keys, "n"]]


def overlap_counts(ratings: pd.DataFrame, banks: tuple[str, ...], *, waves: tuple[str, str]) -> pd.DataFrame:
    """Return who rated each bank in which waves, see :attr:`QualityResult.overlap`; one row a bank of the campaign."""
    known = ratings[ratings["psu"] != ratings["response_id"]]
    keys = zip(known["bank"], known["wave"], known["instrument"], known["psu"], strict=True)
    whose: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for bank, wave, instrument, psu in keys:
        whose.setdefault((bank, wave), set()).add((instrument, psu))
    unknown = ratings.loc[ratings["psu"] == ratings["response_id"], "bank"].value_counts()
    rows = []
    for bank in banks:
        before, after = whose.get((bank, waves[0]), set()), whose.get((bank, waves[1]), set())
        counts = (len(before - after), len(after - before), len(before & after), int(unknown.get(bank, 0)))
        rows.append((bank, *counts))
    return pd.DataFrame(rows, columns=["bank", "baseline_only", "endline_only", "both", "unknown"])

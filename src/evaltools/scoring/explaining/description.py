"""The change of single indicators in parts: who stayed, left or came, which mix, how large, and as an order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.explaining.selection import (
    SMALL_CELL,
    at_places,
    hide,
    in_order,
    in_use,
    own_answers,
    ratings,
    surveys,
    untold,
    with_mix,
)
from evaltools.scoring.gate import GateResult
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats import (
    attrition,
    change_by_presence,
    check_ordinal,
    split_change,
    standardised_effect,
    superiority,
)
from evaltools.stats.regression.ordinal_check import MOST_CATEGORIES

CHANGE_COLUMNS = (
    "bank", "indicator", "part", "estimate", "se", "df", "ci_low", "ci_high", "p", "n_baseline", "n_endline", "flag",
)  # fmt: skip
PRESENCE = (
    "panel_change", "turnover", "panel_baseline", "panel_endline", "left_baseline", "left_difference", "new_endline",
    "new_difference",
)  # fmt: skip
PARTS = (*PRESENCE, "rate", "composition", "effect", "superiority", "log_odds")
RATE_COLUMNS = ("bank", "n_baseline", "n_stayed", "n_left", "rate", "se", "df", "ci_low", "ci_high", "flag")
LEAVER_COLUMNS = (
    "bank", "indicator", "stayed", "left", "difference", "se", "df", "ci_low", "ci_high", "p", "p_bh", "n_stayed",
    "n_left", "flag",
)  # fmt: skip
_NUMBERS = ("estimate", "se", "df", "ci_low", "ci_high", "p")
_LEAVER_NUMBERS = ("stayed", "left", "difference", "se", "df", "ci_low", "ci_high", "p", "p_bh")


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """Changes in parts, and who left.

    Attributes
    ----------
    changes : DataFrame
        `CHANGE_COLUMNS`, one row a bank, surveyed indicator in use and part (`PARTS`).
    attrition : DataFrame, one row a bank
        `RATE_COLUMNS`: how many of the baseline's firms are not there at the endline.
    leavers : DataFrame, one row a bank and indicator
        `LEAVER_COLUMNS`: baseline answers of those who left beside those who stayed.
    """

    changes: pd.DataFrame
    attrition: pd.DataFrame
    leavers: pd.DataFrame


def describe_change(data: ScoringData, gate: GateResult) -> Description:
    """Take the change of every surveyed indicator apart, for each bank.

    Parameters
    ----------
    data, gate
        From the steps of scoring.

    Returns
    -------
    Description
        Parts, all in the indicator's unit unless said otherwise: `PRESENCE` as in `evaltools.stats.change_by_presence`;
        ``rate`` and ``composition`` of `split_change`, over the strata as declared; ``effect``, the change in standard
        deviations of the baseline's answers; ``superiority``, how often an endline answer is above a baseline one (1/2
        is no change; above is better only where more is better); ``log_odds`` of a higher answer, for ratings of at
        most 20 steps, from `check_ordinal`.

        NaN with a reason where the gate failed or the indicator cannot be used. A part by presence is told only if each
        group of firms, those who stayed, left and are new, is empty or has as many as may be shown, for a group that is
        left out could be worked out from the others (``small_cell``); and not where nobody knows who answered twice
        (``overlap_unknown``). ``no_mix``: nothing is known of the firms. No rows unless two firms answered in each
        wave.
    """
    changes, rates, leavers = [], [], []
    for source in surveys(data):
        firms = source.frame.groupby("wave")["psu"].nunique().reindex(list(data.waves), fill_value=0)
        if firms.min() < 2:  # of one firm alone nothing may be shown
            continue
        changes.append(_parts(data, gate, source))
        rate, left = _who_left(data, gate, source)
        rates.append(rate)
        leavers.append(left)
    order = [one.id for one in data.framework.indicators]
    return Description(
        in_order(_joined(changes, CHANGE_COLUMNS), bank=data.bank_ids, indicator=order, part=PARTS),
        in_order(_joined(rates, RATE_COLUMNS), bank=data.bank_ids),
        in_order(_joined(leavers, LEAVER_COLUMNS), bank=data.bank_ids, indicator=order),
    )


def _joined(parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[list(columns)] if parts else pd.DataFrame(columns=list(columns))


def _parts(data: ScoringData, gate: GateResult, source: SourceData) -> pd.DataFrame:
    """Return all parts of one source's indicators, and hide what may not be told."""
    frame, names = own_answers(data, source), [one.id for one in in_use(data, source)]
    tables = [
        _by_presence(data, source, frame, names),
        _split(data, source, frame, names),
        *_sizes(data, source, frame, names),
        *_as_order(data, source, frame),
    ]
    table = pd.concat(tables, ignore_index=True).rename(columns={"item": "indicator"})
    table = table[table["bank"].isin(data.bank_ids)].reset_index(drop=True)
    reasons = at_places(untold(data, gate, names), table["bank"].to_list(), table["indicator"].to_list())
    groups = at_places(_group_reasons(data, source, names), table["bank"].to_list(), table["indicator"].to_list())
    reasons = np.where((reasons == "") & table["part"].isin(PRESENCE).to_numpy(), groups, reasons)
    return hide(table, _NUMBERS, reasons)


def _by_presence(data: ScoringData, source: SourceData, frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    table = change_by_presence(
        frame, names, "bank", "wave", source.design, waves=data.waves, level=1 - data.framework.alpha
    )
    return table[table["part"].isin(PRESENCE)]


def _split(data: ScoringData, source: SourceData, frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    if not with_mix(frame)[1]:
        rows = pd.MultiIndex.from_product(
            [data.bank_ids, names, ["rate", "composition"]], names=["bank", "item", "part"]
        )
        table = pd.DataFrame(dict.fromkeys(_NUMBERS, np.nan) | {"flag": "no_mix"}, index=rows)
        for column, wave in zip(("n_baseline", "n_endline"), data.waves, strict=True):
            answers = frame[frame["wave"] == wave].groupby("bank")[names].count().reindex(data.bank_ids, fill_value=0)
            table[column] = answers.to_numpy().repeat(2)
        return table.reset_index()
    table = split_change(
        frame, names, "bank", "wave", source.design, mix="mix", waves=data.waves, level=1 - data.framework.alpha
    )
    return table[table["part"].isin(["rate", "composition"])].drop(columns="empty_share")


def _sizes(data: ScoringData, source: SourceData, frame: pd.DataFrame, names: list[str]) -> list[pd.DataFrame]:
    """Return the standardised effect, and how often an endline answer is above a baseline one."""
    found = []
    for name, measure in (("effect", standardised_effect), ("superiority", superiority)):
        table = measure(frame, names, "bank", "wave", source.design, waves=data.waves, level=1 - data.framework.alpha)
        table = table.rename(columns={name: "estimate"}).assign(part=name)
        found.append(table[["bank", "item", "part", *_NUMBERS, "n_baseline", "n_endline", "flag"]])
    return found


def _as_order(data: ScoringData, source: SourceData, frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the log odds of a higher answer, one table an item that is an ordered scale."""
    found = []
    for one in ratings(data, source):
        if 1 < frame[one.id].nunique() <= MOST_CATEGORIES:
            table = check_ordinal(
                frame, one.id, "bank", "wave", source.design, waves=data.waves, level=1 - data.framework.alpha
            )
            table = table.rename(columns={"log_odds": "estimate"}).assign(part="log_odds")
            found.append(table[["bank", "item", "part", *_NUMBERS, "n_baseline", "n_endline", "flag"]])
    return found


def _group_counts(data: ScoringData, source: SourceData, names: list[str]) -> npt.NDArray[np.int64]:
    """Count the firms with an answer: banks x indicators x (stayed, before; stayed, after; left; new)."""
    frame = source.frame
    live = frame.loc[frame["weight"] > 0, ["bank", "psu", "wave"]].drop_duplicates()
    waves = live.groupby(["bank", "psu"]).size()
    stayed = waves.reindex(pd.MultiIndex.from_frame(frame[["bank", "psu"]])).eq(2).to_numpy()
    keys = [frame["bank"], frame["wave"], pd.Series(stayed, index=frame.index, name="stayed"), frame["psu"]]
    held = frame[names].notna().groupby(keys).any().groupby(level=["bank", "wave", "stayed"]).sum()
    groups = [(data.waves[0], True), (data.waves[1], True), (data.waves[0], False), (data.waves[1], False)]
    counts = [
        held.reindex(pd.MultiIndex.from_product([data.bank_ids, [wave], [there]])).fillna(0).to_numpy(dtype=np.int64)
        for wave, there in groups
    ]
    return np.stack(counts, axis=2)


def _group_reasons(data: ScoringData, source: SourceData, names: list[str], *, baseline: bool = False) -> pd.DataFrame:
    """Return, banks x indicators, why the groups of firms are not told apart; `baseline`: in the first wave alone."""
    counts = _group_counts(data, source, names)
    counts = counts[:, :, [0, 2]] if baseline else counts
    small = ((counts > 0) & (counts < source.min_psus(data.framework))).any(axis=2)
    unknown = set(source.frame.loc[~source.frame["overlap_known"], "bank"])
    nameless = np.array([bank in unknown for bank in data.bank_ids])[:, None]
    reasons = np.where(nameless, "overlap_unknown", np.where(small, SMALL_CELL, "")).astype(object)
    return pd.DataFrame(reasons, index=pd.Index(data.bank_ids, name="bank"), columns=names)


def _who_left(data: ScoringData, gate: GateResult, source: SourceData) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rates of attrition, and the baseline answers of those who left."""
    names = [one.id for one in in_use(data, source)]
    frame = own_answers(data, source)
    done = attrition(
        frame, "bank", "wave", source.design, items=names, waves=data.waves, level=1 - data.framework.alpha
    )
    unknown = set(frame.loc[~frame["overlap_known"], "bank"])
    rates = done.rates[done.rates["bank"].isin(data.bank_ids)]
    why = np.array(["overlap_unknown" if bank in unknown else "" for bank in rates["bank"]], dtype=object)
    rates = hide(rates, ("rate", "se", "df", "ci_low", "ci_high"), why)
    answers = done.answers[done.answers["bank"].isin(data.bank_ids)].rename(columns={"item": "indicator"})
    places = answers["bank"].to_list(), answers["indicator"].to_list()
    reasons = at_places(untold(data, gate, names), *places)
    groups = at_places(_group_reasons(data, source, names, baseline=True), *places)
    return rates, hide(answers, _LEAVER_NUMBERS, np.where(reasons == "", groups, reasons))

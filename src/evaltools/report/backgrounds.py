"""What stands behind the conclusions, one sentence each: what goes together, scales, visits, banks, who left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from evaltools.report import numbers
from evaltools.report.labels import Labels
from evaltools.report.passages import Passage, paragraphs
from evaltools.report.phrases import phrase
from evaltools.report.rows import records
from evaltools.text import Lang


def _drivers(drivers: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    """Name the rating that goes together most closely with the outcome, over both waves."""
    both = drivers[(drivers["wave"] == "") & drivers["ci_low"].notna()]
    if both.empty:
        return paragraphs([phrase("explain.drivers_none", lang)], "note")
    first = both.sort_values("share", ascending=False, kind="stable").iloc[0]
    values = {"outcome": labels.indicator(str(first["outcome"]), lang), "n": numbers.count(first["n"])}
    if both["flag"].str.contains("explains_little").any():
        return paragraphs([phrase("explain.drivers_little", lang, **values)], "note")
    values |= {
        "driver": labels.indicator(str(first["driver"]), lang),
        "share": numbers.share(first["share"], 0),
        "low": numbers.share(first["ci_low"], 0),
        "high": numbers.share(first["ci_high"], 0),
        "level": numbers.share(1 - labels.framework.alpha, 0),
    }
    return paragraphs([phrase("explain.drivers", lang, **values)], "finding")


def _scales(scales: pd.DataFrame, invariance: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    """Give the lowest and the highest alpha, and count the ratings that moved against their group."""
    told = scales[scales["alpha"].notna()]
    if told.empty:
        return paragraphs([phrase("explain.scales_none", lang)], "note")
    by_alpha = sorted(records(told), key=lambda row: float(row["alpha"]))
    lowest, highest = by_alpha[0], by_alpha[-1]
    flags = invariance["flag"].astype(str)
    shifted = flags.str.contains("shifted") & ~flags.str.contains("negligible")
    text = phrase(
        "explain.scales", lang, n=numbers.count(told["scale"].nunique()),
        low=numbers.number(lowest["alpha"], 2), lowest=_scale_name(lowest, labels, lang),
        wave_low=labels.wave(str(lowest["wave"]), lang), high=numbers.number(highest["alpha"], 2),
        highest=_scale_name(highest, labels, lang), wave_high=labels.wave(str(highest["wave"]), lang),
        shifted=numbers.count(shifted.sum()),
    )  # fmt: skip
    return paragraphs([text], "finding")


def _scale_name(row: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    known = {dimension.id for dimension in labels.framework.dimensions}
    scale = str(row["scale"])
    return labels.dimension(scale, lang) if scale in known else phrase("explain.all_ratings", lang)


def _visits(visits: pd.DataFrame, unpaired: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    """Count pairs, visits in none, cells with too few pairs that differ, and changes that stand the correction."""
    paired = visits[visits["n_pairs"] > 0]
    if paired.empty:
        return paragraphs([phrase("explain.visits_none", lang)], "note")
    pairs = (visits["n_pairs"] + visits["n_missing"]).groupby(visits["bank"]).max().sum()
    alpha = labels.framework.alpha
    text = phrase(
        "explain.visits", lang, pairs=numbers.count(pairs), unpaired=numbers.count(unpaired["n_visits"].sum()),
        cells=numbers.count(len(paired)), few=numbers.count(paired["flag"].str.contains("too_few_pairs").sum()),
        alpha=numbers.share(alpha, 0), found=numbers.count((paired["p_bh"] <= alpha).sum()),
    )  # fmt: skip
    return paragraphs([text], "finding")


def _banks(banks: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    """Count the levels outside the funnel, and say that values which stand out tend to the middle."""
    levels = banks[(banks["of"] == "level") & banks["reliability"].notna()]
    if levels.empty:
        return paragraphs([phrase("explain.banks_none", lang)], "note")
    text = phrase(
        "explain.banks", lang, cells=numbers.count(len(levels)),
        outside=numbers.count((levels["outside"] != "").sum()),
        found=numbers.count((levels["p_bh"] <= labels.framework.alpha).sum()),
        share=numbers.share(levels["reliability"].mean(), 0),
    )  # fmt: skip
    return paragraphs([text], "finding")


def _attrition(rates: pd.DataFrame, leavers: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    """Count who left, and where they had answered otherwise."""
    known, told = rates[rates["rate"].notna()], leavers[leavers["p_bh"].notna()]
    if known.empty:
        return paragraphs([phrase("explain.attrition_none", lang)], "note")
    text = phrase(
        "explain.attrition", lang, n=numbers.count(known["n_baseline"].sum()),
        left=numbers.count(known["n_left"].sum()), cells=numbers.count(len(told)),
        found=numbers.count((told["p_bh"] <= labels.framework.alpha).sum()),
    )  # fmt: skip
    return paragraphs([text], "finding")


COMPUTED: Mapping[str, Callable[..., Passage]] = {
    "explain.attrition": _attrition,
    "explain.banks": _banks,
    "explain.drivers": _drivers,
    "explain.scales": _scales,
    "explain.visits": _visits,
}

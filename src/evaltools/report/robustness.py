"""How far the conclusions rest on choices and on who answered: other ways of scoring, another mix, lost weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaltools.report import numbers
from evaltools.report.conclusions import flag_text, verdict_code
from evaltools.report.labels import Labels
from evaltools.report.passages import Passage, paragraphs, together
from evaltools.report.phrases import phrase
from evaltools.report.quantities import score_quantity
from evaltools.report.rows import records
from evaltools.report.table import Cell, Table, column
from evaltools.report.tables import rank_text, verdict_cell
from evaltools.text import Lang

if TYPE_CHECKING:
    from evaltools.scoring.sensitivity.analysis import SensitivityResult

STEADY = 0.95  # share of the variants from which a conclusion counts as one that does not hang on the choices


def sensitivity_table(sensitivity: SensitivityResult, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return one row a judged bank: its conclusion, in how many variants it holds, change and rank in most of them."""
    verdicts, ranks = sensitivity.verdicts, sensitivity.ranks
    of_change = ranks[ranks["of"] == "change"].set_index("bank").reindex(verdicts["bank"])
    rows = records(
        verdicts.assign(rank_low=of_change["rank_low"].to_numpy(), rank_high=of_change["rank_high"].to_numpy())
    )
    write = score_quantity(lang)
    codes = [verdict_code(str(row["verdict"]), str(row["detail"])) for row in rows]
    return Table(phrase("caption.sensitivity", lang), [
        column("bank", lang, [labels.bank(str(row["bank"]), lang) for row in rows]),
        column("verdict", lang, [verdict_cell(code, lang) for code in codes]),
        column("holds", lang, [Cell(numbers.share(row["holds_share"], 0), _otherwise(row, lang)) for row in rows]),
        column("variants", lang, [
            Cell(write.change_range(row["change_low"], row["change_high"]),
                 "" if numbers.is_missing(row["rank_low"]) else rank_text(row["rank_low"], row["rank_high"], lang))
            for row in rows
        ], numeric=True),
    ], [phrase("county.sensitivity_note", lang, **_said_choices(sensitivity))],
        empty=phrase("county.sensitivity_none", lang))  # fmt: skip


def mix_table(mix: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return raw and standardised change by bank; a sentence where the population's mix is not known."""
    rows = records(mix[mix["raw"].notna()])
    return Table(phrase("caption.mix", lang), [
        column("bank", lang, [labels.bank(str(row["bank"]), lang) for row in rows]),
        column("change_raw", lang, [numbers.signed(row["raw"]) for row in rows], numeric=True),
        column("change_standardised", lang, [
            Cell(numbers.signed(row["standardised"]), flag_text(row["flag"], lang) if row["flag"] else "")
            for row in rows
        ], numeric=True),
        column("mix_effect", lang, [numbers.signed(row["mix_effect"]) for row in rows], numeric=True),
    ], [phrase("county.mix_note", lang)], empty=phrase("county.mix_none", lang))  # fmt: skip


def lost_table(lost: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return the indicators that a bank's composite goes without: why, and which ones take over their weight."""
    dimensions = {dimension.id for dimension in labels.framework.dimensions}
    rows = records(lost)
    return Table(phrase("caption.lost", lang), [
        column("bank", lang, [labels.bank(str(row["bank"]), lang) for row in rows]),
        column("indicator", lang, [labels.indicator(str(row["indicator"]), lang) for row in rows]),
        column("reason", lang, [flag_text(str(row["reason"]), lang) for row in rows]),
        column("weight", lang, [numbers.share(row["weight"], 1) for row in rows], numeric=True),
        column("heirs", lang, [_heirs(str(row["taken_over_by"]), dimensions, labels, lang) for row in rows]),
    ], long=True, empty=phrase("scoring.lost_none", lang))  # fmt: skip


def _heirs(joined: str, dimensions: set[str], labels: Labels, lang: Lang) -> str:
    names = joined.split(";")
    if set(names) <= dimensions:
        return phrase("scoring.heirs_dimensions", lang, n=numbers.count(len(names)))
    return phrase("scoring.heirs_indicators", lang, n=numbers.count(len(names)))


def _otherwise(row: Mapping[str, Any], lang: Lang) -> str:
    """Return what the conclusion becomes where it does not hold, the most frequent first."""
    others = {
        name: float(row[f"{name}_share"])
        for name, verdict in (
            ("improved", "improved"),
            ("worsened", "worsened"),
            ("unchanged", "no_detectable_change"),
            ("not_judged", ""),
        )
        if row["verdict"] != verdict and float(row[f"{name}_share"]) >= 0.005
    }
    ordered = sorted(others, key=lambda name: -others[name])
    return "\n".join(phrase(f"variants.{name}", lang, share=numbers.share(others[name], 0)) for name in ordered)


def _said_choices(sensitivity: SensitivityResult) -> dict[str, str]:
    choices = sensitivity.choices
    return {
        "n": numbers.count(sensitivity.n_variants),
        "concentration": numbers.trimmed(choices.concentration),
        "stretch": numbers.trimmed(choices.stretch),
        "leave_out": numbers.share(choices.leave_out, 0),
    }


def _county_sensitivity(sensitivity: SensitivityResult, *, lang: Lang, labels: Labels) -> Passage:
    verdicts = sensitivity.verdicts
    if verdicts.empty:
        return paragraphs([phrase("county.sensitivity_none", lang)])
    steady = verdicts["holds_share"] >= STEADY
    lines = [
        phrase(
            "county.sensitivity", lang, n=numbers.count(sensitivity.n_variants), banks=numbers.count(len(verdicts)),
            steady=numbers.count(steady.sum()), share=numbers.share(STEADY, 0),
        )
    ]  # fmt: skip
    shaky = [str(bank) for bank in verdicts.loc[~steady, "bank"]]
    if shaky:
        names = numbers.join(labels.banks(shaky, lang), lang=lang)
        lines.append(phrase("county.sensitivity_shaky", lang, banks=names))
    return together([paragraphs(lines, "finding"), *_most_moving(sensitivity, lang)])


def _most_moving(sensitivity: SensitivityResult, lang: Lang) -> list[Passage]:
    """Return which choice moves the ranks most, over all banks; nothing where no rank moves."""
    moved = sensitivity.indices[(sensitivity.indices["output"] == "rank") & (sensitivity.indices["flag"] == "")]
    if moved.empty:
        return []
    total = moved.groupby("choice")["total"].mean().sort_values(ascending=False)
    text = phrase("county.sensitivity_choice", lang, choice=phrase(f"choice.{total.index[0]}", lang),
                  share=numbers.share(total.iloc[0], 0))  # fmt: skip
    return [paragraphs([text], "note")]


def _card_sensitivity(
    sensitivity: SensitivityResult, *, lang: Lang, labels: Labels | None = None, bank: str
) -> Passage:
    row = sensitivity.verdicts[sensitivity.verdicts["bank"] == bank]
    if row.empty:
        return paragraphs([phrase("card.sensitivity_none", lang)], "note")
    share = numbers.share(row["holds_share"].iloc[0], 0)
    return paragraphs([phrase("card.sensitivity", lang, n=numbers.count(sensitivity.n_variants), share=share)], "note")


def _card_relative(relative: pd.DataFrame, *, lang: Lang, labels: Labels | None = None, bank: str) -> Passage:
    row = relative[relative["bank"] == bank].iloc[0]
    if numbers.is_missing(row["change"]):
        return paragraphs([phrase("card.relative_none", lang)], "note")
    write = score_quantity(lang)
    limits = write.change_range(row["ci_low"], row["ci_high"])
    text = phrase("card.relative", lang, change=write.change(row["change"]),
                  interval=limits or phrase("reason.no_estimate", lang))  # fmt: skip
    return paragraphs([text], "note")


def _reliability(shrunken: pd.DataFrame, *, lang: Lang, labels: Labels | None = None) -> Passage:
    """Say how much of the differences between banks' changes is real, and how far a second sample would move one."""
    changes = shrunken[(shrunken["of"] == "change") & shrunken["shrunken"].notna()]
    if changes.empty:
        return paragraphs([phrase("county.reliability_none", lang)], "note")
    furthest = changes["expected_shift"].abs().max()
    text = phrase("county.reliability", lang, share=numbers.share(changes["reliability"].mean(), 0),
                  shift=numbers.magnitude(furthest))  # fmt: skip
    return paragraphs([text], "note")


COMPUTED: Mapping[str, Callable[..., Passage]] = {
    "county.sensitivity": _county_sensitivity,
    "county.reliability": _reliability,
    "card.sensitivity": _card_sensitivity,
    "card.relative": _card_relative,
}

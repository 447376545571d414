"""Result to table: every claim with its interval and its n, a reason where a number is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaltools.report import numbers
from evaltools.report.conclusions import (
    CODES,
    JUDGED,
    flag_text,
    judged_banks,
    split_flags,
    verdict_codes,
)
from evaltools.report.labels import Labels
from evaltools.report.league import rank_league
from evaltools.report.phrases import phrase, phrase_or
from evaltools.report.quantities import Quantity, quantity, score_quantity
from evaltools.report.rows import records
from evaltools.report.table import Cell, Column, Table, column
from evaltools.text import Lang

if TYPE_CHECKING:
    from evaltools.config import CampaignConfig

SIGNS = {"improved": "▲", "worsened": "▼", "no_detectable_change": "○"}


def verdict_cell(code: str, lang: Lang) -> Cell:
    """Return a verdict's short form with a sign that also reads in grey."""
    sign = next((sign for name, sign in SIGNS.items() if code.startswith(name)), "—")
    return Cell(f"{sign} {phrase(f'label.{code}', lang)}", kind=f"verdict-cell {code}")


def verdict_table(
    verdicts: pd.DataFrame, composites: pd.DataFrame, relative: pd.DataFrame | None = None, *, labels: Labels,
    lang: Lang = "zh", links: Mapping[str, str] | None = None,
) -> Table:  # fmt: skip
    """Return one row a bank: scores and sample, verdict, change with interval; strongest verdict first.

    `relative`, from ``Campaign.relative()``, puts the change beside that of the other banks next to the absolute one.
    `links` leads from a bank's name to its scorecard.
    """
    codes = verdict_codes(verdicts)
    rows = verdicts[["bank"]].merge(composites, on="bank", how="left")
    rows["code"] = [codes[str(bank)] for bank in rows["bank"]]
    rows["order"] = [CODES.index(code) for code in rows["code"]]
    rows = rows.sort_values(["order", "change", "bank"], ascending=[True, False, True], ignore_index=True)
    write = score_quantity(lang)
    ways = links or {}
    names = [
        Cell(labels.bank(str(row["bank"]), lang), _scores_below(row, write, lang), link=ways.get(str(row["bank"]), ""))
        for row in records(rows)
    ]
    notes = [phrase("county.verdicts_note", lang)]
    columns = [
        column("bank_scores", lang, names),
        column("verdict", lang, [verdict_cell(code, lang) for code in rows["code"]]),
        column("change_points", lang, [_score_change(row, write, lang) for row in records(rows)], numeric=True),
    ]
    if relative is not None:
        others = relative.set_index("bank").reindex(rows["bank"])
        columns.append(
            column("relative", lang, [_score_change(row, write, lang) for row in records(others)], numeric=True)
        )
        notes.append(phrase("county.relative_note", lang))
    return Table(phrase("caption.verdicts", lang), columns, notes)


def league_table(
    verdicts: pd.DataFrame, composites: pd.DataFrame, ranks: pd.DataFrame | None = None, *, labels: Labels,
    lang: Lang = "zh",
) -> Table:  # fmt: skip
    """Return the banks that can be compared by change, each with the range of ranks that the data allow.

    `ranks` is from ``Campaign.ranks()``.
    """
    frame = rank_league(composites, judged_banks(verdicts), ranks).frame
    write = score_quantity(lang)
    return Table(phrase("caption.league", lang), [
        column("bank_sample", lang, [
            Cell(labels.bank(str(row["bank"]), lang), _sample_text(row, lang)) for row in records(frame)
        ]),
        column("change_points", lang, [_interval_cell(row, write) for row in records(frame)], numeric=True),
        column("rank", lang, [
            Cell(rank_text(row["rank_low"], row["rank_high"], lang), _alike_text(row, len(frame), lang), "whole")
            for row in records(frame)
        ]),
    ])  # fmt: skip


def rank_text(low: object, high: object, lang: Lang) -> str:
    """Return ``第3至第6名`` or ``第1名``."""
    first, last = numbers.count(low), numbers.count(high)
    return phrase("rank.one" if first == last else "rank.range", lang, low=first, high=last)


def _alike_text(row: Mapping[str, Any], n_banks: int, lang: Lang) -> str:
    """Return from how many of the other banks a bank cannot be told apart."""
    alike = int(row["alike"])
    key = "none" if alike == 0 else "all" if alike >= n_banks - 1 else "some"
    return phrase(f"rank.alike_{key}", lang, n=numbers.count(alike))


def dimension_table(
    dimensions: pd.DataFrame, verdicts: pd.DataFrame, composites: pd.DataFrame,
    contributions: pd.DataFrame | None = None, *, bank: str, labels: Labels, lang: Lang = "zh",
) -> Table:  # fmt: skip
    """Return a bank's composite and dimension scores with change, interval, weight and contribution.

    `contributions`, from ``Campaign.contributions()``, says how many points of the composite's change each dimension
    brings; they add up to it.
    """
    rows = score_rows(dimensions, verdicts, composites, bank=bank, labels=labels, lang=lang)
    write = score_quantity(lang)
    notes = [phrase("card.figure_note", lang)]
    if contributions is not None:
        notes.append(phrase("card.contribution_note", lang))
    return Table(phrase("caption.dimensions", lang, bank=labels.bank(bank, lang)), [
        column("dimension", lang, [row["name"] for row in rows]),
        column("scores", lang, [write.levels(row["baseline"], row["endline"]) for row in rows], numeric=True),
        column("change_points", lang, [_interval_cell(row, write) for row in rows], numeric=True),
        _weight_column(contributions, rows, bank, lang),
    ], notes, empty=phrase("card.dimensions_none", lang))  # fmt: skip


def _weight_column(contributions: pd.DataFrame | None, rows: list[dict[str, Any]], bank: str, lang: Lang) -> Column:
    """Return the weight of each row, below its contribution where that is known: one column, so a phone shows it."""
    weights = [numbers.share(row["weight"], 0) for row in rows]
    if contributions is None:
        return column("weight", lang, weights, numeric=True)
    own = contributions[(contributions["bank"] == bank) & (contributions["indicator"] == "")]
    points = dict(zip(own["dimension"], own["contribution"], strict=True))
    cells = [
        Cell(numbers.signed(points.get(row.get("dimension"), row["change"])), weight)
        for row, weight in zip(rows, weights, strict=True)
    ]
    return column("contribution", lang, cells, numeric=True)


def score_rows(
    dimensions: pd.DataFrame, verdicts: pd.DataFrame, composites: pd.DataFrame, *, bank: str, labels: Labels, lang: Lang
) -> list[dict[str, Any]]:
    """Return a bank's composite and its dimensions that have a change; none for a bank that is not judged."""
    if bank not in judged_banks(verdicts):
        return []
    whole = composites[composites["bank"] == bank].assign(name=phrase("figure.composite", lang), weight=1.0)
    parts = dimensions[(dimensions["bank"] == bank) & dimensions["change"].notna()]
    weights = {dimension.id: dimension.weight for dimension in labels.framework.dimensions}
    parts = parts.assign(
        name=[labels.dimension(str(one), lang) for one in parts["dimension"]],
        weight=parts["dimension"].map(weights),
    )
    return records(whole) + records(parts)


def indicator_table(
    changes: pd.DataFrame, verdicts: pd.DataFrame, *, bank: str, labels: Labels, lang: Lang = "zh"
) -> Table:
    """Return a bank's indicators in their own units; a cell from too few answers gives its reason instead.

    A bank that is not judged has no rows: counts of a handful of firms by indicator are nobody's business.
    """
    rows = records(changes[changes["bank"] == bank]) if bank in judged_banks(verdicts) else []
    names = [Cell(labels.indicator(str(row["indicator"]), lang), _unit_text(row, labels, lang)) for row in rows]
    cells = [_indicator_cells(row, labels, lang) for row in rows]
    gate = labels.framework.gate
    least = {"min_cell": numbers.count(gate.min_cell), "branches": numbers.count(gate.branches)}
    note = phrase("card.indicators_note", lang, **least)
    return Table(phrase("caption.indicators", lang, bank=labels.bank(bank, lang)), [
        column("indicator", lang, names),
        column("values_sample", lang, [levels for levels, _ in cells], numeric=True),
        column("change", lang, [change for _, change in cells], numeric=True),
    ], [note], empty=phrase("card.indicators_none", lang))  # fmt: skip


def _unit_text(row: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """Return an indicator's unit, that less is better where it is, and that it does not count where it does not."""
    indicator = str(row["indicator"])
    unit = unit_text(indicator, labels, lang)
    counted = bool(row["used"]) or numbers.is_missing(row["change"])  # without a change, the reason says it
    return unit if counted else phrase("unit.not_used", lang, unit=unit)


def unit_text(indicator: str, labels: Labels, lang: Lang) -> str:
    """Return an indicator's unit, and that less is better where it is."""
    unit, known = labels.unit(indicator, lang)[1], labels.known_indicator(indicator)
    lower = known is not None and known.goalposts.worst > known.goalposts.best
    return phrase("unit.lower_is_better", lang, unit=unit) if lower else unit


def enough_answers(row: Mapping[str, Any], labels: Labels) -> bool:
    """Return whether a row may be shown: firms' answers need the framework's smallest cell in both waves.

    Scoring leaves such cells without numbers already; this is the second lock on the same door.
    """
    if row.get("source") != labels.framework.gate.source:
        return True
    least = labels.framework.gate.min_cell
    counts = (row.get("n_baseline"), row.get("n_endline"))
    return not any(numbers.is_missing(n) or float(n) < least for n in counts)  # type: ignore[arg-type]


def why_hidden(row: Mapping[str, Any], lang: Lang) -> str:
    """Return why a row has no numbers, from its flag."""
    flags = split_flags(row.get("flag"))
    return flag_text(flags[0], lang) if flags else phrase("reason.few", lang)


def change_table(changes: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return all changes of all banks, in own units, as the scoring step left them."""
    rows = records(changes)
    writers = {str(one): quantity(labels, str(one), lang) for one in changes["indicator"].unique()}
    cells = [
        Cell(why_hidden(row, lang), kind="reason")
        if numbers.is_missing(row["change"]) or not enough_answers(row, labels)
        else _interval_cell(row, writers[str(row["indicator"])])
        for row in rows
    ]
    return Table(phrase("caption.change", lang), [
        column("bank", lang, [labels.bank(str(row["bank"]), lang) for row in rows]),
        column("indicator", lang, [labels.indicator(str(row["indicator"]), lang) for row in rows]),
        column("change", lang, cells, numeric=True),
        column("sample", lang, [_sample(row) for row in rows], numeric=True),
        column("used", lang, [phrase("yes_no.yes" if row["used"] else "yes_no.no", lang) for row in rows]),
    ], long=True)  # fmt: skip


def composite_table(composites: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return the composites as the scoring step left them, with the p value after correction."""
    rows = records(composites)
    write = score_quantity(lang)
    none = phrase("reason.not_judged", lang)
    return Table(phrase("caption.composites", lang), [
        column("bank", lang, [labels.bank(str(row["bank"]), lang) for row in rows]),
        column("change_points", lang, [_score_change(row, write, lang) for row in rows], numeric=True),
        column("holm", lang, [numbers.p_value(row["p_holm"], missing=none) for row in rows], numeric=True),
        column("scores_sample", lang, [_levels_cell(row, write, lang) for row in rows], numeric=True),
    ])  # fmt: skip


def verdict_rows(result: Any, config: CampaignConfig, lang: Lang) -> tuple[list[str], list[list[str]]]:
    """Return the verdicts of a score result as header and rows of plain text, for a terminal."""
    names = {bank.id: bank.name.in_lang(lang) for bank in config.banks}
    codes = verdict_codes(result.verdicts)
    write = score_quantity(lang)
    frame = result.verdicts[["bank"]].merge(result.composites, on="bank", how="left")
    header = [phrase(f"column.{name}", lang) for name in ("bank", "scores", "change_points", "sample", "verdict")]
    rows = []
    for row in records(frame):
        code, change = codes[row["bank"]], _score_change(row, write, lang)
        rows.append([names.get(row["bank"], row["bank"]), _score_levels(row, write, lang),
                     f"{change.text} {change.below}".strip(), _sample(row), phrase(f"label.{code}", lang)])  # fmt: skip
    return header, rows


def _score_levels(row: Mapping[str, Any], write: Quantity, lang: Lang) -> str:
    if _hides_score(row):
        return phrase("reason.not_judged", lang)
    return write.levels(row["baseline"], row["endline"])


def _scores_below(row: Mapping[str, Any], write: Quantity, lang: Lang) -> str:
    """Return scores and sample as lines below a name; the sample alone where no score may be shown."""
    levels = "" if _hides_score(row) else write.levels(row["baseline"], row["endline"])
    return "\n".join(filter(None, (levels, _sample_text(row, lang))))


def _hides_score(row: Mapping[str, Any]) -> bool:
    return numbers.is_missing(row.get("change")) or row.get("code", JUDGED[0]) not in JUDGED


def _levels_cell(row: Mapping[str, Any], write: Quantity, lang: Lang) -> Cell:
    return Cell(_score_levels(row, write, lang), _sample_text(row, lang))


def _sample_text(row: Mapping[str, Any], lang: Lang) -> str:
    before, after = numbers.count(row.get("n_baseline")), numbers.count(row.get("n_endline"))
    return phrase_or(f"reason.sample_{row.get('source')}", "reason.sample", lang, before=before, after=after)


def _score_change(row: Mapping[str, Any], write: Quantity, lang: Lang) -> Cell:
    if _hides_score(row):
        return Cell(phrase("reason.not_judged", lang))
    return _interval_cell(row, write)


def _interval_cell(row: Mapping[str, Any], write: Quantity) -> Cell:
    limits = write.change_range(row["ci_low"], row["ci_high"])
    return Cell(write.change(row["change"]), limits or phrase("reason.no_estimate", write.lang))


def _indicator_cells(row: Mapping[str, Any], labels: Labels, lang: Lang) -> tuple[Cell, Cell]:
    write = quantity(labels, str(row["indicator"]), lang)
    sample = _sample_text(row, lang)
    if numbers.is_missing(row["change"]) or not enough_answers(row, labels):
        return Cell(numbers.DASH, sample), Cell(why_hidden(row, lang), kind="reason")
    change = _interval_cell(row, write)
    meaning = _meaning_text(row, write, labels, lang)
    return Cell(write.levels(row["baseline"], row["endline"]), sample), replace(
        change, below="\n".join(filter(None, (change.below, meaning)))
    )


def _meaning_text(row: Mapping[str, Any], write: Quantity, labels: Labels, lang: Lang) -> str:
    """Return whether an interval lies wholly beyond, or within, the change that the framework calls meaningful."""
    known, meaning = labels.known_indicator(str(row["indicator"])), str(row.get("meaning") or "")
    if known is None or known.delta is None or not meaning:
        return ""
    return phrase(f"reason.{meaning}", lang, delta=write.size(known.delta))


def _sample(row: Mapping[str, Any]) -> str:
    return f"{numbers.count(row.get('n_baseline'))}→{numbers.count(row.get('n_endline'))}"

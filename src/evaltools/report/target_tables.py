"""Targets of the plan: what each bank reached, with its limits, and who stands where on each clause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaltools.report import numbers
from evaltools.report.conclusions import flag_text, split_flags
from evaltools.report.explanations import TARGET_VERDICTS
from evaltools.report.labels import Labels
from evaltools.report.phrases import phrase, phrase_or
from evaltools.report.quantities import quantity
from evaltools.report.rows import records
from evaltools.report.table import Cell, Table, column
from evaltools.text import Lang

if TYPE_CHECKING:
    from evaltools.scoring.models import Target

SIGNS: Mapping[str, str] = {"met": "√", "not_met": "×", "no_violation_found": "○", "cannot_tell": "?"}
NO_VALUE = frozenset({"no_answers", "small_cell", "few_branches", "not_comparable", "gate"})


def target_table(targets: pd.DataFrame, *, bank: str, labels: Labels, lang: Lang = "zh") -> Table:
    """Return the targets that apply to a bank: limit, value with its 95 % limits, number of cases, judgement."""
    rows = records(targets[targets["bank"] == bank])
    return Table(phrase("caption.targets", lang, bank=labels.bank(bank, lang)), [
        column("target", lang, [_target_cell(row, labels, lang) for row in rows]),
        column("result", lang, [_result_cell(row, lang) for row in rows]),
        column("value", lang, [_value_cell(row, labels, lang) for row in rows], numeric=True),
    ], [phrase("card.targets_note", lang), phrase("county.targets_note", lang)],
        empty=phrase("card.targets_none", lang))  # fmt: skip


def target_summary(targets: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return one row a target: how many banks stand where, and the names of those that did not reach it."""
    keys = ["clause", "indicator", "statistic"]
    groups = [(dict(zip(keys, key, strict=True)), own) for key, own in targets.groupby(keys, sort=False)]
    return Table(phrase("caption.target_summary", lang), [
        column("target", lang, [_target_cell(row, labels, lang) for row, _ in groups]),
        column("standing", lang, [_standing_cell(own, labels, lang) for _, own in groups]),
    ], [phrase("county.targets_note", lang), phrase("county.targets_where", lang)])  # fmt: skip


def _target_cell(row: Mapping[str, Any], labels: Labels, lang: Lang) -> Cell:
    clause, indicator, statistic = str(row["clause"]), str(row["indicator"]), str(row["statistic"])
    known = labels.target(clause, indicator, statistic)
    text = labels.indicator(indicator, lang) if known is None else known.text.in_lang(lang)
    limit = "" if known is None else _limit(known, labels, lang) + (phrase("target.soft", lang) if known.soft else "")
    return Cell(f"{clause} {text}", limit, kind="wide")


def _limit(target: Target, labels: Labels, lang: Lang) -> str:
    """Return the limit in words: ``平均不超过8（单位：个工作日）``."""
    if target.statistic in ("none", "every"):
        return phrase(f"target.{target.statistic}", lang)
    falls = target.at_most is not None
    bound = target.at_most if falls else target.at_least
    unit_id, unit = labels.unit(target.indicator, lang)
    suffix = phrase("target.unit", lang, unit=unit) if unit_id != "share" else ""
    if target.statistic == "change" and not bound:
        return phrase("target.fall" if falls else "target.rise", lang) + suffix
    write = quantity(labels, target.indicator, lang, statistic=target.statistic)
    within = numbers.number(target.bound, 0 if target.bound == round(target.bound or 0) else 1)
    kind = "share_zero" if target.statistic == "share_within" and target.bound == 0 else target.statistic
    name = phrase(f"target.{kind}", lang, bound=within)
    return phrase("target.at_most" if falls else "target.at_least", lang, name=name, limit=write.limit(bound)) + suffix


def _result_cell(row: Mapping[str, Any], lang: Lang) -> Cell:
    verdict = str(row["verdict"])
    key = verdict if verdict in SIGNS else "cannot_tell"
    return Cell(f"{SIGNS[key]} {phrase(f'target.{key}', lang)}", kind=f"verdict-cell target-{key}")


def _value_cell(row: Mapping[str, Any], labels: Labels, lang: Lang) -> Cell:
    """Return the value, below it its limits and the number of cases that it rests on."""
    write = quantity(labels, str(row["indicator"]), lang, statistic=str(row["statistic"]))
    cases = _cases(row, labels, lang)
    if numbers.is_missing(row["value"]):
        return Cell(_why_missing(row, lang), cases, "reason")
    if _too_few_firms(row, labels):
        return Cell(flag_text("small_cell", lang), cases, "reason")
    moved = row["statistic"] == "change"
    limits = (write.change_range if moved else write.limits)(row["ci_low"], row["ci_high"])
    text = (write.change if moved else write.value)(row["value"])
    return Cell(text, f"{limits or phrase('reason.no_estimate', lang)}\n{cases}")


def _too_few_firms(row: Mapping[str, Any], labels: Labels) -> bool:
    """Return whether a value rests on fewer firms than may be shown; scoring leaves such values out already."""
    gate, known = labels.framework.gate, labels.known_indicator(str(row["indicator"]))
    return known is not None and known.source == gate.source and not row["n"] >= gate.min_cell


def _cases(row: Mapping[str, Any], labels: Labels, lang: Lang) -> str:
    """Return how many cases a value rests on, and how many of them were found to break the rule."""
    known = labels.known_indicator(str(row["indicator"]))
    source = "" if known is None else known.source
    n = numbers.count(row["n"], missing="0")
    found = dict(part.split("=", 1) for part in split_flags(row.get("evidence")) if "=" in part)
    if "violations" in found:
        told = found["violations"]
        return phrase_or(f"reason.violations_{source}", "reason.violations", lang, n=n, found=told)
    return phrase_or(f"reason.cases_{source}", "reason.cases", lang, n=n)


def _why_missing(row: Mapping[str, Any], lang: Lang) -> str:
    for reason in split_flags(row.get("evidence")):
        if reason in NO_VALUE:
            return flag_text(reason, lang)
    return phrase("target.missing", lang)


def _standing_cell(own: pd.DataFrame, labels: Labels, lang: Lang) -> Cell:
    known = own["verdict"].where(own["verdict"].isin(TARGET_VERDICTS), "cannot_tell")
    counts = [(verdict, int((known == verdict).sum())) for verdict in TARGET_VERDICTS]
    told = [phrase(f"standing.{verdict}", lang, n=numbers.count(n)) for verdict, n in counts if n]
    short = [str(bank) for bank in own.loc[known == "not_met", "bank"]]
    names = phrase("standing.names", lang, banks=numbers.join(labels.banks(short, lang), lang=lang)) if short else ""
    return Cell(phrase("standing.separator", lang).join(told), names)

"""What surrounds the findings: the method in brief, accounts of rows and modes, counts of steps and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaltools.report import numbers
from evaltools.report.conclusions import judged_banks
from evaltools.report.labels import Labels
from evaltools.report.passages import Passage, bullets, paragraphs, together
from evaltools.report.phrases import phrase
from evaltools.report.rows import records
from evaltools.text import Lang

if TYPE_CHECKING:
    from evaltools.scoring.models import Framework

TARGET_VERDICTS = ("met", "not_met", "no_violation_found", "cannot_tell")


def _method(verdicts: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    framework: Framework = labels.framework
    gate = framework.gate
    values = {
        "n": numbers.count(len(judged_banks(verdicts))),
        "alpha": numbers.share(framework.alpha, 0),
        "level": numbers.trimmed(framework.alpha),
        "delta": numbers.trimmed(framework.delta),
        "answers": numbers.count(gate.answers),
        "psus": numbers.count(gate.psus),
        "share": numbers.share(gate.weight_share, 0),
    }
    geometric, standardised = framework.aggregation.floor, labels.config.headline == "standardised"
    values["floor"] = numbers.trimmed(geometric)
    keys = ["score", *(["geometric"] if geometric is not None else []), *(["standardised"] if standardised else []),
            "interval", "multiple", "material", "gate", "data", "regression", "rounding"]  # fmt: skip
    if any(indicator.window for indicator in framework.indicators):
        keys.insert(keys.index("gate") + 1, "window")
    return bullets(phrase(f"method.{key}", lang, **values) for key in keys)


def _card_targets(targets: pd.DataFrame, *, lang: Lang, labels: Labels | None = None, bank: str) -> Passage:
    verdicts = targets.loc[targets["bank"] == bank, "verdict"]
    if verdicts.empty:
        return paragraphs([phrase("card.targets_none", lang)])
    told = {
        "met": verdicts == "met",
        "not_met": verdicts == "not_met",
        "no_violation": verdicts == "no_violation_found",
        "open": ~verdicts.isin(["met", "not_met", "no_violation_found"]),
    }
    counts = {name: numbers.count(which.sum()) for name, which in told.items()}
    return paragraphs([phrase("card.targets_counts", lang, n=numbers.count(len(verdicts)), **counts)])


def _accounting(files: pd.DataFrame, *, lang: Lang, labels: Labels | None = None) -> Passage:
    names = ("n_read", "n_accepted", "n_quarantined", "n_duplicate")
    sums = {name: int(files[name].sum()) for name in names}
    total = sums["n_accepted"] + sums["n_quarantined"] + sums["n_duplicate"]
    by_file = files["n_accepted"] + files["n_quarantined"] + files["n_duplicate"]
    good = bool((by_file == files["n_read"]).all())
    values = {name: numbers.count(value) for name, value in sums.items()}
    key = "accounted" if good else "mismatch"
    lines = [phrase(f"quality.{key}", lang, total=numbers.count(total), **values)]
    if sums["n_quarantined"]:
        rows = [row for row in records(files) if row["n_read"] > 0]
        worst = max(rows, key=lambda row: row["n_quarantined"] / row["n_read"])
        lines.append(
            phrase(
                "quality.share",
                lang,
                share=numbers.share(sums["n_quarantined"] / sums["n_read"]),
                worst=str(worst["path"]),
                worst_share=numbers.share(worst["n_quarantined"] / worst["n_read"]),
            )
        )
    return paragraphs(lines, "" if good else "warning")


def _modes(modes: pd.DataFrame, *, lang: Lang, labels: Labels) -> Passage:
    surveyed = modes[modes["mode"].isin(["self", "interviewer"])]
    if surveyed.empty:
        return paragraphs([phrase("quality.modes_note", lang)], "note")
    found: dict[str, dict[str, set[str]]] = {}
    for row in records(surveyed):
        found.setdefault(str(row["bank"]), {}).setdefault(str(row["wave"]), set()).add(str(row["mode"]))
    apart = [bank for bank, waves in found.items() if len({frozenset(modes) for modes in waves.values()}) > 1]
    key = "modes_confounded" if apart else "modes_same"
    finding = phrase(f"quality.{key}", lang, banks=numbers.join(labels.banks(apart, lang), lang=lang))
    return together([paragraphs([finding], "finding"), paragraphs([phrase("quality.modes_note", lang)], "note")])


def _overlap(overlap: pd.DataFrame, *, lang: Lang, labels: Labels | None = None) -> Passage:
    values = {name: numbers.count(overlap[name].sum()) for name in ("both", "baseline_only", "endline_only")}
    return together([paragraphs([phrase("quality.overlap_total", lang, **values)]),
                     paragraphs([phrase("quality.overlap_note", lang)], "note")])  # fmt: skip


def _scoring_change(changes: pd.DataFrame, *, lang: Lang, labels: Labels | None = None) -> Passage:
    used = numbers.count(changes["used"].astype(bool).sum())
    return paragraphs([phrase("scoring.change", lang, n=numbers.count(len(changes)), used=used)])


def _scoring_composite(composites: pd.DataFrame, *, lang: Lang, labels: Labels | None = None) -> Passage:
    there = int(composites["change"].notna().sum())
    missing = numbers.count(len(composites) - there)
    return paragraphs([phrase("scoring.composite", lang, n=numbers.count(there), missing=missing)])


def _scoring_targets(targets: pd.DataFrame, *, lang: Lang, labels: Labels | None = None) -> Passage:
    return paragraphs([phrase("scoring.targets", lang, n=numbers.count(len(targets)))])


def _scoring_written(result: Any, *, lang: Lang, labels: Labels | None = None) -> Passage:
    return paragraphs([phrase("scoring.written", lang, score_id=result.score_id)])


COMPUTED: Mapping[str, Callable[..., Passage]] = {
    "card.targets": _card_targets,
    "method": _method,
    "quality.accounting": _accounting,
    "quality.modes": _modes,
    "quality.overlap": _overlap,
    "scoring.change": _scoring_change,
    "scoring.composite": _scoring_composite,
    "scoring.targets": _scoring_targets,
    "scoring.written": _scoring_written,
}

"""The codebook of an export: one row a variable, as columns like those of the data, so that it is written likewise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from evaltools.errors import message
from evaltools.survey.export.codes import LETTERS, MARKS, choice_codes, reason_label, sav_codes
from evaltools.survey.export.model import MISSING, SUPPRESSED, Column, Variable, objects
from evaltools.survey.export.protection import Check
from evaltools.survey.instrument.model import BilingualText
from evaltools.text import Lang

_TEXTS: Final = (
    "name", "short_name", "question", "label_zh", "label_en", "kind", "type", "unit", "choices", "missing_text",
    "missing_sav", "missing_dta", "sensitivity", "treatment", "note",
)  # fmt: skip
_COUNTS: Final = ("n", *(f"n_{reason}" for reason in MISSING))


def codebook(columns: Sequence[Column], names: Mapping[str, str], check: Check, lang: Lang) -> list[Column]:
    """Describe the variables of an export.

    Parameters
    ----------
    columns
        The data.
    names
        Name of each variable in SPSS and Stata.
    check
        What the disclosure check did; its `k` is the least count that is shown.
    lang
        Language of units, choices and notes; labels stand in both.

    Returns
    -------
    list of Column
        One row a variable: names, label, type, unit, choices with their codes, codes of missing answers, sensitivity,
        what was done to it, how many rows have a value, and how many have none for which reason. A count below `k` is
        hidden, and so is another where it could be told from the rest.
    """
    texts = [_described(column, names[column.variable.name], check, lang) for column in columns]
    counts = [_counts(column, check.k) for column in columns]
    found = [_column(name, "text", [one[name] for one in texts]) for name in _TEXTS]
    return found + [_column(name, "integer", [one[place] for one in counts]) for place, name in enumerate(_COUNTS)]


def hide_small(counts: Sequence[int], k: int) -> list[int | None]:
    """Return counts that add up to a known total, None where one is below k or would tell one that is.

    0 is shown. What is hidden is at least two counts of at least k together.
    """
    small = {place for place, count in enumerate(counts) if 0 < count < k}
    others = sorted((count, place) for place, count in enumerate(counts) if count >= k)
    while small and others and (len(small) == 1 or sum(counts[place] for place in small) < k):
        small.add(others.pop(0)[1])
    return [None if place in small else count for place, count in enumerate(counts)]


def _described(column: Column, short: str, check: Check, lang: Lang) -> dict[str, str]:
    variable = column.variable
    has_codes = variable.kind not in ("id", "text")
    used = [reason for reason in MISSING if reason in set(column.reasons)]
    sav = sav_codes(column) if has_codes else {}
    return {
        "name": variable.name,
        "short_name": short,
        "question": variable.question,
        "label_zh": variable.label.zh,
        "label_en": variable.label.en,
        "kind": variable.kind,
        "type": variable.type,
        "unit": variable.unit.in_lang(lang),
        "choices": _choices(variable, lang),
        "missing_text": _listed(f"{MARKS[reason]} {reason_label(reason).in_lang(lang)}" for reason in used),
        "missing_sav": _listed(f"{reason} = {sav[reason]:.0f}" for reason in used if has_codes),
        "missing_dta": _listed(f"{reason} = .{LETTERS[reason]}" for reason in used if has_codes),
        "sensitivity": variable.sensitivity,
        "treatment": _treatment(variable, check, lang),
        "note": message("export-note-text", {}, lang) if variable.kind == "text" else "",
    }


def _choices(variable: Variable, lang: Lang) -> str:
    if variable.kind not in ("choice", "flag"):
        return ""
    codes = choice_codes(variable)
    return _listed(f"{choice.name} [{codes[choice.name]}] {choice.label.in_lang(lang)}" for choice in variable.choices)


def _treatment(variable: Variable, check: Check, lang: Lang) -> str:
    stem = variable.name.split("/", maxsplit=1)[0]
    told = []
    if variable.name in check.coarse:
        told.append(message("export-treatment-month", {}, lang))
    if variable.name in check.shared:
        told.append(message("export-treatment-mean", {"k": check.k}, lang))
    if stem in check.hidden and variable.sensitivity != "text":
        told.append(message("export-treatment-hidden", {"k": check.k, "unit": unit_label(check)}, lang))
    return _listed(told)


def unit_label(check: Check) -> BilingualText:
    """Return the word for what is protected."""
    return BilingualText("家企业", "enterprises") if check.unit == "enterprise" else BilingualText("个网点", "branches")


def _counts(column: Column, k: int) -> list[int | None]:
    reasons = column.reasons.tolist()
    return hide_small([reasons.count(None), *(reasons.count(reason) for reason in MISSING)], k)


def _column(name: str, kind: Any, values: Sequence[Any]) -> Column:
    reasons = [SUPPRESSED if value is None else None for value in values]
    return Column(Variable(name, kind, BilingualText(name, name)), objects(values), objects(reasons))


def _listed(parts: Any) -> str:
    return "\n".join(parts)

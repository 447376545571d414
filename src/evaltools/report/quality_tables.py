"""Tables of the data-quality report: accounts of rows, quarantine, missing answers, modes, overlap, provenance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import pandas as pd

from evaltools.report import numbers
from evaltools.report.labels import Labels
from evaltools.report.phrases import phrase, phrase_or
from evaltools.report.rows import records
from evaltools.report.table import Cell, Column, Table, column
from evaltools.text import Lang

GAPS = ("refused", "dont_know", "not_applicable", "blank", "invalid")
SHOWN_ITEMS = 20


def provenance_table(provenance: pd.DataFrame, *, labels: Labels, lang: Lang = "zh", stored: bool = True) -> Table:
    """Return name and content of everything that the results rest on.

    `stored` False leaves out the versions of the stored tables, which the data version covers, and says where they are.
    """
    rows = list(zip(provenance["name"].astype(str), provenance["value"].astype(str), strict=True))
    rows = [row for row in rows if stored or not row[0].startswith("table ")]
    return Table(phrase("caption.provenance", lang), [
        column("name", lang, [_provenance_name(name, labels, lang) for name, _ in rows]),
        column("content", lang, [Cell(_provenance_value(one, lang), kind="code") for _, one in rows]),
    ], [] if stored else [phrase("provenance.elsewhere", lang)])  # fmt: skip


def _provenance_name(name: str, labels: Labels, lang: Lang) -> str:
    table = name.removeprefix("table ")
    if table == name:
        return phrase_or(f"provenance.{name}", "provenance.other", lang, name=name)
    form = table.removeprefix("answers_")
    if form != table:
        shown = phrase("table.answers", lang, form=labels.instrument(form, lang))
    else:
        shown = phrase_or(f"table.{table}", "table.other", lang, name=table)
    return phrase("provenance.table", lang, name=shown)


def _provenance_value(value: str, lang: Lang) -> str:
    number = value.removeprefix("version ")
    return phrase("provenance.version", lang, n=number) if number != value and number.isdigit() else value


def file_table(files: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return one row a file and sheet: rows read, stored, quarantined, duplicate."""
    names: list[str | Cell] = [
        Cell(str(row["path"]), _joined(labels.wave(str(row["wave"]), lang), str(row["sheet"] or "")), "code wide")
        for row in records(files)
    ]
    columns = [column("file", lang, [*names, phrase("column.total", lang)])]
    for name in ("n_read", "n_accepted", "n_quarantined", "n_duplicate"):
        counts = [numbers.count(one, grouped=True) for one in [*files[name], files[name].sum()]]
        columns.append(column(name, lang, counts, numeric=True))
    return Table(phrase("caption.files", lang), columns)


def quarantine_table(quarantine: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return one row a rule and instrument: how many rows it holds back in each wave, and their share."""
    counts = {(row["instrument"], row["rule"], row["wave"]): row for row in records(quarantine)}
    keys = sorted({key[:2] for key in counts}, key=lambda key: (key[0], -_total(counts, key), key[1]))
    waves = [wave for wave in labels.config.waves if any(key[2] == wave for key in counts)]
    names = [
        Cell(phrase_or(f"rule.{rule}", "rule.other", lang, code=rule), labels.instrument(str(form), lang), "wide")
        for form, rule in keys
    ]
    columns = [column("rule", lang, names)]
    for wave in waves:
        cells = [_held(counts.get((*key, wave))) for key in keys]
        columns.append(Column(labels.wave(wave, lang), cells, numeric=True))
    return Table(
        phrase("caption.quarantine", lang),
        columns,
        [phrase("quality.quarantine_note", lang)],
        empty=phrase("quality.no_quarantine", lang),
    )


def _total(counts: Mapping[tuple[str, str, str], Mapping[str, Any]], key: tuple[str, str]) -> int:
    return sum(int(row["n"]) for own, row in counts.items() if own[:2] == key)


def _held(row: Mapping[str, Any] | None) -> Cell:
    return Cell("0") if row is None else Cell(numbers.count(row["n"]), numbers.share(row["share"]))


def missing_table(missing: pd.DataFrame, *, labels: Labels, lang: Lang = "zh", top: int = SHOWN_ITEMS) -> Table:
    """Return the items with the most gaps, worst first, each with the reasons.

    No gap is a question that the form's logic skipped, one that a file did not ask, or a comment that nobody must make.
    """
    present = [name for name in GAPS if name in missing.columns]
    gaps = missing.assign(gap=missing[present].sum(axis=1))
    frame = gaps[gaps["gap"] > 0].sort_values(
        ["gap", "instrument", "item", "wave"], ascending=[False, True, True, True]
    )
    asked = (row for row in records(frame) if not labels.is_free_text(str(row["instrument"]), str(row["item"])))
    rows = list(islice(asked, top))
    items = [
        Cell(
            labels.item(str(row["instrument"]), str(row["item"]), lang),
            _joined(labels.wave(str(row["wave"]), lang), labels.instrument(str(row["instrument"]), lang)),
            "wide",
        )
        for row in rows
    ]
    shares = [Cell(numbers.share(row["gap"]), _reasons(row, present, lang)) for row in rows]
    return Table(
        phrase("caption.missing", lang),
        [column("item", lang, items), column("missing_share", lang, shares, numeric=True)],
        [phrase("quality.missing_note", lang, n=numbers.count(len(rows)))],
        empty=phrase("quality.missing_none", lang),
    )


def _reasons(row: Mapping[str, Any], present: list[str], lang: Lang) -> str:
    return "\n".join(
        f"{phrase(f'missing.{name}', lang)} {numbers.share(row[name])}" for name in present if row[name] > 0
    )


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def mode_table(modes: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return, for each bank, the answers by wave and way of collection."""
    codes = zip(modes["mode"], modes["channel"], modes["tool"], strict=True)
    keyed = modes.assign(way=[_way(*one, lang=lang) for one in codes])
    wide = keyed.pivot_table(
        index=["bank", "way"], columns="wave", values="n", aggfunc="sum", fill_value=0
    ).reset_index()
    place = {bank: number for number, bank in enumerate(labels.config.bank_ids)}
    wide = wide.sort_values("bank", key=lambda ids: ids.map(place), kind="stable", ignore_index=True)
    waves = [wave for wave in labels.config.waves if wave in wide.columns]
    return Table(phrase("caption.modes", lang), [
        column("bank", lang, [labels.bank(str(one), lang) for one in wide["bank"]]),
        column("way", lang, [str(one) for one in wide["way"]]),
        *(Column(labels.wave(wave, lang), [numbers.count(one) for one in wide[wave]], numeric=True) for wave in waves),
    ], long=True)  # fmt: skip


def _way(mode: str, channel: str, tool: str, *, lang: Lang) -> str:
    parts = (("mode", mode), ("channel", channel), ("tool", tool))
    return " · ".join(phrase_or(f"{kind}.{code}", f"{kind}.other", lang, code=code) for kind, code in parts if code)


def overlap_table(overlap: pd.DataFrame, *, labels: Labels, lang: Lang = "zh") -> Table:
    """Return, for each bank, the enterprises in both waves and in one only, and answers without an identifier."""
    names = ["both", "baseline_only", "endline_only"]
    names += ["unknown"] if "unknown" in overlap.columns and overlap["unknown"].any() else []
    columns = [column("bank", lang, [labels.bank(str(one), lang) for one in overlap["bank"]])]
    for name in names:
        counts = [numbers.count(one) for one in overlap[name]]
        columns.append(column(name, lang, counts, numeric=True))
    return Table(phrase("caption.overlap", lang), columns)

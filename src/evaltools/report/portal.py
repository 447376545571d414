"""The index of a folder of reports: every bank's verdict with the way to its scorecard, the other reports, failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evaltools.report.heads import document_title, head_lines
from evaltools.report.labels import Labels
from evaltools.report.pages import HTML_LANG, plain_page
from evaltools.report.phrases import phrase
from evaltools.report.tables import verdict_table
from evaltools.text import Lang

_ORDER = ("county_report", "scoring", "data_quality")


def portal_page(
    head: Mapping[str, Any], verdicts: pd.DataFrame, composites: pd.DataFrame, labels: Labels, *, lang: Lang,
    reports: Sequence[tuple[str, str | None, str]], failures: Sequence[tuple[str, str]],
    others: Sequence[tuple[Lang, str]], relative: pd.DataFrame | None = None,
) -> str:  # fmt: skip
    """Return the index in one language, its style still to be filled in.

    Parameters
    ----------
    head, verdicts, composites, labels
        As the reports have them.
    lang
        Language of this index.
    reports
        Name, bank and path of each report that there is in this language.
    failures
        Title and path of the failure page of each report that is missing.
    others
        Language and path of the indexes in other languages.
    relative
        Each bank's change beside the others', for a column of its own.
    """
    cards = {str(bank): path for _, bank, path in reports if bank is not None}
    table = verdict_table(verdicts, composites, relative, labels=labels, lang=lang, links=cards)
    paths = {name: path for name, bank, path in reports if bank is None}
    listed = [{"path": paths[name], "title": phrase(f"index.{name}", lang)} for name in _ORDER if name in paths]
    return plain_page(
        "portal.html.j2", lang=lang, title=document_title("index", head, lang),
        demo=phrase("document.demo", lang) if head["demo"] else "", reports=listed, table=table,
        failures=[{"title": title, "path": path} for title, path in failures],
        others=[
            {"path": path, "html_lang": HTML_LANG[one], "name": phrase("document.own_language", one)}
            for one, path in others
        ],
        head=head_lines(head, lang),
    )  # fmt: skip

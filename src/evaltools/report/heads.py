"""The head of page 1: what was evaluated, how the sample came about, whether the rules were frozen, which data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaltools.errors import UsageError
from evaltools.report import numbers
from evaltools.report.labels import Labels
from evaltools.report.passages import Passage, text_node
from evaltools.report.phrases import phrase
from evaltools.text import Lang

DOCUMENTS = ("county_report", "bank_scorecard", "scoring", "data_quality", "index")


def document_title(document: str, head: Mapping[str, Any], lang: Lang, *, bank_name: str = "") -> str:
    """Return the title of a report.

    Raises
    ------
    UsageError
        ``report-document``: there is no such report.
    """
    if document not in DOCUMENTS:
        raise UsageError("report-document", name=document, known=DOCUMENTS)
    region, title = head["region"].in_lang(lang), head["title"].in_lang(lang)
    return phrase(f"document.{document}", lang, region=region, title=title, bank=bank_name)


def head_lines(head: Mapping[str, Any], lang: Lang, *, labels: Labels | None = None) -> list[tuple[str, str]]:
    """Return the lines of a report's head as pairs of name and content.

    Selection, freeze and data version are always among them: a reader must be able to judge what a verdict rests on.
    """
    lines = [
        ("campaign", head["title"].in_lang(lang)),
        ("region", head["region"].in_lang(lang)),
        ("banks", phrase("head.n_banks", lang, n=numbers.count(head["n_banks"]))),
        (
            "waves",
            phrase("head.wave_separator", lang).join(_wave(name, wave, lang) for name, wave in head["waves"].items()),
        ),
        ("selection", phrase(f"selection.{head['selection']}", lang)),
        ("freeze", freeze_text(head, lang)),
        ("framework", head["framework"].in_lang(lang)),
        ("version", str(head["score_id"])),
    ]
    return [(phrase(f"head.{name}", lang), content) for name, content in lines]


def freeze_text(head: Mapping[str, Any], lang: Lang) -> str:
    """Return whether and when the rules were frozen; an unlocking goes first, with its reason."""
    return phrase(f"freeze.{freeze_state(head)}", lang, reason=head["unlock_reason"])


def freeze_state(head: Mapping[str, Any]) -> str:
    """Return ``frozen``, ``frozen_late``, ``not_frozen`` or ``unlocked``."""
    if head["unlock_reason"]:
        return "unlocked"
    return str(head.get("freeze_flag") or ("frozen" if head["frozen"] else "not_frozen"))


def title_block(
    document: str, head: Mapping[str, Any], *, labels: Labels | None = None, lang: Lang = "zh", bank: str | None = None
) -> Passage:
    """Return title and head of a report; for a demonstration with the mark that all data are made up.

    Parameters
    ----------
    document
        Name of the notebook.
    head
        From ``Campaign.head()``.
    labels
        Names for ids; needed where `bank` is given.
    lang
        Language of the reader.
    bank
        Id of the bank of a scorecard.
    """
    name = labels.bank(bank, lang) if labels is not None and bank is not None else ""
    title = document_title(document, head, lang, bank_name=name)
    lines = head_lines(head, lang, labels=labels)
    demo = phrase("document.demo", lang) if head["demo"] else ""
    mark = f'<p class="demo" role="note">{text_node(demo)}</p>' if demo else ""
    terms = "".join(f"<div><dt>{text_node(term)}</dt><dd>{text_node(content)}</dd></div>" for term, content in lines)
    html = f'<h1>{text_node(title)}</h1>{mark}<dl class="head">{terms}</dl>'
    text = "\n".join([title, *([demo] if demo else []), *(f"{term}: {content}" for term, content in lines)])
    return Passage(html, text, {"score_id": str(head["score_id"])})


def _wave(name: str, wave: Any, lang: Lang) -> str:
    """Return a wave with its dates; `wave` is the campaign's model or a mapping with the same names."""
    start, end, label = (_part(wave, key) for key in ("start", "end", "label"))
    shown = label.in_lang(lang) if label is not None else _known_wave(name, lang)
    return phrase(
        "head.wave_span", lang, label=shown, start=numbers.day(start, lang=lang), end=numbers.day(end, lang=lang)
    )


def _part(wave: Any, key: str) -> Any:
    return wave.get(key) if isinstance(wave, Mapping) else getattr(wave, key)


def _known_wave(name: str, lang: Lang) -> str:
    return phrase(f"wave.{name}", lang) if name in ("baseline", "endline") else name

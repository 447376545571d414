"""Sentences: key and values in, escaped text out, Chinese or English. The words live in ``survey/wording/*.toml``.

``say`` is what a notebook cell calls. Keys that summarise a result (``card.verdict``, ``county.summary`` ...) compute
their sentences from it; every other key is one template whose values the caller gives.
"""

from __future__ import annotations

from typing import Any

from evaltools.report.labels import Labels
from evaltools.report.passages import Passage, heading, paragraphs
from evaltools.report.phrases import all_phrases, phrase
from evaltools.text import Lang


def say(key: str, *results: Any, lang: Lang = "zh", labels: Labels | None = None, **values: Any) -> Passage:
    """Return what a report says under a key.

    Parameters
    ----------
    key
        A key of ``survey/wording``; ``heading.*`` becomes a heading. Keys of
        :data:`evaltools.report.conclusions.COMPUTED`, :data:`evaltools.report.explanations.COMPUTED`,
        :data:`evaltools.report.robustness.COMPUTED` and :data:`evaltools.report.backgrounds.COMPUTED` compute their
        sentences from `results`.
    *results
        Frames or result objects that the key summarises, in the order that its function names.
    lang
        Language of the reader.
    labels
        Names for the ids in the results; needed by computed keys.
    **values
        Values of the template, or options of the computing function (``bank="..."``).

    Raises
    ------
    UsageError
        ``report-wording`` for an unknown key or a missing value; ``report-lang`` for an unknown language.
    """
    from evaltools.report import backgrounds, conclusions, explanations, robustness

    rooms = (conclusions, explanations, robustness, backgrounds)
    compute = next((room.COMPUTED[key] for room in rooms if key in room.COMPUTED), None)
    if compute is not None:
        all_phrases(lang)
        passage: Passage = compute(*results, lang=lang, labels=labels, **values)
        return passage
    text = phrase(key, lang, **values)
    if key.startswith("heading."):
        return heading(text)
    return paragraphs([text], "note" if key.endswith("_note") else "")

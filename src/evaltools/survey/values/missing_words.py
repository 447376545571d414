"""Words that stand for a missing answer: ``-``, ``无``, ``不了解`` mean what the instrument says of them.

A rule reads ``- = blank; 不了解 = dont_know``. That of the sheet `settings` holds for all questions, the column
`missing` of a question goes before it, and ``无 = answer`` takes a word out of it again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from evaltools.survey.instrument.model import Question
from evaltools.text import normalise

REASONS: Final = ("blank", "dont_know", "refused", "not_applicable", "answer")
"""What a word may stand for; ``answer``: it is one."""

Words = tuple[tuple[str, str], ...]
"""Word and reason."""

_BETWEEN: Final = re.compile(r"[;；|\n]")
_DASHES: Final = ("-", "--", "---", "‐", "‑", "–", "——", "—", "―", "−", "ー")


def parse_words(text: str) -> tuple[Words, str]:
    """Return the words of a rule, and the first part that is none ("" where all are)."""
    words: list[tuple[str, str]] = []
    for part in filter(None, map(str.strip, _BETWEEN.split(text))):
        word, _, reason = part.rpartition("=")
        if not normalise(word) or reason.strip() not in REASONS:
            return tuple(words), part
        words.append((normalise(word), reason.strip()))
    return tuple(words), ""


def inherit_words(questions: Sequence[Question], form: Words) -> tuple[Question, ...]:
    """Give each question the form's words in front of its own, which go before them."""
    return tuple(replace(one, missing=(*form, *one.missing)) for one in questions) if form else tuple(questions)


def marks_of(question: Question) -> dict[str, str]:
    """Return the words of a question and their reasons.

    A word that is the name or the label of one of its choices is that choice. A dash means any dash.
    """
    words = dict(question.missing)
    if any(word in words for word in _DASHES):
        words |= {dash: next(words[word] for word in _DASHES if word in words) for dash in _DASHES if dash not in words}
    choices = {
        normalise(text) for choice in question.choices for text in (choice.name, choice.label.zh, choice.label.en)
    }
    return {word: reason for word, reason in words.items() if reason != "answer" and word not in choices}

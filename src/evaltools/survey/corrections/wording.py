"""Words of the workbook, in both languages; what comes back is known in either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from evaltools.config import Bank
from evaltools.errors import message
from evaltools.survey.instrument import Question
from evaltools.survey.roles import Roles
from evaltools.text import Lang, normalise

REASONS: Final = (
    "typing", "misread", "asked-again", "other-fits", "unit", "test-entry", "twice", "not-eligible", "right-as-is",
    "log-wrong",
)  # fmt: skip
"""Why a line is made; the wordings stand in the catalogue."""

COLUMNS: Final = (
    "file", "sheet", "row", "column", "question", "problem", "old_value", "new_value", "action", "why", "who",
    "correction", "row_sha", "old_sha",
)  # fmt: skip
"""Columns of the workbook, in order."""

ANSWER: Final = "answer"
"""Column that a workbook gets when it is answered."""

_LANGS: Final[tuple[Lang, ...]] = ("zh", "en")


def word(kind: str, code: str, lang: Lang) -> str:
    """Return the wording of a column, an action or a reason."""
    return message(f"correct-{kind}-{code.replace('_', '-')}", {}, lang)


def code_of(kind: str, codes: Iterable[str], text: str) -> str | None:
    """Return the code that a text stands for: itself, or a wording in either language; None where it is none."""
    key = normalise(text)
    return next((code for code in codes if key == code or key in _words(kind, code)), None)


@cache
def _words(kind: str, code: str) -> frozenset[str]:
    return frozenset(normalise(word(kind, code, lang)) for lang in _LANGS)


def choice_words(question: Question | None, roles: Roles, banks: Sequence[Bank], lang: Lang) -> Mapping[str, str]:
    """Return wording to name of the choices of a question; a wording that two have is followed by the name.

    The choices of a question that says which bank is rated are the campaign's banks.
    """
    if question is None:
        return {}
    if "bank" in roles.of(question.name):
        named = [(bank.id, bank.name.in_lang(lang)) for bank in banks]
    else:
        named = [(choice.name, choice.label.in_lang(lang)) for choice in question.choices]
    labels = [label for _, label in named]
    return {label if label and labels.count(label) == 1 else f"{label} ({name})".strip(): name for name, label in named}

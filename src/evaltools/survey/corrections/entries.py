"""What a line that came back asks for: the action, who and why, and the new value as the log keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evaltools.config import Bank
from evaltools.errors import UsageError
from evaltools.survey.corrections.log import ACTIONS, Action
from evaltools.survey.corrections.returned import Entry
from evaltools.survey.corrections.wording import REASONS, choice_words, code_of
from evaltools.survey.instrument import Question
from evaltools.survey.privacy import redact
from evaltools.survey.questions import index_banks
from evaltools.survey.roles import Roles
from evaltools.survey.values.choices import ChoiceIndex, index_choices, read_choice, read_choices

LONGEST_WHO: Final = 20
_SIGN: Final = ";"
_WORDED: Final = ("text", "select_one", "select_multiple")


class LineError(UsageError):
    """A line that came back cannot be taken; code and fields say why."""


def action_of(entry: Entry) -> Action:
    """Return what a line asks for; a new value without an action is a change.

    Raises
    ------
    LineError
        ``correct-no-action``: the cell holds none of the actions.
    """
    text = entry["action"] or "change"
    code = code_of("action", ACTIONS, text)
    if code is None:
        raise LineError("correct-no-action", value=redact(text)[:LONGEST_WHO])
    return next(action for action in ACTIONS if action == code)


def who_of(entry: Entry) -> str:
    """Return who made a line: initials or a role.

    Raises
    ------
    LineError
        ``correct-no-who``; ``correct-who-form``: too long, or a telephone, a number, a firm.
    """
    text = " ".join(entry["who"].split())
    if not text:
        raise LineError("correct-no-who")
    if len(text) > LONGEST_WHO or redact(text) != text:
        raise LineError("correct-who-form", limit=LONGEST_WHO)
    return text


def why_of(entry: Entry) -> str:
    """Return the code of a line's reason.

    Raises
    ------
    LineError
        ``correct-no-why``: the cell is empty, or holds none of the reasons.
    """
    code = code_of("why", REASONS, entry["why"]) if entry["why"] else None
    if code is None:
        raise LineError("correct-no-why")
    return code


def value_of(entry: Entry, question: Question | None, roles: Roles, banks: Sequence[Bank]) -> str:
    """Return the new value as the log keeps it.

    Raises
    ------
    LineError
        ``correct-no-value``: the cell is empty; ``correct-no-choice``: no choice of the question, which its
        instrument would have to get first; ``correct-names-somebody``: a text that holds a telephone, a code, a firm.
    """
    text = entry["new_value"].strip()
    if not text:
        raise LineError("correct-no-value")
    index = _index(question, roles, banks)
    if question is None or index is None:
        if (question is None or question.type in _WORDED) and redact(text) != text:
            raise LineError("correct-names-somebody")
        return text
    if question.type == "select_multiple":
        names, _, typed = read_choices(text, index, _SIGN)
    else:
        name, _, typed = read_choice(text, index)
        names = None if name is None else (name,)
    if names is None or typed:
        known = list(choice_words(question, roles, banks, "zh"))
        raise LineError("correct-no-choice", question=question.name, known=known)
    return " ".join(names)


def _index(question: Question | None, roles: Roles, banks: Sequence[Bank]) -> ChoiceIndex | None:
    if question is None:
        return None
    words = {label: name for lang in ("zh", "en") for label, name in choice_words(question, roles, banks, lang).items()}
    if "bank" in roles.of(question.name):
        return index_banks(banks, words)
    return index_choices(question.choices, words) if question.choices else None

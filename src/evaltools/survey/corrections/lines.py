"""What is open in a sheet, a line a cell: faulty cells, answers taken out, typed texts, doubts, and corrections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from evaltools.config import Bank
from evaltools.errors import message
from evaltools.survey.corrections.applying import Outcome
from evaltools.survey.corrections.cells import (
    AnswerCells,
    answer_cells,
    answer_text,
    cells_sha,
    column_label,
    follow_up,
    row_sha,
)
from evaltools.survey.corrections.log import ACTIONS, Action, Correction
from evaltools.survey.corrections.resolving import confirmed_cells
from evaltools.survey.corrections.wording import choice_words, word
from evaltools.survey.instrument import Question
from evaltools.survey.privacy import hidden, redact
from evaltools.survey.roles import is_identifying
from evaltools.survey.row_faults import IN_DOUBT, Fault
from evaltools.survey.sheet_rows import SheetRows, row_identifiers
from evaltools.text import Lang

_SHOWN: Final = 200
_SILENT: Final = ("consent", "state", "dropped")  # nothing of such a row is shown, or a line already says it
_FOLLOWING: Final = ("repeat-held", "repeat-all-held")  # gone with the faults that they follow from


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the workbook that goes out.

    Attributes
    ----------
    choices
        Wordings that the new value may take; empty where it is free.
    is_several
        Whether the new value may hold several of them.
    actions
        What may be done.
    correction
        Id of the line of the log that is in force on the cell; "" where there is none.
    """

    file: str
    sheet: str
    row: int
    column: str
    question: str
    problem: str
    old_value: str
    actions: tuple[Action, ...]
    row_sha: str
    old_sha: str
    choices: tuple[str, ...] = ()
    is_several: bool = False
    correction: str = ""


def open_lines(
    sheet: SheetRows, banks: Sequence[Bank], key: bytes, lang: Lang, copies: Collection[int] = ()
) -> list[Line]:
    """Return what is open in a sheet, in the order of its rows and of the form, then its corrections in force.

    Values that identify somebody are shown by their length alone.

    Parameters
    ----------
    copies
        Places of rows that are exact duplicates: nothing of them is open.
    """
    problems: dict[tuple[int, str], list[str]] = {}
    soft: set[tuple[int, str]] = set()
    for at, problem, is_soft in (*_faults(sheet, lang), *_typed(sheet, lang)):
        if at[0] in copies:
            continue
        problems.setdefault(at, []).append(problem)
        if is_soft:
            soft.add(at)
    order = {question.name: number for number, question in enumerate(sheet.instrument.questions)}
    places = sorted(problems, key=lambda at: (at[0], order.get(at[1], -1)))
    lines = [_line(sheet, at, problems[at], at in soft, banks, key, lang) for at in places]
    return lines + [line_in_force(one.line, _state(one, lang)) for one in sheet.outcomes]


def line_in_force(correction: Correction, problem: str) -> Line:
    """Return the line by which a correction can be undone."""
    names = ("file", "sheet", "row", "column", "question", "row_sha", "old_sha")
    given = {name: getattr(correction, name) for name in names}
    return Line(**given, problem=problem, old_value="", actions=("undo",), correction=correction.correction_id)


def asked(sheet: SheetRows, fault: Fault) -> str:
    """Return the question, or the field of the tool, that a fault is about; "" where it is about the row."""
    if fault.question in sheet.found.columns or fault.question in sheet.found.split:
        return fault.question
    if fault.question in sheet.table.meta:
        return fault.question
    named = sheet.roles.one(fault.question)
    return named if named is not None and sheet.found.has(named) else ""


def cells_in(sheet: SheetRows, name: str) -> AnswerCells | None:
    """Return where the answer to a question stands in a sheet; None for the whole row."""
    return answer_cells(sheet.uncorrected, sheet.found, sheet.instrument, name) if name else None


def question_in(sheet: SheetRows, name: str) -> Question | None:
    """Return the question of a name; None for a field of the tool and for a row."""
    return next((one for one in sheet.instrument.questions if one.name == name), None)


def allowed_actions(sheet: SheetRows, name: str, *, is_soft: bool) -> tuple[Action, ...]:
    """Return what a line on a question may do.

    Who somebody is, and whether somebody agreed, is corrected where the answers were collected; what a form computes
    follows from its answers.
    """
    question, cells = question_in(sheet, name), cells_in(sheet, name)
    allowed: set[Action] = {"drop"}
    if cells is not None and not is_closed(sheet, question):
        allowed |= {"change", "blank"}
    if is_soft:
        allowed.add("confirm")
    return tuple(action for action in ACTIONS if action in allowed)


def is_closed(sheet: SheetRows, question: Question | None) -> bool:
    """Say whether no new value may be given to a question here."""
    return question is not None and (
        is_identifying(question, sheet.roles)
        or question.type == "calculate"
        or "consent" in sheet.roles.of(question.name)
    )


def soft_cells(sheet: SheetRows, lang: Lang) -> frozenset[tuple[int, str]]:
    """Return the cells of a sheet whose value may be confirmed, by place of the row and question."""
    return frozenset(at for at, _, is_soft in (*_faults(sheet, lang), *_typed(sheet, lang)) if is_soft)


def _line(
    sheet: SheetRows,
    at: tuple[int, str],
    problems: Iterable[str],
    is_soft: bool,
    banks: Sequence[Bank],
    key: bytes,
    lang: Lang,
) -> Line:
    row, name = at
    table, cells, question = sheet.uncorrected, cells_in(sheet, name), question_in(sheet, name)
    actions = allowed_actions(sheet, name, is_soft=is_soft)
    return Line(
        file=sheet.rel_path,
        sheet=sheet.table.sheet,
        row=sheet.row_numbers[row],
        column=column_label(table, cells) if cells else "",
        question=name,
        problem=" / ".join(dict.fromkeys(problems)),
        old_value=_shown(sheet, question, answer_text(table, cells, row), row) if cells else "",
        actions=actions,
        row_sha=row_sha(table, row, key),
        old_sha=cells_sha(table, cells, row, key),
        choices=tuple(choice_words(question, sheet.roles, banks, lang)) if "change" in actions else (),
        is_several=question is not None and question.type == "select_multiple",
    )


def _shown(sheet: SheetRows, question: Question | None, text: str, row: int) -> str:
    if not text:
        return ""
    if question is not None and is_identifying(question, sheet.roles):
        return hidden(text)
    shown = redact(text, known=row_identifiers(sheet, row))
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _faults(sheet: SheetRows, lang: Lang) -> Iterator[tuple[tuple[int, str], str, bool]]:
    """Yield (row and question, what is wrong, whether it may be confirmed) of faults that nobody has settled."""
    confirmed = confirmed_cells(sheet)
    for fault in sheet.checked.faults:
        name, is_soft = asked(sheet, fault), fault.code in IN_DOUBT
        if fault.rule in _SILENT or fault.code in _FOLLOWING or (is_soft and (fault.row, name) in confirmed):
            continue
        yield (fault.row, name), message(f"fault-{fault.code}", {"column": _header(sheet, name)}, lang), is_soft


def _typed(sheet: SheetRows, lang: Lang) -> Iterator[tuple[tuple[int, str], str, bool]]:
    """Yield what respondents typed beside the choices, where it was not confirmed to be none of them."""
    confirmed = confirmed_cells(sheet)
    silent = {fault.row for fault in sheet.checked.faults if fault.rule in _SILENT}
    for name, column in sheet.checked.columns.items():
        question = question_in(sheet, name)
        if question is None or is_closed(sheet, question) or not sheet.found.has(name):
            continue
        follow = follow_up(sheet.instrument, question)
        told = sheet.checked.columns[follow.name].answers if follow and follow.name in sheet.checked.columns else None
        rows = set(column.typed)
        if told is not None:
            rows |= {row for row, text in enumerate(told) if pd.notna(text) and column.answers[row] is not None}
        for row in sorted(rows - silent):
            if (row, name) not in confirmed:
                yield (row, name), message("correct-typed", {"column": _header(sheet, name)}, lang), True


def _header(sheet: SheetRows, name: str) -> str:
    cells = cells_in(sheet, name)
    return name if cells is None else column_label(sheet.uncorrected, cells)


def _state(outcome: Outcome, lang: Lang) -> str:
    line = outcome.line
    if outcome.state == "applied":
        fields = {"action": word("action", line.action, lang), "value": line.new_value, "id": line.correction_id}
        return message("correct-in-force", fields, lang)
    return message(f"correction-{outcome.state}", {"id": line.correction_id, "locator": line.locator}, lang)

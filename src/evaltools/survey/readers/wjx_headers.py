"""Headers of 问卷星: numbered questions, matrices, columns of options and of what was typed into an option's blank."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from evaltools.survey.readers.model import RawColumn

QUESTION: Final = re.compile(r"\s*(\d{1,4})\s*([、.．:：])\s*(.*)", re.DOTALL)
_MATRIX: Final = re.compile(r"(.*[^—\s])\s*—+\s*([^—]+)", re.DOTALL)  # greedy: the last dash parts question and row
_ROW_NUMBER: Final = re.compile(r"(\d{1,3})\s*[、.．]\s*(.+)", re.DOTALL)
_OPTION: Final = re.compile(r"\s*(?:第\s*(\d{1,4})\s*题|(\d{1,4}))\s*[(（](.+)[)）]\s*", re.DOTALL)
_BLANK: Final = re.compile(r"[(（](.+?)[:：\s]*[)）]\s*", re.DOTALL)
_PAIRS: Final = {")": "(", "）": "（"}


def name_columns(
    headers: Sequence[tuple[str, int]], is_flag: Callable[[int], bool], is_rank: Callable[[Sequence[int]], bool]
) -> list[RawColumn]:
    """Return what each column is, by the headers in their order.

    Parameters
    ----------
    is_flag
        Whether the cells of a column, by its position, may say that an option was chosen or not.
    is_rank
        Whether the cells of columns, by their positions, may be the ranks that options were given.
    """
    columns: list[RawColumn] = []
    matrix: _Matrix | None = None
    for position, (header, nth) in enumerate(headers):
        question = QUESTION.fullmatch(header)
        if question is None:
            matrix = None
            columns.append(RawColumn(position, header, fold(header), "label", nth=nth))
            continue
        number, sign, text = int(question[1]), question[2], question[3]
        if matrix is not None and matrix.continues(number, sign):
            matrix.rows += 1
            columns.append(RawColumn(position, header, matrix.row(text), "label", matrix.lead, matrix.number, nth))
            continue
        following = headers[position + 1][0] if position + 1 < len(headers) else ""
        matrix = _open_matrix(number, sign, text, following)
        key, lead = (matrix.first_row, matrix.lead) if matrix else (fold(text), None)
        columns.append(RawColumn(position, header, key, "label", lead, number, nth))
    return _with_blanks(_with_options(columns, is_flag, is_rank))


def option_of(header: str) -> tuple[int, str] | None:
    """Return number and option of a header that holds nothing else: ``3(评估费)``, ``第3题(评估费)``."""
    found = _OPTION.fullmatch(header)
    return (int(found[1] or found[2]), fold(found[3])) if found else None


def fold(text: str) -> str:
    """Return a wording with tabs, line ends and full-width spaces inside it as one space."""
    return re.sub(r"\s+", " ", text).strip()


def _with_options(
    columns: Sequence[RawColumn], is_flag: Callable[[int], bool], is_rank: Callable[[Sequence[int]], bool]
) -> list[RawColumn]:
    """Name the columns of options: ``3、题干(甲)`` and ``3(乙)`` after it, or ``第3题(甲)`` and ``第3题(乙)``.

    ``第3题(…)`` is the row of a matrix as well; then the cells are neither flags nor ranks.
    """
    named = list(columns)
    place = 0
    while place < len(named):
        run, end = _run(named, place)
        places = [column.position for column in run]
        if run and not (all(map(is_flag, places)) or is_rank(places)):
            rows = [replace(one, key=str(one.option), option=None, coding="") for one in run]
            run = rows if named[place].number is None else []
        for one in run:
            named[one.position] = one
        place = end
    return named


def _run(columns: Sequence[RawColumn], start: int) -> tuple[list[RawColumn], int]:
    """Return the columns from a place on that are options of one question, if headers are all, and the place after."""
    first = columns[start]
    own = option_of(first.header)
    ended = _ended(first.key) if first.number is not None and first.lead is None else None
    number, key, option = (own[0], "", own[1]) if own else (first.number or 0, *(ended or ("", "")))
    run = [replace(first, key=key, number=number, option=option, coding="label")] if own or ended else []
    end = start + 1
    while run and end < len(columns):
        column = columns[end]
        further = option_of(column.header)
        if further is not None and further[0] == number:
            run.append(replace(column, key=key, number=number, option=further[1], coding="label"))
        elif column.number != number or not _BLANK.fullmatch(column.key):
            break
        end += 1
    return (run, end) if own or len(run) > 1 else ([], start + 1)


def _ended(text: str) -> tuple[str, str] | None:
    """Return a wording and what the bracket at its end holds, brackets in it paired."""
    text = text.strip()
    close = text[-1:]
    depth = 0
    for place in range(len(text) - 1, -1, -1) if close in _PAIRS else ():
        depth += (text[place] == close) - (text[place] == _PAIRS[close])
        if not depth:
            return text[:place].strip(), text[place + 1 : -1].strip()
    return None


def _with_blanks(columns: Sequence[RawColumn]) -> list[RawColumn]:
    """Name the columns of what was typed, ``25、(其他（请补充）:)``: they belong to the question of that number."""
    owners: dict[int, RawColumn] = {}
    named = []
    for one in columns:
        column = one
        blank = _BLANK.fullmatch(column.key) if column.number is not None and column.option is None else None
        owner = owners.get(column.number or 0)
        if blank is not None and owner is not None and owner.lead is None:
            column = replace(column, key=owner.key, lead=owner.lead, option=fold(blank[1]), coding="label", typed=True)
        elif column.number is not None:
            owners.setdefault(column.number, column)
        named.append(column)
    return named


class _Matrix:
    """A question with rows: only its first column carries the wording of the question."""

    def __init__(self, number: int, sign: str, lead: str, first_row: str) -> None:
        self.number, self.sign = number, sign
        self.lead, self.first_row = fold(lead), fold(_bare(first_row))
        self.rows = 1

    def continues(self, number: int, sign: str) -> bool:
        """Say whether ``N、子项`` or ``k.子项`` is the next row: the question's own number, or the next row's."""
        if number == self.number:
            return True
        if number != self.rows + 1:
            return False
        # "2." behind the first row of question 1 may be question 2: then the sign tells
        return number != self.number + 1 or sign != self.sign

    def row(self, text: str) -> str:
        """Return the wording of a further row; some exports repeat the question before it."""
        parts = _MATRIX.fullmatch(text)
        return fold(_bare(parts[2] if parts and fold(parts[1]) == self.lead else text))


def _bare(text: str) -> str:
    """Return the wording of a matrix row without its own number."""
    numbered = _ROW_NUMBER.fullmatch(text.strip())
    return numbered[2] if numbered else text


def _open_matrix(number: int, sign: str, text: str, following: str) -> _Matrix | None:
    """Begin a matrix where the header has a dash and the next column carries on; a dash alone is part of a wording."""
    parts, after = _MATRIX.fullmatch(text), QUESTION.fullmatch(following)
    if parts is None or after is None:
        return None
    matrix = _Matrix(number, sign, parts[1], parts[2])
    return matrix if matrix.continues(int(after[1]), after[2]) else None

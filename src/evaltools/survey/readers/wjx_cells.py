"""Cells of 问卷星: whether an export holds texts, numbers or scores of options, and what its marks mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import Coding
from evaltools.survey.readers.recoding import recode

Mode = Literal["text", "number", "score", "unknown"]

MISSING_MARKS: Final[Mapping[str, str]] = {
    "(空)": "blank",
    "（空）": "blank",
    "(跳过)": "skipped_by_logic",
    "（跳过）": "skipped_by_logic",
}
_NUMERIC_MARKS: Final = {"-2": "(空)", "-3": "(跳过)"}
_NAMED: Final[Mapping[str, Mode]] = {"文本": "text", "序号": "number", "分数": "score"}
_FILE_NAME: Final = re.compile(r"按(?:选项)?(文本|序号|分数)")
_OWN_FILE_NAME: Final = re.compile(rf"\d{{4,12}}_{_FILE_NAME.pattern}_.*")
_CODINGS: Final[Mapping[Mode, Coding]] = {"number": "number", "score": "score", "unknown": "numeral"}
_NUMBER: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,4})?")
_WITH_TYPED: Final = re.compile(r"(\d{1,4})\s*(?:〖.*〗|【.*】)", re.DOTALL)
_FLAG_WITH_TYPED: Final = re.compile(r"1\s*(?:〖.*〗|【.*】)", re.DOTALL)
_SIGNS_INSIDE: Final = re.compile(r"〖[^〗]*[┋〖【】][^〗]*〗|【[^】]*[┋〖〗【][^】]*】")


@dataclass(frozen=True, slots=True)
class CellsOf:
    """What the cells of the columns, by position, may be."""

    columns: Sequence[Cells]

    def is_flag(self, position: int) -> bool:
        """Say whether all cells say that an option was chosen or not."""
        texts = set(map(_plain, self.columns[position].occurring())) - MISSING_MARKS.keys() - _NUMERIC_MARKS.keys()
        return all(text in ("0", "1") or _FLAG_WITH_TYPED.fullmatch(text) for text in texts)

    def is_rank(self, positions: Sequence[int]) -> bool:
        """Say whether the cells are ranks of options: in each row those there are, from 1 on, each once."""
        columns = [recode(self.columns[position], _rank) for position in positions]
        if len(columns) < 2 or not any(2 in column.distinct for column in columns):
            return False
        rows = (sorted(cell for cell in row if isinstance(cell, int)) for row in zip(*columns, strict=True))
        return all(row == list(range(1, len(row) + 1)) for row in rows)


def mode_of(file: str) -> Mode:
    """Return what the name that the tool gave the file says: 按文本, 按序号 or 按分数, as a title may, too."""
    if own := _OWN_FILE_NAME.fullmatch(file):
        return _NAMED[own[1]]
    found = {_NAMED[part] for part in _FILE_NAME.findall(file)}
    return found.pop() if len(found) == 1 else "unknown"


def coding_of(cells: Cells, mode: Mode) -> Coding:
    """Return what the cells of a choice question hold; numbers are only told apart by the mode of the file."""
    texts = set(map(_plain, cells.occurring())) - MISSING_MARKS.keys()
    if mode != "text" and texts and all(_NUMBER.fullmatch(text) or _WITH_TYPED.fullmatch(text) for text in texts):
        return _CODINGS[mode]
    return "label"


def adds_up(columns: Iterable[Cells], total: Cells) -> bool:
    """Say whether the sum of points of every row is that of its numbers: then the numbers are scores.

    At least three rows must have such sums, two of them different.
    """
    sums = [0.0] * len(total)
    for column in columns:
        points = [_points(cell) for cell in column.distinct]
        sums = [one + points[code] for one, code in zip(sums, column.codes, strict=True)]
    given = [float(text) if _NUMBER.fullmatch(text := _plain(cell)) else None for cell in total]
    return len(given) >= 3 and len(set(given)) > 1 and given == [round(one, 4) for one in sums]


def has_numeric_marks(cells: Cells) -> bool:
    """Say whether -2 and -3 are marks in a column: they may be answers beside marks in words and other such numbers."""
    texts = set(map(_plain, cells.occurring()))
    others = {text for text in texts if text.startswith("-")} - _NUMERIC_MARKS.keys()
    return bool(texts & _NUMERIC_MARKS.keys()) and not others and not texts & MISSING_MARKS.keys()


def with_marks(cells: Cells) -> Cells:
    """Return a column with the marks of numbered exports, -2 and -3, in words."""
    return recode(cells, lambda cell: _NUMERIC_MARKS.get(_plain(cell), cell)) if has_numeric_marks(cells) else cells


def signs_of(columns: Iterable[Cells]) -> list[str]:
    """Return what is found in cells that this tool alone writes: its marks of missing answers, in words or numbers."""
    held = list(columns)
    return [*marks_in(held), *(_NUMERIC_MARKS if any(map(has_numeric_marks, held)) else ())]


def marks_in(columns: Iterable[Cells]) -> dict[str, str]:
    """Return the marks of missing answers, in words, that columns of any table hold, and their reasons.

    They stay such where somebody has put columns of the tool into a table of another.
    """
    texts = {cell.strip() for column in columns for cell in column.occurring() if isinstance(cell, str)}
    return {mark: reason for mark, reason in MISSING_MARKS.items() if mark in texts}


def as_flags(cells: Cells) -> Cells:
    """Return the ranks of an option as 1 where it has one."""
    return recode(cells, lambda cell: 1 if _rank(cell) is not None else cell)


def n_signs_inside(cells: Cells) -> int:
    """Return how many cells hold a typed text with a separator or a bracket of its own in it."""
    inside = [isinstance(cell, str) and bool(_SIGNS_INSIDE.search(cell)) for cell in cells.distinct]
    return sum(inside[code] for code in cells.codes) if any(inside) else 0


def _plain(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _rank(cell: Cell) -> int | None:
    text = _plain(cell)
    return int(text) if text.isdecimal() and len(text) <= 4 and int(text) > 0 else None


def _points(cell: Cell) -> float:
    text = _plain(cell)
    return float(text) if _NUMBER.fullmatch(text) and float(text) > 0 else 0.0

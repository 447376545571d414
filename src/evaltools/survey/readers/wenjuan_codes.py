"""The list of codes that 问卷网 gives beside a coded export: wording, kind and options of each question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import Grid
from evaltools.survey.readers.recoding import recode

_NAME: Final = re.compile(r"Q\d{1,4}")
_WIDTHS: Final = (3, 4)


@dataclass(frozen=True, slots=True)
class CodedQuestion:
    """A question of a code list: its wording, and the wording of the option of each code."""

    wording: str
    options: Mapping[str, str]

    def worded(self, cells: Cells) -> Cells:
        """Return a column with the options' wordings in the place of their codes; other cells stay."""
        return recode(cells, lambda cell: self.options.get(_plain(cell), cell))


def read_codes(grid: Grid) -> dict[str, CodedQuestion]:
    """Return the questions of a code list by name; nothing where the grid is none.

    A row holds name, wording and kind of a question, those below it a blank, a code and its option.
    """
    if grid.width not in _WIDTHS:
        return {}
    found: dict[str, tuple[str, dict[str, str]]] = {}
    current: dict[str, str] | None = None
    for place in range(grid.n_rows):
        name, first, second = grid.row(place)[:3]
        if isinstance(name, str) and _NAME.fullmatch(name.strip()):
            found[name.strip()] = (_text(first), current := {})
        elif _text(name) or current is None or not _text(first):
            return {}
        elif _text(second):
            current[_plain(first)] = _text(second)
    return {name: CodedQuestion(wording, options) for name, (wording, options) in found.items()}


def _plain(cell: Cell) -> str:
    """Return a code, whole numbers without ``.0``."""
    return _text(cell).removesuffix(".0")


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()

"""The vv format of LimeSurvey: tab-separated, a row of wordings and a row of codes, some signs spelt in braces."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.columns import column_values, headers_of
from evaltools.survey.readers.limesurvey_headings import OWN, Heading, read_code
from evaltools.survey.readers.model import Grid
from evaltools.survey.readers.recoding import recode

NOT_SHOWN: Final = "\ue000not-shown"
"""Stands for the tool's mark of a question that was not shown; no answer can be the same."""

_MARK: Final = "{question_not_shown}"
_SIGNS: Final = {"lbrace": "{", "newline": "\n", "cr": "\r", "tab": "\t"}
_SPELT: Final = re.compile(r"\{(lbrace|newline|cr|tab)\}")
_PART: Final = re.compile(r"(.+?)\s*(?:\((.+)\)|\n(.+)|\s-\s(.+))", re.DOTALL)


def is_vv(grid: Grid) -> bool:
    """Say whether the second row holds the codes of the tool's own columns, and the first is no title above them."""
    if grid.n_rows < 2 or 2 * sum(cell is not None for cell in grid.row(0)) < grid.width:
        return False
    return len(OWN & {str(cell) for cell in grid.row(1)}) >= 3


def read_vv(grid: Grid) -> tuple[list[Heading], list[Cells]]:
    """Return the headings, of codes and wordings, and the cells as they were before some signs were spelt."""
    wordings = [str(cell or "") for cell in grid.row(0)]
    headings = [
        _worded(read_code(header, nth), wording)
        for (header, nth), wording in zip(headers_of(grid.row(1)), wordings, strict=True)
    ]
    return headings, [recode(cells, _spelt_out) for cells in column_values(grid, 2)]


def _worded(heading: Heading, wording: str) -> Heading:
    found = _PART.fullmatch(wording) if heading.subs else None
    if found is None:
        return replace(heading, text=wording)
    return replace(heading, text=found[1], sub_text=next(part for part in found.groups()[1:] if part))


def _spelt_out(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    if cell == _MARK:
        return NOT_SHOWN
    text = '"' + cell.removeprefix("{quote}") if cell.startswith("{quote}") else cell
    return _SPELT.sub(lambda found: _SIGNS[found[1]], text)

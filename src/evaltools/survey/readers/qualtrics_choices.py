"""What a Qualtrics export holds for choices in a column each, and for questions that were seen or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import RawColumn
from evaltools.survey.readers.qualtrics_headings import Heading
from evaltools.survey.readers.recoding import fill_blanks, recode
from evaltools.survey.readers.ticks import Ticked, complete_ticks

SEEN: Final = "-99"
"""Stands for a question that was seen and not answered, if the export was asked to say so."""

_ANSWERED: Final = frozenset({"question", "row", "option", "typed"})


def is_answer(heading: Heading) -> bool:
    """Say whether a column belongs to a question of the form, and not to data that came with the respondent."""
    return heading.part in _ANSWERED and "QID" in heading.id


def count_seen(headings: Sequence[Heading], values: Sequence[Cells]) -> int:
    """Count the cells that say of a question that it was seen and not answered."""
    found = 0
    for heading, cells in zip(headings, values, strict=True):
        codes = {code for code, cell in enumerate(cells.distinct) if str(cell) == SEEN}
        if codes and heading.part in _ANSWERED:
            found += sum(code in codes for code in cells.codes)
    return found


def read_options(headings: Sequence[Heading], values: Sequence[Cells]) -> dict[int, Ticked]:
    """Read the columns of choices, question by question.

    A column with the id of a choice is one. Where the file has no such ids, columns that hold nothing but 1, or the
    wording of their own choice, may be rows of a matrix as well.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for place, heading in enumerate(headings):
        if heading.part in ("option", "row") and heading.part_text:
            groups.setdefault((heading.part, heading.id), []).append(place)
    found: dict[int, Ticked] = {}
    for (part, _), places in groups.items():
        is_sure = part == "option"
        if not is_sure and (len(places) < 2 or not all(_may_be_tick(headings[one], values[one]) for one in places)):
            continue
        completed = _ticks_of([headings[place].part_text for place in places], [values[place] for place in places])
        for place, cells in zip(places, completed, strict=True):
            found[place] = Ticked(_column(headings[place]), _seen_again(cells, values[place]), is_sure)
    return found


def _column(heading: Heading) -> RawColumn:
    return RawColumn(
        0, heading.header, heading.text, "label", nth=heading.nth, coding="label", option=heading.part_text
    )


def _may_be_tick(heading: Heading, cells: Cells) -> bool:
    texts = {str(cell).strip() for cell in cells.occurring()}
    return texts <= {"1", SEEN} or texts <= {heading.part_text, SEEN}


def _ticks_of(options: Sequence[str], columns: Sequence[Cells]) -> list[Cells]:
    """Return the columns of a question's choices as ticks.

    Where a choice is itself worded as a 0, that says in a column that it was taken, or not: the cells stay, and what
    all columns hold tells which, see :mod:`evaltools.survey.values.flags`.
    """
    if "0" in options:
        return [recode(cells, lambda cell: None if str(cell) == SEEN else cell) for cells in columns]
    return complete_ticks([_ticks(cells) for cells in columns])


def _ticks(cells: Cells) -> Cells:
    """Return 1 for what marks the choice as taken, whatever it is, and 0 for 0; two marks in one column are none."""
    marks = {str(cell) for cell in cells.occurring()} - {"0", SEEN}
    read: dict[str, Cell] = {"0": 0, SEEN: None}
    if len(marks) == 1:
        read[marks.pop()] = 1
    return recode(cells, lambda cell: read.get(str(cell), cell))


def _seen_again(ticked: Cells, cells: Cells) -> Cells:
    """Write the mark of what was seen and not answered back where no choice of the question was taken."""
    is_seen = [str(cell) == SEEN for cell in cells.distinct]
    return fill_blanks(ticked, SEEN, [is_seen[code] for code in cells.codes]) if any(is_seen) else ticked

"""Name the columns of a LimeSurvey export: questions, rows of arrays, choices, what was typed into a choice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.limesurvey_choices import (
    Ticks,
    blank_not_asked,
    find_ticks,
    group_parts,
    typed_choice,
    uploads,
)
from evaltools.survey.readers.limesurvey_headings import IDENTIFYING, Heading, Style
from evaltools.survey.readers.model import Coding, Note, RawColumn
from evaltools.survey.readers.recoding import recode
from evaltools.survey.readers.ticks import Ticked, arrange

_OTHER: Final = "-oth-"
_GROUP_TIME: Final = re.compile(r"groupTime\d+")


def name_columns(
    headings: Sequence[Heading], values: Sequence[Cells], style: Style, mark: str | None
) -> tuple[list[RawColumn], list[Cells], list[Note]]:
    """Name the columns.

    Parameters
    ----------
    mark
        What stands for a question that was not shown; None where a blank does.

    Returns
    -------
    tuple of (columns, their cells, notes)
        Columns that were left out are in a note: names and addresses of participants, files, times of single pages.
        Those that may be the choices of a question or the rows of an array are there twice.
    """
    dropped, notes = _dropped(headings)
    known = {(heading.code, heading.subs) for heading in headings}
    ticks = [found for places in group_parts(headings) if (found := find_ticks(places, headings, values, mark))]
    ticked = {
        place: Ticked(_option(headings[place], style), cells, found.is_sure)
        for found in ticks
        for place, cells in zip(found.places, found.cells, strict=True)
    }
    coding: Coding = "name" if mark is not None else next((found.coding for found in ticks if found.coding), "")
    plain = [
        None if place in dropped else (_question(heading, style, behind, coding), values[place])
        for place, heading in enumerate(headings)
        for behind in (typed_choice(heading, known) if heading.code else _choice_behind(place, ticks, headings),)
    ]
    columns, cells = arrange(plain, ticked)
    if unsure := [headings[found.places[0]].question for found in ticks if not found.is_sure]:
        notes.append(Note("note-two-ways", {"columns": unsure}))
    kept, more = _answers(columns, cells)
    return columns, kept, [*notes, *more]


def _dropped(headings: Sequence[Heading]) -> tuple[set[int], list[Note]]:
    codes = {heading.code for heading in headings}
    timed = "interviewtime" in codes
    who = {place for place, heading in enumerate(headings) if heading.own in IDENTIFYING}
    times = {
        place
        for place, heading in enumerate(headings)
        if _GROUP_TIME.fullmatch(heading.code)
        or (timed and heading.code.endswith("Time") and heading.code.removesuffix("Time") in codes)
    }
    files = uploads(headings)
    kinds = (("note-dropped-identifying", who), ("note-dropped-files", files), ("note-dropped-tool", times))
    notes = [
        Note(code, {"columns": [headings[place].header for place in sorted(places)]})
        for code, places in kinds
        if places
    ]
    return who | files | times, notes


def _question(heading: Heading, style: Style, behind: str | None, coding: Coding) -> RawColumn:
    """Name a question, a row of an array, or the text of a choice (`behind`)."""
    header, nth = heading.header, heading.nth
    if heading.own:
        return RawColumn(0, header, heading.own, "name", nth=nth)
    if behind is not None and style == "code":
        return RawColumn(0, header, heading.code, "name", nth=nth, coding="name", option=behind or None, typed=True)
    if behind is not None:
        choice = heading.sub_text or behind or None
        return RawColumn(0, header, heading.text, "label", nth=nth, coding="label", option=choice, typed=True)
    if heading.sub_text:
        return RawColumn(0, header, heading.sub_text, "label", heading.text, nth=nth, coding=coding)
    if heading.subs:
        return RawColumn(0, header, "_".join((heading.code, *heading.subs)), "name", nth=nth, coding=coding)
    kind: Literal["name", "label"] = "label" if heading.text else "name"
    return RawColumn(0, header, heading.text or heading.code, kind, nth=nth, coding=coding)


def _option(heading: Heading, style: Style) -> RawColumn:
    header, nth = heading.header, heading.nth
    if heading.is_field:
        return RawColumn(0, header, heading.text, "label", nth=nth, coding="name", option=heading.subs[0])
    if style == "code":
        return RawColumn(0, header, heading.code, "name", nth=nth, coding="name", option=heading.subs[0])
    return RawColumn(0, header, heading.text, "label", nth=nth, coding="label", option=heading.sub_text)


def _choice_behind(place: int, ticks: Sequence[Ticks], headings: Sequence[Heading]) -> str | None:
    """Return the choice whose text a column without a code holds, behind the columns of the others; else None."""
    heading = headings[place]
    behind = any(found.is_sure and found.places[-1] == place - 1 for found in ticks)
    is_part = behind and heading.has_part and headings[place - 1].text == heading.text
    return heading.sub_text if is_part else None


def _answers(columns: Sequence[RawColumn], cells: Sequence[Cells]) -> tuple[list[Cells], list[Note]]:
    """Write the choice "other" by its name, and blank what says that a question was not asked."""
    kept, blanked = [], []
    for column, own in zip(columns, cells, strict=True):
        found = None if column.option is not None else blank_not_asked(own)
        if found is not None:
            blanked.append(column.header)
        answers = own if found is None else found
        kept.append(recode(answers, _as_other) if _OTHER in answers.distinct else answers)
    return kept, [Note("note-not-asked", {"columns": blanked, "mark": "N/A"})] if blanked else []


def _as_other(cell: Cell) -> Cell:
    return "other" if cell == _OTHER else cell

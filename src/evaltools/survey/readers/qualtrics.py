"""Qualtrics exports: codes or choice texts, multiple choices in one cell or in a column each, old and new headers.

Responses that were previews or were not finished are kept; a note counts them. A code is the value that the designer
gave a choice, often neither its place in the list nor a score: it is the name of a choice, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from evaltools.survey.readers.columns import build_table, column_values
from evaltools.survey.readers.model import Book, Coding, RawColumn, RawTable, Sniff
from evaltools.survey.readers.qualtrics_choices import SEEN, count_seen, is_answer, read_options
from evaltools.survey.readers.qualtrics_headings import Heading, is_legacy, own_columns, read_header
from evaltools.survey.readers.qualtrics_responses import (
    coding_of,
    coding_within,
    finished_rows,
    in_zone,
    note_responses,
)
from evaltools.survey.readers.recoding import fill_blanks
from evaltools.survey.readers.ticks import arrange

TOOL: Final = "qualtrics"
_ROLES: Final[Mapping[str, str]] = {
    "startDate": "started_at", "endDate": "submitted_at", "duration": "duration", "ipAddress": "ip",
    "_recordId": "native_id", "distributionChannel": "source_detail",
}  # fmt: skip
_NOT_SEEN: Final = "\ue000not-seen"  # no answer can be the same
_LEFT_OUT: Final = ("identifying", "file", "tool", "blank")


def sniff(book: Book) -> Sniff:
    """Judge by the columns that the tool adds and by the row of its ids."""
    grid = book.first
    own = own_columns(grid)
    if len(own) < 5:
        is_own = grid.n_rows > 2 and read_header(grid).has_ids
        return Sniff(0.9, "row of ids") if is_own else Sniff(0.0, "columns StartDate, ResponseId not found")
    shown = ", ".join(own[:6])
    if is_legacy(grid):
        return Sniff(0.95, f"two header rows, V1 to V10 over {shown}")
    has_ids = read_header(grid).has_ids
    return Sniff(0.97, f"row of ids; columns {shown}") if has_ids else Sniff(0.8, f"columns {shown}")


def read(book: Book) -> list[RawTable]:
    """Read an export; a column is matched by its short name or its wording.

    Raises
    ------
    FileRefusedError
        ``time-zone``: the zone that the file names for its times is not known.
    """
    grid = book.first
    header = read_header(grid)
    headings, raw = header.headings, column_values(grid, header.n_rows)
    n_seen, finished = count_seen(headings, raw), finished_rows(headings, raw)
    ticked = read_options(headings, raw)
    values = [in_zone(heading, cells, file=grid.file) for heading, cells in zip(headings, raw, strict=True)]
    if n_seen and header.has_ids:
        # a blank is then no question that was seen, unless the respondent never came that far
        answers = [is_answer(heading) for heading in headings]
        values = [
            fill_blanks(cells, _NOT_SEEN, finished) if is_due else cells
            for cells, is_due in zip(values, answers, strict=True)
        ]
        ticked = {
            place: replace(one, cells=fill_blanks(one.cells, _NOT_SEEN, finished)) for place, one in ticked.items()
        }
    coding, is_old = coding_of(headings, raw), is_legacy(grid)
    plain = [
        None if heading.part in _LEFT_OUT else (_question(heading, coding_within(cells) if is_old else coding), cells)
        for heading, cells in zip(headings, values, strict=True)
    ]
    columns, cells = arrange(plain, ticked)
    return [
        build_table(
            grid,
            columns,
            n_header=header.n_rows,
            separator=",",
            values=cells,
            meta=_meta(headings, columns),
            missing_marks={SEEN: "blank", _NOT_SEEN: "skipped_by_logic"} if n_seen else {},
            notes=note_responses(headings, raw, ticked, n_seen),
        )
    ]


def _question(heading: Heading, coding: Coding) -> RawColumn:
    header, nth = heading.header, heading.nth
    if heading.part == "typed":
        return RawColumn(
            0, header, heading.text, "label", nth=nth, coding="label", option=heading.part_text, typed=True
        )
    if heading.part == "own" or not heading.text:
        return RawColumn(0, header, header, "name", nth=nth, coding=coding)
    if heading.part == "row":
        return RawColumn(0, header, heading.part_text, "label", heading.text, nth=nth, coding=coding)
    return RawColumn(0, header, heading.text, "label", nth=nth, coding=coding)


def _meta(headings: Sequence[Heading], columns: Sequence[RawColumn]) -> dict[str, int]:
    roles = {heading.header: _ROLES.get(heading.id) for heading in headings if heading.part == "own"}
    found = {roles.get(column.header): column.position for column in reversed(columns)}
    return {role: position for role, position in found.items() if role is not None}

"""LimeSurvey: results as csv or .xlsx, with codes, wordings or both as headings, and files in the vv format.

Of an incomplete response (no date of submission) the answers that it holds are kept, and a note counts them: what a
question that must be answered lacks is for the checks to say. Times are those of the server, without a zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.columns import build_table, column_values, headers_of
from evaltools.survey.readers.limesurvey_columns import name_columns
from evaltools.survey.readers.limesurvey_headings import OWN, Heading, Style, read_headings, style_of
from evaltools.survey.readers.limesurvey_vv import NOT_SHOWN, is_vv, read_vv
from evaltools.survey.readers.model import Book, Grid, Note, RawColumn, RawTable, Sniff
from evaltools.survey.readers.recoding import recode

TOOL: Final = "limesurvey"
_STRUCTURE: Final = ("class", "type/scale", "name", "relevance", "text")
_ROLES: Final[Mapping[str, str]] = {
    "submitdate": "submitted_at", "startdate": "started_at", "interviewtime": "duration", "ipaddr": "ip",
    "id": "native_id", "refurl": "source_detail",
}  # fmt: skip
_TIMES: Final = ("submitdate", "startdate", "datestamp")
# what a survey without time stamps writes as the date of a response that was sent
_UNDATED: Final = "1980-01-01"
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?")
_WHOLE: Final = re.compile(r"-?\d+")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]+)*")
# the columns that stand first, whatever the language of their headings
_FIRST: Final = ("id", "submitdate", "lastpage", "startlanguage", "seed")


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """Headings and cells, whatever the format; `mark` stands for a question that was not shown."""

    style: Style
    headings: Sequence[Heading]
    values: Sequence[Cells]
    n_header: int
    mark: str | None = None


def sniff(book: Book) -> Sniff:
    """Judge by the columns that the tool adds; where their wordings are in another language, by what they hold."""
    grid = book.first
    headers = [header for header, _ in headers_of(grid.row(0))]
    if tuple(headers[: len(_STRUCTURE)]) == _STRUCTURE:
        return Sniff(0.99, f"columns {', '.join(_STRUCTURE)}: the form")
    if is_vv(grid):
        return Sniff(0.95, "two header rows, the second of codes; marks in braces")
    style = style_of(headers)
    own = [heading.own for heading in read_headings(headers_of(grid.row(0)), style) if heading.own]
    if len(own) >= 2 and style != "text":
        return Sniff(0.95 if "submitdate" in own else 0.6, f"columns {', '.join(own)}; headings by {style}")
    if len(own) >= 3:
        return Sniff(0.9, f"columns {', '.join(own)}; headings by {style}")
    if style == "text" and _looks_like_results(column_values(grid, 1)):
        return Sniff(0.75, f"the first columns hold {', '.join(_FIRST)}; headings by text")
    return Sniff(0.0, "columns submitdate, lastpage, startlanguage not found")


def read(book: Book) -> list[RawTable]:
    """Read the responses; a multiple choice has a column a choice.

    Raises
    ------
    FileRefusedError
        ``limesurvey-structure``: the file is the form, not its answers; ``limesurvey-duplicate-code``: two questions
        have one code, so nobody can tell their columns apart.
    """
    grid = book.first
    if tuple(header for header, _ in headers_of(grid.row(0)))[: len(_STRUCTURE)] == _STRUCTURE:
        raise FileRefusedError("limesurvey-structure", file=grid.file)
    sheet = _open(grid)
    _refuse_duplicates(sheet, grid.file)
    columns, cells, notes = name_columns(sheet.headings, sheet.values, sheet.style, sheet.mark)
    cells, more = _without_placeholders(columns, cells, sheet.mark)
    marks = {} if sheet.mark is None else {sheet.mark: "skipped_by_logic"}
    own = [column for column in columns if column.kind == "name" and column.option is None]
    return [
        build_table(
            grid,
            columns,
            n_header=sheet.n_header,
            separator=",",
            values=cells,
            meta={_ROLES[column.key]: column.position for column in reversed(own) if column.key in _ROLES},
            missing_marks=marks,
            notes=[*notes, *more],
        )
    ]


def _open(grid: Grid) -> _Sheet:
    if is_vv(grid):
        headings, values = read_vv(grid)
        return _Sheet("code", headings, values, 2, NOT_SHOWN)
    headers = headers_of(grid.row(0))
    style = style_of([header for header, _ in headers])
    headings, values = read_headings(headers, style), column_values(grid, 1)
    if style == "text" and not any(heading.own for heading in headings) and _looks_like_results(values):
        headings = [replace(heading, own=own) for heading, own in zip(headings, _own_by_place(values), strict=True)]
    return _Sheet(style, headings, _without_masks(values), 1)


def _looks_like_results(values: Sequence[Cells]) -> bool:
    """Say whether the first columns hold what stands in them in every export."""
    if len(values) <= len(_FIRST):
        return False
    number, submitted, page, language, seed = ([str(cell) for cell in cells.occurring()] for cells in values[:5])
    return (
        all(_WHOLE.fullmatch(text) for text in (*number, *page, *seed))
        and bool(number and language)
        and all(_STAMP.fullmatch(text) for text in submitted)
        and all(_LANGUAGE.fullmatch(text) for text in language)
        and len(number) == len(values[0])
    )


def _own_by_place(values: Sequence[Cells]) -> list[str]:
    """Name the tool's columns by where they stand; behind the first five come the times, if the survey keeps them."""
    named = list(_FIRST)
    for cells in values[len(_FIRST) :]:
        if not (cells.occurring() and all(_STAMP.fullmatch(str(cell)) for cell in cells.occurring())):
            break
        named.append("startdate" if "startdate" not in named else "datestamp")
    if named[-1] == "startdate" and not _is_before(values[len(named) - 1], values[_FIRST.index("submitdate")]):
        named[-1] = "datestamp"
    return [*named, *([""] * (len(values) - len(named)))]


def _is_before(started: Cells, submitted: Cells) -> bool:
    """Say whether no time of start is that of the submission, or after it: that of the last action may be."""
    rows = zip(started, submitted, strict=True)
    return all(str(start) < str(end) for start, end in rows if start is not None and end is not None)


def _without_masks(values: Sequence[Cells]) -> list[Cells]:
    """Take the apostrophe away that the tool puts before ``=``, unless a cell shows that it did not."""
    texts = [cell for cells in values for cell in cells.occurring() if isinstance(cell, str)]
    if any(text.startswith("=") for text in texts) or not any(text.startswith("'=") for text in texts):
        return list(values)
    return [recode(cells, _unmask) for cells in values]


def _unmask(cell: Cell) -> Cell:
    return cell[1:] if isinstance(cell, str) and cell.startswith("'=") else cell


def _refuse_duplicates(sheet: _Sheet, file: str) -> None:
    if sheet.style == "text":
        return
    codes = [(heading.code, heading.subs) for heading in sheet.headings]
    twice = [heading.header for heading, code in zip(sheet.headings, codes, strict=True) if codes.count(code) > 1]
    if twice:
        raise FileRefusedError("limesurvey-duplicate-code", file=file, columns=sorted(set(twice)))


def _without_placeholders(
    columns: Sequence[RawColumn], cells: Sequence[Cells], mark: str | None
) -> tuple[list[Cells], list[Note]]:
    """Blank what the tool's own columns hold in place of a value, and say how many responses are not complete."""
    kept, notes = list(cells), []
    for column in columns:
        if column.key not in OWN or column.kind != "name" or column.option is not None:
            continue
        before = recode(cells[column.position], lambda cell: None if cell == mark else cell)
        kept[column.position] = recode(before, lambda cell: None if str(cell).startswith(_UNDATED) else cell)
        if column.key == "submitdate":
            incomplete = sum(not code for code in before.codes)
            undated = sum(not code for code in kept[column.position].codes) - incomplete
            notes += [Note("note-incomplete", {"tool": "LimeSurvey", "count": incomplete})] if incomplete else []
            notes += [Note("note-limesurvey-undated", {"count": undated})] if undated else []
    if any(column.key in _TIMES and not kept[column.position].is_blank for column in columns):
        notes.append(Note("note-time-no-zone", {"tool": "LimeSurvey"}))
    return kept, notes

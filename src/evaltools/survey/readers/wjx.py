"""问卷星 exports by option text (按文本), option number (按序号) or score (按分数), as .xlsx, old .xls or csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.columns import column_values, headers_of
from evaltools.survey.readers.listed import OwnColumns, table_of_answers
from evaltools.survey.readers.model import Book, Note, RawColumn, RawTable, Sniff
from evaltools.survey.readers.wjx_cells import (
    MISSING_MARKS,
    CellsOf,
    Mode,
    adds_up,
    as_flags,
    coding_of,
    has_numeric_marks,
    mode_of,
    n_signs_inside,
    signs_of,
    with_marks,
)
from evaltools.survey.readers.wjx_headers import QUESTION, name_columns, option_of

TOOL: Final = "wjx"
_TOTAL: Final = "总分"
# what the tool writes before the questions, and the sum of points, which stands before or behind them
_OWN: Final = OwnColumns(
    roles={
        "序号": "native_id",
        "提交答卷时间": "submitted_at",
        "所用时间": "duration",
        "来源详情": "source_detail",
        "来自ip": "ip",
    },
    others=frozenset({"来源", "用户id", _TOTAL}),
)
_MODES: Final[Mapping[Mode, str]] = {"text": "按文本", "number": "按序号", "score": "按分数", "unknown": ""}


def sniff(book: Book) -> Sniff:
    """Judge by the leading columns, which are found by name, and by numbered questions."""
    headers = [header for header, _ in headers_of(book.first.row(0))]
    own = sorted(set(_OWN.found(headers)))
    numbered = sum(1 for header in headers if QUESTION.match(header) or option_of(header))
    named = _MODES[mode_of(book.file)]
    reason = f"columns {', '.join(own)}; {numbered} numbered questions{f'; file name with {named}' if named else ''}"
    if len(own) >= 4:
        return Sniff(0.95, reason)
    if len(own) >= 2 and numbered:
        return Sniff(0.7, reason)
    if 2 * numbered > len(headers) > 1 and (signs := signs_of(column_values(book.first, 1))):
        return Sniff(0.5, f"leading columns taken away; {numbered} numbered questions; cells with {', '.join(signs)}")
    return Sniff(0.0, "leading columns not found")


def read(book: Book) -> list[RawTable]:
    """Read an export of any of the three kinds.

    Which kind it is, the file's name says, or a sum of points that is the sum of all numbers; numbers of which neither
    is known are told to be numbers or scores. -2 and -3 of numbered exports become the marks that exports by text have.
    Choices are joined by ``┋``; what a respondent typed into a choice's own blank stays behind it as ``〖…〗``, or in a
    column of its own. Ranks count as chosen; links to files are left out.
    """
    return _read(book, None)


@dataclass(frozen=True, slots=True)
class Named:
    """The reader for one kind of export, taken where it is named and never by itself."""

    mode: Mode

    @property
    def TOOL(self) -> str:  # noqa: N802 - as the module's
        """Name of the collecting tool."""
        return TOOL

    def sniff(self, book: Book) -> Sniff:
        """Leave the judgement to the reader of all kinds."""
        del book
        return Sniff(0.0, "only where it is named")

    def read(self, book: Book) -> list[RawTable]:
        """Read an export of this kind."""
        return _read(book, self.mode)


def _read(book: Book, named: Mode | None) -> list[RawTable]:
    grid = book.first
    values = column_values(grid, 1)
    cells = CellsOf(values)
    columns = name_columns(headers_of(grid.row(0)), cells.is_flag, cells.is_rank)
    mode = named or _mode(book.file, columns, values)
    ranked = [column for column in columns if _is_option(column) and not cells.is_flag(column.position)]
    asked = [column for column in columns if not _OWN.has(column.header)]
    marked = [column for column in asked if mode != "text" and has_numeric_marks(values[column.position])]
    for column in marked:
        values[column.position] = with_marks(values[column.position])
    for column in ranked:
        values[column.position] = as_flags(values[column.position])
    codings = {one.position: coding_of(values[one.position], mode) for one in asked if one.option is None}
    named_columns = [replace(one, coding=codings.get(one.position, one.coding)) for one in columns]
    notes = _notes(mode, asked, ranked, marked)
    if signs := sum(n_signs_inside(values[column.position]) for column in asked):
        notes.append(Note("note-typed-signs", {"count": signs}))
    return table_of_answers(grid, named_columns, values, _OWN, separator="┋", missing_marks=MISSING_MARKS, notes=notes)


def _is_option(column: RawColumn) -> bool:
    return column.option is not None and not column.typed


def _mode(file: str, columns: Sequence[RawColumn], values: Sequence[Cells]) -> Mode:
    """Return the kind of an export; where the file's name and its layout disagree, neither is believed."""
    mode = mode_of(file)
    if mode == "text" and any(map(_is_option, columns)):
        mode = "unknown"
    total = next((values[column.position] for column in columns if column.key == _TOTAL), None)
    if mode == "unknown" and total is not None:
        asked = [values[column.position] for column in columns if not _OWN.has(column.header) and not column.typed]
        numbers = [one for one in map(with_marks, asked) if coding_of(one, mode) == "numeral"]
        if numbers and adds_up(numbers, total):
            return "score"
    return mode


def _notes(
    mode: Mode, asked: Sequence[RawColumn], ranked: Sequence[RawColumn], marked: Sequence[RawColumn]
) -> list[Note]:
    notes = []
    if mode == "number":
        notes.append(Note("note-option-numbers", {}))
    if mode == "score" and any(map(_is_option, asked)):
        notes.append(Note("note-option-scores", {}))
    told = (("note-ranks", ranked), ("note-numeric-marks", marked if mode == "unknown" else ()))
    return notes + [
        Note(code, {"columns": [column.header.strip() for column in columns]}) for code, columns in told if columns
    ]

"""问卷星 exports by option text (按选项文本), as .xlsx or csv."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.columns import build_table, column_values, headers_of
from evaltools.survey.readers.model import Book, RawColumn, Sniff, TableData

TOOL: Final = "wjx"
_ROLES: Final[Mapping[str, str]] = {
    "序号": "native_id",
    "提交答卷时间": "submitted_at",
    "所用时间": "duration",
    "来源详情": "source_detail",
    "来自IP": "ip",
}
# what the tool writes before the questions, and the sum of points, which stands before or behind them
_OWN: Final = frozenset({*_ROLES, "来源", "用户ID", "总分"})
_QUESTION: Final = re.compile(r"\s*(\d{1,4})\s*([、.．])\s*(.*)", re.DOTALL)
_MATRIX: Final = re.compile(r"(.*[^—\s])\s*—+\s*([^—]+)", re.DOTALL)  # greedy: the last dash parts question and row
_ROW_NUMBER: Final = re.compile(r"(\d{1,3})\s*[、.．]\s*(.+)", re.DOTALL)
_BY_NUMBER: Final = re.compile(r"(?:第\d+题|\d+)\s*[(（].+[)）]", re.DOTALL)
MISSING_MARKS: Final[Mapping[str, str]] = {
    "(空)": "blank",
    "（空）": "blank",
    "(跳过)": "skipped_by_logic",
    "（跳过）": "skipped_by_logic",
}


def sniff(book: Book) -> Sniff:
    """Judge by the leading columns, which are found by name, and by numbered questions."""
    headers = [header.strip() for header, _ in headers_of(book.first.row(0))]
    own = sorted(_OWN & set(headers))
    numbered = sum(1 for header in headers if _QUESTION.match(header))
    if len(own) >= 4:
        return Sniff(0.95, f"columns {', '.join(own)}; {numbered} numbered questions")
    if len(own) >= 2 and numbered:
        return Sniff(0.7, f"columns {', '.join(own)}; {numbered} numbered questions")
    return Sniff(0.0, "leading columns not found")


def read(book: Book) -> list[TableData]:
    """Read an export by option text.

    Choices are joined by ``┋``; what a respondent typed into a choice's own blank stays behind it as ``〖…〗``, since
    only the question tells a choice from a free text that uses these brackets.

    Raises
    ------
    FileRefusedError
        ``wjx-by-number``: the file was exported by option number (按选项序号), where a choice has a column of its own.
    """
    grid = book.first
    headers = headers_of(grid.row(0))
    values = column_values(grid, 1)
    for (header, _), cells in zip(headers, values, strict=True):
        if _BY_NUMBER.fullmatch(header.strip()) and set(map(str, cells.occurring())) <= {"0", "1", "-2", "-3"}:
            raise FileRefusedError("wjx-by-number", file=grid.file, column=header.strip())
    columns = _name_columns(headers)
    meta = {_ROLES[column.key]: column.position for column in reversed(columns) if column.key in _ROLES}
    marks = MISSING_MARKS
    return [build_table(grid, columns, n_header=1, separator="┋", values=values, meta=meta, missing_marks=marks)]


def _fold(text: str) -> str:
    """Return a wording with tabs, line ends and full-width spaces inside it as one space."""
    return re.sub(r"\s+", " ", text).strip()


def _name_columns(headers: Sequence[tuple[str, int]]) -> list[RawColumn]:
    columns: list[RawColumn] = []
    matrix: _Matrix | None = None
    for position, (header, nth) in enumerate(headers):
        question = _QUESTION.fullmatch(header)
        if question is None:
            matrix = None
            columns.append(RawColumn(position, header, _fold(header), "label", nth=nth))
            continue
        number, sign, text = int(question[1]), question[2], question[3]
        if matrix is not None and matrix.continues(number, sign):
            matrix.rows += 1
            columns.append(RawColumn(position, header, matrix.row(text), "label", matrix.lead, matrix.number, nth))
            continue
        following = headers[position + 1][0] if position + 1 < len(headers) else ""
        matrix = _open_matrix(number, sign, text, following)
        key, lead = (matrix.first_row, matrix.lead) if matrix else (_fold(text), None)
        columns.append(RawColumn(position, header, key, "label", lead, number, nth))
    return columns


class _Matrix:
    """A question with rows: only its first column carries the wording of the question."""

    def __init__(self, number: int, sign: str, lead: str, first_row: str) -> None:
        self.number, self.sign = number, sign
        self.lead, self.first_row = _fold(lead), _fold(_bare(first_row))
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
        return _fold(_bare(parts[2] if parts and _fold(parts[1]) == self.lead else text))


def _bare(text: str) -> str:
    """Return the wording of a matrix row without its own number."""
    numbered = _ROW_NUMBER.fullmatch(text.strip())
    return numbered[2] if numbered else text


def _open_matrix(number: int, sign: str, text: str, following: str) -> _Matrix | None:
    """Begin a matrix where the header has a dash and the next column carries on; a dash alone is part of a wording."""
    parts, after = _MATRIX.fullmatch(text), _QUESTION.fullmatch(following)
    if parts is None or after is None:
        return None
    matrix = _Matrix(number, sign, parts[1], parts[2])
    return matrix if matrix.continues(int(after[1]), after[2]) else None

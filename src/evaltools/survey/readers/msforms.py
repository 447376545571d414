"""Microsoft Forms: .xlsx as the tool writes it, or csv saved from it; several choices in one cell, each with a ``;``.

The tool writes the respondent's address and name before the answers; they are left out. The heading of a question is
its wording, line ends and all, and no two headings are equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Final

from evaltools.survey.readers.columns import build_table, column_values, headers_of
from evaltools.survey.readers.model import Book, Note, RawColumn, RawTable, Sniff
from evaltools.text import normalise

TOOL: Final = "msforms"
# headings of the tool's own columns, folded, to what they are called here
_OWN: Final[Mapping[str, str]] = {
    "id": "id", "start time": "started_at", "completion time": "submitted_at", "email": "email", "name": "name",
    "language": "language", "last modified time": "modified", "total points": "points", "quiz feedback": "feedback",
    "grade posted time": "posted", "开始时间": "started_at", "完成时间": "submitted_at", "电子邮件": "email",
    "名称": "name", "姓名": "name", "语言": "language", "上次修改时间": "modified", "总分": "points",
    "测验反馈": "feedback",
}  # fmt: skip
_ROLES: Final[Mapping[str, str]] = {"id": "native_id", "started_at": "started_at", "submitted_at": "submitted_at"}
_IDENTIFYING: Final = ("email", "name")
# columns that a quiz adds to each question
_QUIZ: Final = re.compile(r"(?:points|feedback|积分|得分|分数|反馈)\s*[-–—]\s*(.+)", re.DOTALL)


def sniff(book: Book) -> Sniff:
    """Judge by the columns that stand before the first question."""
    headers = [header for header, _ in headers_of(book.first.row(0))]
    own = _leading(headers)
    if {"id", "started_at", "submitted_at"} <= set(own):
        confidence = 0.95 if set(_IDENTIFYING) <= set(own) else 0.8
        return Sniff(confidence, f"columns {', '.join(header.strip() for header in headers[: len(own)])}")
    return Sniff(0.0, "columns Start time, Completion time not found")


def read(book: Book) -> list[RawTable]:
    """Read an export; questions are matched by their wording.

    Address and name of the respondent, and the points and feedback of a quiz, are left out.
    """
    grid = book.first
    headers, values = headers_of(grid.row(0)), column_values(grid, 1)
    own = _leading([header for header, _ in headers])
    named = {_folded(header) for header, _ in headers[len(own) :]}
    left_out: dict[str, list[str]] = {}
    columns: list[RawColumn] = []
    kept = []
    for place, (header, nth) in enumerate(headers):
        role = own[place] if place < len(own) else ""
        if reason := _reason_to_leave_out(role, header, named):
            left_out.setdefault(reason, []).append(header.strip())
        else:
            columns.append(_column(len(columns), header, nth, role))
            kept.append(values[place])
    roles = {
        _ROLES[column.key]: column.position for column in columns if column.kind == "name" and column.key in _ROLES
    }
    notes = [Note(code, {"columns": names}) for code, names in left_out.items()]
    notes.append(Note("note-time-no-zone", {"tool": "Microsoft Forms"}))
    return [build_table(grid, columns, n_header=1, separator=";", values=kept, meta=roles, notes=notes)]


def _column(position: int, header: str, nth: int, role: str) -> RawColumn:
    if role:
        return RawColumn(position, header, role, "name", nth=nth)
    return RawColumn(position, header, _one_line(header), "label", nth=nth, coding="label")


def _leading(headers: Sequence[str]) -> list[str]:
    """Return what the tool's own columns are; they stand first, and a question may be worded like one of them."""
    found = list(takewhile(bool, (_OWN.get(_folded(header), "") for header in headers)))
    repeated = next((place for place, one in enumerate(found) if one in found[:place]), len(found))
    return found[:repeated]


def _reason_to_leave_out(role: str, header: str, named: set[str]) -> str | None:
    if role in _IDENTIFYING:
        return "note-dropped-identifying"
    quiz = _QUIZ.fullmatch(_folded(header))
    is_of_quiz = role in ("points", "feedback", "posted") or (quiz is not None and quiz[1] in named)
    return "note-dropped-tool" if is_of_quiz else None


def _folded(header: str) -> str:
    return normalise(header)


def _one_line(header: str) -> str:
    return re.sub(r"\s+", " ", header).strip()

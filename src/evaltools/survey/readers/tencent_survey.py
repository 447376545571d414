"""腾讯问卷 exports: csv, alone or in a zip, or .xlsx; numbered questions behind the tool's own columns."""

from __future__ import annotations

import re
from typing import Final

from evaltools.survey.readers.columns import column_values, headers_of
from evaltools.survey.readers.listed import OwnColumns, table_of_answers
from evaltools.survey.readers.model import Book, RawColumn, RawTable, Sniff
from evaltools.survey.readers.stems import find_stems, name_stems

TOOL: Final = "tencent_survey"
_OWN: Final = OwnColumns(
    roles={
        "编号": "native_id",
        "开始答题时间": "started_at",
        "结束答题时间": "submitted_at",
        "答题时长": "duration",
        "ip": "ip",
    },
    others=frozenset({
        "语言", "清洗数据结果", "智能清洗数据无效概率", "地理位置国家和地区", "地理位置国家地区",
        "地理位置省", "地理位置市", "用户类型", "用户标识", "昵称", "自定义字段", "ua", "referrer", "数据版本",
    }),
)  # fmt: skip
_QUESTION: Final = re.compile(r"\s*(\d{1,4})\s*[.、．]\s*(.+)", re.DOTALL)
_SIGNS: Final = ":：—_"


def sniff(book: Book) -> Sniff:
    """Judge by the times of start and end, and the tool's other columns."""
    headers = [header for header, _ in headers_of(book.first.row(0))]
    own = _OWN.found(headers)
    numbered = sum(1 for header in headers if _QUESTION.fullmatch(header))
    reason = f"columns {', '.join(own)}; {numbered} numbered questions"
    if {"开始答题时间", "结束答题时间"} <= set(own):
        return Sniff(0.95 if len(own) >= 4 else 0.8, reason)
    return Sniff(0.0, "columns of the tool not found")


def read(book: Book) -> list[RawTable]:
    """Read an export; a question with a column an option, or a row of a matrix a column, is put together.

    Blank cells do not say whether a question was shown.
    """
    grid = book.first
    columns = []
    for position, (header, nth) in enumerate(headers_of(grid.row(0))):
        question = _QUESTION.fullmatch(header)
        key, number = (question[2].strip(), int(question[1])) if question else (header.strip(), None)
        columns.append(RawColumn(position, header, key, "label", number=number, nth=nth, coding="label"))
    stems = find_stems([column.key for column in columns], [column.number for column in columns], _SIGNS)
    named, values = name_stems(columns, stems, column_values(grid, 1))
    return table_of_answers(grid, named, values, _OWN)

"""Tables that an office lays out by hand, as .xlsx, .ods and csv.

Titles and fields above the header, headers of two rows, rows of units and of column numbers, merged cells, pages,
totals, signatures and notes; dates as people write them, bare serial numbers in both calendars, numbers as text, with
full-width digits, with units, as percentages. Habits of offices as they are known; no vendor's layout.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial

import xlsxwriter

from exports.files import MADE, csv_bytes, ods_bytes, ods_cell
from exports.truth import Dialect, Missing, Question, Row, Truth

_TITLE = "云河县企业评价银行情况统计表"
_FIELDS = ("填报单位：云河县工作专班", "填报日期：2022年10月21日")
_SIGNED = ("填表人：张三", "审核人：李四", "联系电话：0373-0000000")
_NOTES = ("注：1.环节数指企业参与办理的环节。", "2.利率为年化利率。")
_GROUPS = {"g_firm": "企业情况", "g_loan": "贷款情况", "g_end": "其他情况"}
_FULL_WIDTH = str.maketrans("0123456789.-/:", "０１２３４５６７８９．－／：")
_NUMERALS = "零一二三四五六七八九"
_PAGE = 15
_SHARE = "0.000%"

Range = tuple[int, int, int, int]
Write = Callable[[Question, object], object]


@dataclass(frozen=True)
class Share:
    """A number that the cell shows as a percentage."""

    value: Decimal


@dataclass
class Sheet:
    """Rows as they stand, and merged ranges: first row, first column, last row, last column, from 0."""

    rows: list[list[object]] = field(default_factory=list)
    merged: list[Range] = field(default_factory=list)

    def line(self, *cells: object, width: int = 0) -> None:
        """Append a row; its only cell is merged over so many columns."""
        if width > 1:
            self.merged.append((len(self.rows), 0, len(self.rows), width - 1))
        self.rows.append(list(cells))


@dataclass(frozen=True)
class Style:
    """What a sheet has beside its answers, and how these are written."""

    title: bool = True
    groups: bool = False
    units: bool = False
    stems: bool = False
    pages: bool = False
    foot: bool = False
    merge: bool = False
    corner: tuple[int, int] = (0, 0)
    write: Write | None = None


def dialects() -> list[Dialect]:
    """Return the tables."""
    styles = {
        "title": Style(),
        "two-rows": Style(groups=True, stems=True),
        "two-rows/no-title": Style(groups=True, title=False),
        "units": Style(units=True),
        "foot": Style(foot=True),
        "pages": Style(pages=True, foot=True, groups=True),
        "merged": Style(merge=True, groups=True, foot=True),
        "corner": Style(corner=(3, 2), merge=True, foot=True),
        "serials": Style(write=partial(_serial, epoch=date(1899, 12, 30))),
        "dots": Style(write=_dotted),
        "chinese": Style(write=_chinese, groups=True),
        "full-width": Style(write=_full_width),
        "eight-digits": Style(write=_eight_digits, title=False, groups=True),
        "percent-cells": Style(write=_share, foot=True),
    }
    found = [
        Dialect(f"office/xlsx/{name}", "office", "统计表.xlsx", partial(_xlsx, style=style))
        for name, style in styles.items()
    ]
    calendar = Style(write=partial(_serial, epoch=date(1904, 1, 1)))
    found.append(Dialect("office/xlsx/1904", "office", "统计表.xlsx", partial(_xlsx, style=calendar, date_1904=True)))
    found += [
        Dialect(f"office/ods/{name}", "office", "统计表.ods", partial(_ods, style=styles[name]))
        for name in ("two-rows", "merged", "percent-cells")
    ]
    for name in ("title", "two-rows", "two-rows/no-title", "foot", "pages", "dots", "chinese", "full-width"):
        for encoding in ("gb18030", "utf-8-sig"):
            write = partial(_csv, style=styles[name], encoding=encoding)
            found.append(Dialect(f"office/csv-{encoding}/{name}", "office", "统计表.csv", write))
    return found


# ---------------------------------------------------------------------------------------------------------------------
# The sheet


def _sheet(truth: Truth, style: Style) -> Sheet:
    sheet = Sheet()
    width = len(truth.questions) + 1
    head = _head(truth, style)
    for number, row in enumerate(truth.rows):
        if number == 0 or (style.pages and number % _PAGE == 0):
            if number:
                sheet.line(*_SIGNED)
            _add_top(sheet, head, style, width)
        if number == 0 and style.units:
            sheet.line(None, *(_bracket(question) for question in truth.questions))
        if number == 0 and style.stems:
            sheet.line("甲", "乙", *range(1, width - 1))
        sheet.line(number + 1, *(_cell(question, row, style) for question in truth.questions))
    if style.merge:
        chosen = [place for place, question in enumerate(truth.questions, start=1) if question.type == "select_one"]
        for place in chosen[:1]:
            _merge_equal(sheet, place, len(truth.rows))
    if style.foot:
        _add_foot(sheet, truth, width)
    return sheet


def _head(truth: Truth, style: Style) -> list[list[object]]:
    labels: list[object] = ["序号", *(question.zh for question in truth.questions)]
    if not style.groups:
        return [labels]
    groups = [question.matrix or _GROUPS.get(question.group, "其他情况") for question in truth.questions]
    above = [None if place and group == groups[place - 1] else group for place, group in enumerate(groups)]
    return [["序号", *above], [None, *labels[1:]]]


def _add_top(sheet: Sheet, head: Sequence[list[object]], style: Style, width: int) -> None:
    if style.title:
        sheet.line(_TITLE, width=width)
        sheet.line(_FIELDS[0], *[None] * (width - 4), _FIELDS[1])
    top = len(sheet.rows)
    for row in head:
        sheet.line(*row)
    if len(head) == 2:
        starts = [place for place, cell in enumerate(head[0]) if cell is not None]
        for start, after in zip(starts, [*starts[1:], width], strict=True):
            if after - start > 1:
                sheet.merged.append((top, start, top, after - 1))
        sheet.merged.append((top, 0, top + 1, 0))


def _bracket(question: Question) -> str | None:
    return {"count": "（个）", "percent": "（%）"}.get(question.unit)


def _merge_equal(sheet: Sheet, column: int, n: int) -> None:
    """Write an answer that stands in several rows below each other once, merged over all of them."""
    start = first = len(sheet.rows) - n
    for place in range(first + 1, len(sheet.rows) + 1):
        if place == len(sheet.rows) or sheet.rows[place][column] != sheet.rows[start][column]:
            if place - start > 1:
                sheet.merged.append((start, column, place - 1, column))
                for below in range(start + 1, place):
                    sheet.rows[below][column] = None
            start = place


def _add_foot(sheet: Sheet, truth: Truth, width: int) -> None:
    total: list[object] = ["合  计", *[None] * (width - 1)]
    for place, question in enumerate(truth.questions, start=1):
        if question.type == "integer":
            answers = [row.answers[question.name] for row in truth.rows]
            total[place] = sum(value for value in answers if isinstance(value, int))
    sheet.line(*total)
    sheet.line(_SIGNED[0], None, None, _SIGNED[1], None, None, _SIGNED[2])
    for note in _NOTES:
        sheet.line(note, width=width)


# ---------------------------------------------------------------------------------------------------------------------
# Answers


def _cell(question: Question, row: Row, style: Style) -> object:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return None
    if question.choices:
        names = (value,) if isinstance(value, str) else value
        return ";".join(choice.zh for choice in question.choices if choice.name in names)  # type: ignore[operator]
    return value if style.write is None or question.type == "text" else style.write(question, value)


def _serial(question: Question, value: object, *, epoch: date) -> object:
    """Dates as bare numbers of days, without a format that would tell."""
    if not isinstance(value, date):
        return value
    if not isinstance(value, datetime):
        return (value - epoch).days
    seconds = (value - datetime.combine(epoch, datetime.min.time())).total_seconds()
    return seconds / 86_400


def _dotted(question: Question, value: object) -> object:
    if isinstance(value, date):
        clock = f" {value.hour}:{value:%M:%S}" if isinstance(value, datetime) else ""
        return f"{value.year}.{value.month}.{value.day}{clock}"
    return str(value)


def _chinese(question: Question, value: object) -> object:
    """Dates and numbers with their words: 2022年9月28日, 三个, 百分之五."""
    if isinstance(value, datetime):
        return f"{value.year}年{value.month}月{value.day}日 {value.hour}时{value.minute}分{value.second}秒"
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, int):
        return f"{_NUMERALS[value]}个" if value < 10 else f"{value} 个"
    return f"百分之{_NUMERALS[int(value)]}" if value == int(value) else f"{value}％"  # type: ignore[call-overload]


def _full_width(question: Question, value: object) -> object:
    text = f"{value:%Y/%m/%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
    return text.translate(_FULL_WIDTH)


def _eight_digits(question: Question, value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y%m%d %H:%M:%S}"
    return int(f"{value:%Y%m%d}") if isinstance(value, date) else str(value)


def _share(question: Question, value: object) -> object:
    return Share(value) if isinstance(value, Decimal) else value


# ---------------------------------------------------------------------------------------------------------------------
# Files


def _xlsx(truth: Truth, *, style: Style, date_1904: bool = False) -> bytes:
    sheet, (down, right) = _sheet(truth, style), style.corner
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": date_1904})
    book.set_properties({"created": MADE})
    page = book.add_worksheet("统计表")
    formats = [book.add_format({"num_format": form}) for form in ("yyyy/m/d", "yyyy/m/d h:mm:ss", _SHARE)]
    for first_row, first, last_row, last in sheet.merged:
        page.merge_range(first_row + down, first + right, last_row + down, last + right, "")
    for number, row in enumerate(sheet.rows, start=down):
        for column, cell in enumerate(row, start=right):
            if isinstance(cell, date):
                page.write_datetime(number, column, cell, formats[isinstance(cell, datetime)])
            elif isinstance(cell, Share):
                page.write_number(number, column, float(cell.value) / 100, formats[2])
            elif isinstance(cell, str):
                page.write_string(number, column, cell)
            elif cell is not None:
                page.write_number(number, column, float(str(cell)))
    book.close()
    return out.getvalue()


def _csv(truth: Truth, *, style: Style, encoding: str) -> bytes:
    sheet = _sheet(truth, style)
    width = max(map(len, sheet.rows))
    return csv_bytes([[*map(_text, row), *[None] * (width - len(row))] for row in sheet.rows], encoding)


def _text(cell: object) -> object:
    return f"{cell:%Y/%m/%d %H:%M:%S}" if isinstance(cell, datetime) else cell


def _ods(truth: Truth, *, style: Style) -> bytes:
    sheet = _sheet(truth, style)
    spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in sheet.merged}
    rows = [
        [_spanned(cell, spans.get((number, column))) for column, cell in enumerate(row)]
        for number, row in enumerate(sheet.rows)
    ]
    return ods_bytes("统计表", rows)


def _spanned(cell: object, span: tuple[int, int] | None) -> str:
    if isinstance(cell, Share):
        kind = f'office:value-type="percentage" office:value="{cell.value / 100}"'
        return f"<table:table-cell {kind}><text:p>{cell.value}%</text:p></table:table-cell>"
    markup = ods_cell(cell)
    if span is None:
        return markup
    sides = f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"'
    return markup.replace("<table:table-cell", f"<table:table-cell{sides}", 1)

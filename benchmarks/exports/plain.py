"""Tables of no tool: csv by delimiter, encoding and line end, .xlsx and .ods, headed by names or wordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from exports.files import csv_bytes, ods_bytes, ods_cell, xlsx_bytes
from exports.truth import Dialect, Missing, Question, Row, Truth

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_ENCODINGS = {"utf8": "utf-8", "bom": "utf-8-sig", "utf16": "utf-16", "gb18030": "gb18030"}
_LINE_ENDS = {"crlf": "\r\n", "lf": "\n", "cr": "\r"}


@dataclass(frozen=True)
class Style:
    """How a table is written; `typed` gives numbers and dates as such."""

    labels: bool = True
    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    quote_all: bool = False
    typed: bool = False


def dialects() -> list[Dialect]:
    """Return the tables."""
    found = [
        _text(f"csv/{sign}-{encoding}-{end}", Style(
            labels=end != "lf", delimiter=_DELIMITERS[sign], encoding=_ENCODINGS[encoding], line_end=_LINE_ENDS[end],
            quote_all=end != "crlf",
        ))
        for sign in _DELIMITERS
        for encoding in _ENCODINGS
        for end in _LINE_ENDS
    ]  # fmt: skip
    for form, write in (("xlsx", write_xlsx), ("ods", write_ods)):
        for name, style in {
            "labels": Style(typed=True), "names": Style(labels=False, typed=True), "texts": Style()
        }.items():  # fmt: skip
            found.append(Dialect(f"plain/{form}/{name}", "plain", f"数据.{form}", partial(write, style=style)))
    return found


def _text(name: str, style: Style) -> Dialect:
    return Dialect(f"plain/{name}", "plain", "数据.csv", partial(write_text, style=style))


def write_text(truth: Truth, style: Style) -> bytes:
    """Return a delimited text."""
    return csv_bytes(
        table(truth, style),
        style.encoding,
        delimiter=style.delimiter,
        line_end=style.line_end,
        quote_all=style.quote_all,
    )


def write_xlsx(truth: Truth, style: Style) -> bytes:
    """Return a workbook."""
    return xlsx_bytes({"Sheet1": table(truth, style)})


def write_ods(truth: Truth, style: Style) -> bytes:
    """Return an OpenDocument spreadsheet, with nothing but what it must have."""
    return ods_bytes("Sheet1", [[ods_cell(cell) for cell in row] for row in table(truth, style)])


def table(truth: Truth, style: Style) -> list[list[object]]:
    """Return header and rows."""
    header: list[object] = [question.zh if style.labels else question.name for question in truth.questions]
    return [header, *([_cell(question, row, style) for question in truth.questions] for row in truth.rows)]


def _cell(question: Question, row: Row, style: Style) -> object:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return None
    names = {choice.name: choice.zh if style.labels else choice.name for choice in question.choices}
    if names:
        return ";".join(names[name] for name in ((value,) if isinstance(value, str) else _names(value)))
    if style.typed and question.type != "text":
        return value
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _names(value: object) -> Sequence[str]:
    assert isinstance(value, tuple)
    return value

"""Microsoft Forms: the workbook that the tool writes, and csv saved from it, with a quiz's columns or not.

Certain, from programs that read such files: the leading columns, line ends and a non-breaking space in headings,
``anonymous``, the columns of a quiz, a number behind a heading that stands twice. From general knowledge: the row of a
Likert question is headed by its statement alone, and a semicolon stands behind the last of several choices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from exports.files import csv_bytes, xlsx_bytes
from exports.truth import Dialect, Missing, Question, Row, Truth

_OWN = ("ID", "Start time", "Completion time", "Email", "Name")
_OWN_ZH = ("ID", "开始时间", "完成时间", "电子邮件", "名称")


@dataclass(frozen=True)
class Style:
    """How one workbook is made and saved; `form` is ``xlsx``, or the encoding of a csv.

    `numbers` says whether numbers are cells of numbers; `modified` adds two columns of newer forms.
    """

    form: str = "xlsx"
    lang: str = "zh"
    own: tuple[str, ...] = _OWN
    quiz: bool = False
    numbers: bool = False
    modified: bool = True


def dialects() -> list[Dialect]:
    """Return the exports of Microsoft Forms."""
    base = Style()
    styles = {
        "xlsx": base,
        "xlsx-english": replace(base, lang="en", modified=False),
        "xlsx-own-in-chinese": replace(base, own=_OWN_ZH, modified=False),
        "xlsx-quiz": replace(base, quiz=True),
        "xlsx-numbers": replace(base, numbers=True),
        "csv-utf8": replace(base, form="utf-8-sig"),
        "csv-gb18030": replace(base, form="gb18030", modified=False),
        "csv-utf8-quiz": replace(base, form="utf-8-sig", quiz=True, lang="en"),
    }
    return [
        Dialect(
            f"msforms/{name}",
            "msforms",
            "企业评价问卷(1-40).xlsx" if style.form == "xlsx" else "企业评价问卷(1-40).csv",
            partial(write, style=style),
        )
        for name, style in styles.items()
    ]


def write(truth: Truth, style: Style) -> bytes:
    """Return a file."""
    header: list[object] = list(style.own)
    cells: list[Callable[[Row], object]] = [
        lambda row: row.id, lambda row: row.started, lambda row: row.submitted, lambda _: "anonymous", lambda _: None,
    ]  # fmt: skip
    if style.modified:
        header += ["Language", "Last modified time"]
        cells += [lambda _: "中文(中国)‎", lambda _: None]
    if style.quiz:
        header += ["Total points", "Quiz feedback"]
        cells += [lambda row: row.id % 5, lambda _: None]
    for place, question in enumerate(truth.questions):
        heading = _heading(getattr(question, style.lang), place)
        header.append(heading)
        cells.append(partial(_cell, question, style))
        if style.quiz:
            header += [f"Points - {heading}", f"Feedback - {heading}"]
            cells += [lambda _: 0, lambda _: None]
    rows = [header, *([cell(row) for cell in cells] for row in truth.rows)]
    if style.form == "xlsx":
        return xlsx_bytes({"Sheet1": rows})
    return csv_bytes([[_saved(cell) for cell in row] for row in rows], style.form)


def _heading(text: str, place: int) -> str:
    return f"{text}\xa0" if place % 3 == 0 else f"{text}\r\n" if place % 3 == 1 else text


def _cell(question: Question, style: Style, row: Row) -> object:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return None
    labels = {choice.name: getattr(choice, style.lang) for choice in question.choices}
    if isinstance(value, tuple):
        return "".join(f"{labels[name]};" for name in value)
    if labels:
        return labels[str(value)]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"  # the tool asks for days alone, so this was typed
    if isinstance(value, date) or (style.numbers and question.type in ("integer", "decimal")):
        return value
    return str(value)


def _saved(cell: object) -> object:
    """Return what a spreadsheet program with American dates saves."""
    if isinstance(cell, datetime):
        return f"{cell.month}/{cell.day}/{cell.year} {cell.hour}:{cell.minute:02}"
    return f"{cell.month}/{cell.day}/{cell.year}" if isinstance(cell, date) else cell

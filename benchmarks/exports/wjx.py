"""问卷星: by option text, by option number, by score; xlsx and csv; headers, marks and times of several years.

Layout from programs that read such files. Certain: leading columns, ``N、题干``, ``N. 题干``, the lead of a matrix in
its first column alone, ``┋``, ``(空)`` and ``(跳过)``, ``137秒``, unpadded times, ``N. 题干(选项)`` then ``N(选项)``.
What stands beside scores in a column without any has not been seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from exports.check import score_of
from exports.files import csv_bytes, xlsx_bytes
from exports.labels import label_of, labels_of, numbered, place_of
from exports.truth import Dialect, Missing, Question, Row, Truth

LEADING = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
_NAMES = {"text": "按文本", "number": "按序号", "score": "按分数"}


@dataclass(frozen=True)
class Style:
    """How one export is laid out.

    `sign` stands between number and wording; `matrix` is how the rows of a matrix are headed ("bare", "numbered",
    "repeated"); `options` how columns of options are ("lead": the first carries the question, "bare", "old": 第N题);
    `total` where the sum of points stands ("", "front", "end"); `marks` are those for blank and skipped;
    `numeric_marks` says whether numbered exports write -2 and -3; `dates` whether times of submission are dates of
    the spreadsheet.
    """

    mode: str = "text"
    form: str = "xlsx"
    sign: str = "、"
    matrix: str = "bare"
    options: str = "lead"
    total: str = ""
    marks: tuple[str, str] = ("(空)", "(跳过)")
    numeric_marks: bool = True
    dates: bool = False
    minutes: bool = False
    user: bool = False
    numbers: bool = True
    title: str = "企业评价问卷[复制]"
    attention: bool = False


def dialects() -> list[Dialect]:
    """Return the exports of 问卷星."""
    found = [
        _dialect(f"{mode}/{form}/{header}", Style(mode=mode, form=form, **styles))
        for mode in _NAMES
        for form in ("xlsx", "csv-utf8", "csv-gb18030")
        for header, styles in _HEADERS.items()
        if form != "csv-gb18030" or header in ("new", "old")
    ]
    base = Style()
    found += [
        _dialect("text/xlsx/total-front", replace(base, total="front")),
        _dialect("text/xlsx/total-end-user", replace(base, total="end", user=True)),
        _dialect("text/xlsx/times-as-dates", replace(base, dates=True)),
        _dialect("text/xlsx/minutes", replace(base, minutes=True)),
        _dialect("text/csv-utf8/full-width-marks", replace(base, form="csv-utf8", marks=("（空）", "（跳过）"))),
        _dialect("text/xlsx/numbers-as-text", replace(base, numbers=False)),
        _dialect("text/xlsx/attention-checks", replace(base, attention=True)),
        _dialect("number/xlsx/marks-in-words", replace(base, mode="number", numeric_marks=False)),
        _dialect("number/xlsx/total-end", replace(base, mode="number", total="end", dates=True)),
        _dialect("number/xlsx/old-two-files", replace(base, mode="number", options="old", matrix="old", numbers=False)),
        _dialect("score/xlsx/total-front", replace(base, mode="score", total="front")),
        # without the tool's own name nothing tells numbers from scores: these are to be refused
        replace(_dialect("number/xlsx/renamed", replace(base, mode="number")), file="第一批回收.xlsx"),
        replace(
            _dialect("score/csv-utf8/renamed", replace(base, mode="score", form="csv-utf8")), file="第一批回收.csv"
        ),
    ]
    return found


_HEADERS: dict[str, dict[str, str]] = {
    "new": {"sign": "、", "matrix": "bare", "options": "lead"},
    "edited": {"sign": ". ", "matrix": "numbered", "options": "lead"},
    "repeated": {"sign": ".", "matrix": "repeated", "options": "bare"},
    "old": {"sign": "、", "matrix": "bare", "options": "old"},
}


def _dialect(name: str, style: Style) -> Dialect:
    suffix = "xlsx" if style.form == "xlsx" else "csv"
    return Dialect(
        name=f"wjx/{name}",
        reader="wjx",
        file=f"123456789_{_NAMES[style.mode]}_{style.title}_48_40.{suffix}",
        write=partial(write, style=style),
        tells_missing=True,
    )


def write(truth: Truth, style: Style) -> bytes:
    """Return a file."""
    rows = table(truth, style)
    if style.form == "xlsx":
        return xlsx_bytes({"Sheet1": rows})
    return csv_bytes(rows, {"csv-utf8": "utf-8-sig", "csv-gb18030": "gb18030"}[style.form])


def table(truth: Truth, style: Style) -> list[list[object]]:
    """Return header and rows of an export."""
    columns = [
        pair for number, group in enumerate(numbered(truth.questions), 1) for pair in _columns(group, number, style)
    ]
    leading = list(LEADING[:1]) + ["用户ID"] * style.user + list(LEADING[1:]) + ["总分"] * (style.total == "front")
    header = [*leading, *(name for name, _ in columns), *["总分"] * (style.total == "end")]
    rows: list[list[object]] = [list(header)]
    for row in truth.rows:
        points = sum(_points(question, row) for question in truth.questions)
        cells = _leading(row, style) + [points] * (style.total == "front")
        rows.append([*cells, *(cell(row) for _, cell in columns), *[points] * (style.total == "end")])
    return rows if style.form == "xlsx" else [[_as_text(cell) for cell in row] for row in rows]


Column = tuple[str, Callable[[Row], object]]


def _columns(group: Sequence[Question], number: int, style: Style) -> list[Column]:
    first = group[0]
    if first.matrix:
        return [
            (_matrix_header(one.zh, first.matrix, number, place, style), partial(_cell, one, style))
            for place, one in enumerate(group, start=1)
        ]
    header = f"{number}{style.sign}{first.zh}"
    if first.type != "select_multiple" or style.mode == "text":
        columns: list[Column] = [(header, partial(_cell, first, style))]
        if style.attention and first.type == "select_one":
            columns.append((f"{number}1{style.sign}本题请选择“满意”", lambda _: "满意"))
        return columns
    columns = []
    for place, choice in enumerate(first.choices):
        named = {
            "lead": f"{number}({choice.zh})",
            "bare": f"{number}({choice.zh})",
            "old": f"第{number}题({choice.zh})",
        }
        own = f"{header}({choice.zh})" if style.options == "lead" and not place else named[style.options]
        columns.append((own, partial(_flag, first, choice.name, style)))
    return columns


def _matrix_header(row: str, lead: str, number: int, place: int, style: Style) -> str:
    if style.matrix == "old":
        return f"第{number}题({row})"
    if style.matrix == "repeated":
        return f"{number}{style.sign}{lead}—{row}"
    if style.matrix == "numbered":
        return f"{number}{style.sign}{lead}—1.{row}" if place == 1 else f"{place}.{row}"
    return f"{number}{style.sign}{lead}—{row}" if place == 1 else f"{number}{style.sign}{row}"


def _leading(row: Row, style: Style) -> list[object]:
    seconds = int((row.submitted - row.started).total_seconds())
    took = f"{seconds // 60}分{seconds % 60}秒" if style.minutes else f"{seconds}秒"
    at: object = row.submitted if style.dates and style.form == "xlsx" else _stamp(row.submitted)
    cells: list[object] = [row.id, at, took, "微信", "N/A", "10.20.30.40(河南-新乡)"]
    return [cells[0], f"u{row.id:05d}", *cells[1:]] if style.user else cells


def _stamp(at: datetime) -> str:
    return f"{at.year}/{at.month}/{at.day} {at.hour}:{at.minute:02d}:{at.second:02d}"


def _missing(value: Missing, style: Style) -> object:
    if style.mode != "text" and style.numeric_marks:
        return -2 if value is Missing.BLANK else -3
    return style.marks[value is Missing.SKIPPED]


def _flag(question: Question, choice: str, style: Style, row: Row) -> object:
    value = row.answers[question.name]
    return _missing(value, style) if isinstance(value, Missing) else int(choice in tuple(value))  # type: ignore[arg-type]


def _cell(question: Question, style: Style, row: Row) -> object:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return _missing(value, style)
    if isinstance(value, tuple):
        return "┋".join(labels_of(question, value))
    if question.choices:
        return _choice(question, str(value), style)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return value if style.numbers and question.type in ("integer", "decimal") else str(value)


def _choice(question: Question, name: str, style: Style) -> object:
    if style.mode == "text":
        return label_of(question, name)
    number = place_of(question, name) if style.mode == "number" else score_of(question.choices, name)
    return number if style.numbers else str(number)


def _points(question: Question, row: Row) -> int:
    value = row.answers[question.name]
    return score_of(question.choices, value) if question.type == "select_one" and isinstance(value, str) else 0


def _as_text(cell: object) -> str:
    return "" if cell is None else str(cell)

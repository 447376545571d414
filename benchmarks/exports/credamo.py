"""见数 Credamo: a second row that explains, options as 0/1 columns, GB18030 or UTF-8 with a mark.

Layout from one program. Certain: leading columns, answers from the third row, 0/1 columns of options. The sign between
question and option is not, so several are written.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from exports.files import csv_bytes, xlsx_bytes
from exports.labels import flags_of, label_of
from exports.truth import Dialect, Missing, Question, Row, Truth

_FRONT = (
    "作答 ID", "用户 ID", "开始时间", "结束时间", "作答总时长 (秒)", "IP", "经度", "纬度", "省份", "城市", "设备类型",
    "操作系统类型", "浏览器类型", "屏幕分辨率",
)  # fmt: skip


def dialects() -> list[Dialect]:
    """Return the exports of 见数."""
    return [
        _dialect("csv-gb18030", "59a388032ed94d8d.csv", sign="-", form="gb18030"),
        _dialect("csv-utf8", "59a388032ed94d8d.csv", sign="_", form="utf-8-sig"),
        _dialect("xlsx", "见数导出.xlsx", sign="-", form="xlsx"),
        _dialect("xlsx/blank-between", "见数导出.xlsx", sign=" ", form="xlsx"),
        _dialect("xlsx/codes-above", "见数导出.xlsx", sign="-", form="xlsx", codes=True),
        _dialect("csv-utf8/row-taken-out", "1.csv", sign="-", form="utf-8-sig", explained=False),
    ]


def _dialect(name: str, file: str, **options: object) -> Dialect:
    return Dialect(f"credamo/{name}", "credamo", file, partial(_write, **options))  # type: ignore[arg-type]


def _write(truth: Truth, *, sign: str, form: str, codes: bool = False, explained: bool = True) -> bytes:
    names = [name for question in truth.questions for name in _names(question, sign)]
    above = [f"Q{place}" for place in range(1, len(names) + 1)] if codes else names
    below = names if codes else [f"第{place}题" for place in range(1, len(names) + 1)]
    rows: list[list[object]] = [[*_FRONT, *above]]
    if explained:
        rows.append([f"{name}的说明" for name in _FRONT] + list(below))
    rows += [_leading(row) + [cell for one in truth.questions for cell in _cells(one, row)] for row in truth.rows]
    return xlsx_bytes({"data": rows}) if form == "xlsx" else csv_bytes(rows, form)


def _names(question: Question, sign: str) -> list[str]:
    if question.type == "select_multiple":
        return [f"{question.zh}{sign}{choice.zh}" for choice in question.choices]
    return [f"{question.matrix}{sign}{question.zh}" if question.matrix else question.zh]


def _leading(row: Row) -> list[object]:
    seconds = int((row.submitted - row.started).total_seconds())
    times = [f"{at:%Y-%m-%d %H:%M:%S}" for at in (row.started, row.submitted)]
    place = ["113.9", "35.3", "河南省", "新乡市"]
    return [str(row.id), f"u{row.id}", *times, seconds, "10.20.30.40", *place, "手机", "Android", "微信", "1080*2340"]


def _cells(question: Question, row: Row) -> list[object]:
    value = row.answers[question.name]
    if question.type == "select_multiple":
        return list(flags_of(question, value) or [""] * len(question.choices))
    if isinstance(value, Missing):
        return [""]
    if question.choices:
        return [label_of(question, value)]
    if isinstance(value, datetime):
        return [f"{value:%Y-%m-%d %H:%M:%S}"]
    return [f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)]

"""问卷网 (wenjuan.com): in words and in codes, with and without the list of codes.

Layout from two programs that read such files and one public file. Certain: leading columns, ``Q25_25.题干``, the names
of a coded file, GB18030, a list of codes beside it. The wording of columns of options and rows follows a program that
takes what stands behind the last underscore.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from exports.files import csv_bytes, xlsx_bytes, zip_bytes
from exports.labels import flags_of, label_of, labels_of, numbered, place_of
from exports.truth import Dialect, Missing, Question, Row, Truth

_WORDS = ("答题序号", "来源", "开始时间", "提交时间", "答题时长", "IP省份", "IP城市", "IP地址", "浏览器", "操作系统")
_CODES_FRONT = ("seq", "source")
_CODES_BACK = ("start", "finish", "time_used", "ip_province", "ip_city", "ip", "browser", "os")


def dialects() -> list[Dialect]:
    """Return the exports of 问卷网."""
    return [
        _dialect("words/csv-gb18030", "All_Data_Readable.csv", partial(_words, options="flags", form="gb18030")),
        _dialect("words/csv-utf8", "All_Data_Readable.csv", partial(_words, options="texts", form="utf-8-sig")),
        _dialect("words/xlsx", "问卷数据.xlsx", partial(_words, options="cell", form="xlsx")),
        _dialect("words/xlsx/flags", "问卷数据.xlsx", partial(_words, options="flags", form="xlsx")),
        _dialect("words/xlsx/texts", "问卷数据.xlsx", partial(_words, options="texts", form="xlsx")),
        _dialect("codes/zip-with-list", "数据.zip", _codes_and_list_in_zip, loses=_MATRIX),
        _dialect("codes/xlsx-with-list", "数据.xlsx", _codes_and_list_in_workbook, loses=_MATRIX),
        _dialect("words-and-codes/zip", "数据.zip", _all_in_zip),
    ]


# a coded file names no rows of a matrix, nor does its list of codes
_MATRIX = frozenset({"sat_time", "sat_cost", "sat_staff"})


def coded_alone() -> Dialect:
    """Return the coded export without its list: no wording at all, so that the campaign file must name the columns."""
    return _dialect("codes/csv", "All_Data_Original.csv", lambda truth: csv_bytes(_coded(truth), "gb18030"))


def _dialect(name: str, file: str, write: object, loses: frozenset[str] = frozenset()) -> Dialect:
    return Dialect(f"wenjuan/{name}", "wenjuan", file, write, loses)  # type: ignore[arg-type]


def _words(truth: Truth, *, options: str, form: str) -> bytes:
    rows = _worded(truth, options)
    if form == "xlsx":
        return xlsx_bytes({"Sheet1": rows})
    return csv_bytes(rows, form)


def _worded(truth: Truth, options: str) -> list[list[object]]:
    header: list[object] = list(_WORDS)
    for number, group in enumerate(numbered(truth.questions), start=1):
        first = group[0]
        stem = f"Q{number}_{number}.{first.matrix or first.zh}"
        if first.matrix:
            header += [f"{stem}_{one.zh}" for one in group]
        elif first.type == "select_multiple" and options != "cell":
            header += [f"{stem}_{choice.zh}" for choice in first.choices]
        else:
            header.append(stem)
    rows = [header]
    for row in truth.rows:
        cells: list[object] = [row.id, "直接访问", _stamp(row.started), _stamp(row.submitted), _took(row)]
        cells += ["河南", "新乡", "10.20.30.40", "Chrome", "Windows 10"]
        for question in truth.questions:
            cells += _answer_in_words(question, row, options)
        rows.append(cells)
    return rows


def _answer_in_words(question: Question, row: Row, options: str) -> list[object]:
    value = row.answers[question.name]
    if question.type == "select_multiple" and options != "cell":
        flags = flags_of(question, value)
        if flags is None or options == "flags":
            return list(flags or [""] * len(question.choices))
        return [choice.zh if flag else "" for choice, flag in zip(question.choices, flags, strict=True)]
    if isinstance(value, tuple):
        return ["┋".join(labels_of(question, value))]
    return [label_of(question, value) if question.choices and isinstance(value, str) else _plain(value)]


def _coded(truth: Truth) -> list[list[object]]:
    header: list[object] = list(_CODES_FRONT)
    for number, group in enumerate(numbered(truth.questions), start=1):
        first = group[0]
        if first.matrix:
            header += [f"Q{number}_A{place}" for place in range(1, len(group) + 1)]
        elif first.type == "select_multiple":
            header += [f"Q{number}_A{place}" for place in range(1, len(first.choices) + 1)]
        else:
            header.append(f"Q{number}" if first.choices else f"Q{number}|A1|open")
    rows: list[list[object]] = [[*header, *_CODES_BACK]]
    for row in truth.rows:
        cells: list[object] = [row.id, "link"]
        for question in truth.questions:
            cells += _answer_in_codes(question, row)
        cells += [_stamp(row.started), _stamp(row.submitted), _took(row)]
        rows.append([*cells, "河南", "新乡", "10.20.30.40", "Chrome", "Windows 10"])
    return rows


def _answer_in_codes(question: Question, row: Row) -> list[object]:
    value = row.answers[question.name]
    if question.type == "select_multiple":
        return list(flags_of(question, value) or [""] * len(question.choices))
    return [place_of(question, value) if question.choices and isinstance(value, str) else _plain(value)]


def _code_list(truth: Truth) -> list[list[object]]:
    rows: list[list[object]] = []
    for number, group in enumerate(numbered(truth.questions), start=1):
        first = group[0]
        kind = {"select_one": "单选题", "select_multiple": "多选题"}.get(first.type, "填空题")
        kind = "矩阵单选题" if first.matrix else kind
        rows.append([f"Q{number}", first.matrix or first.zh, kind])
        rows += [["", place, choice.zh] for place, choice in enumerate(first.choices, start=1)]
    return rows


def _codes_and_list_in_zip(truth: Truth) -> bytes:
    files = {"All_Data_Original.csv": _coded(truth), "code.csv": _code_list(truth)}
    return zip_bytes({name: csv_bytes(rows, "gb18030") for name, rows in files.items()})


def _codes_and_list_in_workbook(truth: Truth) -> bytes:
    return xlsx_bytes({"data": _coded(truth), "code": _code_list(truth)})


def _all_in_zip(truth: Truth) -> bytes:
    sheets: dict[str, Sequence[Sequence[object]]] = {
        "All_Data_Readable.csv": _worded(truth, "flags"),
        "All_Data_Original.csv": _coded(truth),
        "code.csv": _code_list(truth),
    }
    return zip_bytes({name: csv_bytes(rows, "gb18030") for name, rows in sheets.items()})


def _plain(value: object) -> object:
    if isinstance(value, Missing):
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _took(row: Row) -> int:
    return int((row.submitted - row.started).total_seconds())

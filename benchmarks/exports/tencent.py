"""腾讯问卷 (csv in a zip, csv, xlsx), 腾讯文档 收集表, 金山表单.

腾讯问卷: columns and times from two programs and a list of fields; a column an option with the option's text where it
was chosen, as ``6.题干:选项``, from one program; several choices in one cell: not seen. 收集表: ten programs, the times
of two. 金山表单: expected, no export seen.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from exports.files import csv_bytes, xlsx_bytes, zip_bytes
from exports.labels import flags_of, label_of, labels_of, numbered
from exports.truth import Dialect, Missing, Question, Row, Truth

_FRONT = ("编号", "开始答题时间", "结束答题时间", "答题时长", "语言", "清洗数据结果", "智能清洗数据无效概率")
_BACK = (
    "地理位置国家和地区", "地理位置省", "地理位置市", "用户类型", "用户标识", "昵称", "自定义字段", "IP", "UA",
    "Referrer",
)  # fmt: skip


def dialects() -> list[Dialect]:
    """Return the exports of the three tools."""
    survey = partial(Dialect, reader="tencent_survey", file="1234567_seg_1.csv")
    form = partial(Dialect, reader="tencent_form", file="企业评价收集表（收集结果）.xlsx")
    wps = partial(Dialect, reader="wps_form", file="企业评价.xlsx")
    return [
        survey("tencent/csv-utf8", write=partial(_csv, encoding="utf-8-sig", options="columns")),
        survey("tencent/csv-utf8/cell", write=partial(_csv, encoding="utf-8-sig", options="┋")),
        survey("tencent/csv-utf8/cell-line-ends", write=partial(_csv, encoding="utf-8", options="\n")),
        survey("tencent/csv-gb18030", write=partial(_csv, encoding="gb18030", options="letters")),
        survey("tencent/csv-utf8/flags", write=partial(_csv, encoding="utf-8-sig", options="flags")),
        survey("tencent/zip", file="1234567.zip", write=_zip),
        survey("tencent/xlsx", file="1234567.xlsx", write=_xlsx),
        form("tencent-form/xlsx", write=partial(_form, options=";", words=True)),
        form("tencent-form/xlsx/commas", write=partial(_form, options=",", words=False)),
        form("tencent-form/csv", file="收集结果.csv", write=partial(_form_csv, options="\n")),
        wps("wps-form/xlsx", write=partial(_wps, options=",")),
        wps("wps-form/xlsx/bars", write=partial(_wps, options="|")),
    ]


def _csv(truth: Truth, *, encoding: str, options: str) -> bytes:
    return csv_bytes(_table(truth, options), encoding)


def _zip(truth: Truth) -> bytes:
    return zip_bytes({"1234567_seg_1.csv": csv_bytes(_table(truth, "columns"), "utf-8-sig")})


def _xlsx(truth: Truth) -> bytes:
    return xlsx_bytes({"Sheet1": _table(truth, "columns")})


def _table(truth: Truth, options: str) -> list[list[object]]:
    """Return header and rows, the newest first."""
    header: list[object] = list(_FRONT)
    for number, group in enumerate(numbered(truth.questions), start=1):
        first = group[0]
        if first.matrix:
            header += [f"{number}.{first.matrix}:{one.zh}" for one in group]
        elif first.type == "select_multiple" and options in ("columns", "letters", "flags"):
            header += [f"{number}.{first.zh}:{choice.zh}" for choice in first.choices]
        else:
            header.append(f"{number}.{first.zh}")
    rows = [[*header, *_BACK]]
    for row in sorted(truth.rows, key=lambda row: (row.submitted, row.id), reverse=True):
        seconds = int((row.submitted - row.started).total_seconds())
        cells: list[object] = [row.id, _minute(row.started), _minute(row.submitted), seconds, "简体中文", "有效", 0]
        for question in truth.questions:
            cells += _cells(question, row, options)
        rows.append([*cells, "中国", "河南", "新乡", "微信", "ABC", "昵称", "", "10.20.30.40", "Mozilla/5.0", ""])
    return rows


def _cells(question: Question, row: Row, options: str) -> list[object]:
    value = row.answers[question.name]
    if question.type != "select_multiple" or options not in ("columns", "letters", "flags"):
        return [_cell(question, value, options)]
    flags = flags_of(question, value)
    if flags is None or options == "flags":
        return list(flags or [""] * len(question.choices))
    letters = [f"{chr(65 + place)}." if options == "letters" else "" for place in range(len(flags))]
    labels = [letter + choice.zh for letter, choice in zip(letters, question.choices, strict=True)]
    return [label if flag else "" for label, flag in zip(labels, flags, strict=True)]


def _cell(question: Question, value: object, separator: str) -> object:
    if isinstance(value, Missing):
        return ""
    if isinstance(value, tuple):
        return separator.join(labels_of(question, value))
    if question.choices:
        return label_of(question, value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


def _minute(at: datetime) -> str:
    return f"{at.year}/{at.month}/{at.day} {at.hour}:{at.minute:02d}"


def _form_table(truth: Truth, options: str, *, words: bool) -> list[list[object]]:
    header: list[object] = ["提交者（自动）", "提交时间（自动）"]
    header += [f"{one.matrix}-{one.zh}" if one.matrix else f"{one.zh}（必填）" for one in truth.questions]
    rows = [header]
    for row in truth.rows:
        at = row.submitted
        stamp = f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}" if words else f"{at:%Y/%m/%d %H:%M:%S}"
        answers = [_cell(question, row.answers[question.name], options) for question in truth.questions]
        rows.append(["昵称", stamp, *answers])
    return rows


def _form(truth: Truth, *, options: str, words: bool) -> bytes:
    return xlsx_bytes({"收集结果": _form_table(truth, options, words=words)})


def _form_csv(truth: Truth, *, options: str) -> bytes:
    return csv_bytes(_form_table(truth, options, words=True), "utf-8-sig")


def _wps(truth: Truth, *, options: str) -> bytes:
    rows: list[list[object]] = [["提交时间", "填写人", *(_wording(question) for question in truth.questions)]]
    for row in truth.rows:
        answers = [_cell(question, row.answers[question.name], options) for question in truth.questions]
        rows.append([f"{row.submitted:%Y-%m-%d %H:%M:%S}", "WPS用户", *answers])
    return xlsx_bytes({"Sheet1": rows})


def _wording(question: Question) -> str:
    return f"{question.matrix}-{question.zh}" if question.matrix else question.zh

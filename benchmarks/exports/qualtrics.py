"""Qualtrics: csv and tsv of codes or choice texts, several choices in one cell or in a column each, -99 or not; legacy.

Certain, from files: three header rows with the ids as JSON, ``choiceId`` on columns of choices, the 17 leading columns,
timing columns; two header rows, BOM and a comma behind each line in old exports. A recode value is a number, so in an
export of codes a choice that is named by a word comes back as one that nobody knows.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from exports.files import csv_bytes, xlsx_bytes
from exports.truth import Dialect, Missing, Question, Row, Truth

_BEIJING = ZoneInfo("Asia/Shanghai")
_LEADING = {
    "StartDate": ("Start Date", "startDate"), "EndDate": ("End Date", "endDate"),
    "Status": ("Response Type", "status"), "IPAddress": ("IP Address", "ipAddress"),
    "Progress": ("Progress", "progress"), "Duration (in seconds)": ("Duration (in seconds)", "duration"),
    "Finished": ("Finished", "finished"), "RecordedDate": ("Recorded Date", "recordedDate"),
    "ResponseId": ("Response ID", "_recordId"), "RecipientLastName": ("Recipient Last Name", "recipientLastName"),
    "RecipientFirstName": ("Recipient First Name", "recipientFirstName"),
    "RecipientEmail": ("Recipient Email", "recipientEmail"),
    "ExternalReference": ("External Data Reference", "externalDataReference"),
    "LocationLatitude": ("Location Latitude", "locationLatitude"),
    "LocationLongitude": ("Location Longitude", "locationLongitude"),
    "DistributionChannel": ("Distribution Channel", "distributionChannel"),
    "UserLanguage": ("User Language", "userLanguage"),
}  # fmt: skip
_LEGACY = ("ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "IPAddress", "Status",
           "StartDate", "EndDate", "Finished")  # fmt: skip
_TIMES = ("StartDate", "EndDate", "RecordedDate")
_CLICKS = (("First Click", "FIRST_CLICK"), ("Last Click", "LAST_CLICK"), ("Page Submit", "PAGE_SUBMIT"),
           ("Click Count", "CLICK_COUNT"))  # fmt: skip
_SEEN = "-99"
# named by words, so that no recode value can be their name
_WORDS = frozenset({"sector", "applied", "fees"})


@dataclass(frozen=True)
class Style:
    """How one export is asked for.

    Attributes
    ----------
    form
        ``csv``, ``tsv`` (UTF-16) or ``xlsx`` (two header rows).
    codes
        Codes, else choice texts.
    split
        A column for each choice.
    seen
        -99 for what was seen and not answered.
    zeros
        0 for a choice that was seen and not taken.
    lang
        Language of the form.
    zone
        Of the times.
    tags
        Short names: those of the form, else Q1, Q2 …
    """

    form: str = "csv"
    codes: bool = False
    split: bool = False
    seen: bool = False
    zeros: bool = False
    lang: str = "en"
    zone: str = "Asia/Shanghai"
    tags: bool = True


def dialects() -> list[Dialect]:
    """Return the exports of Qualtrics."""
    found = [
        _dialect(
            f"{'codes' if codes else 'text'}/{'split' if split else 'cell'}/csv{'-99' if seen else ''}",
            Style(codes=codes, split=split, seen=seen),
        )
        for codes in (True, False)
        for split in (True, False)
        for seen in (True, False)
    ]
    base = Style()
    found += [
        _dialect("text/split/csv-99-zeros", replace(base, split=True, seen=True, zeros=True)),
        _dialect("text/cell/csv-chinese", replace(base, lang="zh")),
        _dialect("text/split/csv-denver", replace(base, split=True, zone="America/Denver")),
        _dialect("text/cell/csv-numbered", replace(base, tags=False)),
        _dialect("text/cell/tsv", replace(base, form="tsv")),
        _dialect("text/cell/xlsx", replace(base, form="xlsx")),
        _dialect("codes/split/tsv", replace(base, form="tsv", codes=True, split=True)),
        Dialect("qualtrics/legacy/codes", "qualtrics", "Default_Report.csv", partial(write_legacy, codes=True),
                frozenset({"sector", "applied"})),
        Dialect("qualtrics/legacy/text", "qualtrics", "Default_Report.csv", partial(write_legacy, codes=False)),
    ]  # fmt: skip
    return found


def _dialect(name: str, style: Style) -> Dialect:
    loses = (_WORDS - {"fees"} if style.split else _WORDS) if style.codes else frozenset()
    file = f"企业评价问卷_October 20, 2022_09.15.{style.form}"
    return Dialect(f"qualtrics/{name}", "qualtrics", file, partial(write, style=style), loses, tells_missing=style.seen)


@dataclass(frozen=True)
class Column:
    """Short name, wording, ids, cells."""

    name: str
    text: str
    ids: dict[str, str]
    cell: Callable[[Row], object]


def write(truth: Truth, style: Style) -> bytes:
    """Return a file."""
    columns = [_leading(name, style) for name in _LEADING]
    columns += [
        Column(f"intro_{shown}", f"Timing - {shown}", {"ImportId": f"QID90_{own}"}, lambda row: f"{row.id}.5")
        for shown, own in _CLICKS
    ]
    for number, group in enumerate(_groups(truth.questions), start=1):
        columns += _columns(group, number, style)
    columns.append(Column("comment - Topics", "comment - Topics",
                          {"ImportId": "QID9_TEXT_eae5a8d0e7fd4bd183e983e5Topics"}, lambda _: ""))  # fmt: skip
    rows: list[list[object]] = [[one.name for one in columns], [one.text for one in columns]]
    if style.form != "xlsx":
        rows.append([json.dumps(one.ids, separators=(",", ":")) for one in columns])
    rows += [[one.cell(row) for one in columns] for row in truth.rows]
    if style.form == "xlsx":
        return xlsx_bytes({"Sheet0": rows})
    text = [[_as_text(cell) for cell in row] for row in rows]
    if style.form == "tsv":
        return _tsv(text)
    return csv_bytes(text, "utf-8-sig", line_end="\n")


def _tsv(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-16")


def write_legacy(truth: Truth, *, codes: bool) -> bytes:
    """Return an old export: two header rows, a byte-order mark, a comma behind each line, a column for each choice."""
    names, texts = [f"V{number}" for number in range(1, 11)], list(_LEGACY)
    style = Style(codes=codes)
    cells: list[Callable[[Row], object]] = []
    for number, group in enumerate(_groups(truth.questions), start=1):
        for place, question in enumerate(group, start=1):
            text = f"{question.matrix}-{question.en}" if question.matrix else question.en
            if question.type == "select_multiple":
                names += [f"Q{number}_{nth}" for nth, _ in enumerate(question.choices, start=1)]
                texts += [f"{text}-{choice.en}" for choice in question.choices]
                cells += [partial(_old_tick, question, choice.name) for choice in question.choices]
            else:
                names.append(f"Q{number}_{place}" if question.matrix else question.name)
                texts.append(text)
                cells.append(partial(_cell, question, style))
    rows: list[list[object]] = [[*names, ""], [*texts, ""]]
    for row in truth.rows:
        times = [f"{row.started:%Y-%m-%d %H:%M:%S}", f"{row.submitted:%Y-%m-%d %H:%M:%S}"]
        own = [f"R_{row.uuid.replace('-', '')}", "Default Response Set", "Anonymous", "", "", "10.0.0.1", 0, *times, 1]
        rows.append([*own, *(cell(row) for cell in cells), ""])
    return csv_bytes([[_as_text(cell) for cell in row] for row in rows], "utf-8-sig", line_end="\n")


# ---------------------------------------------------------------------------------------------------------------------
# Columns


def _groups(questions: Sequence[Question]) -> list[list[Question]]:
    groups: list[list[Question]] = []
    for question in questions:
        if question.matrix and groups and groups[-1][0].matrix == question.matrix:
            groups[-1].append(question)
        else:
            groups.append([question])
    return groups


def _leading(name: str, style: Style) -> Column:
    text, own = _LEADING[name]
    ids = {"ImportId": own, **({"timeZone": style.zone} if name in _TIMES else {})}
    return Column(name, text, ids, partial(_own_cell, name, style))


def _own_cell(name: str, style: Style, row: Row) -> object:
    zone = ZoneInfo(style.zone)
    if name in _TIMES:
        stamp = (row.started if name == "StartDate" else row.submitted).replace(tzinfo=_BEIJING).astimezone(zone)
        return stamp.replace(tzinfo=None) if style.form == "xlsx" else f"{stamp:%Y-%m-%d %H:%M:%S}"
    return {
        "Status": 0 if style.codes else "IP Address", "IPAddress": "10.0.0.1", "Progress": 100,
        "Duration (in seconds)": int((row.submitted - row.started).total_seconds()),
        "Finished": 1 if style.codes else "True", "ResponseId": f"R_{row.uuid.replace('-', '')}",
        "DistributionChannel": "anonymous", "UserLanguage": "EN",
    }.get(name, "")  # fmt: skip


def _columns(group: Sequence[Question], number: int, style: Style) -> list[Column]:
    first, own = group[0], f"QID{number}"
    if first.matrix:
        return [
            Column(
                question.name if style.tags else f"Q{number}_{place}",
                f"{question.matrix} - {getattr(question, style.lang)}",
                {"ImportId": f"{own}_{place}"},
                partial(_cell, question, style),
            )
            for place, question in enumerate(group, start=1)
        ]
    name, text = first.name if style.tags else f"Q{number}", getattr(first, style.lang)
    if first.type == "select_multiple" and style.split:
        return [
            Column(
                f"{name}_{place}",
                f"{text} - Selected Choice - {getattr(choice, style.lang)}",
                {"ImportId": own, "choiceId": str(place)},
                partial(_tick, first, choice.name, style),
            )
            for place, choice in enumerate(first.choices, start=1)
        ]
    ids = {"ImportId": own if first.choices else f"{own}_TEXT"}
    wording = f"{text} - Selected Choice" if first.type == "select_multiple" else text.replace(" ", "\n", 1)
    return [Column(name, wording, ids, partial(_cell, first, style))]


# ---------------------------------------------------------------------------------------------------------------------
# Cells


def _missing(value: object, style: Style) -> str:
    return _SEEN if value is Missing.BLANK and style.seen else ""


def _cell(question: Question, style: Style, row: Row) -> object:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return _missing(value, style)
    if isinstance(value, tuple):
        return ",".join(_choice(question, name, style) for name in value)
    if question.choices:
        return _choice(question, str(value), style)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _choice(question: Question, name: str, style: Style) -> str:
    place = [choice.name for choice in question.choices].index(name)
    if not style.codes:
        return str(getattr(question.choices[place], style.lang))
    return name if name.isdigit() else str(place + 1)


def _tick(question: Question, name: str, style: Style, row: Row) -> object:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return _missing(value, style)
    assert isinstance(value, tuple)
    if name in value:
        return "1" if style.codes else _choice(question, name, style)
    return "0" if style.zeros else _SEEN if style.seen else ""


def _old_tick(question: Question, name: str, row: Row) -> object:
    value = row.answers[question.name]
    return 1 if isinstance(value, tuple) and name in value else ""


def _as_text(cell: object) -> str:
    return str(cell).replace("\r\n", "\n")

"""Write raw files as 问卷星, KoboToolbox and a spreadsheet program write them, with the same bytes every time."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

import xlsxwriter

from demo_draws import Stream
from demo_mess import RAW, RawFile
from demo_plan import BANKS, WAVE_NAMES
from demo_records import SKIP
from evaltools.survey.instrument import Instrument, Question

BANK_NAMES = {bank.id: bank.zh for bank in BANKS}
ALIASES = {bank.id: bank.aliases for bank in BANKS}
WJX_LEAD = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
KOBO_GROUPS = ("g_consent", "g_firm", "g_rating", "g_loan", "g_end")  # the form of the tablets asks in another order
KOBO_TAIL = (
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
    "_tags", "meta/rootUuid", "_index",
)  # fmt: skip
KOBO_STAMP = {"baseline": "2022-10-24-01-12-09", "endline": "2022-12-19-02-03-44"}
ADDRESS_BLOCKS = ("192.0.2", "198.51.100", "203.0.113")  # reserved for documentation
MADE_ON = datetime(2022, 12, 20, 9, 0, 0)
Cells = list[list[Any]]


def render_file(file: RawFile, instrument: Instrument, seed: int) -> tuple[str, bytes]:
    """Return the path of a raw file, relative to the campaign's folder, and its bytes."""
    if file.layout == "csv":
        return file.path, _gb18030(_csv_cells(file, instrument, seed))
    if file.layout == "wjx":
        cells = _wjx_cells(file, instrument, seed)
        highest, rows = cells[-1][0] if len(cells) > 1 else 0, len(cells) - 1
        path = f"raw/{file.wave}/{file.path}_按文本_{file.title}_{max(highest, rows)}_{rows}.xlsx"
        return path, _workbook(cells, sheet_name(file))
    path = f"raw/{file.wave}/{file.title}_-_all_versions_-_False_-_{KOBO_STAMP[file.wave]}.xlsx"
    return path, _workbook(_kobo_cells(file, instrument, seed), sheet_name(file))


def sheet_name(file: RawFile) -> str:
    """Return the name of the sheet that holds the rows, "" for a csv."""
    return {"wjx": "Sheet1", "kobo": file.title[:31], "csv": ""}[file.layout]


def asked(instrument: Instrument, file: RawFile) -> list[Question]:
    """Return the questions that have a column in a file."""
    return [one for one in instrument.answered if one.type != "calculate" and one.name not in file.absent]


def header_of(file: RawFile, instrument: Instrument, question: str) -> str:
    """Return the header of a question's column as it stands in the file."""
    questions = asked(instrument, file)
    number = [one.name for one in questions].index(question) + 1
    text = file.renamed.get(question, questions[number - 1].label.zh)
    if file.layout == "kobo":
        return questions[number - 1].path
    return text if file.layout == "csv" else f"{number}、{text}"


def _wjx_cells(file: RawFile, instrument: Instrument, seed: int) -> Cells:
    questions = asked(instrument, file)
    cells: Cells = [[*WJX_LEAD, *(header_of(file, instrument, one.name) for one in questions)]]
    stream = Stream(seed, f"wjx {file.wave} {file.channel}")
    noise = stream.uniform(4 * len(file.rows)).reshape(-1, 4)
    wide = stream.uniform(len(file.rows) * len(questions)).reshape(-1, len(questions)) < 0.03
    serial, before = 0, None
    for number, row in enumerate(file.rows):
        record = row.record
        serial += 0 if row.record is before else 1 + int(noise[number, 0] < 0.06)
        if row.record is before:  # an exact re-submission: the very same line once more
            cells.append(list(cells[-1]))
            continue
        before = record
        moment = record["_submitted"]
        stuffed = record.get("_stuffed", False)
        seconds = 30 + int(9 * noise[number, 1]) if stuffed else 95 + int(430 * noise[number, 1])
        address = f"{ADDRESS_BLOCKS[int(3 * noise[number, 2])]}.{1 + int(250 * noise[number, 3])}"
        lead = [
            serial, f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment:%M:%S}", f"{seconds}秒",
            "微信" if file.channel == "qr" else "链接", "网点二维码" if file.channel == "qr" else "N/A",
            "203.0.113.77(云河-云河县)" if stuffed else f"{address}(云河-云河县)",
        ]  # fmt: skip
        messy = bool(row.fault) or any(one.fault for one in file.rows)
        texts = [_wjx_text(file, one, record, seed) for one in questions]
        cells.append(lead + [_full_width(text) if messy and wide[number, k] else text for k, text in enumerate(texts)])
    return cells


def _wjx_text(file: RawFile, question: Question, record: dict[str, Any], seed: int) -> Any:
    raw = record.get(RAW, {}).get(question.name)
    if raw is not None:
        return raw
    value = record.get(question.name, SKIP)
    if value is SKIP:
        return "(跳过)"
    if value is None:
        return "(空)"
    text = _label(question, value, record, seed, separator="┋")
    recoded = {code: label for label, code in file.recoded.get(question.name, {}).items()}
    return recoded.get(str(value), text)


def _label(question: Question, value: Any, record: dict[str, Any], seed: int, separator: str) -> Any:
    if question.role == "bank":
        names = (BANK_NAMES[value], *ALIASES[value])
        key = f"{seed} {record.get('enterprise_code')} {record.get('visit_code')} {value}"
        pick = crc32(key.encode()) % 10
        return names[1 + pick % (len(names) - 1)] if pick < 3 and len(names) > 1 else names[0]
    labels = {choice.name: choice.label.zh for choice in question.choices}
    if isinstance(value, tuple):
        return separator.join(labels[one] for one in value)
    if labels:
        return labels[value]
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return f"{value:g}" if isinstance(value, (int, float)) else value


def _full_width(text: Any) -> Any:
    """Return digits as a Chinese input method leaves them."""
    return text.translate({48 + k: 0xFF10 + k for k in range(10)}) if isinstance(text, str) and text.isdigit() else text


def _kobo_cells(file: RawFile, instrument: Instrument, seed: int) -> Cells:
    order = {name: number for number, name in enumerate(KOBO_GROUPS)}
    questions = sorted(asked(instrument, file), key=lambda one: order.get(one.path.split("/")[0], len(order)))
    header: list[Any] = ["start", "end"]
    for question in questions:
        header.append(question.path)
        if question.type == "select_multiple":
            header += [f"{question.path}/{choice.name}" for choice in question.choices]
    cells: Cells = [[*header, *KOBO_TAIL]]
    stream = Stream(seed, f"kobo {file.wave}")
    noise = stream.uniform(3 * len(file.rows)).reshape(-1, 3)
    number, before = 0, None
    for row, draw in zip(file.rows, noise, strict=True):
        if row.record is before:
            cells.append([*cells[-1][:-1], len(cells)])  # the same submission, delivered twice
            continue
        before, number = row.record, number + 1
        end = row.record["_submitted"]
        start = end - timedelta(seconds=300 + int(900 * draw[0]))
        line: list[Any] = [f"{start:%Y-%m-%dT%H:%M:%S}.000+08:00", f"{end:%Y-%m-%dT%H:%M:%S}.000+08:00"]
        for question in questions:
            line += _kobo_values(question, row.record)
        key = str(UUID(int=crc32(f"{seed} {file.wave} {number}".encode()) * 2**96 + int(draw[1] * 2**62), version=4))
        sent = end - timedelta(hours=8)  # the server writes UTC without saying so
        cells.append([
            *line, 48_210_000 + 3 * number + 5_000 * WAVE_NAMES.index(file.wave), key, f"{sent:%Y-%m-%dT%H:%M:%S}",
            None, None, "submitted_via_web", f"fangyuan{1 + int(4 * draw[2])}", "vDemo2022a", None, f"uuid:{key}",
            len(cells),
        ])  # fmt: skip
    return cells


def _kobo_values(question: Question, record: dict[str, Any]) -> list[Any]:
    raw = record.get(RAW, {}).get(question.name)
    value = record.get(question.name, SKIP)
    empty = value is SKIP or value is None
    if question.type == "select_multiple":
        if empty:
            return [None] * (1 + len(question.choices))
        return [" ".join(value), *("1" if choice.name in value else "0" for choice in question.choices)]
    if raw is not None:
        return ["jinghu" if question.role == "bank" else raw]
    if empty:
        return [None]
    return [f"{value:%Y-%m-%d}" if isinstance(value, date) else value]


def _csv_cells(file: RawFile, instrument: Instrument, seed: int) -> Cells:
    questions = asked(instrument, file)
    cells: Cells = [[header_of(file, instrument, one.name) for one in questions]]
    for row in file.rows:
        cells.append([_csv_text(question, row.record, seed) for question in questions])
    return cells


def _csv_text(question: Question, record: dict[str, Any], seed: int) -> Any:
    raw = record.get(RAW, {}).get(question.name)
    value = record.get(question.name, SKIP)
    if raw is not None:
        return raw
    if value is SKIP or value is None:
        return ""
    if isinstance(value, date) and question.role == "event_date":
        return f"{value.year}年{value.month}月{value.day}日"
    return _label(question, value, record, seed, separator="┋")


def _gb18030(cells: Cells) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(cells)
    return text.getvalue().encode("gb18030")


def _workbook(cells: Cells, sheet: str) -> bytes:
    """Return an .xlsx whose bytes depend on the cells alone: no clock, no platform, one order of parts."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"created": MADE_ON, "author": "云河县以评促改专班（虚构）"})
    page = book.add_worksheet(sheet)
    for number, line in enumerate(cells):
        _write_line(page, number, line)
    book.close()
    packed = io.BytesIO()
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, MADE_ON.timetuple()[:6])
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            target.writestr(entry, source.read(name), compresslevel=9)
    return packed.getvalue()


def _write_line(page: Any, number: int, line: Sequence[Any]) -> None:
    for column, value in enumerate(line):
        if value is None:
            continue
        write = page.write_number if isinstance(value, (int, float)) else page.write_string
        code = write(number, column, value)
        if code:
            raise RuntimeError(f"cell {number + 1}/{column + 1} was not written: {code}")

"""The raw files as lists of rows: which record stands where, and what is wrong with it.

Bad rows, duplicates and superseded answers are added to the good rows; no good row is spoilt, so what a faultless
reading keeps is exactly the sample that was drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from demo_draws import Stream
from demo_plan import WAVE_NAMES, WAVES, Variant
from demo_records import SKIP, Record, identity

RAW = "_raw"  # cell texts that are written as they stand, by question
OUTSIDERS = 90_000  # numbers of the firms that appear in bad rows only


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a raw file; `fault` names what was planted in it, "" for nothing."""

    record: Record
    fault: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class RawFile:
    """One raw file to be written."""

    path: str
    layout: str  # wjx, kobo, csv
    wave: str
    mode: str
    channel: str
    title: str
    rows: list[Row] = field(default_factory=list)
    absent: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    recoded: dict[str, dict[str, str]] = field(default_factory=dict)


Spoil = Callable[[Record], str]


def _raw(record: Record, question: str, text: str) -> str:
    record[RAW] = {**record.get(RAW, {}), question: text}
    return question


def _move(record: Record, moment: datetime) -> None:
    """Change when an answer was handed in; no application lies after it."""
    record["_submitted"] = moment
    if isinstance(record["application_date"], date):
        record["application_date"] = min(record["application_date"], moment.date())


def _wrong_check_sign(record: Record) -> str:
    code = record["enterprise_code"]
    return _raw(record, "enterprise_code", code[:-1] + ("0" if code[-1] != "0" else "1"))


def _short_code(record: Record) -> str:
    return _raw(record, "enterprise_code", record["enterprise_code"][:15])


def _unknown_bank(record: Record) -> str:
    return _raw(record, "bank", "云河镜湖信用社")


def _too_many_documents(record: Record) -> str:
    record["applied"] = "yes"
    return _raw(record, "documents", "400")


def _not_a_number(record: Record) -> str:
    record["applied"] = "yes"
    return _raw(record, "steps", "好几个")


def _unknown_choice(record: Record) -> str:
    return _raw(record, "sat_staff", "马马虎虎")


def _no_sector(record: Record) -> str:
    record["sector"] = None
    return "sector"


def _refused(record: Record) -> str:
    for question in record:
        if not question.startswith("_"):
            record[question] = SKIP
    record["consent"] = "no"
    return "consent"


def _before_the_wave(record: Record) -> str:
    first = WAVES[record["_wave"]][0]
    _move(record, datetime.combine(first - timedelta(days=9), time(10, 41, 7)))
    return "submitted_at"


def _after_the_wave(record: Record) -> str:
    last = WAVES[record["_wave"]][1]
    _move(record, datetime.combine(last + timedelta(days=12), time(16, 2, 55)))
    return "submitted_at"


FAULTS: dict[str, Spoil] = {
    "wrong_check_sign": _wrong_check_sign, "short_code": _short_code, "unknown_bank": _unknown_bank,
    "too_many_documents": _too_many_documents, "not_a_number": _not_a_number, "unknown_choice": _unknown_choice,
    "no_sector": _no_sector, "refused": _refused, "before_the_wave": _before_the_wave,
    "after_the_wave": _after_the_wave,
}  # fmt: skip
SURVEY_FAULTS = {
    "list": ("wrong_check_sign", "unknown_bank", "too_many_documents", "refused", "before_the_wave", "refused"),
    "qr": ("short_code", "no_sector", "unknown_choice", "refused", "after_the_wave"),
    "field": ("wrong_check_sign", "unknown_bank", "not_a_number", "too_many_documents", "no_sector", "unknown_choice"),
}


def _visit_unknown_bank(record: Record) -> str:
    return _raw(record, "bank", "城关储金会")


def _visit_no_branch(record: Record) -> str:
    record["branch"] = None
    return "branch"


def _visit_outside(record: Record) -> str:
    record["visit_date"] = WAVES[record["_wave"]][1] + timedelta(days=40)
    record["accepted_on"] = record["decided_on"] = record["paid_on"] = None
    return "visit_date"


def _visit_steps(record: Record) -> str:
    return _raw(record, "steps", "五")


VISIT_FAULTS: dict[str, Spoil] = {
    "unknown_bank": _visit_unknown_bank, "no_branch": _visit_no_branch, "outside_the_wave": _visit_outside,
    "not_a_number": _visit_steps,
}  # fmt: skip

SURVEY_TITLE = {
    "baseline": "云河县获得信贷企业满意度调查问卷（基线）",
    "endline": "云河县获得信贷企业满意度调查问卷（终线）",
}
VISIT_NAME = {"baseline": "明察暗访记录_基线.csv", "endline": "明察暗访记录_终线.csv"}
SURVEY_EXPORTS = (("wjx", "list", "214365870"), ("wjx", "qr", "214371092"), ("kobo", "field", ""))


def plan_files(survey: list[Record], visits: list[Record], variant: Variant, seed: int) -> list[RawFile]:
    """Distribute the records over the raw files and, in a messy variant, add what is wrong with real files."""
    files = []
    for wave in WAVE_NAMES:
        for layout, channel, number in SURVEY_EXPORTS:
            records = [one for one in survey if one["_wave"] == wave and one["_channel"] == channel]
            mode = "interviewer" if layout == "kobo" else "self"
            file = RawFile(number, layout, wave, mode, channel, SURVEY_TITLE[wave])
            files.append(_survey_file(file, records, variant, seed))
        records = [one for one in visits if one["_wave"] == wave]
        file = RawFile(f"raw/{wave}/{VISIT_NAME[wave]}", "csv", wave, "visit", "visit", "")
        files.append(_visit_file(file, records, variant, seed))
    if variant.messy:
        _supersede_across(files, seed)
    return [replace(file, rows=_in_order(file.rows)) for file in files]


def _in_order(rows: list[Row]) -> list[Row]:
    """Sort rows by time; an exact re-submission stands right below its first."""
    first: dict[int, int] = {}
    for number, row in enumerate(rows):
        first.setdefault(id(row.record), number)
    return sorted(rows, key=lambda row: (_moment(row.record), first[id(row.record)]))


def _moment(record: Record) -> datetime:
    return record["_submitted"] if "_submitted" in record else datetime.combine(record["visit_date"], time())


def _survey_file(file: RawFile, records: list[Record], variant: Variant, seed: int) -> RawFile:
    rows = [Row(record) for record in records]
    if not variant.messy:
        return replace(file, rows=rows)
    stream = Stream(seed, f"mess {file.wave} {file.channel}")
    order = [int(k) for k in stream.shuffled(len(records))]
    first_number = OUTSIDERS + 1000 * WAVE_NAMES.index(file.wave) + 100 * ("list", "qr", "field").index(file.channel)
    for position, fault in enumerate(SURVEY_FAULTS[file.channel]):
        record = dict(records[order[position]])
        record |= identity(first_number + position, record["sector"])
        rows.append(Row(record, fault, FAULTS[fault](record)))
    rows += [Row(records[position], "duplicate") for position in order[10:12]]
    spare = [k for k in order[12:] if records[k]["_submitted"].date() > WAVES[file.wave][0]]
    for kept, other in zip(spare[:2], spare[2:4], strict=True):
        rows.append(_earlier(records[kept], records[other], hours=3))
    where = next(k for k in order[16:] if records[k]["applied"] == "no")
    rows[where] = _with_surplus(records[where])
    absent = ("comment",) if (file.wave, file.channel) == ("baseline", "field") else ()
    recoded = {"sat_staff": {"十分满意": "5"}} if (file.wave, file.channel) == ("endline", "qr") else {}
    renamed = {"sat_time": "对办理时间长短是否满意"} if (file.wave, file.channel) == ("endline", "list") else {}
    return replace(file, rows=rows, absent=absent, recoded=recoded, renamed=renamed)


def _with_surplus(record: Record) -> Row:
    """Return a good row with an answer that the form's own logic would not have asked for; only the answer is lost."""
    record = dict(record)
    return Row(record, "surplus_answer", _raw(record, "steps", "3"))


def _earlier(kept: Record, other: Record, hours: int) -> Row:
    """Return an earlier answer of the firm to the same bank: its own identity, other answers."""
    own = ("enterprise_code", "enterprise_name", "contact_phone", "firm_size", "sector", "bank")
    record = {**other, **{key: kept[key] for key in own}}
    _move(record, kept["_submitted"] - timedelta(hours=hours))
    return Row(record, "superseded")


def _supersede_across(files: list[RawFile], seed: int) -> None:
    """Let one firm a wave answer by itself first and be interviewed the day after; the interview counts."""
    for wave in WAVE_NAMES:
        by_channel = {file.channel: file for file in files if file.wave == wave and file.layout != "csv"}
        interviewed = [row.record for row in by_channel["field"].rows if not row.fault]
        late = [one for one in interviewed if (one["_submitted"].date() - WAVES[wave][0]).days >= 2]
        kept = late[int(Stream(seed, f"across {wave}").below(len(late), 1)[0])]
        other = next(row.record for row in by_channel["list"].rows if not row.fault)
        by_channel["list"].rows.append(_earlier(kept, other, hours=26))


def _visit_file(file: RawFile, records: list[Record], variant: Variant, seed: int) -> RawFile:
    rows = [Row(record) for record in records]
    if not variant.messy:
        return replace(file, rows=rows)
    order = [int(k) for k in Stream(seed, f"mess {file.wave} visits").shuffled(len(records))]
    for position, (fault, spoil) in enumerate(VISIT_FAULTS.items()):
        record = dict(records[order[position]]) | {"visit_code": f"YH9-{file.wave[0]}{position:03d}"}
        rows.append(Row(record, fault, spoil(record)))
    renamed = {"quoted_rate": "报价利率（年化，%）"} if file.wave == "endline" else {}
    return replace(file, rows=rows, renamed=renamed)

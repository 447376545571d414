"""LimeSurvey: results as csv and xlsx, headed by code, wording, both or cut wording, codes or wordings as answers; vv.

Layout from the tool's own export code (versions 3 to 6). Codes of questions hold letters and digits alone and codes of
answers five signs at most, so a question with an underscore in its name keeps only its wording, and in an export of
codes a choice with a longer name is lost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from exports.files import xlsx_bytes
from exports.truth import Choice, Dialect, Missing, Question, Row, Truth

_OWN = {
    "id": "Response ID", "submitdate": "Date submitted", "lastpage": "Last page", "startlanguage": "Start language",
    "seed": "Seed", "startdate": "Date started", "datestamp": "Date last action", "ipaddr": "IP address",
    "refurl": "Referrer URL",
}  # fmt: skip
# the same in the language of an administrator who does not use English
_OWN_ZH = ("答复编号", "提交日期", "最后一页", "起始语言", "种子", "开始日期", "最后操作日期", "IP地址", "来源网址")
_LONGEST_CODE = 5
_CUT = 15
_UNDERSCORED = frozenset({"code_no", "applied_on", "visited_at"})
_LONG_NAMES = frozenset({"sector"})


@dataclass(frozen=True)
class Style:
    """How one export is asked for.

    Attributes
    ----------
    form
        ``csv`` or ``xlsx``.
    heading
        ``code``, ``em`` (codes joined by an underscore), ``full``, ``cut`` (wordings of 15 signs), ``codetext``.
    answers
        ``short`` (codes) or ``long`` (wordings).
    lang
        Language of the form.
    converted
        What stands for a ticked choice and for one that was not: ``Y`` and nothing, or two numbers.
    delimiter
        Of csv.
    own
        Headings of the tool's columns by wording.
    undated
        Whether the survey keeps no times.
    participants
        Whether columns of the list of participants are added.
    """

    form: str = "csv"
    heading: str = "code"
    answers: str = "short"
    lang: str = "zh"
    converted: tuple[str, str] = ("Y", "")
    delimiter: str = ";"
    own: tuple[str, ...] = tuple(_OWN.values())
    undated: bool = False
    participants: bool = False


def dialects() -> list[Dialect]:
    """Return the exports of LimeSurvey."""
    base = Style()
    found = [
        _dialect(f"{heading}/{answers}/{form}", replace(base, form=form, heading=heading, answers=answers))
        for heading in ("code", "em", "full", "codetext")
        for answers in ("short", "long")
        for form in ("csv", "xlsx")
    ]
    found += [
        _dialect("cut/long/csv", replace(base, heading="cut", answers="long")),
        _dialect("full/long/csv-english", replace(base, heading="full", answers="long", lang="en")),
        _dialect("full/long/csv-own-in-chinese", replace(base, heading="full", answers="long", own=_OWN_ZH)),
        _dialect("code/short/csv-converted-1-2", replace(base, converted=("1", "2"))),
        _dialect("code/short/csv-converted-1-0", replace(base, converted=("1", "0"))),
        _dialect("full/short/xlsx-converted-1-2", replace(base, form="xlsx", heading="full", converted=("1", "2"))),
        _dialect("code/short/csv-comma", replace(base, delimiter=",")),
        _dialect("code/long/csv-undated", replace(base, answers="long", undated=True)),
        _dialect("codetext/long/xlsx-participants", replace(base, form="xlsx", heading="codetext", answers="long",
                                                            participants=True)),
    ]  # fmt: skip
    found += [
        Dialect("limesurvey/vv", "limesurvey", "vvexport_123456.csv", partial(write_vv, version=2),
                loses=_LONG_NAMES, tells_missing=True, blank_is_none=True),
        Dialect("limesurvey/vv-fields", "limesurvey", "vvexport_123456.csv", partial(write_vv, version=1),
                loses=_LONG_NAMES | {"sat_time", "sat_cost", "sat_staff"}, tells_missing=True, blank_is_none=True),
    ]  # fmt: skip
    return found


def _dialect(name: str, style: Style) -> Dialect:
    by_code = style.heading in ("code", "em")
    loses = (_UNDERSCORED if by_code else frozenset()) | (_LONG_NAMES if style.answers == "short" else frozenset())
    # the tool keeps a choice that was not ticked as an empty text, asked or left blank alike
    says_no = style.answers == "long" or bool(style.converted[1])
    return Dialect(f"limesurvey/{name}", "limesurvey", f"results-survey123456.{style.form}",
                   partial(write, style=style), loses, blank_is_none=says_no)  # fmt: skip


def write(truth: Truth, style: Style) -> bytes:
    """Return the bytes of a file of results."""
    columns = [column for group in _groups(truth.questions) for column in _columns(group, style)]
    own = list(_OWN)
    header = [_own_heading(code, place, style) for place, code in enumerate(own)]
    header += [heading for heading, _ in columns]
    rows: list[list[object]] = []
    for row in truth.rows:
        values = _own_values(row, style)
        rows.append([values[code] for code in own] + [cell(row) for _, cell in columns])
    if style.participants:
        header += [_participant(code, style) for code in ("firstname", "lastname", "email", "attribute_1")]
        rows = [[*row, "三", "张", f"zhang{row[0]}@example.invalid", "A"] for row in rows]
    if style.form == "xlsx":
        return xlsx_bytes({"企业评价问卷": [list(header), *([_as_cell(cell) for cell in row] for row in rows)]})
    lines = [[_quoted(cell) for cell in line] for line in (header, *rows)]
    return ("\ufeff" + "".join(style.delimiter.join(line) + "\r\n" for line in lines) + "\r\n").encode()


def write_vv(truth: Truth, version: int) -> bytes:
    """Return the bytes of a vv file: a row of wordings, a row of codes, some signs spelt in braces."""
    codes, wordings = list(_OWN), list(_OWN.values())
    cells: list[Callable[[Row], object]] = []
    for number, group in enumerate(_groups(truth.questions), start=1):
        for question, sub, text in _parts(group):
            code = _code(question)
            codes.append(
                f"{code}_{sub}" if sub and version == 2 else code if version == 2 else f"123456X7X{number}{sub}"
            )
            lead = question.matrix or question.zh
            wordings.append(f"{lead} ({text})" if text and version == 2 else lead)
            cells.append(partial(_stored, question, sub))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(wordings)
    writer.writerow(codes)
    for row in truth.rows:
        own = list(_own_values(row, Style()).values())
        writer.writerow([_spelt(value) for value in (*own, *(cell(row) for cell in cells))])
    return out.getvalue().encode()


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


def _code(question: Question) -> str:
    return question.name.partition("_")[0] if question.matrix else question.name.replace("_", "")


def _parts(group: Sequence[Question], lang: str = "zh") -> list[tuple[Question, str, str]]:
    """Return (question, code of the part, its wording) for each column of a question of the tool."""
    first = group[0]
    if first.matrix:
        return [(one, one.name.partition("_")[2], getattr(one, lang)) for one in group]
    if first.type == "select_multiple":
        return [(first, choice.name, getattr(choice, lang)) for choice in first.choices]
    return [(first, "", "")]


def _columns(group: Sequence[Question], style: Style) -> list[tuple[str, Callable[[Row], object]]]:
    return [
        (_heading(question, sub, text, style), partial(_answer, question, sub, style))
        for question, sub, text in _parts(group, style.lang)
    ]


def _heading(question: Question, sub: str, text: str, style: Style) -> str:
    code = _code(question)
    if style.heading == "em":
        return f"{code}_{sub}" if sub else code
    by_code = f"{code}[{sub}]" if sub else code
    if style.heading == "code":
        return by_code
    lead = question.matrix or getattr(question, style.lang)
    wording = f"{_cut(lead, style)} [{_cut(text, style)}]" if text else _cut(lead, style)
    return f"{by_code}. {wording}" if style.heading == "codetext" else wording


def _cut(text: str, style: Style) -> str:
    return f"{text[:_CUT]}.. " if style.heading == "cut" and len(text) > _CUT else text


def _own_heading(code: str, place: int, style: Style) -> str:
    return {"code": code, "em": code, "codetext": f"{code}. {style.own[place]}"}.get(style.heading, style.own[place])


def _participant(code: str, style: Style) -> str:
    wording = {"firstname": "First name", "lastname": "Last name", "email": "Email address"}.get(code, "企业分类")
    return {"code": code, "em": code, "codetext": f"{code}. {wording}"}.get(style.heading, wording)


# ---------------------------------------------------------------------------------------------------------------------
# Cells


def _own_values(row: Row, style: Style) -> dict[str, object]:
    submitted = "1980-01-01 00:00:00" if style.undated else f"{row.submitted:%Y-%m-%d %H:%M:%S}"
    started = "1980-01-01 00:00:00" if style.undated else f"{row.started:%Y-%m-%d %H:%M:%S}"
    return {
        "id": row.id, "submitdate": submitted, "lastpage": 4, "startlanguage": "zh-Hans", "seed": 10**9 + row.id,
        "startdate": started, "datestamp": submitted, "ipaddr": f"10.0.0.{row.id}", "refurl": None,
    }  # fmt: skip


def _stored(question: Question, sub: str, row: Row) -> object:
    """Return what the database holds: None for a question that was not shown, "" for one that was left blank."""
    value = row.answers[question.name]
    if value is Missing.SKIPPED:
        return None
    if value is Missing.BLANK:
        return ""
    if question.type == "select_multiple":
        assert isinstance(value, tuple)
        return "Y" if sub in value else ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d} 00:00:00"
    if question.type in ("integer", "decimal"):
        return f"{value:.10f}" if question.type == "decimal" else str(value)
    return str(value)


def _answer(question: Question, sub: str, style: Style, row: Row) -> object:
    value = _stored(question, sub, row)
    if question.type == "select_multiple":
        return _tick(value, style)
    if value is None or value == "":
        return value
    if question.type == "decimal":
        # the tool takes the zeros behind the point away
        return str(value).rstrip("0").rstrip(".")
    if question.type == "select_one" and style.answers == "long":
        return getattr(_choice(question, str(value)), style.lang)
    text = str(value)
    return f"'{text}" if text.startswith("=") else text


def _tick(value: object, style: Style) -> object:
    if style.answers == "long":
        return "N/A" if value is None else "Yes" if value == "Y" else "No"
    yes, no = style.converted
    return yes if value == "Y" else value if value is None else no


def _choice(question: Question, name: str) -> Choice:
    return next(choice for choice in question.choices if choice.name == name)


def _quoted(cell: object) -> str:
    if cell is None:
        return ""
    text = str(cell).replace("\r\n", "\n")
    return '"' + text.replace('"', '""') + '"'


def _as_cell(cell: object) -> object:
    """Return what the tool's workbook holds: a text that is a number in its plainest form becomes one."""
    if not isinstance(cell, str):
        return cell
    digits = cell.removeprefix("-")
    whole, _, part = digits.partition(".")
    plain = whole.isascii() and whole.isdigit() and (whole == "0" or whole[0] != "0")
    is_number = plain and ("." not in digits or (part.isascii() and part.isdigit()))
    return float(cell) if is_number else cell or None


def _spelt(value: object) -> str:
    if value is None:
        return "{question_not_shown}"
    text = str(value).strip().replace("{", "{lbrace}")
    for sign, spelt in (("\n", "{newline}"), ("\r", "{cr}"), ("\t", "{tab}")):
        text = text.replace(sign, spelt)
    return "{quote}" + text[1:] if text.startswith('"') else text

"""KoboToolbox: names or labels, groups or none, multiple choices in one column, one a choice, or both; xlsx, csv, JSON.

Layout from the source of the vendor's export program and of its API (2026): path and choice are joined by the sign that
joins groups, ``/`` where there are none; a question without an answer leaves all its columns empty; times of the phone
carry their offset, ``_submission_time`` is UTC without one; csv is separated by semicolons, all quoted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from exports.files import csv_bytes, xlsx_bytes
from exports.truth import Choice, Dialect, Missing, Question, Row, Truth

GROUPS = {
    "g_firm": ("企业情况", "The firm"),
    "g_loan": ("贷款/融资", "Loan"),
    "g_rating": ("评价", "Rating"),
    "g_end": ("其他", "Other"),
}
SERVER = ("_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
          "_tags", "_index")  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How one export is laid out.

    `words` are names, or labels of a language; `sign` joins groups ("" leaves them out); `several` says how multiple
    choices are written ("both", "summary", "details"); `typed` whether numbers and days are cells of that kind; `hxl`
    adds a row of tags; `rewritten` does to names what R does to them; `urls` adds columns of addresses of uploads;
    `loans` adds the sheet of a repeat.
    """

    words: str = "names"
    sign: str = "/"
    several: str = "both"
    form: str = "xlsx"
    typed: bool = False
    hxl: bool = False
    rewritten: bool = False
    urls: bool = False
    loans: bool = False


def dialects() -> list[Dialect]:
    """Return the exports of KoboToolbox."""
    base = Style()
    found = [
        _dialect(f"{words}/{several}/{'groups' if sign else 'no-groups'}/{form}", Style(words, sign, several, form))
        for words in ("names", "zh", "en")
        for several in ("both", "summary", "details")
        for sign in ("/", "")
        for form in ("xlsx", "csv")
    ]
    found += [
        _dialect(f"{words}/{several}/sign-{name}/csv", Style(words, sign, several, "csv"))
        for name, sign in (("colon", ":"), ("arrow", " > "), ("lines", "__"))
        for words, several in (("names", "both"), ("names", "details"), ("zh", "both"), ("en", "details"))
    ]
    found += [
        _dialect("names/both/typed/xlsx", replace(base, typed=True)),
        _dialect("en/both/typed/xlsx", replace(base, words="en", typed=True)),
        _dialect("names/both/hxl/xlsx", replace(base, hxl=True)),
        _dialect("zh/both/hxl/csv", replace(base, words="zh", hxl=True, form="csv")),
        _dialect("names/both/r/csv", replace(base, rewritten=True, form="csv")),
        _dialect("names/summary/r/csv", replace(base, several="summary", rewritten=True, form="csv")),
        _dialect("names/both/r-no-groups/csv", replace(base, sign="", rewritten=True, form="csv")),
        _dialect("names/both/urls/xlsx", replace(base, urls=True)),
        _dialect("names/both/repeat/xlsx", replace(base, loans=True)),
        _dialect("zh/both/repeat/xlsx", replace(base, words="zh", loans=True)),
        Dialect("kobo/api/page.json", "kobo", "data.json", partial(_api, shape="page")),
        Dialect("kobo/api/list.json", "kobo", "data.json", partial(_api, shape="list")),
        Dialect("kobo/api/repeat.json", "kobo", "data.json", partial(_api, shape="page", loans=True)),
        Dialect("kobo/live/pulled.json", "kobo", "firms_0001_1-40.json", partial(_api, shape="pulled")),
    ]
    return found


def _dialect(name: str, style: Style) -> Dialect:
    title = "企业获得信贷情况调查_-_all_versions_-_False_-_2022-10-21-01-02-03"
    return Dialect(f"kobo/{name}", "kobo", f"{title}.{style.form}", partial(_write, style=style))


def _write(truth: Truth, style: Style) -> bytes:
    headers, rows = ["start", "end"], [[_stamp(row.started), _stamp(row.submitted)] for row in truth.rows]
    for question in truth.questions:
        for header, cell in _columns(question, style):
            headers.append(header)
            for cells, row in zip(rows, truth.rows, strict=True):
                cells.append(cell(row.answers[question.name]))
    if style.urls:
        headers += ["photo", "photo_URL"]
        for cells, row in zip(rows, truth.rows, strict=True):
            cells += [f"{row.id}.jpg", f"https://kc.example.org/media/original?media_file=x/{row.id}.jpg"]
    table: list[list[object]] = [[*headers, *SERVER]]
    if style.hxl:
        table.append([f"#{'q'}{number} +v" for number in range(len(table[0]))])
    table += [[*cells, *_server(row)] for cells, row in zip(rows, truth.rows, strict=True)]
    if style.rewritten:
        table[0] = _as_r_writes(list(map(str, table[0])))
        return csv_bytes(table, "utf-8", line_end="\n")
    if style.form == "csv":
        return csv_bytes(table, "utf-8-sig", delimiter=";", line_end="\n", quote_all=True)
    sheets = {"企业获得信贷情况调查": table}
    if style.loans:
        sheets["loans"] = _loans(truth)
    return xlsx_bytes(sheets)


def _columns(question: Question, style: Style) -> list[tuple[str, Callable[[object], object]]]:
    """Return the header of each column of a question, and how its cells are written."""
    group, own = _words(question, style)
    header = f"{group}{style.sign}{own}" if style.sign and group else own
    if question.type != "select_multiple":
        return [(header, partial(_cell, question=question, style=style))]
    summary = (header, partial(_cell, question=question, style=style))
    joiner = style.sign or "/"
    details = [
        (f"{header}{joiner}{_word(choice, style)}", partial(_flag, choice=choice, style=style))
        for choice in question.choices
    ]
    return {"both": [summary, *details], "summary": [summary], "details": details}[style.several]


def _words(question: Question, style: Style) -> tuple[str, str]:
    if style.words == "names":
        return question.group, question.name
    place = ("zh", "en").index(style.words)
    return GROUPS.get(question.group, ("", ""))[place], (question.zh, question.en)[place]


def _word(choice: Choice, style: Style) -> str:
    return {"names": choice.name, "zh": choice.zh, "en": choice.en}[style.words]


def _cell(value: object, question: Question, style: Style) -> object:
    if isinstance(value, Missing):
        return None
    if question.choices:
        words = {choice.name: _word(choice, style) for choice in question.choices}
        return " ".join(words[name] for name in value) if isinstance(value, tuple) else words[str(value)]
    if style.typed and question.type in ("integer", "decimal", "date"):
        return value
    return _stamp(value) if isinstance(value, datetime) else str(value)


def _flag(value: object, choice: Choice, style: Style) -> str | None:
    if not isinstance(value, tuple):
        return None
    return str(choice.name in value).upper() if style.rewritten else str(int(choice.name in value))


def _server(row: Row) -> list[object]:
    submitted = (row.submitted - timedelta(hours=8)).isoformat()
    number = str(250_000 + row.id)
    return [number, row.uuid, submitted, None, None, "submitted_via_web", None, "vQx7", None, str(row.id)]


def _stamp(moment: date) -> str:
    return f"{moment.isoformat()}.000+08:00"


def _loans(truth: Truth) -> list[list[object]]:
    """Return the sheet of a repeat: two rows for every third submission."""
    rows: list[list[object]] = [["amount", "_index", "_parent_table_name", "_parent_index", "_submission__id"]]
    for row in truth.rows[::3]:
        for amount in (50, 80):
            rows.append([str(amount), str(len(rows)), "企业获得信贷情况调查", str(row.id), str(250_000 + row.id)])
    return rows


def _as_r_writes(headers: Sequence[str]) -> list[str]:
    named = [header.replace("/", ".") for header in headers]
    named = [f"X{header}" if header.startswith("_") else header for header in named]
    return [f"X.U.FEFF.{named[0]}", *named[1:]]


def _api(truth: Truth, shape: str, *, loans: bool = False) -> bytes:
    """Write the answer of the API: paths as keys, text as values, nothing where there is no answer."""
    results = [_result(truth, row, loans=loans) for row in truth.rows]
    content: Mapping[str, object] | Sequence[object] = {
        "page": {"count": len(results), "next": None, "previous": None, "results": results},
        "list": results,
        "pulled": {
            "count": len(results), "form": "aX9", "name": "firms", "server": "https://kf.example.org",
            "source": "kobo", "versions": ["vQx7"], "results": results,
        },
    }[shape]  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1 if shape == "pulled" else None).encode()


def _result(truth: Truth, row: Row, *, loans: bool) -> dict[str, object]:
    result: dict[str, object] = {
        "_id": 250_000 + row.id, "formhub/uuid": "f0", "start": _stamp(row.started), "end": _stamp(row.submitted),
    }  # fmt: skip
    for question in truth.questions:
        value = row.answers[question.name]
        if not isinstance(value, Missing):
            path = f"{question.group}/{question.name}" if question.group else question.name
            result[path] = _cell(value, question, Style())
    if loans and row.id % 3 == 0:
        result["g_loan/loans"] = [{"g_loan/loans/amount": "50"}, {"g_loan/loans/amount": "80"}]
    uuid = row.uuid
    return result | {
        "__version__": "vQx7", "meta/instanceID": f"uuid:{uuid}", "_xform_id_string": "aX9", "_uuid": uuid,
        "_attachments": [{"id": row.id, "download_url": "https://kc.example.org/x"}] if row.id % 5 == 0 else [],
        "_status": "submitted_via_web", "_geolocation": [None, None],
        "_submission_time": (row.submitted - timedelta(hours=8)).isoformat(), "_tags": [], "_notes": [],
        "_validation_status": {}, "_submitted_by": None,
    }  # fmt: skip

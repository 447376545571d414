"""ODK Central: a zip of csv files, one csv, the OData feed.

Layout from the server's source (2026): ``SubmissionDate`` first, groups joined by ``-`` or left out, a position in four
columns, choices of their own behind a ``/`` with 0 for whoever was not asked, the server's columns last; tables of
repeats end in ``PARENT_KEY, KEY``; comma, UTF-8, LF.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from exports.files import csv_bytes, zip_bytes
from exports.truth import Dialect, Missing, Question, Row, Truth

BEHIND = ("KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState",
          "DeviceID", "Edits", "FormVersion")  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How one export is laid out.

    `groups` says whether they stand in the headers, `split` whether choices have columns, `loans` whether the form has
    a repeat; `media` adds uploads to the archive.
    """

    form: str = "zip"
    groups: bool = True
    split: bool = True
    loans: bool = False
    media: bool = False


def dialects() -> list[Dialect]:
    """Return the exports of ODK Central."""
    found = [
        _dialect(f"{'groups' if groups else 'no-groups'}/{'split' if split else 'whole'}/{form}",
                 Style(form, groups, split))
        for form in ("zip", "csv")
        for groups in (True, False)
        for split in (True, False)
    ]  # fmt: skip
    base = Style()
    return [
        *found,
        _dialect("groups/split/repeat/zip", replace(base, loans=True)),
        _dialect("no-groups/whole/repeat-media/zip", Style(groups=False, split=False, loans=True, media=True)),
        _dialect("groups/whole/media/zip", replace(base, split=False, media=True)),
        Dialect("odk_central/odata/feed.json", "odk_central", "Submissions.json", partial(_feed, loans=False)),
        Dialect("odk_central/odata/expanded.json", "odk_central", "Submissions.json", partial(_feed, loans=True)),
        Dialect(
            "odk_central/live/pulled.json", "odk_central", "firms_0001_1a2b-3c4d.json", partial(_feed, pulled=True)
        ),
    ]


def _dialect(name: str, style: Style) -> Dialect:
    return Dialect(f"odk_central/{name}", "odk_central", f"firm_survey.{style.form}", partial(_write, style=style))


def _write(truth: Truth, style: Style) -> bytes:
    headers: list[object] = ["SubmissionDate", "start", "end"]
    for question in truth.questions:
        header = f"{question.group}-{question.name}" if style.groups and question.group else question.name
        headers.append(header)
        if question.type == "select_multiple" and style.split:
            headers += [f"{header}/{choice.name}" for choice in question.choices]
    position = "g_end-place" if style.groups else "place"
    headers += [f"{position}-{part}" for part in ("Latitude", "Longitude", "Altitude", "Accuracy")]
    table = csv_bytes([[*headers, *BEHIND], *(_cells(truth, row, style) for row in truth.rows)], "utf-8", line_end="\n")
    if style.form == "csv":
        return table
    files = {"firm_survey.csv": table}
    if style.loans:
        files["firm_survey-loans.csv"] = csv_bytes(_loans(truth), "utf-8", line_end="\n")
    if style.media:
        files |= {f"media/{row.id}.jpg": b"\xff\xd8\xff\xe0" + bytes(40) for row in truth.rows[:5]}
    return zip_bytes(files)


def _cells(truth: Truth, row: Row, style: Style) -> list[object]:
    cells: list[object] = [_utc(row.submitted), _stamp(row.started), _stamp(row.submitted)]
    for question in truth.questions:
        value = row.answers[question.name]
        cells.append(_cell(value))
        if question.type == "select_multiple" and style.split:
            taken = value if isinstance(value, tuple) else ()
            cells += [int(choice.name in taken) for choice in question.choices]
    cells += ["35.1", "113.2", "0", "4.6"] if row.id % 2 else [None] * 4
    return [*cells, f"uuid:{row.uuid}", 7, "采集员", 0, 0, None, None, "collect:x9", 0, "20221008"]


def _cell(value: object) -> object:
    if isinstance(value, Missing):
        return None
    if isinstance(value, tuple):
        return " ".join(value)
    return _stamp(value) if isinstance(value, datetime) else str(value)


def _stamp(moment: date) -> str:
    return f"{moment.isoformat()}.000+08:00"


def _utc(moment: datetime) -> str:
    return f"{(moment - timedelta(hours=8)).isoformat()}.000Z"


def _loans(truth: Truth) -> list[Sequence[object]]:
    """Return the table of a repeat: two rows for every third submission."""
    rows: list[Sequence[object]] = [("amount", "PARENT_KEY", "KEY")]
    for row in truth.rows[::3]:
        key = f"uuid:{row.uuid}"
        rows += [(amount, key, f"{key}/g_loan/loans[{nth}]") for nth, amount in ((1, "50"), (2, "80"))]
    return rows


def _feed(truth: Truth, *, loans: bool = False, pulled: bool = False) -> bytes:
    """Write the OData feed: groups as objects, null where there is no answer, repeats as lists where they are asked."""
    records = [_record(truth.questions, row, loans=loans, links=not pulled) for row in truth.rows]
    if pulled:
        about = {"form": "3/firms", "name": "firms", "server": "https://central.example.org", "source": "odk_central"}
        content: dict[str, object] = {**about, "versions": ["20221008"], "count": len(records), "value": records}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode()
    context = "https://central.example.org/v1/projects/3/forms/firms.svc/$metadata#Submissions"
    found = {"value": records, "@odata.context": context, "@odata.count": len(records)}
    return json.dumps(found, ensure_ascii=False).encode()


def _record(questions: Sequence[Question], row: Row, *, loans: bool, links: bool) -> dict[str, object]:
    record: dict[str, object] = {
        "__id": f"uuid:{row.uuid}",
        "__system": {
            "submissionDate": _utc(row.submitted), "updatedAt": None, "submitterId": "7", "submitterName": "采集员",
            "attachmentsPresent": 0, "attachmentsExpected": 0, "status": None, "reviewState": None,
            "deviceId": "collect:x9", "edits": 0, "formVersion": "20221008",
        },
        "start": _stamp(row.started),
        "end": _stamp(row.submitted),
        "meta": {"instanceID": f"uuid:{row.uuid}"},
    }  # fmt: skip
    for question in questions:
        value = row.answers[question.name]
        group = record.setdefault(question.group, {}) if question.group else record
        assert isinstance(group, dict)
        is_number = question.type in ("integer", "decimal") and not isinstance(value, Missing)
        group[question.name] = float(str(value)) if is_number else _cell(value)
    place = {"type": "Point", "coordinates": [113.2, 35.1, 0], "properties": {"accuracy": 4.6}}
    record["place"] = place if row.id % 2 else None
    if links:
        record["loans@odata.navigationLink"] = f"Submissions('uuid%3A{row.uuid}')/loans"
    if loans:
        record["loans"] = [{"__id": f"{row.id}-{nth}", "amount": nth} for nth in range(row.id % 3)]
    return record

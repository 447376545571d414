"""SPSS: as 问卷星, Qualtrics, LimeSurvey and KoboToolbox fill it, plain and compressed in both ways.

Names and labels of Qualtrics and LimeSurvey are from their files and code. From general knowledge: those of 问卷星 (Q1,
Q2_1, Chinese labels, -3 and -2 for skipped and empty) and the two colons of KoboToolbox.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from exports.truth import Choice, Dialect, Missing, Question, Row, Truth

SKIPPED, BLANK = -3, -2
_MARKS = {SKIPPED: "(跳过)", BLANK: "(空)"}


@dataclass(frozen=True)
class Style:
    """How one tool fills a file.

    Attributes
    ----------
    numbered
        Names are Q1, Q2_1, else those of the form.
    lang
        Language of labels.
    heading, row, option
        From number and wordings to the label of a question, of the row of a matrix, of a choice.
    marks
        Whether numbers -3 and -2 stand for skipped and blank.
    flags
        Labels of 1 and 0 in the columns of choices; None: 1 has the wording of the choice, and nothing stands for 0.
    own
        The tool's own variables.
    options
        Of pyreadstat.
    texts
        Codes are the names of choices, as text, without labels.
    """

    numbered: bool = False
    lang: str = "zh"
    heading: str = "{question}"
    row: str = "{lead} - {part}"
    option: str = "{question} - {part}"
    marks: bool = False
    flags: tuple[str, str] | None = ("Yes", "Not Selected")
    own: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    texts: bool = False


def dialects() -> list[Dialect]:
    """Return the files of SPSS."""
    wjx = Style(
        numbered=True,
        heading="{number}、{question}",
        row="{number}、{lead}—{part}",
        option="{number}、{question}({part})",
        marks=True,
        flags=("选中", "未选中"),
    )
    styles = {
        "wjx/sav": wjx,
        "wjx/zsav": replace(wjx, options={"compress": True}),
        "wjx/sav-rows": replace(wjx, options={"row_compress": True}),
        "wjx/sav-yes-no": replace(wjx, flags=("是", "否")),
        "qualtrics/sav": Style(True, "en", option="{question} - Selected Choice - {part}", flags=None, own="qualtrics"),
        "limesurvey/sav": Style(row="[{part}] {lead}", option="[{part}] {question}", own="limesurvey"),
        "kobo/sav": Style(option="{question} :: {part}", flags=("1", "0")),
        "names/sav-texts": Style(texts=True, flags=("1", "0")),
        "names/zsav-english": Style(lang="en", options={"compress": True}),
    }
    return [
        Dialect(
            f"spss/{name}",
            "spss",
            f"survey.{'zsav' if style.options.get('compress') else 'sav'}",
            partial(write, style=style),
        )
        for name, style in styles.items()
    ]


@dataclass(frozen=True)
class Variable:
    """Name, label, labels of values, cells."""

    name: str
    label: str
    labels: dict[float, str]
    cell: Callable[[Row], Any]
    is_text: bool = False


def write(truth: Truth, style: Style) -> bytes:
    """Return a file."""
    variables = _own(style) + [
        one for number, group in enumerate(groups(truth), 1) for one in _columns(group, number, style)
    ]
    frame = pd.DataFrame(
        {one.name: pd.Series([one.cell(row) for row in truth.rows], dtype=object) for one in variables}
    )
    for one in variables:
        if not one.is_text and all(isinstance(cell, (int, float)) for cell in frame[one.name].dropna()):
            frame[one.name] = frame[one.name].astype(float)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f"
        pyreadstat.write_sav(
            frame,
            path,
            column_labels=[one.label for one in variables],
            variable_value_labels={one.name: one.labels for one in variables if one.labels},
            **style.options,
        )
        return path.read_bytes()


def groups(truth: Truth) -> list[list[Question]]:
    """Return what a tool counts as one question: the rows of a matrix together."""
    found: list[list[Question]] = []
    for question in truth.questions:
        if question.matrix and found and found[-1][0].matrix == question.matrix:
            found[-1].append(question)
        else:
            found.append([question])
    return found


def _own(style: Style) -> list[Variable]:
    def started(row: Row) -> datetime:
        return row.started

    def submitted(row: Row) -> datetime:
        return row.submitted

    if style.own == "qualtrics":
        return [
            Variable("StartDate", "Start Date", {}, started),
            Variable("EndDate", "End Date", {}, submitted),
            Variable("Finished", "Finished", {0.0: "False", 1.0: "True"}, lambda _: 1),
            Variable("ResponseId", "Response ID", {}, lambda row: f"R_{row.uuid}", is_text=True),
            Variable("RecipientEmail", "Recipient Email", {}, lambda _: "a@example.invalid", is_text=True),
        ]
    if style.own == "limesurvey":
        return [
            Variable("id", "Response ID", {}, lambda row: row.id),
            Variable("submitdate", "Date submitted", {}, submitted),
            Variable("lastpage", "Last page", {}, lambda _: 4),
            Variable("startlanguage", "Start language", {}, lambda _: "zh-Hans", is_text=True),
            Variable("startdate", "Date started", {}, started),
        ]
    return []


def _columns(group: list[Question], number: int, style: Style) -> list[Variable]:
    first = group[0]
    fields = {"number": number, "question": getattr(first, style.lang), "lead": first.matrix}
    if first.type == "select_multiple":
        return [
            _option(
                first, choice, f"Q{number}_{place}" if style.numbered else f"{first.name}_{choice.name}", style, fields
            )
            for place, choice in enumerate(first.choices, start=1)
        ]
    if not first.matrix:
        name = f"Q{number}" if style.numbered else first.name
        return [_question(first, name, style.heading.format(**fields), style)]
    return [
        _question(
            question,
            f"Q{number}_{place}" if style.numbered else question.name,
            style.row.format(**fields, part=getattr(question, style.lang)),
            style,
        )
        for place, question in enumerate(group, start=1)
    ]


def _question(question: Question, name: str, label: str, style: Style) -> Variable:
    labels = {place: getattr(choice, style.lang) for place, choice in enumerate(question.choices, start=1)}
    is_text = question.type == "text" or (style.texts and bool(labels))
    marks = _MARKS if style.marks and not is_text and question.type not in ("date", "datetime") else {}
    values = {} if is_text or not labels else {float(value): text for value, text in {**labels, **marks}.items()}
    if marks and not labels:
        values = {float(value): text for value, text in marks.items()}
    return Variable(name, label, values, partial(_cell, question, bool(marks), style), is_text)


def _cell(question: Question, has_marks: bool, style: Style, row: Row) -> Any:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return (SKIPPED if value is Missing.SKIPPED else BLANK) if has_marks else None
    if question.choices and not style.texts:
        return [choice.name for choice in question.choices].index(str(value)) + 1
    if isinstance(value, (datetime, date)):
        return value
    return float(str(value)) if question.type in ("integer", "decimal") else str(value)


def _option(question: Question, choice: Choice, name: str, style: Style, fields: dict[str, Any]) -> Variable:
    wording = getattr(choice, style.lang)
    values = {1.0: wording} if style.flags is None else {1.0: style.flags[0], 0.0: style.flags[1]}
    if style.marks:
        values |= {float(value): text for value, text in _MARKS.items()}
    if style.texts:
        values = {}
    return Variable(
        name, style.option.format(**fields, part=wording), values, partial(_tick, question, choice.name, style)
    )


def _tick(question: Question, name: str, style: Style, row: Row) -> Any:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return (SKIPPED if value is Missing.SKIPPED else BLANK) if style.marks else None
    assert isinstance(value, tuple)
    return 1 if name in value else None if style.flags is None else 0

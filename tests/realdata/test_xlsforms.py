"""XLSForms that others wrote: each is read, or refused by a code that names the place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from evaltools.errors import CampaignError
from evaltools.survey.instrument import (
    BilingualText,
    Instrument,
    InstrumentError,
    items_frame,
    read_instrument_file,
    write_xlsx,
)
from evaltools.survey.instrument.rows import read_choices, read_questions
from evaltools.survey.instrument.sheets import read_sheets, sha256_of
from evaltools.survey.logic.form import compile_logic

FORMS = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "xlsforms"

pytestmark = pytest.mark.skipif(not FORMS.is_dir(), reason="the forms are not on this machine")

# file: questions, questions with an answer
READ = {
    "correlaid_mitwirken_de.xlsx": (42, 38),
    "correlaid_testB.xlsx": (50, 46),
    "ipa_likert_template.xlsx": (19, 13),
    "pyxform_bug_badly_named_choices.xls": (3, 3),
    "pyxform_bug_blank_second_row.xls": (1, 1),
    "pyxform_bug_date_ambiguous.xlsx": (4, 4),
    "pyxform_bug_extra_columns.xls": (2, 2),
    "pyxform_bug_ict_survey_fails.xls": (1, 1),
    "pyxform_bug_spaces_header.xls": (2, 2),
    "pyxform_comment_rows.xls": (1, 1),
    "pyxform_spec_test.xlsx": (46, 28),
}
# SurveyCTO has types of its own; a header that stands twice
REFUSED = {
    "ipa_backcheck.xlsx": "instrument-type-unknown: sheet survey, row 10, question 'caseid'",
    "ipa_cati.xlsx": "instrument-type-unknown: sheet survey, row 10, question 'caseid'",
    "ipa_household_survey.xlsx": "instrument-type-unknown: sheet survey, row 10, question 'caseid'",
    "ipa_phone_survey.xlsx": "instrument-type-unknown: sheet survey, row 10, question 'caseid'",
    "pyxform_bug_duplicate_columns.xlsx": "instrument-unreadable: .*Duplicate column header: label",
}


def test_every_form_of_the_folder_is_accounted_for():
    assert {path.name for path in FORMS.iterdir()} == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_form_is_read_and_written_out_again(name, tmp_path):
    form = read_instrument_file(FORMS / name)
    assert (len(form.questions), len(form.answered)) == READ[name]
    assert len(items_frame(form)) == READ[name][1]
    copy = tmp_path / f"{Path(name).stem}.xlsx"
    write_xlsx(form, copy)
    assert read_instrument_file(copy) == form


@pytest.mark.parametrize(("name", "expected"), REFUSED.items())
def test_form_is_refused_with_the_place(name, expected):
    with pytest.raises(CampaignError, match=expected):
        read_instrument_file(FORMS / name)


def test_all_faults_of_a_foreign_dialect_are_listed():
    with pytest.raises(InstrumentError, match="instrument-choice-twice: sheet choices, row 71: choice '21'") as caught:
        read_instrument_file(FORMS / "ipa_backcheck.xlsx")
    assert [fault.fields["type"] for fault in caught.value.faults if fault.code == "instrument-type-unknown"] == [
        "caseid",
        "text audit",
        "comments",
    ]


def test_forms_without_classes_store_no_text_in_clear():
    form = read_instrument_file(FORMS / "correlaid_mitwirken_de.xlsx")
    texts = [question for question in form.questions if question.type == "text"]
    assert len(texts) == 16
    assert {question.sensitivity for question in texts} <= {"text", "direct"}


def test_positions_and_pictures_are_never_stored():
    form = read_instrument_file(FORMS / "pyxform_spec_test.xlsx")
    recorded = {question.name for question in form.questions if question.sensitivity == "direct"}
    assert recorded == {
        "geopoint_test", "image_test", "audio_test", "video_test", "deviceid", "uri_deviceid", "phonenumber",
    }  # fmt: skip


# expressions that compile, and what the others ask for, also of forms that are refused for their types
LOGIC = {
    "correlaid_mitwirken_de.xlsx": (15, {}),
    "correlaid_testB.xlsx": (34, {}),
    "ipa_backcheck.xlsx": (43, {"pulldata": 13, "duration": 1}),
    "ipa_cati.xlsx": (
        128,
        {
            "pulldata": 27, "null": 23, "index": 6, "indexed-repeat": 6, "caseid": 4, "choice-label": 3, "relevant": 2,
            "attemptthis": 2, "count-if": 1, "de-duplicate": 1, "device-info": 1, "duration": 1, "no_answer": 1,
            "not_phone": 1, "phone-call-log": 1, "phone_no": 1, "phoneselected_now": 1, "plugin_metadata": 1,
        },
    ),
    "ipa_household_survey.xlsx": (
        431, {"pulldata": 13, "index": 8, "count": 1, "duration": 1, "indexed-repeat": 1, "tmp_hr_add_r": 1}
    ),
    "ipa_likert_template.xlsx": (0, {"null": 3, "device-info": 1, "duration": 1}),
    "ipa_phone_survey.xlsx": (15, {"pulldata": 7, "duration": 1}),
    "pyxform_bug_badly_named_choices.xls": (1, {}),
    "pyxform_bug_blank_second_row.xls": (0, {}),
    "pyxform_bug_date_ambiguous.xlsx": (1, {"::English ": 1}),
    "pyxform_bug_extra_columns.xls": (0, {}),
    "pyxform_bug_ict_survey_fails.xls": (0, {}),
    "pyxform_bug_spaces_header.xls": (2, {}),
    "pyxform_comment_rows.xls": (0, {}),
    "pyxform_spec_test.xlsx": (48, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGIC)
def test_every_expression_compiles_or_is_named_with_its_row(name):
    """Refused are functions that need the phone or a file, what stands in a repeat, and SurveyCTO's `null`."""
    logic = compile_logic(_form(FORMS / name))
    expressions = [
        expression
        for one in logic.questions
        for expression in (*one.relevant, one.required, one.constraint, one.calculation, one.choice_filter)
        if expression is not None
    ]
    faults = list(dict.fromkeys(fault for one in logic.questions for fault in one.faults))
    faults += [error.fields["problem"].error for error in logic.unchecked]
    assert all(fault.fields["sheet"] == "survey" and fault.fields["row"] > 1 for fault in faults)
    asked_for = Counter(next(fault.fields[key] for key in SUBJECT if key in fault.fields) for fault in faults)
    assert (len(expressions), asked_for) == LOGIC[name]


SUBJECT = ("function", "found", "name")


def test_form_whose_sheet_cannot_be_read_has_no_logic():
    assert REFUSED.keys() - LOGIC.keys() == {"pyxform_bug_duplicate_columns.xlsx"}
    assert READ.keys() <= LOGIC.keys()


def _form(path):
    """Read what can be read of a form, whatever else is wrong with it."""
    sheets = read_sheets(path)
    by_name = {sheet.name: sheet for sheet in sheets}
    choices, _ = read_choices(by_name.get("choices"))
    questions, _ = read_questions(by_name["survey"], choices)
    return Instrument(path.stem, "", BilingualText("", ""), questions, sha256_of(sheets), sheets)

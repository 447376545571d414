"""XLSForms that others wrote: each is read, or refused by a code that names the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaltools.errors import CampaignError
from evaltools.survey.instrument import InstrumentError, items_frame, read_instrument_file, write_xlsx
from evaltools.survey.logic import compile_expression

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


@pytest.mark.parametrize("name", ["correlaid_mitwirken_de.xlsx", "correlaid_testB.xlsx", "pyxform_spec_test.xlsx"])
def test_logic_of_real_forms_compiles(name):
    form = read_instrument_file(FORMS / name)
    texts = [
        (question.row, text) for question in form.questions for text in (question.relevant, question.constraint) if text
    ]
    assert texts
    for row, text in texts:
        compile_expression(text, form, row=row)

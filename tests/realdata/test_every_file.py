"""Every real file that a tool wrote is read whole, or refused for what it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from evaltools.survey.inspection import inspect_files
from evaltools.survey.instrument import read_instrument_file

FOLDER = Path(__file__).parents[3] / "shared" / "realdata"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the public data are not here")

# file: reader, rows, columns, columns that are questions
READ = {
    "audit-birbhum/birbhum-endline-exit.csv": ("plain", 2318, 73, 73),
    "audit-birbhum/sp-birbhum.dta": ("stata", 1297, 25, 25),
    "bank-mystery-visits/ESIP_2021_Quantitative_data.xlsx": ("plain", 199, 163, 163),
    "bank-mystery-visits/Mystery_2022_quantitive_data.xlsx": ("plain", 253, 54, 54),
    "california-schools/apiclus1.csv": ("plain", 183, 24, 24),
    "california-schools/apiclus2.csv": ("plain", 126, 25, 25),
    "california-schools/apisrs.csv": ("plain", 200, 24, 24),
    "california-schools/apistrat.csv": ("plain", 200, 24, 24),
    "kobo-talafar/cleaningtools_raw_data.csv": ("kobo", 632, 160, 150),
    "kobo-talafar/cleaningtools_clean_data.csv": ("kobo", 578, 180, 170),
    "qualtrics/legit_voting_choicetext.csv": ("qualtrics", 156, 72, 66),
    "qualtrics/legit_voting_codes.csv": ("qualtrics", 156, 72, 66),
    "qualtrics/ropensci_sample_german.csv": ("qualtrics", 1, 14, 8),
    "qualtrics/ropensci_sample_legacy2header.csv": ("qualtrics", 1, 10, 6),
    "scales/causaldata__restaurant_inspections.csv": ("plain", 27_178, 6, 6),
    "scales/psych__bfi.csv": ("plain", 2800, 29, 29),
    "surveycto/household_backcheck.dta": ("stata", 185, 51, 46),
    "wenjuan/colleges_results_desensitized_d66869e1.csv": ("wenjuan", 2326, 40, 30),
}
REFUSED = {
    "bank-mystery-visits/ESIP_2021_Datamap.xlsx": "sheet-codebook",
    "bank-mystery-visits/Mystery_2022_Feedback_Form.xlsx": "sheet-form",
    "kobo-talafar/cleaningtools_choices.csv": "sheet-form",
    "kobo-talafar/cleaningtools_survey.csv": "sheet-form",
    "limesurvey/all_types_survey.tsv": "limesurvey-structure",
    "limesurvey/basic_survey.tsv": "limesurvey-structure",
    "limesurvey/complex_survey.tsv": "limesurvey-structure",
    "xlsforms/correlaid_testB.xlsx": "sheet-form",
    "xlsforms/ipa_household_survey.xlsx": "sheet-form",
    "xlsforms/pyxform_spec_test.xlsx": "sheet-form",
}


@pytest.mark.parametrize("name", READ)
def test_a_file_of_answers_is_read_whole(name):
    (found,) = inspect_files([FOLDER / name])
    assert found.refused is None
    (table,) = found.tables
    assert (found.reader, table.n_rows, len(table.columns), table.n_questions) == READ[name]
    assert table.n_counted == table.n_rows


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_holds_no_answers_is_refused_for_what_it_is(name):
    (found,) = inspect_files([FOLDER / name])
    assert found.refused is not None
    assert found.refused.code == REFUSED[name]


def test_codes_and_choice_texts_of_one_survey_have_the_same_rows_and_questions():
    codes, texts = inspect_files(
        [FOLDER / "qualtrics" / f"legit_voting_{kind}.csv" for kind in ("codes", "choicetext")]
    )
    assert [one.header for one in codes.tables[0].columns] == [one.header for one in texts.tables[0].columns]


def test_the_form_of_an_assessment_finds_its_questions_in_the_export(tmp_path):
    """The 62 others were never answered: the authors left their columns out (`..._other` and water from wells)."""
    form = tmp_path / "assessment.xlsx"
    book = xlsxwriter.Workbook(form, {"strings_to_formulas": False, "strings_to_urls": False})
    for name in ("survey", "choices"):
        path = FOLDER / "kobo-talafar" / f"cleaningtools_{name}.csv"
        frame = pd.read_csv(path, dtype=object, keep_default_na=False, encoding="utf-8-sig")
        sheet = book.add_worksheet(name)
        for place, header in enumerate(frame.columns):
            sheet.write_column(0, place, [header, *frame[header]])
    book.close()
    (found,) = inspect_files(
        [FOLDER / "kobo-talafar" / "cleaningtools_raw_data.csv"], instrument=read_instrument_file(form)
    )
    items = found.tables[0].items
    assert (len(items.matched), len(items.missing), items.extra) == (149, 65, ())
    assert items.problem.code == "column-missing"
    assert all(name.endswith("_other") or "well" in name for name in items.missing[1:5])

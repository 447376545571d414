"""A real household survey: what phones let through, its form's logic lets through; what a cleaner changed, it finds.

632 interviews of a Kobo assessment with their XLSForm (REACH, in the R package cleaningtools, MIT): 174 conditions and
81 constraints were enforced when the answers were given. One question is required in the form and blank in most rows.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaltools.survey.instrument.model import BilingualText, Instrument, Sheet
from evaltools.survey.instrument.rows import read_choices, read_questions
from evaltools.survey.logic.form import compile_logic
from evaltools.survey.logic.walk import Exceptions, walk_form
from evaltools.survey.values.choices import index_choices
from evaltools.survey.values.coerce import read_column

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "kobo-talafar"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the survey is not on this machine")


def cells(name):
    return pd.read_csv(FOLDER / f"cleaningtools_{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def form():
    survey, choices = (
        Sheet(name, tuple(table.columns), tuple(map(tuple, table.to_numpy().tolist())))
        for name, table in (("survey", cells("survey")), ("choices", cells("choices")))
    )
    lists, _ = read_choices(choices, allow_twice=True)
    questions, faults = read_questions(survey, lists)
    assert faults == ()
    return Instrument("household", "", BilingualText("", ""), questions, "", (survey, choices))


def found_in(form, name):
    table = cells(name)
    columns = {}
    for question in form.questions:
        if question.name in table.columns and question.type not in ("note", "metadata"):
            answers = [None if cell in ("", "NA") else cell for cell in table[question.name]]
            choices = index_choices(question.choices, {}) if question.choices else None
            columns[question.name] = read_column(answers, question.type, choices=choices)
    sent = pd.to_datetime(table["X_submission_time"]).to_numpy().astype("datetime64[us]")
    everybody = np.ones(len(table), dtype=bool)
    walked = walk_form(compile_logic(form), columns, sent, counted=everybody, exceptions=Exceptions())
    return Counter((fault.question, fault.code) for fault in walked.faults)


def test_every_expression_compiles(form):
    logic = compile_logic(form)
    assert logic.unchecked == ()
    assert [fault for one in logic.questions for fault in one.faults] == []
    assert sum(len(one.relevant) for one in logic.questions) == 174
    assert sum(one.constraint is not None for one in logic.questions) == 81


def test_what_phones_let_through_passes(form):
    assert found_in(form, "raw_data") == {("spend_piped", "required"): 437, ("water_source_cook", "required"): 1}


def test_what_cleaning_broke_is_found(form):
    """The cleaner changed answers on which others depended."""
    assert found_in(form, "clean_data") == {
        ("spend_piped", "required"): 393,
        ("return_date", "required"): 3,
        ("treat_drink_water_how", "not-relevant"): 2,
    }

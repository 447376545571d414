"""The two instruments that come with the product: names, classes and wording that everything else rests on."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pyxform.xls2xform import convert

from evaltools.content import content_path
from evaltools.survey.instrument import items_frame, read_instrument, read_instrument_file, write_xlsx
from evaltools.survey.logic import compile_expression

BOTH = ("enterprise_satisfaction", "mystery_visit")
APPLIED = "${applied} = 'yes'"
FIVE = [
    "sat_access", "sat_steps", "sat_time", "sat_documents", "sat_cost", "sat_products", "sat_staff", "sat_policy",
    "sat_officer", "sat_process", "sat_outcome", "ctl_network", "ctl_transport",
]  # fmt: skip
PROCESS = [
    "application_date", "loan_type", "first_loan", "approved", "steps", "documents", "trips", "days_to_decision",
    "rate", "fees", "bridge_loan", "sat_steps", "sat_time", "sat_documents", "sat_cost", "sat_process", "sat_outcome",
]  # fmt: skip
CHECKLIST = [
    "promise_written", "list_published", "told_once", "supplemented_once", "identity_only", "forms_merged",
    "fee_disclosed", "tied_fee", "bank_tax_display", "officer_posted", "reception_weekly",
]  # fmt: skip


@pytest.fixture(scope="module", params=BOTH)
def either(request):
    return read_instrument(request.param)


@pytest.fixture(scope="module")
def survey():
    return read_instrument("enterprise_satisfaction")


@pytest.fixture(scope="module")
def visit():
    return read_instrument("mystery_visit")


@pytest.mark.parametrize("name", BOTH)
def test_pyxform_takes_the_markdown_without_a_warning(name):
    warnings: list[str] = []
    result = convert(content_path("survey", "instruments", f"{name}.md"), warnings=warnings, file_type=".md")
    assert warnings == []
    assert f'<data id="{name}" version="2022.1">' in result.xform


def test_workbook_is_taken_back(either, tmp_path):
    path = tmp_path / f"{either.name}.xlsx"
    write_xlsx(either, path)
    assert read_instrument_file(path) == either
    warnings: list[str] = []
    convert(path, warnings=warnings)
    assert warnings == []


def test_items_of_the_survey(survey):
    assert [q.name for q in survey.questions if q.type not in ("note", "metadata")] == [
        "consent", "enterprise_name", "enterprise_code", "contact_phone", "firm_size", "sector",
        "has_main_bank", "bank", "applied", "application_date", "loan_type", "first_loan", "approved",
        "steps", "documents", "trips", "days_to_decision", "days_to_money", "rate", "fees", "fee_amount", "bridge_loan",
        *FIVE, "recommend", "comment",
    ]  # fmt: skip
    assert list(dict.fromkeys(q.path.split("/")[0] for q in survey.questions if "/" in q.path)) == [
        "g_consent", "g_firm", "g_loan", "g_rating", "g_end",
    ]  # fmt: skip
    assert survey.version == "2022.1"


def test_items_of_the_visit(visit):
    assert [q.name for q in visit.questions if q.type not in ("note", "metadata")] == [
        "visit_code", "bank", "branch", "scenario", "shopper", "announced", "visit_date",
        "accepted_on", "decided_on", "paid_on", "steps", "documents", *CHECKLIST,
        "quoted_rate", "extra_fee", "attitude", "comment",
    ]  # fmt: skip
    assert list(dict.fromkeys(q.path.split("/")[0] for q in visit.questions if "/" in q.path)) == [
        "g_visit", "g_stages", "g_check", "g_end",
    ]  # fmt: skip


def test_required_items(survey, visit):
    assert {q.name for q in survey.questions if q.required} == {
        "consent", "enterprise_code", "firm_size", "sector", "bank", "applied",
    }  # fmt: skip
    assert {q.name for q in visit.questions if q.required} == {
        "visit_code", "bank", "branch", "scenario", "shopper", "announced", "visit_date",
    }  # fmt: skip


def test_classes_of_sensitivity(survey, visit):
    def named(instrument, kind):
        return {q.name for q in instrument.questions if q.sensitivity == kind and q.type not in ("note", "metadata")}

    assert named(survey, "direct") == {"enterprise_name", "enterprise_code", "contact_phone"}
    assert named(survey, "quasi") == {"firm_size", "sector", "application_date"}
    assert named(survey, "sensitive") == {"rate", "fee_amount"}
    assert named(survey, "text") == {"comment"}
    assert named(visit, "direct") == {"shopper"}
    assert named(visit, "quasi") == {"branch"}
    assert named(visit, "text") == {"comment"}


def test_roles(survey, visit):
    assert {q.name: q.role for q in survey.questions if q.role} == {
        "start": "started_at", "consent": "consent", "enterprise_code": "enterprise", "firm_size": "stratum",
        "sector": "stratum", "bank": "bank", "application_date": "event_date",
    }  # fmt: skip
    assert {q.name: q.role for q in visit.questions if q.role} == {
        "start": "started_at", "bank": "bank", "branch": "branch", "scenario": "scenario", "shopper": "shopper",
        "visit_date": "event_date",
    }  # fmt: skip


def test_lists_and_missing_reasons(survey, visit):
    def names(instrument, question):
        return " ".join(choice.name for choice in instrument.question(question).choices)

    assert {names(survey, item) for item in FIVE} == {"1 2 3 4 5 dk"}
    labels = [choice.label.zh for choice in survey.question("sat_access").choices]
    assert labels == ["非常不满意", "不满意", "一般", "满意", "非常满意", "不了解"]
    assert names(survey, "has_main_bank") == names(survey, "bridge_loan") == "yes no dk"
    assert names(survey, "approved") == "yes no pending"
    assert names(survey, "fees") == "none valuation insurance guarantee notary other"
    assert names(survey, "loan_type") == "mortgage credit guaranteed bank_tax"
    assert {names(visit, item) for item in CHECKLIST} == {"yes no na"}
    assert names(visit, "scenario") == "inclusive_mortgage online_credit first_loan renewal bank_tax officer_request"
    assert names(visit, "attitude") == "1 2 3 4 5 dk"
    assert survey.question("bank").list_name == visit.question("bank").list_name == "banks.csv"


def test_process_items_ask_applicants_only(survey, visit):
    assert [q.name for q in survey.questions if q.relevant == APPLIED] == PROCESS
    assert survey.question("days_to_money").relevant == f"{APPLIED} and ${{approved}} = 'yes'"
    assert {q.name for q in survey.questions if q.relevant} == {*PROCESS, "days_to_money", "fee_amount"}
    assert visit.question("identity_only").relevant == "${scenario} = 'online_credit'"


def test_every_text_is_there_in_both_languages(either):
    for question in either.questions:
        if question.type == "metadata":
            continue
        texts = [question.label, question.hint, question.constraint_message, *(c.label for c in question.choices)]
        for text in filter(None, texts):
            assert re.search(r"[\u4e00-\u9fff]", text.zh), question.name
            assert not re.search(r"[\u4e00-\u9fff，。？：；（）]", text.en), question.name
        assert (question.constraint_message is not None) == bool(question.constraint), question.name


def test_choice_labels_tell_the_choices_apart(either):
    for question in either.questions:
        for lang in ("zh", "en"):
            labels = [choice.label.in_lang(lang) for choice in question.choices]
            assert len(set(labels)) == len(labels), question.name


def test_question_wordings_tell_the_questions_apart(either):
    for lang in ("zh", "en"):
        labels = [question.label.in_lang(lang) for question in either.answered]
        assert len(set(labels)) == len(labels)


def test_working_days_name_their_start_and_end(survey):
    decision, money = survey.question("days_to_decision"), survey.question("days_to_money")
    assert "从资料齐全到审批决定" in decision.label.zh
    assert "从资料齐全到放款" in money.label.zh
    for question in (decision, money):
        assert "起点" in question.hint.zh
        assert "当天不计" in question.hint.zh
        assert "终点" in question.hint.zh


def test_consent_tells_purpose_storage_freedom_and_contact(survey):
    zh = "".join(q.label.zh for q in survey.questions if q.type == "note")
    for word in (
        "用于了解",
        "不用于",
        "分析库保存",
        "代号",
        "自愿",
        "敏感个人信息",
        "单独同意",
        "撤回同意",
        "删除",
        "工作专班",
        "境内",
    ):
        assert word in zh


def test_concepts_are_one_a_question(either):
    frame = items_frame(either)
    assert frame["concept"].is_unique
    assert frame["concept"].str.fullmatch(r"[a-z_]+(\.[a-z_]+)*").all()


def test_all_logic_of_the_forms_compiles(either):
    for question in either.questions:
        for text in filter(None, (question.relevant, question.constraint, question.calculation)):
            compile_expression(text, either, row=question.row)


@pytest.mark.parametrize(
    ("item", "values", "expected"),
    [
        ("steps", [0, 30, -1, 31], [True, True, False, False]),
        ("documents", [0, 100, -1, 101], [True, True, False, False]),
        ("trips", [0, 50, -1, 51], [True, True, False, False]),
        ("days_to_decision", [0, 365, -1, 366], [True, True, False, False]),
        ("days_to_money", [0, 365, -1, 366], [True, True, False, False]),
        ("rate", [0.0, 36.0, -0.01, 36.01], [True, True, False, False]),
        ("fee_amount", [0.0, 1e6, -1.0, 3.5], [True, True, False, True]),
        ("recommend", [0, 10, -1, 11], [True, True, False, False]),
        ("consent", ["yes", "no", "yes", "no"], [True, False, True, False]),
        (
            "enterprise_code",
            ["91410700MA3X12345T", "91410700ma3x12345t", "91410700MA3X1234OT", "9141070012345"],
            [True, True, False, False],
        ),
        ("fees", [["none"], ["valuation", "notary"], ["none", "notary"], []], [True, True, False, True]),
        (
            "application_date",
            [date(2022, 10, 20), date(2022, 10, 21), date(2022, 10, 22), date(2021, 1, 1)],
            [True, True, False, True],
        ),
    ],
)
def test_constraints_of_the_survey(survey, item, values, expected):
    question = survey.question(item)
    column = pd.Series(values, dtype=None if item in ("rate", "steps") else object)
    expression = compile_expression(question.constraint, survey, row=question.row)
    assert expression.holds(pd.DataFrame({item: column}), column, today=date(2022, 10, 21)).tolist() == expected


def test_stages_of_a_visit_follow_each_other(visit):
    frame = pd.DataFrame(
        {
            "accepted_on": pd.to_datetime(["2022-10-10", None, "2022-10-10", "2022-10-10"]),
            "decided_on": pd.to_datetime(["2022-10-12", "2022-10-12", "2022-10-09", "2022-10-30"]),
        }
    )
    question = visit.question("decided_on")
    expression = compile_expression(question.constraint, visit, row=question.row)
    held = expression.holds(frame, frame["decided_on"], today=date(2022, 10, 21))
    assert held.tolist() == [True, True, False, False]


def test_fee_amount_is_asked_where_a_fee_was_paid(survey):
    question = survey.question("fee_amount")
    frame = pd.DataFrame(
        {
            "applied": ["yes", "yes", "yes", "no", None],
            "fees": pd.Series([["notary"], ["none"], None, ["notary"], ["notary"]], dtype=object),
        }
    )
    asked = compile_expression(question.relevant, survey, row=question.row).evaluate(frame)
    np.testing.assert_array_equal(asked, [True, False, False, False, False])

"""The review finds every cell of the store that is neither the raw one nor the one that a line gives."""

import pyarrow as pa
import pytest

from evaltools.campaign import Campaign
from evaltools.forget import forget
from evaltools.survey.corrections.log import FOLDER
from evaltools.survey.corrections.review import review_log


@pytest.fixture
def corrected(campaign, corrector, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2, days="400", comment="办得慢"), answer(3)])
    campaign.ingest()
    corrector.correct({"row": 3, "question": "days", "new_value": "40"})
    assert corrector.review().exit_code == 0
    return corrector


def tamper(campaign, table, change):
    with campaign.store.writing() as transaction:
        rows = transaction.read(table)
        transaction.replace(table, pa.Table.from_pylist([change(one) for one in rows.to_pylist()], schema=rows.schema))


def kinds(corrector):
    found = corrector.review()
    assert found.exit_code == 8
    return [(one.kind, one.locator) for one in found.differences]


def test_a_cell_that_somebody_changed_in_the_store_is_found(corrected):
    tamper(
        corrected.campaign, "answers_firm_survey", lambda one: {**one, "days": 41 if one["days"] == 40 else one["days"]}
    )
    assert kinds(corrected) == [("store-differs", "raw/baseline/a.csv#row 3 days")]


def test_a_text_that_somebody_changed_is_found(corrected):
    tamper(corrected.campaign, "texts", lambda one: {**one, "text": "好"})
    assert kinds(corrected) == [("texts-differ", "raw/baseline/a.csv")]


def test_a_row_that_is_gone_from_the_store_is_found(corrected):
    campaign = corrected.campaign
    with campaign.store.writing() as transaction:
        rows = transaction.read("answers_firm_survey")
        transaction.replace("answers_firm_survey", rows.slice(1))
    assert [kind for kind, _ in kinds(corrected)] == ["row-missing"]


def test_lines_that_were_not_ingested_yet_are_found(corrected):
    path = corrected.fill({"row": 3, "question": "days", "action": "撤销"})
    corrected.take(path)
    assert kinds(corrected) == [("not-ingested", "raw/baseline/a.csv")]
    corrected.campaign.ingest()
    assert corrected.review().exit_code == 0


def test_a_new_value_that_somebody_changed_in_the_log_is_found(corrected):
    [path] = (corrected.campaign.folder / FOLDER).iterdir()
    path.write_bytes(path.read_bytes().replace(b",40,", b",50,"))
    assert kinds(corrected) == [("not-ingested", "raw/baseline/a.csv")]


def test_counts_say_what_was_compared(corrected):
    found = corrected.review()
    assert (found.lines, found.in_force, found.applied, found.corrected, found.followed) == (1, 1, 1, 1, 0)
    assert found.rows == 3
    assert found.cells == 3 * 9
    assert "不一致0处" in found.report("zh")[-1]


def test_what_follows_by_the_logic_of_the_form_is_counted(campaign, corrector, answer):
    """Without an application nobody is asked for the date, days, rate and fees; with one their answers count again."""
    campaign.raw("baseline/a.csv", [answer(1), answer(2, applied="否")])
    campaign.ingest()
    line = {"file": "raw/baseline/a.csv", "row": "3", "question": "applied", "old_value": "否", "new_value": "是"}
    corrector.take(corrector.write([{**line, "why": "typing", "who": "ZL"}]))
    campaign.ingest()
    found = corrector.review()
    assert (found.corrected, found.followed, found.differences) == (1, 4, ())


def test_a_review_agrees_also_where_a_respondent_was_erased(demo_copy):
    """The file has another fingerprint then; its other rows have kept the ids that they were stored under."""
    campaign = Campaign.open(demo_copy)
    firms = campaign.store().read("responses", ["enterprise_id"])["enterprise_id"].drop_null()
    forget(campaign, firms[0].as_py())
    found = review_log(demo_copy, campaign.config)
    assert (found.differences, found.rows > 900) == ((), True)

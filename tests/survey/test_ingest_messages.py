"""What a person is told: every notice and refusal in both languages, with the place and the mend."""

import dataclasses

import pytest

from evaltools.config import Source
from evaltools.errors import CampaignError, FileRefusedError
from evaltools.survey.accounting import FileAccount, IngestResult
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.plans import SourcePlan
from evaltools.survey.prepare import prepare_sheet
from evaltools.survey.raw_files import SourceFile
from evaltools.survey.readers import RawFile
from evaltools.survey.roles import Roles, resolve_roles

ACCOUNT = FileAccount(
    "raw/a.xlsx", "Sheet1", "baseline", "firm_survey", 1, 10, 8, 2, 0, reader="wjx", reason="3 columns"
)


def notices(lang="en", **changes):
    account = dataclasses.replace(ACCOUNT, **changes)
    return IngestResult((account,), (), (), (), 8, 0.5).notices(lang)


def test_a_sheet_that_is_as_it_should_be_needs_no_notice():
    assert notices() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"skipped_sheets": ("说明",)}, "raw/a.xlsx#Sheet1: other sheets were not read: 说明."),
        ({"confidence": 0.7}, "raw/a.xlsx#Sheet1 was read as wjx, without much certainty (3 columns)"),
        ({"status": "copy"}, "raw/a.xlsx#Sheet1 is byte for byte a copy of another file"),
        ({"sheet": "", "status": "copy"}, "raw/a.xlsx is byte for byte a copy of another file"),
        ({"extra": ("甲", "乙")}, "raw/a.xlsx#Sheet1: 2 columns belong to no question and were not stored: 甲, 乙."),
        (
            {"extra": tuple("abcdefghij")},
            "10 columns belong to no question and were not stored: a, b, c, d, e, f, g, h, ….",
        ),
        (
            {"n_accepted": 4, "n_quarantined": 6},
            "raw/a.xlsx#Sheet1: 60.0% of the rows are in quarantine, above the limit",
        ),
    ],
)
def test_each_notice_names_the_place(changes, said):
    assert said in notices(**changes)[0]
    assert notices("zh", **changes)[0] != notices("en", **changes)[0]


def test_the_plain_reader_is_not_doubted_once_every_question_has_its_column():
    assert notices(reader="plain", confidence=0.1) == []


def test_refusals_come_first_and_decide_the_exit_code():
    error = FileRefusedError("file-absent", path="raw/x.csv")
    result = IngestResult((ACCOUNT,), (error,), ("raw/y.csv",), ("raw/*.sav",), 0, 0.1)
    assert result.notices("en")[0].startswith("file-absent: there is no file raw/x.csv")
    assert (len(result.notices("zh")), result.exit_code) == (4, 4)
    assert dataclasses.replace(result, refused=()).exit_code == 5


@pytest.fixture
def instrument(campaign):
    return read_instrument_file(campaign.folder / "instruments/firm_survey.md")


def with_roles(campaign, text):
    campaign.settings(more=f"[roles.firm_survey]\n{text}\n")
    return campaign.config


def test_roles_of_the_campaign_go_before_those_of_the_form(campaign, instrument):
    roles = resolve_roles(instrument, with_roles(campaign, 'stratum = ["size", "applied"]\npsu = "firm_name"'))
    assert roles.several("stratum") == ("size", "applied")
    assert (roles.one("psu"), roles.one("weight")) == ("firm_name", None)
    assert roles.of("size") == {"stratum"}


def test_a_role_that_one_question_can_have(campaign, instrument):
    with pytest.raises(CampaignError, match=r"role-several: .*role weight: days, rate"):
        resolve_roles(instrument, with_roles(campaign, 'weight = ["days", "rate"]'))


def test_an_instrument_must_say_which_bank_is_rated(campaign):
    campaign.form("| survey |\n| | type | name | label | sensitivity |\n| | integer | n | N | plain |\n", "no_bank")
    with pytest.raises(CampaignError, match=r"role-bank: instrument no_bank does not say"):
        resolve_roles(read_instrument_file(campaign.folder / "instruments/no_bank.md"), campaign.config)


def test_a_pattern_that_cannot_be_one(campaign):
    text = (campaign.folder / "campaign.toml").read_text(encoding="utf-8")
    (campaign.folder / "campaign.toml").write_text(text.replace("raw/baseline/*", "raw/a**b"), encoding="utf-8")
    with pytest.raises(CampaignError, match=r"source-pattern: .*raw/a\*\*b"):
        campaign.ingest()


def prepare(campaign, instrument, table, **changes):
    source = Source(pattern="raw/*", instrument="firm_survey", wave="baseline", mode="self", channel="x", **changes)
    raw = RawFile(campaign.folder, "0" * 64, 1, "plain", "plain", 1.0, "", None, (table,), ())
    roles = resolve_roles(instrument, campaign.config)
    file = SourceFile(campaign.folder, "raw/a.csv", 1, source)
    return prepare_sheet(file, raw, table, SourcePlan(source, instrument, roles, "s"), campaign.config, b"k")


def test_rows_that_a_reader_lost_refuse_the_file(campaign, instrument, raw_table):
    table = dataclasses.replace(raw_table({"bank": ["jia", "jia"]}), n_counted=3)
    with pytest.raises(FileRefusedError, match=r"rows-lost: raw/a\.csv#Sheet1: 2 rows were read but 3 counted"):
        prepare(campaign, instrument, table)


def test_a_file_that_does_not_say_which_bank_is_refused(campaign, instrument, raw_table):
    everything = [question.name for question in instrument.answered if question.name != "consent"]
    with pytest.raises(FileRefusedError, match=r"bank-column-missing: raw/a\.csv#Sheet1 .*question 'bank'"):
        prepare(campaign, instrument, raw_table({"consent": ["yes"]}), absent=tuple(everything))


def test_roles_without_questions_are_empty():
    assert (Roles({}).one("bank"), Roles({}).several("psu"), Roles({}).of("x")) == (None, (), frozenset())

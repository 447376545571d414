"""Firms that rate several banks in one submission: decision 0004, case by case."""

import csv
import io
import json
import zipfile

import pytest
import xlsxwriter

from evaltools.errors import CampaignError
from evaltools.survey.answers import accepted_answers
from evaltools.survey.findings import list_findings
from evaltools.survey.quality import read_quality

from .conftest import FORM, SOURCES, credit_code

SURVEY = """
| survey |
| | type | name | label::zh | label::en | required | relevant | constraint | sensitivity | concept | role |repeat_count|
| | select_one yes_no | consent | 是否同意参加？ | Do you agree? | yes | | . = 'yes' | plain | | consent | |
| | text | firm_code | 统一社会信用代码 | Credit code | yes | | | direct | enterprise.code | enterprise | |
| | select_one size | size | 企业规模 | Size | yes | | | quasi | | stratum | |
| | integer | n_banks | 几家银行？ | How many banks? | | | | plain | | | |
| | text | comment | 意见建议 | Comment | | | | text | | | |
| | begin_group | g | 贷款 | Loan | | | | | | | |
| | begin_repeat | banks | 银行 | Banks | | | | | | | ${n_banks} |
| | select_one_from_file banks.csv | bank | 哪家银行？ | Which bank? | yes | | | plain | | bank | |
| | date | applied_on | 申请日期 | Date of application | | ${size} = 'micro' | . <= today() | quasi | | event_date | |
| | select_one five | sat | 总体满意程度 | Satisfaction | yes | | | plain | | | |
| | text | why | 原因 | Why | | | | text | | | |
| | end_repeat | | | | | | | | | | |
| | end_group | | | | | | | | | | |
"""
LIST = FORM[FORM.index("| choices |") :]
SUBMISSION = ["SubmissionDate", "consent", "firm_code", "size", "n_banks", "comment", "KEY", "SubmitterID",
              "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState", "DeviceID",
              "Edits", "FormVersion"]  # fmt: skip
RATING = ["bank", "applied_on", "sat", "why", "PARENT_KEY", "KEY"]


def firm(number, *, key=None, day=10, size="micro", n="", consent="yes", status="", review="", comment=""):
    return [f"2022-10-{day}T01:00:00.000Z", consent, credit_code(number), size, n, comment, key or f"uuid:{number}",
            1, "x", 0, 0, status, review, "d", 0, "1"]  # fmt: skip


def rates(key, nth, bank="jia", sat="4", applied="2022-09-01", why=""):
    key = f"uuid:{key}" if isinstance(key, int) else key
    return [bank, applied, sat, why, key, f"{key}/g/banks[{nth}]"]


def text_of(rows):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


@pytest.fixture
def take(campaign):
    """Give the campaign the form above; write a zip of ODK Central and read all files in."""
    campaign.form(SURVEY + "\n" + LIST)
    (campaign.folder / "raw/baseline").mkdir()

    def take(submissions, ratings, name="a.zip"):
        with zipfile.ZipFile(campaign.folder / "raw/baseline" / name, "w") as archive:
            archive.writestr("firm.csv", text_of([SUBMISSION, *submissions]))
            archive.writestr("firm-banks.csv", text_of([RATING, *ratings]))
        return campaign.ingest()

    return take


def accounts(result):
    return {one.sheet: (one.n_read, one.n_accepted, one.n_quarantined, one.n_duplicate) for one in result.files}


def faults(campaign):
    held = campaign.read("quarantine")
    return sorted(zip(held["sheet"], held["row"], held["reason"], strict=True))


def rating_rows(campaign):
    rows = campaign.read("ratings").merge(campaign.read("responses")[["response_id", "source_row"]], on="response_id")
    return sorted(zip(rows["source_row"], rows["bank_id"], rows["repeat_no"], rows["status"], strict=True))


def test_a_submission_is_a_response_and_its_rows_are_ratings(campaign, take):
    result = take([firm(1, comment="好"), firm(2)], [rates(1, 1), rates(1, 2, "na", why="慢"), rates(2, 1)])
    assert accounts(result) == {"firm.csv": (2, 2, 0, 0), "firm-banks.csv": (3, 3, 0, 0)}
    assert (result.new_rows, result.exit_code, [one.extra for one in result.files]) == (2, 0, [(), ()])
    assert rating_rows(campaign) == [(2, "jia", 1, "accepted"), (2, "na", 2, "accepted"), (3, "jia", 1, "accepted")]
    answers = campaign.read("answers_firm_survey").sort_values(["response_id", "repeat_no"])
    assert answers["size"].tolist() == ["micro"] * 3
    assert sorted(campaign.read("texts")["text"]) == ["好", "好", "慢"]


def test_the_firm_is_one_sampling_unit_and_a_rating_has_its_own_day(campaign, take):
    take([firm(1)], [rates(1, 1), rates(1, 2, "na", applied="2022-08-15")])
    frame = accepted_answers(campaign.store, "firm_survey")
    assert (frame["psu"].nunique(), frame["stratum"].tolist()) == (1, ["micro", "micro"])
    assert [str(day) for day in frame["event_date"]] == ["2022-09-01", "2022-08-15"]
    assert frame["overlap_known"].all()


def test_two_ratings_of_one_bank_are_two_ratings(campaign, take):
    assert accounts(take([firm(1)], [rates(1, 1), rates(1, 2, sat="2")]))["firm-banks.csv"] == (2, 2, 0, 0)
    assert rating_rows(campaign) == [(2, "jia", 1, "accepted"), (2, "jia", 2, "accepted")]


def test_one_bad_rating_does_not_cost_the_others(campaign, take):
    result = take([firm(1)], [rates(1, 1), rates(1, 2, "unknown"), rates(1, 3, "na", sat="9")])
    assert accounts(result) == {"firm.csv": (1, 1, 0, 0), "firm-banks.csv": (3, 1, 2, 0)}
    assert faults(campaign) == [("firm-banks.csv", 3, "bank-unknown"), ("firm-banks.csv", 4, "choice-unknown")]
    assert rating_rows(campaign) == [(2, "jia", 1, "accepted")]


@pytest.mark.parametrize(
    ("submission", "own"),
    [
        (firm(1, size="x"), "choice-unknown"),
        (firm(1, day=27), "outside-wave"),
        (firm(1, review="rejected"), "rejected"),
        (firm(1, n="3"), "repeat-count"),
    ],
    ids=["fault", "wave", "rejected", "count"],
)
def test_ratings_wait_with_their_submission(submission, own, campaign, take):
    result = take([submission, firm(2)], [rates(1, 1), rates(1, 2, "na"), rates(2, 1)])
    assert accounts(result) == {"firm.csv": (2, 1, 1, 0), "firm-banks.csv": (3, 1, 2, 0)}
    assert faults(campaign) == [
        ("firm-banks.csv", 2, "repeat-held"), ("firm-banks.csv", 3, "repeat-held"), ("firm.csv", 2, own),
    ]  # fmt: skip


def test_an_encrypted_submission_is_told_apart_from_one_that_was_left_empty(campaign, take):
    """Nothing of it can be read, so nothing else is said of it, and no column passes for blank."""
    row = firm(1, status="not decrypted", consent="", size="")
    result = take([[*row[:2], "", *row[3:]], firm(2)], [rates(2, 1)])
    assert accounts(result)["firm.csv"] == (2, 1, 1, 0)
    assert faults(campaign) == [("firm.csv", 2, "encrypted")]


def test_without_consent_nothing_is_kept_of_the_ratings(campaign, take):
    result = take([firm(1, consent="no"), firm(2)], [rates(1, 1, sat="9", why="电话 13900001111"), rates(2, 1)])
    assert accounts(result) == {"firm.csv": (2, 1, 1, 0), "firm-banks.csv": (2, 1, 1, 0)}
    held = campaign.read("quarantine")
    assert set(zip(held["sheet"], held["reason"], strict=True)) == {
        ("firm.csv", "no-consent"), ("firm-banks.csv", "no-consent"),
    }  # fmt: skip
    assert held.loc[held["sheet"] == "firm-banks.csv", ["bank_id", "value"]].isna().all(axis=None)


def test_a_submission_that_rates_no_bank(campaign, take):
    result = take([firm(1), firm(2), firm(3)], [rates(1, 1), rates(3, 1, sat="9")])
    assert accounts(result) == {"firm.csv": (3, 1, 2, 0), "firm-banks.csv": (2, 1, 1, 0)}
    assert faults(campaign) == [
        ("firm-banks.csv", 3, "choice-unknown"), ("firm.csv", 3, "repeat-none"), ("firm.csv", 4, "repeat-all-held"),
    ]  # fmt: skip


def test_a_rating_without_a_submission(campaign, take):
    result = take([firm(1)], [rates(1, 1), rates("uuid:9", 1, sat="9"), rates("", 1)])
    assert accounts(result) == {"firm.csv": (1, 1, 0, 0), "firm-banks.csv": (3, 1, 2, 0)}
    assert faults(campaign) == [("firm-banks.csv", 3, "repeat-orphan"), ("firm-banks.csv", 4, "repeat-orphan")]


def test_ratings_of_two_submissions_with_one_key_are_refused(campaign, take):
    result = take([firm(1, key="uuid:1"), firm(2, key="uuid:1")], [rates(1, 1)])
    assert [error.code for error in result.refused] == ["repeat-parent-twice"]
    assert "rows 2, 3" in str(result.refused[0])
    assert campaign.read("responses").empty


def test_logic_inside_a_repeat_asks_the_submission(campaign, take):
    """Only micro firms were asked when they applied; the answer of another is taken out, and the rating stays."""
    result = take([firm(1, size="small"), firm(2)], [rates(1, 1), rates(2, 1)])
    assert accounts(result)["firm-banks.csv"] == (2, 2, 0, 0)
    assert faults(campaign) == [("firm-banks.csv", 2, "not-relevant")]
    missing = campaign.read("missing").query("item == 'applied_on'")
    assert missing["reason"].tolist() == ["skipped_by_logic"]


def test_the_same_file_again_changes_nothing(campaign, take):
    take([firm(1)], [rates(1, 1)])
    versions = campaign.store.versions()
    result = campaign.ingest()
    assert ([one.status for one in result.files], result.new_rows) == (["known", "known"], 0)
    assert campaign.store.versions() == versions


def test_a_copy_of_a_submission_with_its_ratings_counts_once(campaign, take):
    take([firm(1)], [rates(1, 1), rates(1, 2, "na")])
    result = take([firm(1), firm(2)], [rates(1, 1), rates(1, 2, "na"), rates(2, 1)], "b.zip")
    second = [one for one in result.files if one.path.endswith("b.zip")]
    assert {one.sheet: (one.n_accepted, one.n_duplicate) for one in second} == {
        "firm.csv": (1, 1), "firm-banks.csv": (1, 2),
    }  # fmt: skip
    assert len(campaign.read("ratings")) == 3


def test_another_rating_makes_it_another_submission(campaign, take):
    """The same key in a later export, with a rating more: both are kept, and the later one counts."""
    take([firm(1)], [rates(1, 1)])
    result = take([firm(1)], [rates(1, 1), rates(1, 2, "na")], "b.zip")
    assert sum(one.n_duplicate for one in result.files) == 0
    assert rating_rows(campaign) == [(2, "jia", 1, "accepted"), (2, "jia", 1, "superseded"), (2, "na", 2, "accepted")]


def test_a_later_submission_replaces_ratings_bank_by_bank(campaign, take):
    take([firm(1, key="uuid:a", day=9), firm(1, key="uuid:b", day=10), firm(1, key="uuid:c", day=11)],
         [rates("uuid:a", 1), rates("uuid:b", 1, "na"), rates("uuid:b", 2), rates("uuid:c", 1, sat="2")])  # fmt: skip
    assert rating_rows(campaign) == [
        (2, "jia", 1, "superseded"), (3, "jia", 2, "superseded"), (3, "na", 1, "accepted"), (4, "jia", 1, "accepted"),
    ]  # fmt: skip
    status = dict(zip(campaign.read("responses")["source_row"], campaign.read("responses")["status"], strict=True))
    assert status == {2: "superseded", 3: "accepted", 4: "accepted"}
    assert sorted(accepted_answers(campaign.store, "firm_survey")["bank"]) == ["jia", "na"]
    found = list_findings(campaign.store).query("rule == 'superseded'")
    assert [(row.bank, row.locator[-5:]) for row in found.itertuples()] == [("jia", "row 2"), ("jia", "row 3")]


def test_shares_of_missing_count_each_rating_once(campaign, take):
    take([firm(1, n="2"), firm(2)], [rates(1, 1), rates(1, 2, "na"), rates(2, 1)])
    shares = read_quality(campaign.store, campaign.config).missing.set_index("item")
    assert shares.loc["n_banks", ["n", "blank"]].tolist() == [3, pytest.approx(1 / 3)]
    assert shares.loc["sat", "blank"] == 0


def test_a_changed_file_takes_the_place_of_both_its_tables(campaign, take):
    take([firm(1), firm(2)], [rates(1, 1), rates(2, 1, sat="9")])
    result = take([firm(1), firm(2)], [rates(1, 1), rates(2, 1), rates(2, 2, "na")])
    assert [(one.status, one.n_read) for one in result.files] == [("replaced", 3), ("replaced", 2)]
    assert accounts(result) == {"firm.csv": (2, 2, 0, 0), "firm-banks.csv": (3, 3, 0, 0)}
    assert (len(campaign.read("files")), len(campaign.read("ratings")), len(campaign.read("quarantine"))) == (2, 3, 0)


def test_other_settings_read_both_tables_anew(campaign, take):
    take([firm(1)], [rates(1, 1)])
    campaign.settings(SOURCES.replace('channel = "link"', 'channel = "qr"'))
    result = campaign.ingest()
    assert [one.status for one in result.files] == ["replaced", "replaced"]
    assert (len(campaign.read("ratings")), campaign.read("responses")["channel"].tolist()) == (1, ["qr"])


def test_a_campaign_file_names_columns_of_either_table(campaign, take):
    named = 'channel = "link"\n[sources.columns]\nsize = "size"\nsat = "sat"\n'
    campaign.settings(SOURCES.split("[[sources]]")[1].replace('channel = "link"\n', named).join(["[[sources]]", ""]))
    assert accounts(take([firm(1)], [rates(1, 1)]))["firm-banks.csv"] == (1, 1, 0, 0)


# -- the other tools


def kobo(path, banks, *, submissions=2):
    """A workbook of KoboToolbox with labels as headers and values."""
    server = ["_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by",
              "__version__", "_tags", "_index"]  # fmt: skip
    rows = [["是否同意参加？", "统一社会信用代码", "企业规模", "几家银行？", "意见建议", *server]]
    for n in range(1, submissions + 1):
        stamp = f"2022-10-10T0{n}:00:00"
        rows.append(["是", credit_code(n), "微型", None, "好", n, f"u{n}", stamp, "", "", "", "", "1", "", n])
    head = ["贷款/银行/哪家银行？", "贷款/银行/申请日期", "贷款/银行/总体满意程度", "贷款/银行/原因", "_index",
            "_parent_table_name", "_parent_index"]  # fmt: skip
    book = xlsxwriter.Workbook(path)
    for name, table in (("企业调查", rows), ("banks", [head, *banks])):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(table):
            sheet.write_row(number, 0, row)
    book.close()


def test_sheets_of_kobotoolbox_by_label(campaign, take):
    rows = [["云河甲银行", "2022-09-01", "满意", None, 1, "企业调查", 1],
            ["云河乙银行", "2022-09-01", "不满意", "慢", 2, "企业调查", 2]]  # fmt: skip
    kobo(campaign.folder / "raw/baseline/k.xlsx", rows)
    result = campaign.ingest()
    assert accounts(result) == {"企业调查": (2, 2, 0, 0), "banks": (2, 2, 0, 0)}
    assert rating_rows(campaign) == [(2, "jia", 1, "accepted"), (3, "na", 1, "accepted")]


def test_json_of_kobotoolbox(campaign, take):
    results = [
        {"_id": n, "_uuid": f"u{n}", "_submission_time": "2022-10-10T01:00:00", "__version__": "1", "consent": "yes",
         "firm_code": credit_code(n), "size": "micro", "n_banks": "2",
         "g/banks": [{"g/banks/bank": bank, "g/banks/sat": "4"} for bank in ("jia", "na")]}
        for n in (1, 2)
    ]  # fmt: skip
    content = json.dumps({"count": 2, "next": None, "results": results})
    (campaign.folder / "raw/baseline/k.json").write_text(content, encoding="utf-8")
    assert accounts(campaign.ingest()) == {"": (2, 2, 0, 0), "g/banks": (4, 4, 0, 0)}


WIDE = ["SubmissionDate", "starttime", "endtime", "deviceid", "subscriberid", "simid", "username", "consent",
        "firm_code", "size", "banks_count", "bank_1", "sat_1", "bank_2", "sat_2", "why_1", "formdef_version",
        "KEY"]  # fmt: skip


def wide(number, count, *answers):
    moment = "Oct 10, 2022 10:11:12 AM"
    return [
        moment,
        moment,
        moment,
        1,
        2,
        3,
        "c",
        "yes",
        credit_code(number),
        "micro",
        count,
        *answers,
        "1",
        f"uuid:{number}",
    ]


def test_columns_of_a_wide_table(campaign, take):
    """The form has no question about the number of banks here, the phone counts by itself."""
    campaign.form(SURVEY.replace("| ${n_banks} |", "| 2 |") + "\n" + LIST)
    campaign.settings(
        SOURCES.replace('channel = "link"', 'channel = "link"\nabsent = ["n_banks", "comment", "applied_on"]')
    )
    rows = [wide(1, 2, "jia", "4", "na", "5", "慢"), wide(2, 1, "na", "9", "", "", ""),
            wide(3, 2, "jia", "1", "", "", ""), wide(4, 1, "jia", "1", "na", "2", "")]  # fmt: skip
    (campaign.folder / "raw/baseline/w.csv").write_text(text_of([WIDE, *rows]), encoding="utf-8")
    result = campaign.ingest()
    assert result.refused == ()
    assert accounts(result) == {"": (4, 2, 2, 0), "banks": (7, 3, 4, 0)}
    assert faults(campaign) == [
        ("", 3, "repeat-all-held"), ("", 5, "repeat-count"), ("banks", 3, "choice-unknown"), ("banks", 4, "required"),
        ("banks", 4, "required"), ("banks", 5, "repeat-held"), ("banks", 5, "repeat-held"),
    ]  # fmt: skip
    assert not any(header.startswith(("bank_", "sat_", "why_")) for one in result.files for header in one.extra)


def test_a_tool_without_repeats_gives_one_rating_a_row(campaign, take):
    rows = [["a", "yes", credit_code(1), "micro", "jia", "4"], ["b", "yes", credit_code(1), "micro", "na", "5"]]
    content = text_of([["id", "consent", "firm_code", "size", "bank", "sat"], *rows])
    (campaign.folder / "raw/baseline/flat.csv").write_text(content, encoding="utf-8")
    campaign.settings(
        SOURCES.replace('channel = "link"', 'channel = "link"\nabsent = ["n_banks", "comment", "applied_on", "why"]')
    )
    assert accounts(campaign.ingest()) == {"": (2, 2, 0, 0)}
    assert rating_rows(campaign) == [(2, "jia", 1, "accepted"), (3, "na", 1, "accepted")]


def test_a_csv_that_holds_the_first_table_alone_is_refused(campaign, take):
    (campaign.folder / "raw/baseline/a.csv").write_text(text_of([SUBMISSION, firm(1)]), encoding="utf-8")
    result = campaign.ingest()
    assert [error.code for error in result.refused] == ["repeat-missing"]
    assert "export xlsx" in str(result.refused[0])


def test_a_repeat_without_banks_is_left_and_named(campaign, take):
    """The form asks for loans in a repeat; its questions are listed as absent, and its sheet is told of."""
    loans = (
        "| | begin_repeat | loans | 贷款 | Loans | | | | | | | |\n"
        "| | integer | amount | 金额 | Amount | | | | plain | | | |\n"
    )
    form = SURVEY.replace(
        "| | begin_group | g |", loans + "| | end_repeat | | | | | | | | | | |\n| | begin_group | g |"
    )
    campaign.form(form + "\n" + LIST)
    with pytest.raises(CampaignError, match=r"source-repeat: question 'amount' .* the repeat loans"):
        campaign.ingest()
    campaign.settings(SOURCES.replace('channel = "link"', 'channel = "link"\nabsent = ["amount"]'))
    with zipfile.ZipFile(campaign.folder / "raw/baseline/a.zip", "w") as archive:
        archive.writestr("firm.csv", text_of([SUBMISSION, firm(1)]))
        archive.writestr("firm-banks.csv", text_of([RATING, rates(1, 1)]))
        archive.writestr("firm-loans.csv", text_of([["amount", "PARENT_KEY", "KEY"], [5, "uuid:1", "uuid:1/loans[1]"]]))
    result = campaign.ingest()
    assert accounts(result) == {"firm.csv": (1, 1, 0, 0), "firm-banks.csv": (1, 1, 0, 0)}
    assert {one.skipped_sheets for one in result.files} == {("firm-loans.csv",)}


def test_identifiers_of_the_submission_are_struck_out_of_texts_of_its_ratings(campaign, take):
    code = credit_code(1)
    take([firm(1)], [rates(1, 1, why=f"我们是{code}，慢")])
    [text] = campaign.read("texts")["text"]
    assert code not in text
    assert text.endswith("，慢")

"""Firms over two waves, from raw files: linked, doubted, judged; nobody is named anywhere."""

import csv
import io

import pytest

from evaltools.errors import CampaignError
from evaltools.survey.findings import list_findings

NAME = "云河县青禾商贸有限公司"
PHONE = "13800138077"


def enterprise(campaign, wave):
    rows = campaign.store.read("responses", ["wave", "enterprise_id"]).to_pylist()
    return [row["enterprise_id"] for row in rows if row["wave"] == wave]


def review(campaign):
    text = (campaign.folder / "review/firms.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def judge(campaign, word, encoding="utf-8-sig"):
    path = campaign.folder / "review/firms.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    for row in rows[1:]:
        row[-1] = word
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)


def endline(answer, **changes):
    return answer(7, at="2022/12/1 9:00:00", **changes)


def test_a_firm_that_leaves_its_code_out_later_is_the_same_firm(firms, answer):
    firms.raw("baseline/a.csv", [answer(1, firm_name=NAME, phone=PHONE), answer(2)])
    assert firms.ingest().pairs_open == 0
    firms.raw("endline/a.csv", [endline(answer, firm_code="", firm_name=f" {NAME}", phone=f"+86 {PHONE}")])
    assert firms.ingest().pairs_open == 0
    [later] = enterprise(firms, "endline")
    assert later in enterprise(firms, "baseline")
    rows = firms.read("ratings").merge(firms.read("responses")[["response_id", "wave", "enterprise_id"]])
    assert rows["psu"].tolist() == rows["enterprise_id"].tolist()
    assert not (firms.folder / "review").exists()
    versions = firms.store.versions()
    firms.ingest()
    assert firms.store.versions() == versions


def test_the_order_in_which_the_waves_come_changes_nothing(firms, answer, tmp_path):
    before = [answer(1, firm_name=NAME, phone=PHONE)]
    after = [endline(answer, firm_code="", firm_name=NAME, phone=PHONE)]
    firms.raw("endline/a.csv", after)
    firms.ingest()
    [alone] = enterprise(firms, "endline")
    firms.raw("baseline/a.csv", before)
    firms.ingest()
    [linked] = enterprise(firms, "endline")
    assert [linked] == enterprise(firms, "baseline")
    assert alone != linked


def test_a_pair_in_doubt_is_shown_masked_counted_and_linked_by_a_person_alone(firms, answer):
    firms.raw("baseline/a.csv", [answer(1, firm_name=NAME, phone=PHONE)])
    firms.raw("endline/b.csv", [endline(answer, firm_code="", firm_name="云河县青禾商贸有限责任公司", phone="")])
    result = firms.ingest()
    assert result.pairs_open == 1
    assert any("review/firms.csv" in line for line in result.notices("en"))
    [line] = review(firms)
    assert (line["left_file"], line["left_row"]) == ("raw/baseline/a.csv", "2")
    assert (line["right_file"], line["right_name"], line["right_phone"]) == ("raw/endline/b.csv", "云…贸", "")
    assert (line["left_name"], line["left_phone"], line["similarity"], line["decision"]) == ("云…贸", "…77", "100", "")
    assert NAME not in str(line)
    [signal] = list_findings(firms.store).query("kind == 'signal'").to_dict("records")
    assert (signal["rule"], signal["locator"]) == ("firm-doubtful", "raw/endline/b.csv#row 2")
    assert enterprise(firms, "endline") == [None]

    judge(firms, "同一", encoding="gb18030")  # what a spreadsheet program in China saves
    assert firms.ingest().pairs_open == 0
    assert enterprise(firms, "endline") == enterprise(firms, "baseline")
    assert list_findings(firms.store).query("kind == 'signal'").empty

    judge(firms, "different")
    firms.ingest()
    assert enterprise(firms, "endline") == [None]
    rows = firms.read("ratings").merge(firms.read("responses")[["response_id", "wave"]])
    [unit] = rows.loc[rows["wave"] == "endline", "psu"]
    assert unit == rows.loc[rows["wave"] == "endline", "response_id"].item()


def test_a_decision_outlives_its_raw_file_and_a_new_reading(firms, answer):
    path = firms.raw("baseline/a.csv", [answer(1, firm_name=NAME, phone=PHONE)])
    firms.raw("endline/b.csv", [endline(answer, firm_code="", firm_name="云河青禾商贸", phone=PHONE)])
    firms.ingest()
    judge(firms, "same")
    path.unlink()
    firms.ingest()
    assert enterprise(firms, "endline") == enterprise(firms, "baseline")
    firms.settings(more="quarantine_max_share = 0.5\n")
    firms.raw("endline/b.csv", [
        endline(answer, firm_code="", firm_name="云河青禾商贸", phone=PHONE), endline(answer, no="8", firm_name=""),
    ])  # fmt: skip
    firms.ingest()
    assert enterprise(firms, "baseline")[0] in enterprise(firms, "endline")
    assert [line["decision"] for line in review(firms)] == ["same"]


@pytest.mark.parametrize("word", ["maybe", "同"])
def test_a_word_that_decides_nothing_is_refused_with_its_row(firms, answer, word):
    firms.raw("baseline/a.csv", [answer(1, firm_name=NAME, phone=PHONE)])
    firms.raw("endline/b.csv", [endline(answer, firm_code="", firm_name="青禾", phone=PHONE)])
    firms.ingest()
    judge(firms, word)
    with pytest.raises(CampaignError, match=f"review-decision: review/firms.csv, row 2: '{word}'"):
        firms.ingest()


def test_a_review_without_its_header_is_refused(firms, answer):
    (firms.folder / "review").mkdir()
    (firms.folder / "review/firms.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    firms.raw("baseline/a.csv", [answer(1)])
    with pytest.raises(CampaignError, match="review-columns"):
        firms.ingest()


def test_a_code_that_begins_with_a_letter_is_accepted_and_listed(campaign, answer):
    from stdnum.cn import uscc

    stem = "N24199990TEST0001".replace("S", "5")
    campaign.raw("baseline/a.csv", [answer(1, firm_code=stem + uscc.calc_check_digit(stem))])
    assert campaign.ingest().new_rows == 1
    [found] = list_findings(campaign.store).to_dict("records")
    assert (found["rule"], found["severity"], found["kind"]) == ("code-letter-first", "none", "fact")
    assert len(enterprise(campaign, "baseline")[0]) == 24


@pytest.mark.parametrize(
    ("code", "fault"),
    [("410700100012343", "code-registration"), ("410700 AB123456-5", "code-tax"), ("D2143569-X", "code-organisation")],
)
def test_what_came_before_the_code_has_a_fault_of_its_own(campaign, answer, code, fault):
    campaign.raw("baseline/a.csv", [answer(1, firm_code=code)])
    assert campaign.ingest().new_rows == 0
    assert fault in campaign.read("quarantine")["reason"].tolist()

"""Submissions with their ratings in another sheet; corrections of a respondent's rows."""

import pytest

from evaltools.survey.corrections.cells import row_sha
from evaltools.survey.corrections.log import Correction, append_lines, read_log
from evaltools.survey.privacy import load_key
from evaltools.survey.readers import read_files

from ..conftest import credit_code
from ..test_ingest_repeats import LIST, SURVEY, accounts, kobo
from .conftest import CODE, WHO


def test_ratings_in_another_sheet_go_with_their_submission(campaign, forgets, where_named):
    campaign.form(SURVEY + "\n" + LIST)
    (campaign.folder / "raw/baseline").mkdir()
    bank = ["云河甲银行", "2022-09-01", "满意"]
    rows = [
        [*bank, "私下一句话", 1, "企业调查", 1], ["云河乙银行", "2022-09-01", "不满意", "慢", 2, "企业调查", 2],
        ["没有这家银行", "2022-09-01", "满意", "另一句话", 3, "企业调查", 1],
    ]  # fmt: skip
    kobo(campaign.folder / "raw/baseline/k.xlsx", rows)
    assert accounts(campaign.ingest()) == {"企业调查": (2, 2, 0, 0), "banks": (3, 2, 1, 0)}
    receipt = forgets(campaign, credit_code(1))
    assert [one["rows"] for one in receipt["raw"]] == [3]
    assert where_named(campaign.folder, [credit_code(1), "私下一句话", "另一句话"]) == set()
    result = campaign.ingest()
    assert accounts(result) == {"企业调查": (1, 1, 0, 0), "banks": (1, 1, 0, 0)}
    assert {one.status for one in result.files} == {"known"}
    assert campaign.store.row_counts()["quarantine"] == 0


@pytest.fixture
def corrected(campaign, answer):
    """Two rows with a corrected answer each; the first is the respondent's."""
    path = campaign.raw("baseline/a.csv", [answer(20, **WHO), answer(2), answer(3)])
    campaign.ingest()
    [raw] = read_files([path])
    key = load_key(campaign.folder, campaign.config, stored_fingerprint=campaign.store.key_fingerprint)
    lines = [
        Correction(f"c{row}", "raw/baseline/a.csv", "", row + 2, "days", "用了几个工作日？", "change", f"1{row}", "ab",
                   "typo", "2022-12-01T08:00:00", row_sha(raw.tables[0], row, key), "0" * 24)
        for row in (0, 1)
    ]  # fmt: skip
    append_lines(campaign.folder, lines, "ab" * 32)
    campaign.ingest()
    return campaign


def test_corrections_of_the_respondent_go_and_those_of_others_stay_in_force(corrected, forgets):
    assert corrected.store.row_counts()["corrections"] == 2
    forgets(corrected, CODE)
    assert [line.correction_id for line in read_log(corrected.folder).lines] == ["c1"]
    assert corrected.store.read("corrections")["correction_id"].to_pylist() == ["c1"]
    versions = corrected.store.versions()
    assert [one.status for one in corrected.ingest().files] == ["known"]
    assert corrected.store.versions() == versions

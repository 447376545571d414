"""Answers handed in twice or replaced, files that changed, settings that were mended."""

import pandas as pd
import pytest

from evaltools.survey.duplicates import current_status, file_order

ANONYMOUS_FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity | role | required |
| | select_one_from_file banks.csv | bank | 银行 | Bank | plain | bank | yes |
| | integer | n | 数 | Number | plain | | |
"""
ANONYMOUS = """
[[sources]]
pattern = "raw/*.csv"
instrument = "anonymous"
wave = "baseline"
mode = "self"
channel = "x"
"""
FIRMS = """
[[sources]]
pattern = "raw/{0}.csv"
instrument = "firm_survey"
wave = "baseline"
mode = "self"
channel = "{0}"
{1}
"""


def counts(result):
    return [
        (one.path, one.n_read, one.n_accepted, one.n_quarantined, one.n_duplicate, one.status) for one in result.files
    ]


def accepted(campaign):
    frame = campaign.read("responses")
    return frame[frame["status"] == "accepted"]


def test_an_exact_copy_within_a_file_is_left_out(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2), answer(1)])
    assert counts(campaign.ingest()) == [("raw/baseline/a.csv", 3, 2, 0, 1, "new")]
    held = campaign.read("quarantine")
    assert held[["row", "rule", "scope", "reason", "bank_id"]].to_numpy().tolist() == [
        [4, "duplicate", "duplicate", "duplicate", "jia"]
    ]
    original = campaign.read("responses").set_index("response_id").loc[held["value"].item()]
    assert original["source_row"] == 2


def test_exact_copies_in_another_file_and_in_the_store_are_left_out(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2)])
    campaign.raw("baseline/b.csv", [answer(2), answer(3)])
    assert counts(campaign.ingest()) == [
        ("raw/baseline/a.csv", 2, 2, 0, 0, "new"), ("raw/baseline/b.csv", 2, 1, 0, 1, "new"),
    ]  # fmt: skip
    campaign.raw("baseline/c.csv", [answer(1), answer(3), answer(4)])
    result = campaign.ingest()
    assert counts(result)[2] == ("raw/baseline/c.csv", 3, 1, 0, 2, "new")
    assert len(accepted(campaign)) == 4


@pytest.mark.parametrize(
    "change", [{"no": "9"}, {"at": "2022/10/9 8:00:00"}, {"sat": "一般"}, {"phone": "19900009999"}]
)
def test_what_differs_in_anything_is_no_copy(campaign, answer, change):
    campaign.raw("baseline/a.csv", [answer(1), answer(1, **change)])
    assert counts(campaign.ingest())[0][1:5] == (2, 2, 0, 0)


def test_rows_that_nothing_tells_apart_are_never_copies(campaign):
    campaign.form(ANONYMOUS_FORM, "anonymous")
    campaign.settings(ANONYMOUS)
    campaign.raw("a.csv", [["jia", "1"], ["jia", "1"]], header=["bank", "n"])
    assert counts(campaign.ingest())[0][1:5] == (2, 2, 0, 0)
    assert campaign.read("responses")["content_sha"].isna().all()


def test_the_same_content_in_the_other_wave_is_no_copy(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1, at="")])
    campaign.raw("endline/b.csv", [answer(1, at="")])
    result = campaign.ingest()
    assert [one.n_accepted for one in result.files] == [1, 1]


def test_a_later_answer_of_the_firm_on_the_bank_replaces_the_earlier(campaign, answer):
    code = answer(1)["firm_code"]
    rows = [
        answer(1, at="2022/10/5 9:00:00", sat="满意"),
        answer(2, at="2022/10/3 9:00:00", firm_code=code, sat="一般"),
        answer(3, at="2022/10/9 9:00:00", firm_code=code, bank="NA"),
    ]
    campaign.raw("baseline/a.csv", rows)
    assert counts(campaign.ingest())[0][1:5] == (3, 3, 0, 0)
    frame = campaign.read("responses").sort_values("source_row")
    assert frame["status"].tolist() == ["accepted", "superseded", "accepted"]
    campaign.raw("baseline/b.csv", [answer(4, at="2022/10/11 9:00:00", firm_code=code)])
    assert campaign.ingest().new_rows == 1
    frame = campaign.read("responses")
    assert sorted(frame["status"]) == ["accepted", "accepted", "superseded", "superseded"]


def status_of(rows):
    columns = [
        "response_id",
        "instrument",
        "wave",
        "enterprise_id",
        "bank_id",
        "submitted_at",
        "status",
        "rel_path",
        "sheet",
        "source_row",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    frame["submitted_at"] = pd.to_datetime(frame["submitted_at"])
    return current_status(frame)


def test_equal_and_unknown_times_go_by_the_later_row():
    same = ("i", "baseline", "f", "a")
    assert status_of(
        [("1", *same, None, "accepted", "x", "", 9), ("2", *same, "2022-10-01", "accepted", "x", "", 3)]
    ) == ["superseded", "accepted"]
    assert status_of(
        [("1", *same, "2022-10-01", "accepted", "x", "", 9), ("2", *same, "2022-10-01", "accepted", "x", "", 3)]
    ) == ["accepted", "superseded"]
    assert status_of([("1", *same, None, "superseded", "x", "", 9)]) == ["accepted"]


def test_of_two_files_with_equal_times_the_later_by_number_counts():
    same = ("i", "baseline", "f", "a", "2022-10-01", "accepted")
    for earlier, later in (("raw/x_99_9.csv", "raw/x_100_9.csv"), ("raw/x.xlsx", "raw/x (1).xlsx")):
        assert status_of([("1", *same, later, "", 2), ("2", *same, earlier, "", 2)]) == ["accepted", "superseded"]
    assert file_order("raw/b/x.csv") > file_order("raw/a/y2.csv") < file_order("raw/a/y10.csv")


def test_nothing_is_replaced_without_a_firm_and_erased_stays():
    rows = [
        ("1", "i", "w", None, "a", None, "accepted", "x", "", 1),
        ("2", "i", "w", None, "a", None, "accepted", "x", "", 2),
    ]
    assert status_of(rows) == ["accepted", "accepted"]
    rows = [
        ("1", "i", "w", "f", "a", None, "accepted", "x", "", 1),
        ("2", "i", "w", "f", "a", None, "erased", "x", "", 2),
    ]
    assert status_of(rows) == ["accepted", "erased"]


def test_a_mended_campaign_file_brings_rows_out_of_quarantine(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2, bank="云河甲"), answer(3, sat="很满意")])
    assert counts(campaign.ingest())[0][1:5] == (3, 1, 2, 0)
    first = accepted(campaign)["response_id"].tolist()
    text = (campaign.folder / "campaign.toml").read_text(encoding="utf-8")
    text = text.replace('["甲行"]', '["甲行", "云河甲"]').replace(
        'channel = "link"\n', 'channel = "link"\nrecode = {sat = {"很满意" = "5"}}\n', 1
    )
    (campaign.folder / "campaign.toml").write_text(text, encoding="utf-8")
    result = campaign.ingest()
    assert counts(result) == [("raw/baseline/a.csv", 3, 3, 0, 0, "replaced")]
    assert result.new_rows == 2
    assert len(campaign.read("quarantine")) == 0
    assert set(first) < set(accepted(campaign)["response_id"])
    assert len(campaign.read("files")) == 1
    assert "很满意" in campaign.read("crosswalk").set_index("item").loc["sat", "recode"]
    assert campaign.ingest().new_rows == 0


def test_a_source_under_the_wrong_wave_is_mended(campaign, answer):
    text = (campaign.folder / "campaign.toml").read_text(encoding="utf-8")
    (campaign.folder / "campaign.toml").write_text(
        text.replace('wave = "baseline"', 'wave = "endline"', 1), encoding="utf-8"
    )
    campaign.raw("baseline/a.csv", [answer(1, at="")])
    campaign.ingest()
    assert campaign.read("responses")["wave"].tolist() == ["endline"]
    campaign.settings()
    assert counts(campaign.ingest())[0][-1] == "replaced"
    assert campaign.read("responses")["wave"].tolist() == ["baseline"]
    assert campaign.read("answers_firm_survey").shape[0] == 1


def test_copies_of_rows_that_go_are_read_anew_with_them(campaign, answer):
    """b.csv repeats a row of a.csv; under a new setting of a's source that row is in quarantine, and b's counts."""
    source = FIRMS
    campaign.settings(source.format("a", "") + source.format("b", ""))
    campaign.raw("a.csv", [answer(1), answer(2)])
    campaign.raw("b.csv", [answer(1), answer(3)])
    assert [one[2:5] for one in counts(campaign.ingest())] == [(2, 0, 0), (1, 0, 1)]
    changed = source.format("a", 'recode = {days = {"8" = "800"}}') + source.format("b", "")
    campaign.settings(changed)
    refused = campaign.ingest(paths=[campaign.folder / "raw/a.csv"])
    assert [error.code for error in refused.refused] == ["replace-needs"]
    assert len(accepted(campaign)) == 3
    assert [one[2:5] for one in counts(campaign.ingest())] == [(0, 2, 0), (2, 0, 0)]
    assert len(accepted(campaign)) == 2


def test_a_file_that_is_gone_is_named_and_its_rows_stay(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2)])
    campaign.raw("baseline/b.csv", [answer(3)])
    assert campaign.ingest().gone == ()
    (campaign.folder / "raw/baseline/b.csv").rename(campaign.folder / "raw/baseline/c.csv")
    assert campaign.ingest().gone == ()
    (campaign.folder / "raw/baseline/c.csv").unlink()
    result = campaign.ingest()
    assert result.gone == ("raw/baseline/b.csv",)
    assert result.to_dict()["gone"] == ["raw/baseline/b.csv"]
    assert any(line.startswith("raw/baseline/b.csv was stored before and is gone now") for line in result.notices())
    assert len(accepted(campaign)) == 3
    assert campaign.ingest(paths=[campaign.folder / "raw/baseline/a.csv"]).gone == ()
    (campaign.folder / "raw/baseline/a.csv").unlink()
    assert campaign.ingest().gone == ("raw/baseline/a.csv", "raw/baseline/b.csv")


def test_rows_that_a_newer_state_of_a_file_lacks_are_taken_out_and_that_is_said(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2), answer(3)])
    campaign.ingest()
    campaign.raw("baseline/a.csv", [answer(1), answer(3)])
    result = campaign.ingest()
    assert any("a.csv has 2 rows now and had 3 before" in line for line in result.notices())
    assert len(accepted(campaign)) == 2
    assert not any("had 3 before" in line for line in campaign.ingest().notices())


def test_a_file_that_is_gone_blocks_no_other_with_copies_of_its_own_rows(campaign, answer):
    """Only a copy of a row of the other file ties the two together."""
    campaign.raw("baseline/a.csv", [answer(1), answer(2)])
    campaign.raw("baseline/b.csv", [answer(3), answer(3)])
    campaign.raw("baseline/c.csv", [answer(1), answer(4)])
    campaign.ingest()
    (campaign.folder / "raw/baseline/b.csv").unlink()
    campaign.raw("baseline/a.csv", [answer(1), answer(2, sat="一般")])
    result = campaign.ingest()
    assert [one[2:] for one in counts(result)] == [(2, 0, 0, "replaced"), (1, 0, 1, "replaced")]
    (campaign.folder / "raw/baseline/c.csv").unlink()
    campaign.raw("baseline/a.csv", [answer(1), answer(2)])
    assert [error.code for error in campaign.ingest().refused] == ["replace-needs"]
    assert len(accepted(campaign)) == 4


def test_a_corrected_file_takes_the_place_of_the_old(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2), answer(3, days="15天")])
    campaign.ingest()
    campaign.raw("baseline/a.csv", [answer(1), answer(2), answer(3, days="15"), answer(4)])
    result = campaign.ingest()
    assert counts(result) == [("raw/baseline/a.csv", 4, 4, 0, 0, "replaced")]
    assert result.new_rows == 2
    assert len(campaign.read("files")) == 1
    assert len(campaign.read("responses")) == 4
    assert len(campaign.read("quarantine")) == 0


def test_another_batch_under_an_old_name_is_added(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2)])
    campaign.ingest()
    campaign.raw("baseline/a.csv", [answer(3), answer(4), answer(5)])
    assert campaign.ingest().new_rows == 3
    assert len(accepted(campaign)) == 5


def test_a_file_that_lost_rows_is_refused_where_nobody_can_tell_which(campaign):
    campaign.form(ANONYMOUS_FORM, "anonymous")
    campaign.settings(ANONYMOUS)
    campaign.raw("a.csv", [["jia", "1"], ["jia", "2"]], header=["bank", "n"])
    campaign.ingest()
    campaign.raw("a.csv", [["jia", "1"]], header=["bank", "n"])
    refused = campaign.ingest()
    assert [(error.code, error.fields["n_stored"]) for error in refused.refused] == [("file-shrunk", 2)]
    assert len(accepted(campaign)) == 2
    campaign.raw("a.csv", [["jia", "1"], ["jia", "2"], ["jia", "3"]], header=["bank", "n"])
    assert campaign.ingest().new_rows == 1
    assert len(accepted(campaign)) == 3


def test_the_order_in_which_files_come_does_not_matter(campaign, answer):
    code = answer(1)["firm_code"]
    campaign.raw("baseline/b.csv", [answer(2, firm_code=code, at="2022/10/3 9:00:00")])
    campaign.ingest()
    campaign.raw("baseline/a.csv", [answer(1, at="2022/10/9 9:00:00")])
    campaign.ingest()
    assert accepted(campaign)["source_row"].tolist() == [2]
    assert accepted(campaign)["submitted_at"].dt.day.tolist() == [9]

"""From raw files to the store: what comes in, what is accounted, what happens on the second run."""

import datetime as dt
import os

import pytest

from evaltools.errors import CampaignError, LockedError, RefusedError


def rows_of(answer, count, **changes):
    return [answer(number, **changes) for number in range(1, count + 1)]


def account(result):
    return [(one.path, one.n_read, one.n_accepted, one.n_quarantined, one.n_duplicate) for one in result.files]


def test_a_good_file_fills_all_tables(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2, applied="否", applied_on="", days="", rate="", fees="")])
    result = campaign.ingest()
    assert account(result) == [("raw/baseline/a.csv", 2, 2, 0, 0)]
    assert (result.new_rows, result.exit_code) == (2, 0)
    response, rating = campaign.read("responses"), campaign.read("ratings")
    assert set(response["tool"]) == {"wjx"}
    assert sorted(response["submitted_at"].dt.date) == [dt.date(2022, 10, 2), dt.date(2022, 10, 3)]
    assert response["duration_s"].tolist() == [137.0, 137.0]
    assert response["ip_hash"].str.len().tolist() == [24, 24]
    assert sorted(response["source_row"]) == [2, 3]
    assert rating["bank_id"].tolist() == ["jia", "jia"]
    assert rating["stratum"].tolist() == ["micro", "micro"]
    assert sorted(rating["psu"]) == sorted(response["enterprise_id"])
    answers = campaign.store.read("answers_firm_survey")
    assert str(answers.schema.field("applied_on").type) == "date32[day]"
    assert str(answers.schema.field("days").type) == "int64"
    assert "firm_code" not in answers.column_names
    assert "comment" not in answers.column_names
    assert sorted(answers["fees"].to_pylist(), key=str) == [None, ["valuation", "insurance"]]
    missing = campaign.read("missing")
    assert set(missing["item"]) == {"applied_on", "days", "rate", "fees"}
    assert set(missing["reason"]) == {"skipped_by_logic"}
    assert campaign.read("texts")["text"].tolist() == ["办得快", "办得快"]
    assert set(campaign.read("items")["item"]) >= {"bank", "sat", "comment"}
    assert set(campaign.read("crosswalk")["comparability"]) == {"same"}


def test_only_store_key_and_lock_are_written(campaign, answer):
    raw = campaign.raw("baseline/a.csv", rows_of(answer, 2))
    before = raw.read_bytes()
    campaign.ingest()
    assert {path.name for path in campaign.folder.iterdir()} == {
        "campaign.toml", "instruments", "raw", "store", ".key", ".lock",
    }  # fmt: skip
    assert raw.read_bytes() == before
    assert [path.name for path in raw.parent.iterdir()] == ["a.csv"]


def test_a_second_run_changes_nothing(campaign, answer):
    campaign.raw("baseline/a.csv", [*rows_of(answer, 3), answer(4, days="15天")])
    first = campaign.ingest()
    versions, key = campaign.store.versions(), (campaign.folder / ".key").read_bytes()
    second = campaign.ingest()
    assert second.new_rows == 0
    assert account(second) == account(first)
    assert [one.status for one in second.files] == ["known"]
    assert campaign.store.versions() == versions
    assert (campaign.folder / ".key").read_bytes() == key


def test_new_files_are_added_to_old_ones(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 2))
    campaign.ingest()
    campaign.raw("endline/b.csv", [answer(1, at="2022/12/1 9:00:00")])
    result = campaign.ingest()
    assert (result.new_rows, [one.status for one in result.files]) == (1, ["known", "new"])
    assert len(campaign.read("responses")) == 3


def test_good_files_are_stored_although_another_is_refused(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 2))
    campaign.raw("baseline/b.csv", [["x"]], header=["no such column"])
    (campaign.folder / "raw/baseline/c.xlsx").write_bytes(b"PK\x03\x04 cut in half")
    result = campaign.ingest()
    assert account(result) == [("raw/baseline/a.csv", 2, 2, 0, 0)]
    assert [error.fields["path"] for error in result.refused] == ["raw/baseline/b.csv", "raw/baseline/c.xlsx"]
    assert result.refused[0].code == "column-missing"
    assert result.exit_code == 4
    assert len(campaign.read("responses")) == 2


def test_a_file_with_all_bad_rows_is_accounted_and_above_the_limit(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1, sat="?"), answer(2, bank="天上银行")])
    result = campaign.ingest()
    assert account(result) == [("raw/baseline/a.csv", 2, 0, 2, 0)]
    assert (result.exit_code, [one.quarantine_share for one in result.above_limit]) == (5, [1.0])
    assert any("100.0%" in line for line in result.notices("zh"))


def test_a_file_without_rows_is_accounted(campaign):
    campaign.raw("baseline/a.csv", [])
    result = campaign.ingest()
    assert account(result) == [("raw/baseline/a.csv", 0, 0, 0, 0)]
    assert campaign.ingest().files[0].status == "known"


def test_files_that_no_source_claims_and_sources_without_files_are_reported(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 1))
    campaign.raw("elsewhere/b.csv", rows_of(answer, 1))
    (campaign.folder / "raw/baseline/~$a.xlsx").write_bytes(b"")
    result = campaign.ingest()
    assert result.unmatched == ("raw/elsewhere/b.csv",)
    assert result.unused == ("raw/endline/*",)
    assert result.exit_code == 0
    assert any("raw/elsewhere/b.csv" in line for line in result.notices("en"))


def test_an_empty_campaign_writes_nothing(campaign):
    assert campaign.ingest().unused == ("raw/baseline/*", "raw/endline/*")
    assert not (campaign.folder / "store").exists()
    assert not (campaign.folder / ".key").exists()


def test_only_the_named_files_are_read(campaign, answer, tmp_path):
    first = campaign.raw("baseline/a.csv", rows_of(answer, 1))
    campaign.raw("baseline/b.csv", rows_of(answer, 2))
    other = tmp_path / "c.csv"
    other.write_text("x", encoding="utf-8")
    result = campaign.ingest(paths=[first, other, campaign.folder / "raw/none.csv"])
    assert [one.path for one in result.files] == ["raw/baseline/a.csv"]
    assert [(error.code, error.fields["path"]) for error in result.refused] == [
        ("file-outside", "c.csv"), ("file-absent", "raw/none.csv"),
    ]  # fmt: skip
    assert result.unused == ()


def test_columns_that_no_question_claims_are_named_and_not_stored(campaign, answer):
    row = answer(1)
    campaign.raw("baseline/a.csv", [[*row.values(), "秘密"]], header=[*header_of(campaign), "领导意见"])
    result = campaign.ingest()
    assert result.files[0].extra == ("领导意见",)
    assert any("领导意见" in line for line in result.notices("en"))


def header_of(campaign):
    path = campaign.raw("../header.csv", [])
    header = path.read_text(encoding="utf-8").strip().split(",")
    path.unlink()
    return header


def test_a_required_column_that_is_empty_throughout_refuses_the_file(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1, size=""), answer(2, size="(空)")])
    result = campaign.ingest()
    assert [(error.code, error.fields["columns"]) for error in result.refused] == [("column-blank", ["size"])]


def test_a_question_declared_absent_is_not_asked(campaign, answer):
    campaign.settings(
        """
[[sources]]
pattern = "raw/*.csv"
instrument = "firm_survey"
wave = "baseline"
mode = "self"
channel = "link"
absent = ["comment", "sat"]
"""
    )
    header = [name for name in header_of(campaign) if "意见" not in name and "总体" not in name]
    row = answer(1)
    campaign.raw("a.csv", [[row[name] for name in row if name not in ("sat", "comment")]], header=header)
    assert campaign.ingest().files[0].n_accepted == 1
    missing = campaign.read("missing")
    assert dict(zip(missing["item"], missing["reason"], strict=True)) == {"sat": "not_asked", "comment": "not_asked"}


def test_one_sheet_read_once_for_each_wave(campaign):
    """Both waves side by side in one file, as in a panel: each source takes its own columns."""
    campaign.form(
        """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity | role | required |
| | text | id | 编号 | Id | direct | enterprise | yes |
| | select_one_from_file banks.csv | bank | 银行 | Bank | plain | bank | yes |
| | decimal | weight | 权重 | Weight | plain | weight | yes |
| | integer | score | 得分 | Score | plain | | |
""",
        "panel",
    )
    source = """
[[sources]]
pattern = "raw/panel.csv"
instrument = "panel"
wave = "{wave}"
mode = "record"
channel = "register"
columns = {{score = "{column}"}}
"""
    campaign.settings(source.format(wave="baseline", column="s99") + source.format(wave="endline", column="s00"))
    campaign.raw(
        "panel.csv",
        [["f1", "jia", "2.5", "7", "8"], ["f2", "甲行", "1", "", "9"]],
        ["id", "bank", "weight", "s99", "s00"],
    )
    result = campaign.ingest()
    assert [(one.wave, one.n_accepted, one.extra) for one in result.files] == [
        ("baseline", 2, ("s00",)), ("endline", 2, ("s99",)),
    ]  # fmt: skip
    assert result.new_rows == 4
    assert campaign.ingest().new_rows == 0
    weights = campaign.read("weights")
    assert sorted(weights["base"]) == [1.0, 1.0, 2.5, 2.5]
    assert set(weights["recipe"]) == {"given"}
    assert campaign.read("responses")["content_sha"].notna().all()


def test_a_copy_of_a_file_counts_as_duplicates(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 3))
    campaign.raw("baseline/b.csv", rows_of(answer, 3))
    for _ in range(2):
        result = campaign.ingest()
        assert account(result) == [("raw/baseline/a.csv", 3, 3, 0, 0), ("raw/baseline/b.csv", 3, 0, 0, 3)]
    assert len(campaign.read("responses")) == 3
    assert result.files[1].status == "copy"


def test_a_moved_file_is_still_known(campaign, answer):
    path = campaign.raw("baseline/a.csv", rows_of(answer, 2))
    campaign.ingest()
    path.rename(path.with_name("renamed.csv"))
    result = campaign.ingest()
    assert (account(result), result.new_rows) == ([("raw/baseline/renamed.csv", 2, 2, 0, 0)], 0)


def test_two_sources_of_one_wave_must_not_claim_the_same_columns(campaign, answer):
    source = """
[[sources]]
pattern = "raw/{pattern}"
instrument = "firm_survey"
wave = "baseline"
mode = "{mode}"
channel = "x"
"""
    campaign.settings(source.format(pattern="*", mode="self") + source.format(pattern="a*", mode="interviewer"))
    campaign.raw("a.csv", rows_of(answer, 2))
    result = campaign.ingest()
    assert [error.code for error in result.refused] == ["source-overlap"]
    assert result.files == ()


def test_the_same_source_twice_takes_a_file_once(campaign, answer):
    source = (
        '[[sources]]\npattern = "{}"\ninstrument = "firm_survey"\nwave = "baseline"\nmode = "self"\nchannel = "x"\n'
    )
    campaign.settings(source.format("raw/*") + source.format("raw/a*"))
    campaign.raw("a.csv", rows_of(answer, 2))
    assert campaign.ingest().new_rows == 2
    assert len(campaign.read("responses")) == 2


def test_the_key_that_filled_the_store_must_stay(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 1))
    campaign.ingest()
    (campaign.folder / ".key").write_text("0" * 64, encoding="ascii")
    with pytest.raises(RefusedError, match="key-mismatch"):
        campaign.ingest()
    (campaign.folder / ".key").unlink()
    with pytest.raises(RefusedError, match="key-missing"):
        campaign.ingest()
    assert not (campaign.folder / ".key").exists()


def test_a_run_waits_for_another_and_then_gives_up(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 1))
    with campaign.store.writing(), pytest.raises(LockedError, match="store-locked"):
        campaign.ingest(lock_timeout=0)
    assert campaign.ingest().new_rows == 1


def test_a_campaign_file_that_does_not_fit_its_instrument(campaign):
    campaign.settings(more='[roles.firm_survey]\nbank = "banc"\n')
    with pytest.raises(CampaignError, match=r"role-question: .*banc"):
        campaign.ingest()


def test_progress_names_each_file(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 1))
    steps = []
    campaign.ingest(progress=lambda done, total, what: steps.append((done, total, what)))
    assert steps == [(0, 2, ""), (1, 2, "raw/baseline/a.csv")]


def test_the_json_names_of_the_result(campaign, answer):
    campaign.raw("baseline/a.csv", rows_of(answer, 1))
    shown = campaign.ingest().to_dict()
    assert shown["new_rows"] == 1
    assert set(shown["files"][0]) >= {"path", "sheet", "n_read", "n_accepted", "n_quarantined", "n_duplicate"}


@pytest.mark.skipif(os.name == "nt", reason="needs a right that Windows users rarely have")
def test_a_symbolic_link_is_not_followed(campaign, answer, tmp_path):
    campaign.raw("baseline/a.csv", rows_of(answer, 1))
    secret = tmp_path / "secret.csv"
    secret.write_text("x\n1\n", encoding="utf-8")
    (campaign.folder / "raw/baseline/b.csv").symlink_to(secret)
    result = campaign.ingest()
    assert [error.code for error in result.refused] == ["file-link"]
    assert result.new_rows == 1

"""What is read back: accepted answers, tables of data quality, findings."""

import datetime as dt

import pandas as pd
import pytest

from evaltools.survey.answers import FIXED, accepted_answers, read_quality
from evaltools.survey.findings import list_findings


@pytest.fixture
def filled(campaign, answer):
    """Firm 1 in both waves, with another size at the endline; firm 2 replaced; firm 3 rates two banks."""
    code = answer(3)["firm_code"]
    campaign.raw(
        "baseline/b.csv",
        [
            answer(1, at="2022/10/3 9:00:00"),
            answer(2, at="2022/10/4 9:00:00", sat="不了解"),
            answer(12, at="2022/10/5 9:00:00", firm_code=answer(2)["firm_code"], fees="没有"),
            answer(4, days="15天"),
        ],
    )
    campaign.raw("baseline/a.csv", [answer(3), answer(13, firm_code=code, bank="NA"), answer(3)])
    campaign.raw(
        "endline/c.csv",
        [
            answer(
                21,
                at="2022/12/1 9:00:00",
                firm_code=answer(1)["firm_code"],
                size="小型",
                applied="否",
                applied_on="",
                days="3",
                rate="",
                fees="",
                sat="(空)",
            ),
            answer(22, at="2022/12/2 9:00:00", applied_on="2022/11/29"),
        ],
    )
    assert campaign.ingest().new_rows == 7
    return campaign


def test_answers_that_count_in_the_order_of_wave_file_and_row(filled):
    frame = accepted_answers(filled.store, "firm_survey")
    assert list(frame.columns[: len(FIXED)]) == list(FIXED)
    assert frame["wave"].tolist() == ["baseline"] * 4 + ["endline"] * 2
    assert frame["bank"].tolist() == ["jia", "na", "jia", "jia", "jia", "jia"]
    assert frame["submitted_at"].dt.day.tolist() == [4, 14, 3, 5, 1, 2]
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame["weight"].tolist() == [1.0] * 6
    assert frame["overlap_known"].all()


def test_the_order_of_the_waves_may_be_given(filled):
    frame = accepted_answers(filled.store, "firm_survey", waves=["endline", "baseline"])
    assert frame["wave"].tolist() == ["endline"] * 2 + ["baseline"] * 4


def test_waves_go_by_time_and_not_by_name(campaign, answer):
    text = (campaign.folder / "campaign.toml").read_text(encoding="utf-8")
    text = text.replace("[waves.baseline]", "[waves.pre]").replace("[waves.endline]", "[waves.post]")
    text = text.replace('wave = "baseline"', 'wave = "pre"').replace('wave = "endline"', 'wave = "post"')
    (campaign.folder / "campaign.toml").write_text(text, encoding="utf-8")
    code = answer(1)["firm_code"]
    campaign.raw("baseline/a.csv", [answer(1)])
    campaign.raw("endline/b.csv", [answer(2, firm_code=code, at="2022/12/1 9:00:00", size="小型")])
    campaign.ingest()
    frame = accepted_answers(campaign.store, "firm_survey")
    assert frame["wave"].tolist() == ["pre", "post"]
    assert frame["stratum"].tolist() == ["micro", "micro"]


def test_a_firm_keeps_the_stratum_of_its_first_answer(filled):
    frame = accepted_answers(filled.store, "firm_survey")
    assert frame["size"].tolist() == ["micro"] * 4 + ["small", "micro"]
    assert frame["stratum"].tolist() == ["micro"] * 6
    one = frame.loc[frame["wave"] == "endline", "psu"].iloc[0]
    assert frame.loc[frame["psu"] == one, "wave"].tolist() == ["baseline", "endline"]
    assert frame.loc[frame["bank"] == "na", "psu"].item() in frame.loc[frame["bank"] == "jia", "psu"].tolist()


def test_types_and_missing_answers(filled):
    frame = accepted_answers(filled.store, "firm_survey")
    assert frame["days"].tolist()[:4] == [8.0] * 4
    assert frame["days"].isna().tolist() == [False] * 4 + [True, False]
    assert frame["applied_on"].iloc[5] == dt.date(2022, 11, 29)
    assert frame["event_date"].iloc[0] == dt.date(2022, 9, 1)
    assert frame["fees"].tolist() == [("valuation", "insurance")] * 3 + [("none",), None, ("valuation", "insurance")]
    assert frame["sat"].tolist() == ["4", "4", "4", "4", None, "4"]
    assert "comment" not in frame.columns
    assert "firm_code" not in frame.columns


def test_do_not_know_comes_back_as_its_choice(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1, sat="不了解"), answer(2, sat="(跳过)")])
    campaign.ingest()
    assert accepted_answers(campaign.store, "firm_survey")["sat"].tolist() == ["dk", None]


def test_an_instrument_without_answers_gives_an_empty_frame(campaign):
    frame = accepted_answers(campaign.store, "firm_survey")
    assert list(frame.columns) == list(FIXED)
    assert len(frame) == 0


def test_weights_and_psus_that_the_campaign_gives(campaign):
    campaign.form(
        """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity | role | required |
| | select_one_from_file banks.csv | bank | 银行 | Bank | plain | bank | yes |
| | decimal | w | 权重 | Weight | plain | weight | yes |
| | text | village | 村 | Village | quasi | psu | |
| | text | channel | 途径 | Channel | plain | | |
| | text | mode | 方式 | Way | plain | | |
""",
        "panel",
    )
    campaign.settings(
        '[[sources]]\npattern = "raw/*.csv"\ninstrument = "panel"\nwave = "baseline"\nmode = "record"\nchannel = "x"\n'
    )
    rows = [
        ["jia", "2.5", "东村", "报纸", "record"],
        ["jia", "1", "", "电视", "record"],
        ["jia", "0", "西村", "x", "record"],
    ]
    campaign.raw("p.csv", rows, header=["bank", "w", "village", "channel", "mode"])
    assert campaign.ingest().files[0].n_quarantined == 1
    frame = accepted_answers(campaign.store, "panel")
    assert frame["weight"].tolist() == [2.5, 1.0]
    assert frame["psu"].iloc[0] == "东村"
    assert frame["psu"].iloc[1] == frame["response_id"].iloc[1]
    assert frame["overlap_known"].tolist() == [True, False]
    assert frame["stratum"].tolist() == ["all", "all"]
    # a question with the name of a fixed column keeps its answers under another name, unless they say the same
    assert frame["channel"].tolist() == ["x", "x"]
    assert frame["answer_channel"].tolist() == ["报纸", "电视"]
    assert "answer_mode" not in frame.columns
    overlap = read_quality(campaign.store, campaign.config).overlap.set_index("bank")
    assert overlap.loc["jia"].tolist() == [1, 0, 0, 1]


def test_quality_counts_rows_by_file_and_rule(filled):
    quality = read_quality(filled.store, filled.config)
    assert quality.files["path"].tolist() == ["raw/baseline/a.csv", "raw/baseline/b.csv", "raw/endline/c.csv"]
    assert quality.files[["n_read", "n_accepted", "n_quarantined", "n_duplicate"]].to_numpy().tolist() == [
        [3, 2, 0, 1],
        [4, 3, 1, 0],
        [2, 2, 0, 0],
    ]
    assert quality.quarantine.to_numpy().tolist() == [
        ["type", "firm_survey", "baseline", 1, pytest.approx(1 / 7)],
        ["relevant", "firm_survey", "endline", 1, 0.5],
    ]


def test_quality_of_missing_modes_and_overlap(filled):
    quality = read_quality(filled.store, filled.config)
    missing = quality.missing.set_index(["item", "wave"])
    assert missing.loc[("days", "endline"), ["n", "skipped_by_logic", "blank"]].tolist() == [2, 0.5, 0.0]
    assert missing.loc[("sat", "endline"), "blank"] == 0.5
    assert missing.loc[("sat", "baseline"), "dont_know"] == 0.0
    assert missing.loc[("bank", "baseline"), "n"] == 4
    assert quality.modes.to_numpy().tolist() == [
        ["jia", "baseline", "self", "link", "wjx", 3],
        ["jia", "endline", "self", "link", "wjx", 2],
        ["na", "baseline", "self", "link", "wjx", 1],
    ]
    assert quality.overlap.to_numpy().tolist() == [["jia", 2, 1, 1, 0], ["na", 1, 0, 0, 0]]


def test_quality_of_an_empty_store(campaign):
    quality = read_quality(campaign.store, campaign.config)
    for table in (quality.files, quality.quarantine, quality.missing, quality.modes):
        assert len(table) == 0
    assert quality.overlap.to_numpy().tolist() == [["jia", 0, 0, 0, 0], ["na", 0, 0, 0, 0]]


def test_findings_name_rule_bank_and_place(filled):
    found = list_findings(filled.store)
    assert list(found.columns) == ["rule", "bank", "locator", "severity", "kind"]
    assert found.to_numpy().tolist() == [
        ["duplicate", "jia", "raw/baseline/a.csv#row 4", "none", "fact"],
        ["superseded", "jia", "raw/baseline/b.csv#row 3", "none", "fact"],
        ["number-unit", "jia", "raw/baseline/b.csv#row 5", "row_lost", "fact"],
        ["not-relevant", "jia", "raw/endline/c.csv#row 2", "answer_lost", "fact"],
    ]


def test_no_findings_in_an_empty_store(campaign):
    assert len(list_findings(campaign.store)) == 0


def test_a_rating_without_weight_beside_weighted_ones_has_none(campaign):
    """1 beside design weights of 30 would make that firm count next to nothing; scoring refuses such a table."""
    head = "| survey |\n| | type | name | label::中文 (zh) | label::English (en) | sensitivity | role | required |\n"
    bank = "| | select_one_from_file banks.csv | bank | 银行 | Bank | plain | bank | yes |\n"
    campaign.form(head + bank + "| | decimal | w | 权重 | Weight | plain | weight | yes |\n", "panel")
    source = '[[sources]]\npattern = "raw/{}.csv"\ninstrument = "panel"\nwave = "baseline"\nmode = "record"\n'
    source += 'channel = "x"\n'
    campaign.settings(source.format("a") + source.format("b") + 'absent = ["w"]\n')
    campaign.raw("b.csv", [["jia"]], header=["bank"])
    campaign.ingest()
    assert accepted_answers(campaign.store, "panel")["weight"].tolist() == [1.0]
    campaign.raw("a.csv", [["jia", "30"]], header=["bank", "w"])
    campaign.ingest()
    weights = accepted_answers(campaign.store, "panel")["weight"].tolist()
    assert (weights[0], pd.isna(weights[1])) == (30.0, True)

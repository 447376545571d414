"""What the reports say of other ways of scoring, another mix, lost weights and the other banks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools.report import robustness, tables
from evaltools.report.conclusions import flag_text
from evaltools.report.labels import Labels
from evaltools.report.league import rank_league
from evaltools.report.table import Cell
from evaltools.report.wording import say


def test_each_judged_bank_has_its_share_and_what_it_becomes_otherwise(campaign: Any, labels: Labels) -> None:
    table = robustness.sensitivity_table(campaign.sensitivity(), labels=labels)
    lines = table.text.split("\n")
    assert lines[1] == "银行\t结论\t结论不变\t九成算法的变化（分）、名次"
    assert lines[2].split("\t")[2] == "60% 40%不作判断"
    assert lines[2].split("\t")[3].endswith(" 第2至第4名")
    assert len(lines) == 2 + 9 + 1
    assert "集中度50" in lines[-1]
    assert "1.25倍" in lines[-1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_summary_names_the_banks_whose_conclusion_hangs_on_the_choices(
    campaign: Any, labels: Labels, lang: Any
) -> None:
    said = say("county.sensitivity", campaign.sensitivity(), labels=labels, lang=lang).text
    shaky = campaign.sensitivity().verdicts.query("holds_share < 0.95")["bank"]
    assert all(labels.bank(bank, lang) in said for bank in shaky)
    assert labels.bank("coop", lang) not in said
    assert ("权重" if lang == "zh" else "the weights") in said


def test_a_bank_that_is_not_judged_has_no_share_and_no_relative_change(campaign: Any) -> None:
    assert (
        say("card.sensitivity", campaign.sensitivity(), bank="policy").text == "该银行未通过数据门槛，不作稳健性分析。"
    )
    assert say("card.relative", campaign.relative(), bank="policy").text == "没有可比的其他银行，不列相对变化。"
    assert "60%的算法" in say("card.sensitivity", campaign.sensitivity(indices=False), bank="icbc").text


def test_the_relative_change_stands_beside_the_absolute_one(campaign: Any, labels: Labels) -> None:
    table = tables.verdict_table(campaign.verdicts(), campaign.composite(), campaign.relative(), labels=labels)
    headers = [column.header for column in table.columns]
    assert headers[2:4] == ["变化（95%区间，分）", "相对其他银行（95%区间，分）"]
    assert "不作判断" in table.text.split("\n")[-3]


def test_ranks_of_scoring_replace_those_of_intervals(campaign: Any, labels: Labels) -> None:
    judged = [bank for bank in campaign.ranks()["bank"].unique() if bank not in ("village_a", "policy")]
    league = rank_league(campaign.composite(), judged, campaign.ranks())
    assert league.frame["rank_low"].tolist() == [1, 1, 1, 2, 3, 4, 5, 6, 7]
    assert league.pairs_apart == sum(max(0, place - 2) for place in range(9))
    text = tables.league_table(campaign.verdicts(), campaign.composite(), campaign.ranks(), labels=labels).text
    assert "第1至第4名 与3家分不出先后" in text


def test_unranked_banks_fall_back_to_their_intervals(campaign: Any) -> None:
    judged = list(campaign.ranks()["bank"].unique())
    nobody = campaign.ranks().assign(simultaneous_low=np.nan)
    assert rank_league(campaign.composite(), judged, nobody).frame.equals(
        rank_league(campaign.composite(), judged).frame
    )


def test_contributions_of_dimensions_add_up_on_the_card(campaign: Any, labels: Labels) -> None:
    table = tables.dimension_table(
        campaign.dimensions(), campaign.verdicts(), campaign.composite(), campaign.contributions(), bank="icbc",
        labels=labels,
    )  # fmt: skip
    own = next(one for one in table.columns if one.header == "贡献（分）、权重")
    cells = [(cell.text, cell.below) for cell in own.cells if isinstance(cell, Cell)]
    assert cells[0] == ("+8.2", "100%")
    assert cells[1] == ("+1.6", "20%")  # 20 % of 8.2
    assert len(cells) == 6


def test_mix_and_reversal_are_told_or_why_not(campaign: Any, labels: Labels) -> None:
    assert (
        robustness.mix_table(campaign.mix(), labels=labels).text
        == "没有给出企业总体各层的企业数，不能按总体构成计算变化；以上均为原始变化，含两轮答卷企业构成不同的影响。"
    )
    mix = pd.DataFrame(
        [("icbc", 3.0, -1.0, 4.0, 5.0, "mix_reversal"), ("policy", np.nan, np.nan, np.nan, np.nan, "")],
        columns=["bank", "raw", "standardised", "mix_effect", "cells", "flag"],
    )
    assert robustness.mix_table(mix, labels=labels).text.split("\n")[2] == (
        "云河县工商银行支行\t+3.0\t−1.0 按总体构成计算的变化方向相反\t+4.0"
    )


def test_lost_weights_are_listed_with_reason_and_heirs(campaign: Any, labels: Labels) -> None:
    line = robustness.lost_table(campaign.lost_weights(), labels=labels).text.split("\n")[2]
    assert line == "云河信用合作社\t走流程环节\t走访网点太少\t1.0%\t同一维度的2项指标"
    none = robustness.lost_table(campaign.lost_weights().iloc[:0], labels=labels)
    assert none.text == "没有缺失的指标，各银行都用到全部指标。"


def test_a_fragile_verdict_says_what_it_would_be() -> None:
    assert flag_text("fragile:improved", "zh") == "去掉存疑答卷后，结论变为“有改善，超出抽样误差”"
    assert "meaningful one is not ruled out" in flag_text("fragile:no_detectable_change/cannot_tell", "en")


def test_an_interval_beyond_the_indicators_own_delta_is_said(campaign: Any, labels: Labels) -> None:
    changes = campaign.change()
    own = (changes["bank"] == "icbc") & (changes["indicator"].isin(["sat_access", "approved"]))
    changes = changes.assign(meaning=np.where(own, "beyond_delta", ""))
    text = tables.indicator_table(changes, campaign.verdicts(), bank="icbc", labels=labels).text
    assert text.count("区间全部超出±") == 2
    assert "区间全部超出±0.25" in text
    assert "区间全部超出±10个百分点" in text

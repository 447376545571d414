"""Banks at one mix of firms: raw beside adjusted, and who lies outside the funnel."""

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.scoring.explaining.bank_mix import BANK_COLUMNS, compare_banks
from evaltools.stats import adjust_case_mix, shrink

FIRMS = {"a": (8, 2), "b": (2, 8), "c": (4, 4)}  # small and medium firms; in all 14 of each


def answers_of(make_answers, firms, level, *, gain=0.0):
    """Medium firms rate one point higher than small ones; half of each are half a point above, half below."""
    cells, strata = {}, []
    for bank, sizes in firms.items():
        for late, wave in enumerate(("baseline", "endline")):
            values = []
            for medium, count in enumerate(sizes):
                noise = [0.5 if k % 2 else -0.5 for k in range(count)]
                values += [level[bank] + medium + one + gain * late * (bank == "a") for one in noise]
                strata += ["medium" if medium else "small"] * count
            cells[bank, wave] = {"q": values}
    return make_answers(cells).assign(stratum=strata)


@pytest.fixture
def framework(rated):
    return rated({"quality": ["q"]})


def row(found, bank, of):
    return found.set_index(["bank", "of"]).loc[(bank, of)]


def test_a_bank_with_easy_firms_is_drawn_to_what_all_firms_would_say(steps, framework, make_answers):
    level = {"a": 3.0, "b": 3.0, "c": 3.0}
    found = compare_banks(*gated(steps(framework, answers_of(make_answers, FIRMS, level, gain=1.0))))
    assert tuple(found.columns) == BANK_COLUMNS
    assert row(found, "a", "level")["raw"] == pytest.approx(4.2)
    assert row(found, "b", "level")["raw"] == pytest.approx(3.8)
    adjusted = [row(found, bank, "level")["adjusted"] for bank in "abc"]
    assert adjusted == pytest.approx([4.5, 3.5, 3.5])
    assert row(found, "a", "change")["adjusted"] == pytest.approx(1.0)


def gated(steps):
    return steps.data, steps.gate


def test_it_is_the_case_mix_of_stats_with_its_covariance(steps, framework, make_answers):
    scored = steps(framework, answers_of(make_answers, FIRMS, {"a": 3.0, "b": 2.5, "c": 3.5}, gain=1.0))
    found = compare_banks(*gated(scored))
    source = scored.data.of_source("survey")
    own = adjust_case_mix(source.frame, "q", "bank", "mix", source.design, "wave", waves=scored.data.waves)
    changes = found[found["of"] == "change"]
    for name, of_stats in (("adjusted", "adjusted_change"), ("se", "se"), ("ci_low", "ci_low"), ("df", "df")):
        assert changes[name].to_numpy() == pytest.approx(own.frame[of_stats].to_numpy())
    drawn = shrink(own.frame["adjusted_change"], own.frame["se"], covariance=own.covariance)
    assert changes["shrunken"].to_numpy() == pytest.approx(drawn["shrunken"].to_numpy())


def test_size_and_sector_of_a_stratum_count_one_by_one(steps, framework, make_answers):
    table = answers_of(make_answers, FIRMS, {"a": 3.0, "b": 2.5, "c": 3.5})
    table["stratum"] += np.where(np.arange(len(table)) % 4 < 2, "/farming", "/trade")
    table["psu"] = [f"f{k}" for k in range(len(table))]
    found = compare_banks(*gated(steps(framework, table)))
    split = table.assign(q=table["q"].astype(float), w=1.0)
    split[["size", "sector"]] = split["stratum"].str.split("/", expand=True).to_numpy()
    own = adjust_case_mix(split[split["wave"] == "endline"], "q", "bank", ["size", "sector"])
    levels = found[found["of"] == "level"]
    assert levels["adjusted"].to_numpy() == pytest.approx(own.frame["adjusted"].to_numpy())


def test_without_strata_adjusted_is_raw_and_says_so(steps, framework, make_answers):
    table = answers_of(make_answers, FIRMS, {"a": 3.0, "b": 2.5, "c": 3.5}).assign(stratum="all")
    found = compare_banks(*gated(steps(framework, table)))
    assert found["adjusted"].to_numpy() == pytest.approx(found["raw"].to_numpy())
    assert all("no_mix" in flag for flag in found["flag"])
    assert found["ci_low"].notna().all()


def test_few_firms_are_neither_shown_nor_used(steps, framework, make_answers):
    level = {"a": 3.0, "b": 2.5, "c": 3.5, "few": 3.0}
    found = compare_banks(*gated(steps(framework, answers_of(make_answers, FIRMS | {"few": (1, 1)}, level))))
    hidden = found[found["bank"] == "few"]
    assert hidden["flag"].tolist() == ["small_cell", "small_cell"]
    assert hidden.drop(columns=["bank", "indicator", "of", "n", "outside", "flag"]).isna().all(axis=None)
    assert set(hidden["outside"]) == {""}
    without = compare_banks(*gated(steps(framework, answers_of(make_answers, FIRMS, level))))
    shown = found[(found["bank"] == "a") & (found["of"] == "level")]
    # its firms enter the mix of all firms; its value enters no mean of banks
    assert shown["raw"].iloc[0] == pytest.approx(without["raw"].iloc[0])


def test_a_bank_that_fails_the_gate_has_levels_and_no_change(steps, make_answers, rated):
    strict = rated(
        {"quality": ["q"]}, gate={"source": "survey", "answers": 9, "psus": 3, "weight_share": 0.8, "min_cell": 3}
    )
    found = compare_banks(*gated(steps(strict, answers_of(make_answers, FIRMS, {"a": 3.0, "b": 2.5, "c": 3.5}))))
    assert np.isnan(row(found, "c", "change")["adjusted"])
    assert row(found, "c", "change")["flag"] == "gate"
    assert row(found, "c", "level")["adjusted"] > 0


def test_a_bank_far_from_the_others_lies_outside_after_correction_too(steps, framework, make_answers):
    firms = {f"bank{k}": (6, 6) for k in range(11)} | {"far": (6, 6)}
    level = {bank: 2.0 + 0.02 * k for k, bank in enumerate(firms)} | {"far": 4.4}
    found = compare_banks(*gated(steps(framework, answers_of(make_answers, firms, level))))
    levels = found[found["of"] == "level"].set_index("bank")
    assert levels["outside"].to_dict() == dict.fromkeys(firms, "") | {"far": "above"}
    assert levels.loc["far", "p_bh"] < 0.05 < levels["p_bh"].drop("far").min()
    assert levels.loc["far", "expected_shift"] < 0
    assert (levels["p_bh"] >= levels["p"]).all()


def test_answers_on_banks_outside_the_campaign_do_not_enter_the_mix(steps, framework, make_answers):
    level = {"a": 3.0, "b": 3.0, "c": 3.0, "other": 3.0}
    table = answers_of(make_answers, FIRMS | {"other": (0, 40)}, level)
    found = compare_banks(*gated(steps(framework, table, "a", "b", "c")))
    assert found["bank"].unique().tolist() == ["a", "b", "c"]
    assert row(found, "a", "level")["adjusted"] == pytest.approx(3.5)


def test_the_wave_of_the_levels_can_be_chosen(steps, framework, make_answers):
    data, gate = gated(steps(framework, answers_of(make_answers, FIRMS, dict.fromkeys("abc", 3.0), gain=1.0)))
    assert row(compare_banks(data, gate, "baseline"), "a", "level")["adjusted"] == pytest.approx(3.5)
    with pytest.raises(UsageError, match="option-value"):
        compare_banks(data, gate, "midline")


def test_without_answers_there_are_no_rows(steps, framework, make_answers):
    empty = answers_of(make_answers, FIRMS, dict.fromkeys("abc", 3.0)).iloc[:0]
    found = compare_banks(*gated(steps(framework, empty, "a", "b")))
    assert isinstance(found, pd.DataFrame)
    assert found.empty

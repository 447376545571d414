"""Change in parts: who stayed, left and came; nothing of a group too small to be shown, by whatever way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools.scoring.explaining.description import (
    CHANGE_COLUMNS,
    LEAVER_COLUMNS,
    PARTS,
    PRESENCE,
    RATE_COLUMNS,
    describe_change,
)
from evaltools.stats import check_ordinal, split_change, standardised_effect, superiority


@pytest.fixture
def framework(rated):
    return rated({"quality": ["q", "days"]}, days={"unit": "days", "goalposts": {"worst": 30, "best": 2}})


def answers_of(make_answers, stay, leave, come, *, banks="ab", seed=3):
    """Firms of each bank: the first `stay` in both waves, then those that leave, then those that are new."""
    rng = np.random.default_rng(seed)
    cells, psu = {}, []
    for bank in banks:
        for wave, n, first in (("baseline", stay + leave, stay), ("endline", stay + come, stay + leave)):
            cells[bank, wave] = {
                "q": rng.integers(1, 6, n).tolist(), "days": rng.normal(12, 3, n).tolist()
            }  # fmt: skip
            psu += [f"{bank}{k if k < stay else first + k - stay}" for k in range(n)]
    table = make_answers(cells)
    return table.assign(psu=psu)


def described(steps, *args, **options):
    found = steps(*args, **options)
    return describe_change(found.data, found.gate), found


def pick(found, bank, name):
    return found.changes[(found.changes["bank"] == bank) & (found.changes["indicator"] == name)].set_index("part")


def test_who_stayed_left_and_came_are_told_apart(steps, framework, make_answers):
    table = answers_of(make_answers, 6, 4, 5)
    found, _ = described(steps, framework, table)
    assert tuple(found.changes.columns) == CHANGE_COLUMNS
    own = pick(found, "a", "q")
    assert own.index.tolist() == list(PARTS)
    before, after = (table[(table["bank"] == "a") & (table["wave"] == wave)] for wave in ("baseline", "endline"))
    stayed = before["psu"].isin(after["psu"])
    assert own.loc["left_baseline", "estimate"] == pytest.approx(before.loc[~stayed, "q"].astype(float).mean())
    assert own.loc["panel_baseline", "estimate"] == pytest.approx(before.loc[stayed, "q"].astype(float).mean())
    new = ~after["psu"].isin(before["psu"])
    assert own.loc["new_endline", "estimate"] == pytest.approx(after.loc[new, "q"].astype(float).mean())
    rates = found.attrition.set_index("bank").loc["a"]
    assert (rates["n_baseline"], rates["n_left"], rates["rate"]) == (10, 4, pytest.approx(0.4))


def test_parts_are_those_of_stats(steps, framework, make_answers):
    table = answers_of(make_answers, 6, 6, 6).assign(stratum=["small", "medium"] * 24)
    table["stratum"] = table["psu"].str[1:].astype(int).mod(2).map({0: "small", 1: "medium"})
    found, scored = described(steps, framework, table)
    source, waves = scored.data.of_source("survey"), scored.data.waves
    options = {"by": "bank", "wave": "wave", "design": source.design, "waves": waves}
    split = split_change(source.frame, ["q"], mix="mix", **options).set_index(["bank", "part"])["estimate"]
    order = check_ordinal(source.frame, "q", **options).set_index("bank")["log_odds"]
    effect = standardised_effect(source.frame, ["q"], **options).set_index("bank")["effect"]
    above = superiority(source.frame, ["q"], **options).set_index("bank")["superiority"]
    for bank in "ab":
        own = pick(found, bank, "q")["estimate"]
        assert own["rate"] == pytest.approx(split[bank, "rate"], nan_ok=True)
        assert own["composition"] == pytest.approx(split[bank, "composition"], nan_ok=True)
        assert own["log_odds"] == pytest.approx(order[bank])
        assert own["effect"] == pytest.approx(effect[bank])
        assert own["superiority"] == pytest.approx(above[bank])
    assert "log_odds" not in pick(found, "a", "days").index  # days are numbers, not steps of a scale


def test_a_group_that_could_be_worked_out_from_the_others_hides_them(steps, framework, make_answers):
    """Two firms left: their mean is that of all less that of those who stayed."""
    found, _ = described(steps, framework, answers_of(make_answers, 8, 2, 5))
    own = pick(found, "a", "q")
    assert set(own.loc[list(PRESENCE), "flag"]) == {"small_cell"}
    assert own.loc[list(PRESENCE), "estimate"].isna().all()
    assert own.loc["effect", "estimate"] == own.loc["effect", "estimate"]
    leavers = found.leavers
    assert set(leavers["flag"]) == {"small_cell"}
    assert leavers[["stayed", "left", "difference", "p_bh"]].isna().all(axis=None)
    assert found.attrition["rate"].notna().all()  # how many left is no answer of theirs


def test_a_full_panel_has_a_change_and_nobody_who_left(steps, framework, make_answers):
    found, _ = described(steps, framework, answers_of(make_answers, 8, 0, 0))
    own = pick(found, "a", "q")
    assert own.loc["panel_change", "estimate"] == own.loc["panel_change", "estimate"]
    assert own.loc["left_baseline", "flag"] == "no_answers"
    assert set(found.attrition["rate"]) == {0.0}


def test_where_nobody_knows_who_answered_twice_groups_are_not_told(steps, framework, make_answers):
    table = answers_of(make_answers, 0, 8, 8).assign(overlap_known=False)
    found, _ = described(steps, framework, table)
    own = pick(found, "a", "q")
    assert set(own.loc[list(PRESENCE), "flag"]) == {"overlap_unknown"}
    assert set(found.attrition["flag"]) == {"overlap_unknown"}
    assert found.attrition["rate"].isna().all()
    assert own.loc["superiority", "estimate"] > 0


def test_a_bank_that_fails_the_gate_has_no_change_in_any_form(steps, rated, make_answers):
    strict = rated(
        {"quality": ["q"]}, gate={"source": "survey", "answers": 40, "psus": 3, "weight_share": 0.8, "min_cell": 3}
    )
    found, _ = described(steps, strict, answers_of(make_answers, 8, 4, 4))
    assert set(found.changes["flag"]) == set(found.leavers["flag"]) == {"gate"}
    assert found.changes[["estimate", "se", "ci_low", "p"]].isna().all(axis=None)


def test_without_strata_there_is_no_split(steps, framework, make_answers):
    found, _ = described(steps, framework, answers_of(make_answers, 6, 6, 6))
    own = pick(found, "a", "q")
    assert own.loc[["rate", "composition"], "flag"].tolist() == ["no_mix", "no_mix"]
    assert own.loc[["rate", "composition"], "estimate"].isna().all()
    assert (
        own.loc["rate", ["n_baseline", "n_endline"]].tolist() == own.loc["effect", ["n_baseline", "n_endline"]].tolist()
    )


def test_one_firm_in_a_wave_has_nothing_to_describe(steps, framework, make_answers):
    table = answers_of(make_answers, 6, 0, 6, banks="a")
    found, _ = described(steps, framework, pd.concat([table.iloc[:1], table[table["wave"] == "endline"]]))
    assert [len(found.changes), len(found.attrition), len(found.leavers)] == [0, 0, 0]


def test_one_wave_has_nothing_to_describe(steps, framework, make_answers):
    table = answers_of(make_answers, 6, 6, 6)
    found, _ = described(steps, framework, table[table["wave"] == "baseline"])
    assert [len(found.changes), len(found.attrition), len(found.leavers)] == [0, 0, 0]
    assert tuple(found.attrition.columns) == RATE_COLUMNS
    assert tuple(found.leavers.columns) == LEAVER_COLUMNS


@given(stay=st.integers(3, 9), leave=st.integers(0, 6), come=st.integers(0, 6), blank=st.integers(0, 8),
       seed=st.integers(0, 99))  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_group_is_told_that_has_fewer_firms_than_may_be_shown(
    stay, leave, come, blank, seed, steps, framework, make_answers
):
    table = answers_of(make_answers, stay, leave, come, banks="a", seed=seed)
    table.loc[table.index[: min(blank, len(table))], "q"] = None
    found, scored = described(steps, framework, table)
    least = scored.data.framework.gate.min_cell
    waves = table.groupby("psu")["wave"].nunique()
    answered = table[table["q"].notna()].drop_duplicates(["psu", "wave"])
    groups = pd.crosstab(answered["psu"].map(waves), answered["wave"])
    told = pick(found, "a", "q")["estimate"].reindex(PRESENCE).notna().any()
    if told:
        assert all(count == 0 or count >= least for count in groups.to_numpy().ravel())

"""Panel, left and new: what each part is, and that they account for the change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, change, change_by_presence

FIRMS = Design(psu="firm")
DOMAIN = Design(weight="weight", stratum="stratum", psu="firm", df="domain")

# a and b stay, c and d leave, e and f are new
SMALL = pd.DataFrame({
    "firm": list("abcdabef"), "wave": [1, 1, 1, 1, 2, 2, 2, 2], "score": [2.0, 4, 1, 1, 3, 6, 5, 4],
})  # fmt: skip


def parts(table, column="estimate"):
    return table.set_index("part")[column]


def test_parts_by_hand():
    got = parts(change_by_presence(SMALL, "score", design=FIRMS))
    assert got.to_dict() == {
        "change": 2.5, "panel_change": 1.5, "turnover": 1.0, "panel_baseline": 3.0, "panel_endline": 4.5,
        "left_baseline": 1.0, "left_difference": -2.0, "new_endline": 4.5, "new_difference": 0.0,
    }  # fmt: skip
    counts = change_by_presence(SMALL, "score", design=FIRMS).set_index("part")
    assert counts.loc["change", ["n_baseline", "n_endline"]].tolist() == [4, 4]
    assert counts.loc["left_baseline", ["n_baseline", "n_endline"]].tolist() == [2, 0]
    assert counts.loc["new_difference", ["n_baseline", "n_endline"]].tolist() == [0, 4]


def test_levels_have_no_p_and_differences_have(draw):
    got = change_by_presence(draw(9, firms=60), "score", design=DOMAIN)
    levels = got["part"].str.fullmatch("(panel|left)_baseline|(panel|new)_endline")
    assert got.loc[levels, "p"].isna().all()
    assert got.loc[~levels, "p"].notna().all()


def test_change_is_that_of_change_and_the_parts_account_for_it(draw):
    frame = draw(12, firms=80)
    got = change_by_presence(frame, ["score", "days"], "bank", design=DOMAIN)
    wide = got.pivot_table(index=["bank", "item"], columns="part", values="estimate")
    plain = change(frame, ["score", "days"], "bank", design=DOMAIN).set_index(["bank", "item"])
    whole = got[got["part"] == "change"].set_index(["bank", "item"])
    for column in ("se", "df", "ci_low", "ci_high", "p", "n_baseline", "n_endline"):
        np.testing.assert_allclose(whole.loc[plain.index, column], plain[column], rtol=1e-9)
    np.testing.assert_allclose(wide.loc[plain.index, "change"], plain["change"], rtol=1e-11)
    for (bank, item), row in wide.iterrows():
        left, new = (one_wave_share(frame, bank, item, wave) for wave in ("baseline", "endline"))
        total = row["panel_change"] + new * row["new_difference"] - left * row["left_difference"]
        assert total == pytest.approx(row["change"], rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(wide["turnover"], wide["change"] - wide["panel_change"], atol=1e-12)


def one_wave_share(frame, bank, item, wave):
    rows = frame[frame["bank"] == bank]
    here = rows[(rows["wave"] == wave) & rows[item].notna()]
    alone = ~here["firm"].isin(rows.loc[rows["wave"] != wave, "firm"])
    return here.loc[alone, "weight"].sum() / here["weight"].sum()


def test_a_panel_is_of_the_domain():
    """A firm that changes its bank has left one and is new in the other."""
    rows = SMALL.assign(bank=["x", "x", "x", "x", "x", "y", "x", "x"])
    got = change_by_presence(rows, "score", "bank", design=FIRMS).set_index(["bank", "part"])
    assert got.loc[("x", "panel_baseline"), "n_baseline"] == 1
    assert got.loc[("y", "new_endline"), "estimate"] == 6.0
    assert got.loc[("y", "panel_change"), "flag"] == "no_answers"


def test_rows_of_weight_zero_make_no_panel():
    rows = SMALL.assign(weight=[1.0, 1, 1, 1, 0, 1, 1, 1])
    got = change_by_presence(rows, "score", design=Design(weight="weight", psu="firm")).set_index("part")
    assert got.loc["panel_baseline", "n_baseline"] == 1
    assert got.loc["left_baseline", "n_baseline"] == 3


def test_without_a_panel_only_all_can_be_compared():
    rows = SMALL.assign(firm=list("abcdefgh"))
    got = change_by_presence(rows, "score", design=FIRMS).set_index("part")
    assert got.loc["change", "estimate"] == 2.5
    assert (got.loc[["panel_change", "turnover", "left_difference"], "flag"] == "no_answers").all()


def test_the_respondent_is_the_last_stage():
    """Both towns are there again; of the four firms only one."""
    rows = pd.DataFrame({"town": list("ttuuttuu"), "firm": [1, 2, 1, 2, 1, 3, 3, 4], "wave": [1] * 4 + [2] * 4,
                         "score": [1.0, 2, 3, 4, 2, 3, 4, 5]})  # fmt: skip
    got = change_by_presence(rows, "score", design=Design(psu=("town", "firm"))).set_index("part")
    assert got.loc["panel_change", ["n_baseline", "n_endline"]].tolist() == [1, 1]
    assert got.loc["left_baseline", "n_baseline"] == 3


def test_without_a_psu_nobody_can_be_found_again():
    with pytest.raises(UsageError, match="Design must name psu"):
        change_by_presence(SMALL, "score", design=Design())
    with pytest.raises(UsageError, match="cannot stand in by"):
        change_by_presence(SMALL.assign(part="x"), "score", "part", design=FIRMS)

"""`change` and `combine` against R survey 4.1.1 on the seeded tables; each test names its entry of reference.json."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import Design, change, combine, estimate_change, totals

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def equal(got, expected):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=1e-8)


def assert_changes(got, expected, by="bank"):
    assert got[by].tolist() == expected["domain"]
    for column in ("baseline", "endline", "change", "se"):
        equal(got[column], expected[column])


@pytest.mark.parametrize("item", ["score", "days"])
def test_change_of_means_with_partial_overlap(table, r_value, item):
    """change-score, change-days: stacked waves, firms that rate two banks, answers missing."""
    assert_changes(change(table("answers"), [item], by="bank", design=FIRMS), r_value(f"change-{item}"))


def test_change_from_totals_of_chunks(table, r_value):
    """change-days once more, from Totals of three chunks that share firms."""
    frame = table("answers")
    parts = [totals(frame.iloc[k::3], ["days"], "bank", "wave", FIRMS) for k in range(3)]
    assert_changes(change(parts[0] + parts[1] + parts[2], ["days"]), r_value("change-days"))


def test_change_with_fpc_is_flagged(table, r_value):
    """change-score-fpc: equals R, and says that overlap is partial."""
    got = change(table("answers"), "score", by="bank", design=Design("weight", "stratum", "firm", "fpc"))
    assert_changes(got, r_value("change-score-fpc"))
    assert got["flag"].str.contains("fpc_union").all()


def test_change_by_overlap_pattern(table, r_value):
    """change-score-pattern: R with strata = stratum x overlap pattern of the firm."""
    design = Design("weight", "stratum", "firm", overlap="pattern", lonely_psu="adjust")
    assert_changes(change(table("answers"), "score", by="bank", design=design), r_value("change-score-pattern"))


def test_change_of_totals(table, r_value):
    """change-total-paid."""
    got = change(table("answers"), "paid", by="bank", design=FIRMS, stat="total")
    assert_changes(got, r_value("change-total-paid"))


def test_change_of_ratios(table, r_value):
    """change-ratio."""
    got = change(table("answers"), [("paid", "asked")], by="bank", design=FIRMS, stat="ratio")
    assert_changes(got, r_value("change-ratio"))


def test_change_in_two_stages(table, r_value):
    """stages-change: villages within towns, population counts of both stages."""
    design = Design(stratum="region", psu=("town", "village"), fpc=("towns", "villages"))
    assert_changes(change(table("stages"), "income", by="sex", design=design), r_value("stages-change"), by="sex")


@pytest.mark.parametrize("option", ["remove", "adjust", "average", "certainty"])
def test_change_with_a_lonely_firm(table, r_value, option):
    """lonely-*: in a change "average" counts all strata, as R's covariance over domains does."""
    design = Design("weight", "stratum", "firm", lonely_psu=option)
    assert_changes(change(table("single"), "score", by="bank", design=design), r_value(f"lonely-{option}")["change"])


def test_combination_of_items_keeps_covariance_between_items_and_banks(table, r_value):
    """combination: svyrecvar of the combined linearised values; firms that rate two banks tie the banks together."""
    expected = r_value("combination")
    found = estimate_change(table("answers"), ["score", "days", "solved"], by="bank", design=FIRMS)
    got = combine(found, np.array(expected["weights"], float))
    for name in ("baseline", "endline", "change", "se_baseline", "se_endline"):
        equal(getattr(got, name), expected[name])
    equal(got.covariance, expected["covariance"])
    equal(got.se, np.sqrt(np.diag(expected["covariance"])))
    off_diagonal = got.covariance[np.triu_indices(4, 1)]
    assert np.abs(off_diagonal).max() > 0.05 * got.covariance.diagonal().min()


def test_covariance_between_banks_of_one_item(table, r_value):
    """change-score: the full matrix between the banks' changes."""
    found = estimate_change(table("answers"), ["score"], by="bank", design=FIRMS)
    equal(combine(found, np.ones((4, 1))).covariance, r_value("change-score")["covariance"])

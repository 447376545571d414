"""The proportional odds model, and the check that stands beside a change of means."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import Design, check_ordinal
from evaltools.stats.regression.ordinal import fit_odds

FIRMS = Design(psu="firm")


def waves(baseline: list[int], endline: list[int], **columns: object) -> pd.DataFrame:
    """Answers of firms that are in one wave only."""
    frame = pd.DataFrame({"score": [*baseline, *endline], "wave": ["b"] * len(baseline) + ["e"] * len(endline)})
    return frame.assign(firm=range(len(frame)), **columns)


def test_coefficients_equal_statsmodels():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(1)
    late = rng.integers(0, 2, 300)
    y = np.digitize(rng.logistic(0.7 * late, 1), [-1, 0, 1.5])
    model = OrderedModel(y, late[:, None].astype(float), distr="logit").fit(method="newton", disp=False, tol=1e-12)
    assert fit_odds(pd.crosstab(late, y).to_numpy(float)).log_odds == pytest.approx(model.params[0], rel=1e-8)


def test_two_categories_are_a_table_of_two_by_two():
    fit = fit_odds(np.array([[10.0, 5], [4, 12]]))
    assert fit.log_odds == pytest.approx(np.log(12 * 10 / (4 * 5)))
    # the influence gives Woolf's variance
    variance = (np.array([[10.0, 5], [4, 12]]) * fit.influence**2).sum()
    assert variance == pytest.approx(1 / 10 + 1 / 5 + 1 / 4 + 1 / 12)


def test_categories_nobody_chose_say_nothing():
    table = np.array([[3.0, 6, 4], [1, 5, 9]])
    assert fit_odds(np.insert(table, 1, 0, axis=1)).log_odds == pytest.approx(fit_odds(table).log_odds)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=6))
def test_a_shift_exists_unless_the_groups_lie_apart(columns):
    """They do where no answer of one lies above any of the other; then there is a reason, else the scores sum to 0."""
    table = np.array(columns, float).T
    if (table.sum(axis=1) == 0).any():
        return
    first, second = (np.flatnonzero(row) for row in table)
    fit = fit_odds(table)
    if first.max() == first.min() == second.max() == second.min():
        assert fit.reason == "one_category"
    elif first.max() <= second.min() or second.max() <= first.min():
        assert fit.reason == "separated"
    else:
        assert fit.reason == ""
        assert (table * fit.influence).sum() == pytest.approx(0, abs=1e-8)


def test_reversing_the_scale_or_the_waves_changes_the_sign():
    table = np.array([[3.0, 6, 4, 2], [1, 5, 9, 7]])
    forward = fit_odds(table).log_odds
    assert fit_odds(table[:, ::-1]).log_odds == pytest.approx(-forward)
    assert fit_odds(table[::-1]).log_odds == pytest.approx(-forward)


def test_reasons():
    frame = pd.concat(
        [
            waves([1, 2, 2, 1], [3, 4, 5, 4], bank="apart"), waves([3, 3, 3], [3, 3], bank="equal"),
            waves([1, 2, 4], [], bank="gone"), waves([1, 2, 3, 4, 5, 2], [2, 3, 5, 4, 5, 3], bank="plain"),
        ]
    ).assign(firm=range(28))  # fmt: skip
    got = check_ordinal(frame, "score", "bank", design=FIRMS).set_index("bank")
    assert got["flag"].tolist() == ["separated", "one_category", "no_answers", ""]
    assert got.loc[["apart", "equal", "gone"], ["log_odds", "se", "df", "ci_low", "p"]].isna().all(axis=None)
    assert got.loc["plain", ["n_baseline", "n_endline"]].tolist() == [6, 6]
    assert got.loc["plain", "df"] == len(frame) - 1 - 1


def test_agreement_and_disagreement():
    """A few very low answers pull the mean down while most firms moved up: the two ways of looking differ."""
    baseline = [4] * 30 + [5] * 10
    endline = [5] * 34 + [1] * 6
    frame = pd.concat([waves(baseline, endline, bank="pulled"), waves([2, 3, 4] * 15, [3, 4, 5] * 15, bank="moved")])
    got = check_ordinal(frame.assign(firm=range(len(frame))), "score", "bank", design=FIRMS).set_index("bank")
    assert got.loc["pulled", "change"] == pytest.approx(4.4 - 4.25)
    assert got.loc["pulled", "p_change"] > 0.05 > got.loc["pulled", "p"]
    assert got.loc["pulled", "flag"] == "disagrees"
    assert got.loc["moved", "flag"] == ""
    assert max(got.loc["moved", ["p", "p_change"]]) < 0.001


def test_firms_in_both_waves_count():
    """The same answers, once from the same firms and once from others: the covariance narrows the interval."""
    baseline, endline = [1, 2, 3, 4, 5, 2, 3, 4] * 4, [2, 2, 4, 5, 5, 3, 3, 5] * 4
    frame = waves(baseline, endline)
    panel = frame.assign(firm=[*range(32), *range(32)])
    apart, paired = (check_ordinal(part, "score", design=FIRMS).iloc[0] for part in (frame, panel))
    assert paired["log_odds"] == pytest.approx(apart["log_odds"])
    assert paired["se"] < 0.7 * apart["se"]
    unknown = check_ordinal(frame, "score").iloc[0]
    assert unknown["flag"].startswith("overlap_unknown")
    assert unknown["se"] == pytest.approx(apart["se"])


def test_declared_waves_and_named_waves():
    frame = waves([1, 2, 3, 2], [2, 3, 4, 3]).replace({"wave": {"b": "pre", "e": "post"}})
    declared = frame.assign(wave=pd.Categorical(frame["wave"], ["pre", "post"], ordered=True))
    named = check_ordinal(frame, "score", waves=("pre", "post"), design=FIRMS)
    pd.testing.assert_frame_equal(check_ordinal(declared, "score", design=FIRMS), named)
    assert named["log_odds"][0] > 0


def test_a_quantity_is_no_ordered_scale():
    with pytest.raises(UsageError, match=r"regression-too-many-answers.*score has 30 distinct"):
        check_ordinal(waves(list(range(30)), [1, 2]), "score", design=FIRMS)

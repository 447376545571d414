"""Survival curves: counted by hand, flags, and clusters of one case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import survival_curve

TIME, EVENT = [2, 3, 3, 5, 6], [0, 1, 0, 1, 1]


def test_by_hand():
    """5 cases, one open at 2: 4 at risk at 3 (1 event, 1 open), 2 at 5, 1 at 6: 3/4, 3/8, 0."""
    got = survival_curve(TIME, EVENT)
    assert got["time"].tolist() == [2, 3, 5, 6]
    assert got["n_risk"].tolist() == [5, 4, 2, 1]
    assert got["n_event"].tolist() == [0, 1, 1, 1]
    assert got["n_censored"].tolist() == [1, 1, 0, 0]
    assert got["survival"].tolist() == [1, 0.75, 0.375, 0]
    assert got["se"][1] == pytest.approx(0.75 * np.sqrt(1 / 12))
    assert got["flag"].tolist() == ["no_event_yet", "", "", "none_open"]


def test_limits_of_each_scale():
    plain, log, twice = (survival_curve(TIME, EVENT, conf=conf) for conf in ("plain", "log", "log-log"))
    assert (plain["ci_low"][2], plain["ci_high"][1]) == (0, 1)  # cut
    assert (log["ci_low"][0], log["ci_high"][0]) == (1, 1)
    assert log["ci_high"][1] == 1
    assert twice[["ci_low", "ci_high"]].isna().all(axis=1).tolist() == [True, False, False, True]
    assert ((twice["ci_low"] < twice["survival"]) & (twice["survival"] < twice["ci_high"]))[1:3].all()


def test_without_open_cases_the_error_is_binomial():
    got = survival_curve([1, 2, 3, 4], [1, 1, 1, 1])
    share = got["survival"][:3].to_numpy()
    np.testing.assert_allclose(got["se"][:3], np.sqrt(share * (1 - share) / 4))


def test_clusters_of_one_case_are_nearly_greenwood():
    """The jackknife of single cases and Greenwood differ by terms of order 1/n."""
    rng = np.random.default_rng(3)
    time, event = rng.integers(1, 30, 400), rng.random(400) < 0.7
    got, each = survival_curve(time, event), survival_curve(time, event, cluster=np.arange(400))
    inner = got["survival"] > 0.05
    np.testing.assert_allclose(got["se"][inner], each["se"][inner], rtol=0.02)


def test_cases_doubled_within_clusters_change_nothing_but_the_counts():
    one = survival_curve(TIME, EVENT, cluster=[1, 2, 3, 4, 5])
    two = survival_curve(TIME * 2, EVENT * 2, cluster=[1, 2, 3, 4, 5] * 2)
    np.testing.assert_allclose(two[["survival", "se"]], one[["survival", "se"]])
    assert set(one["flag"].str.split(";").str[-1]) == {"few_clusters"}


def test_groups_are_curves_of_their_own():
    group = pd.Categorical(["pre", "post", "pre", "post", "pre"], categories=["pre", "post"])
    got = survival_curve(TIME, EVENT, group=group)
    assert got["group"].tolist() == ["pre", "pre", "pre", "post", "post"]
    alone = survival_curve([3, 5], [1, 1])
    pd.testing.assert_frame_equal(got[got["group"] == "post"].drop(columns="group").reset_index(drop=True), alone)


def test_no_cases_are_no_rows():
    assert len(survival_curve([], [])) == 0


def test_other_scales_are_refused():
    with pytest.raises(UsageError, match="option-value: conf cannot be 'logit'"):
        survival_curve(TIME, EVENT, conf="logit")

"""Restricted means: by hand, reasons, and change between waves with clusters in both."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.errors import UsageError
from evaltools.stats import change_restricted_mean, restricted_mean

TIME, EVENT = [2, 3, 3, 5, 6], [0, 1, 0, 1, 1]


def test_by_hand():
    """1 up to 3, then .75 up to 5, then .375 up to 6: 3 + 1.5 + .375; up to 4: 3 + .75."""
    got = restricted_mean(TIME, EVENT, 6)
    assert got["estimate"].tolist() == [4.875]
    assert (got["n"][0], got["n_event"][0]) == (5, 3)
    four = restricted_mean(TIME, EVENT, 4)
    assert four["estimate"].tolist() == [3.75]
    assert four["se"][0] == pytest.approx(0.75 * np.sqrt(1 / 12))
    assert four["n_event"].tolist() == [1]


def test_without_open_cases_it_is_the_mean_of_what_is_below_the_horizon():
    time = np.array([1, 2, 4, 7, 9.5])
    got = restricted_mean(time, np.ones(5), 8)
    assert got["estimate"][0] == pytest.approx(np.minimum(time, 8).mean())
    assert got["se"][0] == pytest.approx(np.minimum(time, 8).std() / np.sqrt(5))


def test_open_cases_not_followed_to_the_horizon_give_a_reason():
    got = restricted_mean([2, 3, 5], [1, 1, 0], 6)
    assert got["flag"].tolist() == ["beyond_follow_up"]
    assert got[["estimate", "se", "ci_low", "ci_high"]].isna().all(axis=None)
    assert restricted_mean([2, 3, 5], [1, 1, 0], 5)["flag"].tolist() == [""]
    assert restricted_mean([2, 3, 5], [1, 1, 1], 60)["flag"].tolist() == [""]


def test_nothing_happened_before_the_horizon():
    got = restricted_mean([5, 6], [1, 0], 4)
    assert (got["estimate"][0], got["se"][0], got["flag"][0]) == (4, 0, "no_variation")
    assert got[["ci_low", "ci_high"]].isna().all(axis=None)


def test_no_cases():
    got = restricted_mean([], [], 4)
    assert got["flag"].tolist() == ["no_cases"]


def test_change_is_endline_minus_baseline():
    wave = ["post"] * 5 + ["pre"] * 5
    time = [*TIME, *(value + 1 for value in TIME)]
    got = change_restricted_mean(time, EVENT * 2, 6, wave=wave, waves=("pre", "post"))
    assert got["change"][0] == got["endline"][0] - got["baseline"][0] < 0
    turned = change_restricted_mean(time, EVENT * 2, 6, wave=wave)
    assert turned["change"][0] == -got["change"][0]
    assert turned["p"][0] == got["p"][0]


def test_clusters_with_the_same_cases_in_both_waves_show_no_change_and_no_doubt():
    """The change is 0 in every cluster: its error is 0, though each wave has one."""
    firm = [1, 2, 3, 4, 5]
    got = change_restricted_mean(TIME * 2, EVENT * 2, 6, wave=["a"] * 5 + ["b"] * 5, cluster=firm * 2)
    assert (got["change"][0], got["se"][0]) == (0, 0)
    assert np.isnan(got["p"][0])
    apart = change_restricted_mean(TIME * 2, EVENT * 2, 6, wave=["a"] * 5 + ["b"] * 5)
    assert apart["se"][0] > 0


def test_waves_are_two_and_there():
    with pytest.raises(UsageError, match="waves-two: "):
        change_restricted_mean(TIME, EVENT, 6, wave=["a"] * 5)
    with pytest.raises(UsageError, match="wave-absent: "):
        change_restricted_mean(TIME, EVENT, 6, wave=["a"] * 4 + ["b"], waves=("a", "c"))
    with pytest.raises(UsageError, match="waves-pair: "):
        change_restricted_mean(TIME, EVENT, 6, wave=["a"] * 4 + ["b"], waves=("a", "a"))


@pytest.mark.parametrize("horizon", [0, -1, np.inf, "5", True])
def test_a_horizon_is_a_positive_number(horizon):
    with pytest.raises(UsageError, match="option-range: horizon must lie between 0"):
        restricted_mean(TIME, EVENT, horizon)


def test_limits_with_clusters_are_by_t():
    got = restricted_mean(TIME, EVENT, 6, cluster=[1, 1, 2, 2, 3])
    assert got["df"].tolist() == [2]
    assert got["ci_high"][0] - got["estimate"][0] == pytest.approx(4.302652729911275 * got["se"][0])
    assert restricted_mean(TIME, EVENT, 6)["df"].tolist() == [np.inf]
    alone = restricted_mean(TIME, EVENT, 6, cluster=[1] * 5)
    assert alone["ci_low"].isna().all()


def test_the_change_covers_nothing_with_firms_in_both_waves():
    """400 samples of 12 firms with 3 cases a wave and their own pace, no change: limits hold 0 (error 1.1 %)."""
    rng = np.random.Generator(np.random.Philox(key=6))
    firm = np.repeat(np.arange(12), 6)
    wave = np.tile([0, 0, 0, 1, 1, 1], 12)
    held = plain = 0
    for _ in range(400):
        full = rng.gamma(3, 4, 72) * np.exp(rng.normal(0, 0.5, 12))[firm]
        open_ = rng.uniform(15, 40, 72)
        cases = (np.minimum(full, open_), full <= open_, 15)
        got = change_restricted_mean(*cases, wave=wave, cluster=firm)
        held += got["ci_low"][0] <= 0 <= got["ci_high"][0]
        plain += got["se"][0] < change_restricted_mean(*cases, wave=wave)["se"][0]
    assert 0.94 - 2 * 0.011 <= held / 400 <= 0.98
    assert plain > 200  # sharing firms makes the change surer

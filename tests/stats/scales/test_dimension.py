"""`check_one_factor`: verdicts on known structures, reasons, the seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, check_one_factor
from evaltools.stats.scales.parallel import count_factors, random_eigenvalues

ITEMS = ["q1", "q2", "q3", "q4", "q5", "q6"]


def draw(n=300, seed=2, alike=1.0):
    """Items 1 to 3 share one factor, items 4 to 6 another; `alike` is the correlation of the two."""
    rng = np.random.default_rng(seed)
    first, rest = rng.normal(size=(2, n))
    second = alike * first + np.sqrt(1 - alike**2) * rest
    values = 0.7 * np.column_stack([first] * 3 + [second] * 3) + np.sqrt(0.51) * rng.normal(size=(n, 6))
    return pd.DataFrame(values, columns=ITEMS).assign(bank=np.where(np.arange(n) < n // 2, "east", "west"))


def judge(frame, items=ITEMS, **options):
    (row,) = check_one_factor(frame, items, seed=1, **options).scale.to_dict("records")
    return row


def test_one_factor_fits():
    row = judge(draw())
    assert (row["verdict"], row["n_factors"], row["flag"]) == ("fits", 1, "")
    assert row["df"] == 9


def test_two_factors_do_not():
    row = judge(draw(alike=0.2))
    assert (row["verdict"], row["n_factors"]) == ("not_one_dimensional", 2)


def test_something_between_is_doubtful():
    row = judge(draw(alike=0.75))
    assert row["verdict"] == "doubtful"


def test_a_weak_item_is_doubtful():
    rng = np.random.default_rng(5)
    row = judge(draw().assign(q6=rng.normal(size=300)))
    assert (row["verdict"], row["flag"]) == ("doubtful", "weak_item")


def test_a_negative_item_is_flagged_until_it_is_turned():
    frame = draw().assign(q2=lambda table: -table["q2"])
    assert judge(frame)["flag"] == "negative_item"
    row = judge(frame, reverse=["q2"])
    assert (row["verdict"], row["flag"]) == ("fits", "")


@pytest.mark.parametrize(
    ("frame", "items", "flag"),
    [
        (draw(29), ITEMS, "few_answers"),
        (draw().assign(q1=1.0), ITEMS, "no_variation"),
        (draw().assign(q1=lambda table: table["q2"] + table["q3"]), ITEMS, "singular"),
        (draw(), ITEMS[:3], "three_items"),
    ],
)
def test_what_cannot_be_told_has_a_reason(frame, items, flag):
    row = judge(frame, items)
    assert (row["verdict"], row["flag"]) == ("cannot_tell", flag)


def test_a_domain_without_answers_has_a_reason():
    frame = draw()
    frame.loc[frame["bank"] == "east", "q1"] = np.nan
    scale = check_one_factor(frame, ITEMS, "bank", seed=1).scale
    assert scale["flag"].tolist() == ["no_answers", ""]
    assert scale["n"].tolist() == [0, 150]


def test_other_domains_change_nothing():
    frame = draw()
    both = check_one_factor(frame, ITEMS, "bank", seed=1)
    alone = check_one_factor(frame[frame["bank"] == "west"], ITEMS, "bank", seed=1)
    pd.testing.assert_frame_equal(both.scale.iloc[[1]].reset_index(drop=True), alone.scale, check_dtype=False)
    pd.testing.assert_frame_equal(both.items.iloc[6:].reset_index(drop=True), alone.items)


def test_weights_count_by_their_effective_number():
    """Half the rows weigh 3 and half 1: (sum w)^2 / sum w^2 = 0.8 n."""
    row = judge(draw().assign(weight=np.tile([1.0, 3.0], 150)), design=Design(weight="weight"))
    assert row["n"] == 300
    assert row["n_eff"] == pytest.approx(240)


def test_equal_weights_change_nothing():
    plain, weighted = judge(draw()), judge(draw().assign(weight=2.5), design=Design(weight="weight"))
    for name in ("chi2", "rmsea_high", "cfi", "srmr"):
        assert weighted[name] == pytest.approx(plain[name], rel=1e-10)


def test_the_same_seed_gives_the_same_bits_and_another_nearly_the_same():
    first = random_eigenvalues(100, 6, seed=1, draws=500)
    assert random_eigenvalues(100, 6, seed=1, draws=500).tolist() == first.tolist()
    second = random_eigenvalues(100, 6, seed=2, draws=500)
    assert second.tolist() != first.tolist()
    np.testing.assert_allclose(second, first, atol=0.05)
    assert random_eigenvalues(1000, 6, seed=1, draws=500)[0] < first[0]


def test_uncorrelated_items_have_no_factor_in_all_but_five_of_a_hundred():
    """200 samples without any factor: the first eigenvalue exceeds its 95 % point in 5 %, Monte Carlo error 1.5."""
    by_chance = random_eigenvalues(60, 5, seed=7, draws=2000)
    rng = np.random.default_rng(9)
    eigenvalues = [np.linalg.eigvalsh(np.corrcoef(rng.normal(size=(60, 5)).T))[::-1] for _ in range(200)]
    assert np.mean([count_factors(found, by_chance) > 0 for found in eigenvalues]) == pytest.approx(0.05, abs=0.045)


@pytest.mark.parametrize(
    ("items", "options", "error"),
    [
        (ITEMS[:2], {"seed": 1}, "scale-items: items must name at least 3"),
        (ITEMS, {"seed": -1}, "option-range: seed"),
        (ITEMS, {"seed": 1, "draws": 5}, "option-range: replicates"),
        (ITEMS, {"seed": 1, "by": "verdict"}, "by-columns"),
    ],
)
def test_what_is_refused(items, options, error):
    with pytest.raises(UsageError, match=error):
        check_one_factor(draw(), items, **options)

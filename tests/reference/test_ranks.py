"""Ranks against the R package csranks 1.2.2.9001, on common draws and on its own; entries of ranks.json."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from evaltools.stats import rank_sets
from evaltools.stats.ranking.pairs import compare_pairs, surely_better, surely_better_of_one

PRIMES = [n for n in range(2, 174) if all(n % d for d in range(2, n))]


def lattice_errors(covariance, draws=2000):
    """The same errors that make_ranks.R writes down, shape (D, R)."""
    points = np.outer(np.arange(1, draws + 1), np.sqrt(PRIMES[: len(covariance)])) % 1
    return (ndtri(points) @ np.linalg.cholesky(covariance).T).T


def pairs_of(estimate, covariance):
    covariance = np.array(covariance, float)
    usable = np.ones(len(estimate), bool)
    return compare_pairs(np.array(estimate, float), covariance, usable, lattice_errors(covariance))


@pytest.fixture(scope="module")
def banks(r_value):
    given = r_value("banks", "ranks")
    return pairs_of(given["estimate"], given["covariance"])


@pytest.fixture(scope="module")
def pisa(r_value):
    given = r_value("pisa", "ranks")
    return pairs_of(given["estimate"], np.diag(np.square(given["se"])))


def simultaneous(pairs, level=0.95):
    better = surely_better(pairs, level)
    return 1 + better.sum(axis=0), len(better) - better.sum(axis=1)


def marginal(pairs, level=0.95, sides="two-sided"):
    n = pairs.tested.shape[0]
    sets = [surely_better_of_one(pairs, unit, level, sides) for unit in range(n)]
    return [1 + over.sum() for over, _ in sets], [n - under.sum() for _, under in sets]


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_simultaneous_sets_on_common_draws(banks, r_value, level):
    """banks-two-sided-*-simultaneous: every limit equal."""
    expected = r_value(f"banks-two-sided-{level}-simultaneous", "ranks")
    low, high = simultaneous(banks, level)
    assert low.tolist() == expected["low"]
    assert high.tolist() == expected["high"]


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_one_sided_simultaneous_sets_are_the_two_sided_ones(banks, r_value, side):
    """banks-lower-0.95-simultaneous: over all units both directions of every pair are in the family anyway."""
    expected = r_value(f"banks-{side}-0.95-simultaneous", "ranks")
    low, high = simultaneous(banks)
    assert (low if side == "lower" else high).tolist() == expected["low" if side == "lower" else "high"]


@pytest.mark.parametrize("level", [0.95, 0.8])
@pytest.mark.parametrize("side", ["two-sided", "lower", "upper"])
def test_marginal_sets_on_common_draws(banks, r_value, level, side):
    """banks-*-*-marginal: every limit equal, of both sides and of one."""
    expected = r_value(f"banks-{side}-{level}-marginal", "ranks")
    low, high = marginal(banks, level, side)
    assert low == expected["low"]
    assert high == expected["high"]


@pytest.mark.parametrize("tau", [2, 3])
def test_who_may_be_among_the_best_and_the_worst(banks, r_value, tau):
    """banks-best-*, banks-worst-*: csranks' sets of the tau best are the simultaneous limits read at tau."""
    low, high = simultaneous(banks)
    assert (low <= tau).tolist() == r_value(f"banks-best-{tau}", "ranks")
    assert (high >= len(low) - tau + 1).tolist() == r_value(f"banks-worst-{tau}", "ranks")


def test_the_documented_example_on_common_draws(pisa, r_value):
    """pisa-*: mathematics scores of 38 countries, both kinds of sets, every limit equal."""
    low, high = simultaneous(pisa)
    expected = r_value("pisa-simultaneous", "ranks")
    assert (low.tolist(), high.tolist()) == (expected["low"], expected["high"])
    low, high = marginal(pisa)
    expected = r_value("pisa-marginal", "ranks")
    assert (low, high) == (expected["low"], expected["high"])


@pytest.mark.parametrize("kind", ["simultaneous", "marginal"])
def test_own_draws_agree_where_csranks_agrees_with_itself(r_value, kind):
    """banks-agreed-*: limits that 20 seeds of csranks share."""
    given, expected = r_value("banks", "ranks"), r_value(f"banks-agreed-{kind}", "ranks")
    got = rank_sets(given["estimate"], given["covariance"], replicates=20_000, seed=20221130)
    for side in ("low", "high"):
        agreed = [(ours, theirs) for ours, theirs in zip(got[f"{kind}_{side}"], expected[side], strict=True) if theirs]
        assert len(agreed) >= 7
        assert all(ours == theirs for ours, theirs in agreed)


def test_point_ranks(r_value):
    """pisa-rank, ties: large values first, or small ones; ties share the smaller rank."""
    given = r_value("pisa", "ranks")
    got = rank_sets(given["estimate"], np.diag(np.square(given["se"])), replicates=1000, seed=1)
    assert got["rank"].tolist() == r_value("pisa-rank", "ranks")
    ties = r_value("ties", "ranks")
    for best in ("high", "low"):
        got = rank_sets(ties["x"], np.eye(10), best=best, replicates=1000, seed=1)
        assert got["rank"].tolist() == ties[best]

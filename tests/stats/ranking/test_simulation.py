"""Sets cover the true ranks as often as they claim."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import rank_sets

RUNS = 400


def cover(truth, covariance, seed):
    """Return how often all simultaneous sets cover, and the mean share of marginal sets that do.

    With ties a unit's rank is any of those it shares; both ends must be covered.
    """
    rng = np.random.default_rng(seed)
    best = 1 + (truth > truth[:, None]).sum(axis=1)
    worst = len(truth) - (truth < truth[:, None]).sum(axis=1)
    root = np.linalg.cholesky(covariance)
    together, single = [], []
    for run in range(RUNS):
        got = rank_sets(truth + root @ rng.normal(size=len(truth)), covariance, replicates=1000, seed=run)
        together.append(((got["simultaneous_low"] <= best) & (worst <= got["simultaneous_high"])).all())
        single.append(((got["marginal_low"] <= best) & (worst <= got["marginal_high"])).to_numpy())
    return np.mean(together), np.mean(single, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truth", "shared"),
    [(np.zeros(8), 0.0), (np.zeros(8), 0.5), (np.array([0, 0, 0, 2, 2, 4, 4, 9.0]), 0.3), (np.arange(8.0) * 1.5, 0.0)],
    ids=["all equal", "all equal, shared firms", "ties", "a ladder"],
)
def test_true_ranks_are_covered(truth, shared):
    """At least 95 %, less two Monte Carlo errors of 400 runs (0.022) and the noise of quantiles of 1,000 draws."""
    covariance = shared + (1 - shared) * np.eye(8)
    together, single = cover(truth, covariance, seed=20221130)
    assert together >= 0.95 - 0.022
    assert single.min() >= 0.95 - 0.030

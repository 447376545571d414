"""`key_drivers` against R's lm on all subsets, eigen, and published examples; entries of scales.json."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import Design, key_drivers
from evaltools.stats.drivers.orthogonal import relative_weights
from evaltools.stats.drivers.subsets import explained_by_subsets, shapley_contributions

DRIVERS = ["speed", "papers", "advice", "clarity", "cost", "seats", "hours", "parking"]
FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def equal(got, expected, rtol=1e-8):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=rtol)


@pytest.mark.parametrize(("method", "entry"), [("shapley", "lmg"), ("relative_weights", "johnson")])
@pytest.mark.parametrize("bank", ["alpha", "beta"])
def test_contributions_equal_r(table, r_value, bank, method, entry):
    """drivers-*: 256 weighted regressions on all subsets; Johnson's weights by eigen()."""
    expected = r_value(f"drivers-{bank}", "scales")
    found = key_drivers(table("scales"), "overall", DRIVERS, FIRMS, method=method, by="bank", replicates=100, seed=1)
    rows = found[found["bank"] == bank]
    assert rows["driver"].tolist() == DRIVERS
    equal(rows["contribution"], expected[entry])
    equal(rows["share"], np.array(expected[entry]) / expected["r2"])
    for name in ("correlation", "vif"):
        equal(rows[name], expected[name])
    equal(rows[["r2", "n", "n_psu"]].iloc[0], [expected["r2"], expected["n"], expected["n_psu"]])


def test_shapley_of_the_manual_of_relaimpo(r_value):
    """drivers-swiss: the shares that the manual of relaimpo prints for Fertility in datasets::swiss."""
    expected = r_value("drivers-swiss", "scales")
    got = shapley_contributions(explained_by_subsets(np.array(expected["correlation"])[None]))[:, 0]
    equal(got, expected["lmg"])
    np.testing.assert_allclose(got, [0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592], atol=5e-9)


def test_relative_weights_of_the_manual_of_iopsych():
    """The example of relWt in the manual of iopsych 0.90.1, with the eight digits that it prints."""
    correlation = np.array([
        [1.0, 0.2, 0.3, 0.4, -0.4],
        [0.2, 1.0, 0.5, 0.1, 0.1],
        [0.3, 0.5, 1.0, 0.2, -0.3],
        [0.4, 0.1, 0.2, 1.0, 0.4],
        [-0.4, 0.1, -0.3, 0.4, 1.0],
    ])  # fmt: skip
    got = relative_weights(correlation[None])[:, 0]
    np.testing.assert_allclose(got, [0.24066119, 0.05492664, 0.12143476, 0.28158189], atol=5e-9)

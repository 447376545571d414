"""`joint_covariance` and `endline_covariance`: the same numbers as `combine`, by another road."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, combine, endline_covariance, estimate, estimate_change, joint_covariance

ITEMS = ["score", "days"]
FIRMS = Design(weight="weight", stratum="stratum", psu="firm", df="domain")


@pytest.mark.parametrize("overlap", ["union", "pattern"])
@pytest.mark.parametrize("lonely", ["adjust", "remove"])
def test_a_quadratic_form_is_the_variance_of_that_combination(sample, overlap, lonely):
    """g' V g of any coefficients, different in the two waves, is what `combine` gives."""
    design = Design(weight="weight", stratum="stratum", psu="firm", overlap=overlap, lonely_psu=lonely)
    found = estimate_change(sample, ITEMS, "bank", design=design)
    matrix = joint_covariance(found)
    assert matrix.shape == (3, 4, 4)
    np.testing.assert_allclose(matrix, matrix.transpose(0, 2, 1), rtol=1e-12)
    before, after = np.array([[0.3, -2.0]] * 3), np.array([[1.5, 0.7]] * 3)
    joined = combine(found, after, baseline_coefficients=before)
    slopes = np.concatenate([-before, after], axis=1)
    np.testing.assert_allclose(np.einsum("bi,bij,bj->b", slopes, matrix, slopes), joined.se**2, rtol=1e-10)


def test_coefficients_of_the_baseline_default_to_those_of_the_endline(sample):
    found = estimate_change(sample, ITEMS, "bank", design=FIRMS)
    same = np.array([[1.0, 0.5]] * 3)
    one, two = combine(found, same), combine(found, same, baseline_coefficients=same.copy())
    for name in ("change", "se", "df", "covariance"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-12)


def test_the_endline_covariance_has_the_variance_of_the_endline_on_its_diagonal(sample):
    """One item and one wave: the variance that `estimate` gives the endline alone, where no firm left or came."""
    frame = sample[sample.groupby("firm")["wave"].transform("nunique") == 2]
    found = estimate_change(frame, ["days"], "bank", design=FIRMS)
    matrix = endline_covariance(found, np.ones((3, 1)))
    np.testing.assert_array_equal(matrix, matrix.T)
    alone = estimate(frame[frame["wave"] == "endline"], "days", "bank", design=FIRMS)
    np.testing.assert_allclose(np.sqrt(matrix.diagonal()), alone["se"], rtol=1e-9)


def test_what_has_no_matrix_is_refused(sample):
    design = Design(weight="weight", stratum="stratum", psu="firm", lonely_psu="average")
    found = estimate_change(sample, ITEMS, "bank", design=design)
    with pytest.raises(UsageError, match="option-value: lonely_psu"):
        joint_covariance(found)
    with pytest.raises(UsageError, match="combine-shape"):
        endline_covariance(found, np.ones((3, 1)))

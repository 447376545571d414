"""Covariance between the items of one domain, both waves: one matrix a domain, for functions of many items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, float_sums

if TYPE_CHECKING:
    from evaltools.stats.differences import ChangeEstimate


def joint_covariance(estimate: ChangeEstimate) -> FloatArray:
    """Return the covariance matrix of all levels of each domain: its items at the baseline, then at the endline.

    Parameters
    ----------
    estimate : ChangeEstimate
        From `estimate_change`, single-stage.

    Returns
    -------
    float array, shape (D, 2I, 2I)
        Unit of the items' product; rows and columns 0 to I - 1 are the baseline, I to 2I - 1 the endline. 0 for an
        item without answers. With g the derivatives of any smooth function of the levels, g' V g is its linearised
        variance; `combine` gives the same for one function, and the covariance between domains as well.

    Raises
    ------
    UsageError
        ``combine-stages``; ``option-value`` under ``lonely_psu="average"``.

    Notes
    -----
    V = sum_h f_h [ sum_j (u_j - m_h)(u_j - m_h)' ] with u the 2I contributions of a PSU, m_h their mean over all PSUs
    of the variance stratum, f_h = n_h/(n_h - 1). Summed domain by domain in a fixed order.
    Source: Särndal, Swensson, Wretman (1992), section 5.5. Equals R survey 4.1.1 `vcov(svyby(covmat = TRUE))`.
    """
    influence = estimate.influence
    if influence is None:
        raise UsageError("combine-stages")
    plan = influence.plan
    if plan.lonely_psu == "average":
        allowed = ("fail", "remove", "adjust", "certainty")
        raise UsageError("option-value", option="lonely_psu", value="'average'", allowed=allowed)
    (runs,) = plan.runs
    parts = np.concatenate([influence.baseline, influence.endline], axis=1)
    count = runs.groups.count[runs.group].astype(np.float64)
    mean = np.stack([float_sums(np.ascontiguousarray(column), runs.starts) for column in parts.T], axis=1)
    mean = mean / count[:, None]
    if plan.lonely_psu == "adjust":
        mean[runs.groups.lonely[runs.group]] = 0.0
    factor = np.sqrt(runs.groups.factor[runs.group])
    spread = (parts - np.repeat(mean, runs.held, axis=0)) * np.repeat(factor, runs.held)[:, None]
    absent = mean * (factor * np.sqrt(count - runs.held))[:, None]  # PSUs of the stratum that are not in the domain
    result = np.zeros((plan.n_domains, parts.shape[1], parts.shape[1]))
    for rows, domain in ((spread, np.repeat(runs.domain, runs.held)), (absent, runs.domain)):
        order = np.argsort(domain, kind="stable")
        ends = np.searchsorted(domain[order], np.arange(plan.n_domains + 1))
        for number in range(plan.n_domains):
            own = rows[order[ends[number] : ends[number + 1]]]
            result[number] += np.einsum("pi,pj->ij", own, own)  # einsum, not BLAS: the same bits whatever the threads
    return result

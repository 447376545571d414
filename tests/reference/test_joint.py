"""`joint_covariance` against R survey 4.1.1; entry joint of joint.json."""

from __future__ import annotations

import numpy as np

from evaltools.stats import Design, estimate_change, joint_covariance


def test_covariance_of_two_items_in_both_waves(table, r_value):
    """joint: firms in both waves, firms that rate two banks, rows that answer both items."""
    frame = table("answers")
    frame.loc[frame["score"].isna() | frame["days"].isna(), ["score", "days"]] = np.nan
    design = Design(weight="weight", stratum="stratum", psu="firm")
    found = estimate_change(frame, ["score", "days"], "bank", design=design)
    expected = r_value("joint", "joint")
    assert found.domains["bank"].tolist() == [one["bank"] for one in expected]
    for own, one in zip(joint_covariance(found), expected, strict=True):
        np.testing.assert_allclose(own, one["covariance"], rtol=1e-8, atol=1e-14)

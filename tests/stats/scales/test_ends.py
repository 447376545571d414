"""`floor_ceiling`: shares at the ends, and what they are called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, estimate, floor_ceiling


def answers(**items):
    return pd.DataFrame({name: pd.Series(values, dtype=float) for name, values in items.items()})


FRAME = answers(
    q1=[1, 1, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, np.nan],
    q2=[1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5],
)


def test_shares_and_their_names():
    """q1: 2 of 19 at the floor, 10 at the ceiling; q2: 4 of 20, 2 of 20; their mean is never 5, for q1 is missing."""
    got = floor_ceiling(FRAME, ["q1", "q2"], scale=(1, 5))
    assert got["item"].tolist() == ["q1", "q2", "(scale)"]
    assert got["n"].tolist() == [19, 20, 19]
    np.testing.assert_allclose(got["floor"], [2 / 19, 4 / 20, 2 / 19])
    np.testing.assert_allclose(got["ceiling"], [10 / 19, 2 / 20, 1 / 19])
    assert got["flag"].tolist() == ["severe_ceiling", "floor", ""]
    np.testing.assert_allclose(got["missing_share"], [0.05, 0, 0.05])


def test_limits_are_those_of_a_share():
    expected = estimate(pd.DataFrame({"low": [1.0] * 4 + [0.0] * 16}), "low", stat="proportion")
    got = floor_ceiling(FRAME, ["q2"], scale=(1, 5))
    assert got["item"].tolist() == ["q2"]
    assert got["floor_low"][0] == pytest.approx(expected["ci_low"][0])
    assert got["floor_high"][0] == pytest.approx(expected["ci_high"][0])


def test_a_point_that_nobody_chose_is_seen_only_where_the_scale_is_given():
    frame = answers(q1=[2, 3, 4] * 5)
    assert floor_ceiling(frame, ["q1"], scale=(1, 5))["floor"].tolist() == [0]
    assert floor_ceiling(frame, ["q1"])["floor"].tolist() == [pytest.approx(1 / 3)]


def test_a_turned_item_changes_its_ends():
    plain = floor_ceiling(FRAME, ["q1"], scale=(1, 5))
    turned = floor_ceiling(FRAME, ["q1"], scale=(1, 5), reverse=["q1"])
    assert turned["floor"].tolist() == plain["ceiling"].tolist()
    assert turned["ceiling"].tolist() == plain["floor"].tolist()


def test_domains_weights_and_few_answers():
    frame = FRAME.assign(bank=["east"] * 15 + ["west"] * 5, weight=[1.0] * 10 + [3.0] * 10)
    got = floor_ceiling(frame, ["q2"], "bank", design=Design(weight="weight"), scale=(1, 5))
    assert got["bank"].tolist() == ["east", "west"]
    np.testing.assert_allclose(got["floor"], [4 / 25, 0])
    assert got["flag"].tolist() == ["floor", "few_answers"]


def test_a_domain_without_answers_has_a_reason():
    frame = FRAME.assign(bank="east")
    frame.loc[19, ["q2", "bank"]] = [np.nan, "west"]
    assert floor_ceiling(frame, ["q2"], "bank", scale=(1, 5))["flag"].tolist()[1] == "no_answers"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"scale": (1, 4)}, r"scale-bounds: answers of 10 rows .*\(1, 4\), items: q1"),
        ({"scale": (5, 1)}, r"option-value: scale .*\(5, 1\)"),
        ({"scale": 5}, r"option-value: scale .* 5; .*\(lowest, highest\)"),
        ({"scale": ("1", "5")}, r"option-value: scale .*\(lowest, highest\)"),
        ({"reverse": ["q1"]}, "option-pair: reverse"),
        ({"scale": (1, 5), "reverse": ["q9"]}, "scale-reverse"),
        ({"by": "ceiling"}, "by-columns"),
    ],
)
def test_what_is_refused(options, error):
    with pytest.raises(UsageError, match=error):
        floor_ceiling(FRAME, ["q1"], **options)

"""Mean and standard deviation from `estimate` against NIST's certified values (Statistical Reference Datasets)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from nist_accuracy import ROUNDING, digits_of_pi, measure, read_datasets, right_digits

SETS = read_datasets()
# numbers near 1e7 with steps of 0.1 are not doubles, so no way of summing has all digits
SPREAD = {"Mavro": 13, "Michelso": 13.5, "NumAcc3": 9, "NumAcc4": 8}


@pytest.mark.parametrize("name", SETS)
def test_estimate_has_the_digits_of_two_passes(name):
    digits = measure(**SETS[name])
    assert digits["mean"] >= 14.5
    assert digits["sd"] >= SPREAD.get(name, 14.5)
    assert digits["sd"] >= digits["sd_two_pass"] - ROUNDING


def test_a_wrong_value_has_few_digits():
    assert right_digits(277.3, 277.332168044316) == pytest.approx(3.9, abs=0.1)
    assert right_digits(1.0, 1.0) == 15


def test_digits_of_pi_are_those_of_pi():
    assert digits_of_pi(12) == [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
    assert digits_of_pi(2400)[-4:] == digits_of_pi(3000)[2396:2400]


def test_the_published_digits_differ_from_pi_in_one_place():
    published = SETS["PiDigits"]["values"]
    assert [place for place, digit in enumerate(digits_of_pi(5000), start=1) if digit != published[place - 1]] == [957]

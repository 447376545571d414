"""Every way in which an office lays out a table by hand gives back the survey that was written in it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from exports import office
from exports.check import read_back
from exports.truth import make_truth

TRUTH = make_truth()
DIALECTS = office.dialects()


def test_there_are_many_dialects():
    assert len({one.name for one in DIALECTS}) == len(DIALECTS) >= 12


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_all_comes_back(dialect):
    assert [str(one) for one in read_back(dialect, TRUTH)] == []

"""Every dialect of KoboToolbox, ODK Central and SurveyCTO, and JSON, gives back the survey that was written in it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from exports import json_files, kobo, odk_central, surveycto
from exports.awkward import make_awkward
from exports.check import read_back
from exports.truth import make_truth

TRUTH = make_truth()
DIALECTS = [one for module in (kobo, odk_central, surveycto, json_files) for one in module.dialects()]


def test_there_are_many_dialects():
    assert len({one.name for one in DIALECTS}) == len(DIALECTS) >= 90


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_all_comes_back(dialect):
    assert [str(one) for one in read_back(dialect, TRUTH)] == []


@pytest.mark.parametrize("seed", range(12))
def test_awkward_choices_come_back_or_are_refused(seed):
    """Labels that are numbers, begin like others, hold spaces, separators and brackets, say yes or no."""
    for dialect in DIALECTS[seed % 6 :: 6]:
        found = read_back(dialect, make_awkward(seed))
        assert [f"{dialect.name}: {one}" for one in found if one.is_silent] == []

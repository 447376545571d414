"""Every dialect of the Chinese tools gives back the survey that was written in it, or says that it does not."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from exports import credamo, tencent, wenjuan, wjx
from exports.awkward import make_awkward
from exports.check import read_back
from exports.truth import make_truth

TRUTH = make_truth()
DIALECTS = [one for module in (wjx, wenjuan, tencent, credamo) for one in module.dialects()]
REFUSED = {"wjx/number/xlsx/renamed", "wjx/score/csv-utf8/renamed"}


def test_there_are_many_dialects():
    assert len({one.name for one in DIALECTS}) == len(DIALECTS) >= 60


@pytest.mark.parametrize("dialect", [one for one in DIALECTS if one.name not in REFUSED], ids=lambda one: one.name)
def test_all_comes_back(dialect):
    assert [str(one) for one in read_back(dialect, TRUTH)] == []


@pytest.mark.parametrize("dialect", [one for one in DIALECTS if one.name in REFUSED], ids=lambda one: one.name)
def test_numbers_of_a_renamed_file_are_refused_and_not_guessed(dialect):
    [difference] = read_back(dialect, TRUTH)
    assert difference.kind == "refused"
    assert "wjx-coding-unknown" in difference.got
    assert "wjx-number" in difference.got


@pytest.mark.parametrize("seed", range(24))
def test_awkward_choices_come_back_or_are_refused(seed):
    """Labels that are numbers, begin like others, hold separators and brackets, say yes or no."""
    for dialect in DIALECTS[seed % 6 :: 6]:
        found = read_back(dialect, make_awkward(seed))
        assert [f"{dialect.name}: {one}" for one in found if one.is_silent] == []


def test_codes_without_their_list_are_read_where_the_campaign_file_names_the_columns():
    names = ["code_no", "sector", "applied", "applied_on", "steps", "rate", "fees", "visited_at", "comment"]
    texts = {"code_no", "applied_on", "steps", "rate", "visited_at", "comment"}
    numbers = [*range(1, 8), 9, 10]  # the matrix is question 8
    columns = {name: f"Q{no}|A1|open" if name in texts else f"Q{no}" for no, name in zip(numbers, names, strict=True)}
    columns |= {name: f"Q8_A{place}" for place, name in enumerate(("sat_time", "sat_cost", "sat_staff"), start=1)}
    assert [str(one) for one in read_back(wenjuan.coded_alone(), TRUTH, columns=columns)] == []


def test_what_differs_is_found():
    """The comparison itself: a choice in another place, a number off by one, a text without its zeros."""
    dialect = next(one for one in DIALECTS if one.name == "wjx/text/csv-utf8/new")
    row = TRUTH.rows[0]
    other = {
        "sat_time": "1" if row.answers["sat_time"] != "1" else "2",
        "code_no": str(row.answers["code_no"]) + "0",
        "comment": "别的意见",
    }
    changed = replace(TRUTH, rows=(replace(row, answers={**row.answers, **other}), *TRUTH.rows[1:]))
    spoilt = replace(dialect, write=lambda _: dialect.write(changed))
    found = read_back(spoilt, TRUTH)
    assert {one.question for one in found} == set(other)
    assert {one.kind for one in found} == {"different"}
    assert all(one.is_silent for one in found)


def test_another_readers_file_is_found():
    dialect = replace(DIALECTS[0], reader="credamo")
    [difference] = read_back(dialect, TRUTH)
    assert (difference.kind, difference.got) == ("reader", "wjx")

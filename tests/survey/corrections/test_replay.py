"""A cleaning log on raw answers: every line has one outcome, and what no line names stays as it was."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.survey.corrections.replay import OUTCOMES, LogColumns, replay, same_value

COLUMNS = LogColumns(row="id", question="question", action="what", new="new", old="old")
RAW = pd.DataFrame(
    {"id": ["a", "b", "c"], "steps": ["3", "24", None], "visited": ["TRUE", "FALSE", "TRUE"]}, dtype=object
)


def replayed(*lines, raw=RAW):
    log = pd.DataFrame(lines, columns=["id", "question", "what", "old", "new"], dtype=object)
    return replay(raw, log, key="id", columns=COLUMNS)


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (("b", "steps", "change", "24", "4"), "applied"),
        (("b", "steps", "change", "", "4"), "applied"),
        (("b", "steps", "change", "2.4e1", "4"), "applied"),
        (("b", "steps", "blank", "24", ""), "applied"),
        (("b", "steps", "change", "25", "4"), "old_value_differs"),
        (("b", "steps", "change", "24", "24.0"), "unchanged"),
        (("b", "", "drop", "", ""), "dropped"),
        (("b", "steps", "keep", "24", ""), "kept"),
        (("x", "steps", "change", "", "4"), "row_unknown"),
        (("b", "stepz", "change", "", "4"), "question_unknown"),
        (("b", "steps", "mend", "", "4"), "action_unknown"),
    ],
)
def test_each_line_is_applied_or_answered(line, outcome):
    found = replayed(line)
    assert found.outcomes["outcome"].tolist() == [outcome]
    if outcome not in ("applied", "dropped"):
        pd.testing.assert_frame_equal(found.clean, RAW)


def test_a_change_shows_only_in_its_cell():
    clean = replayed(("b", "steps", "change", "24", "4")).clean
    assert clean["steps"].tolist() == ["3", "4", None]
    assert clean.drop(columns="steps").equals(RAW.drop(columns="steps"))
    assert RAW["steps"].tolist() == ["3", "24", None]


def test_later_lines_take_the_place_of_earlier_ones():
    found = replayed(
        ("b", "steps", "change", "24", "5"), ("b", "steps", "change", "24", "4"), ("b", "steps", "change", "", "4")
    )
    assert found.outcomes["outcome"].tolist() == ["replaced", "applied", "repeated"]
    assert found.clean["steps"].tolist() == ["3", "4", None]


def test_a_change_to_a_row_that_is_dropped_is_answered():
    found = replayed(("b", "steps", "change", "24", "5"), ("b", "", "drop", "", ""), ("b", "", "drop", "", ""))
    assert found.outcomes["outcome"].tolist() == ["row_dropped", "dropped", "repeated"]
    assert found.clean["id"].tolist() == ["a", "c"]


def test_one_and_zero_are_written_as_the_column_writes_truth():
    clean = replayed(("b", "visited", "change", "0", "1"), ("c", "visited", "change", "", "0")).clean
    assert clean["visited"].tolist() == ["TRUE", "TRUE", "FALSE"]


def test_values_are_compared_as_what_they_are():
    assert same_value("5e+05", "500000")
    assert same_value("TRUE", "1")
    assert same_value(None, "")
    assert not same_value("NA", None)
    assert not same_value("1", "true story")


def test_what_cannot_be_read_is_an_error():
    with pytest.raises(UsageError, match="replay-key: The raw data have no column 'no'"):
        replay(RAW, pd.DataFrame(), key="no", columns=COLUMNS)
    with pytest.raises(UsageError, match="replay-columns: The cleaning log lacks the columns id, question"):
        replay(RAW, pd.DataFrame(), key="id", columns=COLUMNS)


VALUE = st.sampled_from(["", "0", "1", "2", "x"])
LINES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "z"]), st.sampled_from(["steps", "visited", "q"]),
        st.sampled_from(["change", "blank", "keep", "drop", "odd"]), VALUE, VALUE,
    ),
    max_size=8,
)  # fmt: skip


@given(LINES)
def test_every_line_has_one_outcome_and_untouched_cells_stay(lines):
    found = replayed(*lines)
    assert found.outcomes["outcome"].isin(OUTCOMES).all()
    assert len(found.outcomes) == len(lines)
    named = {(row, question) for row, question, *_ in lines}
    for name in RAW.columns:
        raw = dict(zip(RAW["id"], RAW[name], strict=True))
        clean = dict(zip(found.clean["id"], found.clean[name], strict=True))
        assert all(clean[row] == raw[row] for row in clean if (row, name) not in named)


@given(LINES)
def test_changing_everything_back_gives_the_raw_data(lines):
    clean = replayed(*(line for line in lines if line[2] in ("change", "blank"))).clean
    back = [
        (row, name, "blank" if value is None else "change", "", value)
        for name in ("steps", "visited")
        for row, value in zip(RAW["id"], RAW[name], strict=True)
    ]
    restored = replayed(*back, raw=clean).clean
    for name in RAW.columns:
        assert all(same_value(one, two) for one, two in zip(restored[name], RAW[name], strict=True))

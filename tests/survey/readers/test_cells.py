"""A column of cells keeps every cell as it was, each distinct one once."""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.readers.cells import Coder, code_cells

CELL = st.one_of(
    st.none(), st.text(max_size=3), st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.0, 0.5]), st.dates()
)


@given(st.lists(CELL))
def test_what_goes_in_comes_out_with_its_type(cells):
    coded = code_cells(cells)
    assert [(type(cell), cell) for cell in coded] == [(type(cell), cell) for cell in cells]
    assert coded == cells
    assert coded.distinct[0] is None
    assert len(coded.distinct) == len({(type(cell), cell) for cell in cells} | {(type(None), None)})


@given(st.lists(st.lists(CELL)))
def test_blocks_are_one_column(blocks):
    """Also where a block brings a number of another type than those before it."""
    coder = Coder()
    for block in blocks:
        coder.extend(block)
    whole = [cell for block in blocks for cell in block]
    assert coder.cells() == whole
    assert len(coder.distinct) == len({(type(cell), cell) for cell in whole} | {(type(None), None)})


def test_a_cell_may_stand_for_none():
    coder = Coder("")
    coder.extend(["a", "", None, " "])
    assert coder.cells() == ["a", None, None, " "]


def test_what_is_found_for_a_distinct_cell_holds_for_its_rows():
    coded = code_cells(["a", None, "b", "a"])
    assert coded.objects().tolist() == ["a", None, "b", "a"]
    assert coded.spread([0, 1, (2, 3)]).tolist() == [1, 0, (2, 3), 1]


def test_one_as_number_text_and_truth_are_three():
    coded = code_cells([1, 1.0, True, "1", None, 1])
    assert [type(cell) for cell in coded] == [int, float, bool, str, type(None), int]
    assert coded != [1, 1, 1, "1", None, 1]
    assert coded != "no column"


def test_a_moment_is_not_its_day():
    coded = code_cells([date(2022, 10, 1), datetime(2022, 10, 1)])
    assert [type(cell) for cell in coded] == [date, datetime]


def test_rows_take_and_map_leave_the_column_alone():
    coded = code_cells(["a", None, "b", "a"])
    assert coded.rows(1) == [None, "b", "a"]
    assert coded.rows(1).occurring() == ["a", "b"]
    assert coded.take([3, 1]) == ["a", None]
    assert coded.map(str.upper) == ["A", None, "B", "A"]
    assert coded == ["a", None, "b", "a"]
    assert (coded.is_blank, coded.rows(1, 2).is_blank) == (False, True)
    assert "a" not in repr(coded)

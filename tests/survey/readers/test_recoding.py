"""Cells in the place of those that a tool writes; ticks of a multiple choice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.readers.cells import code_cells
from evaltools.survey.readers.model import RawColumn
from evaltools.survey.readers.recoding import fill_blanks, recode
from evaltools.survey.readers.ticks import Ticked, arrange, complete_ticks

CELLS = st.lists(st.sampled_from([None, "Y", "N", "N/A", 1, 1.0, True, 0, "0"]), max_size=30)


@given(CELLS)
def test_recoding_is_the_function_row_by_row(cells):
    meaning = {"Y": 1, "N": 0, "N/A": None}
    got = recode(code_cells(cells), lambda cell: meaning.get(cell, cell) if isinstance(cell, str) else cell)
    assert got == [meaning.get(cell, cell) if isinstance(cell, str) else cell for cell in cells]
    assert None not in got.distinct[1:]
    assert len({(type(cell), cell) for cell in got.distinct}) == len(got.distinct)


def test_blanks_are_filled_everywhere_or_in_some_rows():
    cells = code_cells([None, "a", None])
    assert fill_blanks(cells, 0) == [0, "a", 0]
    assert fill_blanks(cells, "a", [True, True, False]) == ["a", "a", None]
    assert cells == [None, "a", None]


@given(st.lists(st.tuples(*[st.sampled_from([None, 1, "<refused>"])] * 3), max_size=20))
def test_what_was_not_ticked_is_0_where_something_was(rows):
    columns = [code_cells([row[place] for row in rows]) for place in range(3)]
    expected = [tuple(0 if cell is None and 1 in row else cell for cell in row) for row in rows]
    assert list(zip(*complete_ticks(columns), strict=True)) == expected


def test_no_columns_no_ticks():
    assert complete_ticks([]) == []


@pytest.mark.parametrize(("is_sure", "headers"), [(True, ["a", "q_1", "b"]), (False, ["a", "q_1", "b", "q_1 (1/0)"])])
def test_a_choice_takes_the_place_of_its_column_or_stands_behind_all(is_sure, headers):
    plain = [
        (RawColumn(0, header, header, "name"), code_cells([header])) if header else None
        for header in ("a", "", "q_1", "b")
    ]
    option = RawColumn(0, "q_1", "q", "name", coding="name", option="1")
    columns, cells = arrange(plain, {2: Ticked(option, code_cells([1]), is_sure)})
    assert [column.header for column in columns] == headers
    assert [column.position for column in columns] == list(range(len(headers)))
    assert [column.option for column in columns].count("1") == 1
    assert cells[[column.option for column in columns].index("1")] == [1]

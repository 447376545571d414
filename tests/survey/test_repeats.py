"""Rows of repeats and their submissions: by keys, out of wide tables; which repeat of a form rates banks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import CampaignError, FileRefusedError
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import code_cells
from evaltools.survey.readers.model import Parent
from evaltools.survey.repeat_groups import RepeatGroup, names_in, rating_repeat, read_repeats
from evaltools.survey.repeats import ORPHAN, draw_family, find_family, spread, spread_column
from evaltools.survey.roles import Roles
from evaltools.survey.values.coerce import Column


def table(columns, parent=None, sheet=""):
    n = len(next(iter(columns.values())))
    described = tuple(RawColumn(place, name, name, "name") for place, name in enumerate(columns))
    values = [code_cells(cells) for cells in columns.values()]
    return RawTable(sheet, described, list(range(2, n + 2)), values, {}, {}, " ", n, parent=parent)


def objects(*cells):
    found = np.empty(len(cells), dtype=object)
    found[:] = cells
    return found


def test_rows_find_their_submissions_by_key():
    """A key may be a number in one table and text in the other; one that nobody has makes an orphan, as does none."""
    submissions = table({"q": ["a", "b", "c"], "KEY": [1, 2.0, "3"]})
    family = find_family(submissions, table({"KEY": ["2", "3", "9", None, 2]}, Parent("", 0, 1)), path="f")
    assert family.parents.tolist() == [1, 2, ORPHAN, ORPHAN, 1]
    assert family.numbers.tolist() == [1, 1, 1, 2, 2]
    assert family.counts(3).tolist() == [0, 2, 1]


def test_two_submissions_of_one_key_are_refused_only_where_rows_belong_to_them():
    submissions = table({"KEY": ["a", "b", "a"]})
    assert find_family(submissions, table({"p": ["b"]}, Parent("", 0, 0)), path="f").parents.tolist() == [1]
    with pytest.raises(FileRefusedError, match=r"repeat-parent-twice: raw/f \(sheet ''\): .* \(rows 2, 4\)"):
        find_family(submissions, table({"p": ["a"]}, Parent("", 0, 0)), path="raw/f")


WIDE = {
    "firm": ["x", "y", "z"], "bank_1": ["jia", None, "yi"], "sat_1": ["4", None, None], "bank_2": ["yi", None, None],
    "sat_2": [None, None, "5"], "sat_x": ["1", "1", "1"], "other_1": ["1", "1", "1"],
}  # fmt: skip


def drawn(counts=(None, None, None), columns=WIDE, names=("bank", "sat", "note")):
    return draw_family(table(columns), {name: f"banks/{name}" for name in names}, "banks", objects(*counts))


def test_a_wide_table_gives_a_row_for_each_number_with_an_answer():
    family = drawn()
    assert [column.key for column in family.table.columns] == ["bank", "sat"]
    assert [list(cells) for cells in family.table.values] == [["jia", "yi", "yi", None], ["4", None, None, "5"]]
    assert (family.parents.tolist(), family.numbers.tolist()) == ([0, 0, 2, 2], [1, 2, 1, 2])
    assert (family.table.row_numbers, family.table.sheet, family.table.n_counted) == ([2, 2, 4, 4], "banks", 4)
    assert [column.header for column in family.table.columns] == ["bank_1 … bank_2", "sat_1 … sat_2"]
    assert family.drawn == {1, 2, 3, 4}


def test_a_stated_number_adds_rows_without_answers_but_none_beyond_the_columns():
    assert drawn((2, 1, 99)).parents.tolist() == [0, 0, 1, 2, 2]
    assert drawn((1, 0, 0)).parents.tolist() == [0, 0, 2, 2]


def test_a_table_without_numbered_columns_of_the_repeat_gives_nothing():
    assert drawn(names=("nothing",)) is None
    assert drawn(columns={"sat": ["1", "2", "3"]}) is None


def test_groups_and_capitals_in_wide_headers():
    family = drawn(columns={"banks-BANK_1": ["a", "b", "c"], "banks/sat_1": ["1", "2", "3"]})
    assert [column.key for column in family.table.columns] == ["bank", "sat"]


CELLS = st.sampled_from(["a", "b", None])


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)))
def test_nothing_of_a_wide_table_is_lost(rows):
    """Every cell that is filled stands in the row of its submission and number."""
    columns = {f"q_{nth}": [row[nth - 1] for row in rows] for nth in range(1, len(rows[0]) + 1)}
    family = draw_family(table(columns), {"q": "r/q"}, "r", objects(*[None] * len(rows)))
    told = {
        (parent, number): cell
        for parent, number, cell in zip(
            family.parents.tolist(), family.numbers.tolist(), family.table.values[0], strict=True
        )
    }
    filled = {(row, nth): cell for row, cells in enumerate(rows) for nth, cell in enumerate(cells, 1) if cell}
    assert {place: cell for place, cell in told.items() if cell is not None} == filled


@given(st.lists(st.integers(-1, 4), max_size=8))
def test_what_submissions_say_stands_in_all_their_rows(parents):
    places = np.array(parents, dtype=np.int64)
    column = Column(objects(*"abcde"), objects(*[None] * 5), objects(*[None] * 5), {1: "typed", 3: "x"})
    got = spread_column(column, places)
    assert got.answers.tolist() == [None if parent == ORPHAN else "abcde"[parent] for parent in parents]
    assert got.typed == {row: column.typed[parent] for row, parent in enumerate(parents) if parent in (1, 3)}
    assert spread(column.answers, places).tolist() == got.answers.tolist()


FORM = """
| survey |
| | type | name | label | role | repeat_count |
| | text | firm | Firm | | |
| | begin_group | g | G | | |
| | begin_repeat | banks | Banks | | ${n} |
| | text | bank | Bank | bank | |
| | begin_repeat | loans | Loans | | ${n} + 1 |
| | integer | amount | Amount | | |
| | end_repeat | | | | |
| | end_repeat | | | | |
| | end_group | | | | |
| | integer | n | N | | |
| | begin_repeat | others | Others | | |
| | text | other | Other | | |
| | end_repeat | | | | |
"""


@pytest.fixture
def form_of(tmp_path):
    def form_of(text=FORM):
        (tmp_path / "f.md").write_text(text, encoding="utf-8")
        return read_instrument_file(tmp_path / "f.md")

    return form_of


def test_repeats_of_a_form(form_of):
    form = form_of()
    assert read_repeats(form) == {
        "banks": RepeatGroup("banks", "g/banks", "", "n"),
        "loans": RepeatGroup("loans", "g/banks/loans", "banks", ""),
        "others": RepeatGroup("others", "others", "", ""),
    }
    assert read_repeats(form)["loans"].count_names == ("g/banks/loans_count", "loans_count")
    assert (names_in(form, "banks"), names_in(form, "")) == ({"bank"}, {"firm", "n"})


def roles(**names):
    return Roles({role: (name,) for role, name in names.items()})


def test_the_repeat_that_rates_banks(form_of):
    assert rating_repeat(form_of(), roles(bank="bank")).path == "g/banks"
    assert rating_repeat(form_of(), roles(bank="firm")) is None
    with pytest.raises(CampaignError, match=r"repeat-nested: .*'?loans'?, .* another repeat, banks"):
        rating_repeat(form_of(), roles(bank="amount"))
    with pytest.raises(CampaignError, match=r"repeat-role: question 'bank' .* \(enterprise\) .* the repeat banks"):
        rating_repeat(form_of(), roles(bank="bank", enterprise="bank"))

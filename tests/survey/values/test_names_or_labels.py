"""One text that is the name of one choice and the label of another: the column says which, or the cell is refused."""

import pytest

from evaltools.survey.instrument import BilingualText, Choice
from evaltools.survey.values.choices import index_choices, read_choice
from evaltools.survey.values.coerce import read_column

CROSSED = [Choice(name, BilingualText(label, label)) for name, label in (("1", "2"), ("2", "3"), ("3", "4"))]
UNCLEAR = (None, "choice-ambiguous")


def answers(cells, kind="select_one", separator=" ", **options):
    column = read_column(cells, kind, choices=index_choices(CROSSED, **{"recode": {}} | options), separator=separator)
    return list(zip(column.answers, column.faults, strict=True))


@pytest.mark.parametrize("first", ["name", "label"])
def test_a_cell_that_can_be_only_one_tells_of_the_others(first):
    assert answers(["1", "2"], first=first) == [("1", None), ("2", None)]
    assert answers(["4", "2"], first=first) == [("3", None), ("1", None)]


@pytest.mark.parametrize("first", ["name", "label"])
def test_a_column_that_does_not_tell_or_contradicts_itself_is_not_guessed(first):
    assert answers(["2", "3", None], first=first) == [UNCLEAR, UNCLEAR, (None, None)]
    assert answers(["1", "2", "4"], first=first) == [("1", None), UNCLEAR, ("3", None)]


def test_several_choices_in_a_cell_tell_together():
    assert answers(["2;3", "1;2"], "select_multiple", ";") == [(("2", "3"), None), (("1", "2"), None)]
    assert answers(["2;3", "3;4"], "select_multiple", ";") == [(("1", "2"), None), (("2", "3"), None)]
    assert answers(["2;3"], "select_multiple", ";") == [UNCLEAR]


def test_where_the_file_or_the_campaign_says_which_nothing_is_in_doubt():
    assert answers(["2"], coding="name") == [("2", None)]
    assert answers(["2"], recode={"2": "3"}) == [("3", None)]


def test_where_cells_are_codes_a_number_that_is_no_name_is_no_label_either():
    named = [Choice(name, BilingualText(label, label)) for name, label in (("a", "2"), ("b", "多于2"), ("3", "3"))]
    index = index_choices(named, {}, coding="name")
    assert [read_choice(cell, index)[:2] for cell in ("2", "3", "多于2")] == [UNCLEAR, ("3", None), ("b", None)]

"""Numbers for choices: places in the list or scores, and refused where both may be meant and differ."""

from dataclasses import replace

import pytest

from evaltools.config import Bank, Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import BilingualText, Choice, read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.questions import index_banks, read_questions
from evaltools.survey.roles import Roles
from evaltools.survey.values.choices import as_number, index_choices, read_choice, read_choices, scores_of

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity |
| | select_one five | sat | 总体满意程度 | Satisfaction | plain |
| | select_one size | size | 企业规模 | Size | plain |

| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |{score}
| | five | 5 | 非常满意 | Very satisfied |{five}
| | five | 3 | 一般 | So so |{three}
| | five | 1 | 非常不满意 | Very dissatisfied |{one}
| | size | small | 小型 | Small |{small}
| | size | large | 大型 | Large |{large}
"""
NONE = dict.fromkeys(("score", "five", "three", "one", "small", "large"), "")
SCORES = {"score": " score |", "five": " 100 |", "three": " 50 |", "one": " 0 |", "small": " 1 |", "large": " 2 |"}


def choices(*names, labels=None, scores=None):
    texts, points = labels or names, scores or [None] * len(names)
    return [
        Choice(name, BilingualText(text, text), () if point is None else ({"score": point},))
        for name, text, point in zip(names, texts, points, strict=True)
    ]


@pytest.fixture
def read(tmp_path, raw_table):
    """Read one question of a table whose column has a coding."""

    def read(cells, coding, *, name="sat", scores=False, recode=None):
        path = tmp_path / "form.md"
        path.write_text(FORM.format(**(SCORES if scores else NONE)), encoding="utf-8")
        instrument = read_instrument_file(path)
        label = instrument.question(name).label.zh
        table = raw_table([(f"1、{label}", cells)], kind="label", marks={"(空)": "blank"})
        table = replace(table, columns=(replace(table.columns[0], key=label, coding=coding),))
        source = Source(
            pattern="raw/*", instrument="form", wave="w", mode="self", channel="x", recode=recode or {},
            absent=tuple({"sat", "size"} - {name}),
        )  # fmt: skip
        found = match_columns(table, instrument, source, path="raw/a.csv")
        return read_questions(table, found, instrument, source, Roles({}), [])[name]

    return read


@pytest.mark.parametrize(
    ("text", "number"), [("3", "3"), ("3.0", "3"), ("03", "3"), ("-2", "-2"), ("0", "0"), ("2.50", "2.5")]
)
def test_a_number_has_one_form(text, number):
    assert as_number(text) == number


@pytest.mark.parametrize("text", ["", "三", "1,3", "1_000", "1e3", "NaN", "Infinity", "3 ", "9" * 40])
def test_other_texts_are_no_numbers(text):
    assert as_number(text) is None


def test_a_number_is_the_place_in_the_list_whatever_the_names(read):
    """The scale is listed from 5 down: the first choice is 5, and so is its number 1."""
    assert read([1, "2", 3.0, "3.0", "(空)", None], "number").answers.tolist() == ["5", "3", "1", "1", None, None]
    assert read([1, 2], "number", name="size").answers.tolist() == ["small", "large"]


def test_a_number_beyond_the_list_is_no_choice(read):
    assert read([0, 4, -3], "number").faults.tolist() == ["choice-unknown"] * 3


def test_what_was_typed_behind_a_number(read):
    column = read(["2〖千人以上〗"], "number", name="size")
    assert (column.answers.tolist(), column.typed) == (["large"], {0: "千人以上"})


def test_a_score_is_that_of_the_instrument(read):
    assert read([100, "50", 0.0], "score", scores=True).answers.tolist() == ["5", "3", "1"]


def test_without_a_column_of_scores_names_that_are_numbers_are_the_scores(read):
    assert read([5, 3, 1], "score").answers.tolist() == ["5", "3", "1"]


def test_scores_that_the_instrument_does_not_have_refuse_the_file(read):
    with pytest.raises(
        FileRefusedError, match=r"choice-scores-missing: raw/a\.csv#Sheet1.*size \('1、企业规模'\).*column score"
    ):
        read([1, 2], "score", name="size")


def test_one_score_for_two_choices_is_ambiguous():
    index = index_choices(choices("a", "b", "c", scores=["1", "1", "0"]), {}, coding="score")
    assert read_choice(1, index) == (None, "choice-ambiguous", None)
    assert read_choice(0, index)[0] == "c"


def test_scores_of_a_list_leave_out_those_without_and_those_for_missing():
    assert scores_of(choices("a", "b", scores=["2.0", None])) == {"2": "a"}
    assert scores_of(choices("1", "2", "dk")) == {"1": "1", "2": "2"}
    assert scores_of(choices("1", "two")) is None
    assert scores_of(choices("dk")) is None


def test_numbers_of_unknown_meaning_are_refused_where_place_and_score_differ(read):
    with pytest.raises(
        FileRefusedError, match=r"wjx-coding-unknown: .*sat \('1、总体满意程度'\).*'wjx-number'.*'wjx-score'"
    ):
        read([1, 2], "numeral")


def test_numbers_of_unknown_meaning_are_read_where_both_say_the_same(read):
    """The second of three on a scale of 5, 3, 1 is 3; a score of 100 is no place in the list."""
    assert read([100, 50], "numeral", scores=True).answers.tolist() == ["5", "3"]
    assert read([1, 2], "numeral", name="size", scores=True).answers.tolist() == ["small", "large"]


def test_numbers_whose_score_nobody_knows_are_refused(read):
    with pytest.raises(FileRefusedError, match=r"wjx-coding-unknown: .*size"):
        read([1, 2], "numeral", name="size")


def test_the_campaign_file_may_say_what_each_number_means(read):
    recode = {"size": {"1": "large", "2": "small"}}
    assert read([1, "2.0"], "numeral", name="size", recode=recode).answers.tolist() == ["large", "small"]


def test_labels_in_a_column_of_numbers_are_read_as_labels(read):
    assert read(["非常满意", 3], "number").answers.tolist() == ["5", "1"]


def test_a_number_among_labels_counts_where_name_and_place_agree():
    """Names 1, 2 in order: 2 is both; names 2, 1: nobody can tell."""
    same = index_choices(choices("1", "2", labels=["差", "好"]), {}, coding="label")
    assert read_choice(2, same)[0] == "2"
    crossed = index_choices(choices("2", "1", labels=["好", "差"]), {}, coding="label")
    assert read_choice(2, crossed) == (None, "choice-ambiguous", None)
    assert read_choice("好", crossed)[0] == "2"


def test_a_label_that_is_a_number_goes_first_among_labels():
    crossed = index_choices(choices("a", "b", labels=["2", "1"]), {}, coding="label")
    assert (read_choice(2, crossed)[0], read_choice("1", crossed)[0]) == ("a", "b")


def test_several_numbers_in_a_cell():
    index = index_choices(choices(*"abcdefghijklm"), {}, coding="number")
    assert read_choices("1┋3", index, "┋")[:2] == (("a", "c"), None)
    assert read_choices(13, index, "┋")[:2] == (("m",), None)
    assert read_choices(1.3, index, "┋")[:2] == (None, "choice-number")


def test_the_forms_own_number_of_a_bank_means_what_the_campaign_file_says():
    """A bank may have the id 2; the second bank in the list of a form is another."""
    banks = [Bank(id="2", name="云河甲银行", type="rural")]
    assert read_choice(2, index_banks(banks, {}))[0] == "2"
    assert read_choice(2, index_banks(banks, {}, "number")) == (None, "choice-unknown", None)
    assert read_choice(2, index_banks(banks, {"2": "2"}, "number"))[0] == "2"

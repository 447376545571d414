"""A form's logic on the rows of a sheet: who should have answered, what breaks a rule, what is computed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from evaltools.survey.instrument import InstrumentError, read_instrument_file
from evaltools.survey.logic.form import compile_logic
from evaltools.survey.logic.walk import Exceptions, walk_form
from evaltools.survey.values.coerce import Column

HEADER = "| survey |\n| | type | name | label | required | relevant | constraint | choice_filter | calculation |\n"
CHOICES = """
| choices |
| | list_name | name | label::zh | label::en | county | size |
| | yes_no | yes | 是 | Yes | | |
| | yes_no | no | 否 | No | | |
| | county | east | 东 | East | | |
| | county | west | 西 | West | | |
| | town | a | 甲 | A | east | 1 |
| | town | b | 乙 | B | west | 2 |
| | town | c | 丙 | C | west | 3 |
| | town | a | 甲 | A | west | 4 |
| settings |
| | allow_choice_duplicates |
| | yes |
"""


@pytest.fixture
def form_of(tmp_path):
    """Read a form from the rows of its survey sheet."""

    def read(*rows):
        path = tmp_path / "form.md"
        path.write_text(HEADER + "".join(f"| | {row} |\n" for row in rows) + CHOICES, encoding="utf-8")
        return read_instrument_file(path)

    return read


def column(cells, *, reasons=(), faults=()):
    """Make a column; a cell that is missing is blank unless a reason is given for its row."""
    answers = np.fromiter(cells, dtype=object, count=len(cells))
    found = np.array([None if cell is not None else "blank" for cell in cells], dtype=object)
    wrong = np.full(len(cells), None, dtype=object)
    for row, reason in dict(reasons).items():
        found[row] = reason
    for row, code in dict(faults).items():
        wrong[row], found[row] = code, None
    return Column(answers, found, wrong)


def walk(form, columns, *, filled="2022-10-21T10:00", counted=None, **exceptions):
    columns = {name: one if isinstance(one, Column) else column(one) for name, one in columns.items()}
    n = len(next(iter(columns.values())).answers)
    times = np.array(filled if isinstance(filled, list) else [filled] * n, dtype="datetime64[us]")
    counts = np.ones(n, dtype=bool) if counted is None else np.array(counted)
    exceptions = {name: frozenset(names) for name, names in exceptions.items()}
    return walk_form(compile_logic(form), columns, times, counted=counts, exceptions=Exceptions(**exceptions))


def faults(walked):
    return [(fault.row, fault.question, fault.code) for fault in walked.faults]


def answers(walked, name):
    return walked.columns[name].answers.tolist()


# ---------------------------------------------------------------------------------------------------------------------
# Relevance


def test_what_depends_on_an_answer_that_was_taken_out_sees_it_gone(form_of):
    form = form_of(
        "select_one yes_no | a | A | | | | | ",
        "select_one yes_no | b | B | | ${a} = 'yes' | | | ",
        "integer | c | C | | ${b} = 'yes' | | | ",
    )
    walked = walk(form, {"a": ["no", "yes"], "b": ["yes", "yes"], "c": [1, 2]})
    assert faults(walked) == [(0, "b", "not-relevant"), (0, "c", "not-relevant")]
    assert answers(walked, "b") == [None, "yes"]
    assert answers(walked, "c") == [None, 2]
    assert walked.columns["c"].reasons.tolist() == ["skipped_by_logic", None]
    assert {fault.scope for fault in walked.faults} == {"cell"}


def test_groups_hand_their_condition_down(form_of):
    form = form_of(
        "select_one yes_no | a | A | | | | | ",
        "begin_group | g | G | | ${a} = 'yes' | | | ",
        "begin_group | h | H | | ${n} > 1 | | | ",
        "integer | n | N | | | | | ",
        "integer | m | M | | ${n} > 2 | | | ",
        "end_group | | | | | | | ",
        "end_group | | | | | | | ",
    )
    assert [(one.row, one.text) for one in form.question("m").conditions] == [
        (3, "${a} = 'yes'"),
        (4, "${n} > 1"),
        (6, "${n} > 2"),
    ]
    walked = walk(form, {"a": ["no", "yes", "yes"], "n": [3, 3, 2], "m": [1, 1, 1]})
    assert faults(walked) == [(0, "n", "not-relevant"), (0, "m", "not-relevant"), (2, "m", "not-relevant")]


def test_a_condition_on_a_later_question_waits_for_it(form_of):
    """`first` stands above what it depends on, and that again depends on the last."""
    form = form_of(
        "integer | first | First | | ${second} = 2 | | | ",
        "integer | second | Second | | ${third} = 3 | | | ",
        "integer | third | Third | | | | | ",
    )
    assert [one.question.name for one in compile_logic(form).questions] == ["third", "second", "first"]
    walked = walk(form, {"first": [1, 1], "second": [2, 2], "third": [3, 0]})
    assert faults(walked) == [(1, "second", "not-relevant"), (1, "first", "not-relevant")]


def test_questions_that_wait_for_each_other_are_taken_in_the_order_of_the_form(form_of):
    form = form_of("integer | a | A | | ${b} = 1 | | | ", "integer | b | B | | ${a} = 1 | | | ")
    assert [one.question.name for one in compile_logic(form).questions] == ["b", "a"]
    assert faults(walk(form, {"a": [1, 1], "b": [1, 0]})) == [(1, "a", "not-relevant")]


def test_nothing_is_concluded_from_a_question_that_the_sheet_does_not_have(form_of):
    form = form_of(
        "select_one yes_no | a | A | | | | | ",
        "integer | b | B | | | | | ",
        "begin_group | g | G | | ${b} = 1 | | | ",
        "integer | c | C | ${a} = 'yes' | ${a} = 'yes' | ${a} = 'yes' | | ",
        "select_one town | t | T | | | | county = ${a} | ",
        "calculate | v | | | | | | ${a} | ",
        "end_group | | | | | | | ",
    )
    walked = walk(form, {"b": [1, 1, 0], "c": [5, None, 5], "t": ["a", None, None], "v": ["?", "", ""]})
    assert faults(walked) == [(2, "c", "not-relevant"), (2, "v", "not-relevant")]  # what is known still counts


def test_a_cell_that_cannot_be_read_is_taken_out_as_well(form_of):
    form = form_of("integer | a | A | | | | | ", "integer | b | B | | ${a} = 1 | | | ")
    walked = walk(form, {"a": [0, 1], "b": column([None, None], faults={0: "number-unit", 1: "number-unit"})})
    assert faults(walked) == [(0, "b", "not-relevant")]
    assert walked.columns["b"].faults.tolist() == [None, "number-unit"]


# ---------------------------------------------------------------------------------------------------------------------
# Required, constraint, choice filter


@pytest.mark.parametrize(
    ("written", "required", "when"),
    [
        ("yes", True, ""),
        ("true()", True, ""),
        ("", False, ""),
        ("false()", False, ""),
        ("${a} = 'yes'", False, "${a} = 'yes'"),
    ],
)
def test_required_is_yes_or_no_or_an_expression(form_of, written, required, when):
    form = form_of("select_one yes_no | a | A | | | | | ", f"integer | b | B | {written} | | | | ")
    question = form.question("b")
    assert (question.required, question.required_when) == (required, when)


def test_required_under_a_condition(form_of):
    form = form_of(
        "select_one yes_no | a | A | | | | | ",
        "integer | b | B | ${a} = 'yes' | ${a} != '' | | | ",
        "date | d | D | ${b} > 0 and today() > date('2022-10-20') | | | | ",
    )
    columns = {
        "a": ["yes", "no", None, "yes", "yes"],
        "b": column([None, None, None, None, 1], reasons={3: "dont_know"}),
        "d": [None] * 5,
    }
    walked = walk(form, columns, filled=["2022-10-21"] * 4 + ["2022-10-20"])
    assert faults(walked) == [(0, "b", "required")]  # not known is an answer
    assert faults(walk(form, columns)) == [(0, "b", "required"), (4, "d", "required")]
    assert walked.blank == ()  # a column that is empty where a condition asks for it is no column that was forgotten


def test_required_columns_that_are_empty_throughout_are_told_in_the_order_of_the_form(form_of):
    form = form_of(
        "integer | z | Z | yes | ${b} = 1 | | | ",
        "integer | b | B | | | | | ",
        "integer | a | A | yes | | | | ",
    )
    columns = {"z": [None, None], "b": [1, 0], "a": [None, None]}
    assert walk(form, columns).blank == ("z", "a")
    assert walk(form, columns, counted=[False, True]).blank == ("a",)


def test_some_questions_are_required_whatever_the_form_says(form_of):
    form = form_of("integer | a | A | | | | | ", "integer | w | W | | ${a} = 1 | | | ")
    assert faults(walk(form, {"a": [1, 0], "w": [None, None]}, always=["w"])) == [
        (0, "w", "required"),
        (1, "w", "required"),
    ]


def test_constraint_sees_the_answers_that_are_left(form_of):
    """`b` is held against `c`, which stands below it and is taken out."""
    form = form_of(
        "select_one yes_no | a | A | | | | | ",
        "integer | b | B | | | . < ${c} or ${c} = '' | | ",
        "integer | c | C | | ${a} = 'yes' | | | ",
    )
    walked = walk(form, {"a": ["yes", "no"], "b": [5, 5], "c": [3, 3]})
    assert faults(walked) == [(1, "c", "not-relevant"), (0, "b", "constraint")]


def test_nobody_knows_a_day_that_is_too_late_where_the_day_of_filling_is_unknown(form_of):
    form = form_of("date | d | D | | | . <= today() | | ")
    cells = {"d": [date(2022, 10, 22), date(2022, 10, 22), None]}
    assert faults(walk(form, cells, filled=["2022-10-21", "NaT", "NaT"])) == [(0, "d", "constraint")]


def test_choice_that_the_filter_leaves_out(form_of):
    """Town a stands in both counties, so it is on offer in either."""
    form = form_of(
        "select_one county | k | K | | | | | ",
        "select_one town | t | T | | | | county = ${k} | ",
        "select_multiple town | m | M | | | | size > 1 and (county = ${k} or ${k} = '') | ",
        "select_one town | n | N | | | | name != ${t} | ",
    )
    counties = {"a": ("east", "west"), "b": ("west",), "c": ("west",)}
    assert {one.name: tuple(row["county"] for row in one.attributes) for one in form.question("t").choices} == counties
    columns = {
        "k": ["east", "west", "west", "east", None, None],
        "t": ["a", "a", "b", "b", "c", None],
        "m": [("a",), ("a", "b"), None, ("b", "c"), ("b", "zzz"), ()],
        "n": ["a", "b", None, None, None, "c"],
    }
    assert faults(walk(form, columns)) == [
        (3, "t", "choice-filtered"),
        (4, "t", "choice-filtered"),
        (0, "m", "choice-filtered"),
        (3, "m", "choice-filtered"),
        (0, "n", "choice-filtered"),
    ]
    assert faults(walk(form, columns, unlisted=["t", "m", "n"])) == []


def test_choice_filter_may_read_the_day(form_of):
    form = form_of("select_one town | t | T | | | | county = 'east' or today() > date('2022-11-01') | ")
    walked = walk(form, {"t": ["b", "b", "a"]}, filled=["2022-10-01", "2022-12-01", "2022-10-01"])
    assert faults(walked) == [(0, "t", "choice-filtered")]


# ---------------------------------------------------------------------------------------------------------------------
# Calculations


def test_exported_value_that_does_not_follow_from_the_answers(form_of):
    form = form_of(
        "integer | a | A | | | | | ",
        "decimal | b | B | | ${a} > 0 | | | ",
        "calculate | v | | | ${a} > 0 | | | ${a} * ${b} ",
    )
    walked = walk(
        form,
        {
            "a": [2, 2, 2, 0, 2, 2, 2],
            "b": column([1.5, 1.5, 1.5, 9.0, None, None, 0.1], faults={5: "number-unit"}),
            "v": ["3", "3.0", "4", "0", "7", "7", "0.2000000000001"],
        },
    )
    assert faults(walked) == [
        (3, "b", "not-relevant"),
        (3, "v", "not-relevant"),
        (2, "v", "calculation-differs"),
        (4, "v", "calculation-differs"),  # of an answer that is missing follows nothing
    ]  # of one that cannot be read nothing is known
    assert {fault.scope for fault in walked.faults} == {"cell"}
    assert answers(walked, "v") == ["3", "3.0", "4", None, "7", "7", "0.2000000000001"]
    assert walked.computed == frozenset()


@pytest.mark.parametrize(
    ("calculation", "exported"),
    [
        ("${a} > 1", ["true", "TRUE", "1", " true "]),
        ("${a} > 9", ["false", "False", "0"]),
        ("${d} + 0", ["19286"]),
        ("date(${d} + 1)", ["2022-10-22", "2022-10-22 00:00:00", "2022-10-22T00:00:00.000+08:00"]),
        ("1 div 3", ["0.333333333333333", "0.3333333333333333"]),
        ("concat(${a}, '')", ["2", "2.0"]),
        ("format-date(${d}, '%m')", ["10", "10.0"]),
    ],
)
def test_ways_to_write_one_value(form_of, calculation, exported):
    form = form_of(
        "integer | a | A | | | | | ",
        "date | d | D | | | | | ",
        f"calculate | v | | | | | | {calculation}",
    )
    n = len(exported) + 1
    columns = {"a": [2] * n, "d": [date(2022, 10, 21)] * n, "v": [*exported, "other"]}
    assert faults(walk(form, columns)) == [(n - 1, "v", "calculation-differs")]


def test_an_empty_cell_says_nothing_of_a_calculation(form_of):
    form = form_of("integer | a | A | | | | | ", "calculate | v | | | | | | ${a} + 1")
    assert faults(walk(form, {"a": [1, 1], "v": [None, "3"]})) == [(1, "v", "calculation-differs")]


@pytest.mark.parametrize(
    "calculation",
    [
        "now()",
        "today()",
        "area(${a})",
        "distance(${a})",
        "once(${a})",
        "jr:choice-name(${k}, '${k}')",
        "format-date('2022-10-21', '%b')",
    ],
)
def test_what_clients_compute_differently_is_not_held_against_them(form_of, calculation):
    """At another moment, by another formula, once for all, or in another language."""
    form = form_of(
        "text | a | A | | | | | ",
        "select_one county | k | K | | | | | ",
        f"calculate | v | | | | | | {calculation}",
    )
    assert faults(walk(form, {"a": ["1 2"], "k": ["east"], "v": ["?"]})) == []


def test_wordings_are_computed_in_chinese(form_of):
    form = form_of("select_one county | k | K | | | | | ", "calculate | v | | | | | | jr:choice-name(${k}, '${k}')")
    assert answers(walk(form, {"k": ["east", None]}), "v") == ["东", None]


def test_calculation_that_the_sheet_lacks_is_computed(form_of):
    form = form_of(
        "calculate | w | | | | | | ${v} * 2",
        "calculate | v | | | ${a} > 0 | | | ${a} + 1",
        "calculate | u | | | | | | if(${w} > 5, 'big', '')",
        "integer | a | A | | | | | ",
        "integer | b | B | | ${u} = 'big' | . < ${w} | | ",
        "calculate | day | | | | | | format-date(today(), '%e')",
    )
    walked = walk(form, {"a": [2, 1, 0, None], "b": [9, 3, 3, None]}, filled=["2022-10-21", "NaT", "NaT", "NaT"])
    assert {name: answers(walked, name) for name in ("v", "w", "u", "day")} == {
        "v": ["3", "2", None, None],
        "w": ["6", "4", None, None],
        "u": ["big", None, None, None],
        "day": ["21", None, None, None],
    }
    assert walked.computed == {"v", "w", "u", "day"}
    assert walked.columns["v"].reasons.tolist() == [None, None, "skipped_by_logic", "skipped_by_logic"]
    assert faults(walked) == [(1, "b", "not-relevant"), (2, "b", "not-relevant"), (0, "b", "constraint")]


def test_the_time_of_a_moment_that_nobody_knows_is_not_made_up(form_of):
    form = form_of("calculate | v | | | | | | now()", "integer | a | A | | | | | ")
    assert "v" not in walk(form, {"a": [1]}).columns


def test_nothing_is_computed_from_an_identifier_but_what_is_classed_so(form_of):
    form = form_of(
        "integer | firm | Firm | | | | | ",
        "calculate | v | | | | | | ${firm} + 1",
        "calculate | w | | | | | | ${v} + 1",
    )
    walked = walk(form, {"firm": [1]}, identifying=["firm"])
    assert (walked.columns.keys(), walked.computed) == ({"firm"}, frozenset())


def test_calculation_of_another_question_is_only_its_first_value(form_of):
    form = form_of("integer | a | A | | | | | ", "integer | b | B | | | | | ${a} + 1")
    assert faults(walk(form, {"a": [1], "b": [9]})) == []
    assert "b" not in walk(form, {"a": [1]}).columns


# ---------------------------------------------------------------------------------------------------------------------
# What cannot be read


def test_all_expressions_that_cannot_be_computed_are_named_with_their_rows(form_of):
    form = form_of(
        "integer | a | A | | | | | ",
        "begin_group | g | G | | random() > 0.5 | | | ",
        "integer | b | B | ${a} >> 1 | | . > pulldata('f', 'x', 'y', ${a}) | | ",
        "select_one town | t | T | | | | region = ${a} or . = 1 | ",
        "end_group | | | | | | | ",
        "calculate | v | | | | | | once(uuid())",
        "select_one_from_file towns.csv | f | F | | | | region = ${a} | ",
    )
    logic = compile_logic(form)
    logic.require({"a"})
    with pytest.raises(InstrumentError, match="logic-chance: sheet survey, row 3: the function random") as caught:
        logic.require({"a", "b", "t"})
    assert [(fault.code, fault.fields["row"]) for fault in caught.value.faults] == [
        ("logic-chance", 3),
        ("logic-syntax", 4),
        ("logic-file", 4),
        ("logic-filter-column", 5),
    ]
    assert "There are: county, name, size" in str(caught.value)
    assert [error.text("en") for error in logic.unchecked] == [
        "logic-not-computed: sheet survey, row 7, question 'v': not computed again, what was exported is kept. The "
        "reason: sheet survey, row 7: the function uuid in once(uuid()) gives another value each time, so a table "
        "cannot compute it again. Refer to an exported question instead, or take the expression out.",
        "logic-filter-list: sheet survey, row 8: the choice filter region = ${a} is not checked, for the form does not "
        "hold the choices of its question.",
    ]
    assert "不重算" in logic.unchecked[0].text("zh")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("select_one town | t | T | | | | . = 'a' | ", "logic-filter-current"),
        ("select_one town | t | T | | | | county = ${nowhere} | ", "logic-question"),
        ("integer | t | T | | . > 0 | | | ", None),  # the question itself
    ],
)
def test_the_point_in_filters_and_conditions(form_of, row, code, tmp_path):
    if code == "logic-question":  # pyxform refuses such a form before we do
        with pytest.raises(Exception, match="nowhere"):
            form_of(row)
        return
    logic = compile_logic(form_of(row))
    assert [fault.code for one in logic.questions for fault in one.faults] == ([] if code is None else [code])


def test_a_repeat_is_not_one_value(form_of):
    """Inside a repeat a row is one instance, and may refer to itself; from outside nothing says which one."""
    form = form_of(
        "begin_repeat | r | R | | | | | ",
        "integer | n | N | | | | | ",
        "integer | m | M | | ${n} > 1 | | | ",
        "end_repeat | | | | | | | ",
        "calculate | total | | | | | | sum(${n})",
        "integer | after | After | | ${n} > 1 | | | ",
    )
    logic = compile_logic(form)
    assert [(fault.code, fault.fields["row"]) for one in logic.questions for fault in one.faults] == [
        ("logic-repeated", 7)
    ]
    assert [error.fields["row"] for error in logic.unchecked] == [6]
    assert "which stands in the repeat 'r'" in str(logic.unchecked[0])

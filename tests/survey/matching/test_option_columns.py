"""A multiple choice with a column a choice: found as a whole, each column as one choice, or refused."""

from dataclasses import replace

import pytest

from evaltools.config import Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.questions import read_questions
from evaltools.survey.roles import Roles

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity |
| | begin_group | g_one | 一 | One | |
| | select_multiple fee | fees | 支付过哪些费用 | Fees paid | plain |
| | end_group | | | | |
| | select_one size | size | 企业规模 | Size | plain |
| | text | comment | 意见 | Comment | plain |

| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | fee | valuation | 评估费 | Valuation |
| | fee | notary | 公证费 | Notary |
| | fee | other | 其他（请注明） | Other |
| | fee | dk | 不清楚 | Don't know |
| | size | small | 小型 | Small |
| | size | large | 大型 | Large |
"""
TWINS = FORM.replace("| 公证费 | Notary |", "| 评估费 | Notary |")
ABSENT = ("size", "comment")


@pytest.fixture
def form(tmp_path):
    def form(text=FORM):
        path = tmp_path / "form.md"
        path.write_text(text, encoding="utf-8")
        return read_instrument_file(path)

    return form


@pytest.fixture
def options(raw_table):
    """Make a table of columns of options: header, option, cells; further fields of the columns by keyword."""

    def options(columns, *, key="支付过哪些费用", marks=None, **fields):
        table = raw_table([(header, cells) for header, _, cells in columns], kind="label", marks=marks)
        described = [
            replace(column, key=key, option=option, **{"coding": "label", **fields})
            for column, (_, option, _) in zip(table.columns, columns, strict=True)
        ]
        return replace(table, columns=tuple(described))

    return options


def matched(table, instrument, **changes):
    settings = {"pattern": "raw/*", "instrument": "form", "wave": "w", "mode": "self", "channel": "x", "absent": ABSENT}
    source = Source(**settings | changes)
    found = match_columns(table, instrument, source, path="raw/a.csv")
    return found, read_questions(table, found, instrument, source, Roles({}), [])


THREE = [
    ("3(评估费)", "评估费", [1, 0, None, -3]),
    ("3(公证费)", "公证费", [1, "0", None, -3]),
    ("3(其他)", "其他（请注明）：", ["0", 0, None, -3]),
]


def test_columns_of_one_question_are_its_choices(options, form):
    """Asked and nothing chosen is an answer; a row of blanks, and one of marks, is not."""
    found, columns = matched(options(THREE, marks={"-3": "skipped_by_logic"}), form())
    assert found.split == {"fees": {"valuation": 0, "notary": 1, "other": 2}}
    assert (found.columns, found.extra) == ({}, ())
    assert columns["fees"].answers.tolist() == [("valuation", "notary"), (), None, None]
    assert columns["fees"].reasons.tolist() == [None, None, "blank", "skipped_by_logic"]


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (1, 0),
        ("1", "0"),
        (1.0, 0.0),
        ("Y", None),
        ("是", "否"),
        (True, False),
        ("已选", "未选"),
        ("√", None),
        ("评估费", ""),
    ],
)
def test_ways_to_say_that_a_choice_was_taken(options, form, yes, no):
    table = options([("a", "评估费", [yes, no]), ("b", "公证费", [no, yes if yes != "评估费" else "公证费"])])
    assert matched(table, form())[1]["fees"].answers.tolist() == [("valuation",), ("notary",)]


def test_a_cell_that_says_neither_is_a_fault(options, form):
    table = options([("a", "评估费", [2, "?", 1]), ("b", "公证费", [0, 1, 1])])
    assert matched(table, form())[1]["fees"].faults.tolist() == ["choice-flag", "choice-flag", None]


@pytest.mark.parametrize(
    ("first", "second", "answers"),
    [
        (["是", "否"], ["否", "是"], [("valuation",), ("no",)]),
        (["评估费", None], [None, "否"], [("valuation",), ("no",)]),
    ],
)
def test_a_choice_that_is_worded_no(options, form, first, second, answers):
    instrument = form(FORM.replace("| fee | notary | 公证费 | Notary |", "| fee | no | 否 | No |"))
    table = options([("a", "评估费", first), ("b", "否", second)])
    assert matched(table, instrument)[1]["fees"].answers.tolist() == answers


@pytest.mark.parametrize(("coding", "names"), [("number", ["1", "2"]), ("name", ["valuation", "notary"])])
def test_options_by_number_or_name(options, form, coding, names):
    table = options([(f"q_{name}", name, [1]) for name in names], coding=coding)
    assert matched(table, form())[0].split == {"fees": {"valuation": 0, "notary": 1}}


def test_a_number_that_is_the_place_of_one_choice_and_the_name_of_another_refuses_the_file(options, form):
    """``fees_2`` is the second choice, or the one that is called 2."""
    crossed = form(FORM.replace("| fee | valuation |", "| fee | 2 |").replace("| fee | notary |", "| fee | 1 |"))
    table = options([(f"fees_{n}", n, [1]) for n in ("1", "2")], key="fees", kind="name", coding="number")
    with pytest.raises(FileRefusedError, match=r"column-options-twice.*'fees_1', 'fees_2'"):
        matched(table, crossed)
    assert set(
        matched(
            replace(table, columns=tuple(replace(one, kind="label", key="支付过哪些费用") for one in table.columns)),
            crossed,
        )[0].split["fees"]
    ) == {"1", "2"}


def test_do_not_know_beside_an_answer_is_a_contradiction(options, form):
    table = options([("a", "评估费", [1, 0]), ("b", "不清楚", [1, 1])])
    column = matched(table, form())[1]["fees"]
    assert column.faults.tolist() == ["choice-contradiction", None]
    assert column.reasons.tolist() == [None, "dont_know"]


def test_an_option_that_is_no_choice_refuses_the_file(options, form):
    with pytest.raises(FileRefusedError, match=r"column-options-unknown: raw/a\.csv#Sheet1.*'fees'.*: '3\(律师费\)'"):
        matched(options([*THREE, ("3(律师费)", "律师费", [0, 0, 0, 0])]), form())


def test_the_beginning_of_a_wording_is_not_that_wording(options, form):
    with pytest.raises(FileRefusedError, match=r"column-options-unknown: .*'评估'"):
        matched(options([("评估", "评估", [1]), ("公证费", "公证费", [1])]), form())


def test_the_campaign_file_may_say_which_choice_an_option_is(options, form):
    table = options([("a", "资产评估收费", [1]), ("b", "公证费", [0])])
    found, columns = matched(table, form(), recode={"fees": {"资产评估收费": "valuation"}})
    assert found.split == {"fees": {"valuation": 0, "notary": 1}}
    assert columns["fees"].answers.tolist() == [("valuation",)]


def test_two_choices_with_one_label_refuse_the_file(options, form):
    with pytest.raises(FileRefusedError, match=r"column-options-twice: .*'fees'.*'3\(评估费\)'"):
        matched(options(THREE[:1]), form(TWINS))


def test_two_options_for_one_choice_refuse_the_file(options, form):
    with pytest.raises(FileRefusedError, match=r"column-options-twice: .*'a', 'b'"):
        matched(options([("a", "评估费", [1]), ("b", "Valuation", [1])]), form())


def test_columns_of_options_for_a_question_with_one_answer_refuse_the_file(options, form):
    table = options([("a", "小型", [1]), ("b", "大型", [0])], key="企业规模")
    with pytest.raises(FileRefusedError, match=r"column-options-type: .*'size'.*'a', 'b'.*select_one"):
        matched(table, form(), absent=("fees", "comment"))


def test_two_questions_of_the_file_with_one_wording_stay_apart(options, form):
    with pytest.raises(FileRefusedError, match=r"column-ambiguous: .*fees \('a', 'c'\)"):
        matched(
            options([("a", "评估费", [1]), ("b", "公证费", [0]), ("c", "评估费", [0]), ("d", "公证费", [1])]), form()
        )


def test_the_campaign_file_names_one_of_them_by_any_of_its_columns(options, form):
    table = options([("a", "评估费", [1]), ("b", "公证费", [0]), ("c", "评估费", [0]), ("d", "公证费", [1])])
    found, columns = matched(table, form(), columns={"fees": "d"})
    assert found.split == {"fees": {"valuation": 2, "notary": 3}}
    assert columns["fees"].answers.tolist() == [("notary",)]


def test_a_twin_in_another_group_is_not_taken(options, form):
    columns = [("g_two/fees/notary", "notary", [1]), ("g_two/fees/other", "other", [0])]
    table = options(columns, key="g_two/fees", kind="name", coding="name")
    with pytest.raises(FileRefusedError, match=r"column-missing: .*fees"):
        matched(table, form())
    right = replace(table, columns=tuple(replace(one, key="g_one/fees") for one in table.columns))
    assert matched(right, form())[0].split == {"fees": {"notary": 0, "other": 1}}


def test_columns_without_the_questions_wording_are_known_by_their_options_and_told_of(options, form):
    columns = [(f"3({text})", text, [1]) for text in ("评估费", "公证费", "其他（请注明）")]
    table = options(columns, key="", number=3)
    assert matched(table, form())[1]["fees"].note == "note-options-alone"
    assert matched(table, form(), columns={"fees": "3(公证费)"})[1]["fees"].note is None
    assert matched(options(columns, key="", number=3), form())[0].split["fees"] == {
        "valuation": 0, "notary": 1, "other": 2,
    }  # fmt: skip


def test_some_of_the_options_are_not_enough_to_know_a_question_by(options, form):
    with pytest.raises(FileRefusedError, match=r"column-missing: .*fees"):
        matched(options(THREE[:2], key="", number=3), form())


def test_a_questions_own_column_goes_before_columns_of_its_choices(options, form):
    table = options([("支付过哪些费用", None, ["评估费"]), *THREE[:2]])
    table = replace(table, values=[cells.rows(0, 1) for cells in table.values], row_numbers=[2], n_counted=1)
    found, columns = matched(table, form())
    assert (found.columns, found.split, found.extra) == ({"fees": 0}, {}, ())
    assert columns["fees"].answers.tolist() == [("valuation",)]


def test_a_column_that_looks_like_an_option_may_be_a_question(options, form):
    """In a group of yes-or-no questions each has a column `group/question`, as options have."""
    table = options([("size", "大型", ["small"]), ("意见", "小型", ["x"])], key="别的题")
    assert matched(table, form(), absent=("fees",))[0].columns == {"size": 0, "comment": 1}


# ---------------------------------------------------------------------------------------------------------------------
# What was typed into the blank of a choice


def test_what_was_typed_beside_the_columns_of_choices(options, form):
    table = options([*THREE[:2], ("3、(其他:)", "其他（请注明）", ["律师费", None, None, None])])
    table = replace(table, columns=(*table.columns[:2], replace(table.columns[2], typed=True)))
    found, columns = matched(table, form())
    assert found.typed == {"fees": {2: "other"}}
    assert found.extra == ()
    # the text alone says that its choice was taken, where that has no column of its own
    assert columns["fees"].answers.tolist()[:2] == [("valuation", "notary", "other"), ()]
    assert columns["fees"].typed == {0: "律师费"}


def test_what_was_typed_beside_a_column_of_its_choice_takes_nothing(options, form):
    table = options([*THREE, ("3、(其他:)", "其他（请注明）", ["律师费", None, None, None])])
    table = replace(table, columns=(*table.columns[:3], replace(table.columns[3], typed=True)))
    columns = matched(table, form())[1]
    assert columns["fees"].answers.tolist()[0] == ("valuation", "notary")
    assert columns["fees"].typed == {0: "律师费"}


def test_what_was_typed_beside_a_single_choice(raw_table, form):
    table = raw_table(
        [("1、企业规模", ["大型", "小型"]), ("1、(大型:)", ["千人以上", "(空)"])], kind="label", marks={"(空)": "blank"}
    )
    own, blank = table.columns
    own, blank = (
        replace(own, key="企业规模", number=1),
        replace(blank, key="企业规模", number=1, option="大型", typed=True),
    )
    found, columns = matched(replace(table, columns=(own, blank)), form(), absent=("fees", "comment"))
    assert found.typed == {"size": {1: "large"}}
    assert columns["size"].answers.tolist() == ["large", "small"]
    assert columns["size"].typed == {0: "千人以上"}


def test_a_question_of_its_own_takes_what_was_typed(options, form):
    table = options([*THREE[:2], ("意见", "其他（请注明）", ["律师费", None, None, None])])
    table = replace(table, columns=(*table.columns[:2], replace(table.columns[2], typed=True)))
    found, columns = matched(table, form(), absent=("size",))
    assert (found.columns, found.typed) == ({"comment": 2}, {})
    assert columns["comment"].answers.tolist()[0] == "律师费"


def test_the_map_has_another_hash_with_a_column_of_typed_texts(options, form):
    table = options([*THREE[:2], ("3、(其他:)", "其他（请注明）", [None] * 4)])
    with_blank = replace(table, columns=(*table.columns[:2], replace(table.columns[2], typed=True)))
    assert matched(table, form())[0].sha256 != matched(with_blank, form())[0].sha256

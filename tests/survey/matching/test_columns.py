"""Columns find their questions by campaign file, path, name, label, and never by a guess."""

from dataclasses import replace

import pytest

from evaltools.config import Source
from evaltools.errors import CampaignError, FileRefusedError
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.columns import check_sources, match_columns
from evaltools.survey.matching.wordings import label_key
from evaltools.survey.readers import RawColumn
from evaltools.survey.roles import Roles

ROLES = Roles({"bank": ("bank",)})

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity | role | calculation |
| | select_one_from_file banks.csv | bank | 哪家银行 | Bank | plain | bank | |
| | text | phone | 电话 | Telephone | direct | | |
| | calculate | total | | | plain | | 1 + 1 |
| | begin_group | g_one | 一 | One | | | |
| | integer | steps | 环节数 | Steps | plain | | |
| | select_multiple fee | fees | 费用 | Fees | plain | | |
| | end_group | | | | | | |
| | begin_group | g_two | 二 | Two | | | |
| | integer | steps_two | 环节数 | Steps | plain | | |
| | end_group | | | | | | |

| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | fee | notary | 公证 | Notary |
| | fee | other | 其他 | Other |
"""


@pytest.fixture
def instrument(tmp_path):
    path = tmp_path / "form.md"
    path.write_text(FORM, encoding="utf-8")
    return read_instrument_file(path)


def source(**changes):
    return Source(
        **{"pattern": "raw/*", "instrument": "form", "wave": "baseline", "mode": "self", "channel": "x"} | changes
    )


def match(table, instrument, **changes):
    return match_columns(table, instrument, source(**changes), path="raw/a.csv")


def test_full_path_keeps_questions_of_two_groups_apart(raw_table, instrument):
    """`g_two/steps` is another question than `g_one/steps`, and `steps_two` has its own column."""
    table = raw_table(
        {"g_two/steps": [1], "g_one/steps": [2], "bank": ["a"], "g_one/fees": [None], "g_two/steps_two": [3]}
    )
    found = match(table, instrument)
    assert found.columns == {"steps": 1, "bank": 2, "fees": 3, "steps_two": 4}
    assert found.extra == ("g_two/steps",)


def test_a_twin_in_another_group_is_never_taken_silently(raw_table, instrument):
    table = raw_table({"g_two/steps": [1], "bank": ["a"], "g_one/fees": [None], "g_two/steps_two": [3]})
    with pytest.raises(FileRefusedError, match=r"column-missing: .*steps \('g_two/steps'"):
        match(table, instrument)


@pytest.mark.parametrize(
    "written", ["steps", "g_one/steps", "g_one.steps", "g_one-steps", "G_One.Steps", "g_oneLg==steps"]
)
def test_names_that_other_programs_rewrite(raw_table, instrument, written):
    table = raw_table({written: [1], "bank": ["a"], "fees": [None], "steps_two": [3]})
    assert match(table, instrument).columns["steps"] == 0


@pytest.mark.parametrize(
    "header",
    [
        "12、哪家银行？（必填）",
        "12. 哪家银行",
        "Q12.哪家银行*",
        "*哪家银行：",
        "第3题：哪家银行",
        "（1）哪家银行",
        "哪家银行【单选题】",
        " BANK ",
        "3.Bank (required)",
        "* 5、哪家银行",
    ],
)
def test_labels_without_numbers_and_marks(raw_table, instrument, header):
    table = raw_table([(header, ["a"]), ("steps", [1]), ("fees", [None]), ("steps_two", [2])], kind="label")
    assert match(table, instrument).columns["bank"] == 0


def test_numbers_inside_a_label_are_not_cut_off():
    assert label_key("1.3 限时办结") == "1.3 限时办结"
    assert label_key("1、3天内") == "3天内"


def test_one_label_for_two_questions_is_ambiguous(raw_table, instrument):
    table = raw_table([("1、环节数", [1]), ("2、环节数", [2]), ("哪家银行", ["a"]), ("费用", [None])], kind="label")
    with pytest.raises(FileRefusedError, match=r"column-ambiguous: .*steps .*steps_two"):
        match(table, instrument)


def test_the_campaign_file_says_which_of_two_equal_headers(raw_table, instrument):
    table = raw_table([("环节数", [1]), ("环节数", [2]), ("哪家银行", ["a"]), ("费用", [None])], kind="label")
    chosen = {"steps": {"header": "环节数", "nth": 2}, "steps_two": {"header": "环节数"}}
    assert match(table, instrument, columns=chosen).columns == {"steps": 1, "steps_two": 0, "bank": 2, "fees": 3}


def test_a_plain_header_of_the_campaign_file_that_stands_twice_is_ambiguous(raw_table, instrument):
    table = raw_table([("n", [1]), ("n", [2]), ("bank", ["a"]), ("fees", [None]), ("steps_two", [3])])
    with pytest.raises(FileRefusedError, match=r"column-ambiguous: .*steps \('n', 'n'\)"):
        match(table, instrument, columns={"steps": "n"})


def test_a_header_of_the_campaign_file_that_is_not_there(raw_table, instrument):
    table = raw_table({"bank": ["a"], "环节总数": [1], "fees": [None], "steps_two": [2]})
    with pytest.raises(FileRefusedError, match=r"column-named-missing: .*steps = '环节总和' \('环节总数'\)"):
        match(table, instrument, columns={"steps": "环节总和"})


def test_one_column_may_serve_two_questions_where_the_campaign_file_says_so(raw_table, instrument):
    table = raw_table({"both": [1], "bank": ["a"], "fees": [None]})
    assert match(table, instrument, columns={"steps": "both", "steps_two": "both"}).columns["steps_two"] == 0


def test_all_missing_questions_are_listed_with_the_nearest_headers(raw_table, instrument):
    table = raw_table([("哪家银行呢", ["a"]), ("手机", [1])], kind="label")
    with pytest.raises(
        FileRefusedError, match=r"questions \(4 in all\): bank \('哪家银行呢'\); steps; fees; steps_two"
    ) as caught:
        match(table, instrument)
    assert caught.value.fields["path"] == "raw/a.csv"


def test_a_phone_number_in_a_header_is_not_shown(raw_table, instrument):
    """Where a file has no header row, the first answers stand there."""
    table = raw_table([("bank13800138000", ["a"]), ("steps", [1]), ("fees", [None]), ("steps_two", [1])], kind="label")
    with pytest.raises(FileRefusedError, match="column-missing") as caught:
        match(table, instrument)
    assert "13800138000" not in str(caught.value)


def test_absent_questions_and_identifiers_need_no_column(raw_table, instrument):
    found = match(raw_table({"bank": ["a"], "steps": [1]}), instrument, absent=("fees", "steps_two"))
    assert found.columns == {"bank": 0, "steps": 1}
    assert not found.has("phone")


def test_an_absent_question_takes_no_column_even_where_there_is_one(raw_table, instrument):
    found = match(raw_table({"bank": ["a"], "steps": [1], "fees": [2]}), instrument, absent=("fees", "steps_two"))
    assert found.extra == ("fees",)


def test_choices_in_columns_of_their_own_belong_to_their_question(raw_table, instrument):
    table = raw_table(
        {"bank": ["a"], "steps": [1], "g_one/fees/notary": ["1"], "g_one/fees/other": ["0"], "steps_two": [1]}
    )
    found = match(table, instrument)
    assert found.split == {"fees": {"notary": 2, "other": 3}}
    assert found.extra == ()


def test_choices_beside_their_question_are_not_extra(raw_table, instrument):
    table = raw_table(
        {"bank": ["a"], "steps": [1], "g_one/fees": ["notary"], "g_one/fees/notary": ["1"], "steps_two": [1]}
    )
    found = match(table, instrument)
    assert (found.columns["fees"], found.extra) == (2, ())


def test_fields_of_the_tool_are_neither_questions_nor_extra(raw_table, instrument):
    columns = {"_uuid": ["u"], "_status": ["x"], "bank": ["a"], "steps": [1], "fees": [None], "steps_two": [1]}
    assert match(raw_table(columns, meta={"native_id": 0}), instrument).extra == ()


def test_rows_of_a_matrix_are_found_with_and_without_their_question(raw_table, instrument):
    columns = [("费用情况—环节数", [1]), ("哪家银行", ["a"]), ("费用", [None]), ("steps_two", [1])]
    table = raw_table(columns, kind="label")
    row = RawColumn(0, "3、费用情况—环节数", "环节数", "label", "费用情况", 3, 1)
    table = replace(table, columns=(row, *table.columns[1:]))
    assert match(table, instrument).columns["steps"] == 0


def test_the_map_has_a_hash_that_changes_with_it(raw_table, instrument):
    columns = {"bank": ["a"], "steps": [1], "fees": [None], "steps_two": [1]}
    one, same = (match(raw_table(columns), instrument) for _ in range(2))
    other = match(raw_table(columns), instrument, absent=("steps_two",))
    assert one.sha256 == same.sha256 != other.sha256


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {"step": "x"}}, r"source-question: .*no question 'step'. Near: steps"),
        ({"absent": ("nix",)}, "source-question: .*absent"),
        (
            {"recode": {"fees": {"公证费用": "notar"}}},
            r"source-choice: .*'notar'.*Allowed: dk, na, notary, other, refused",
        ),
        ({"recode": {"bank": {"甲": "jiaa"}}}, r"source-choice: .*'jiaa'.*Allowed: jia"),
        ({"comparability": {"nix": "same"}}, "source-question: .*comparability"),
    ],
)
def test_the_campaign_file_names_only_questions_and_choices_that_there_are(instrument, changes, message):
    with pytest.raises(CampaignError, match=message):
        check_sources([source(**changes)], {"form": instrument}, {"form": ROLES}, ["jia"])


def test_a_repeat_is_refused_and_may_be_declared_absent(tmp_path):
    path = tmp_path / "form.md"
    form = FORM.replace("begin_group | g_two", "begin_repeat | g_two")
    path.write_text(form.replace("end_group | | | | | | |\n\n", "end_repeat | | | | | | |\n\n"), encoding="utf-8")
    instrument = read_instrument_file(path)
    with pytest.raises(CampaignError, match=r"source-repeat: .*steps_two"):
        check_sources([source()], {"form": instrument}, {"form": ROLES}, [])
    check_sources([source(absent=("steps_two",))], {"form": instrument}, {"form": ROLES}, [])

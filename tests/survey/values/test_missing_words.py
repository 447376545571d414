"""What stands for a missing answer is the instrument's rule; without one a word is what it says."""

import pytest

from evaltools.survey.instrument import InstrumentError, read_instrument_file
from evaltools.survey.values.coerce import read_column
from evaltools.survey.values.missing_words import marks_of, parse_words

FORM = """
| survey |
| | type | name | label::zh | label::en | unit | missing |
| | integer | days | 天数 | Days | 工作日 | 无 = refused |
| | text | comment | 意见 | Comment | | 无 = answer |
| | select_one fee | fee | 费用 | Fee | | |
{more}
| choices |
| | list_name | name | label::zh | label::en |
| | fee | none | 无 | None |
| | fee | some | 有 | Some |

| settings |
| | form_title | form_id | missing |
| | 表 | form | - = blank; 不了解 = dont_know；#N/A=blank; 无 = blank |
"""


@pytest.fixture
def read(tmp_path):
    def read(more="", settings="- = blank; 不了解 = dont_know；#N/A=blank; 无 = blank"):
        path = tmp_path / "form.md"
        text = FORM.format(more=more)
        path.write_text(
            text.replace("- = blank; 不了解 = dont_know；#N/A=blank; 无 = blank", settings), encoding="utf-8"
        )
        return read_instrument_file(path)

    return read


def test_the_rule_of_a_question_goes_before_that_of_the_form(read):
    form = read()
    days, comment, fee = (marks_of(form.question(name)) for name in ("days", "comment", "fee"))
    assert (days["无"], days["-"], days["不了解"], days["#n/a"]) == ("refused", "blank", "dont_know", "blank")
    assert "无" not in comment
    assert "无" not in fee  # a choice with that wording is the choice
    assert fee["-"] == "blank"
    assert form.question("days").unit == "工作日"


@pytest.mark.parametrize("dash", ["-", "—", "——", "－", "–", "−", "--"])
def test_a_dash_means_any_dash(read, dash):
    column = read_column([dash], "integer", marks=marks_of(read().question("days")))
    assert (column.answers[0], column.reasons[0], column.faults[0]) == (None, "blank", None)


def test_without_a_rule_a_word_is_a_fault_of_a_number_and_a_text():
    assert read_column(["-", "无", "N/A"], "integer").faults.tolist() == ["not-a-number"] * 3
    assert read_column(["-", "无", "N/A"], "text").answers.tolist() == ["-", "无", "N/A"]


def test_reasons_are_kept_apart(read):
    column = read_column(["不了解", "无", "#N/A", "0"], "integer", marks=marks_of(read().question("days")))
    assert column.reasons.tolist() == ["dont_know", "refused", "blank", None]
    assert column.answers.tolist() == [None, None, None, 0]


@pytest.mark.parametrize(
    ("more", "settings", "message"),
    [
        ("| | integer | a | 甲 | A | dayz | |", "-=blank", "unit 'dayz' is not one of"),
        ("| | integer | a | 甲 | A | | 无 |", "-=blank", "'无' under missing cannot be read"),
        ("", "- = nothing", "'- = nothing' under missing cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_read_is_named(read, more, settings, message):
    with pytest.raises(InstrumentError, match=message):
        read(more, settings)


def test_a_word_may_hold_the_sign_between_word_and_reason():
    assert parse_words("a=b = blank") == ((("a=b", "blank"),), "")

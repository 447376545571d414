"""Reading XLSForms: small Markdown forms in, questions and choices out."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pytest

from evaltools.errors import CampaignError, UsageError
from evaltools.survey.instrument import (
    BilingualText,
    Choice,
    items_frame,
    read_instrument,
    read_instrument_file,
    write_xlsx,
)

FORM = """
# A form

| survey |
| | type | name | label::中文 (zh) | label::English (en) | hint::English (en) | relevant | constraint | calculation |
| | start | start | | | | | | |
| | begin_group | g | 组 | Group | | ${ok} = 'yes' | | |
| | integer | days | 天数 | Days | In working days | . != 3 | . <= 365 | |
| | select_multiple fees | paid | 费用 | Fees | | | | |
| | end_group | | | | | | | |
| | select_one yes_no | ok | 好吗 | All right? | | | | |
| | select_one_from_file banks.csv | bank | 银行 | Bank | | | | |
| | calculate | twice | | | | | | ${days} * 2 |
| | text | remark | 意见 | Remark | | | | |
| | note | thanks | 谢谢 | Thanks | | | | |

| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | yes_no | yes | 是 | Yes |
| | yes_no | no | 否 | No |
| | fees | none | 无 | None |
| | fees | other | 其他 | Other |

| settings |
| | form_title | title_en | form_id | version |
| | 表 | The form | form | 7 |
"""

CLASSED = """
| survey |
| | type | name | label | required | constraint | constraint_message | sensitivity | concept | role | polarity |
| | text | code | Code | yes | | | direct | | enterprise | |
| | decimal | rate | Rate | true() | . < 36 | Too high | sensitive | credit.rate | | minus |
| | select_one s | size | Size | ${rate} > 3 | | | quasi | | stratum | |
| choices |
| | list_name | name | label |
| | s | 1 | Small |
"""


def read(tmp_path, text, name="form.md"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_instrument_file(path)


def test_questions_in_the_order_of_the_form(tmp_path):
    form = read(tmp_path, FORM)
    assert [(q.name, q.type, q.row) for q in form.questions] == [
        ("start", "metadata", 2),
        ("days", "integer", 4),
        ("paid", "select_multiple", 5),
        ("ok", "select_one", 7),
        ("bank", "select_one", 8),
        ("twice", "calculate", 9),
        ("remark", "text", 10),
        ("thanks", "note", 11),
    ]
    assert [q.name for q in form.answered] == ["days", "paid", "ok", "bank", "twice", "remark"]
    assert (form.name, form.version, form.title) == ("form", "7", BilingualText("表", "The form"))


def test_group_gives_its_path_and_its_condition(tmp_path):
    form = read(tmp_path, FORM)
    days, paid = form.question("days"), form.question("paid")
    assert (days.path, paid.path) == ("g/days", "g/paid")
    assert days.relevant == "(${ok} = 'yes') and (. != 3)"
    assert paid.relevant == "${ok} = 'yes'"
    assert form.question("ok").relevant == ""


def test_wording_in_two_languages(tmp_path):
    days = read(tmp_path, FORM).question("days")
    assert days.label == BilingualText("天数", "Days")
    assert days.label.in_lang("zh") == "天数"
    assert days.hint == BilingualText("In working days", "In working days")  # one language stands for both


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("label", BilingualText("Alter", "Alter")),
        ("label::Deutsch (de)", BilingualText("Alter", "Alter")),
        ("label::chinese", BilingualText("Alter", "Alter")),
        ("label::English", BilingualText("Alter", "Alter")),
        ("label::Deutsch (de) | label::English (en)", BilingualText("Alter", "Age")),
        ("label::Français (fr) | label::中文", BilingualText("Age", "Alter")),
        ("label | label::English (en)", BilingualText("Alter", "Age")),
    ],
)
def test_languages_of_other_forms(tmp_path, headers, expected):
    cells = "Alter | Age" if "|" in headers else "Alter"
    form = read(tmp_path, f"| survey |\n| | type | name | {headers} |\n| | integer | q | {cells} |\n")
    assert form.question("q").label == expected


def test_choices(tmp_path):
    form = read(tmp_path, FORM)
    yes_no = (Choice("yes", BilingualText("是", "Yes")), Choice("no", BilingualText("否", "No")))
    assert form.question("ok").choices == yes_no
    assert form.question("ok").list_name == "yes_no"
    assert (form.question("bank").list_name, form.question("bank").choices) == ("banks.csv", ())


def test_what_an_evaluation_needs_to_know(tmp_path):
    form = read(tmp_path, CLASSED)
    code, rate, size = form.questions
    assert (code.sensitivity, code.role, code.required, code.concept) == ("direct", "enterprise", True, "code")
    assert (rate.sensitivity, rate.polarity, rate.required, rate.concept) == ("sensitive", "minus", True, "credit.rate")
    assert rate.constraint_message == BilingualText("Too high", "Too high")
    assert size.required is False  # required under a condition only
    assert form.with_role("stratum") == (size,)


def test_form_without_classes_gets_those_that_keep_least(tmp_path):
    form = read(
        tmp_path,
        "| survey |\n| | type | name | label |\n"
        "| | text | opinion | Opinion |\n| | text | contact_phone | Phone |\n| | integer | mobile | Mobile |\n"
        "| | geopoint | place | Where |\n| | image | picture | Picture |\n| | integer | age | Age |\n"
        "| | deviceid | device | |\n| | end | end | |\n",
    )
    assert {q.name: q.sensitivity for q in form.questions} == {
        "opinion": "text",
        "contact_phone": "direct",
        "mobile": "direct",
        "place": "direct",
        "picture": "direct",
        "age": "plain",
        "device": "direct",
        "end": "plain",
    }


def test_older_spellings_and_other_types(tmp_path):
    form = read(
        tmp_path,
        "| survey |\n| | type | name | label | repeat_count |\n"
        "| | add integer prompt | a | A | |\n| | select one from l | b | B | |\n| | begin repeat | r | R | 2 |\n"
        "| | range | c | C | |\n| | rank l | d | D | |\n| | time | e | E | |\n| | dateTime | f | F | |\n"
        "| | end repeat | | | |\n| | barcode | h | H | |\n| | audit | audit | | |\n| | acknowledge | i | I | |\n"
        "| choices |\n| | list name | value | label |\n| | l | x | X |\n",
    )
    assert [(q.name, q.type) for q in form.questions] == [
        ("a", "integer"),
        ("b", "select_one"),
        ("c", "decimal"),
        ("d", "select_multiple"),
        ("e", "time"),
        ("f", "datetime"),
        ("h", "text"),
        ("audit", "metadata"),
        ("i", "text"),
    ]
    assert (form.question("c").path, form.question("c").repeat, form.question("h").repeat) == ("r/c", "r", "")


def test_or_other_adds_a_choice_and_a_text(tmp_path):
    form = read(
        tmp_path,
        "| survey |\n| | type | name | label |\n| | select_one l or_other | a | A |\n"
        "| choices |\n| | list_name | name | label |\n| | l | x | X |\n",
    )
    assert [choice.name for choice in form.question("a").choices] == ["x", "other"]
    asked = form.question("a_other")
    assert (asked.type, asked.sensitivity, asked.relevant) == ("text", "text", "selected(${a}, 'other')")


def test_comments_and_disabled_rows_are_left_out(tmp_path):
    form = read(
        tmp_path,
        "| survey |\n| | type | name | label | note | disabled |\n| | | | | only a remark | |\n"
        "| | integer | a | A | | |\n| | integer | b | B | | yes |\n",
    )
    assert [(q.name, q.row) for q in form.questions] == [("a", 3)]


def test_workbook_gives_the_same_instrument(tmp_path):
    for text in (FORM, CLASSED):
        form = read(tmp_path, text)
        write_xlsx(form, tmp_path / "form.xlsx")
        assert read_instrument_file(tmp_path / "form.xlsx") == form


def test_workbook_holds_text_only_and_is_the_same_bytes(tmp_path):
    form = read(tmp_path, "| survey |\n| | type | name | label |\n| | integer | a | =1+1 |\n")
    write_xlsx(form, tmp_path / "a.xlsx")
    write_xlsx(form, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["survey"]["C2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_cell_that_no_workbook_holds(tmp_path):
    form = read(tmp_path, f"| survey |\n| | type | name | label |\n| | integer | a | {'x' * 40_000} |\n")
    with pytest.raises(UsageError, match="instrument-cell: sheet survey, row 2, column 'label'"):
        write_xlsx(form, tmp_path / "form.xlsx")


def test_blank_rows_keep_the_row_numbers_of_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.title = "survey"
    for row in (["type", "name", "label"], [], ["integer", "a", "A"]):
        page.append(row)
    book.save(tmp_path / "form.xlsx")
    form = read_instrument_file(tmp_path / "form.xlsx")
    assert form.question("a").row == 3
    write_xlsx(form, tmp_path / "again.xlsx")
    assert read_instrument_file(tmp_path / "again.xlsx").questions == form.questions


def test_fingerprint_is_of_the_words_not_of_the_file(tmp_path):
    form = read(tmp_path, FORM)
    assert read(tmp_path, "Prose before it.\n" + FORM.replace("| 天数 |", "|   天数   |")).sha256 == form.sha256
    assert read(tmp_path, FORM.replace("天数", "工作日")).sha256 != form.sha256


def test_rows_of_the_items_table(tmp_path):
    form = read(tmp_path, CLASSED)
    frame = items_frame(form)
    assert frame.columns.tolist() == [
        "instrument", "version", "item", "concept", "type", "scale", "polarity", "sensitivity",
        "label_zh", "label_en", "wording_sha",
    ]  # fmt: skip
    assert frame["item"].tolist() == ["code", "rate", "size"]
    assert frame["scale"].tolist() == [None, None, "1"]
    assert frame["polarity"].tolist() == [None, "minus", None]
    reworded = items_frame(read(tmp_path, CLASSED.replace("| Rate |", "| Yearly rate |")))
    assert (frame["wording_sha"] == reworded["wording_sha"]).tolist() == [True, False, True]


def test_unknown_question(tmp_path):
    with pytest.raises(UsageError, match=r"instrument-question: .* no question 'rates'"):
        read(tmp_path, CLASSED).question("rates")


def test_campaign_goes_before_the_product(tmp_path):
    own = tmp_path / "instruments"
    own.mkdir()
    form = read(own, CLASSED, "mystery_visit.md")
    assert read_instrument("mystery_visit", campaign=tmp_path) == form
    assert read_instrument("mystery_visit").name == "mystery_visit"
    write_xlsx(form, own / "other.xlsx")
    assert read_instrument("other", campaign=tmp_path) == replace(
        form, name="other", title=BilingualText("other", "other")
    )
    write_xlsx(form, own / "mystery_visit.xlsx")
    with pytest.raises(CampaignError, match=r"instrument-ambiguous: .* mystery_visit.md, mystery_visit.xlsx"):
        read_instrument("mystery_visit", campaign=tmp_path)


def test_unknown_and_unsafe_names(tmp_path):
    with pytest.raises(CampaignError, match=r"content-missing: .* enterprise_satisfaction, mystery_visit"):
        read_instrument("nothing", campaign=tmp_path)
    with pytest.raises(CampaignError, match=r"instrument-name: '../secret'"):
        read_instrument("../secret")

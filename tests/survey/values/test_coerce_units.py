"""Numbers with units: what the question counts in decides what a word behind a number means."""

import cn2an
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaltools.survey.values.numbers import Asked, read_numbers
from evaltools.survey.values.numerals import half_width, read_numeral
from evaltools.survey.values.units import UNITS, factor_between, find_unit


def read(unit, *cells, given=None, whole=False):
    """Read a column: numbers where they were read, codes of faults elsewhere."""
    asked = Asked(find_unit(unit), find_unit(given) if given else None, given is not None)
    values, faults, _ = read_numbers(cells, whole=whole, asked=asked)
    return [fault if value is None else value for value, fault in zip(values, faults, strict=True)]


@pytest.mark.parametrize(
    ("unit", "cell", "expected"),
    [
        ("days", "15天", 15),
        ("days", "１５ 天", 15),
        ("days", "十五天", 15),
        ("days", "15个工作日", 15),
        ("days", "一百二十个自然日", 120),
        ("days", "两天", 2),
        ("days", "廿五", 25),
        ("days", "15个月", "number-unit"),
        ("days", "半天", "not-a-number"),
        ("working_days", "十五个工作日", 15),
        ("working_days", "15天", "number-unit"),
        ("calendar_days", "15个工作日", "number-unit"),
        ("yuan", "3万元", 30_000),
        ("yuan", "3.5万元", 35_000),
        ("yuan", "3 万元", 30_000),
        ("yuan", "三万五千元", 35_000),
        ("yuan", "壹万伍仟元整", 15_000),
        ("yuan", "1.2亿", 120_000_000),
        ("yuan", "1亿2000万", 120_000_000),
        ("yuan", "¥3,500", 3_500),
        ("yuan", "人民币3000元", 3_000),
        ("yuan", "3,500元", 3_500),
        ("yuan", "3,500", "number-comma"),
        ("yuan", "三万二", "not-a-number"),
        ("yuan", "3000美元", "number-unit"),
        ("万元", "3万", 3),
        ("万元", "三万", 3),
        ("万元", "3万元", 3),
        ("万元", "30000元", 3),
        ("万元", "1.2亿", 12_000),
        ("万元", "十五", 15),
        ("万元", "5千元", 0.5),
        ("万元", "5千", "number-unit"),
        ("percent", "5%", 5),
        ("percent", "5％", 5),
        ("percent", "百分之五", 5),
        ("percent", "百分之4.5", 4.5),
        ("percent", "5‰", "number-unit"),
        ("percent", "5个百分点", "number-unit"),
        ("亩", "三亩", 3),
        ("亩", "3个亩", 3),
        ("count", "5件", 5),
        ("count", "5天", "number-unit"),
    ],
)
def test_a_number_in_the_unit_of_its_question(unit, cell, expected):
    assert read(unit, cell) == [expected]


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("约15天", "number-approximate"),
        ("15天左右", "number-approximate"),
        ("15天以上", "number-approximate"),
        ("不足15天", "number-approximate"),
        ("30多天", "number-approximate"),
        ("十几天", "number-approximate"),
        ("十余天", "number-approximate"),
        ("一两天", "number-approximate"),
        ("几万", "number-approximate"),
        ("3-5天", "number-range"),
        ("3天～5天", "number-range"),
        ("三到五天", "number-range"),
        ("约3至5天", "number-range"),
    ],
)
def test_what_is_about_a_number_is_not_a_number(cell, fault):
    assert read("days", cell) == read("", cell) == [fault]


def test_without_a_unit_of_the_question_only_digits_are_a_number():
    assert read("", "15天", "十五", "3万元", "5%", "15") == [
        "number-unit", "not-a-number", "number-unit", "number-unit", 15,
    ]  # fmt: skip


def test_a_comma_parts_thousands_where_another_cell_of_the_column_shows_it():
    assert read("", "1,234", "1,234,567") == [1234, 1_234_567]
    assert read("", "1,234", "1,234,567", "1,3") == ["number-comma", 1_234_567, "number-comma"]


def test_bare_numbers_count_in_the_unit_of_the_column():
    assert read("yuan", 3, "3", "3元", "3万元", given="万元") == [30_000, 30_000, 3, 30_000]
    assert read("percent", 0.0435, "5%", given="fraction") == [4.35, 5]


def test_a_part_of_one_beside_percentages_is_refused():
    assert read("percent", 0.0435, "4.35", 5, "5%", 0) == ["percent-scale", 4.35, 5, 5, 0]
    assert read("percent", 0.5, 1.2, 2) == [0.5, 1.2, 2]  # half a percent beside two


def test_shares_that_are_all_below_one_are_taken_and_noted():
    values, _, note = read_numbers([0.05, "0.04", None], whole=False, asked=Asked(UNITS["percent"]))
    assert (values.tolist(), note) == ([0.05, 0.04, None], "note-percent-small")
    declared = Asked(UNITS["percent"], UNITS["percent"], declared=True)
    assert read_numbers([0.05, 4.35], whole=False, asked=declared)[0].tolist() == [0.05, 4.35]


def test_working_days_are_days_and_days_are_not_working_days():
    assert factor_between(UNITS["working_days"], UNITS["days"]) == 1
    assert factor_between(UNITS["days"], UNITS["working_days"]) is None
    assert factor_between(UNITS["yi_yuan"], UNITS["wan_yuan"]) == 10_000
    assert find_unit("dayz") is None


@pytest.mark.parametrize(
    "text",
    [
        "一百二",
        "一千五",
        "一两",
        "二零二二",
        "十十",
        "百",
        "一十零",
        "1万2",
        "5千6万",
        "3万3万",
        "两两",
        "点五",
        "三点",
        "",
    ],
)
def test_a_numeral_that_has_another_way_to_be_read_is_none(text):
    assert read_numeral(text) is None


@given(st.integers(0, 10**12 - 1))
@example(10_000)
@example(101_000)
@example(2_022)
def test_every_whole_number_survives_as_a_chinese_numeral(number):
    written = cn2an.an2cn(number)
    assert read_numeral(written) == number
    assert read_numeral(written.replace("二千", "两千").replace("零", "〇")) == number


@given(st.text("零一二三四五六七八九十百千万亿两〇廿点负0123456789. ", max_size=8))
def test_nothing_else_is_a_numeral(text):
    """What is read is the number whose own numeral the text is, or digits before 百, 千, 万, 亿."""
    number = read_numeral(text)
    if number is None or any(sign.isdigit() and sign.isascii() for sign in text):
        return
    plain = text.replace("两", "二").replace("〇", "零").replace("廿", "二十").removeprefix("负")
    written = {cn2an.an2cn(abs(number)), cn2an.an2cn(int(abs(number)))}
    if "点" not in plain:
        assert plain.replace("一十", "十").replace("万零", "万") in {
            one.replace("一十", "十").replace("万零", "万") for one in written
        }


@given(
    st.decimals(0, 9999, places=2, allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "千", "万", "亿"]),
    st.sampled_from(["元", " 元", "元整"]),
)
def test_an_amount_of_money_survives_with_its_words(number, many, word):
    factor = {"": 1, "千": 1_000, "万": 10_000, "亿": 100_000_000}[many]
    assert read("yuan", f"{number}{many}{word}") == [float(number * factor)]


@given(st.text(max_size=20) | st.integers() | st.floats() | st.booleans(), st.sampled_from(sorted(UNITS)))
def test_a_cell_is_a_number_or_a_fault(cell, unit):
    values, faults, _ = read_numbers([cell], whole=False, asked=Asked(UNITS[unit]))
    assert (values[0] is None) != (faults[0] is None)


@given(st.text(max_size=20))
def test_half_width_changes_no_digit_into_another(text):
    kept = [sign for sign in text if sign in "²³¹①½⑴㎡"]
    assert [sign for sign in half_width(text) if sign in "²³¹①½⑴㎡"] == kept

"""Form logic on columns: conversions, comparisons and functions, with values that can be checked by eye."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import CampaignError, UsageError
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.logic import compile_expression

FORM = """
| survey |
| | type | name | label |
| | start | start | |
| | today | day | |
| | integer | n | N |
| | decimal | x | X |
| | text | t | T |
| | select_one l | one | One |
| | select_multiple l | many | Many |
| | date | d | D |
| | datetime | dt | DT |
| | time | clock | Clock |
| | calculate | calc | |
| | note | said | Said |
| choices |
| | list_name | name | label::zh | label::en |
| | l | a | 甲 | A |
| | l | b | 乙 | B |
| | l | 10 | | Ten |
"""
FORM = FORM.replace("| type | name | label |", "| type | name | label | calculation |").replace(
    "| calculate | calc | |", "| calculate | calc | | 1 |"
)
ROW = {"n": 4, "x": 5, "t": 6, "many": 8, "d": 9}


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    path = tmp_path_factory.mktemp("forms") / "form.md"
    path.write_text(FORM, encoding="utf-8")
    return read_instrument_file(path)


@pytest.fixture(scope="module")
def compute(form):
    def run(text, *, row=4, current=None, today=None, **columns):
        frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
        if not columns:
            frame = pd.DataFrame(index=range(1))
        return compile_expression(text, form, row=row).evaluate(frame, current, today=today)

    return run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 * 3 - 8 div 4", 4.0),
        ("10 - 4 - 3", 3.0),
        ("7 mod 3 + 1", 2.0),
        ("-7 mod 3", -1.0),  # the sign of the dividend, as XPath has it
        ("7 mod -3", 1.0),
        ("- - 3", 3.0),
        ("2 - -3", 5.0),
        ("-(1 + 2) * 2", -6.0),
        ("1 + 1 = 2", True),
        ("1 = 1 = 1", True),  # (1 = 1) = 1
        ("3 > 2 > 1", False),  # (3 > 2) > 1
        ("1 < 2 = 3 > 2", True),
        ("true() or true() and false()", True),
        ("(true() or true()) and false()", False),
        ("not(1 = 2) and 'a' != \"b\"", True),
        ("1 div 0", np.inf),
        ("-1 div 0", -np.inf),
        ("number('a')", np.nan),
        ("0 div 0 = 0 div 0", False),
        ("0 div 0 != 0", True),
        (".5 + 1. + 0.25", 1.75),
        ("'div' = 'div'", True),
        ("'it' = \"it\"", True),
        ("''", ""),
    ],
)
def test_operators_and_their_precedence(compute, text, expected):
    np.testing.assert_equal(compute(text)[0], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'5' = 5", True),
        ("'5.0' = 5", True),
        ("' 5 ' = 5", True),
        ("'5.0' = '5'", False),  # two texts
        ("'abc' = 5", False),
        ("'abc' != 5", True),
        ("'10' > '9'", True),  # by size as numbers
        ("'b' > 'a'", False),
        ("true() = 'anything'", True),
        ("false() = ''", True),
        ("true() = 7", True),
        ("true() > false()", True),
        ("number('1e3')", np.nan),  # XPath has no exponents
        ("number('+5')", np.nan),
        ("number('')", np.nan),
        ("number(true())", 1.0),
        ("string(5.0)", "5"),
        ("string(0.1)", "0.1"),
        ("string(-0.5)", "-0.5"),
        ("string(1 div 0)", "Infinity"),
        ("string(0 div 0)", "NaN"),
        ("string(100000000000000000000)", "100000000000000000000"),
        ("string(0.0000001)", "0.0000001"),
        ("string(1 = 1)", "true"),
        ("boolean('false')", True),
        ("boolean(0)", False),
        ("boolean('')", False),
    ],
)
def test_conversions(compute, text, expected):
    np.testing.assert_equal(compute(text)[0], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("selected('a b', 'a')", True),
        ("selected('ab b', 'a')", False),
        ("selected('', '')", False),
        ("count-selected(' a  b ')", 2.0),
        ("count-selected('')", 0.0),
        ("selected-at('a b c', 1)", "b"),
        ("selected-at('a', 3)", ""),
        ("if(1 = 1, 'yes', 'no')", "yes"),
        ("if('', 1, 2)", 2.0),
        ("if(1 = 1, '', 5)", np.nan),
        ("string(if(1 = 1, '', 5))", ""),
        ("if(1 = 2, 5, 'x')", "x"),
        ("if(1 = 1, true(), '')", "true"),
        ("if(1 = 1, today(), '')", np.datetime64("2022-10-21")),
        ("if(1 = 1, now(), today())", "2022-10-21T23:59:59.999+08:00"),  # of two kinds, so text
        ("if(1 = 1, 5, 'x') = '5.0'", True),  # the branch that holds keeps its kind
        ("if(1 = 2, 5, '5') = '5.0'", False),
        ("if(if(1 = 1, 2, ''), if(1 = 2, 5, 'x'), 3) = 'x'", True),
        ("coalesce('', '', 'c')", "c"),
        ("coalesce('', 3)", 3.0),
        ("coalesce(number(''), 3)", np.nan),  # NaN is a value
        ("boolean-from-string('true')", True),
        ("boolean-from-string(1)", True),
        ("boolean-from-string('yes')", False),
        ("boolean-from-string(true())", True),
        ("checklist(1, 2, 'yes', '', 0)", True),
        ("checklist(2, -1, 'yes', '', 0)", False),
        ("checklist(-1, 1, true(), true())", False),
        ("weighted-checklist(5, -1, 'yes', 3, '', 9, 1, 2)", True),
        ("weighted-checklist(-1, 4, 'yes', 3, 1, 2)", False),
        ("weighted-checklist(1, 9, 'yes', 'heavy')", False),  # no weight counts nothing
        ("string-length('信贷')", 2.0),
        ("contains('信贷', '贷')", True),
        ("contains('a', '')", True),
        ("starts-with('abc', 'ab')", True),
        ("ends-with('abc', 'bc')", True),
        ("concat('a', 1, true(), 2.50)", "a1true2.5"),
        ("join(', ', 'a', '', 2)", "a, , 2"),
        ("normalize-space('  a   b ')", "a b"),
        ("substring('12345', 2, 3)", "234"),
        ("substring('12345', 1.5, 2.6)", "234"),  # the examples of XPath 1.0, section 4.2
        ("substring('12345', 0, 3)", "12"),
        ("substring('12345', 0 div 0, 3)", ""),
        ("substring('12345', 2)", "2345"),
        ("substr('12345', 1, 3)", "23"),
        ("substr('12345', -2)", "45"),
        ("substr('12345', 'x')", ""),
        ("substr('12345', -9, 99)", "12345"),
        ("substr('12345', 1 div 0)", ""),
        ("substring-before('2022-09', '-')", "2022"),
        ("substring-before('2022', '-')", ""),
        ("substring-after('2022-09', '-')", "09"),
        ("substring-after('2022', '')", "2022"),
        ("translate('bar', 'abc', 'AB')", "BAr"),
        ("translate('--a', '-', '')", "a"),
        ("regex('13800000000', '1[0-9]{10}')", True),
        ("regex('138000000001', '1[0-9]{10}')", False),  # the whole text
        (r"regex('a.b-c', '[\w-.]+')", True),  # a hyphen, as Java and JavaScript take it
        (r"regex('信贷', '\w+')", False),  # ASCII only, as there
        (r"regex('１３', '\d+')", False),
        ("digest('abc', 'MD5', 'hex')", "900150983cd24fb0d6963f7d28e17f72"),  # RFC 1321
        ("digest('abc', 'SHA-1', 'hex')", "a9993e364706816aba3e25717850c26c9cd0d89d"),  # RFC 3174
        ("digest('abc', 'sha-256')", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),  # FIPS 180-4
        ("string-length(digest('', 'SHA-512', 'HEX'))", 128.0),
        ("base64-decode('5L+h6LS3')", "信贷"),
        ("base64-decode('?')", ""),
        ("int(2.9)", 2.0),
        ("int(-2.9)", -2.0),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -2.0),  # towards positive infinity
        ("round(1.25, 1)", 1.3),
        ("round(1.005, 2)", 1.01),  # as it is written: in binary it is less
        ("round(-1.475, 2)", -1.47),
        ("round(0.49999999999999994)", 0.0),
        ("round(626.3, -3)", 1000.0),
        ("round(1 div 0, 2)", np.inf),
        ("round(123456789012345680000, 2)", 123456789012345680000.0),
        ("round(1, 31)", np.nan),
        ("floor(-1.5)", -2.0),
        ("ceiling(1.2)", 2.0),
        ("abs(-3)", 3.0),
        ("pow(2, 10)", 1024.0),
        ("sqrt(9)", 3.0),
        ("exp(0) + exp10(2) + log(1) + log10(1000)", 104.0),
        ("log(0)", -np.inf),
        ("sin(0) + cos(0) + tan(0) + asin(1) - pi() div 2 + acos(1) + atan(0)", 1.0),
        ("atan2(1, -1) = 3 * pi() div 4", True),
        ("sum('3')", 3.0),
        ("count-non-empty('')", 0.0),
        ("count-non-empty(0)", 1.0),
        ("min(3, '2', 5)", 2.0),
        ("max(3, '2', 5)", 5.0),
        ("max(3, '')", np.nan),
        ("today()", np.datetime64("2022-10-21")),
        ("string(today())", "2022-10-21"),
        ("string(now())", "2022-10-21T23:59:59.999+08:00"),
        ("number(today())", 19286.0),
        ("date('2022-10-21') = today()", True),
        ("date('2022-10-21T08:00:00')", np.datetime64("2022-10-21")),
        ("date(19286)", np.datetime64("2022-10-21")),
        ("date(date-time('2022-10-21T08:00:00'))", np.datetime64("2022-10-21")),
        ("date(today())", np.datetime64("2022-10-21")),
        ("date('no day')", np.datetime64("NaT")),
        ("date(1 div 0)", np.datetime64("NaT")),
        ("date('9999999')", np.datetime64("NaT")),
        ("date(true())", np.datetime64("NaT")),
        ("date('2022-2-3')", np.datetime64("2022-02-03")),
        ("date('20220203')", np.datetime64("NaT")),  # eight digits are a number, and a late day
        ("date('2022-02-30')", np.datetime64("NaT")),
        ("date('2022-10-21T20:00:00Z')", np.datetime64("2022-10-22")),  # the day in Beijing
        ("decimal-date-time('2022-10-21T08:00:00')", 19286.0),  # in UTC
        ("date(decimal-date-time('2022-10-21'))", np.datetime64("2022-10-21")),
        ("date-time(decimal-date-time('2022-10-21T12:30:00'))", np.datetime64("2022-10-21T12:30")),
        ("decimal-date-time('2022-10-21') - decimal-date-time('2022-10-14')", 7.0),
        ("decimal-date-time(19286)", 19286.0),
        ("decimal-time('06:00:00.000+08:00')", 0.25),
        ("decimal-time('18:00')", 0.75),
        ("decimal-time('24:00')", np.nan),
        ("decimal-time(now()) > 0.99", True),
        ("decimal-time('2022-10-21T06:00:00')", 0.25),
        ("decimal-time(1.25)", 0.25),
        ("decimal-time('')", np.nan),
        ("format-date(today(), '%Y/%n | %y/%m | %d %e')", "2022/10 | 22/10 | 21 21"),
        ("format-date('2022-09-05', '%a %b %e')", "周一 9月 5"),
        ("format-date-time(now(), '%H:%M:%S.%3 %h %%')", "23:59:59.999 23 %"),
        ("format-date('', '%Y')", ""),
        ("number('2022-10-21') + 1", 19287.0),
        ("'2022-10-21' < '2022-10-22'", True),
        ("'2022-10-21' = 19286", True),
        ("date-time(today()) < now()", True),
        ("today() - 7 = date('2022-10-14')", True),
        ("today() > '2022-10-20'", True),  # a text beside a date is read as one
        ("today() = '2022-10-21'", True),
        ("today() = '19286'", False),  # a text that is a number is no day
        ("today() != ''", True),
        ("boolean(today())", True),
    ],
)
def test_functions(compute, text, expected):
    np.testing.assert_equal(compute(text, today=date(2022, 10, 21))[0], expected)


def test_unanswered_questions(compute):
    columns = {"n": [3, None], "x": [np.nan, 1.5], "t": ["", "a"], "d": [pd.NaT, date(2022, 9, 1)], "many": [[], ["a"]]}
    for name in columns:
        blank = [name != "n", name == "n"]
        assert compute(f"${{{name}}} = ''", **columns).tolist() == blank
        assert compute(f"'' != ${{{name}}}", **columns).tolist() == [not one for one in blank]
        assert compute(f"string-length(${{{name}}}) = 0", **columns).tolist() == blank
        assert compute(f"boolean(${{{name}}})", **columns).tolist() == [not one for one in blank]
    assert compute("${n} < 5", **columns).tolist() == [True, False]
    assert compute("${n} >= 0 or ${n} < 0", **columns).tolist() == [True, False]
    assert compute("${n} = 3", **columns).tolist() == [True, False]
    assert compute("${n} != 3", **columns).tolist() == [False, True]
    assert compute("${d} <= today()", today=date(2022, 10, 1), **columns).tolist() == [False, True]
    assert compute("${n} = ${x}", n=[None, None, 1], x=[None, 1, 1.0]).tolist() == [True, False, True]
    np.testing.assert_array_equal(compute("${n} + 1", **columns), [4.0, np.nan])
    assert compute("concat('<', ${n}, ${x}, ${d}, '>')", **columns).tolist() == ["<3>", "<1.52022-09-01>"]
    np.testing.assert_array_equal(compute("coalesce(${x}, ${n}, 9)", **columns), [3.0, 1.5])
    np.testing.assert_array_equal(compute("if(${t} = 'a', ${n}, ${x})", **columns), [np.nan, np.nan])


def test_question_without_a_column_is_unanswered(compute):
    assert compute("${t} = 'a' or ${n} = ''", t=["a", None]).tolist() == [True, True]
    assert compute("${n} > 1", t=["a", None]).tolist() == [False, False]


@pytest.mark.parametrize(
    ("name", "column", "text"),
    [
        ("n", pd.Series([3, None], dtype="Int64"), "3 "),
        ("n", pd.Series([3, pd.NA], dtype=object), "3 "),
        ("n", pd.Series([3.0, np.nan]), "3 "),
        ("x", pd.Series([Decimal("3.5"), None], dtype=object), "3.5 "),
        ("t", pd.Series(["NA", None], dtype="str"), "NA "),
        ("one", pd.Series(["a", np.nan], dtype=object), "a "),
        ("one", pd.Series(["a", None], dtype="category"), "a "),
        ("many", pd.Series([["a", "10"], None], dtype=object), "a 10 "),
        ("many", pd.Series([np.array(["a", "b"]), ()], dtype=object), "a b "),
        ("many", pd.Series(["a b", ""], dtype=object), "a b "),
        ("d", pd.Series([date(2022, 9, 28), None], dtype=object), "2022-09-28 "),
        ("d", pd.Series([datetime(2022, 9, 28, 17), pd.NaT], dtype=object), "2022-09-28 "),
        ("d", pd.to_datetime(pd.Series(["2022-09-28", None])), "2022-09-28 "),
        ("d", pd.Series(["2022-09-28", "soon"], dtype=object), "2022-09-28 "),
        ("dt", pd.Series([datetime(2022, 9, 28, 8, 5), None], dtype=object), "2022-09-28T08:05:00.000+08:00 "),
        ("dt", pd.to_datetime(pd.Series(["2022-09-28 08:05", None])), "2022-09-28T08:05:00.000+08:00 "),
        ("start", pd.to_datetime(pd.Series(["2022-09-28 08:05", None])), "2022-09-28T08:05:00.000+08:00 "),
        ("day", pd.to_datetime(pd.Series(["2022-09-28", None])), "2022-09-28 "),
        ("clock", pd.Series([time(8, 5), None], dtype=object), "08:05:00 "),
        ("calc", pd.Series([7.0, None], dtype=object), "7 "),
        ("calc", pd.Series([True, None], dtype=object), "true "),
    ],
)
def test_columns_of_every_make(form, name, column, text):
    expression = compile_expression(f"concat(${{{name}}}, ' ')", form, row=4)
    assert expression.evaluate(pd.DataFrame({name: column})).tolist() == [text, " "]


def test_the_question_itself(compute):
    current = pd.Series([3, None, 400], dtype=object)
    assert compute(". >= 0 and . <= 365", row=ROW["n"], current=current, n=current).tolist() == [True, False, False]
    many = pd.Series([["a"], ["a", "b"]], dtype=object)
    assert compute("selected(., 'b')", row=ROW["many"], current=many, many=many).tolist() == [False, True]
    assert compute("once(7)", row=ROW["n"], current=current, n=current).tolist() == [3.0, 7.0, 400.0]
    assert compute("once(7)").tolist() == [7.0]
    with pytest.raises(UsageError, match=r"logic-current: .* of row 4"):
        compute(". > 0", n=[1])


def test_today_is_given_never_read_from_the_clock(compute):
    days = [date(2022, 9, 30), date(2022, 10, 1)]
    answered_on = pd.to_datetime(pd.Series(["2022-09-30 09:00", "2022-09-30 09:00"]))
    assert compute("${d} <= today()", d=days, today=date(2022, 9, 30)).tolist() == [True, False]
    assert compute("${d} <= today()", d=days, today=answered_on).tolist() == [True, False]
    moments = [datetime(2022, 9, 30, 8), datetime(2022, 9, 30, 10)]
    assert compute("${dt} <= now()", dt=moments, today=answered_on).tolist() == [True, False]
    assert compute("${dt} <= now()", dt=moments, today=date(2022, 9, 30)).tolist() == [True, True]
    assert compute("${dt} <= now()", dt=moments, today=datetime(2022, 9, 30, 9)).tolist() == [True, False]
    with pytest.raises(UsageError, match=r"logic-today: .*today\(\)"):
        compute("${d} <= today()", d=days)


def test_a_time_with_a_zone_is_read_in_beijing_time(compute):
    assert compute("string(${dt})", dt=[datetime(2022, 9, 30, 8, tzinfo=UTC)]).tolist() == [
        "2022-09-30T16:00:00.000+08:00"
    ]


# perimeter and area of a real field; the formulas are spherical, so that the sides of a degree are known
FIELD = (
    "7.9377 -11.5845 0 0;7.9324 -11.5902 0 0;7.927 -11.5857 0 0;7.925 -11.578 0 0;7.9267 -11.5722 0 0;"
    "7.9325 -11.5708 0 0;7.9372 -11.5737 0 0;7.9393 -11.579 0 0;7.9377 -11.5845 0 0"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"distance('{FIELD}')", 5724.36),
        (f"area('{FIELD}')", 2333220.77),
        ("distance('0 0;0 1')", 111318.85),
        ("distance('0 0', '0 1 5 0')", 111318.85),
        ("distance('90 0;90 1')", 0.0),
        ("distance('7.9377 -11.5845;7.9377 -11.5845')", 0.0),
        ("area('0 0;0 1')", 0.0),
        ("distance('')", np.nan),
        ("area('a')", np.nan),
        ("distance('91 0;0 0')", np.nan),
        ("distance('1 2 3 4 5;0 0')", np.nan),
        ("distance('1 nan;0 0')", np.nan),
    ],
)
def test_places(compute, text, expected):
    """Values of enketo's openrosa-xpath-evaluator 2.0, which rounds to centimetres."""
    assert compute(text)[0] == pytest.approx(expected, abs=0.005, nan_ok=True)


@pytest.mark.parametrize(
    ("point", "inside"),
    [("0.5 0.5", True), ("1.5 0.5", False), ("0.5 -0.1", False), ("nowhere", False), ("", False)],
)
def test_geofence(compute, point, inside):
    assert compute(f"geofence('{point}', '0 0;0 1;1 1;1 0;0 0')")[0] == inside
    assert compute(f"geofence('{point}', '0 0;0 1;1 1;1 0')")[0] == inside  # also where the line is not closed
    assert not compute("geofence('0 0', 'x')")[0]


def test_wording_of_a_choice(form, compute):
    assert compute("jr:choice-name(${one}, '${one}')", one=["a", "10", "c", None]).tolist() == ["甲", "Ten", "", ""]
    expression = compile_expression("jr:choice-name(selected-at(${many}, 1), '${ many }')", form, row=4)
    frame = pd.DataFrame({"many": [("a", "b"), ("b",)]})
    assert expression.evaluate(frame, lang="en").tolist() == ["B", ""]
    in_english = compile_expression("format-date(${d}, '%a %b %e')", form, row=4)
    assert in_english.evaluate(pd.DataFrame({"d": [date(2022, 9, 5)]}), lang="en").tolist() == ["Mon Sep 5"]


def test_result_has_one_value_a_row_whatever_the_expression(compute, form):
    assert compute("1", n=[1, 2, 3]).tolist() == [1.0, 1.0, 1.0]
    empty = pd.DataFrame({"n": pd.Series([], dtype=float), "t": pd.Series([], dtype=object)})
    for text in ("true()", "${n} > 1", "concat(${t}, 'a', ${n})", "if(${n} = '', ${t}, 'x')"):
        assert compile_expression(text, form, row=4).evaluate(empty).shape == (0,)


def test_condition_is_true_where_its_value_is(form):
    frame = pd.DataFrame({"t": ["", "no", None], "n": [0.0, 2.0, np.nan]})
    assert compile_expression("${t}", form, row=4).holds(frame).tolist() == [False, True, False]
    assert compile_expression("${n}", form, row=4).holds(frame).tolist() == [False, True, False]
    assert compile_expression("1 = 1", form, row=4).holds(frame).tolist() == [True, True, True]


def test_what_an_expression_says_of_itself(form):
    expression = compile_expression("${ t } = 'a' and (${n} > 1 or ${t} = '') and . < today()", form, row=4)
    assert expression.names == ("t", "n")
    assert (expression.uses_current, expression.uses_today) == (True, True)
    assert (expression.row, expression.text[:6]) == (4, "${ t }")
    plain = compile_expression("1 = 1", form, row=4)
    assert (plain.names, plain.uses_current, plain.uses_today) == ((), False, False)
    assert plain.is_settled
    unsettled = [
        "${d} < today()",
        "area(${t})",
        "distance(${t})",
        "jr:choice-name(${one}, '${one}')",
        "format-date(${d}, '%d %b')",
    ]
    assert not any(compile_expression(text, form, row=4).is_settled for text in unsettled)
    assert compile_expression("format-date(${d}, '%d %m')", form, row=4).is_settled
    clock = compile_expression("if(${n} = 1, now(), '')", form, row=4)
    assert (clock.uses_now, clock.is_settled) == (True, False)


def test_functions_without_an_argument_read_the_question_itself(compute):
    current = pd.Series(["  a  b ", None], dtype=object)
    assert compute("string-length()", row=ROW["t"], current=current, t=current).tolist() == [7.0, 0.0]
    assert compute("concat(normalize-space(), '!')", row=ROW["t"], current=current, t=current).tolist() == ["a b!", "!"]


def test_a_row_keeps_its_kind_whatever_stands_in_other_rows(compute):
    """Of text and number in one column, each row compares as it would alone."""
    columns = {"n": [1, 2, 1, 2], "x": [5.0, 5.0, None, 7.0], "t": ["5.0", "5.0", "5.0", ""]}
    texts = [
        "if(${n} = 1, ${x}, ${t}) = '5'",
        "coalesce(${x}, ${t}) = '5.0'",
        "concat(if(${n} = 1, ${x}, ${t}), '')",
        "if(${n} = 1, ${x}, '') + 1",
    ]
    for text in texts:
        alone = [compute(text, **{name: [cells[row]] for name, cells in columns.items()})[0] for row in range(4)]
        np.testing.assert_array_equal(compute(text, **columns), np.array(alone))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "logic-syntax: .* at position 1, ''"),
        ("1 +", "logic-syntax: .* at position 4, ''"),
        ("1 2", "logic-syntax: .* at position 3, '2'"),
        ("(1", "logic-syntax: .* at position 3"),
        ("1)", r"logic-syntax: .* at position 2, '\)'"),
        ("'open", "logic-syntax: .* at position 1, ''open'"),
        ("${n = 1", "logic-syntax: .* at position 1"),
        ("${last-saved#n} = 1", "logic-syntax: .* at position 1"),
        ("../n = 1", r"logic-syntax: .* at position 1, '../n"),
        ("/data/n = 1", "logic-syntax: .* at position 1, '/data"),
        ("${n} = ‘a’", "logic-syntax: .* at position 8, '‘a’'"),
        ("instance('banks')/root/item[name = 1]", "logic-file: .*the function instance in instance"),
        ("n > 1", "logic-syntax: .* at position 1, 'n'"),
        ("and 1", "logic-syntax: .* at position 1, 'and'"),
        ("min(1,)", r"logic-syntax: .* at position 7, '\)'"),
        ("selected(,)", "logic-syntax: .* at position 10, ','"),
        ("pulldata('a', 'b', 'c', ${t})", "logic-file: sheet survey, row 4: the function pulldata .* attached"),
        ("once(random())", "logic-chance: sheet survey, row 4: the function random .* another value each time"),
        ("position(..) = 1", r"logic-repeat: .*the function position in position\(..\)"),
        ("indexed-repeat(${n}, ${g}, 1)", "logic-repeat: .*indexed-repeat"),
        ("count(/data/g) > 1", "logic-repeat: .*the function count in"),
        ("device-info()", "logic-device: .*only the device knew"),
        ("current()/../n", "logic-document: .*the function current"),
        ("sum-if(${n}, 1)", "logic-dialect: .*SurveyCTO's own"),
        ("upper-case(${t})", "logic-function: sheet survey, row 4: the function upper-case .* There are: abs, .*name"),
        ("jr:choice-name(${one}, ${one})", "logic-quoted: .*argument 2 of jr:choice-name"),
        ("jr:choice-name(${one}, '${two}')", "logic-question: .*'two'"),
        ("jr:choice-name(${n}, '${n}')", "logic-labels: .*'n', whose choices the form does not hold"),
        ("jr:choice-name(${one})", "logic-arguments: .*jr:choice-name .* takes 2 arguments, not 1"),
        ("weighted-checklist(1, 2, ${t}, 1, ${t})", "logic-arguments: .* takes 4, 6, … arguments, not 5"),
        ("format-date(${d}, '%Q')", "logic-quoted: .*argument 2 of format-date .*'%Q'"),
        ("format-date(${d}, '%')", "logic-quoted: .*'%'"),
        ("format-date(${d}, ${t})", r"logic-quoted: .*\('...'\)"),
        ("digest(${t}, 'crc')", "logic-quoted: .*argument 2 of digest .*md5, sha-1"),
        ("digest(${t}, 'MD5', 'rot13')", "logic-quoted: .*argument 3 of digest .*base64, hex"),
        ("selected('a')", "logic-arguments: sheet survey, row 4: the function selected .* takes 2 arguments, not 1"),
        ("round(1, 2, 3)", "logic-arguments: .* takes 1–2 arguments, not 3"),
        ("concat()", "logic-arguments: .* takes ≥1 arguments, not 0"),
        ("n", "logic-syntax: .* at position 1, 'n'"),
        ("true(1)", "logic-arguments: .* takes 0 arguments, not 1"),
        ("${m} = 1", "logic-question: sheet survey, row 4: .* 'm', which is no question"),
        ("${man} = 1", "logic-question: .* Nearest: many"),
        ("regex(${t}, '[')", "logic-pattern: sheet survey, row 4"),
        ("regex(${t}, ${one})", "logic-pattern: .*quoted"),
        ("1 + " * 500 + "1", "logic-too-long: sheet survey, row 4"),
        ("(" * 100 + "1" + ")" * 100, "logic-too-long"),
        ("-" * 100 + "1", "logic-too-long"),
        ("'" + "x" * 10_001 + "'", "logic-too-long"),
    ],
)
def test_faults_name_sheet_row_and_place(form, text, expected):
    with pytest.raises(CampaignError, match=expected) as caught:
        compile_expression(text, form, row=4)
    assert caught.value.exit_code == 3
    assert "第4行" in caught.value.text("zh")


def test_row_without_a_question(form):
    with pytest.raises(CampaignError, match="logic-no-question: sheet survey, row 99"):
        compile_expression(". > 1", form, row=99)


def test_long_list_of_conditions(form):
    """Forms do have such rows: one `selected` for each of many choices."""
    text = " or ".join(["selected(${many}, 'b')"] * 100)
    frame = pd.DataFrame({"many": pd.Series([["a"], ["b"]], dtype=object)})
    assert compile_expression(text, form, row=4).evaluate(frame).tolist() == [False, True]

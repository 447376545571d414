"""Whole columns at once give what an independent XPath 1.0 processor gives row by row.

`elementpath` evaluates each row as a small XML document, with a question as an element and an unanswered question as an
empty one. It is spared where it leaves XPath 1.0 itself: numbers are written ``number('2.5')`` so that it computes in
binary floating point, both sides of a comparison are converted as section 3.4 of the recommendation says, for it
refuses to order text, and ``mod`` is left to decimal literals, for of binary numbers it takes Python's.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree as ET

import elementpath
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.logic import compile_expression

FORM = """
| survey |
| | type | name | label |
| | integer | n | N |
| | decimal | x | X |
| | text | t | T |
| | text | u | U |
| | select_multiple l | many | Many |
| choices |
| | list_name | name | label |
| | l | a | A |
| | l | b | B |
| | l | ab | AB |
"""
NUMBERS = ("n", "x")
TEXTS = ("t", "u", "many")
WORDS = st.sampled_from(["", "a", "b", "ab", "a b", " a", "0", "1", "2", "2.5", "-1", "10", "no"])


class Pair(NamedTuple):
    """One expression in both spellings."""

    ours: str
    theirs: str


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    path = tmp_path_factory.mktemp("forms") / "form.md"
    path.write_text(FORM, encoding="utf-8")
    return read_instrument_file(path)


rows = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.one_of(st.none(), st.integers(-3, 12)),
            "x": st.one_of(st.none(), st.integers(-12, 40).map(lambda quarter: quarter / 4)),
            "t": WORDS,
            "u": WORDS,
            "many": st.lists(st.sampled_from(["a", "b", "ab"]), unique=True),
        }
    ),
    min_size=1,
    max_size=4,
)


def frame_of(cells):
    return pd.DataFrame({name: pd.Series([row[name] for row in cells], dtype=object) for name in cells[0]})


def document_of(row):
    root = ET.Element("d")
    for name, cell in row.items():
        text = (
            " ".join(cell)
            if isinstance(cell, list)
            else ""
            if cell is None
            else f"{cell:g}"
            if name == "x"
            else str(cell)
        )
        ET.SubElement(root, name).text = text
    return root


def oracle(text, row):
    return elementpath.XPath1Parser().parse(text).evaluate(elementpath.XPathContext(document_of(row)))


def join(template, *parts):
    return Pair(template.format(*(part.ours for part in parts)), template.format(*(part.theirs for part in parts)))


number_literals = st.sampled_from(["0", "1", "2", "2.5", "10"]).map(lambda n: Pair(n, f"number('{n}')"))
number_nodes = st.sampled_from(NUMBERS).map(lambda name: Pair(f"${{{name}}}", f"number({name})"))
text_nodes = st.sampled_from(TEXTS).map(lambda name: Pair(f"${{{name}}}", f"string({name})"))
text_literals = WORDS.map(lambda word: Pair(f"'{word}'", f"'{word}'"))
number_texts = st.sampled_from(NUMBERS).map(lambda name: Pair(f"string(${{{name}}})", f"string({name})"))


def larger_numbers(inner, texts):
    return st.one_of(
        st.builds(lambda op, a, b: join(f"({{}} {op} {{}})", a, b), st.sampled_from("+-*"), inner, inner),
        st.builds(
            lambda a, by: Pair(f"({a.ours} div {by})", f"({a.theirs} div number('{by}'))"),
            inner,
            st.sampled_from(["2", "4", "0.5"]),
        ),
        inner.map(lambda a: join("(- {})", a)),
        st.builds(lambda f, a: join(f"{f}({{}})", a), st.sampled_from(["floor", "ceiling", "round"]), inner),
        texts.map(lambda a: join("string-length({})", a)),
        texts.map(lambda a: join("number({})", a)),
    )


def larger_texts(inner):
    return st.one_of(
        st.builds(lambda a, b: join("concat({}, {})", a, b), inner, inner),
        inner.map(lambda a: join("normalize-space({})", a)),
        st.builds(lambda a, n: join(f"substring({{}}, {n})", a), inner, st.integers(-1, 3)),
        st.builds(
            lambda f, a, b: join(f"{f}({{}}, {{}})", a, b), st.sampled_from(CUTS), inner, st.just(Pair("'b'", "'b'"))
        ),
        inner.map(lambda a: join("translate({}, 'ab', 'B')", a)),
    )


CUTS = ["substring-before", "substring-after"]
texts = st.recursive(st.one_of(text_nodes, text_literals, number_texts), larger_texts, max_leaves=4)
numbers = st.recursive(
    st.one_of(number_nodes, number_literals), lambda inner: larger_numbers(inner, texts), max_leaves=5
)


def as_number(pair):
    return Pair(pair.ours, f"number({pair.theirs})")


def selected(answer, name):
    theirs = f"contains(concat(' ', normalize-space({answer.theirs}), ' '), ' {name} ')"
    return Pair(f"selected({answer.ours}, '{name}')", theirs)


comparisons = st.one_of(
    st.builds(lambda op, a, b: join(f"({{}} {op} {{}})", a, b), st.sampled_from(["=", "!="]), texts, texts),
    # a number beside a text: the text is converted
    st.builds(
        lambda op, a, b: join(f"({{}} {op} {{}})", a, as_number(b)),
        st.sampled_from(["=", "!="]),
        number_literals,
        texts,
    ),
    st.builds(
        lambda op, a, b: join(f"({{}} {op} {{}})", as_number(a), as_number(b)),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.one_of(numbers, texts),
        st.one_of(numbers, texts),
    ),
    # the bare question: an unanswered one is the empty text, an answered one its number
    st.builds(
        lambda op, name, word: Pair(f"(${{{name}}} {op} '{word}')", f"({name} {op} '{word}')"),
        st.sampled_from(["=", "!="]),
        st.sampled_from(NUMBERS),
        st.sampled_from(["", "1", "2.5", "-1"]),
    ),
    st.builds(
        lambda f, a, b: join(f"{f}({{}}, {{}})", a, b), st.sampled_from(["contains", "starts-with"]), texts, texts
    ),
    st.builds(selected, text_nodes, st.sampled_from(["a", "b", "ab"])),
    texts.map(lambda a: join("boolean({})", a)),
    numbers.map(lambda a: join("boolean({})", a)),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda op, a, b: join(f"({{}} {op} {{}})", a, b), st.sampled_from(["and", "or"]), inner, inner),
        inner.map(lambda a: join("not({})", a)),
        st.builds(lambda op, a, b: join(f"({{}} {op} {{}})", a, b), st.sampled_from(["=", "!="]), inner, inner),
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=150)
@given(pair=conditions, cells=rows)
def test_conditions(form, pair, cells):
    got = compile_expression(pair.ours, form, row=2).evaluate(frame_of(cells))
    assert got.dtype == np.bool_
    assert got.tolist() == [oracle(pair.theirs, row) for row in cells]


@settings(deadline=None, max_examples=100)
@given(pair=numbers, cells=rows)
def test_numbers(form, pair, cells):
    got = compile_expression(pair.ours, form, row=2).evaluate(frame_of(cells))
    expected = [oracle(pair.theirs, row) for row in cells]
    np.testing.assert_array_equal(got, np.array(expected, dtype=float))


@settings(deadline=None, max_examples=100)
@given(pair=texts, cells=rows)
def test_texts(form, pair, cells):
    got = compile_expression(f"concat({pair.ours}, '')", form, row=2).evaluate(frame_of(cells))
    assert got.tolist() == [oracle(pair.theirs, row) for row in cells]


operands = st.sampled_from(["1", "2", "4", "0.5"])
chains = st.builds(
    lambda first, rest: " ".join([first, *(f"{op} {operand}" for op, operand in rest)]),
    operands,
    st.lists(st.tuples(st.sampled_from(["+", "-", "*", "div", "mod", "+ -", "- -"]), operands), max_size=4),
)
relations = st.builds(
    lambda a, op, b: f"{a} {op} {b}", chains, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), chains
)
flat = st.builds(
    lambda first, rest: " ".join([first, *(f"{op} {relation}" for op, relation in rest)]),
    relations,
    st.lists(st.tuples(st.sampled_from(["and", "or"]), relations), max_size=4),
)


@settings(deadline=None, max_examples=150)
@given(text=flat)
def test_precedence_without_brackets(form, text):
    """The same text goes to both, so that precedence and associativity are the other parser's."""
    got = compile_expression(text, form, row=2).evaluate(pd.DataFrame(index=range(1)))
    assert got.tolist() == [oracle(text, {"n": 1})]

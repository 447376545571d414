"""Texts typed into the blank of a choice, which may hold any sign, are never taken apart silently."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.instrument import BilingualText, Choice
from evaltools.survey.values.choices import index_choices, read_choice, read_choices
from evaltools.survey.values.typed_texts import ways_to_split, without_typed

FEES = [
    Choice(name, BilingualText(zh, en))
    for name, zh, en in (
        ("valuation", "评估费", "Valuation"),
        ("notary", "公证费【必收】", "Notary"),
        ("other", "其他", "Other"),
        ("which", "其他【请注明】", "Other, which"),
    )
]
INDEX = index_choices(FEES, {}, first="label")


@pytest.mark.parametrize(
    ("cell", "name", "typed"),
    [
        ("其他〖律师费〗", "other", "律师费"),
        ("其他【律师费】", "other", "律师费"),
        ("其他 〖 律师费 〗 ", "other", "律师费"),
        ("其他〖〗", "other", None),
        ("其他〖律师〖甲〗费〗", "other", "律师〖甲〗费"),
        ("其他〖a〗b〗", "other", "a〗b"),
        ("其他【请注明】", "which", None),
        ("其他【请注明】【律师费】", "which", "律师费"),
        ("公证费【必收】", "notary", None),
        ("公证费【必收】〖共三次〗", "notary", "共三次"),
    ],
)
def test_a_typed_text_behind_a_choice(cell, name, typed):
    assert read_choice(cell, INDEX) == (name, None, typed)


@pytest.mark.parametrize("cell", ["〖律师费〗", "其它〖律师费〗", "其他〖律师费", "评估", "其他（律师费）"])
def test_what_is_no_choice_stays_none(cell):
    assert read_choice(cell, INDEX)[:2] == (None, "choice-unknown")


@pytest.mark.parametrize(
    ("cell", "names", "typed"),
    [
        ("评估费┋其他〖甲┋乙〗", ("valuation", "other"), "甲┋乙"),
        ("其他〖甲┋评估费〗", ("other",), "甲┋评估费"),
        ("其他〖甲〗┋评估费", ("valuation", "other"), "甲"),
        ("其他【甲┋乙】┋评估费〖丙〗", ("valuation", "other"), "甲┋乙 / 丙"),
        ("公证费【必收】┋其他【甲┋乙】", ("notary", "other"), "甲┋乙"),
        ("其他〖甲〖乙┋丙〗┋评估费", ("valuation", "other"), "甲〖乙┋丙"),
        ("评估费→其他〖甲→乙〗", ("valuation", "other"), "甲→乙"),
    ],
)
def test_separators_within_typed_texts(cell, names, typed):
    assert read_choices(cell, INDEX, "┋") == (names, None, typed)


def test_two_ways_to_read_a_cell_are_none():
    twins = [Choice(text, BilingualText(text, text)) for text in ("甲", "乙", "甲〖x┋乙〗")]
    assert read_choices("甲〖x┋乙〗", index_choices(twins, {}), "┋")[0] == ("甲〖x┋乙〗",)
    two = [Choice(text, BilingualText(text, text)) for text in ("丙", "甲〖x", "乙〗", "甲")]
    assert read_choices("丙┋甲〖x┋乙〗", index_choices(two, {}), "┋")[:2] == (None, "choice-ambiguous")


def test_without_brackets_there_is_one_way():
    assert ways_to_split("a┋b", "┋") == [["a", "b"]]
    assert ways_to_split("a", "┋") == [["a"]]
    assert without_typed("其他") == []


@pytest.mark.parametrize(
    "cell",
    [
        "〖" * 20_000,
        "其他〖" * 5_000 + "〗",
        "┋" * 20_000,
        "评估费┋" * 4_000 + "x",
        "a " * 9_999,
        "其他〖x〗┋" * 40 + "？",
    ],
)
def test_a_cell_that_is_made_to_take_long_is_no_choice(cell):
    began = time.perf_counter()
    assert read_choices(cell, INDEX, "┋")[0] is None
    assert read_choice(cell, INDEX)[0] is None
    assert time.perf_counter() - began < 1


@given(st.text("甲┋〖〗【】 ", max_size=12))
def test_splitting_loses_no_sign(text):
    for parts in ways_to_split(text, "┋"):
        assert "┋".join(parts) == text


@given(st.text(st.characters(exclude_characters="〖〗【】", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_any_text_without_brackets_comes_back_from_its_blank(typed):
    names, fault, found = read_choices(f"评估费┋其他〖{typed}〗", INDEX, "┋")
    assert (names, fault, found) == (("valuation", "other"), None, typed.strip() or None)

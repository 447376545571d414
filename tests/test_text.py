"""Text: placeholders, cleaning, masking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.text import clean, fill, mask, normalise


def test_fill_replaces_names_and_nothing_else():
    assert fill("{bank}改善{points}分", {"bank": "甲", "points": "4.1", "unused": 1}) == "甲改善4.1分"


def test_fill_does_not_look_inside_values():
    assert fill("{bank}", {"bank": "{points} {{7*7}} {bank.__class__}"}) == "{points} {{7*7}} {bank.__class__}"


def test_fill_names_the_value_that_is_missing():
    with pytest.raises(KeyError, match="points"):
        fill("{points}", {})


@given(st.text())
def test_clean_leaves_nothing_unprintable_and_is_done_once(text):
    once = clean(text)
    assert clean(once) == once
    assert not set(once) & set("\x00\x1b\u202e\u2066\ufeff\r")


def test_normalise_folds_width_space_and_case():
    assert normalise(" ＡＢｃ　１２ \u202e") == "abc 12"


@given(st.text(min_size=1, max_size=40))
def test_mask_never_shows_more_than_two_signs(text):
    shown = mask(text).rsplit("…", 1)[0]
    assert len(shown) <= 2

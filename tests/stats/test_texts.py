"""Texts of one length are coded as Arrow codes them, or left to it."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import Design, change, texts

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.compute")


@pytest.fixture(autouse=True)
def _small_columns_too(monkeypatch):
    monkeypatch.setattr(texts, "FROM_ROWS", 0)


def names(length, rows=3000, seed=3):
    """Draw names of one length, each about three times; letters of several bytes are cut into bytes by nobody."""
    rng = np.random.default_rng(seed)
    return [f"{number:0{length}d}"[-length:] for number in rng.integers(0, min(10**length, rows // 3), rows)]


@pytest.mark.parametrize("kind", ["string", "large_string"])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 18, 32])
def test_codes_and_labels_are_those_of_arrow(length, kind):
    given = names(length)
    column = pa.chunked_array([given[:1000], given[1000:1001], given[1001:]], type=getattr(pa, kind)())
    for part in (column, column.slice(5), column.slice(990, 50), column.slice(1000, 1)):
        expected = pc.dictionary_encode(part).combine_chunks()
        got = texts.code_texts(part)
        assert got.indices.equals(expected.indices)
        assert got.dictionary.equals(expected.dictionary)


def test_chinese_names_of_one_length():
    column = pa.chunked_array([["城西支行", "城东支行", "城西支行"]])
    assert texts.code_texts(column).indices.to_pylist() == [0, 1, 0]


@pytest.mark.parametrize("values", [["ab", "a"], ["ab", "abc", "a"], ["ab", None], ["", ""], [None, None]])
def test_other_texts_are_left_to_arrow(values):
    assert texts.code_texts(pa.chunked_array([values], type=pa.string())) is None


def test_numbers_are_left_to_arrow():
    assert texts.code_texts(pa.chunked_array([[1, 2]])) is None


def test_different_texts_with_the_same_number_are_found(monkeypatch):
    """However texts are mixed, two that differ never become one."""
    monkeypatch.setattr(texts, "_mix", lambda words: words[:, 0] * 0)
    assert texts.code_texts(pa.chunked_array([["a" * 16, "b" * 16]])) is None
    assert texts.code_texts(pa.chunked_array([["a" * 16, "a" * 16]])).indices.to_pylist() == [0, 0]


def test_a_change_is_the_same_either_way(sample, monkeypatch):
    frame = sample.assign(firm=[f"{name:>12}" for name in sample["firm"]], wave=sample["wave"])
    table = pa.Table.from_pandas(frame, preserve_index=False)
    design = Design(weight="weight", stratum="stratum", psu="firm")
    fast = change(table, ["score", "days"], "bank", design=design)
    monkeypatch.setattr(texts, "code_texts", lambda _: None)
    assert fast.equals(change(table, ["score", "days"], "bank", design=design))

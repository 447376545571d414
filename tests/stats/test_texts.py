"""Texts of one length are coded as Arrow codes them, or left to it."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import Design, arrays, change, texts

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.compute")


@pytest.fixture(autouse=True)
def _small_columns_too(monkeypatch):
    monkeypatch.setattr(texts, "FROM_ROWS", 0)


def names(length, rows=3000, seed=3):
    """Draw names of one length, each about three times; letters of several bytes are cut into bytes by nobody."""
    rng = np.random.default_rng(seed)
    return [f"{number:0{length}d}"[-length:] for number in rng.integers(0, min(10**length, rows // 3), rows)]


def pseudonyms(length, rows=3000, seed=3):
    """Draw names of letters and digits without order, each about three times."""
    rng = np.random.default_rng(seed)
    made = ["".join(rng.choice(list("0123456789abcdef"), length)) for _ in range(rows // 3)]
    return [made[place] for place in rng.integers(0, len(made), rows)]


@pytest.mark.parametrize("kind", ["string", "large_string"])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 18, 32])
@pytest.mark.parametrize("draw", [names, pseudonyms])
def test_codes_and_labels_are_those_of_arrow(draw, length, kind):
    given = draw(length)
    column = pa.chunked_array([given[:1000], given[1000:1001], given[1001:]], type=getattr(pa, kind)())
    for part in (column, column.slice(5), column.slice(990, 50), column.slice(1000, 1)):
        expected = pc.dictionary_encode(part).combine_chunks()
        got = texts.code_texts(part)
        assert got.indices.equals(expected.indices)
        assert got.dictionary.equals(expected.dictionary)


@pytest.mark.parametrize(("draw", "tables"), [(names, 1), (pseudonyms, 0)])
def test_running_numbers_are_coded_by_a_table_and_others_are_mixed(monkeypatch, draw, tables):
    called = []
    by_table = texts._code_by_table
    monkeypatch.setattr(texts, "_code_by_table", lambda *given: called.append(1) or by_table(*given))
    texts.code_texts(pa.chunked_array([draw(8)]))
    assert len(called) == tables


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_name_is_known_again_in_a_later_piece(monkeypatch, size):
    column = pa.chunked_array([names(9, rows=300)])
    expected = pc.dictionary_encode(column).combine_chunks()
    monkeypatch.setattr(arrays, "PIECE", size)
    assert texts.code_texts(column).equals(expected)


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

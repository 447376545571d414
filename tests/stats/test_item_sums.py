"""Summing an item: every number type, cells of many rows, pieces and threads give the same totals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.stats import Design, arrays, change, estimate, totals

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


@pytest.fixture(scope="module")
def arrow():
    return pytest.importorskip("pyarrow")


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("int8", [-128, 127, None, 5]),
        ("int8", [-128, 127, 0, 5]),
        ("uint8", [255, 0, None, 254]),
        ("int64", [-(2**53), 2**53, None, 7]),
        ("uint32", [2**32 - 1, 2**32 - 2, None, 0]),
        ("float32", [0.5, None, -3.25, float("nan")]),
    ],
)
def test_answers_at_the_limits_of_their_type(sample, arrow, kind, answers):
    """No number that an answer can be is taken for an absent one."""
    column = arrow.array([answers[row % len(answers)] for row in range(len(sample))], type=getattr(arrow, kind)())
    table = arrow.Table.from_pandas(sample[["firm", "stratum", "weight", "bank"]], preserve_index=False)
    got = estimate(table.append_column("y", column), "y", "bank", FIRMS)
    plain = [np.nan if answer is None else float(answer) for answer in column.to_pylist()]
    pd.testing.assert_frame_equal(got, estimate(sample.assign(y=plain), "y", "bank", FIRMS), rtol=1e-12)


def test_part_of_an_arrow_array_is_read_from_where_it_begins(sample, arrow):
    table = arrow.Table.from_pandas(sample.astype({"score": "Int8"}), preserve_index=False)
    expected = estimate(sample.iloc[11:], "score", "bank", FIRMS)
    pd.testing.assert_frame_equal(estimate(table.slice(11), "score", "bank", FIRMS), expected)


@pytest.mark.parametrize("rows", [127, 128, 1000])
def test_a_cell_counts_all_its_answers(rows):
    """127 answers of a firm fit a byte, 128 do not."""
    frame = pd.DataFrame({"firm": ["a"] * rows + ["b"], "y": np.int8(3)})
    held = totals(frame, "y", design=Design(psu="firm"))
    assert held.sums[0].answers.tolist() == [rows, 1]
    assert estimate(frame, "y", design=Design(psu="firm"))["n"].tolist() == [rows + 1]


@pytest.mark.parametrize("overlap", ["union", "pattern"])
def test_pieces_of_any_size_give_the_same(sample, monkeypatch, overlap):
    design = Design(weight="weight", stratum="stratum", psu="firm", overlap=overlap, lonely_psu="adjust")
    items = ["score", "days"]
    expected = change(sample, items, "bank", design=design), estimate(sample, items, "bank", FIRMS)
    for size in (1, 7, 64):
        monkeypatch.setattr(arrays, "PIECE", size)
        got = change(sample, items, "bank", design=design), estimate(sample, items, "bank", FIRMS)
        for table, whole in zip(got, expected, strict=True):
            pd.testing.assert_frame_equal(table, whole, rtol=1e-12)


def test_totals_of_several_items_do_not_share_memory(sample):
    """Only `change` writes the next item over the last one; Totals are kept."""
    held = totals(sample, ["score", "days"], "bank", "wave", FIRMS)
    assert not np.shares_memory(held.sums[0].shifted, held.sums[1].shifted)
    again = totals(sample, "score", "bank", "wave", FIRMS)
    assert held.sums[0].shifted.tolist() == again.sums[0].shifted.tolist()

"""Kitagawa's parts: they add up, cells of one wave are composition, reversals are said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import Design, change, split_change, standardise_change

FIRMS = Design(weight="weight", stratum="stratum", psu="firm", df="domain")


def part(table, name, column="estimate"):
    return table.loc[table["part"] == name, column].to_numpy()


def stack(*cells):
    """Rows from (wave, size, answers)."""
    rows = [(wave, size, answer) for wave, size, answers in cells for answer in answers]
    return pd.DataFrame(rows, columns=["wave", "size", "score"]).assign(firm=lambda rows: range(len(rows)))


def test_parts_by_hand():
    """Shares 3/4, 1/4 -> 1/4, 3/4; means 2, 4 -> 3, 4."""
    rows = stack((1, "s", [1, 2, 3]), (1, "l", [4]), (2, "s", [3]), (2, "l", [3, 4, 5]))
    expected = {"baseline": (0.75, 0.5), "endline": (0.25, 1.0), "average": (0.5, 0.75)}
    for weights, parts in expected.items():
        got = split_change(rows, "score", design=Design(psu="firm"), mix="size", weights=weights)
        assert part(got, "raw").tolist() == [1.25]
        assert [part(got, name)[0] for name in ("rate", "composition")] == pytest.approx(parts, rel=1e-12)


@given(seed=st.integers(0, 10_000), weights=st.sampled_from(["average", "baseline", "endline"]))
@settings(max_examples=25, deadline=None)
def test_parts_add_up_and_raw_is_the_change(seed, weights, draw):
    frame = draw(seed, firms=40)
    frame["size"] = frame["firm"].map(lambda firm: "ab"[int(firm[1:]) % 2])
    got = split_change(frame, ["score", "days"], "bank", design=FIRMS, mix="size", weights=weights, max_empty=0.99)
    total = part(got, "rate") + part(got, "composition")
    np.testing.assert_allclose(total, part(got, "raw"), rtol=1e-9, atol=1e-12)
    plain = change(frame, ["score", "days"], "bank", design=FIRMS)
    for column in ("se", "df", "ci_low", "ci_high", "p"):
        np.testing.assert_allclose(part(got, "raw", column), plain[column], rtol=1e-8, atol=1e-10)


def test_standardised_row_is_that_of_standardise_change(moving_mix):
    frame = moving_mix(5, firms=20)
    shares = pd.DataFrame({"size": ["small", "medium", "large"], "share": [5, 3, 2]})
    design = Design(psu="firm", df="domain")
    got = split_change(frame, "score", design=design, mix="size", margins=shares)
    alone = standardise_change(frame, "score", design=design, mix="size", margins=shares)
    for column in ("se", "df", "ci_low", "ci_high", "p", "n_baseline", "n_endline", "empty_share"):
        assert part(got, "standardised", column).tolist() == alone[column].tolist()


def test_a_mix_that_stands_still_has_no_composition():
    rows = stack((1, "s", [1, 2]), (1, "l", [4, 5]), (2, "s", [3, 4]), (2, "l", [3, 5]))
    got = split_change(rows, "score", design=Design(psu="firm"), mix="size")
    assert part(got, "composition").tolist() == [0.0]
    assert part(got, "rate").tolist() == part(got, "raw").tolist()


def test_a_cell_of_one_wave_is_composition_at_its_own_level():
    """Size x has 1 of 20 answers at the baseline and none at the endline: 2.5 % of the answers of a wave on average."""
    rows = stack((1, "s", [2, 4] * 9 + [3]), (1, "x", [5]), (2, "s", [3, 5] * 10))
    got = split_change(rows, "score", design=Design(psu="firm"), mix="size")
    assert part(got, "rate") == pytest.approx([0.975 * 1.0])
    assert part(got, "composition") == pytest.approx([3.5 * 0.05 - 5 * 0.05])
    assert part(got, "rate", "empty_share") == pytest.approx([0.025])
    assert part(got, "rate", "flag")[0] == "empty_cell"
    strict = split_change(rows, "score", design=Design(psu="firm"), mix="size", max_empty=0)
    assert np.isnan(part(strict, "rate")).all()
    assert np.isnan(part(strict, "composition", "se")).all()
    assert np.isfinite(part(strict, "raw", "se")).all()


def test_reversal_is_flagged_and_clear_where_both_differ_from_zero():
    """Each size gets worse, but large firms, who answer higher, come in: the raw change is upwards."""
    noise = [-0.3, 0.3, -0.1, 0.1, 0.0] * 6
    small, large = [2 + e for e in noise], [5 + e for e in noise]
    rows = stack(
        (1, "s", small * 3), (1, "l", large), (2, "s", [y - 0.5 for y in small]), (2, "l", [y - 0.5 for y in large] * 3)
    )  # fmt: skip
    got = split_change(rows, "score", design=Design(psu="firm"), mix="size")
    assert part(got, "raw") > 0 > part(got, "standardised")
    assert (got["flag"] == "reversal;reversal_clear").all()
    doubtful = rows.assign(score=rows["score"] + np.where(rows.index % 2 == 0, 9.0, -9.0))
    flags = split_change(doubtful, "score", design=Design(psu="firm"), mix="size")["flag"]
    assert (flags == "reversal").all()


def test_unknown_weights_are_refused():
    with pytest.raises(UsageError, match="weights cannot be 'pooled'"):
        split_change(stack((1, "s", [1]), (2, "s", [2])), "score", mix="size", weights="pooled")

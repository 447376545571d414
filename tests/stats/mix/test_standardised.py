"""The standardised change by hand, at its edges, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, change, standardise_change, totals
from evaltools.stats.estimation.replicates import Replicates

FIRMS = Design(psu="firm")
DOMAIN = Design(psu="firm", df="domain")

# two small and one large firm at the baseline, one small and two large at the endline; nobody is in both
SIX = pd.DataFrame({
    "firm": list("abcdef"), "wave": [1, 1, 1, 2, 2, 2], "size": ["small", "small", "large", "small", "large", "large"],
    "score": [1.0, 3.0, 5.0, 4.0, 4.0, 6.0],
})  # fmt: skip


def margins(**shares):
    return pd.DataFrame({"size": list(shares), "share": list(shares.values())})


def test_levels_and_error_by_hand():
    """Small: 2 -> 4, large: 5 -> 5. At 3:1 that is 2.75 -> 4.25, and only cells of two firms vary."""
    got = standardise_change(SIX, "score", design=FIRMS, mix="size", margins=margins(small=3, large=1)).iloc[0]
    assert got[["baseline", "endline", "change"]].tolist() == [2.75, 4.25, 1.5]
    contributions = [0.75 * 0.5, -0.75 * 0.5, 0, 0, -0.25 * 0.5, 0.25 * 0.5]
    assert got["se"] == pytest.approx(np.sqrt(6 / 5 * np.square(contributions).sum()), rel=1e-12)
    assert got["flag"] == "thin_cell"
    assert got[["n_baseline", "n_endline", "df"]].tolist() == [3, 3, 5]


def test_without_margins_the_mix_is_the_mean_of_both_waves():
    """Small firms are 2/3 and 1/3 of the waves, so half."""
    own = standardise_change(SIX, "score", design=FIRMS, mix="size")
    given = standardise_change(SIX, "score", design=FIRMS, mix="size", margins=margins(small=0.5, large=0.5))
    pd.testing.assert_frame_equal(own, given)


def test_one_cell_is_the_plain_change(draw):
    frame = draw(4, firms=60).assign(size="any")
    design = Design(weight="weight", stratum="stratum", psu="firm", df="domain")
    got = standardise_change(frame, ["score", "days"], "bank", design=design, mix="size")
    plain = change(frame, ["score", "days"], "bank", design=design)
    for column in ("baseline", "endline", "change", "se", "df", "n_baseline", "n_endline"):
        np.testing.assert_allclose(got[column], plain[column], rtol=1e-11)
    assert (got["ci_high"] >= plain["ci_high"]).all()  # a PSU's share of its cell is allowed for besides


def test_a_small_empty_cell_is_left_out_and_said():
    """Nobody is of size huge, 4 % of the margins: the others are scaled up to 60:40."""
    some = margins(small=0.576, large=0.384, huge=0.04)
    got = standardise_change(SIX, "score", design=FIRMS, mix="size", margins=some).iloc[0]
    whole = standardise_change(SIX, "score", design=FIRMS, mix="size", margins=margins(small=0.6, large=0.4)).iloc[0]
    assert got["change"] == pytest.approx(whole["change"], rel=1e-12)
    assert got["se"] == pytest.approx(whole["se"], rel=1e-12)
    assert got["empty_share"] == pytest.approx(0.04)
    assert got["flag"] == "empty_cell;thin_cell"


def test_a_large_empty_cell_gives_no_number():
    rows = SIX[(SIX["size"] != "large") | (SIX["wave"] == 1)]
    got = standardise_change(rows, "score", design=FIRMS, mix="size", margins=margins(small=0.5, large=0.5)).iloc[0]
    assert got[["change", "se", "df", "ci_low", "ci_high", "p", "baseline"]].isna().all()
    assert got["empty_share"] == 0.5
    assert "empty_cell" in got["flag"].split(";")
    more = standardise_change(
        rows, "score", design=FIRMS, mix="size", margins=margins(small=0.5, large=0.5), max_empty=0.5
    )
    assert more["change"].tolist() == [2.0]


def test_a_domain_without_answers_in_a_wave_has_no_number():
    rows = pd.concat([SIX.assign(bank="a"), SIX[SIX["wave"] == 1].assign(bank="b", firm=list("xyz"))])
    got = standardise_change(rows, "score", "bank", design=FIRMS, mix="size").set_index("bank")
    assert got.loc["b", "flag"] == "no_answers"
    assert np.isnan(got.loc["b", "change"])
    assert np.isfinite(got.loc["a", "change"])


def test_several_mix_columns_form_cells_together(moving_mix):
    frame = moving_mix(2, firms=40).assign(sector="trade")
    one = standardise_change(frame, "score", design=DOMAIN, mix="size")
    two = standardise_change(frame, "score", design=DOMAIN, mix=["sector", "size"])
    pd.testing.assert_frame_equal(one, two)
    given = frame.drop_duplicates("size")[["sector", "size"]].assign(share=1.0)
    assert np.isfinite(
        standardise_change(frame, "score", design=DOMAIN, mix=["sector", "size"], margins=given)["se"][0]
    )


def test_neither_order_of_rows_nor_scale_of_weights_matters(draw, moving_mix):
    frame = moving_mix(3, firms=30)
    frame["weight"] = np.random.default_rng(3).uniform(1, 5, len(frame))
    design = Design(weight="weight", psu="firm", df="domain")
    got = standardise_change(frame, "score", design=design, mix="size")
    other = frame.sample(frac=1, random_state=4).assign(weight=frame["weight"] * 1000)
    pd.testing.assert_frame_equal(standardise_change(other, "score", design=design, mix="size"), got, rtol=1e-10)


def test_arrow_and_categories_give_the_same():
    got = standardise_change(SIX, "score", design=FIRMS, mix="size")
    pd.testing.assert_frame_equal(standardise_change(pa.Table.from_pandas(SIX), "score", design=FIRMS, mix="size"), got)
    ordered = SIX.assign(wave=pd.Categorical(SIX["wave"].map({1: "pre", 2: "post"}), ["pre", "post"], ordered=True))
    assert standardise_change(ordered, "score", design=FIRMS, mix="size")["change"].tolist() == got["change"].tolist()
    third = pd.concat([SIX, SIX.assign(wave=3, firm=list("ghijkl"))])
    pd.testing.assert_frame_equal(standardise_change(third, "score", design=FIRMS, mix="size", waves=(1, 2)), got)
    back = standardise_change(SIX, "score", design=FIRMS, mix="size", waves=(2, 1))
    assert back["change"].tolist() == [-got["change"][0]]


def test_values_of_margins_are_compared_by_their_text():
    rows = SIX.assign(size=SIX["size"].map({"small": 1, "large": 2}))
    given = pd.DataFrame({"size": ["1", "2"], "share": [1, 1]})
    assert standardise_change(rows, "score", design=FIRMS, mix="size", margins=given)["change"].tolist() == [1.0]


def test_equal_answers_have_no_error():
    rows = SIX.assign(score=[3.3, 3.3, 3.3, 4.1, 4.1, 4.1])
    got = standardise_change(rows, "score", design=FIRMS, mix="size").iloc[0]
    assert got["se"] == 0
    assert np.isnan(got["p"])
    assert "no_variation" in got["flag"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mix": ()}, "mix takes the names"),
        ({"mix": ["size", "size"]}, "mix takes the names"),
        ({"mix": "sector"}, "no such columns: sector"),
        ({"mix": "size", "max_empty": 1}, "max_empty is a share"),
        ({"mix": "size", "max_empty": True}, "max_empty is a share"),
        ({"mix": "size", "level": 95}, "level must lie between"),
        ({"mix": "size", "margins": margins(small=1)}, "but margins do not: large"),
        ({"mix": "size", "margins": margins(small=1, large=-1)}, "1 rows do not"),
        ({"mix": "size", "margins": margins(small=0, large=0)}, "the sum is 0"),
        ({"mix": "size", "margins": pd.concat([margins(small=1, large=1)] * 2)}, "more than once: large, small"),
        ({"mix": "size", "margins": pd.DataFrame({"size": ["small"]})}, "no such columns: share"),
        ({"mix": "size", "by": "empty_share"}, "cannot stand in by"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        standardise_change(SIX.assign(empty_share=1), "score", design=FIRMS, **options)


def test_a_row_without_a_mix_is_not_dropped_silently():
    with pytest.raises(DesignError, match=r"size \(mix\) is missing in 1 rows"):
        standardise_change(SIX.assign(size=[None, *SIX["size"][1:]]), "score", design=FIRMS, mix="size")


def test_totals_and_replicate_weights_are_refused():
    with pytest.raises(UsageError, match="type Totals cannot be read"):
        standardise_change(totals(SIX, "score", wave="wave", design=FIRMS), "score", mix="size")
    replicates = Design(weight="w", replicates=Replicates(("r1", "r2"), "jk1"))
    with pytest.raises(UsageError, match=r"replicates = .* is not offered"):
        standardise_change(SIX.assign(w=1.0, r1=1.0, r2=1.0), "score", design=replicates, mix="size")

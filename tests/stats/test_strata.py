"""`merge_single_strata`: by the declared order, never by the answers, with a record."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import Design, change, estimate_change, merge_single_strata

PATTERN = Design(stratum="stratum", psu="firm", overlap="pattern")
UNION = Design(stratum="stratum", psu="firm")


def firms(**strata: str) -> pd.DataFrame:
    """Build rows from patterns: b baseline only, e endline only, 2 both."""
    waves = {"b": ["baseline"], "e": ["endline"], "2": ["baseline", "endline"]}
    rows = [
        {"firm": f"{stratum}{k}", "stratum": stratum, "wave": wave, "score": float(k % 5)}
        for stratum, patterns in strata.items()
        for k, pattern in enumerate(patterns)
        for wave in waves[pattern]
    ]
    return pd.DataFrame(rows)


def cells(frame: pd.DataFrame, stratum: pd.Series, joined: dict[str, str]) -> pd.Series:
    """Count firms by merged stratum and pattern, by loops."""
    names = {("baseline",): "baseline_only", ("endline",): "endline_only", ("baseline", "endline"): "both"}
    seen = (
        frame.assign(new=stratum)
        .groupby("firm")
        .agg(new=("new", "first"), wave=("wave", lambda w: tuple(sorted(set(w)))))
    )
    pattern = seen["wave"].map(names)
    return seen.groupby(["new", pattern.replace(joined)]).size()


def test_the_next_stratum_in_order_is_the_neighbour():
    frame = firms(large="22", middle="2", small="222", micro="22")
    got = merge_single_strata(frame, UNION, order=["micro", "small", "middle", "large"])
    assert got.labels == {"micro": "micro", "small": "small", "middle": "middle+large", "large": "middle+large"}
    assert got.record.to_dict("records") == [
        {"stratum": "middle", "pattern": "", "merged_with": "large", "result": "middle+large"}
    ]
    assert set(got.stratum) == {"micro", "small", "middle+large"}
    assert len(got.stratum) == len(frame)
    assert got.joined_patterns == {}


def test_the_last_stratum_merges_with_the_one_before():
    got = merge_single_strata(firms(a="22", b="22", c="2"), UNION)
    assert got.labels == {"a": "a", "b": "b+c", "c": "b+c"}


def test_strata_that_nobody_is_in_are_passed_over():
    got = merge_single_strata(firms(a="2", c="22"), UNION, order=["a", "b", "c"])
    assert got.labels["a"] == got.labels["c"] == "a+b+c"


def test_each_pattern_of_each_stratum_ends_with_two_firms():
    """Stratum a has one firm at the endline only, which b can give company to."""
    frame = firms(a="22e", b="22ee", c="22bb")
    got = merge_single_strata(frame, PATTERN)
    assert got.labels == {"a": "a+b", "b": "a+b", "c": "c"}
    assert got.record["pattern"].tolist() == ["endline_only"]
    assert (cells(frame, got.stratum, {}) >= 2).all()


def test_a_pattern_with_one_firm_in_all_joins_another_and_spares_the_strata():
    frame = firms(a="22e", b="22", c="22bb")
    got = merge_single_strata(frame, PATTERN)
    assert got.labels == {"a": "a", "b": "b", "c": "c"}
    assert got.joined_patterns == {"endline_only": "both"}
    assert got.record.to_dict("records") == [
        {"stratum": "", "pattern": "endline_only", "merged_with": "both", "result": "both"}
    ]
    merged = frame.assign(stratum=got.stratum)
    found = estimate_change(merged, "score", design=PATTERN, joined_patterns=got.joined_patterns)
    assert found.se[0, 0] > 0


def test_a_sample_of_one_firm_stays_as_it_is():
    got = merge_single_strata(firms(a="2"), PATTERN)
    assert got.labels == {"a": "a"}
    assert len(got.record) == 0


@settings(max_examples=60, deadline=None)
@given(patterns=st.lists(st.text("be2", min_size=1, max_size=4), min_size=1, max_size=6))
def test_no_cell_with_one_firm_is_left(patterns):
    frame = firms(**{f"s{k}": pattern for k, pattern in enumerate(patterns)})
    got = merge_single_strata(frame, PATTERN, waves=("baseline", "endline"))
    if len(set(frame["firm"])) > 1:
        assert (cells(frame, got.stratum, dict(got.joined_patterns)) >= 2).all()
    unchanged = [label for label, new in got.labels.items() if label == new]
    assert len(got.record) == 0 or len(unchanged) < len(patterns) or got.joined_patterns


def test_answers_do_not_decide():
    frame = firms(a="22e", b="2e", c="2b", d="2bb")
    other = frame.assign(score=frame["score"].to_numpy()[::-1] ** 3)
    left, right = (merge_single_strata(part, PATTERN) for part in (frame, other))
    assert left.labels == right.labels
    pd.testing.assert_frame_equal(left.record, right.record)


def test_merged_strata_let_the_change_be_estimated():
    frame = firms(a="22e", b="22ee", c="22bb")
    merged = frame.assign(stratum=merge_single_strata(frame, PATTERN).stratum)
    got = change(merged, "score", design=PATTERN)
    assert got["se"][0] > 0


def test_waves_outside_the_comparison_do_not_count():
    frame = pd.concat([firms(a="22", b="22"), firms(c="2").assign(wave="later")])
    got = merge_single_strata(frame, UNION, waves=("baseline", "endline"))
    assert got.labels == {"a": "a", "b": "b", "c": "c"}
    assert len(got.stratum) == len(frame)


def test_order_must_hold_every_stratum_once():
    frame = firms(a="22", b="22")
    with pytest.raises(UsageError, match=r"strata-order: .* lacks: b"):
        merge_single_strata(frame, UNION, order=["a"])
    with pytest.raises(UsageError, match="strata-order"):
        merge_single_strata(frame, UNION, order=["a", "b", "a"])
    with pytest.raises(UsageError, match="strata-none"):
        merge_single_strata(frame, Design(psu="firm"))
    with pytest.raises(UsageError, match="option-value: joined_patterns cannot be neither"):
        estimate_change(frame, "score", design=PATTERN, joined_patterns={"neither": "both"})

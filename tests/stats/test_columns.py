"""Reading frames: Arrow and pandas give the same, nothing is dropped, wrong types are named."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, change, columns, estimate

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


@pytest.fixture(scope="module")
def arrow():
    return pytest.importorskip("pyarrow")


def test_arrow_and_pandas_give_the_same(sample, arrow):
    table = arrow.Table.from_pandas(sample, preserve_index=False)
    chunked = arrow.concat_tables([table.slice(0, 20), table.slice(20)])
    expected = change(sample, ["score", "days"], "bank", design=FIRMS)
    for given in (table, chunked):
        pd.testing.assert_frame_equal(
            change(given, ["score", "days"], "bank", design=FIRMS), expected, check_exact=True
        )


def test_number_types_of_arrow(sample, arrow):
    """Small integers, decimals, halves and truth values are numbers; nulls are missing answers."""
    whole = sample["score"].astype("Int8")
    expected = estimate(sample, "score", "bank", FIRMS)
    for kind in (arrow.int8(), arrow.uint16(), arrow.float32(), arrow.float16(), arrow.decimal128(8, 2)):
        column = arrow.array([None if pd.isna(v) else int(v) for v in whole], type=arrow.int8()).cast(kind)
        table = arrow.Table.from_pandas(sample, preserve_index=False)
        table = table.set_column(table.column_names.index("score"), "score", column)
        pd.testing.assert_frame_equal(estimate(table, "score", "bank", FIRMS), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["Int8", "Float64", "float32", "object"])
def test_number_types_of_pandas(sample, kind):
    column = sample["score"].astype(kind)
    if kind == "object":
        column = column.map(lambda v: None if pd.isna(v) else Decimal(int(v)), na_action=None).astype(object)
    got = estimate(sample.assign(score=column), "score", "bank", FIRMS)
    pd.testing.assert_frame_equal(got, estimate(sample, "score", "bank", FIRMS), rtol=1e-12)


def test_truth_values_are_0_and_1(sample, arrow):
    frame = sample.assign(good=sample["days"] > 10)
    expected = estimate(frame.assign(good=frame["good"].astype(float)), "good", design=FIRMS)
    pd.testing.assert_frame_equal(estimate(frame, "good", design=FIRMS), expected)
    pd.testing.assert_frame_equal(estimate(arrow.Table.from_pandas(frame), "good", design=FIRMS), expected)


@pytest.mark.parametrize("kind", ["pandas", "arrow"])
@pytest.mark.parametrize(
    ("column", "role"),
    [("bank", "by"), ("firm", "psu"), ("stratum", "stratum"), ("wave", "wave"), ("weight", "weight")],
)
def test_missing_values_of_the_design_are_counted(sample, kind, column, role):
    frame = sample.astype({column: object}) if column != "weight" else sample.copy()
    frame.loc[[3, 8], column] = np.nan if column == "weight" else None
    if kind == "arrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    with pytest.raises(DesignError, match=rf"frame-values-missing: column {column} \({role}\) is missing in 2 rows"):
        change(frame, "score", "bank", design=FIRMS)


@pytest.mark.parametrize("value", [-0.5, np.inf])
def test_weights_must_be_finite_and_not_negative(sample, value):
    frame = sample.copy()
    frame.loc[[1, 2, 5], "weight"] = value
    with pytest.raises(DesignError, match="weight-invalid: weight column weight is negative or infinite in 3 rows"):
        estimate(frame, "score", design=FIRMS)


def test_rows_of_weight_0_stay_in_the_design_and_answer_nothing():
    """Four firms, one of weight 0: n = 3; all four count as PSUs of the stratum, three for the df (as R)."""
    frame = pd.DataFrame({"firm": list("abcd"), "weight": [1.0, 1, 1, 0], "score": [1.0, 2, 6, 50]})
    (row,) = estimate(frame, "score", design=Design(weight="weight", psu="firm")).to_dict("records")
    assert (row["estimate"], row["n"], row["n_psu"], row["df"]) == (3, 3, 3, 2)
    assert row["se"] == pytest.approx(np.sqrt(4 / 3 * (4 + 1 + 9) / 9))


@pytest.mark.parametrize(
    ("change_", "words"),
    [
        ({"score": "4"}, "frame-not-numeric: column score has type"),
        ({"score": np.inf}, "frame-not-finite: column score is infinite in 92 rows"),
        ({"score": pd.Timestamp("2022-11-30")}, "frame-not-numeric: column score has type datetime64"),
    ],
)
@pytest.mark.parametrize("kind", ["pandas", "arrow"])
def test_items_must_be_finite_numbers(sample, change_, words, kind):
    frame = sample.assign(**change_)
    if kind == "arrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
        words = words.replace("datetime64", "timestamp")
    with pytest.raises(UsageError, match=words):
        estimate(frame, "score")


def test_absent_columns_are_listed_at_once(sample):
    with pytest.raises(UsageError, match=r"frame-column-missing: .* banks, scores. Near them: bank, score"):
        estimate(sample, "scores", "banks")


def test_a_repeated_column_is_refused(sample):
    twice = pd.concat([sample, sample[["score"]]], axis=1)
    with pytest.raises(UsageError, match=r"frame-column-repeated: .* more than once: score"):
        estimate(twice, "score")


def test_other_frames_are_refused(sample):
    with pytest.raises(UsageError, match=r"frame-type: data of type builtins.list cannot be read"):
        estimate(sample.to_dict("records"), "score")


@pytest.mark.parametrize("items", [[], [3], [("a", "b", "c")], ["score", "score"], None])
def test_items_are_names_or_pairs_each_once(sample, items):
    with pytest.raises(UsageError, match="stat-items"):
        estimate(sample, items)


@pytest.mark.parametrize("kind", ["pandas", "arrow"])
def test_a_category_without_rows_is_an_empty_domain(sample, kind):
    frame = sample.assign(bank=pd.Categorical(sample["bank"], ["west", "south", "north", "east"]))
    if kind == "arrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    got = estimate(frame, "score", "bank", FIRMS)
    assert got["bank"].tolist() == ["east", "north", "south", "west"]
    first = got.iloc[0]
    assert (first["n"], first["n_psu"], first["flag"]) == (0, 0, "no_answers")
    assert first[["estimate", "se", "df", "ci_low", "ci_high", "deff", "missing_share"]].isna().all()
    assert got.iloc[1:].reset_index(drop=True).equals(estimate(sample, "score", "bank", FIRMS))


def test_an_arrow_dictionary_with_a_value_twice_is_one_value(sample, arrow):
    codes = sample["bank"].map({"north": 0, "south": 1, "west": 2}).to_numpy(copy=True)
    codes[::2] = np.where(codes[::2] == 0, 3, codes[::2])
    twice = arrow.DictionaryArray.from_arrays(arrow.array(codes), arrow.array(["north", "south", "west", "north"]))
    table = arrow.Table.from_pandas(sample, preserve_index=False)
    table = table.set_column(table.column_names.index("bank"), "bank", twice)
    expected = estimate(sample, "score", "bank", FIRMS)
    pd.testing.assert_frame_equal(estimate(table, "score", "bank", FIRMS), expected, check_exact=True)


def test_names_of_any_type_and_words_that_look_missing():
    """A bank called "NA", "None" or "nan" is a bank; numbers, dates and text may name a domain."""
    frame = pd.DataFrame({"bank": ["NA", "None", "nan", "null"] * 3, "year": [2021, 2022] * 6, "q": np.arange(12.0)})
    got = estimate(frame, "q", ["year", "bank"])
    assert got[["year", "bank"]].to_numpy().tolist() == [[2021, "NA"], [2021, "nan"], [2022, "None"], [2022, "null"]]
    mixed = frame.assign(bank=pd.Series([1, "a", 2.5] * 4, dtype=object))
    assert estimate(mixed, "q", "bank")["bank"].tolist() == [1, 2.5, "a"]


def test_no_rows_give_no_domains_but_all_columns(sample):
    got = estimate(sample.iloc[:0], "score", "bank", FIRMS)
    assert len(got) == 0
    assert got.columns.tolist() == estimate(sample, "score", "bank", FIRMS).columns.tolist()
    assert estimate(sample.iloc[:0], "score")["flag"].tolist() == ["no_answers"]


def test_dictionaries_of_row_groups_are_joined(sample, arrow):
    """Chunks of one row group share a dictionary, those of the next have another; rows keep their values."""
    plain = arrow.Table.from_pandas(sample[["firm", "bank"]], preserve_index=False)
    groups = []
    for start in (0, 25):
        part = plain.slice(start, 25 if start == 0 else None)
        coded = {name: part[name].combine_chunks().dictionary_encode() for name in part.column_names}
        # slices share what they are cut from
        groups += [
            arrow.table({name: array.slice(low, 10) for name, array in coded.items()})
            for low in range(0, part.num_rows, 10)
        ]
    table = arrow.concat_tables(groups)
    for name in ("firm", "bank"):
        for frame in (table, plain):
            codes = columns.read_codes(frame, name, role="by", ordered=True)
            assert codes.labels[codes.code].tolist() == sample[name].tolist()
            assert codes.labels.is_monotonic_increasing
            assert codes.code.dtype == np.int64


def test_null_in_a_dictionary_is_a_missing_value(arrow):
    table = arrow.table({"bank": arrow.array(["a", None, "b"]).dictionary_encode()})
    with pytest.raises(DesignError, match="frame-values-missing"):
        columns.read_codes(table, "bank", role="by", ordered=True)

"""The hash that tells copies: of what a row says, to the letter as it was always written, since stores hold it."""

from __future__ import annotations

import hmac
import json
from datetime import date, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.sheet_rows import answers_given, content_hashes
from evaltools.survey.values.coerce import Column

KEY = b"k" * 32
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
ANSWER = st.one_of(
    st.none(),
    TEXT,
    st.integers(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, -0.5, 1e22]),
    st.booleans(),
    st.dates(),
    st.datetimes(min_value=datetime(2022, 1, 1), max_value=datetime(2022, 12, 31)),
    st.tuples(TEXT, TEXT),
)
ROW = st.tuples(st.none() | TEXT, st.none() | st.datetimes(), st.none() | TEXT, ANSWER, ANSWER)


def objects(values):
    array = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        array[row] = value
    return array


def hashes(rows, ratings=None, computed=frozenset()):
    native, submitted, firm, first, second = (objects([row[place] for row in rows]) for place in range(5))
    nothing = np.full(len(rows), None, dtype=object)
    columns = {"b": Column(first, nothing, nothing), "a": Column(second, nothing, nothing)}
    checked = SimpleNamespace(columns=columns, computed=computed, accepted=np.ones(len(rows), dtype=bool))
    instrument = SimpleNamespace(answered=[SimpleNamespace(name=name) for name in ("b", "a", "not in the file")])
    fields = SimpleNamespace(native_id=native, submitted_at=submitted)
    return content_hashes(checked, fields, instrument, firm, KEY, ratings), answers_given(checked, instrument)


@given(st.lists(ROW, min_size=1, max_size=8))
def test_it_is_the_hash_of_the_json_of_the_row(rows):
    found, answers = hashes(rows)
    for row, (native, submitted, firm, first, second) in enumerate(rows):
        assert answers(row) == [["a", second], ["b", first]]
        content = [native, submitted, firm, answers(row)]
        text = json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "replace")
        known = (native, submitted, firm) != (None, None, None)
        assert found[row] == (hmac.new(KEY, b"content\x1f" + text, "sha256").hexdigest()[:32] if known else None)


@pytest.mark.parametrize(
    ("ratings", "computed", "text"),
    [
        (None, frozenset(), '["7", "2022-10-01 08:00:00", null, [["a", "2022-10-02"], ["b", ["x", "y"]]]]'),
        ([[["sat", 5]]], {"b"}, '["7", "2022-10-01 08:00:00", null, [["a", "2022-10-02"]], [["sat", 5]]]'),
        (None, {"a", "b"}, '["7", "2022-10-01 08:00:00", null, []]'),
    ],
)
def test_what_is_hashed(ratings, computed, text):
    row = ("7", datetime(2022, 10, 1, 8), None, ("x", "y"), date(2022, 10, 2))
    found, _ = hashes([row], ratings, computed)
    assert found.tolist() == [hmac.new(KEY, b"content\x1f" + text.encode(), "sha256").hexdigest()[:32]]

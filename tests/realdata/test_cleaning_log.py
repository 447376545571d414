"""The real cleaning log of an assessment, replayed on its raw data, gives its clean data; the rest is explained."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evaltools.survey.corrections.replay import LogColumns, replay, same_value

FOLDER = Path(__file__).parents[3] / "shared" / "realdata" / "kobo-talafar"
KEY = "X_uuid"
COLUMNS = LogColumns(row=KEY, question="questions", action="change_type", new="new_value", old="old_value")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the public data are not here")


def read(name: str) -> pd.DataFrame:
    path = FOLDER / f"cleaningtools_{name}.csv"
    return pd.read_csv(path, dtype=object, keep_default_na=False, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def replayed():
    return replay(read("raw_data"), read("cleaning_log"), key=KEY, columns=COLUMNS, missing="")


def test_every_line_of_the_log_is_applied_or_answered(replayed):
    """726 lines; two change a survey that others remove, one survey is removed twice, two changes stand twice."""
    assert replayed.outcomes["outcome"].value_counts().to_dict() == {
        "kept": 620, "dropped": 54, "applied": 47, "row_dropped": 2, "repeated": 3,
    }  # fmt: skip


def test_rows_are_those_of_the_clean_data(replayed):
    """Their order differs; nothing depends on it."""
    assert sorted(replayed.clean[KEY]) == sorted(read("clean_data")[KEY])


def test_every_cell_is_that_of_the_clean_data(replayed):
    """What differs in writing is the notation of R: 5e+05 and 500000 are the same number."""
    wanted = read("clean_data").set_index(KEY)
    found = replayed.clean.set_index(KEY).loc[wanted.index]
    pairs = [(name, *pair) for name in found.columns for pair in zip(found[name], wanted[name], strict=True)]
    apart = [(name, one, two) for name, one, two in pairs if one != two]
    assert [entry for entry in apart if not same_value(*entry[1:])] == []
    assert pd.Series([name for name, *_ in apart]).value_counts().to_dict() == {
        "tot_expenses": 317, "spend_tap": 8, "connection_fees_amount": 4,
    }  # fmt: skip


def test_two_columns_of_the_clean_data_are_in_no_line_of_the_log(replayed):
    """They were joined from a list of neighbourhoods after cleaning."""
    assert set(read("clean_data")) - set(replayed.clean) == {"socio_eco_division", "water_sector"}

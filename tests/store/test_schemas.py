"""The tables of the data model: keys, inputs of the score, names."""

import pytest

from evaltools.errors import UsageError
from evaltools.store.schemas import (
    INPUT_TABLES,
    KEYS,
    SCHEMAS,
    SCORE_TABLES,
    input_tables,
    is_answers,
    key_columns,
    table_schema,
)


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_each_table_has_a_key_of_its_own_columns(table):
    assert set(KEYS[table]) <= set(SCHEMAS[table].names)
    assert len(set(SCHEMAS[table].names)) == len(SCHEMAS[table].names)
    assert "bank" not in SCHEMAS[table].names
    may_be_missing = {name for name in KEYS[table] if SCHEMAS[table].field(name).nullable}
    assert may_be_missing == {
        "files": {"source_sha"},
        "texts": {"bank_id", "repeat_no"},
        "quarantine": {"row", "column"},
        "frame": {"enterprise_id"},
    }.get(table, set())


def test_scores_never_enter_their_own_id():
    assert set(KEYS) == set(SCHEMAS)
    assert not set(INPUT_TABLES) & set(SCORE_TABLES)
    assert set(INPUT_TABLES) | set(SCORE_TABLES) <= set(SCHEMAS)
    assert {table for table in SCHEMAS if KEYS[table][0] == "score_id"} == set(SCORE_TABLES)
    present = ["verdicts", "texts", "responses", "answers_visit", "files", "answers_"]
    assert input_tables(present) == ("answers_visit", "files", "responses")


@pytest.mark.parametrize(
    "name", ["answer_x", "answers_", "answers_a/b", "answers_" + "x" * 65, "Files", "answers_表", ""]
)
def test_an_unknown_table_is_refused_by_name(name):
    assert not is_answers(name)
    with pytest.raises(UsageError, match=r"store-table-unknown: .*corrections"):
        table_schema(name)


def test_answers_begin_with_the_key_of_a_rating():
    assert table_schema("answers_mystery_visit").names == ["response_id", "bank_id", "repeat_no"]
    assert key_columns("answers_mystery_visit") == ("response_id", "bank_id", "repeat_no")

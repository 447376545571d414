"""The SQL door: reads the committed tables, and reaches nothing else."""

import pyarrow as pa
import pytest

from evaltools.errors import DamageError, UsageError
from evaltools.store import Store
from evaltools.store.sql import query


@pytest.fixture
def visits(store):
    key = {"response_id": ["r1", "r2", "r3"], "bank_id": ["农商行", "icbc", "icbc"], "repeat_no": [1, 1, 1]}
    with store.writing() as tx:
        tx.append("ratings", pa.table(key))
        tx.append("answers_visit.v2", pa.table({**key, "steps": [3, None, 5], "fees": [["none"], None, ["a", "b"]]}))
    return store


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT bank_id, count(*) AS n FROM ratings GROUP BY 1 ORDER BY n DESC", [("icbc", 2), ("农商行", 1)]),
        (
            'WITH a AS (SELECT * FROM "answers_visit.v2") SELECT sum(steps) FROM a JOIN RATINGS USING (response_id)',
            [(8,)],
        ),
        ("SELECT count(*) FROM estimates", [(0,)]),
        ("FROM ratings SELECT response_id WHERE bank_id = '农商行';", [("r1",)]),
        ("SELECT * FROM query('SELECT max(repeat_no) FROM ratings')", [(1,)]),
        ('SELECT unnest(fees) FROM "answers_visit.v2" ORDER BY 1', [("a",), ("b",), ("none",)]),
    ],
)
def test_a_query_reads_the_tables(text, expected, visits):
    assert [tuple(row.values()) for row in query(visits, text).to_pylist()] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "sql-not-select: .*this is -"),
        ("SELECT 1; SELECT 2", "sql-not-select: .*SELECT, SELECT"),
        ("INSERT INTO ratings SELECT * FROM ratings", "sql-not-select: .*INSERT"),
        ("WITH a AS (SELECT 1) DELETE FROM ratings", "sql-not-select: .*DELETE"),
        ("CREATE TABLE t AS SELECT 1", "sql-not-select: .*CREATE"),
        ("COPY ratings TO 'x.csv'", "sql-not-select: .*COPY"),
        ("ATTACH 'x.db'", "sql-not-select: .*ATTACH"),
        ("INSTALL excel", "sql-not-select: .*LOAD"),
        ("SET enable_external_access = true", "sql-not-select: .*SET"),
        ("PRAGMA version", "sql-not-select: .*PRAGMA"),
        ("CALL pragma_version()", "sql-not-select: .*CALL"),
        ("SELEC 1", "sql-invalid: .*syntax error"),
        ("SELECT nothing FROM ratings", 'sql-invalid: .*"nothing" not found'),
        ("SELECT * FROM rating", "sql-invalid: .*rating does not exist(?s:.*)Tables: answers_visit.v2, changes"),
        ("SELECT * FROM outside", "sql-invalid: .*outside does not exist"),
        ("SELECT * FROM read_text('{file}')", "sql-invalid: .*file system operations are disabled"),
        ("SELECT * FROM read_csv('{file}')", "sql-invalid: .*file system operations are disabled"),
        ("SELECT * FROM '{file}'", "sql-invalid: .*file system operations are disabled"),
        ("SELECT * FROM glob('*')", "sql-invalid: .*file system operations are disabled"),
        ("SELECT CAST('x' AS INTEGER)", "sql-invalid: .*Conversion Error"),
    ],
)
def test_anything_else_is_refused(text, message, visits, tmp_path):
    outside = pa.table({"secret": [1]})
    file = tmp_path / "secret.csv"
    file.write_text("secret\n1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        query(visits, text.format(file=file.as_posix()))
    assert outside.num_rows == 1
    assert [path.name for path in tmp_path.glob("*.*")] == ["secret.csv"]


def test_a_query_sees_the_state_that_was_opened(visits, folder):
    before = Store.open(folder)
    with visits.writing() as tx:
        tx.replace("ratings", tx.read("ratings").slice(0, 1))
    assert query(before, "SELECT count(*) AS n FROM ratings").to_pydict() == {"n": [3]}
    assert query(visits, "SELECT count(*) AS n FROM ratings").to_pydict() == {"n": [1]}


def test_damage_is_found_by_a_query_too(visits, folder):
    data = next((folder / "ratings").glob("*.parquet"))
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(DamageError, match="store-file-changed: store/ratings/part-"):
        query(visits, "SELECT count(*) FROM ratings")
    assert query(visits, 'SELECT count(*) AS n FROM "answers_visit.v2"').to_pydict() == {"n": [3]}

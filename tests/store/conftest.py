"""A store in an empty campaign, and rows that fit a schema: Chinese text, gaps, all types."""

import datetime as dt
import random

import pyarrow as pa
import pytest

from evaltools.store import Store
from evaltools.store.schemas import key_columns, table_schema

WORDS = ["工商银行", "云河县农商行", "", "NA", "null", "a'b\"c", "𠮷野家", "é", "0012", "  边  "]


def random_value(kind, rng):
    if kind == pa.string():
        return rng.choice(WORDS)
    if kind == pa.int64():
        return rng.choice([0, -1, 2**53 + 1, rng.randrange(1000)])
    if kind == pa.float64():
        return rng.choice([0.1, -1e300, 5e-324, rng.random()])
    if kind == pa.bool_():
        return rng.random() < 0.5
    if kind == pa.date32():
        return dt.date(2022, 9, 28) + dt.timedelta(days=rng.randrange(90))
    if kind == pa.timestamp("us"):
        return dt.datetime(2022, 10, 1, 8, 30) + dt.timedelta(microseconds=rng.randrange(10**12))
    assert kind == pa.list_(pa.string())
    return rng.sample(WORDS, rng.randrange(3))


@pytest.fixture
def random_rows():
    """Make rows whose keys are all different and whose other cells are missing one time in three."""

    def make(table, count, seed, schema=None):
        rng = random.Random(f"{table}-{seed}")
        rows = []
        for number in range(count):
            row = {
                field.name: None if field.nullable and rng.random() < 1 / 3 else random_value(field.type, rng)
                for field in schema or table_schema(table)
            }
            row[key_columns(table)[0]] = f"{rng.randrange(10**9):09d}-{seed}-{number}"
            rows.append(row)
        return pa.Table.from_pylist(rows, schema=schema or table_schema(table))

    return make


@pytest.fixture
def sorted_rows():
    """Give the rows that a read should give: all parts, sorted by the key in plain Python, missing last."""

    def sort(table, *parts):
        rows = [row for part in parts for row in part.to_pylist()]
        return sorted(rows, key=lambda row: [(row[name] is None, row[name]) for name in key_columns(table)])

    return sort


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "云河 2022" / "store"


@pytest.fixture
def store(folder):
    return Store.open(folder)


@pytest.fixture
def add():
    def write(store, **tables):
        with store.writing() as tx:
            for name, rows in tables.items():
                tx.append(name, rows)

    return write


@pytest.fixture
def files_below():
    """Take the content of every file of a folder, to show that nothing was written."""

    def take(folder):
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return take

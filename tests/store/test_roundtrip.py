"""What goes in comes out: every schema, gaps, Chinese text, added columns; and what does not fit is refused by name."""

import random
import time

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools.errors import RefusedError, UsageError
from evaltools.store import Store
from evaltools.store.schemas import SCHEMAS

ANSWERS = pa.schema(
    [
        pa.field("response_id", pa.string(), nullable=False),
        pa.field("bank_id", pa.string(), nullable=False),
        pa.field("repeat_no", pa.int64(), nullable=False),
        ("sat_time", pa.string()),
        ("steps", pa.int64()),
        ("rate", pa.float64()),
        ("申请日期", pa.date32()),
        ("paid_at", pa.timestamp("us")),
        ("fees", pa.list_(pa.string())),
    ]
)


def answers(ids, **columns):
    return pa.table({"response_id": ids, "bank_id": ["icbc"] * len(ids), "repeat_no": [1] * len(ids), **columns})


@pytest.mark.parametrize("table", [*sorted(SCHEMAS), "answers_survey"])
def test_rows_come_back_in_the_order_of_the_key(table, store, folder, random_rows, sorted_rows, add):
    schema = SCHEMAS.get(table, ANSWERS)
    parts = [random_rows(table, count, seed, schema) for seed, count in enumerate((7, 1, 5))]
    for part in parts:
        add(store, **{table: part})
    got = Store.open(folder).read(table)
    assert got.schema == schema
    assert got.to_pylist() == sorted_rows(table, *parts)
    assert (store.versions(), store.row_counts()) == ({table: 2}, {table: 13})
    assert store.verify() == []


@pytest.mark.parametrize("table", ["responses", "verdicts", "answers_survey"])
def test_other_delta_readers_see_the_same_rows(table, store, folder, random_rows, sorted_rows, add):
    schema = SCHEMAS.get(table, ANSWERS)
    parts = [random_rows(table, 6, seed, schema) for seed in range(3)]
    for part in parts:
        add(store, **{table: part})
    other = DeltaTable(str(folder / table)).to_pyarrow_table().cast(schema)
    assert sorted_rows(table, other) == sorted_rows(table, *parts)


@pytest.mark.parametrize("table", [*sorted(SCHEMAS), "answers_survey"])
def test_columns_that_hold_nothing_keep_their_type(table, store, random_rows, add):
    schema = SCHEMAS.get(table, ANSWERS)
    full = random_rows(table, 3, 0, schema)
    bare = full.select([field.name for field in schema if not field.nullable])
    gaps = {field.name: pa.nulls(3, field.type) for field in schema if field.nullable}
    typed = pa.table({**{name: bare.column(name) for name in bare.column_names}, **gaps}).select(schema.names)
    add(store, **{table: typed})
    add(store, **{table: random_rows(table, 2, 1, schema).select(schema.names)})
    got = store.read(table)
    assert (got.schema, got.num_rows) == (schema, 5)


def test_columns_left_out_or_without_type_are_missing(store, add):
    add(store, ratings=pa.table({"response_id": ["a"], "bank_id": ["b"], "repeat_no": [1], "psu": pa.nulls(1)}))
    assert store.read("ratings").to_pylist() == [
        {"response_id": "a", "bank_id": "b", "repeat_no": 1, "branch_id": None, "shopper_hash": None,
         "scenario_id": None, "stratum": None, "psu": None, "status": None, "event_date": None}
    ]  # fmt: skip


def test_added_columns_are_missing_in_older_rows(store, folder, add):
    add(store, answers_x=answers(["b"], steps=[3]))
    add(store, answers_x=answers(["a"], 评分=["5"], paid_at=pa.nulls(1, pa.timestamp("us"))))
    add(store, answers_x=answers(["c"]))
    got = store.read("answers_x", ["response_id", "评分", "steps", "paid_at"])
    assert got.schema.types == [pa.string(), pa.string(), pa.int64(), pa.timestamp("us")]
    assert [tuple(row.values()) for row in got.to_pylist()] == [
        ("a", "5", None, None),
        ("b", None, 3, None),
        ("c", None, None, None),
    ]
    assert store.verify() == []
    assert DeltaTable(str(folder / "answers_x")).to_pyarrow_table().num_rows == 3


def test_a_replacement_may_have_other_columns_and_old_versions_stay(store, add):
    add(store, answers_x=answers(["b", "a"], q=[2, 1]))
    with store.writing() as tx:
        tx.replace("answers_x", answers(["c"], q=["是"], w=pa.nulls(1, pa.timestamp("us"))))
    with store.writing() as tx:
        tx.replace("answers_x", answers([]))
    latest = store.versions()["answers_x"]
    assert store.read("answers_x").num_rows == 0
    assert store.read("answers_x", version=0).column("q").to_pylist() == [1, 2]
    assert store.read("answers_x", version=latest - 1).column("q").to_pylist() == ["是"]
    assert store.verify() == []
    with pytest.raises(UsageError, match=f"store-version-unknown: .* no version {latest + 1}; there are 0 to {latest}"):
        store.read("answers_x", version=latest + 1)


def test_kinds_of_number_and_text_become_one(store, add):
    texts = pa.array(["b", "a"]).dictionary_encode()
    rows = answers(pa.array(["r1", "r2"], pa.large_string()), n=pa.array([1, 2], pa.int16()), t=texts,
                   f=pa.array([1.5, None], pa.float32()))  # fmt: skip
    add(store, answers_x=rows)
    add(store, answers_x=answers(["r3"], n=[3.0], f=[4]))
    got = store.read("answers_x", ["n", "t", "f"])
    assert got.schema.types == [pa.int64(), pa.string(), pa.float64()]
    assert got.to_pydict() == {"n": [1, 2, 3], "t": ["b", "a", None], "f": [1.5, None, 4.0]}


def rating(**columns):
    return pa.table({"response_id": ["a"], "bank_id": ["b"], "repeat_no": [1], **columns})


@pytest.mark.parametrize(
    ("table", "rows", "message"),
    [
        (
            "ratings",
            rating(bank=["b"]),
            r"store-column-unknown: .*'ratings' has no column bank\. There are: response_id",
        ),
        ("ratings", rating().drop_columns("bank_id"), "store-column-missing: .*'bank_id'"),
        (
            "ratings",
            rating(psu=[3]),
            "store-column-type: .*'psu' of the table 'ratings' is string and cannot take int64",
        ),
        ("weights", rating(base=["1"]), "store-column-type: .*'base' .* is double and cannot take string"),
        ("missing", rating(item=["q"], reason=pa.nulls(1, pa.string())), "store-null: .*'reason' .* 1 rows"),
        ("answers_x", rating(q=pa.nulls(1)), "store-column-untyped: .*'q'"),
        ("answers_x", rating(q=pa.array([1], pa.timestamp("us", "Asia/Shanghai"))), "store-column-type: .*'q'"),
        ("answers_x", rating(q=pa.array([1], pa.time64("us"))), "store-column-type: .*'q'"),
        ("answers_x", pa.concat_tables([rating(), rating()]), "store-key-twice: 1 rows of the table 'answers_x'"),
        ("answers_x", pa.table([["a"], ["b"]], names=["response_id"] * 2), "store-column-twice: .*'response_id'"),
        ("answer", rating(), "store-table-unknown"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(table, rows, message, store, folder, random_rows, add):
    with pytest.raises(UsageError, match=message):
        add(store, items=random_rows("items", 2, 0), **{table: rows})
    assert not folder.exists()


def test_a_number_that_is_no_whole_one_is_refused_without_being_shown(store, add):
    add(store, answers_x=answers(["a"], n=[1]))
    with pytest.raises(UsageError, match=r"store-column-type: .*'n' .* is int64 and cannot take double") as refused:
        add(store, answers_x=answers(["b"], n=[1234.5]))
    assert "1234" not in str(refused.value)


def test_a_key_is_taken_once_also_over_versions(store, add):
    add(store, answers_x=answers(["a", "b"]))
    with pytest.raises(UsageError, match="store-key-twice: 1 rows"):
        add(store, answers_x=answers(["c", "b"]))
    assert store.read("answers_x").column("response_id").to_pylist() == ["a", "b"]
    cell = {"file_sha256": ["f"], "sheet": [""], "row": [3], "column": ["fees"], "rule": ["choice"], "scope": ["row"]}
    twice = pa.table({**{name: value * 2 for name, value in cell.items()}, "value": ["x…(1)", "y…(1)"]})
    add(store, quarantine=twice)
    assert store.read("quarantine").column("value").to_pylist() == ["x…(1)", "y…(1)"]


def test_instruments_that_differ_only_in_case_stay_apart(store, folder, add):
    add(store, answers_A=answers(["1"]), answers_a=answers(["2"]), **{"answers_a.b": answers(["3"])})
    got = {name: store.read(name).column("response_id").to_pylist() for name in store.versions()}
    assert got == {"answers_A": ["1"], "answers_a": ["2"], "answers_a.b": ["3"]}
    names = [path.name for path in folder.iterdir() if path.is_dir()]
    assert len({name.lower() for name in names}) == 3
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for name in names)


def test_reading_what_was_never_written_gives_its_columns(store, folder):
    assert store.read("responses").schema == SCHEMAS["responses"]
    assert store.read("responses", ["wave", "status"]).schema.names == ["wave", "status"]
    assert store.read("answers_x").schema.names == ["response_id", "bank_id", "repeat_no"]
    assert (store.versions(), store.row_counts(), store.key_fingerprint, store.verify()) == ({}, {}, None, [])
    assert not folder.exists()
    with pytest.raises(UsageError, match=r"store-column-unknown: the table 'files' has no column bank\."):
        store.read("files", ["bank"])
    with pytest.raises(UsageError, match="store-version-unknown"):
        store.read("files", version=0)


def test_a_transaction_reads_what_it_staged(store, add):
    add(store, answers_x=answers(["b"], q=["1"]))
    with store.writing() as tx:
        tx.append("answers_x", answers(["a"], q=["2"], r=[7]))
        tx.append("answers_x", answers(["c"], s=["x"]))
        assert tx.read("answers_x", ["response_id", "q", "r", "s"]).to_pydict() == {
            "response_id": ["a", "b", "c"],
            "q": ["2", "1", None],
            "r": [7, None, None],
            "s": [None, None, "x"],
        }
        assert store.row_counts() == {"answers_x": 1}
        with pytest.raises(UsageError, match=r"store-column-unknown: .*no column t"):
            tx.read("answers_x", ["t"])
        tx.replace("answers_x", answers(["z"]))
        tx.append("answers_x", answers(["y"]))
        assert tx.read("answers_x").to_pydict()["response_id"] == ["y", "z"]
    assert store.read("answers_x").to_pydict()["response_id"] == ["y", "z"]
    with pytest.raises(UsageError, match="store-transaction-over"):
        tx.append("answers_x", answers(["w"]))


def test_nothing_new_changes_no_version_and_no_byte(store, folder, random_rows, add, files_below):
    rows = random_rows("scores", 4, 0)
    nan = rows.set_column(2, rows.schema.field(2), pa.array([float("nan"), 1.0, None, 2.0]))
    add(store, scores=nan, answers_x=answers(["a"]))
    with store.writing() as tx:
        tx.set_key_fingerprint("ab12")
    before, stamp = files_below(folder), (folder / "store.json").stat().st_mtime_ns
    with store.writing() as tx:
        tx.append("scores", SCHEMAS["scores"].empty_table())
        tx.append("answers_x", answers([], neu=pa.array([], pa.string())))
        tx.replace("scores", pa.concat_tables([nan.slice(2), nan.slice(0, 2)]))
        tx.replace("frame", SCHEMAS["frame"].empty_table())
        tx.set_key_fingerprint("ab12")
    assert files_below(folder) == before
    assert (folder / "store.json").stat().st_mtime_ns == stamp
    assert store.versions() == {"answers_x": 0, "scores": 0}


def test_a_store_takes_one_key_only(store, folder):
    with store.writing() as tx:
        tx.set_key_fingerprint("ab12")
        assert tx.key_fingerprint == "ab12"
    assert Store.open(folder).key_fingerprint == "ab12"
    with pytest.raises(RefusedError, match=r"store-key-differs: .*\(ab12\).*\(cd34\)"), store.writing() as tx:
        tx.set_key_fingerprint("cd34")
    assert Store.open(folder).key_fingerprint == "ab12"


def test_ten_small_tables_are_committed_fast(store, random_rows, add):
    tables = {name: random_rows(name, 50, 0) for name in sorted(SCHEMAS)[:10]}
    add(store, answers_x=answers(["a"]))
    start = time.perf_counter()
    add(store, **tables)
    assert time.perf_counter() - start < 1.0
    assert len(store.versions()) == 11


STEP = st.tuples(st.sampled_from(["append", "replace", "fail", "reopen"]), st.sampled_from("xy"), st.integers(0, 3))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=8), seed=st.integers(0, 10**6))
def test_any_sequence_of_changes_equals_a_list_of_rows(steps, seed, tmp_path_factory, add):
    store = Store.open(tmp_path_factory.mktemp("campaign") / "store")
    rng, truth, serial = random.Random(seed), {"answers_x": [], "answers_y": []}, 0
    for kind, letter, count in steps:
        table = f"answers_{letter}"
        ids = [f"{rng.randrange(100):02d}-{serial + n}" for n in range(count)]
        serial += count
        if kind == "reopen":
            store = Store.open(store.folder)
        elif kind == "fail":
            with pytest.raises(UsageError, match="store-key-twice"):
                add(store, **{table: answers(["00-twice", "00-twice"]), "ratings": answers(["1"])})
        else:
            with store.writing() as tx:
                getattr(tx, kind)(table, answers(pa.array(ids, pa.string())))
            truth[table] = ids if kind == "replace" else truth[table] + ids
        for name, expected in truth.items():
            assert store.read(name).column("response_id").to_pylist() == sorted(expected)
    assert store.verify() == []

"""Damage to any file of the store ends in a named error, never in fewer or other rows."""

import random
import re

import pyarrow as pa
import pytest

import evaltools.store.pin
from evaltools.errors import DamageError, RefusedError
from evaltools.store import Store
from evaltools.store.pin import Pin, TablePin, read_pin, write_pin


@pytest.fixture
def filled(folder, random_rows):
    """A store with appended and replaced tables: log files, data files in use and data files of old versions."""
    store = Store.open(folder)
    for seed in range(2):
        with store.writing() as tx:
            tx.set_key_fingerprint("ab12cd34")
            tx.append("responses", random_rows("responses", 5, seed))
            tx.replace("items", random_rows("items", 4, seed))
            tx.append("verdicts", random_rows("verdicts", 3, seed))
    return folder


def everything(folder):
    store = Store.open(folder)
    old = {"items 0": store.read("items", version=0).to_pylist()}
    return {**old, **{table: store.read(table).to_pylist() for table in store.versions()}, "key": store.key_fingerprint}


def kinds(folder):
    pins = read_pin(folder).tables.values()
    log = [folder / pin.folder / file.path for pin in pins for file in pin.log()]
    used = [folder / pin.folder / file.path for pin in pins for file in pin.data()]
    old = [folder / pin.folder / file.path for pin in pins for file in pin.files]
    return {
        "store.json": [folder / "store.json"],
        "log": log,
        "data": used,
        "old data": [path for path in old if path not in log and path not in used],
    }


def test_a_flipped_bit_never_changes_what_is_read(filled):
    truth, rng = everything(filled), random.Random(20221130)
    for kind, paths in kinds(filled).items():
        assert paths, kind
        for _ in range(40):
            path = rng.choice(paths)
            before = path.read_bytes()
            bit = rng.randrange(8 * len(before))
            flipped = bytearray(before)
            flipped[bit // 8] ^= 1 << bit % 8
            path.write_bytes(flipped)
            with pytest.raises(DamageError, match=re.escape(path.relative_to(filled.parent).as_posix())):
                everything(filled)
            faults = Store.open(filled).verify() if kind != "store.json" else Store(filled, Pin()).verify()
            assert [path.name in str(fault) for fault in faults] == [True]
            path.write_bytes(before)
    assert everything(filled) == truth


@pytest.mark.parametrize("kind", ["store.json", "log", "data", "old data"])
@pytest.mark.parametrize("harm", ["gone", "empty", "half", "one byte less", "one byte more", "a folder"])
def test_a_harmed_file_is_named(kind, harm, filled):
    for path in kinds(filled)[kind]:
        before = path.read_bytes()
        path.unlink()
        if harm == "a folder":
            path.mkdir()
        elif harm != "gone":
            harmed = {"empty": b"", "half": before[: len(before) // 2], "one byte less": before[:-1]}
            path.write_bytes(harmed.get(harm, before + b"\n"))
        with pytest.raises(DamageError, match=re.escape(path.relative_to(filled.parent).as_posix())) as damage:
            everything(filled)
        assert damage.value.exit_code == 8
        if kind != "store.json":
            assert [fault.fields["file"] for fault in Store.open(filled).verify()] == [damage.value.fields["file"]]
        path.rmdir() if harm == "a folder" else path.unlink(missing_ok=True)
        path.write_bytes(before)
    assert Store.open(filled).verify() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"rows": 10', b'"rows": 90'),
        (b'"version": 1', b'"version": 0'),
        (b'"ab12cd34"', b"null"),
        (b'"commit": 2', b'"commit":  2'),
        (b'"store_version": 1', b'"store_version": 9'),
        (b"responses", b"responsez"),
        (b"\n}\n", b"\n}"),
        (b"\n}\n", b"\n}\n\n"),
        (b"\n}\n", b"\r\n}\r\n"),
    ],
)
def test_an_altered_pin_is_damage(old, new, filled):
    path = filled / "store.json"
    before = path.read_bytes()
    assert old in before
    path.write_bytes(before.replace(old, new))
    with pytest.raises(DamageError, match=r"store-pin-damaged: store/store\.json is not what was written"):
        Store.open(filled)


def test_a_pin_of_another_table_or_form_is_damage(filled, monkeypatch):
    """Even with a right checksum: paths stay inside the store, and the rows add up."""
    path = filled / "store.json"
    pin = path.read_bytes().rpartition(b',\n "sha256": "')[0]
    for old, new in [
        (b'"path": "part-', b'"path": "../part-'),
        (b'"folder": "items"', b'"folder": "../items"'),
        (b'"rows": 10,', b'"rows": 11,'),
        (b'"tables"', b'"table"'),
        (pin, b"[1"),
        (pin, b'{\n "store_version": true'),
    ]:
        head = pin.replace(old, new, 1)
        end = b"\n]\n" if head.startswith(b"[") else b"\n}\n"
        path.write_bytes(head + b',\n "sha256": "' + evaltools.store.pin.checksum(head).encode() + b'"' + end)
        with pytest.raises(DamageError, match="store-pin-damaged"):
            Store.open(filled)


def test_tables_without_store_json_are_damage_for_readers_and_writers(filled, files_below):
    (filled / "store.json").unlink()
    before = files_below(filled)
    with pytest.raises(DamageError, match=r"store-pin-missing: store/store\.json is gone"):
        Store.open(filled)
    with pytest.raises(DamageError, match="store-pin-missing"), Store(filled, Pin()).writing():
        pytest.fail("a store without its pin was written to")
    assert files_below(filled) == before
    assert [fault.code for fault in Store(filled, Pin()).verify()] == ["store-pin-missing"]


def test_a_store_of_a_later_release_is_refused(filled, monkeypatch):
    monkeypatch.setattr(evaltools.store.pin, "STORE_VERSION", 2)
    write_pin(filled, read_pin(filled))
    monkeypatch.setattr(evaltools.store.pin, "STORE_VERSION", 1)
    with pytest.raises(RefusedError, match=r"store-too-new: store/store\.json has format version 2; .* up to 1"):
        Store.open(filled)


def test_a_log_that_tells_another_story_is_found(filled):
    """Files as pinned, but Delta's log names other ones: only a writer that pins wrongly could do it."""
    pin = read_pin(filled)
    items = pin.tables["items"]
    shorter = TablePin(items.folder, 0, items.files)
    write_pin(filled, Pin(9, None, {**pin.tables, "items": shorter}))
    assert Store.open(filled).verify() == []
    files = tuple(file for file in items.files if file.rows is None or file.removed is None)
    fewer = TablePin(items.folder, 0, files)
    write_pin(filled, Pin(9, None, {**pin.tables, "items": fewer}))
    assert [fault.code for fault in Store.open(filled).verify()] == ["store-log-differs"]


def test_a_fixed_table_from_an_older_release_gains_its_new_columns(folder, monkeypatch):
    """Columns that SCHEMAS gains later are missing in the rows that were there before."""
    from evaltools.store.schemas import SCHEMAS

    new, old = SCHEMAS["weights"], SCHEMAS["weights"].remove(SCHEMAS["weights"].get_field_index("recipe"))
    key = {"bank_id": ["b"], "repeat_no": [1]}
    store = Store.open(folder)
    monkeypatch.setitem(SCHEMAS, "weights", old)
    with store.writing() as tx:
        tx.append("weights", pa.table({"response_id": ["m"], **key, "base": [2.5]}))
    monkeypatch.setitem(SCHEMAS, "weights", new)
    assert store.read("weights").schema == new
    with store.writing() as tx:
        tx.append("weights", pa.table({"response_id": ["k"], **key, "recipe": ["given"]}))
    assert store.read("weights", ["response_id", "base", "recipe"]).to_pydict() == {
        "response_id": ["k", "m"],
        "base": [None, 2.5],
        "recipe": ["given", None],
    }
    assert store.verify() == []

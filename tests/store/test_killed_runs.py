"""A run that dies at any point leaves the last committed state, and the next run writes as if it had not been."""

import errno
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import evaltools.store.delta
import evaltools.store.disk
import evaltools.store.transaction
from evaltools.errors import DamageError, EvaltoolsError
from evaltools.store import Store

# module, function, which call of it dies
STAGES = [
    ("transaction", "flush_folder", 1),
    ("transaction", "write_pin", 1),
    ("transaction", "write_pin", 2),
    ("delta", "write_file", 1),
    ("delta", "write_file", 2),
    ("delta", "create_table_with_add_actions", 1),
    ("delta", "_append_to_log", 1),
    ("delta", "_flushed_log", 1),
    ("delta", "flush_folder", 2),
    ("disk", "write_file", 1),
    ("disk", "_rename", 1),
    ("disk", "_rename", 2),
]


def rows(*ids, **columns):
    key = {"response_id": list(ids), "bank_id": ["icbc"] * len(ids), "repeat_no": [1] * len(ids)}
    return pa.table({**key, **columns})


def two_tables(tx, name, **columns):
    tx.append("answers_a", rows(name, **columns))
    tx.append("answers_b", rows(name, **columns))
    tx.replace("ratings", rows(name))


def content(store):
    return {table: store.read(table).column("response_id").to_pylist() for table in store.versions()}


class Death(BaseException):
    """Stands for a killed process: nothing of the program runs after it."""


def die_at(monkeypatch, module, function, call, when):
    home = getattr(evaltools.store, module)
    alive, calls = getattr(home, function), []

    def dying(*args, **kwargs):
        calls.append(1)
        if len(calls) != call:
            return alive(*args, **kwargs)
        if when == "half" and function == "write_file":
            args[0].write_bytes(args[1][: len(args[1]) // 2])
        if when == "after":
            alive(*args, **kwargs)
        raise Death

    monkeypatch.setattr(home, function, dying)
    monkeypatch.setattr(Store, "_take_back", lambda self: None)


def dies(folder, monkeypatch, module, function, call, when, *, extra=None):
    with monkeypatch.context() as patch:
        die_at(patch, module, function, call, when)
        try:
            with Store.open(folder).writing() as tx:
                two_tables(tx, "k", **(extra or {}))
        except Death:
            return True
    return False


def assert_no_leftovers(folder):
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    tables = evaltools.store.pin.read_pin(folder).tables.values()
    assert found == {"store.json"} | {f"{table.folder}/{file.path}" for table in tables for file in table.files}


@pytest.mark.parametrize("begin", ["fresh", "later", "widening"])
@pytest.mark.parametrize(
    ("stage", "when"),
    [
        (stage, when)
        for stage in STAGES
        for when in ("before", "half", "after")
        if when != "half" or "write_file" in stage
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
def test_death_at_any_stage(stage, when, begin, folder, monkeypatch):
    fresh = begin == "fresh"
    if not fresh:
        with Store.open(folder).writing() as tx:
            two_tables(tx, "m")
    old = content(Store.open(folder))
    extra = {"neu": ["是"]} if begin == "widening" else {}
    died = dies(folder, monkeypatch, *stage, when, extra=extra)
    landed = content(Store.open(folder))
    new = {"answers_a": ["k", "m"][: 1 if fresh else 2], "answers_b": ["k", "m"][: 1 if fresh else 2], "ratings": ["k"]}
    assert landed in ((old, new) if died else (new,))
    with Store.open(folder).writing() as tx:
        two_tables(tx, "z", **extra)
    after = Store.open(folder)
    assert content(after) == {
        table: ["z"] if table == "ratings" else [*landed.get(table, []), "z"]
        for table in ("answers_a", "answers_b", "ratings")
    }
    assert after.verify() == []
    assert_no_leftovers(folder)


@pytest.mark.parametrize(("module", "function", "call"), STAGES)
def test_every_stage_is_reached(module, function, call, folder, monkeypatch):
    """The stages are names of functions: one that is no longer called would test nothing."""
    with Store.open(folder).writing() as tx:
        two_tables(tx, "m")
    places = [folder, folder.parent / "fresh" / "store"]
    assert any(dies(place, monkeypatch, module, function, call, "before") for place in places)


KILLED = """
import os, sys
from pathlib import Path
import pyarrow as pa
import evaltools.store.{module} as home
from evaltools.store import Store
def dying(*args, **kwargs):
    os._exit(9)
home.{function} = dying
with Store.open(Path(sys.argv[1])).writing() as tx:
    for table in ("answers_a", "answers_b"):
        tx.append(table, pa.table({{"response_id": ["k"], "bank_id": ["b"], "repeat_no": [1]}}))
"""


def test_a_process_that_is_gone_frees_the_lock_and_loses_only_its_own_rows(folder):
    stages = [("delta", "_append_to_log"), ("disk", "_rename")]
    places = [folder.parent / str(number) / "store" for number in range(len(stages))]
    runs = []
    for place, (module, function) in zip(places, stages, strict=True):
        with Store.open(place).writing() as tx:
            two_tables(tx, "m")
        code = KILLED.format(module=module, function=function)
        runs.append(subprocess.Popen([sys.executable, "-c", code, str(place)]))
    assert [run.wait(60) for run in runs] == [9, 9]
    for place in places:
        store = Store.open(place)
        assert content(store) == {"answers_a": ["m"], "answers_b": ["m"], "ratings": ["m"]}
        assert list(place.rglob("*00001*"))
        with store.writing(lock_timeout=0) as tx:
            tx.append("answers_a", rows("z"))
        assert content(store) == {"answers_a": ["m", "z"], "answers_b": ["m"], "ratings": ["m"]}
        assert store.verify() == []
        assert_no_leftovers(place)


def test_a_full_disk_is_said_and_leaves_nothing(folder, monkeypatch, files_below, add):
    store = Store.open(folder)
    with store.writing() as tx:
        two_tables(tx, "m")
    before = files_below(folder)

    def full(path, content):
        path.write_bytes(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(evaltools.store.delta, "write_file", full)
        with pytest.raises(EvaltoolsError, match=r"store-write-failed: .*'云河 2022'.*No space left") as failed:
            add(store, answers_a=rows("k"), answers_b=rows("k"))
    assert str(folder.parent.parent) not in str(failed.value)
    assert failed.value.exit_code == 1
    assert files_below(folder) == before
    assert content(store)["ratings"] == ["m"]


def test_an_error_after_the_rename_does_not_undo_the_commit(folder, monkeypatch, add):
    """Reported as failed though it landed: the disk decides, and trying again sees the rows."""
    store = Store.open(folder)
    with store.writing() as tx:
        tx.append("answers_a", rows("m"))

    def renamed_then_failing(source, target):
        source.replace(target)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(evaltools.store.disk, "_rename", renamed_then_failing)
        with pytest.raises(EvaltoolsError, match=r"store-write-failed: .*Input/output error"):
            add(store, answers_a=rows("k"))
    with store.writing() as tx:
        assert tx.read("answers_a").column("response_id").to_pylist() == ["k", "m"]
    assert content(store) == content(Store.open(folder)) == {"answers_a": ["k", "m"]}
    assert store.verify() == []


def test_what_is_not_the_stores_own_is_left_alone(folder):
    store = Store.open(folder)
    with store.writing() as tx:
        tx.append("answers_a", rows("m"))
    notes = [folder / "notes.txt", folder / "answers_a" / "read me.md", folder / "mine" / "x.parquet"]
    for path in notes:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine", encoding="utf-8")
    with store.writing() as tx:
        tx.append("answers_a", rows("n"))
    assert all(path.is_file() for path in notes)
    assert store.verify() == []


def test_a_place_that_delta_would_misread_is_refused(tmp_path):
    for name in ("a%20b", "a\tb", *(() if sys.platform == "win32" else ("a\\b",))):
        place = tmp_path / name / "store"
        with pytest.raises(EvaltoolsError, match=r"store-place: .*Rename the folder"), Store.open(place).writing():
            pytest.fail("the place was accepted")
    for name in ("a%b", "a b #1?&;é[]{}", "中文 𠮷"):
        place = tmp_path / name / "store"
        for one in ("m", "n"):
            with Store.open(place).writing() as tx:
                two_tables(tx, one)
        assert content(Store.open(place)) == {"answers_a": ["m", "n"], "answers_b": ["m", "n"], "ratings": ["n"]}
        assert Store.open(place).verify() == []


def test_a_relative_folder_stays_the_same_when_the_process_moves(folder, monkeypatch, tmp_path):
    folder.parent.mkdir()
    monkeypatch.chdir(folder.parent)
    store = Store.open(Path("store"))
    monkeypatch.chdir(tmp_path)
    with store.writing() as tx:
        tx.append("answers_a", rows("m"))
    assert content(Store.open(folder)) == {"answers_a": ["m"]}


def test_a_writer_does_not_build_on_a_damaged_log(folder, add):
    store = Store.open(folder)
    with store.writing() as tx:
        tx.append("answers_a", rows("m"))
    log = folder / "answers_a" / "_delta_log" / f"{0:020d}.json"
    log.write_bytes(log.read_bytes().replace(b"long", b"date"))
    with pytest.raises(DamageError, match=r"store-file-changed: store/answers_a/_delta_log/0+\.json"):
        add(store, answers_a=rows("n"))
    assert [fault.code for fault in store.verify()] == ["store-file-changed"]

"""One writes at a time: rows are added once, the second waits or leaves; readers never wait and never see a half."""

import os
import signal
import subprocess
import sys
import threading
import time

import pyarrow as pa
import pytest

from evaltools.errors import EvaltoolsError, LockedError
from evaltools.store import Store
from evaltools.store.lock import campaign_lock

INGEST = """
import sys, time
import pyarrow as pa
from evaltools.store import Store
store = Store.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with store.writing(lock_timeout=30) as tx:
    key = {"response_id": ["r1", "r2"], "bank_id": ["b", "b"], "repeat_no": [1, 1]}
    present = set(tx.read("answers_x", ["response_id"]).column(0).to_pylist())
    if not present:
        time.sleep(0.2)
        tx.append("answers_x", pa.table(key))
        tx.append("ratings", pa.table(key))
    print("found", len(present), flush=True)
"""

HOLD = """
import sys, time
from evaltools.store import Store
with Store.open(sys.argv[1]).writing():
    print("held", flush=True)
    time.sleep(60)
"""

COMMITS = """
import sys
import pyarrow as pa
from evaltools.store import Store
store = Store.open(sys.argv[1])
for number in range(12):
    with store.writing() as tx:
        key = {"response_id": [f"{number}-{n}" for n in range(5)], "bank_id": ["b"] * 5, "repeat_no": [1] * 5}
        tx.append("answers_x", pa.table(key))
        tx.replace("answers_y", pa.table(key))
        tx.append("ratings", pa.table(key))
"""


def python(code, folder, **pipes):
    return subprocess.Popen([sys.executable, "-c", code, str(folder)], text=True, encoding="utf-8", **pipes)


def test_two_that_write_at_once_add_the_rows_once(folder):
    runs = [python(INGEST, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("go\n")
        run.stdin.flush()
    found = sorted(run.communicate(timeout=60)[0] for run in runs)
    assert found == ["found 0\n", "found 2\n", "found 2\n"]
    store = Store.open(folder)
    assert (store.versions(), store.row_counts()) == ({"answers_x": 0, "ratings": 0}, {"answers_x": 2, "ratings": 2})
    assert store.verify() == []


def test_the_second_leaves_when_the_first_does_not_end_and_a_killed_one_frees_the_lock(folder):
    holder = python(HOLD, folder, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == "held\n"
        start = time.perf_counter()
        message = r"store-locked: the campaign '云河 2022' .* within 0\.3 seconds"
        with pytest.raises(LockedError, match=message) as locked, Store.open(folder).writing(lock_timeout=0.3):
            pytest.fail("two hold the lock")
        assert 0.3 <= time.perf_counter() - start < 5
        assert locked.value.exit_code == 7
        assert Store.open(folder).read("responses").num_rows == 0
    finally:
        os.kill(holder.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        holder.wait(30)
        holder.stdout.close()
    with Store.open(folder).writing(lock_timeout=0) as tx:
        assert tx.read("responses").num_rows == 0


def test_a_reader_sees_whole_commits_while_another_process_writes(folder):
    with Store.open(folder).writing() as tx:
        key = {"response_id": ["first"], "bank_id": ["b"], "repeat_no": [1]}
        tx.append("answers_x", pa.table(key))
        tx.append("answers_y", pa.table(key))
        tx.append("ratings", pa.table(key))
    at_start, seen = Store.open(folder), set()
    writer = python(COMMITS, folder)
    while writer.poll() is None:
        store = Store.open(folder)
        rows = [store.read(table).num_rows for table in ("answers_x", "ratings")]
        assert rows[0] == rows[1]
        assert rows[0] % 5 == 1
        newest = store.read("answers_x").column("response_id").to_pylist()
        assert set(store.read("answers_y").column("response_id").to_pylist()) <= set(newest)
        seen.add(rows[0])
    assert writer.returncode == 0
    assert len(seen) > 1
    assert Store.open(folder).row_counts() == {"answers_x": 61, "answers_y": 5, "ratings": 61}
    assert at_start.read("answers_x").column("response_id").to_pylist() == ["first"]
    assert at_start.read("answers_y").column("response_id").to_pylist() == ["first"]


def test_the_lock_holds_within_a_process_too(folder):
    with campaign_lock(folder.parent):
        with pytest.raises(LockedError, match="within 0 seconds"), Store.open(folder).writing(lock_timeout=-1):
            pytest.fail("two hold the lock")
        caught = []

        def other():
            try:
                with campaign_lock(folder.parent, 0.1):
                    caught.append("held")
            except LockedError as error:
                caught.append(error.code)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert caught == ["store-locked"]
    with campaign_lock(folder.parent, 0):
        assert (folder.parent / ".lock").is_file()


def test_a_campaign_that_cannot_be_written_is_an_error_with_a_code(tmp_path):
    (tmp_path / "campaign").write_text("a file, not a folder", encoding="utf-8")
    message = "store-write-failed: the store of the campaign 'campaign'"
    with pytest.raises(EvaltoolsError, match=message), Store.open(tmp_path / "campaign" / "store").writing():
        pytest.fail("a file was taken for a folder")


def test_naming_the_package_loads_nothing_heavy():
    heavy = ("pyarrow", "deltalake", "duckdb", "pandas")
    code = f"import sys, evaltools.store; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    import evaltools.store

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = evaltools.store.Nothing

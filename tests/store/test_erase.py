"""A commit that erases history leaves the newest rows alone on the disk, and version numbers that go on."""

import pyarrow as pa
import pytest

from evaltools.errors import UsageError
from evaltools.store import Store


def rows(*ids):
    return pa.table({"response_id": list(ids), "bank_id": ["icbc"] * len(ids), "repeat_no": [1] * len(ids)})


@pytest.fixture
def three(store):
    """A table of three versions and one of two, each with rows that are no longer wanted."""
    for names in (["a"], ["b"], ["secret-c"]):
        with store.writing() as tx:
            tx.append("ratings", rows(*names))
            tx.replace("answers_x", rows(*names))
    return store


def erase(store):
    with store.writing() as tx:
        kept = [one for one in tx.read("ratings")["response_id"].to_pylist() if not one.startswith("secret")]
        tx.replace("ratings", rows(*kept))
        tx.erase_history()


def test_earlier_rows_are_gone_from_the_disk(three, folder):
    erase(three)
    assert len(list((folder / "ratings").glob("*.parquet"))) == 1
    assert len(list((folder / "answers_x").glob("*.parquet"))) == 1  # also where only the history had to go
    assert three.read("ratings")["response_id"].to_pylist() == ["a", "b"]
    assert Store.open(folder).verify() == []


def test_versions_before_are_refused_by_name_and_numbers_go_on(three, folder):
    erase(three)
    assert three.versions() == {"answers_x": 2, "ratings": 3}
    with pytest.raises(UsageError, match=r"store-version-erased: version 2 of the table 'ratings'.* is 3"):
        three.read("ratings", version=2)
    assert three.read("ratings", version=3).num_rows == 2
    with Store.open(folder).writing() as tx:
        tx.append("ratings", rows("d"))
    again = Store.open(folder)
    assert again.versions()["ratings"] == 4
    assert again.read("ratings", version=3)["response_id"].to_pylist() == ["a", "b"]
    assert again.read("ratings")["response_id"].to_pylist() == ["a", "b", "d"]
    assert again.verify() == []


def test_history_goes_also_where_nothing_else_changes(three, folder):
    with three.writing() as tx:
        tx.erase_history()
    assert three.versions() == {"answers_x": 2, "ratings": 2}
    assert len(list((folder / "answers_x").glob("*.parquet"))) == 1
    assert three.read("ratings").num_rows == 3  # appended, so all of it is the newest version

"""A new key keeps every link, also to what comes later, and leaves nothing of the old pseudonyms."""

import re

import pytest

from evaltools.errors import RefusedError
from evaltools.store import Store, store, transaction
from evaltools.survey.erasure import journal
from evaltools.survey.identity import rotation
from evaltools.survey.identity.rotation import rotate_key
from evaltools.survey.privacy import load_key

NAME, PHONE = "云河县青禾商贸有限公司", "13800138077"


def late(answer, number, **changes):
    return answer(number, at="2022/12/1 9:00:00", **changes)


@pytest.fixture
def stored(firms, answer):
    """Two waves: a coded firm in both, one linked by its contact, one without code in both, one pair judged."""
    firms.raw("baseline/a.csv", [
        answer(1), answer(2, firm_name=NAME, phone=PHONE), answer(3, firm_code="", firm_name="南岸机械厂"),
        answer(4, firm_name="东关面粉厂", phone="13900000001"),
    ])  # fmt: skip
    firms.raw("endline/b.csv", [
        late(answer, 1), late(answer, 2, firm_code="", firm_name=NAME, phone=PHONE),
        late(answer, 3, firm_code="", firm_name="南岸机械厂"),
        late(answer, 5, firm_code="", firm_name="东关面粉厂", phone=""),
    ])  # fmt: skip
    firms.ingest()
    path = firms.folder / "review/firms.csv"
    path.write_text(re.sub(r",\n", ",same\n", path.read_text(encoding="utf-8-sig")), encoding="utf-8")
    firms.ingest()
    return firms


def groups(campaign, column="enterprise_id", table="responses"):
    """Which responses share a pseudonym, by file and row: what links are, whatever they are called."""
    found = {}
    rows = campaign.store.read("responses").to_pylist()
    home = {one["response_id"]: (one["wave"], one["source_row"]) for one in rows}
    for one in campaign.store.read(table).to_pylist():
        found.setdefault(one[column], set()).add(home[one["response_id"]])
    return sorted(map(sorted, found.values()))


def pseudonyms(campaign):
    rows = campaign.store.read("responses").to_pylist()
    identities = campaign.store.read("identities").to_pylist()
    names = {one[column] for one in rows for column in ("enterprise_id", "ip_hash", "content_sha")}
    return (names | {one["hash"] for one in identities}) - {None}


def every_byte(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_links_stay_and_no_old_pseudonym_is_left(stored):
    before, units, old = groups(stored), groups(stored, "psu", "ratings"), pseudonyms(stored)
    assert len(before) == 4
    fingerprint, versions = stored.store.key_fingerprint, stored.store.versions()
    told = rotate_key(stored.folder, stored.config)
    assert told["fingerprint"] == {"before": fingerprint, "after": stored.store.key_fingerprint}
    assert told["rotations"] == 1
    assert groups(stored) == before
    assert groups(stored, "psu", "ratings") == units
    assert old.isdisjoint(pseudonyms(stored))
    text = " ".join(str(stored.store.read(table).to_pylist()) for table in stored.store.versions())
    assert not any(one in text for one in old)
    assert stored.store.versions()["responses"] > versions["responses"]
    assert len(list((stored.folder / "store/responses").glob("*.parquet"))) == 1
    assert stored.store.verify() == []
    assert fingerprint.encode() not in every_byte(stored.folder)


def test_an_ingest_after_a_rotation_changes_nothing(stored):
    rotate_key(stored.folder, stored.config)
    rotate_key(stored.folder, stored.config)
    versions = stored.store.versions()
    result = stored.ingest()
    assert (result.new_rows, result.pairs_open) == (0, 0)
    assert stored.store.versions() == versions


def test_a_later_wave_links_to_a_baseline_whose_raw_file_is_gone(firms, answer):
    path = firms.raw("baseline/a.csv", [answer(1), answer(3, firm_code="", firm_name="南岸机械厂")])
    firms.ingest()
    path.unlink()
    for _ in range(3):
        rotate_key(firms.folder, firms.config)
    firms.raw("endline/b.csv", [late(answer, 1), late(answer, 3, firm_code="", firm_name="南岸机械厂")])
    firms.ingest()
    assert groups(firms) == [[("baseline", 2), ("endline", 2)], [("baseline", 3), ("endline", 3)]]


def test_a_row_that_is_read_anew_is_still_its_own_copy(stored, answer):
    rotate_key(stored.folder, stored.config)
    stored.raw("baseline/copy.csv", [answer(1)])
    [copy] = [one for one in stored.ingest().files if one.path.endswith("copy.csv")]
    assert (copy.n_accepted, copy.n_duplicate) == (0, 1)


def test_a_forgotten_firm_stays_forgotten_after_rotations(stored, answer):
    from evaltools.survey.erasure.erasing import erase

    backup = (stored.folder / "raw/baseline/a.csv").read_bytes()
    code = answer(1)["firm_code"]
    erase(stored.folder, stored.config, code, lambda *_: [])
    rotate_key(stored.folder, stored.config)
    (stored.folder / "raw/baseline/a.csv").write_bytes(backup)
    stored.raw("endline/c.csv", [late(answer, 1, comment="又来了"), late(answer, 9)])
    count = stored.store.row_counts()["responses"]
    stored.ingest()
    assert stored.store.row_counts()["responses"] == count + 1
    assert erase(stored.folder, stored.config, code, lambda *_: []) is not None  # its rows are back in raw
    assert erase(stored.folder, stored.config, code, lambda *_: []) is None


class Death(BaseException):
    """Stands for a killed process: nothing of the program runs after it."""


@pytest.mark.parametrize(
    ("home", "name", "call", "when"),
    [
        (journal, "replace_file", 1, "after"),
        (journal, "write_file", 1, "after"),
        (transaction, "write_pin", 1, "before"),
        (transaction, "write_pin", 1, "after"),
        (store, "heal", 2, "after"),
        (journal, "_overwrite", 1, "after"),
        (journal, "flush_folder", 4, "after"),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)).rpartition(".")[2],
)
def test_death_at_any_stage_leaves_a_key_that_opens_the_store(stored, answer, monkeypatch, home, name, call, when):
    links, fingerprint = groups(stored), stored.store.key_fingerprint
    with monkeypatch.context() as patch:
        alive, calls = getattr(home, name), []

        def dying(*args, **kwargs):
            calls.append(1)
            if len(calls) != call:
                return alive(*args, **kwargs)
            if when == "after":
                alive(*args, **kwargs)
            patch.setattr(rotation, "settle_pending", lambda *_: None)
            patch.setattr(Store, "_take_back", lambda _: None)
            raise Death

        patch.setattr(home, name, dying)
        with pytest.raises(Death):
            rotate_key(stored.folder, stored.config)
    is_new = stored.store.key_fingerprint != fingerprint
    assert (stored.ingest().new_rows, groups(stored)) == (0, links)
    stored.raw("endline/d.csv", [late(answer, 9)])
    assert stored.ingest().new_rows == 1
    load_key(stored.folder, stored.config, stored_fingerprint=stored.store.key_fingerprint)
    assert len((stored.folder / ".key").read_text().split()) == (2 if is_new else 1)
    assert not (stored.folder / ".pending.json").exists()
    assert not list(stored.folder.rglob("*.tmp"))


def test_the_key_of_a_demonstration_and_of_nothing_is_not_changed(firms):
    with pytest.raises(RefusedError, match="rekey-empty"):
        rotate_key(firms.folder, firms.config)
    firms.settings(more='demo = true\npublic_demo_key = "known to all"\n')
    with pytest.raises(RefusedError, match="rekey-demo"):
        rotate_key(firms.folder, firms.config)

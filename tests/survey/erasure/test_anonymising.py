"""After it nobody can be found again, and sampling units are what they were."""

import json
import shutil

import pytest

from evaltools.errors import RefusedError
from evaltools.survey.erasure import anonymising
from evaltools.survey.erasure.anonymising import anonymise

from .conftest import CODE, COMMENT, TODAY

OLD = ("responses", "ratings", "identities", "quarantine", "files")


def old_ids(campaign):
    """Everything by which a row can be compared with another list."""
    found = set()
    for table in OLD:
        for row in campaign.store.read(table).to_pylist():
            found |= {row.get(name) for name in ("response_id", "enterprise_id", "hash", "ip_hash", "content_sha",
                                                 "value_sha", "file_sha256")}  # fmt: skip
    return found - {None}


def units(campaign):
    """How many ratings each unit has by bank, whatever it is called, and in how many waves."""
    rows = campaign.read("ratings").merge(campaign.read("responses")[["response_id", "wave"]])
    return sorted(map(tuple, rows.groupby("psu").agg(n=("bank_id", "size"), waves=("wave", "nunique")).to_numpy()))


def test_no_link_is_left_and_units_stay(erasable, where_named):
    old, before = old_ids(erasable), units(erasable)
    answers = sorted(map(str, erasable.read("answers_firm_survey").drop(columns="response_id").to_numpy().tolist()))
    shutil.rmtree(erasable.folder / "raw")
    receipt = anonymise(erasable.folder, erasable.config, today=TODAY)
    assert receipt["checks"] == {"no_old_id": True, "same_units": True}
    assert not (erasable.folder / ".key").exists()
    assert where_named(erasable.folder, old) == set()
    assert where_named(erasable.folder, [COMMENT]) == set()
    assert units(erasable) == before
    kept = erasable.read("answers_firm_survey").drop(columns="response_id").to_numpy().tolist()
    assert sorted(map(str, kept)) == answers
    assert {one["submitted_at"].hour for one in erasable.store.read("responses").to_pylist()} == {0}
    assert erasable.store.verify() == []
    written = json.loads((erasable.folder / "erasures/2022-12-20-anonymised.json").read_text(encoding="utf-8"))
    assert written == receipt


def test_with_raw_files_nothing_would_be_anonymous(erasable, files_below):
    before = files_below(erasable.folder)
    with pytest.raises(RefusedError, match="anonymise-raw: 3 raw files"):
        anonymise(erasable.folder, erasable.config)
    assert files_below(erasable.folder) == before


def test_nothing_can_be_added_forgotten_or_done_again(erasable, forgets, tmp_path):
    backup = shutil.move(erasable.folder / "raw", tmp_path / "raw")
    anonymise(erasable.folder, erasable.config)
    with pytest.raises(RefusedError, match="key-anonymised"):
        anonymise(erasable.folder, erasable.config)
    with pytest.raises(RefusedError, match="key-anonymised"):
        erasable.ingest()  # not: put the files back, or move the store away
    shutil.copytree(backup, erasable.folder / "raw")
    with pytest.raises(RefusedError, match="key-anonymised"):
        erasable.ingest()
    with pytest.raises(RefusedError, match="key-anonymised"):
        forgets(erasable, CODE)
    assert not (erasable.folder / ".key").exists()


def test_a_check_that_fails_leaves_all_as_it_was(erasable, monkeypatch, files_below):
    from evaltools.errors import DamageError

    shutil.rmtree(erasable.folder / "raw")
    before = files_below(erasable.folder)
    monkeypatch.setattr(anonymising._Draws, "of", lambda self, kind, old: old)
    with pytest.raises(DamageError, match=r"anonymise-link: .*no_old_id"):
        anonymise(erasable.folder, erasable.config)
    assert files_below(erasable.folder) == before

"""Files change together with a commit; a journal from elsewhere does nothing."""

import json

import pytest

from evaltools.errors import DamageError
from evaltools.survey.erasure.journal import PENDING, Change, settle, stage


def changes(folder):
    (folder / "old.txt").write_text("old", encoding="utf-8")
    (folder / "gone.txt").write_text("gone", encoding="utf-8")
    return [
        Change(folder / "old.txt", b"new"), Change(folder / "gone.txt", None), Change(folder / "sub/more.txt", b"more"),
    ]  # fmt: skip


def content(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


def test_after_the_commit_the_new_files_take_their_places(tmp_path):
    stage(tmp_path, changes(tmp_path), 3)
    assert (tmp_path / "old.txt").read_text(encoding="utf-8") == "old"
    assert settle(tmp_path, 3)
    assert content(tmp_path) == {"old.txt": "new", "more.txt": "more"}
    assert not settle(tmp_path, 3)


def test_before_it_nothing_has_happened(tmp_path):
    stage(tmp_path, changes(tmp_path), 3)
    assert settle(tmp_path, 2)
    assert content(tmp_path) == {"old.txt": "old", "gone.txt": "gone"}


@pytest.mark.parametrize("name", ["../victim.txt", "/etc/hostname", "sub/../../victim.txt"])
@pytest.mark.parametrize("is_written", [True, False])
def test_a_journal_that_came_with_a_folder_touches_nothing_outside(tmp_path, name, is_written):
    victim = tmp_path / "victim.txt"
    victim.write_text("precious", encoding="utf-8")
    folder = tmp_path / "campaign"
    folder.mkdir()
    (folder / PENDING).write_text(json.dumps({"number": 0, "changes": [[name, is_written]]}), encoding="utf-8")
    with pytest.raises(DamageError, match="pending-damaged"):
        settle(folder, 5)
    assert victim.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("text", ["", "[]", '{"number": 1}', '{"number": "x", "changes": []}', '{"changes": [1]}'])
def test_a_damaged_journal_is_named(tmp_path, text):
    (tmp_path / PENDING).write_text(text, encoding="utf-8")
    with pytest.raises(DamageError, match="pending-damaged"):
        settle(tmp_path, 5)

"""The files of a source: what they hold, and what is not taken for one."""

import json
import os

import pytest
from filelock import FileLock

from evaltools.errors import FileRefusedError, LiveError, LockedError
from evaltools.survey.duplicates import file_order
from evaltools.survey.live import odk_central, shelf
from evaltools.survey.live.kobo import FORMAT


def submission(number, state="u"):
    return {"_id": number, "_uuid": state, "__version__": "v1"}


@pytest.fixture
def source(kobo, source_of):
    return source_of(kobo)


@pytest.fixture
def write(tmp_path, source):
    return lambda number, *page: shelf.write_page(tmp_path, source, FORMAT, number, page)


def test_what_was_written_is_known_again(tmp_path, source, write):
    names = (write(1, submission(12), submission(7)), write(2, submission(7, "edited")))
    assert names == ("firms_0001_7-12.json", "firms_0002_7-7.json")
    held = shelf.read_shelf(tmp_path, source, FORMAT)
    assert (held.files, held.number, held.ids) == (names, 2, {"7", "12"})
    assert held.keys == {("7", "u"), ("7", "edited"), ("12", "u")}


def test_the_same_submissions_give_the_same_bytes(tmp_path, write):
    first = (tmp_path / write(1, submission(1), submission(2))).read_bytes()
    turned = [dict(reversed(submission(number).items())) for number in (2, 1)]
    assert (tmp_path / write(1, *turned)).read_bytes() == first


def test_files_count_by_number_beyond_four_digits(tmp_path, source, write):
    for number in (9999, 10000):
        write(number, submission(number))
    held = shelf.read_shelf(tmp_path, source, FORMAT)
    assert (held.files[-1], held.number) == ("firms_10000_10000-10000.json", 10000)


def test_the_later_state_of_a_submission_counts_as_the_later_answer(tmp_path, source, write):
    """An edit leaves the time of submission, so the order of the files decides; ids and tens of numbers do not."""
    write(1, submission(700), submission(9000))
    last = [write(number, submission(700, f"edit {number}")) for number in range(2, 12)][-1]
    held = [f"raw/{name}" for name in shelf.read_shelf(tmp_path, source, FORMAT).files]
    assert sorted(held, key=file_order) == held
    assert held[-1] == f"raw/{last}"


def test_ids_that_are_not_numbers_never_are_file_names(tmp_path, central, source_of):
    system = {"submissionDate": "2022-10-03T00:00:00.000Z", "edits": 0}
    page = [{"__id": name, "__system": system} for name in ("uuid:../../x", "CON", "\ud800")]
    name = shelf.write_page(tmp_path, source_of(central), odk_central.FORMAT, 1, page)
    assert name.isascii()
    assert (tmp_path / name).is_file()
    assert shelf.read_shelf(tmp_path, source_of(central), odk_central.FORMAT).ids == {"uuid:../../x", "CON", "\ud800"}


def test_other_files_are_left_alone(tmp_path, source, write, source_of):
    write(1, submission(1))
    for name in (
        "firms.json",
        "firms_2_1-1.json",
        "firms_0002_1-1.json.bak",
        "firms_b_0001_1-1.json",
        "Firms_0001_1-1.json",
    ):
        (tmp_path / name).write_text("no JSON", encoding="utf-8")
    assert shelf.read_shelf(tmp_path, source, FORMAT).files == ("firms_0001_1-1.json",)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-20],
        lambda text: b"",
        lambda text: b"[]",
        lambda text: b'{"source": "kobo", "form": "aTestAsset7"}',
        lambda text: text.replace(b'"_uuid"', b'"_uid"'),
        lambda text: b"\xff" + text,
        lambda text: b"[" * 100_000,
    ],
)
def test_a_file_that_was_spoilt_is_named_with_the_mend(tmp_path, source, write, spoil):
    path = tmp_path / write(1, submission(1))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(FileRefusedError, match=r"live-file-damaged: raw/endline/firms_0001_1-1\.json .* Move it away"):
        shelf.read_shelf(tmp_path, source, FORMAT)


def test_a_file_of_another_form_is_refused(tmp_path, write, kobo, source_of):
    write(1, submission(1))
    other = source_of(kobo, asset="aNother")

    with pytest.raises(FileRefusedError, match=r"live-file-other: .* is the form aNother"):
        shelf.read_shelf(tmp_path, other, FORMAT)


def test_a_number_that_json_cannot_hold_is_refused(tmp_path, write):
    with pytest.raises(LiveError, match=r"live-odd: .* not as its API is documented: results"):
        write(1, submission(1) | {"rate": json.loads("1e999")})
    assert list(tmp_path.iterdir()) == []


def test_two_pulls_of_one_source_do_not_meet(tmp_path, source, monkeypatch):
    monkeypatch.setattr(shelf, "LOCK_TIMEOUT_S", 0.05)
    (tmp_path / "raw/endline").mkdir(parents=True)
    with (
        FileLock(tmp_path / "raw/endline/.firms.lock"),
        pytest.raises(LockedError, match="another process is pulling firms"),
    ):
        shelf.open_shelf(tmp_path, source).__enter__()
    with shelf.open_shelf(tmp_path, source) as folder:
        assert folder == tmp_path / "raw/endline"


def test_what_a_killed_pull_left_is_cleared_away_and_nothing_else(tmp_path, source):
    folder = tmp_path / "raw/endline"
    folder.mkdir(parents=True)
    for name in ("firms_0001_1-2.json.tmp", "firms_b_0001_1-2.json.tmp", "firms_notes.json.tmp"):
        (folder / name).write_text("half", encoding="utf-8")
    with shelf.open_shelf(tmp_path, source):
        assert sorted(path.name for path in folder.glob("*.tmp")) == [
            "firms_b_0001_1-2.json.tmp",
            "firms_notes.json.tmp",
        ]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a right on Windows")
def test_a_folder_that_leads_elsewhere_is_refused(tmp_path, source):
    elsewhere, campaign = tmp_path / "elsewhere", tmp_path / "campaign"
    elsewhere.mkdir()
    campaign.mkdir()
    (campaign / "raw").symlink_to(elsewhere)
    with pytest.raises(FileRefusedError, match="file-outside: raw/endline"):
        shelf.open_shelf(campaign, source).__enter__()
    assert list(elsewhere.iterdir()) == []

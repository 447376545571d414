"""One respondent goes from every byte of a campaign; everybody else stays as if the respondent had never been there."""

import json
import shutil
import zipfile

import pytest

from evaltools.errors import RefusedError, UsageError
from evaltools.survey.erasure.person import find_person, stored_records
from evaltools.survey.privacy import load_key

from .conftest import CODE, NAME, NATIVE, PHONE, TODAY, TRACES, WHO

OTHERS = 7


def own_ids(campaign):
    """Pseudonym and response ids of the firm."""
    rows = campaign.store.read("identities").to_pylist()
    [first] = [one for one in campaign.store.read("responses").to_pylist() if one["wave"] == "endline"
               and one["source_row"] == 3 and one["sheet"] == "Sheet"]  # fmt: skip
    ids = {one["response_id"] for one in rows if one["hash"] == first["enterprise_id"]}
    return first["enterprise_id"], ids


def balanced(campaign):
    return all(
        one["n_read"] == one["n_accepted"] + one["n_quarantined"] + one["n_duplicate"]
        for one in campaign.store.read("files").to_pylist()
    )


def test_every_id_names_the_same_respondent(erasable):
    firm, ids = own_ids(erasable)
    key = load_key(erasable.folder, erasable.config, stored_fingerprint=erasable.store.key_fingerprint)
    with erasable.store.writing() as transaction:
        known = list(stored_records(transaction))
    found = {find_person(one, known, key).responses for one in (
        firm, CODE, f" {CODE[:8].lower()} {CODE[8:]}\n", NATIVE, *sorted(ids),
    )}  # fmt: skip
    assert len(found) == 1
    assert found.pop() > ids  # and the faulty row, by name and telephone
    assert find_person("nobody", known, key) is None


def test_nothing_of_the_respondent_is_left_in_any_byte(erasable, forgets, where_named):
    firm, ids = own_ids(erasable)
    assert len(ids) == 3  # a row, its copy, a row of the second wave
    runs = erasable.folder / "runs"
    runs.mkdir()
    (runs / "1.json").write_text(json.dumps({"seen": [CODE, NAME, *ids]}, ensure_ascii=True), encoding="utf-8")
    assert where_named(erasable.folder, [*TRACES, firm, *ids])
    receipt = forgets(erasable, firm, reason=f"来电 {PHONE} 要求删除")
    assert where_named(erasable.folder, [*TRACES, firm, *ids]) == set()
    assert PHONE not in receipt["reason"]
    kept = json.loads((erasable.folder / "erasures" / "2022-12-20-1.json").read_text(encoding="utf-8"))
    assert kept == receipt
    assert receipt["rows"]["responses"] == 2
    assert [(one["path"], one["rows"]) for one in receipt["raw"]] == [
        ("raw/baseline/a.csv", 2), ("raw/endline/b.csv", 1), ("raw/endline/c.xlsx", 1),
    ]  # fmt: skip
    assert balanced(erasable)
    assert erasable.store.row_counts()["responses"] == OTHERS
    assert erasable.store.verify() == []


def test_the_next_ingest_finds_all_files_as_they_are_stored(erasable, forgets):
    rows = {one["source_row"] for one in erasable.store.read("responses").to_pylist()}
    forgets(erasable, CODE)
    versions = erasable.store.versions()
    result = erasable.ingest()
    assert {one.status for one in result.files} == {"known"}
    assert (result.new_rows, result.refused, result.gone) == (0, (), ())
    assert erasable.store.versions() == versions
    assert {one["source_row"] for one in erasable.store.read("responses").to_pylist()} <= rows  # nobody's row moved


def test_a_campaign_that_reads_the_rewritten_files_is_the_same(erasable, forgets, tmp_path):
    forgets(erasable, CODE)
    other = tmp_path / "fresh"
    for part in ("raw", "instruments"):
        shutil.copytree(erasable.folder / part, other / part)
    for name in ("campaign.toml", ".key"):
        shutil.copy(erasable.folder / name, other / name)
    fresh = type(erasable)(other)
    fresh.ingest()
    for table in ("files", "ratings", "answers_firm_survey", "missing", "texts", "quarantine"):
        assert rows_of(erasable, table) == rows_of(fresh, table), table


def rows_of(campaign, table):
    """Rows without the ids that come from a file's checksum, in an order of their own."""
    apart = ("response_id", "psu") if table == "ratings" else ("response_id",)
    rows = campaign.store.read(table).to_pylist()
    duplicates = [row | {"value": None} if row.get("scope") == "duplicate" else row for row in rows]
    return sorted(str({name: value for name, value in row.items() if name not in apart}) for row in duplicates)


def test_earlier_versions_cannot_be_read_and_numbers_go_on(erasable, forgets):
    before = erasable.store.versions()
    forgets(erasable, CODE)
    after = erasable.store.versions()
    assert all(after[name] >= before[name] for name in before)
    assert after["responses"] > before["responses"]
    with pytest.raises(UsageError, match="store-version-erased"):
        erasable.store.read("responses", version=before["responses"])
    assert len(list((erasable.folder / "store" / "responses").glob("*.parquet"))) == 1


def test_a_file_from_a_backup_does_not_bring_the_respondent_back(erasable, forgets, answer, tmp_path):
    backup = shutil.copytree(erasable.folder / "raw", tmp_path / "backup")
    forgets(erasable, CODE)
    shutil.copytree(backup, erasable.folder / "raw", dirs_exist_ok=True)
    erasable.raw("endline/d.csv", [answer(40, **WHO, at="2022/12/2 9:00:00"), answer(9, at="2022/12/2 9:00:00")])
    result = erasable.ingest()
    assert erasable.store.row_counts()["responses"] == OTHERS + 1
    assert any("1 rows of erased respondents (rows 2) were left out" in line for line in result.notices("en"))
    assert result.refused == ()
    assert balanced(erasable)


def test_forgetting_again_changes_nothing_unless_the_rows_are_back(erasable, forgets, where_named, tmp_path):
    backup = shutil.copytree(erasable.folder / "raw", tmp_path / "backup")
    forgets(erasable, CODE)
    versions = erasable.store.versions()
    assert forgets(erasable, CODE) is None
    assert erasable.store.versions() == versions
    shutil.copytree(backup, erasable.folder / "raw", dirs_exist_ok=True)
    assert forgets(erasable, CODE)["receipt"] == "2022-12-20-2"
    assert where_named(erasable.folder, TRACES) == set()


def test_rows_whose_raw_file_is_gone_are_erased_from_the_store(erasable, forgets, where_named):
    firm, ids = own_ids(erasable)
    shutil.rmtree(erasable.folder / "raw")
    assert forgets(erasable, CODE)["raw"] == []
    assert where_named(erasable.folder, [firm, *ids, "四十七分钟"]) == set()
    assert erasable.store.row_counts()["quarantine"] == 0
    assert balanced(erasable)


def test_an_id_that_nobody_has_is_refused_and_not_repeated(erasable, forgets):
    with pytest.raises(UsageError, match="forget-unknown") as caught:
        forgets(erasable, "91419999SECRET9999")
    assert "SECRET" not in str(caught.value)


def test_a_number_that_several_have_is_refused(erasable, forgets, answer):
    erasable.raw("endline/f.csv", [answer(50, no="2", at="2022/12/3 9:00:00")])
    with pytest.raises(RefusedError, match="forget-several: 2 respondents"):
        forgets(erasable, "2")  # the second answer of each link has it


def test_a_copy_that_no_source_reads_is_named_and_nothing_is_changed(erasable, forgets, files_below):
    shutil.copy(erasable.folder / "raw/baseline/a.csv", erasable.folder / "raw/copy.csv")
    before = files_below(erasable.folder)
    with pytest.raises(RefusedError, match=r"forget-elsewhere: 1 files .* raw/copy.csv"):
        forgets(erasable, CODE)
    assert files_below(erasable.folder) == before


def test_a_file_that_cannot_be_rewritten_is_refused_with_its_rows(erasable, forgets, files_below):
    path = erasable.folder / "raw/baseline/a.csv"
    with zipfile.ZipFile(path.with_name("z.zip"), "w") as packed:
        packed.write(path, "a.csv")
    path.unlink()
    erasable.ingest()
    before = files_below(erasable.folder)
    with pytest.raises(RefusedError, match=r"forget-raw: .* raw/baseline/z.zip.*row 3, .*row 6"):
        forgets(erasable, CODE)
    assert files_below(erasable.folder) == before


def test_what_others_wrote_of_the_firm_gets_a_mark(erasable, forgets, answer):
    erasable.raw("endline/e.csv", [answer(31, comment=f"听说{PHONE[:3]}-{NAME}", at="2022/12/3 9:00:00")])
    (erasable.folder / "raw/endline/e.csv").rename(erasable.folder / "raw/endline/e-2.csv")
    erasable.ingest()
    forgets(erasable, CODE)
    texts = erasable.store.read("texts").column("text").to_pylist()
    assert len(texts) == OTHERS + 1
    assert not any(NAME in one for one in texts)


def test_the_tombstones_say_nothing_of_who_it_was(erasable, forgets):
    firm, _ = own_ids(erasable)
    forgets(erasable, CODE)
    rows = erasable.store.read("erasures").to_pylist()
    assert {one["kind"] for one in rows} == {"row", "content", "code", "native", "contact"}
    assert firm not in {one["hash"] for one in rows}
    assert {one["made_on"] for one in rows} == {TODAY}

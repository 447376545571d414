"""Manifest and files: whole or not there, every change seen, nothing outside the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaltools.errors import DamageError, ReportError
from evaltools.report.files import write_beside
from evaltools.report.manifest import (
    ReportEntry,
    file_sha256,
    kept_entries,
    read_manifest,
    verify_reports,
    write_manifest,
)
from evaltools.report.scrub import scrub_notebook


def make(folder: Path, *names: str) -> list[ReportEntry]:
    entries = []
    for name in names:
        path = write_beside(folder / "zh" / f"bank_scorecard-{name}.html", f"page {name}")
        entries.append(ReportEntry("bank_scorecard", name, "zh", "html", f"zh/{path.name}", file_sha256(path), "s1"))
    write_manifest(folder, entries)
    return entries


def test_manifest_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    entries = make(tmp_path, "b", "a")
    raw = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert list(raw) == ["reports"]
    assert list(raw["reports"][0]) == ["name", "bank", "lang", "format", "path", "sha256", "score_id"]
    assert read_manifest(tmp_path) == sorted(entries, key=lambda entry: str(entry.bank))
    assert verify_reports(tmp_path) == 2


@pytest.mark.parametrize("damage", ["change", "remove"])
def test_a_changed_or_missing_file_is_named(tmp_path: Path, damage: str) -> None:
    make(tmp_path, "a", "b")
    page = tmp_path / "zh" / "bank_scorecard-b.html"
    page.unlink() if damage == "remove" else page.write_text("other", encoding="utf-8")
    with pytest.raises(DamageError, match=r"1 files.*zh/bank_scorecard-b\.html"):
        verify_reports(tmp_path)


def test_a_path_out_of_the_folder_never_counts(tmp_path: Path) -> None:
    outside = write_beside(tmp_path / "secret.html", "x")
    entry = ReportEntry("county_report", None, "zh", "html", "../secret.html", file_sha256(outside), "s1")
    write_manifest(tmp_path / "out", [entry])
    with pytest.raises(DamageError, match="secret"):
        verify_reports(tmp_path / "out")


@pytest.mark.parametrize("text", ["", "[]", '{"reports": [{}]}', '{"reports": 3}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ReportError, match="manifest-missing"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match="manifest-invalid"):
        read_manifest(tmp_path)


def test_entries_of_an_earlier_run_stay_only_where_they_still_hold(tmp_path: Path) -> None:
    entries = make(tmp_path, "a", "b", "c")
    (tmp_path / entries[1].path).write_text("changed", encoding="utf-8")
    assert kept_entries(tmp_path, "s1", {entries[0].key}) == [entries[2]]
    assert kept_entries(tmp_path, "s2", set()) == []
    assert kept_entries(tmp_path / "none", "s1", set()) == []


def test_a_file_is_written_beside_and_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = write_beside(tmp_path / "x.html", "old")

    def refuse(_self: Path, _target: Path) -> Path:
        raise PermissionError("in use")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError, match="in use"):
        write_beside(target, "new")
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]


def test_executed_notebooks_lose_paths_times_and_error_texts(tmp_path: Path) -> None:
    from evaltools.report.jupyter_quick import nbformat

    folder = tmp_path / "活动 x"
    cell = nbformat.v4.new_code_cell(
        source=f"campaign = {str(folder)!r}\n" + f'other = "{str(folder).encode("unicode_escape").decode()}"',
        metadata={"tags": ["injected-parameters"], "papermill": {"start_time": "2022"}, "execution": {"x": "1"}},
    )
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=f"in {folder}/store"),
        nbformat.v4.new_output("display_data", data={"text/plain": f"{folder.as_posix()}/a", "image/png": "AAAA"}),
        nbformat.v4.new_output("error", ename="ValueError", evalue="13800001111", traceback=["13800001111"]),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {"input_path": str(folder)}})
    text = nbformat.writes(scrub_notebook(notebook, [folder], "demo"))
    for gone in (str(folder), "13800001111", "papermill", "start_time", str(folder).encode("unicode_escape").decode()):
        assert gone not in text
    assert "in demo/store" in text
    assert "ValueError" in text
    assert notebook.cells[0].id == "injected-parameters"

"""An archive of csv files: what is in it is judged first, its names are labels, and what is no csv is not read."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Limits

from .conftest import rows_of


def archive(files, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", options.get("method", zipfile.ZIP_DEFLATED)) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def test_the_csv_of_the_shortest_name_is_read_and_the_others_are_listed(read):
    files = {"media/a.jpg": b"\xff\xd8", "media/an upload.csv": "x\n", "form-x.csv": "b\n2\n", "form.csv": "a\n1\n",
             "readme.txt": "x", "empty.csv": ""}  # fmt: skip
    reading = read(archive(files), "f.zip")
    assert (reading.reader, reading.encoding, reading.tables[0].sheet) == ("plain", "UTF-8", "form.csv")
    assert rows_of(reading.tables[0]) == [["1"]]
    assert reading.skipped_sheets == ("form-x.csv", "empty.csv", "readme.txt", "media/ (2)")


def test_a_csv_can_be_named(read):
    files = archive({"a.csv": "x\n1\n", "sub/b.csv": "y\n2\n"})
    assert rows_of(read(files, "f.zip", sheet="sub/b.csv").tables[0]) == [["2"]]
    with pytest.raises(FileRefusedError, match=r"sheet-missing: f\.zip has no sheet 'c\.csv'\. There are: a\.csv, sub"):
        read(files, "f.zip", sheet="c.csv")


def test_names_are_labels_and_never_paths(read, tmp_path):
    before = set(tmp_path.rglob("*"))
    reading = read(archive({"../../outside.csv": "a\n1\n", "/etc/x.csv": "a\n2\n"}), "f.zip")
    assert [table.sheet for table in reading.tables] == ["/etc/x.csv"]
    assert reading.skipped_sheets == ("../../outside.csv",)
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "f.zip"}


def test_chinese_names_of_either_writing(read):
    """Programs in China write GB18030 without saying so; the zip module takes that for code page 437."""
    in_gb18030 = archive({"XXXXXXXX.csv": "a\n1\n"}).replace(b"XXXXXXXX", "企业问卷".encode("gb18030"))
    for data in (in_gb18030, archive({"企业问卷.csv": "a\n1\n"})):
        assert read(data, "f.zip").tables[0].sheet == "企业问卷.csv"


def test_what_macos_hides_beside_files_is_no_csv(read):
    files = archive({"__MACOSX/._form.csv": b"\0\x05\x16\x07", "form.csv": "a\n1\n", ".hidden.csv": b"\0"})
    reading = read(files, "f.zip")
    assert [table.sheet for table in reading.tables] == ["form.csv"]


def test_an_error_inside_names_archive_and_csv(read):
    with pytest.raises(FileRefusedError, match=r"csv-ragged: line 3 of f\.zip/form\.csv has 1 fields"):
        read(archive({"form.csv": "a,b\n1,2\n3\n"}), "f.zip")


def test_nothing_but_empty_csv_files(read):
    with pytest.raises(FileRefusedError, match=r"sheet-empty: f\.zip"):
        read(archive({"a.csv": "", "b.csv": "\n\n"}), "f.zip")


def encrypted():
    data = bytearray(archive({"form.csv": "a\n1\n"}))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


HOSTILE = {
    "no csv": (lambda: archive({"a.txt": "x"}), "file-kind: .* holds zip"),
    "ratio": (lambda: archive({"form.csv": b"a\n" + b"0\n" * 3_000_000}), r"zip-ratio: part form\.csv"),
    "nested": (lambda: archive({"form.csv": "a\n1\n", "media/x.docx": archive({"a": "b"})}), r"zip-nested: .*x\.docx"),
    "part": (lambda: archive({"form.csv": b"1,2,3\n" * 10_000}), r"zip-part-size: part form\.csv"),
    "parts": (lambda: archive({f"{n}.csv": "a\n1\n" for n in range(60)}), "zip-parts"),
    "all": (lambda: archive({f"{n}.csv": b"1,2,3\n" * 5_000 for n in range(4)}), r"zip-part-size: part \*"),
    "encrypted": (encrypted, "file-encrypted"),
    "cut": (lambda: archive({"form.csv": "a\n1\n"})[:-30], "file-truncated"),
    "method": (lambda: archive({"form.csv": "a\n1\n"}, method=zipfile.ZIP_BZIP2), "zip-method"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_archives_made_to_harm_are_refused_at_once(name, read):
    make, match = HOSTILE[name]
    data = make()
    began = time.monotonic()
    with pytest.raises(FileRefusedError, match=match):
        read(data, "f.zip", limits=Limits(max_bytes=50_000, max_parts=50, max_part=200_000_000, max_ratio=100))
    assert time.monotonic() - began < 1


def test_the_same_name_twice(read):
    twice = archive({"form.csv": "a\n1\n", "Form.csv": "a\n2\n"}).replace(b"Form.csv", b"form.csv")
    with pytest.raises(FileRefusedError, match=r"zip-duplicate: part form\.csv"):
        read(twice, "f.zip")

"""Every look at a container is taken before a reader starts; each refusal names what is wrong."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import time
import zipfile

import pytest

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import container
from evaltools.survey.readers.container import open_container
from evaltools.survey.readers.model import Limits

from .conftest import compound, rezip, xlsx

LIMITS = Limits()
BOOK = xlsx({"S": [["a", "b"], ["x", 1]]})
SHEET = "xl/worksheets/sheet1.xml"


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def overlapping() -> bytes:
    """The second entry of the directory points at the first one's content."""
    data = bytearray(zipped(a=b"1" * 50, b=b"1" * 50))
    second = data.rfind(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(data)


def duplicated() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return rezip(BOOK, **{SHEET.replace("/", "__"): b"<worksheet/>"})


def flagged_as_encrypted() -> bytes:
    data = bytearray(BOOK)
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


HOSTILE = {
    "ratio": (lambda: rezip(BOOK, {SHEET: lambda part: part + b" " * 300_000}), "zip-ratio: part xl/worksheets"),
    "part": (lambda: rezip(BOOK, xl__big=os.urandom(60_000)), "zip-part-size: part xl/big of"),
    "cells": (lambda: rezip(BOOK, {SHEET: lambda part: part + os.urandom(40_000)}), "file-cells"),
    "parts": (lambda: rezip(BOOK, **{f"p{n}": b"x" for n in range(60)}), "zip-parts"),
    "nested": (lambda: rezip(BOOK, xl__embeddings__o=BOOK), "zip-nested: .*embeddings/o"),
    "overlap": (overlapping, "zip-overlap"),
    "duplicate": (duplicated, "zip-duplicate: part xl/worksheets/sheet1.xml"),
    "encrypted-entry": (flagged_as_encrypted, "file-encrypted"),
    "cut-in-half": (lambda: BOOK[: len(BOOK) // 2], "file-truncated"),
    "head-lost": (lambda: BOOK[100:], "file-damaged"),
    "encrypted-book": (lambda: compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), "file-encrypted"),
    "word-doc": (lambda: compound({"WordDocument": b"x"}), "file-kind: .* holds doc"),
    "ole-cut": (lambda: compound({"Workbook": b"x"})[:700], "file-damaged"),
    "docx": (lambda: zipped(word__document=b"", **{"word__document.xml": b"<w/>"}), "file-kind: .* holds docx"),
    "xlsb": (lambda: zipped(**{"xl__workbook.bin": b"x"}), "file-kind: .* holds xlsb"),
    "zip": (lambda: zipped(**{"answers.txt": b"a,b"}), "file-kind: .* holds zip"),
    "html": (lambda: b"\xef\xbb\xbf\r\n<html><table><tr><td>1</td></tr></table></html>", "file-kind: .* holds HTML"),
    "pdf": (lambda: b"%PDF-1.7\n", "file-kind: .* holds PDF"),
    "empty": (lambda: b"", "file-empty"),
    "text": (lambda: b"a,b\n1,2\n", "file-damaged"),
}
LOWERED = Limits(max_part=50_000_000, ratio_from=100_000, max_cells=1000, cell_bytes=16, max_parts=50)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_container_is_refused_at_once(name, tmp_path):
    make, message = HOSTILE[name]
    path = tmp_path / "f.xlsx"
    path.write_bytes(make())
    limits = Limits(max_part=50_000, max_parts=50) if name == "part" else LOWERED
    if name == "ratio":
        limits = Limits(ratio_from=100_000)
    started = time.process_time()
    with pytest.raises(FileRefusedError, match=message) as caught:
        open_container(path, limits)
    assert time.process_time() - started < 1
    assert caught.value.exit_code == 4
    assert caught.value.text("zh").startswith(caught.value.code)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (BOOK, "f.xlsx", "xlsx"),
        (BOOK, "named.xls", "xlsx"),
        (compound({"Workbook": b"x"}), "f.xls", "xls"),
        (compound({"Book": b"x"}), "f.xls", "xls"),
        (b"$FL2", "f.sav", "sav"),
        (b"a\tb\n", "old.xls", "text"),
    ],
)
def test_the_first_bytes_say_what_it_is(data, name, kind, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    found = open_container(path, LIMITS)
    assert (found.kind, found.sha256) == (kind, hashlib.sha256(data).hexdigest())


def test_missing_and_too_large(tmp_path):
    with pytest.raises(FileRefusedError, match=r"file-missing: gone\.csv"):
        open_container(tmp_path / "gone.csv", LIMITS)
    path = tmp_path / "large.csv"
    path.write_bytes(b"x" * 11)
    with pytest.raises(FileRefusedError, match=r"file-too-large: .* 11 bytes, over the limit of 10"):
        open_container(path, Limits(max_bytes=10))


def test_folder_is_no_file(tmp_path):
    with pytest.raises(FileRefusedError, match=r"file-not-regular|file-unreadable"):
        open_container(tmp_path, LIMITS)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_does_not_make_us_wait(tmp_path):
    os.mkfifo(tmp_path / "f.csv")
    with pytest.raises(FileRefusedError, match="file-not-regular"):
        open_container(tmp_path / "f.csv", LIMITS)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("looked_before", [True, False])
def test_link_is_not_followed_even_if_it_appears_between_look_and_open(looked_before, tmp_path, monkeypatch):
    (tmp_path / "real.csv").write_bytes(b"a\n")
    link = tmp_path / "link.csv"
    link.symlink_to("real.csv")
    if not looked_before:
        monkeypatch.setattr(type(link), "is_symlink", lambda _: False)
    with pytest.raises(FileRefusedError, match=r"file-link: link\.csv"):
        open_container(link, LIMITS)


def test_file_that_grows_while_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n1,2\n")
    read = os.read

    def read_and_grow(descriptor, size):
        with path.open("ab") as more:
            more.write(b"3,4\n")
        return read(descriptor, size)

    monkeypatch.setattr(container.os, "read", read_and_grow)
    with pytest.raises(FileRefusedError, match="file-changing"):
        open_container(path, LIMITS)

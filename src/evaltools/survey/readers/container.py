"""A look at a file before any reader: opened once, size, fingerprint, what kind of file its first bytes show."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import archive, ole
from evaltools.survey.readers.dta_scan import is_dta
from evaltools.survey.readers.json_scan import is_json
from evaltools.survey.readers.model import Kind, Limits
from evaltools.text import clean

_CHUNK = 1 << 20
_SIGNS = (b",", b";", b"\t", b"\n", b"\r", b'"', b"\0")
_SAV = (b"$FL2", b"$FL3")
_PARQUET, _PARQUET_ENCRYPTED = b"PAR1", b"PARE"
_NOT_OURS = {
    b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"\x1f\x8b": "gzip", b"Rar!": "RAR",
    b"7z\xbc\xaf": "7-Zip", b"SQLite format 3": "SQLite", b"{\\rtf": "RTF",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """A file's bytes, read once; everything later works on these bytes and never opens the file again."""

    path: Path
    data: bytes
    sha256: str
    kind: Kind


def open_container(path: Path, limits: Limits) -> Container:
    """Read a file whole and judge its container.

    Parameters
    ----------
    path
        A regular file; symbolic links are not followed.
    limits
        Sizes beyond which the file is refused, judged before anything is unpacked.

    Raises
    ------
    FileRefusedError
        ``file-missing``, ``file-unreadable``, ``file-link``, ``file-not-regular``, ``file-too-large``, ``file-empty``,
        ``file-changing``, ``file-encrypted``, ``file-damaged``, ``file-kind``, and those of
        :func:`evaltools.survey.readers.archive.check_archive`.
    """
    file = clean(path.name)
    data = _read_once(path, file, limits)
    kind = _kind(data, path.suffix.casefold(), file, limits)
    return Container(path, data, hashlib.sha256(data).hexdigest(), kind)


def _read_once(path: Path, file: str, limits: Limits) -> bytes:
    # O_NONBLOCK: opening a pipe that nobody writes to must not wait
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        if path.is_symlink():
            raise FileRefusedError("file-link", file=file)
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise FileRefusedError("file-missing", file=file) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileRefusedError("file-link", file=file) from error
        raise FileRefusedError("file-unreadable", file=file, problem=error.strerror or "OSError") from error
    try:
        return _read_descriptor(descriptor, file, limits)
    finally:
        os.close(descriptor)


def _read_descriptor(descriptor: int, file: str, limits: Limits) -> bytes:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise FileRefusedError("file-not-regular", file=file)
    if before.st_size > limits.max_bytes:
        raise FileRefusedError("file-too-large", file=file, size=before.st_size, limit=limits.max_bytes)
    if before.st_size == 0:
        raise FileRefusedError("file-empty", file=file)
    parts: list[bytes] = []
    left, unbroken = before.st_size + 1, 0
    while left > 0 and (part := os.read(descriptor, min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
        unbroken = 0 if any(sign in part for sign in _SIGNS) else unbroken + len(part)
        # a sign takes at most four bytes: what so many hold is one field, too long to be read
        if unbroken > 4 * limits.max_field and _may_be_table(parts[0]):
            line = 1 + sum(one.count(b"\n") for one in parts)
            raise FileRefusedError("csv-field", file=file, line=line, limit=limits.max_field)
    data = b"".join(parts)
    after = os.fstat(descriptor)
    if len(data) != before.st_size or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise FileRefusedError("file-changing", file=file)
    return data


def _may_be_table(head: bytes) -> bool:
    """Say whether a file that begins so may be the text of a table, whose fields have a greatest length."""
    known = (archive.MAGIC, ole.MAGIC, *_SAV, _PARQUET, _PARQUET_ENCRYPTED, *_NOT_OURS)
    return not head.startswith(known) and not is_dta(head) and not is_json(head)


def _kind(data: bytes, suffix: str, file: str, limits: Limits) -> Kind:
    if data.startswith(archive.MAGIC):
        return archive.check_archive(data, file=file, limits=limits)
    if data.startswith(ole.MAGIC):
        return _ole_kind(data, file)
    if kind := _kind_of_variables(data, file):
        return kind
    for magic, found in _NOT_OURS.items():
        if data.startswith(magic):
            raise FileRefusedError("file-kind", file=file, found=found)
    if suffix == ".json" or is_json(data):
        return "json"
    # a web page saved under the name of a workbook is common
    if data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise FileRefusedError("file-kind", file=file, found="HTML/XML")
    if suffix in (".xlsx", ".xlsm", ".ods", ".sav", ".zsav", ".dta", ".parquet"):
        raise FileRefusedError("file-damaged", file=file, problem=f"not {suffix}")
    return "text"


def _kind_of_variables(data: bytes, file: str) -> Kind | None:
    """Return the format that knows its variables, by its first bytes; None where it is another."""
    if data.startswith(_PARQUET_ENCRYPTED):
        raise FileRefusedError("file-encrypted", file=file)
    if data.startswith(_SAV):
        return "sav"
    return "dta" if is_dta(data) else "parquet" if data.startswith(_PARQUET) else None


def _ole_kind(data: bytes, file: str) -> Kind:
    try:
        names = ole.open_compound(data).entries.keys()
    except ole.DamagedOleError as error:
        raise FileRefusedError("file-damaged", file=file, problem=str(error)) from error
    if "EncryptedPackage" in names:
        raise FileRefusedError("file-encrypted", file=file)
    if "Workbook" in names or "Book" in names:
        return "xls"
    raise FileRefusedError("file-kind", file=file, found="doc" if "WordDocument" in names else "OLE")

"""`store.json`: which files, with which checksums, make up each version of each table. Readers believe only it.

Delta's own log may run ahead of it after a killed run; what `store.json` does not name was never committed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from evaltools.errors import DamageError, RefusedError
from evaltools.store.disk import checksum, read_file, replace_file, shown

STORE_VERSION: Final = 1
PIN_NAME: Final = "store.json"
LOG_FOLDER: Final = "_delta_log"

# The checksum has a line of its own at the end and covers every byte before it, whatever version wrote them.
_CHECKSUM_LINE: Final = b',\n "sha256": "'
_END: Final = b'"\n}\n'
_SAFE_PATH: Final = re.compile(rf"({LOG_FOLDER}/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SAFE_FOLDER: Final = re.compile(r"[a-z0-9_][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class FilePin:
    """A file of a table, as it was written: data (with `rows`) or log (without)."""

    path: str
    size: int
    sha256: str
    added: int
    removed: int | None = None
    rows: int | None = None

    def holds_rows_at(self, version: int) -> bool:
        """Say whether its rows belong to a version of the table."""
        return self.rows is not None and self.added <= version and (self.removed is None or version < self.removed)

    def logs(self, version: int) -> bool:
        """Say whether it is part of the log that leads to a version of the table."""
        return self.rows is None and self.added <= version


@dataclass(frozen=True, slots=True)
class TablePin:
    """The committed version of a table and the files of this and all earlier versions that can still be read.

    `first` is the earliest of these; the data of versions before it were erased.
    """

    folder: str
    version: int
    files: tuple[FilePin, ...]
    first: int = 0

    def data(self, version: int | None = None) -> tuple[FilePin, ...]:
        """Return the files that hold the rows of a version, oldest first."""
        at = self.version if version is None else version
        return tuple(file for file in self.files if file.holds_rows_at(at))

    def log(self, version: int | None = None) -> tuple[FilePin, ...]:
        """Return the log files up to a version."""
        at = self.version if version is None else version
        return tuple(file for file in self.files if file.logs(at))

    @property
    def rows(self) -> int:
        """Rows of the committed version."""
        return sum(file.rows or 0 for file in self.data())


@dataclass(frozen=True, slots=True)
class Pin:
    """A committed state of the whole store."""

    commit: int = 0
    key_fingerprint: str | None = None
    tables: Mapping[str, TablePin] = field(default_factory=dict)


def pin_path(folder: Path) -> Path:
    """Return the path of a store's `store.json`."""
    return folder / PIN_NAME


def read_pin(folder: Path) -> Pin:
    """Read the committed state of a store; a folder without tables is an empty store.

    Raises
    ------
    DamageError
        ``store-pin-damaged``, ``store-pin-missing`` (tables without it), ``store-file-unreadable``.
    RefusedError
        ``store-too-new``: a later release of the program wrote it.
    """
    path = pin_path(folder)
    if not path.exists():
        if _has_tables(folder):
            raise DamageError("store-pin-missing", file=shown(path))
        return Pin()
    raw = _checked_json(path)
    version = raw.get("store_version")
    if not isinstance(version, int) or version < 1:
        raise DamageError("store-pin-damaged", file=shown(path))
    if version > STORE_VERSION:
        raise RefusedError("store-too-new", file=shown(path), found=version, known=STORE_VERSION)
    try:
        return _pin(raw)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise DamageError("store-pin-damaged", file=shown(path)) from None


def write_pin(folder: Path, pin: Pin) -> None:
    """Make a state the committed one: written beside, flushed, renamed."""
    tables = {
        name: {
            "version": table.version,
            **({"first": table.first} if table.first else {}),
            "rows": table.rows,
            "folder": table.folder,
            "files": _listed(table.files),
        }
        for name, table in sorted(pin.tables.items())
    }
    body = {
        "store_version": STORE_VERSION,
        "commit": pin.commit,
        "key_fingerprint": pin.key_fingerprint,
        "tables": tables,
    }
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1).encode()
    head = text.removesuffix(b"\n}")
    replace_file(pin_path(folder), head + _CHECKSUM_LINE + checksum(head).encode() + _END)


def _listed(files: tuple[FilePin, ...]) -> list[dict[str, Any]]:
    return [{name: value for name, value in asdict(file).items() if value is not None} for file in files]


def _checked_json(path: Path) -> dict[str, Any]:
    content = read_file(path)
    head, line, tail = content.rpartition(_CHECKSUM_LINE)
    if not line or tail != checksum(head).encode() + _END:
        raise DamageError("store-pin-damaged", file=shown(path))
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        raise DamageError("store-pin-damaged", file=shown(path)) from None
    if not isinstance(raw, dict):
        raise DamageError("store-pin-damaged", file=shown(path))
    return raw


def _pin(raw: Mapping[str, Any]) -> Pin:
    tables = {
        name: TablePin(
            _matching(_SAFE_FOLDER, table["folder"]),
            int(table["version"]),
            tuple(map(_file, table["files"])),
            int(table.get("first", 0)),
        )
        for name, table in raw["tables"].items()
    }
    for name, table in tables.items():
        if table.rows != raw["tables"][name]["rows"]:
            raise ValueError("rows of the files differ from rows of the table")
    return Pin(int(raw["commit"]), raw["key_fingerprint"], tables)


def _file(raw: Mapping[str, Any]) -> FilePin:
    return FilePin(
        path=_matching(_SAFE_PATH, raw["path"]),
        size=int(raw["size"]),
        sha256=str(raw["sha256"]),
        added=int(raw["added"]),
        removed=raw.get("removed"),
        rows=raw.get("rows"),
    )


def _matching(pattern: re.Pattern[str], text: str) -> str:
    # a path that leads out of the store is never one of ours
    if not pattern.fullmatch(text):
        raise ValueError("not a path of the store")
    return text


def _has_tables(folder: Path) -> bool:
    return folder.is_dir() and any((child / LOG_FOLDER).is_dir() for child in folder.iterdir())

"""`manifest.json`: what a folder of reports holds, each file with its SHA-256 and the data version behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from evaltools.errors import DamageError, ReportError
from evaltools.report.files import write_beside

NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """One report: notebook, bank (None except on scorecards), language, format, path below the manifest's folder."""

    name: str
    bank: str | None
    lang: str
    format: str
    path: str
    sha256: str
    score_id: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What one report is told from another by."""
        return self.name, self.bank or "", self.lang, self.format


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, entries: Iterable[ReportEntry]) -> Path:
    """Write ``manifest.json`` beside and rename it; entries in a fixed order."""
    ordered = sorted(entries, key=lambda entry: (entry.lang, entry.name, entry.bank or ""))
    text = json.dumps({"reports": [asdict(entry) for entry in ordered]}, ensure_ascii=False, indent=1) + "\n"
    return write_beside(folder / NAME, text)


def read_manifest(folder: Path) -> list[ReportEntry]:
    """Read ``manifest.json``.

    Raises
    ------
    ReportError
        ``manifest-missing`` or ``manifest-invalid``.
    """
    path = folder / NAME
    if not path.is_file():
        raise ReportError("manifest-missing", path=folder.as_posix())
    try:
        return [ReportEntry(**one) for one in json.loads(path.read_text(encoding="utf-8"))["reports"]]
    except (ValueError, KeyError, TypeError) as problem:
        raise ReportError("manifest-invalid", path=folder.as_posix(), problem=type(problem).__name__) from None


def superseded(folder: Path, on: date) -> str:
    """Return ``manifest.json`` of a folder of reports with the day from which on their data are not to be used."""
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return json.dumps({**content, "superseded_by_erasure": on.isoformat()}, ensure_ascii=False, indent=1) + "\n"


def verify_reports(folder: Path) -> int:
    """Return the number of reports, once each file is seen to be what was written.

    Raises
    ------
    DamageError
        ``superseded_by_erasure``, with the day: a respondent was erased from the data behind them; ``report-changed``,
        with the files that are gone or differ.
    ReportError
        ``manifest-missing`` or ``manifest-invalid``.
    """
    entries = read_manifest(folder)
    erased_on = json.loads((folder / NAME).read_text(encoding="utf-8")).get("superseded_by_erasure")
    if erased_on is not None:
        raise DamageError("superseded_by_erasure", path=folder.as_posix(), date=erased_on)
    changed = [entry.path for entry in entries if not _same(folder, entry)]
    if changed:
        raise DamageError("report-changed", path=folder.as_posix(), count=len(changed), files=changed)
    return len(entries)


def kept_entries(folder: Path, score_id: str, replaced: set[tuple[str, str, str, str]]) -> list[ReportEntry]:
    """Return the entries of an earlier run that still hold: same data version, file unchanged, not made anew."""
    if not (folder / NAME).is_file():
        return []
    return [
        entry for entry in read_manifest(folder)
        if entry.score_id == score_id and entry.key not in replaced and _same(folder, entry)
    ]  # fmt: skip


def _same(folder: Path, entry: ReportEntry) -> bool:
    path = (folder / entry.path).resolve()
    inside = folder.resolve() in path.parents
    return inside and path.is_file() and file_sha256(path) == entry.sha256

"""What an ingest did with every file and every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from evaltools.errors import EvaltoolsError, FileRefusedError, message
from evaltools.survey.raw_files import place
from evaltools.survey.readers.model import Note
from evaltools.text import Lang

_SURE: Final = 0.8
_SHOWN: Final = 8
_NEVER_SURE: Final = ("plain", "office")

Status = Literal["new", "known", "replaced", "copy"]


@dataclass(frozen=True, slots=True)
class FileAccount:
    """The rows of one sheet, read for one source.

    Attributes
    ----------
    path
        Relative to the campaign's folder, with ``/``.
    n_read, n_accepted, n_quarantined, n_duplicate
        Rows; the first is the sum of the other three. Answers that a later one replaced count as accepted.
    extra
        Headers of columns that no question claims; they were not stored.
    reader, confidence, reason, encoding
        What the file was taken for, how sure that is (0 to 1), from what, and the encoding of a text file.
    skipped_sheets
        Sheets of the file that were not read.
    status
        ``new``; ``known``: stored earlier from the same bytes under the same settings; ``replaced``: stored anew,
        because campaign file or instrument have changed; ``copy``: the same bytes as another file of the campaign.
    n_before
        Rows that the file's path held when it was stored before, where it was stored anew; else 0.
    notes
        What else the reader, and the reading of the cells, found or did.
    """

    path: str
    sheet: str
    wave: str
    instrument: str
    source_no: int
    n_read: int
    n_accepted: int
    n_quarantined: int
    n_duplicate: int
    extra: tuple[str, ...] = ()
    reader: str = ""
    confidence: float = 1.0
    reason: str = ""
    encoding: str | None = None
    skipped_sheets: tuple[str, ...] = ()
    status: Status = "new"
    n_before: int = 0
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if self.n_read != self.n_accepted + self.n_quarantined + self.n_duplicate:
            raise EvaltoolsError(
                "account-open",
                place=place(self.path, self.sheet),
                n_read=self.n_read,
                n_accepted=self.n_accepted,
                n_quarantined=self.n_quarantined,
                n_duplicate=self.n_duplicate,
            )

    @property
    def quarantine_share(self) -> float:
        """Share of the rows that are in quarantine; 0 for an empty sheet."""
        return self.n_quarantined / self.n_read if self.n_read else 0.0


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What an ingest did.

    Attributes
    ----------
    files
        One a sheet and source, by path, sheet and source; also those that were stored by an earlier run.
    refused
        Files of which nothing was taken; ``fields["path"]`` names each, relative to the campaign's folder.
    unmatched
        Files in ``raw/`` that no source of the campaign claims.
    unused
        Patterns of sources that no file matches.
    gone
        Files that were stored and that no source finds any more; their rows still count.
    new_rows
        Answers that were not in the store before.
    unchecked
        What the forms say and a table cannot compute, with the place and the reason.
    quarantine_max_share
        The campaign's limit for :attr:`above_limit`.
    pairs_open
        Pairs of firms that may be one and that nobody has judged; they are not linked.
    review_written
        Whether the file of these pairs could be written; another program may have it open.
    corrections_open
        Why lines of the correction log were not applied, a note each.
    """

    files: tuple[FileAccount, ...]
    refused: tuple[FileRefusedError, ...]
    unmatched: tuple[str, ...]
    unused: tuple[str, ...]
    new_rows: int
    quarantine_max_share: float
    gone: tuple[str, ...] = ()
    unchecked: tuple[EvaltoolsError, ...] = ()
    pairs_open: int = 0
    review_written: bool = True
    corrections_open: tuple[Note, ...] = ()

    @property
    def above_limit(self) -> tuple[FileAccount, ...]:
        """Sheets of which a larger share is in quarantine than the campaign allows."""
        return tuple(one for one in self.files if one.quarantine_share > self.quarantine_max_share)

    @property
    def exit_code(self) -> int:
        """4 where a file was refused, else 5 where too much is in quarantine, else 0."""
        return 4 if self.refused else 5 if self.above_limit else 0

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaltools ingest --json`` prints."""
        names = (
            "path",
            "sheet",
            "wave",
            "instrument",
            "n_read",
            "n_accepted",
            "n_quarantined",
            "n_duplicate",
            "status",
        )
        return {
            "files": [{name: getattr(one, name) for name in names} for one in self.files],
            "new_rows": self.new_rows,
            "refused": [{"path": str(error.fields.get("path", "")), "code": error.code} for error in self.refused],
            "unmatched": list(self.unmatched),
            "unused": list(self.unused),
            "gone": list(self.gone),
            "corrections_open": [{"code": note.code, **note.fields} for note in self.corrections_open],
        }

    def notices(self, lang: Lang = "en") -> list[str]:
        """Return, in the reader's language, what a person should look at, a line each."""
        lines = [error.text(lang) for error in self.refused]
        lines += [message("file-unmatched", {"path": path}, lang) for path in self.unmatched]
        lines += [message("source-unused", {"pattern": pattern}, lang) for pattern in self.unused]
        lines += [message("file-gone", {"path": path}, lang) for path in self.gone]
        lines += [message(error.code, error.fields, lang) for error in self.unchecked]
        if self.pairs_open:
            lines.append(message("firms-open", {"count": self.pairs_open}, lang))
        if not self.review_written:
            lines.append(message("review-not-written", {}, lang))
        lines += [message(note.code, note.fields, lang) for note in self.corrections_open]
        for one in self.above_limit:
            share = {"share": f"{one.quarantine_share:.1%}", "limit": f"{self.quarantine_max_share:.1%}"}
            lines.append(message("quarantine-above", {"place": place(one.path, one.sheet), **share}, lang))
        for one in self.files:
            at = {"place": place(one.path, one.sheet)}
            if one.extra:
                shown = [*one.extra[:_SHOWN], *(["…"] if len(one.extra) > _SHOWN else [])]
                fields = {**at, "count": len(one.extra), "columns": ", ".join(shown)}
                lines.append(message("columns-extra", fields, lang))
            if one.skipped_sheets:
                lines.append(message("sheets-skipped", {**at, "sheets": ", ".join(one.skipped_sheets)}, lang))
            if one.n_read < one.n_before:
                lines.append(message("file-shorter", {**at, "n_read": one.n_read, "n_before": one.n_before}, lang))
            if one.status == "copy":
                lines.append(message("file-copy", at, lang))
            told = [message(note.code, note.fields, lang) for note in one.notes]
            lines += [message("file-note", {**at, "note": note}, lang) for note in told]
            # some readers are never sure of themselves; that every question found its column has settled it
            if one.confidence < _SURE and one.reader not in _NEVER_SURE:
                lines.append(message("reader-unsure", {**at, "reader": one.reader, "reason": one.reason}, lang))
        return lines

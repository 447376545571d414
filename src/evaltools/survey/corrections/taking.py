"""The two ways of the loop: open findings go out as a workbook, a returned workbook becomes lines of the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from evaltools.config import CampaignConfig
from evaltools.errors import EvaltoolsError, UsageError, message
from evaltools.store.lock import campaign_lock
from evaltools.survey.corrections.judging import STATES, Verdict, judge
from evaltools.survey.corrections.keeping import not_applied
from evaltools.survey.corrections.lines import line_in_force, open_lines
from evaltools.survey.corrections.log import append_lines
from evaltools.survey.corrections.opening import Copies, open_files
from evaltools.survey.corrections.returned import read_returned
from evaltools.survey.corrections.wording import ANSWER
from evaltools.survey.corrections.workbook import write_answered, write_lines
from evaltools.text import Lang

_BEIJING: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Sent:
    """A workbook that was written: how many lines, and the files that could not be read for it."""

    path: Path
    n_lines: int
    refused: tuple[EvaltoolsError, ...]

    @property
    def exit_code(self) -> int:
        """4 where a file was refused, else 0."""
        return 4 if self.refused else 0

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaltools correct --out --json`` prints."""
        refused = [{"path": str(one.fields.get("path", "")), "code": one.code} for one in self.refused]
        return {"path": self.path.as_posix(), "lines": self.n_lines, "refused": refused}

    def lines(self, lang: Lang) -> list[str]:
        """Return what a person should know."""
        told = message("correct-sent", {"count": self.n_lines, "path": self.path.as_posix()}, lang)
        return [told, *(one.text(lang) for one in self.refused)]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a returned workbook.

    Attributes
    ----------
    verdicts
        One a line, in its order.
    path
        The new file of the log; None where no line was taken.
    answered
        The workbook with the answers.
    """

    verdicts: tuple[Verdict, ...]
    path: Path | None
    answered: Path

    @property
    def counts(self) -> dict[str, int]:
        """Lines by what became of them; their sum is all lines."""
        found = Counter(one.state for one in self.verdicts)
        return {state: found[state] for state in STATES}

    @property
    def exit_code(self) -> int:
        """5 where a line was refused, else 0."""
        return 5 if self.counts["refused"] else 0

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaltools correct FILE --json`` prints."""
        told = [
            {
                "line": one.entry.number,
                "state": one.state,
                "answer": one.answer,
                "correction_id": one.correction.correction_id if one.correction else None,
            }
            for one in self.verdicts
            if one.state != "open"
        ]
        log = None if self.path is None else self.path.as_posix()
        return {**self.counts, "log": log, "answered": self.answered.as_posix(), "lines": told}

    def lines(self, lang: Lang) -> list[str]:
        """Return the refused lines with their reasons, then the counts."""
        told = [
            message("correct-refused", {"number": one.entry.number, "problem": one.answer}, lang)
            for one in self.verdicts
            if one.state == "refused"
        ]
        return [*told, message("correct-summary", {**self.counts, "path": self.answered.as_posix()}, lang)]


def send_lines(folder: Path, config: CampaignConfig, out: Path) -> Sent:
    """Write the open findings of a campaign as a workbook, read from the raw files as they are now.

    Raises
    ------
    UsageError
        ``correct-out``: the file is there already, perhaps filled in.
    """
    if out.exists():
        raise UsageError("correct-out", path=out.name)
    lang = config.language
    opened = open_files(folder, config)
    sheets, not_ready = opened.prepared()
    copies = Copies(opened.store)
    seen: set[tuple[str, str, int]] = set()
    lines = []
    for sheet in sheets:
        # the rows of a copy are corrected in the file that it is a copy of
        key = (sheet.raw.sha256, sheet.table.sheet, sheet.file.source_no)
        if key not in seen:
            seen.add(key)
            lines += open_lines(sheet, config.banks, opened.key, lang, copies.rows(sheet))
    log = opened.plans.log
    told = {line.correction for line in lines}
    lost = [line for line in log.active if line.correction_id not in told]
    lines += [
        line_in_force(line, message(note.code, note.fields, lang))
        for line, note in zip(lost, not_applied(lost, sheets), strict=True)
    ]
    write_lines(lines, out, lang)
    return Sent(out, len(lines), (*opened.refused, *not_ready))


def take_lines(
    folder: Path, config: CampaignConfig, path: Path, *, now: datetime | None = None, lock_timeout: float = 30.0
) -> Taken:
    """Take what is good of a returned workbook into the log, and answer every line in a workbook beside it.

    Parameters
    ----------
    path
        The workbook, or a csv of the same columns.
    now
        When the lines are taken; None: now.

    Raises
    ------
    UsageError, FileRefusedError
        The workbook cannot be read; see :func:`evaltools.survey.corrections.returned.read_returned`.
    LockedError
        Another process is writing to the campaign.
    """
    lang = config.language
    returned = read_returned(path, lang)
    made_at = (now or datetime.now(UTC).astimezone(_BEIJING)).replace(tzinfo=None).isoformat(timespec="seconds")
    with campaign_lock(folder, lock_timeout):
        opened = open_files(folder, config, {entry["file"] for entry in returned.entries if not entry.is_open})
        verdicts = judge(returned, opened, made_at, lang)
        lines = [one.correction for one in verdicts if one.state == "taken" and one.correction is not None]
        log = append_lines(folder, lines, returned.sha256) if lines else None
    answered = path.with_name(f"{path.stem}-answered.xlsx")
    write_answered(_answered_rows(verdicts), answered, lang)
    return Taken(tuple(verdicts), log, answered)


def _answered_rows(verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
    return [{**one.entry.cells, ANSWER: one.answer} for one in verdicts]

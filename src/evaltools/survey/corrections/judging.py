"""Judge the lines that came back: each is taken, or answered with the reason why not.

A line is tried before it is taken: its file is read with it, and the cell must then be without a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from evaltools.errors import EvaltoolsError, message
from evaltools.survey.corrections.applying import Rows, applied, find_row
from evaltools.survey.corrections.cells import AnswerCells, answer_text, cells_sha, column_label, row_sha
from evaltools.survey.corrections.entries import LineError, action_of, value_of, who_of, why_of
from evaltools.survey.corrections.lines import (
    allowed_actions,
    asked,
    cells_in,
    is_closed,
    question_in,
    soft_cells,
)
from evaltools.survey.corrections.log import Action, Correction, Log
from evaltools.survey.corrections.opening import Copies, Opened
from evaltools.survey.corrections.replay import same_value
from evaltools.survey.corrections.returned import Entry, Returned
from evaltools.survey.row_faults import IN_DOUBT
from evaltools.survey.sheet_rows import SheetRows
from evaltools.text import Lang

State = Literal["taken", "known", "open", "refused"]
STATES: Final = ("taken", "known", "open", "refused")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a line; `answer` says it in the campaign's language, `correction` is the line that is taken."""

    entry: Entry
    state: State
    answer: str
    correction: Correction | None = None


def judge(returned: Returned, opened: Opened, made_at: str, lang: Lang) -> list[Verdict]:
    """Judge all lines of a returned workbook, in its order.

    Parameters
    ----------
    opened
        The files that its lines name, under the log as it is.
    made_at
        When the lines are taken.
    """
    log, (sheets, not_ready) = opened.plans.log, opened.prepared()
    desk = _Desk(sheets, log, {str(one.fields["path"]): one for one in (*opened.refused, *not_ready)}, opened, lang)
    verdicts = [desk.judge(entry, line_id(returned.sha256, entry), made_at) for entry in returned.entries]
    verdicts = _without_replaced(verdicts, lang)
    while any(one.state == "taken" for one in verdicts):
        tried = _try(verdicts, opened, lang)
        if tried == verdicts:
            break
        verdicts = tried
    return verdicts


def line_id(digest: str, entry: Entry) -> str:
    """Return the id of a line: the same workbook gives the same ids."""
    return hashlib.sha256(f"{digest}\x1f{entry.number}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The cell that a line names; `name` and `cells` are "" and None for a whole row."""

    sheet: SheetRows
    row: int
    name: str
    cells: AnswerCells | None


class _Desk:
    """Where lines are held against the raw files."""

    def __init__(
        self,
        sheets: Iterable[SheetRows],
        log: Log,
        unread: Mapping[str, EvaltoolsError],
        opened: Opened,
        lang: Lang,
    ) -> None:
        self._sheets = list(sheets)
        self._log, self._unread, self._opened, self._lang = log, unread, opened, lang
        self._in_force = {line.target: line for line in log.active}
        self._copies = Copies(opened.store)
        self._rows: dict[int, Rows] = {}
        self._soft: dict[int, frozenset[tuple[int, str]]] = {}

    def judge(self, entry: Entry, new_id: str, made_at: str) -> Verdict:
        """Judge a line by itself, before it is tried."""
        if entry.is_open:
            return self._verdict(entry, "open", "correct-open")
        if new_id in self._log.ids:
            return self._verdict(entry, "known", "correct-known")
        try:
            line = self._line(entry, new_id, made_at)
        except LineError as error:
            return Verdict(entry, "refused", message(error.code, error.fields, self._lang))
        except EvaltoolsError as error:
            return Verdict(entry, "refused", error.text(self._lang))
        same = self._in_force.get(line.target)
        if same is not None and (same.action, same.new_value) == (line.action, line.new_value):
            return self._verdict(entry, "known", "correct-known")
        return Verdict(entry, "taken", message("correct-taken", {"id": line.correction_id}, self._lang), line)

    def _verdict(self, entry: Entry, state: State, code: str) -> Verdict:
        return Verdict(entry, state, message(code, {}, self._lang))

    def _line(self, entry: Entry, new_id: str, made_at: str) -> Correction:
        action = action_of(entry)
        who, why = who_of(entry), why_of(entry)
        if action == "undo":
            before = next((one for one in self._log.active if one.correction_id == entry["correction"]), None)
            if before is None:
                raise LineError("correct-undo", id=entry["correction"][:20])
            return replace(
                before, correction_id=new_id, action=action, new_value="", who=who, why=why, made_at=made_at,
                undoes=before.correction_id,
            )  # fmt: skip
        place = self._find(entry)
        self._allow(action, place)
        value = ""
        if action == "change":
            question = question_in(place.sheet, place.name)
            value = value_of(entry, question, place.sheet.roles, self._opened.config.banks)
        cells = None if action == "drop" else place.cells
        table, key = place.sheet.uncorrected, self._opened.key
        return Correction(
            correction_id=new_id,
            file=place.sheet.rel_path,
            sheet=place.sheet.table.sheet,
            row=place.sheet.row_numbers[place.row],
            question=place.name if cells else "",
            column=column_label(table, cells) if cells else "",
            action=action,
            new_value=value,
            who=who,
            why=why,
            made_at=made_at,
            row_sha=row_sha(table, place.row, key),
            old_sha=cells_sha(table, cells, place.row, key),
        )

    # -- where

    def _find(self, entry: Entry) -> _Place:
        """Find the cell of a line, and hold its old value against what is in the raw file now."""
        at = {"file": entry["file"], "sheet": entry["sheet"], "row": entry["row"], "question": entry["question"]}
        if entry["file"] in self._unread:
            raise self._unread[entry["file"]]
        sheets = [one for one in self._sheets if (one.rel_path, one.table.sheet) == (entry["file"], entry["sheet"])]
        if not sheets or not entry["row"].isdecimal():
            raise LineError("correct-no-place", **at)
        sheet, cells = self._sheet(sheets, entry, at)
        row = self._row(sheet, cells, entry, at)
        if any(fault.row == row and fault.rule in ("consent", "state") for fault in sheet.checked.faults):
            raise LineError("correct-not-counted", **at)
        if self._copies.has(sheet, row):
            raise LineError("correct-copy", **at)
        return _Place(sheet, row, entry["question"], cells)

    def _sheet(
        self, sheets: Sequence[SheetRows], entry: Entry, at: Mapping[str, object]
    ) -> tuple[SheetRows, AnswerCells | None]:
        """Return the sheet that holds the question, of several the one in which it has the column that is named."""
        if not entry["question"]:
            return sheets[0], None
        found = [(one, cells) for one in sheets if (cells := cells_in(one, entry["question"])) is not None]
        named = [pair for pair in found if column_label(pair[0].uncorrected, pair[1]) == entry["column"]]
        if not (named or found) or (entry["column"] and not named):
            raise LineError("correct-no-question", **at)
        return (named or found)[0]

    def _row(self, sheet: SheetRows, cells: AnswerCells | None, entry: Entry, at: Mapping[str, object]) -> int:
        table, key = sheet.uncorrected, self._opened.key
        rows = self._rows.setdefault(id(sheet), Rows(table, key))
        places = rows.at(int(entry["row"]))
        if not entry["old_sha"]:
            # a line that somebody wrote by hand names the old value itself
            if len(places) != 1:
                raise LineError("correct-no-place", **at)
            if cells is None or not same_value(answer_text(table, cells, places[0]), entry["old_value"]):
                raise LineError("correct-old-value", **at)
            return places[0]
        asked_for = _bare_line(entry, cells)
        outcome = find_row(asked_for, cells, rows)
        if outcome.row is None:
            raise LineError(f"correction-{outcome.state}", id=asked_for.correction_id, locator=asked_for.locator)
        return outcome.row

    def _soft_cells(self, sheet: SheetRows) -> frozenset[tuple[int, str]]:
        if id(sheet) not in self._soft:
            self._soft[id(sheet)] = soft_cells(sheet, self._lang)
        return self._soft[id(sheet)]

    def _allow(self, action: Action, place: _Place) -> None:
        question = question_in(place.sheet, place.name)
        is_soft = action == "confirm" and (place.row, place.name) in self._soft_cells(place.sheet)
        if action in allowed_actions(place.sheet, place.name, is_soft=is_soft):
            return
        if action == "confirm":
            raise LineError("correct-no-confirm")
        raise LineError("correct-closed" if is_closed(place.sheet, question) else "correct-row-only")


def _bare_line(entry: Entry, cells: AnswerCells | None) -> Correction:
    return Correction(
        "-", entry["file"], entry["sheet"], int(entry["row"]), entry["question"] if cells else "", entry["column"],
        "change", "", "", "", "", entry["row_sha"], entry["old_sha"],
    )  # fmt: skip


def _without_replaced(verdicts: Sequence[Verdict], lang: Lang) -> list[Verdict]:
    """Answer lines that a later one of the same workbook replaces."""
    last = {one.correction.target: one.entry.number for one in verdicts if one.correction is not None}

    def answered(one: Verdict) -> Verdict:
        later = last[one.correction.target] if one.correction else one.entry.number
        return one if later == one.entry.number else _refused(one, message("correct-replaced", {"number": later}, lang))

    return [answered(one) for one in verdicts]


def _refused(one: Verdict, answer: str) -> Verdict:
    return Verdict(one.entry, "refused", answer)


def _try(verdicts: Sequence[Verdict], opened: Opened, lang: Lang) -> list[Verdict]:
    """Read the files with the lines that would be taken, and refuse those that leave their cell with a fault."""
    lines = [one.correction for one in verdicts if one.state == "taken" and one.correction is not None]
    sheets, refused = opened.prepared(opened.plans.log.with_lines(lines))
    faults = _file_faults(lines, refused, lang) | _line_faults(sheets, lang)
    done = {one.line.correction_id for sheet in sheets for one in applied(sheet.outcomes)}

    def tried(one: Verdict) -> Verdict:
        line = one.correction
        if one.state != "taken" or line is None or line.action == "undo":
            return one
        if line.correction_id in faults:
            return _refused(one, faults[line.correction_id])
        return one if line.correction_id in done else _refused(one, _told("nowhere", line, lang))

    return [tried(one) for one in verdicts]


def _told(state: str, line: Correction, lang: Lang) -> str:
    return message(f"correction-{state}", {"id": line.correction_id, "locator": line.locator}, lang)


def _file_faults(lines: Iterable[Correction], refused: Iterable[EvaltoolsError], lang: Lang) -> dict[str, str]:
    errors = {str(error.fields.get("path")): error for error in refused}
    return {line.correction_id: errors[line.file].text(lang) for line in lines if line.file in errors}


def _line_faults(sheets: Iterable[SheetRows], lang: Lang) -> dict[str, str]:
    """Return, by line, what is wrong with its cell once it is applied."""
    found: dict[str, str] = {}
    for sheet in sheets:
        faults: dict[tuple[int, str], list[str]] = {}
        for fault in sheet.checked.faults:
            if fault.code not in IN_DOUBT and fault.rule != "dropped":
                faults.setdefault((fault.row, asked(sheet, fault)), []).append(fault.code)
        for one in sheet.outcomes:
            line = one.line
            if one.state != "applied" or one.row is None:
                found[line.correction_id] = _told(one.state, line, lang)
            elif line.action in ("change", "blank"):
                codes = faults.get((one.row, line.question), [])
                texts = [message(f"fault-{code}", {"column": line.column}, lang) for code in codes]
                if not texts and not _is_read_as_meant(sheet, one.row, line):
                    texts = [_told("unwritable", line, lang)]
                if texts:
                    found[line.correction_id] = " / ".join(dict.fromkeys(texts))
    return found


def _is_read_as_meant(sheet: SheetRows, row: int, line: Correction) -> bool:
    """Say whether a choice was read as the one that the line names."""
    question = question_in(sheet, line.question)
    if line.action != "change" or question is None or not question.choices:
        return True
    answer = sheet.checked.columns[line.question].answers[row]
    names = answer if isinstance(answer, tuple) else (answer,)
    return set(names) == set(line.new_value.split())

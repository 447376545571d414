"""Say what is in any file that a collection tool wrote, without a campaign and without storing or showing an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, time
from pathlib import Path
from typing import Any, Final, Literal

from evaltools.config import Source
from evaltools.errors import EvaltoolsError, FileRefusedError, message
from evaltools.survey.instrument import Instrument
from evaltools.survey.matching.columns import is_own, match_as_far, shown_header
from evaltools.survey.readers import RawColumn, RawFile, RawTable, read_files
from evaltools.survey.readers.cells import Cells
from evaltools.text import Lang, clean

Content = Literal["blank", "number", "date", "text", "mixed"]

_UNTIED: Final = {"pattern": "*", "wave": "any", "mode": "self", "channel": "any"}


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column as it may be shown: no cell of it.

    Attributes
    ----------
    header
        As it stands, without what looks like a name, a telephone or a code.
    role
        What the tool means by it (``submitted_at``, ``ip`` ...), ``tool`` for its other own columns, else "question".
    number, lead, option
        See :class:`~evaltools.survey.readers.model.RawColumn`.
    content
        What its cells are.
    n_distinct
        Different values; an answer in 4 rows of 5 that has few of them is a choice.
    n_blank
        Rows without a value.
    """

    header: str
    role: str
    number: int | None
    lead: str | None
    option: str | None
    content: Content
    n_distinct: int
    n_blank: int


@dataclass(frozen=True, slots=True)
class ItemsView:
    """Which questions of an instrument a table holds; `problem` is what would refuse the file in a campaign."""

    instrument: str
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    problem: EvaltoolsError | None


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of a file: rows read and counted by another way, rows that are no answers by reason, columns."""

    sheet: str
    n_rows: int
    n_counted: int
    left_out: Mapping[str, int]
    notes: tuple[tuple[str, Mapping[str, Any]], ...]
    columns: tuple[ColumnView, ...]
    items: ItemsView | None = None

    @property
    def n_questions(self) -> int:
        """Columns that are none of the tool's own."""
        return sum(one.role == "question" for one in self.columns)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a file; `refused` is the error that keeps it from being read, None where there is none."""

    path: str
    refused: FileRefusedError | None = None
    reader: str = ""
    confidence: float = 0.0
    reason: str = ""
    encoding: str | None = None
    skipped_sheets: tuple[str, ...] = ()
    tables: tuple[TableView, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaltools inspect --json`` prints of a file."""
        refused = None if self.refused is None else {"code": self.refused.code, "text": self.refused.text()}
        head = {"path": self.path, "refused": refused}
        if self.refused is not None:
            return head
        names = ("reader", "confidence", "reason", "encoding", "skipped_sheets")
        tables = [_table_dict(table) for table in self.tables]
        return {**head, **{name: getattr(self, name) for name in names}, "tables": tables}

    def lines(self, lang: Lang) -> list[str]:
        """Return in plain words what is in the file, what is wrong with it, and what was done about it."""
        if self.refused is not None:
            return [message("inspect-refused", {"path": self.path, "problem": self.refused.text(lang)}, lang)]
        encoding = f", {self.encoding}" if self.encoding else ""
        told = {"path": self.path, "reader": self.reader, "confidence": f"{self.confidence:.0%}"}
        lines = [message("inspect-file", {**told, "reason": self.reason, "encoding": encoding}, lang)]
        if self.skipped_sheets:
            lines.append(message("inspect-skipped", {"sheets": self.skipped_sheets}, lang))
        for table in self.tables:
            lines += _table_lines(table, lang)
        return lines


def inspect_files(
    paths: Sequence[Path], *, reader: str | None = None, instrument: Instrument | None = None
) -> list[Inspection]:
    """Read files and describe them.

    Parameters
    ----------
    paths
        The files, whatever wrote them.
    reader
        Name of the reader; None: the one that is surest, for each.
    instrument
        Hold the columns against its questions.

    Raises
    ------
    UsageError
        ``reader-unknown``.
    """
    results = read_files(paths, readers=[reader] * len(paths))
    return [_inspection(path, result, instrument) for path, result in zip(paths, results, strict=True)]


def _inspection(path: Path, result: RawFile | FileRefusedError, instrument: Instrument | None) -> Inspection:
    name = clean(path.name)
    if isinstance(result, FileRefusedError):
        return Inspection(name, refused=result)
    return Inspection(
        path=name,
        reader=result.reader,
        confidence=result.confidence,
        reason=result.reason,
        encoding=result.encoding,
        skipped_sheets=result.skipped_sheets,
        tables=tuple(_table(name, table, instrument) for table in result.tables),
    )


def _table(path: str, table: RawTable, instrument: Instrument | None) -> TableView:
    roles = {position: role for role, position in table.meta.items()}
    return TableView(
        sheet=clean(table.sheet),
        n_rows=table.n_rows,
        n_counted=table.n_counted,
        left_out=dict(sorted(Counter(table.left_out.values()).items())),
        notes=tuple((note.code, note.fields) for note in table.notes),
        columns=tuple(_column(column, table, roles) for column in table.columns),
        items=None if instrument is None else _items(path, table, _part_for(table, instrument)),
    )


def _column(column: RawColumn, table: RawTable, roles: Mapping[int, str]) -> ColumnView:
    cells = table.cells(column.position)
    own = "tool" if is_own(column) else "question"
    return ColumnView(
        header=shown_header(column),
        role=roles.get(column.position, own),
        number=column.number,
        lead=column.lead,
        option=column.option,
        content=_content(cells),
        n_distinct=len(cells.occurring()),
        n_blank=sum(code == 0 for code in cells.codes),
    )


def _content(cells: Cells) -> Content:
    found: set[Content] = {_kind(cell) for cell in cells.occurring()}
    return next(iter(found)) if len(found) == 1 else "mixed" if found else "blank"


def _kind(cell: object) -> Content:
    if isinstance(cell, (date, time)):
        return "date"
    if isinstance(cell, (int, float)):
        return "number"
    return "number" if _is_number(str(cell)) else "text"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip()[-1:].isdigit() or text.strip().endswith(".")


def _part_for(table: RawTable, instrument: Instrument) -> Instrument:
    """Return the questions that a table may hold; those of repeats have tables of their own."""
    is_repeat = table.parent is not None
    if not is_repeat and not any(question.repeat for question in instrument.questions):
        return instrument
    part = tuple(question for question in instrument.questions if bool(question.repeat) == is_repeat)
    return replace(instrument, questions=part)


def _items(path: str, table: RawTable, instrument: Instrument) -> ItemsView:
    source = Source.model_validate({**_UNTIED, "instrument": instrument.name})
    names = tuple(question.name for question in instrument.answered)
    found, _, problem = match_as_far(table, instrument, source, path=path)
    if found is None:
        return ItemsView(instrument.name, (), names, (), problem)
    matched = tuple(name for name in names if found.has(name))
    return ItemsView(
        instrument.name, matched, tuple(name for name in names if name not in matched), found.extra, problem
    )


def _table_dict(table: TableView) -> dict[str, Any]:
    items = table.items and {
        "instrument": table.items.instrument, "n_matched": len(table.items.matched),
        "matched": table.items.matched, "missing": table.items.missing, "extra": table.items.extra,
        "problem": None if table.items.problem is None else table.items.problem.code,
    }  # fmt: skip
    notes = [{"code": code, "text": message(code, fields)} for code, fields in table.notes]
    return {
        "sheet": table.sheet, "n_rows": table.n_rows, "n_counted": table.n_counted, "n_columns": len(table.columns),
        "n_questions": table.n_questions, "left_out": dict(table.left_out), "notes": notes,
        "columns": [asdict(column) for column in table.columns], "items": items,
    }  # fmt: skip


def _table_lines(table: TableView, lang: Lang) -> list[str]:
    told = {
        "sheet": _sheet_shown(table.sheet, lang), "rows": table.n_rows, "counted": table.n_counted,
        "columns": len(table.columns), "questions": table.n_questions,
    }  # fmt: skip
    lines = [message("inspect-table", told, lang)]
    own = [f"{one.header} ({one.role})" for one in table.columns if one.role not in ("question", "tool")]
    if own:
        lines.append(message("inspect-own", {"columns": own}, lang))
    for reason, count in table.left_out.items():
        lines.append(
            message("inspect-left-out", {"reason": message(f"left-out-{reason}", {}, lang), "count": count}, lang)
        )
    lines += [message("inspect-note", {"note": message(code, fields, lang)}, lang) for code, fields in table.notes]
    if table.items is not None:
        lines += _items_lines(table.items, lang)
    return lines


def _sheet_shown(sheet: str, lang: Lang) -> str:
    """Return the name of a sheet in quotes; nothing where the format has no sheets."""
    return "" if not sheet else f"“{sheet}”" if lang == "zh" else f" '{sheet}'"


def _items_lines(items: ItemsView, lang: Lang) -> list[str]:
    counts = {"matched": len(items.matched), "all": len(items.matched) + len(items.missing)}
    lines = [message("inspect-items", {"instrument": items.instrument, **counts}, lang)]
    if items.missing:
        lines.append(message("inspect-missing", {"questions": items.missing}, lang))
    if items.extra:
        lines.append(message("inspect-extra", {"columns": items.extra}, lang))
    if items.problem is not None:
        lines.append(message("inspect-problem", {"problem": items.problem.text(lang)}, lang))
    return lines

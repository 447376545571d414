"""`review/columns.csv`: columns that may be a question's, and what people decided of them.

The file is both the question and the memory of the answers. A decision holds for the files of one pattern and
instrument, and is known by the text of the header; a line that a person adds counts like one that was proposed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

from evaltools.config import Source
from evaltools.errors import CampaignError
from evaltools.store.disk import replace_file
from evaltools.survey.export.codes import plain_text, protected_text
from evaltools.survey.instrument.model import Instrument
from evaltools.survey.matching.column_keys import header_key
from evaltools.text import normalise

REVIEW: Final = "review/columns.csv"
_WORDS: Final = {"": None, "yes": True, "是": True, "no": False, "否": False}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file, as it is written.

    Attributes
    ----------
    source
        Number of the source when the line was written; `pattern` and `instrument` say which one it is.
    question, label
        Name of the question and its Chinese wording.
    header
        See :func:`~evaltools.survey.matching.column_keys.header_text`.
    why
        What speaks for it: number, wording.
    similarity
        Per cent.
    decision
        yes, no, or "" where nobody has decided.
    who
        Initials or role of who decided.
    """

    source: str
    pattern: str
    instrument: str
    question: str
    label: str
    header: str
    why: str
    similarity: str
    decision: str = ""
    who: str = ""

    @property
    def pair(self) -> tuple[str, str, str, str]:
        """What the line is about."""
        return self.pattern, self.instrument, self.question, header_key(self.header)

    @property
    def verdict(self) -> bool | None:
        """Whether the column is the question's; None where nobody has decided."""
        return _WORDS[normalise(self.decision)]


COLUMNS: Final = tuple(field.name for field in fields(Line))
_NEEDED: Final = ("pattern", "instrument", "question", "header", "decision")


@dataclass(frozen=True, slots=True)
class Review:
    """The lines of the file in their order."""

    lines: tuple[Line, ...] = ()

    def confirmed(self, source: Source) -> dict[str, tuple[str, ...]]:
        """Return, by question, the headers that were confirmed for the files of a source."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            if line.verdict and (line.pattern, line.instrument) == (source.pattern, source.instrument):
                found.setdefault(line.question, []).append(header_key(line.header))
        return {name: tuple(sorted(set(headers))) for name, headers in sorted(found.items())}

    def with_lines(self, lines: Iterable[Line]) -> Review:
        """Return the file with further lines; of a pair that has one already, that one stays as it is."""
        by_pair = {line.pair: line for line in self.lines}
        return Review((*self.lines, *({line.pair: line for line in lines if line.pair not in by_pair}.values())))


def read_review(folder: Path) -> Review:
    """Read the file of a campaign; a campaign without one has nothing decided.

    Raises
    ------
    CampaignError
        ``match-columns``: it lacks a column; ``match-decision``: a decision is none of the known words;
        ``match-twice``: one header was confirmed for two questions, or confirmed and turned down for one.
    """
    path = folder / REVIEW
    if not path.is_file():
        return Review()
    rows = list(csv.reader(io.StringIO(_decoded(path.read_bytes()), newline="")))
    header = [normalise(plain_text(name)) for name in rows[0]] if rows else []
    if missing := [name for name in _NEEDED if name not in header]:
        raise CampaignError("match-columns", path=REVIEW, columns=missing)
    lines: dict[int, Line] = {}
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: plain_text(cell).strip() for name, cell in zip(header, row, strict=False)}
        if not any(cells.values()):
            continue
        line = Line(**{name: cells.get(name, "") for name in COLUMNS})
        if normalise(line.decision) not in _WORDS:
            raise CampaignError("match-decision", path=REVIEW, row=number, value=line.decision[:20])
        lines[number] = line
    _refuse_contradictions(lines)
    return Review(tuple(lines.values()))


def _refuse_contradictions(lines: Mapping[int, Line]) -> None:
    owners: dict[tuple[str, str, str], tuple[int, str]] = {}
    verdicts: dict[tuple[str, ...], tuple[int, bool]] = {}
    for number, line in lines.items():
        if line.verdict is None:
            continue
        first, verdict = verdicts.setdefault(line.pair, (number, line.verdict))
        if verdict != line.verdict:
            raise CampaignError("match-twice", path=REVIEW, first=first, second=number)
        if line.verdict:
            pattern, instrument, question, header = line.pair
            first, owner = owners.setdefault((pattern, instrument, header), (number, question))
            if owner != question:
                raise CampaignError("match-twice", path=REVIEW, first=first, second=number)


def write_review(folder: Path, review: Review) -> None:
    """Write the file; the mark in front is what spreadsheets need to read Chinese.

    Raises
    ------
    CampaignError
        ``match-not-written``: another program has it open.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([protected_text(cell, formulas=True) for cell in astuple(line)] for line in review.lines)
    path, content = folder / REVIEW, text.getvalue().encode("utf-8-sig")
    if path.read_bytes() == content if path.is_file() else not review.lines:
        return
    try:
        path.parent.mkdir(exist_ok=True)
        replace_file(path, content)
    except OSError:
        raise CampaignError("match-not-written", path=REVIEW) from None


def check_confirmed(confirmed: Iterable[str], instrument: Instrument) -> None:
    """Check that confirmed columns are those of questions that there are.

    Raises
    ------
    CampaignError
        ``match-question``.
    """
    names = {question.name for question in instrument.questions}
    for name in confirmed:
        if name not in names:
            raise CampaignError("match-question", question=name, instrument=instrument.name)


def confirmed_sha(sha: str, confirmed: Mapping[str, Sequence[str]]) -> str:
    """Return the hash of a source's settings together with its confirmed headers; without any that of the settings."""
    text = json.dumps([sha, dict(confirmed)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[: len(sha)] if confirmed else sha


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # what a spreadsheet program in China saves as csv
        return data.decode("gb18030", "replace")

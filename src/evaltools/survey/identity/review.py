"""`review/firms.csv`: pairs of firms in doubt, shown by where their rows stand, and what people decided of them.

The file is both the question and the memory of the answers: a decided line stays, also while its raw files are away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evaltools.errors import CampaignError, message
from evaltools.store.disk import replace_file
from evaltools.survey.export.codes import plain_text, protected_text
from evaltools.survey.identity.linking import Pair
from evaltools.survey.identity.names import masked_name, masked_phone
from evaltools.text import Lang, normalise

REVIEW: Final = "review/firms.csv"
_SIDE: Final = ("file", "sheet", "row", "name", "phone")
COLUMNS: Final = (
    "pair", "why", "similarity", *(f"left_{name}" for name in _SIDE), *(f"right_{name}" for name in _SIDE), "decision",
)  # fmt: skip
_WORDS: Final = {"same": True, "同一": True, "是": True, "different": False, "不同": False, "否": False}
_WRITTEN: Final = {True: "same", False: "different", None: ""}


@dataclass(frozen=True, slots=True)
class Side:
    """Where one response of a firm stands, and its name and telephone as far as they were read in this run."""

    file: str = ""
    sheet: str = ""
    row: int | None = None
    name: str | None = None
    phone: str | None = None

    @property
    def cells(self) -> list[str]:
        """The columns of one side of a line: nothing of it names the firm to who has not the raw file."""
        return [
            self.file,
            self.sheet,
            "" if self.row is None else str(self.row),
            masked_name(self.name) if self.name else "",
            masked_phone(self.phone) if self.phone else "",
        ]


@dataclass(frozen=True, slots=True)
class Review:
    """What stands in the file: its lines by pair, in their order, and the decisions among them."""

    lines: Mapping[str, Sequence[str]]
    decisions: Mapping[str, bool]


def read_review(folder: Path) -> Review:
    """Read the file of a campaign; a campaign without one has nothing decided.

    Raises
    ------
    CampaignError
        ``review-columns``: it lacks a column; ``review-decision``: a decision is none of the known words.
    """
    path = folder / REVIEW
    if not path.is_file():
        return Review({}, {})
    rows = list(csv.reader(io.StringIO(_decoded(path.read_bytes()), newline="")))
    header = [normalise(plain_text(name)) for name in rows[0]] if rows else []
    if missing := [name for name in COLUMNS if name not in header]:
        raise CampaignError("review-columns", path=REVIEW, columns=missing)
    places = [header.index(name) for name in COLUMNS]
    lines: dict[str, list[str]] = {}
    decisions: dict[str, bool] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        cells = [plain_text(row[place]).strip() if place < len(row) else "" for place in places]
        ref, word = cells[0], normalise(cells[-1])
        if word and word not in _WORDS:
            raise CampaignError("review-decision", path=REVIEW, row=number, value=cells[-1][:20])
        lines[ref] = cells
        if word:
            decisions[ref] = _WORDS[word]
    return Review(lines, decisions)


def review_content(before: Review, pairs: Iterable[Pair], sides: Mapping[str, Side], lang: Lang) -> bytes | None:
    """Return the file with the pairs of this run and every line that was decided; None where there is nothing to say.

    Parameters
    ----------
    sides
        By response id.
    """
    lines: dict[str, Sequence[str]] = {ref: before.lines[ref] for ref in before.decisions}
    for pair in pairs:
        similarity = "" if pair.similarity is None else f"{pair.similarity:.0f}"
        why = message(f"firms-{pair.reason}", {}, lang)
        left, right = (sides.get(one, Side()) for one in (pair.left, pair.right))
        decision = _WRITTEN[before.decisions.get(pair.ref)]
        lines[pair.ref] = [pair.ref, why, similarity, *left.cells, *right.cells, decision]
    return table_content(lines.values()) if lines or before.lines else None


def write_review(folder: Path, before: Review, pairs: Iterable[Pair], sides: Mapping[str, Side], lang: Lang) -> bool:
    """Write the file where it changes; say whether it could be written: another program may keep it open."""
    content, path = review_content(before, pairs, sides, lang), folder / REVIEW
    if content is None or (path.is_file() and path.read_bytes() == content):
        return True
    try:
        path.parent.mkdir(exist_ok=True)
        replace_file(path, content)
    except OSError:
        return False
    return True


def table_content(lines: Iterable[Sequence[str]]) -> bytes:
    """Return lines as the bytes of the file; the mark in front is what spreadsheets need to read Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([protected_text(cell, formulas=True) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # what a spreadsheet program in China saves as csv
        return data.decode("gb18030", "replace")

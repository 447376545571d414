"""A table for a page: caption, headed columns and rows, all text escaped, wide ones scrolling in their own box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from evaltools.report.passages import MARK, paragraphs, text_node
from evaltools.report.phrases import phrase
from evaltools.text import Lang


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of a cell, smaller lines below it, a class of the style sheet, and a link to one of our own pages."""

    text: str
    below: str = ""
    kind: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its cells, whether they are numbers (set right)."""

    header: str
    cells: Sequence[str | Cell]
    numeric: bool = False


def column(name: str, lang: Lang, cells: Iterable[str | Cell], *, numeric: bool = False) -> Column:
    """Return a column whose head is the wording's ``column.<name>``."""
    return Column(phrase(f"column.{name}", lang), list(cells), numeric)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as data; the first column heads the rows.

    `long` gives it a box of its own that scrolls both ways. A table without rows becomes the sentence `empty`.
    """

    caption: str
    columns: Sequence[Column]
    notes: Sequence[str] = ()
    long: bool = False
    empty: str = ""
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def html(self) -> str:
        """Return the table as escaped HTML with caption, scopes and a focusable scrolling box."""
        if self.empty and not self._rows():
            return paragraphs([self.empty]).html
        head = "".join(
            f'<th scope="col"{_mark("num" if one.numeric else "")}>{text_node(one.header)}</th>' for one in self.columns
        )
        body = "".join(f"<tr>{self._row(cells)}</tr>" for cells in self._rows())
        box = "table-box long" if self.long else "table-box"
        notes = "".join(f'<p class="note">{text_node(note)}</p>' for note in self.notes)
        return (
            f'<div class="{box}" role="region" tabindex="0" aria-label="{text_node(self.caption)}">'
            f"<table><caption>{text_node(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{notes}"
        )

    @property
    def text(self) -> str:
        """Return the table as lines of tab-separated cells."""
        if self.empty and not self._rows():
            return self.empty
        head = [self.caption, "\t".join(one.header for one in self.columns)]
        rows = ["\t".join(" ".join(f"{cell.text} {cell.below}".split()) for cell in cells) for cells in self._rows()]
        return "\n".join([*head, *rows, *self.notes])

    def _rows(self) -> list[list[Cell]]:
        columns = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in one.cells] for one in self.columns]
        return [list(row) for row in zip(*columns, strict=True)]

    def _row(self, cells: list[Cell]) -> str:
        parts = []
        for place, (column, cell) in enumerate(zip(self.columns, cells, strict=True)):
            below = "".join(f'<span class="below">{text_node(line)}</span>' for line in cell.below.split("\n") if line)
            marks = " ".join(mark for mark in ("num" if column.numeric else "", cell.kind) if mark)
            tag, scope = ("th", ' scope="row"') if place == 0 else ("td", "")
            text = text_node(cell.text)
            shown = f'<a href="{text_node(cell.link)}">{text}</a>' if cell.link else text
            parts.append(f"<{tag}{scope}{_mark(marks)}>{shown}{below}</{tag}>")
        return "".join(parts)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/html": self.html, "text/plain": self.text}, {"text/html": {MARK: {"html": True, **self.meta}}}


def _mark(names: str) -> str:
    return f' class="{escape(names, quote=True)}"' if names else ""

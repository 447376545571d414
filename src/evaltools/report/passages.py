"""What a notebook cell shows: escaped HTML for the page beside plain text, with a mark that it is ours.

The page template prints HTML only from outputs that carry this mark; anything else a cell shows becomes plain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from evaltools.text import clean

MARK = "evaltools"


def text_node(value: object) -> str:
    """Return any value as an HTML text node: control characters removed, markup escaped."""
    return escape(clean(str(value)), quote=True)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a report. `html` is already escaped; `meta` travels in the output's metadata."""

    html: str
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/html": self.html, "text/plain": self.text}, {"text/html": {MARK: {"html": True, **self.meta}}}

    def __str__(self) -> str:
        return self.text


def heading(text: str, level: int = 2) -> Passage:
    """Return a heading of level 1 to 3."""
    return Passage(f"<h{level}>{text_node(text)}</h{level}>", text)


def paragraphs(lines: Iterable[str], kind: str = "") -> Passage:
    """Return one paragraph a line; `kind` is a class name of the style sheet."""
    kept = list(lines)
    mark = f' class="{escape(kind, quote=True)}"' if kind else ""
    return Passage("".join(f"<p{mark}>{text_node(line)}</p>" for line in kept), "\n".join(kept))


def bullets(lines: Iterable[str], kind: str = "") -> Passage:
    """Return a list with one point a line."""
    kept = list(lines)
    mark = f' class="{escape(kind, quote=True)}"' if kind else ""
    points = "".join(f"<li>{text_node(line)}</li>" for line in kept)
    return Passage(f"<ul{mark}>{points}</ul>", "\n".join(f"- {line}" for line in kept))


def together(parts: Iterable[Passage]) -> Passage:
    """Return passages as one."""
    kept = list(parts)
    meta: dict[str, Any] = {}
    for part in kept:
        meta.update(part.meta)
    return Passage("".join(part.html for part in kept), "\n".join(part.text for part in kept), meta)

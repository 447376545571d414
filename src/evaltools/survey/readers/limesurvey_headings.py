"""The headings of a LimeSurvey export: codes, wordings, or both, with those of subquestions in brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Style = Literal["code", "codetext", "text"]

OWN_TEXTS: Final = {
    "Response ID": "id", "Date submitted": "submitdate", "Last page": "lastpage", "Start language": "startlanguage",
    "Seed": "seed", "Date started": "startdate", "Date last action": "datestamp", "IP address": "ipaddr",
    "Referrer URL": "refurl", "Total time": "interviewtime", "First name": "firstname", "Last name": "lastname",
    "Email address": "email",
}  # fmt: skip
IDENTIFYING: Final = frozenset({"firstname", "lastname", "email"})
"""Columns of the list of participants that say who somebody is."""

OWN: Final = frozenset({*OWN_TEXTS.values(), "token"}) - IDENTIFYING
"""Codes of the columns that the tool adds to the answers."""

# further columns of the list of participants: no subquestions, although they look like some
_PARTICIPANT: Final = re.compile(r"attribute_\d+\b.*|(?:email|reminder)\w+|(?:valid|uses)\w+|participant_id|mpid")
_CODE: Final = re.compile(r"([A-Za-z][A-Za-z0-9]*)((?:\[[A-Za-z0-9_]+\])+|(?:_[A-Za-z0-9]+)+)?")
_FIELD: Final = re.compile(r"(\d+X\d+X\d+)(\w*)")
_CODE_AND_TEXT: Final = re.compile(rf"(?P<code>{_CODE.pattern})[\s.:;,|/–-]+(?P<text>.+)", re.DOTALL)
# subquestions stand behind a blank in brackets, one pair for each
_WORDING: Final = re.compile(r"(.*?)\s+((?:\[[^\[\]]*\])+)|(.+?)\s+\[(.+)\]", re.DOTALL)
_PARTS: Final = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading says.

    Attributes
    ----------
    header, nth
        The heading as it stands, and which of its equals it is, from 1.
    code, subs
        Of the question and of its subquestions; "" and () where the heading shows none.
    text, sub_text
        Their wordings; "" where the heading shows none. A question without subquestions has no `sub_text`.
    own
        Code of the tool's own column; "" for a question.
    """

    header: str
    nth: int
    code: str = ""
    subs: tuple[str, ...] = ()
    text: str = ""
    sub_text: str = ""
    own: str = ""

    @property
    def question(self) -> str:
        """What is equal for all columns of a question."""
        return self.code or self.text

    @property
    def is_field(self) -> bool:
        """Whether `code` is the name of a database field, which no form knows."""
        return self.code[:1].isdigit()

    @property
    def has_part(self) -> bool:
        """Whether the column belongs to a part of a question."""
        return bool(self.subs or self.sub_text)


def style_of(headers: Sequence[str]) -> Style:
    """Say what the headings show, from the tool's own columns."""
    if len(OWN & set(headers)) >= 2:
        return "code"
    parts = [_CODE_AND_TEXT.fullmatch(header) for header in headers]
    return "codetext" if len({found["code"] for found in parts if found} & OWN) >= 2 else "text"


def read_headings(headers: Sequence[tuple[str, int]], style: Style) -> list[Heading]:
    """Take the headings apart; the tool's own columns are known by code, or by their English wording."""
    plain = [header for header, _ in headers]
    if style == "code":
        return [read_code(header, nth) for header, nth in headers]
    if style == "codetext":
        return [_read_both(header, nth) for header, nth in headers]
    # an option of the export writes blanks as underscores
    joined = not any(" " in header for header in plain) and any("_" in header for header in plain)
    return [_read_text(header, nth, header.replace("_", " ") if joined else header) for header, nth in headers]


def read_code(header: str, nth: int, text: str = "") -> Heading:
    """Take a code apart: ``fees[none]``, ``fees_none`` (codes hold no underscore), or the name of a database field."""
    if header in OWN | IDENTIFYING:
        return Heading(header, nth, header, own=header)
    if found := _FIELD.fullmatch(header):
        return Heading(header, nth, found[1], (found[2],) if found[2] else (), text)
    found = None if _PARTICIPANT.fullmatch(header) else _CODE.fullmatch(header)
    if found is None:
        return Heading(header, nth, header, text=text)
    return Heading(header, nth, found[1], tuple(_PARTS.findall(found[2] or "")), text)


def _read_both(header: str, nth: int) -> Heading:
    found = _CODE_AND_TEXT.fullmatch(header)
    if found is None:
        return Heading(header, nth, text=header)
    by_code, by_text = read_code(found["code"], nth), _read_text(header, nth, found["text"])
    if by_code.own:
        return Heading(header, nth, by_code.code, own=by_code.own)
    whole = by_text if by_code.subs else Heading(header, nth, text=found["text"])
    return Heading(header, nth, by_code.code, by_code.subs, whole.text, whole.sub_text)


def _read_text(header: str, nth: int, text: str) -> Heading:
    if text in OWN_TEXTS:
        return Heading(header, nth, OWN_TEXTS[text], own=OWN_TEXTS[text])
    found = _WORDING.fullmatch(text)
    if found is None:
        return Heading(header, nth, text=text)
    inner = found[2][1:-1].replace("][", " ") if found[2] else found[4]
    return Heading(header, nth, text=found[1] if found[2] else found[3], sub_text=inner)

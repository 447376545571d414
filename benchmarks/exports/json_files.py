"""JSON as programs write it: a list of objects, by names, labels or groups, choices in a list or joined."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial

from exports.truth import Dialect, Missing, Question, Row, Truth


@dataclass(frozen=True)
class Style:
    """How one file is laid out.

    `words` are names or labels; `nested` puts questions into objects of their groups; `lists` writes multiple choices
    as lists; `null` writes what was not answered as null instead of leaving it out; `numbers` writes numbers as such.
    """

    words: str = "names"
    nested: bool = False
    lists: bool = True
    null: bool = True
    numbers: bool = True
    encoding: str = "utf-8"
    indent: int | None = None


def dialects() -> list[Dialect]:
    """Return the files."""
    base = Style()
    styles = {
        "names/lists": base,
        "names/joined": replace(base, lists=False),
        "names/text": replace(base, numbers=False),
        "names/left-out": replace(base, null=False),
        "names/mark": replace(base, encoding="utf-8-sig"),
        "names/utf-16": replace(base, encoding="utf-16"),
        "names/lines": replace(base, indent=2),
        "names/groups": replace(base, nested=True),
        "zh/lists": replace(base, words="zh"),
        "en/lists": replace(base, words="en"),
    }
    return [
        Dialect(f"json/{name}", "plain", "answers.json", partial(_write, style=style)) for name, style in styles.items()
    ]


def _write(truth: Truth, style: Style) -> bytes:
    records = [_record(truth.questions, row, style) for row in truth.rows]
    return json.dumps(records, ensure_ascii=False, indent=style.indent).encode(style.encoding)


def _record(questions: tuple[Question, ...], row: Row, style: Style) -> dict[str, object]:
    record: dict[str, object] = {"no": row.id}
    for question in questions:
        value = row.answers[question.name]
        if isinstance(value, Missing) and not style.null:
            continue
        name = {"names": question.name, "zh": question.zh, "en": question.en}[style.words]
        group = record.setdefault(question.group, {}) if style.nested else record
        assert isinstance(group, dict)
        group[name] = _value(value, question, style)
    return record


def _value(value: object, question: Question, style: Style) -> object:
    words: Mapping[str, str] = {
        choice.name: {"names": choice.name, "zh": choice.zh, "en": choice.en}[style.words]
        for choice in question.choices
    }
    if isinstance(value, Missing):
        return None
    if isinstance(value, tuple):
        chosen = [words[name] for name in value]
        return chosen if style.lists else "; ".join(chosen)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, Decimal)):
        return (value if isinstance(value, int) else float(value)) if style.numbers else str(value)
    return words.get(str(value), str(value))

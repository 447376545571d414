"""Rows of a form to questions and choices, with every fault named by sheet and row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, get_args

from pyxform import aliases
from pyxform.question_type_dictionary import QUESTION_TYPE_DICT
from pyxform.xls2json import RE_BEGIN_CONTROL, RE_END_CONTROL, RE_SELECT

from evaltools.config import Role
from evaltools.errors import CampaignError
from evaltools.survey.instrument.classes import inherit_classes
from evaltools.survey.instrument.model import (
    POLARITIES,
    SENSITIVITIES,
    BilingualText,
    Choice,
    Condition,
    Polarity,
    Question,
    QuestionType,
    Sensitivity,
    Sheet,
)
from evaltools.survey.instrument.sheets import Columns, columns_of
from evaltools.survey.values.missing_words import REASONS, Words, parse_words
from evaltools.survey.values.units import UNITS, find_unit

Choices = Mapping[str, tuple[Choice, ...]]

ROLES: Final[tuple[str, ...]] = get_args(Role)
RESERVED: Final = ("response_id", "bank_id", "repeat_no")
"""Key columns of the answers; no question may take their names."""

# A question with one of these roles says who somebody is
_IDENTIFYING_ROLES: Final = frozenset({"collector", "enterprise", "ip", "shopper"})
_LOOKS_DIRECT: Final = re.compile(
    r"(^|_)(tel|telephone|phone|mobile|cell|email|mail|wechat|qq|idcard|id_card|id_no|passport|gps|ip)(_|$)"
    r"|(first|last|full|given|family|sur|contact|respondent)_?name|phone_?num|姓名|手机|电话|身份证|邮箱|微信",
    re.IGNORECASE,
)
_BY_BIND: Final[Mapping[str, QuestionType]] = {
    "string": "text",
    "barcode": "text",
    "int": "integer",
    "decimal": "decimal",
    "date": "date",
    "dateTime": "datetime",
    "time": "time",
    "odk:rank": "select_multiple",
}
# What the phone records of a person or a place; XForms knows them as files and positions
_RECORDED: Final = frozenset({"binary", "geopoint", "geotrace", "geoshape"})
_BY_ITSELF: Final = frozenset({"audit", "background-audio", "background-geopoint", "start-geopoint"})
_NO_QUESTION: Final = frozenset({"xml-external", "csv-external"})
_CALCULATED: Final = frozenset({"calculate", "q calculate", "add calculate prompt"})
_OTHER: Final = BilingualText("其他", "Other")
_WHICH_OTHER: Final = BilingualText("请说明", "Specify other.")


class _Kind(NamedTuple):
    type: QuestionType
    list_name: str = ""
    elsewhere: bool = False
    or_other: bool = False
    recorded: bool = False


@dataclass(slots=True)
class _Group:
    name: str
    relevant: Condition
    repeat: bool


@dataclass(slots=True)
class _Walk:
    """State of the walk down the survey sheet."""

    columns: Columns
    choices: Choices
    groups: list[_Group] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    rows_of: dict[str, int] = field(default_factory=dict)
    classed: set[str] = field(default_factory=set)
    faults: list[CampaignError] = field(default_factory=list)

    def fault(self, code: str, row: int, **fields: object) -> None:
        self.faults.append(CampaignError(code, sheet="survey", row=row, **fields))


def read_questions(
    survey: Sheet, choices: Choices, language: str = ""
) -> tuple[tuple[Question, ...], tuple[CampaignError, ...]]:
    """Return the questions of a survey sheet and all faults that were found on the way."""
    walk = _Walk(columns_of(survey, language), choices)
    for number, row in enumerate(survey.rows, start=2):
        kind = walk.columns.code(row, "type")
        if not kind or aliases.yes_no.get(walk.columns.code(row, "disabled")) or kind in aliases.settings_header:
            continue
        if RE_END_CONTROL.search(kind):
            del walk.groups[-1:]
        elif begin := RE_BEGIN_CONTROL.search(kind):
            _enter_group(walk, number, row, repeat=aliases.control[begin["type"]] != "group")
        elif kind not in _NO_QUESTION:
            _add_question(walk, number, row, kind)
    return inherit_classes(walk.questions, walk.classed), tuple(walk.faults)


def read_choices(
    sheet: Sheet | None, language: str = "", *, allow_twice: bool = False
) -> tuple[Choices, tuple[CampaignError, ...]]:
    """Return the choice lists of a form and all faults that were found on the way.

    Where the form allows a choice to stand twice (for filters), the first of its labels counts.
    """
    lists: dict[str, dict[str, Choice]] = {}
    rows_of: dict[tuple[str, str], int] = {}
    faults: list[CampaignError] = []
    if sheet is None:
        return {}, ()
    columns = columns_of(sheet, language)
    for number, row in enumerate(sheet.rows, start=2):
        list_name, name = columns.code(row, "list name"), columns.code(row, "name")
        if not list_name or not name:
            continue
        where: dict[str, object] = {"sheet": "choices", "row": number, "list_name": list_name, "name": name}
        label = columns.wording(row, "label") or (BilingualText(name, name) if columns.filled(row, "media") else None)
        if label is None:
            faults.append(CampaignError("instrument-choice-label", **where))
            continue
        first = rows_of.setdefault((list_name, name), number)
        if first != number and not allow_twice:
            faults.append(CampaignError("instrument-choice-twice", first=first, **where))
            continue
        choices = lists.setdefault(list_name, {})
        earlier = choices.get(name, Choice(name, label))
        further = columns.further(row)
        choices[name] = replace(earlier, attributes=(*earlier.attributes, further)) if further else earlier
    return {name: tuple(choices.values()) for name, choices in lists.items()}, tuple(faults)


def _enter_group(walk: _Walk, number: int, row: Sequence[str], *, repeat: bool) -> None:
    name = walk.columns.code(row, "name")
    walk.groups.append(_Group(name, Condition(number, walk.columns.code(row, "bind", "relevant")), repeat))


def _add_question(walk: _Walk, number: int, row: Sequence[str], written_type: str) -> None:
    name = walk.columns.code(row, "name")
    kind = _kind(written_type)
    if kind is None:
        walk.fault("instrument-type-unknown", number, name=name, type=written_type)
        return
    if not name and kind.type != "note":
        walk.fault("instrument-name-missing", number, type=written_type)
        return
    name = name or f"generated_note_name_{number}"  # the name that pyxform gives it
    if not _name_is_free(walk, number, name):
        return
    if kind.type.startswith("select") and not kind.elsewhere and kind.list_name not in walk.choices:
        walk.fault("instrument-choices-missing", number, name=name, list_name=kind.list_name)
    question = _question(walk, number, row, name, kind)
    walk.questions.append(question)
    if kind.or_other:
        _add_other(walk, question)


def _kind(written: str) -> _Kind | None:
    if select := RE_SELECT.search(written):
        return _select_kind(select["select_command"], select["list_name"], bool(select["specify_other"]))
    if written in _BY_ITSELF:
        return _Kind("metadata", written)
    known = QUESTION_TYPE_DICT.get(aliases._type_alias_map.get(written, written))  # noqa: SLF001 - no public name
    if known is None or "select" in written or written == "osm":
        return None
    bind = known.get("bind", {})
    if "jr:preload" in bind:
        return _Kind("metadata", bind["jr:preloadParams"])
    if written in _CALCULATED:
        return _Kind("calculate")
    if written == "range":
        return _Kind("decimal")
    if bind.get("readonly"):
        return _Kind("note")
    kind = bind.get("type", "string")
    return _Kind("text", recorded=True) if kind in _RECORDED else _Kind(_BY_BIND[kind])


def _select_kind(command: str, list_name: str, or_other: bool) -> _Kind:
    one = aliases.select[command] in (aliases.select["select_one"], aliases.select["select_one_external"])
    # choices in a file, in the sheet external_choices, or the answers to a repeated question
    elsewhere = command in aliases.select_from_file or command == "select_one_external" or "$" in list_name
    return _Kind("select_one" if one else "select_multiple", list_name, elsewhere, or_other)


def _name_is_free(walk: _Walk, number: int, name: str) -> bool:
    if name.casefold() in RESERVED:
        walk.fault("instrument-name-reserved", number, name=name)
        return False
    first = walk.rows_of.setdefault(name.casefold(), number)
    if first != number:
        walk.fault("instrument-name-twice", number, name=name, first=first)
    return first == number


def _question(walk: _Walk, number: int, row: Sequence[str], name: str, kind: _Kind) -> Question:
    columns = walk.columns
    label = columns.wording(row, "label")
    if label is None:
        if kind.type not in ("calculate", "metadata") and not columns.filled(row, "media"):
            walk.fault("instrument-label-missing", number, name=name)
        label = BilingualText(name, name)
    role = _role(walk, number, row, name, kind)
    required = columns.code(row, "bind", "required")
    conditions = _conditions(walk, Condition(number, columns.code(row, "bind", "relevant")))
    return Question(
        name=name,
        path="/".join([*(group.name for group in walk.groups), name]),
        type=kind.type,
        list_name=kind.list_name,
        choices=walk.choices.get(kind.list_name, ()),
        label=label,
        hint=columns.wording(row, "hint"),
        required=aliases.yes_no.get(required, False),
        relevant=_all_of(conditions),
        constraint=columns.code(row, "bind", "constraint"),
        constraint_message=columns.wording(row, "bind", "jr:constraintMsg"),
        calculation=columns.code(row, "bind", "calculate"),
        choice_filter=columns.code(row, "choice_filter"),
        sensitivity=_sensitivity(walk, number, row, name, kind, role),
        concept=columns.code(row, "concept") or ("" if kind.type in ("note", "metadata") else name),
        role=role,
        polarity=_polarity(walk, number, row, name),
        row=number,
        repeat=next((group.name for group in reversed(walk.groups) if group.repeat), ""),
        required_when="" if required in aliases.yes_no else required,
        conditions=conditions,
        unit=_unit(walk, number, row, name),
        missing=_missing(walk, number, row, name),
    )


def _conditions(walk: _Walk, own: Condition) -> tuple[Condition, ...]:
    return tuple(one for one in (*(group.relevant for group in walk.groups), own) if one.text)


def _all_of(conditions: Sequence[Condition]) -> str:
    given = [condition.text for condition in conditions]
    return given[0] if len(given) == 1 else " and ".join(f"({text})" for text in given)


def _role(walk: _Walk, number: int, row: Sequence[str], name: str, kind: _Kind) -> str:
    role = walk.columns.code(row, "role")
    if role and role not in ROLES:
        walk.fault("instrument-role-unknown", number, name=name, value=role, known=ROLES)
        return ""
    return role or ("started_at" if kind == _Kind("metadata", "start") else "")


def _unit(walk: _Walk, number: int, row: Sequence[str], name: str) -> str:
    unit = walk.columns.code(row, "unit")
    if unit and find_unit(unit) is None:
        walk.fault("instrument-unit-unknown", number, name=name, value=unit, known=tuple(UNITS))
        return ""
    return unit


def _missing(walk: _Walk, number: int, row: Sequence[str], name: str) -> Words:
    words, wrong = parse_words(walk.columns.raw(row, "missing"))
    if wrong:
        walk.fault("instrument-missing-word", number, name=name, value=wrong, known=REASONS)
    return words


def _polarity(walk: _Walk, number: int, row: Sequence[str], name: str) -> Polarity:
    polarity = walk.columns.code(row, "polarity")
    if polarity and polarity not in POLARITIES:
        walk.fault("instrument-polarity-unknown", number, name=name, value=polarity, known=POLARITIES)
        return ""
    return polarity


def _sensitivity(walk: _Walk, number: int, row: Sequence[str], name: str, kind: _Kind, role: str) -> Sensitivity:
    """Return the declared class, else the one that keeps least.

    Text that nobody classed may hold anything, so it is free text. What a device records of itself, a file or a
    position identifies. A form that classes its questions must class those that look like an identifier.
    """
    declared = walk.columns.code(row, "sensitivity")
    if declared and declared not in SENSITIVITIES:
        walk.fault("instrument-sensitivity-unknown", number, name=name, value=declared, known=SENSITIVITIES)
    identifies = role in _IDENTIFYING_ROLES
    if identifies and declared not in ("direct", ""):
        walk.fault("instrument-sensitivity-direct", number, name=name, role=role, value=declared)
    if declared in SENSITIVITIES:
        walk.classed.add(name)
        return declared
    looks_direct = kind.type not in ("note", "calculate") and bool(_LOOKS_DIRECT.search(name))
    if walk.columns.has("sensitivity") and kind.type != "metadata" and (identifies or looks_direct):
        walk.fault("instrument-sensitivity-missing", number, name=name)
    if identifies or looks_direct or kind.recorded or kind.type == "metadata":
        return "plain" if role == "started_at" or kind.list_name in ("start", "end", "today") else "direct"
    return "text" if kind.type == "text" else "plain"


def _add_other(walk: _Walk, question: Question) -> None:
    """Add what ``or_other`` stands for: a choice "other" and a question that asks which."""
    if all(choice.name != "other" for choice in question.choices):
        walk.questions[-1] = replace(question, choices=(*question.choices, Choice("other", _OTHER)))
    name = f"{question.name}_other"
    if _name_is_free(walk, question.row, name):
        conditions = _conditions(walk, Condition(question.row, f"selected(${{{question.name}}}, 'other')"))
        walk.questions.append(
            replace(
                question,
                name=name,
                path=f"{question.path}_other",
                type="text",
                list_name="",
                choices=(),
                label=_WHICH_OTHER,
                hint=None,
                required=False,
                relevant=_all_of(conditions),
                constraint="",
                constraint_message=None,
                choice_filter="",
                sensitivity="text",
                concept=name,
                role="",
                polarity="",
                required_when="",
                conditions=conditions,
                unit="",
                missing=(),
            )
        )

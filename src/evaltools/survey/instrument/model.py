"""What an instrument is once it has been read: questions, choices, texts in two languages. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from evaltools.errors import CampaignError, UsageError
from evaltools.text import Lang

QuestionType = Literal[
    "text", "integer", "decimal", "date", "datetime", "time", "select_one", "select_multiple",
    "calculate", "note", "metadata",
]  # fmt: skip
Sensitivity = Literal["direct", "quasi", "sensitive", "text", "plain"]
Polarity = Literal["plus", "minus", ""]

SENSITIVITIES: tuple[Sensitivity, ...] = ("direct", "quasi", "sensitive", "text", "plain")
POLARITIES: tuple[Polarity, ...] = ("plus", "minus")


@dataclass(frozen=True, slots=True)
class BilingualText:
    """A wording in Chinese and English; where a form has only one of them, it stands in both."""

    zh: str
    en: str

    def in_lang(self, lang: Lang) -> str:
        """Return the wording in one language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a question offers.

    Attributes
    ----------
    attributes
        Further columns of the sheet `choices`, for choice filters: one mapping a row of the sheet, since a form may
        allow a choice to stand twice. Nothing where the sheet has no such columns.
    """

    name: str
    label: BilingualText
    attributes: tuple[Mapping[str, str], ...] = field(default=(), hash=False)


class Condition(NamedTuple):
    """An expression and the row of the `survey` sheet that it stands in."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One row of a form that is not a group.

    Attributes
    ----------
    name
        Unique in the instrument, also without regard to case; the column of its answers.
    path
        Names of its groups and its own, joined by ``/``.
    type
        What its answers are. ``metadata`` is what the device adds by itself (start, end, device); `list_name` then
        holds which of them.
    list_name, choices
        The choice list. A list in a file (``banks.csv``) has its name here and no `choices`.
    required
        Always to be answered where it is relevant. A form that requires it under a condition gives False, and the
        condition in `required_when`.
    relevant, constraint, calculation, choice_filter
        XPath of the form, "" where there is none. `relevant` includes that of the groups around it.
    sensitivity
        ``direct`` identifies and is never stored, ``text`` is stored apart and redacted; ``quasi``, ``sensitive``
        and ``plain`` are stored as answers.
    concept
        What it measures, the same over waves and versions; the name where the form gives none.
    role
        What the campaign uses it for (bank, enterprise, stratum ...), "" for nothing.
    polarity
        Whether more is better (``plus``) or worse (``minus``); "" where neither.
    row
        Row of the form's `survey` sheet, the header being row 1.
    repeat
        Name of the repeat that it stands in, "" outside.
    required_when
        XPath of the form that says when it is to be answered; "" where `required` says it all.
    conditions
        The parts of `relevant`, each with its row: of the groups, the outermost first, then its own.
    unit
        What its numbers count (``days``, ``yuan``, 亩), see :mod:`evaltools.survey.values.units`; "" where left open.
    missing
        Words that are no answers to it, and the reason of each, see :mod:`evaltools.survey.values.missing_words`.
    """

    name: str
    path: str
    type: QuestionType
    list_name: str
    choices: tuple[Choice, ...]
    label: BilingualText
    hint: BilingualText | None
    required: bool
    relevant: str
    constraint: str
    constraint_message: BilingualText | None
    calculation: str
    choice_filter: str
    sensitivity: Sensitivity
    concept: str
    role: str
    polarity: Polarity
    row: int
    repeat: str = ""
    required_when: str = ""
    conditions: tuple[Condition, ...] = ()
    unit: str = ""
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a form as it was written, cell by cell; "" where a cell is empty."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire or form. Read it with :func:`evaltools.survey.instrument.read_instrument`.

    Attributes
    ----------
    questions
        In the order of the form.
    sha256
        Of the cells of its sheets, so it is the same for the Markdown and the xlsx of one form.
    sheets
        The form itself, for writing it out again without loss.
    """

    name: str
    version: str
    title: BilingualText
    questions: tuple[Question, ...]
    sha256: str
    sheets: tuple[Sheet, ...]

    def question(self, name: str) -> Question:
        """Return the question of a name.

        Raises
        ------
        UsageError
            ``instrument-question``, with the names that there are.
        """
        for question in self.questions:
            if question.name == name:
                return question
        raise UsageError(
            "instrument-question", instrument=self.name, name=name, known=[one.name for one in self.questions]
        )

    @property
    def answered(self) -> tuple[Question, ...]:
        """Questions that hold an answer or a calculated value: no notes, nothing that the device adds by itself."""
        return tuple(question for question in self.questions if question.type not in ("note", "metadata"))

    def with_role(self, role: str) -> tuple[Question, ...]:
        """Return the questions that carry a role, in the order of the form."""
        return tuple(question for question in self.questions if question.role == role)


class InstrumentError(CampaignError):
    """All faults of a form at once; `code` and `fields` are those of the first.

    Parameters
    ----------
    faults
        At least one; each names sheet and row.
    """

    def __init__(self, faults: tuple[CampaignError, ...]) -> None:
        self.faults = faults
        super().__init__(faults[0].code, **faults[0].fields)
        self.args = ("\n".join(str(fault) for fault in faults),)

    def text(self, lang: Lang = "en") -> str:
        """Return all faults in the reader's language, a line each, with their codes in front."""
        return "\n".join(fault.text(lang) for fault in self.faults)

    def __reduce__(self) -> tuple[object, ...]:
        return InstrumentError, (self.faults,)

"""All expressions of a form, compiled, in the order in which they can be evaluated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from evaltools.errors import CampaignError
from evaltools.survey.instrument.model import Condition, Instrument, InstrumentError, Question
from evaltools.survey.logic.choices import choice_columns
from evaltools.survey.logic.expression import Expression, compile_in_scope
from evaltools.survey.logic.resolve import Scope
from evaltools.text import Lang


@dataclass(frozen=True, slots=True)
class QuestionLogic:
    """What a form says of one question.

    Attributes
    ----------
    relevant
        Conditions that must all hold: of its groups, then its own.
    required, constraint, calculation, choice_filter
        None where the form has none, or none that can be computed.
    faults
        What is wrong with its `relevant`, `required`, `constraint` or `choice_filter`.
    """

    question: Question
    relevant: tuple[Expression, ...] = ()
    required: Expression | None = None
    constraint: Expression | None = None
    calculation: Expression | None = None
    choice_filter: Expression | None = None
    faults: tuple[CampaignError, ...] = ()

    @property
    def asks_for(self) -> Iterator[str]:
        """Names of the questions whose answers its expressions read."""
        single = (self.required, self.constraint, self.calculation, self.choice_filter)
        for one in (*self.relevant, *(one for one in single if one is not None)):
            yield from one.names
            if one.uses_current or one.uses_once or one is self.calculation:
                yield self.question.name


@dataclass(frozen=True, slots=True)
class FormLogic:
    """What a form says of its questions.

    Attributes
    ----------
    questions
        A question comes after those that its `relevant` and its `calculation` refer to, else as in the form.
    unchecked
        What is left alone, with the place and the reason: calculations that cannot be computed on a table, choice
        filters of lists that the form does not hold.
    """

    questions: tuple[QuestionLogic, ...]
    unchecked: tuple[CampaignError, ...]

    def require(self, names: Collection[str]) -> None:
        """Refuse the form where what it says of some questions cannot be read.

        Raises
        ------
        InstrumentError
            With all faults; see :func:`evaltools.survey.logic.compile_expression`.
        """
        faults = tuple(fault for one in self.questions if one.question.name in names for fault in one.faults)
        if faults:
            raise InstrumentError(tuple(dict.fromkeys(faults)))


@lru_cache(maxsize=16)
def compile_logic(instrument: Instrument) -> FormLogic:
    """Compile all expressions of a form; what cannot be read is kept as a fault of its question, not raised."""
    questions = {question.name: question for question in instrument.questions}
    groups: dict[Condition, Expression | CampaignError] = {}
    unchecked: list[CampaignError] = []
    logic = {name: _question_logic(question, questions, groups, unchecked) for name, question in questions.items()}
    order = _evaluation_order(logic)
    return FormLogic(tuple([logic[name] for name in order]), tuple(unchecked))


def _question_logic(
    question: Question,
    questions: Mapping[str, Question],
    groups: dict[Condition, Expression | CampaignError],
    unchecked: list[CampaignError],
) -> QuestionLogic:
    scope = Scope(questions, question, question.repeat)
    faults: list[CampaignError] = []

    def given(found: Expression | CampaignError | None) -> Expression | None:
        if isinstance(found, CampaignError):
            faults.append(found)
        return found if isinstance(found, Expression) else None

    relevant = [given(_condition(one, scope, groups)) for one in question.conditions]
    filtered = question.choice_filter if question.choices else ""
    if question.choice_filter and not filtered:
        unchecked.append(_left_alone("logic-filter-list", question, expression=question.choice_filter))
    return QuestionLogic(
        question=question,
        relevant=tuple([one for one in relevant if one is not None]),
        required=given(_compiled(question.required_when, question.row, scope)),
        constraint=given(_compiled(question.constraint, question.row, scope)),
        calculation=_calculation(question, scope, unchecked),
        choice_filter=given(_compiled(filtered, question.row, replace(scope, choice_columns=choice_columns(question)))),
        faults=tuple(faults),
    )


def _condition(
    condition: Condition, scope: Scope, groups: dict[Condition, Expression | CampaignError]
) -> Expression | CampaignError | None:
    """Compile a part of `relevant`, that of a group once for all its questions: there `.` is no question."""
    if scope.own is not None and condition.row == scope.own.row:
        return _compiled(condition.text, condition.row, scope)
    if condition not in groups:
        found = _compiled(condition.text, condition.row, replace(scope, own=None))
        if found is None:
            return None
        groups[condition] = found
    return groups[condition]


def _calculation(question: Question, scope: Scope, unchecked: list[CampaignError]) -> Expression | None:
    """Compile what a calculate row computes; of any other question it is only what the phone filled in first."""
    found = _compiled(question.calculation, question.row, scope) if question.type == "calculate" else None
    if isinstance(found, CampaignError):
        unchecked.append(_left_alone("logic-not-computed", question, name=question.name, problem=_Problem(found)))
        return None
    return found


@dataclass(frozen=True, slots=True)
class _Problem:
    """An error inside a message, in the message's language."""

    error: CampaignError

    def in_lang(self, lang: Lang) -> str:
        return self.error.text(lang).removeprefix(f"{self.error.code}: ")


def _compiled(text: str, row: int, scope: Scope) -> Expression | CampaignError | None:
    try:
        return compile_in_scope(text, scope, row=row) if text else None
    except CampaignError as fault:
        return fault


def _left_alone(code: str, question: Question, **fields: object) -> CampaignError:
    return CampaignError(code, sheet="survey", row=question.row, **fields)


def _evaluation_order(logic: Mapping[str, QuestionLogic]) -> list[str]:
    """Return names so that each follows those it depends on; a circle is broken where the form enters it."""
    order: dict[str, None] = {}
    for start in logic:
        entered = {start}
        waiting = [] if start in order else [(start, _sources(logic[start], logic))]
        while waiting:
            name, sources = waiting[-1]
            following = next((one for one in sources if one not in order and one not in entered), None)
            if following is None:
                order[name] = None
                waiting.pop()
            else:
                entered.add(following)
                waiting.append((following, _sources(logic[following], logic)))
    return list(order)


def _sources(one: QuestionLogic, known: Mapping[str, QuestionLogic]) -> Iterator[str]:
    expressions = (*one.relevant, *((one.calculation,) if one.calculation else ()))
    return iter([name for expression in expressions for name in expression.names if name in known])

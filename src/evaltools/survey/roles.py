"""What a campaign uses an instrument's questions for: bank, enterprise, stratum, weight ..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evaltools.config import CampaignConfig
from evaltools.errors import CampaignError
from evaltools.survey.instrument import Instrument, Question

IDENTIFYING: Final = frozenset({"collector", "enterprise", "ip", "shopper"})
"""Roles of which only a pseudonym is stored, whatever the instrument says of the question."""

SEVERAL: Final = frozenset({"stratum", "psu"})
"""Roles that several questions may share; their answers are joined by ``/``."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Role to the names of its questions, in the order of the campaign file or else of the form."""

    names: Mapping[str, tuple[str, ...]]

    def one(self, role: str) -> str | None:
        """Return the question of a role that only one can have; None where none has it."""
        names = self.names.get(role, ())
        return names[0] if names else None

    def several(self, role: str) -> tuple[str, ...]:
        """Return all questions of a role."""
        return self.names.get(role, ())

    def of(self, name: str) -> frozenset[str]:
        """Return the roles of a question."""
        return frozenset(role for role, names in self.names.items() if name in names)


def resolve_roles(instrument: Instrument, config: CampaignConfig) -> Roles:
    """Return the roles of an instrument: those of its form, overridden by ``[roles.<instrument>]``.

    Raises
    ------
    CampaignError
        ``role-question``: a role names no question; ``role-several``: two questions for a role that takes one;
        ``role-bank``: no question says which bank is rated.
    """
    names: dict[str, tuple[str, ...]] = {}
    for question in instrument.questions:
        if question.role:
            names[question.role] = (*names.get(question.role, ()), question.name)
    known = [question.name for question in instrument.questions]
    for own_role, given in config.roles.get(instrument.name, {}).items():
        names[own_role] = (given,) if isinstance(given, str) else tuple(given)
        for name in names[own_role]:
            if name not in known:
                raise CampaignError("role-question", instrument=instrument.name, role=own_role, name=name, known=known)
    for role, several in names.items():
        if len(several) > 1 and role not in SEVERAL:
            raise CampaignError("role-several", instrument=instrument.name, role=role, names=several)
    if not names.get("bank"):
        raise CampaignError("role-bank", instrument=instrument.name)
    return Roles(names)


def is_identifying(question: Question, roles: Roles) -> bool:
    """Say whether the answer says who somebody is, so that it is never stored in clear."""
    return question.sensitivity == "direct" or bool(roles.of(question.name) & IDENTIFYING)


def is_free_text(question: Question, roles: Roles) -> bool:
    """Say whether the answer is in the respondent's own words, so that it is stored apart and redacted."""
    return question.sensitivity == "text" and not is_identifying(question, roles)


def is_stored(question: Question, roles: Roles) -> bool:
    """Say whether the answer is a column of the instrument's table of answers."""
    return question.sensitivity in ("quasi", "sensitive", "plain") and not is_identifying(question, roles)

"""Which collecting tool a file of SPSS or Stata comes from: the variables that the tool adds, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Origin:
    """A tool, by the variables that it adds.

    Attributes
    ----------
    signature
        Lower-case names that a file of the tool has, all of them.
    roles
        Role to the names that give it, the best first.
    identifying
        Names of variables that say who somebody is, or whose telephone it was.
    """

    tool: str
    signature: frozenset[str]
    roles: Mapping[str, tuple[str, ...]]
    identifying: frozenset[str] = frozenset()


_ORIGINS: Final = (
    Origin(
        "surveycto",
        frozenset({"key", "submissiondate", "formdef_version"}),
        {
            "submitted_at": ("submissiondate", "completiondate", "endtime"),
            "started_at": ("starttime",),
            "duration": ("duration",),
            "native_id": ("key", "instanceid"),
            "form_version": ("formdef_version",),
        },
        frozenset({"devicephonenum", "simid", "subscriberid"}),
    ),
    Origin(
        "qualtrics",
        frozenset({"startdate", "enddate", "responseid", "finished"}),
        {
            "submitted_at": ("enddate", "recordeddate"),
            "started_at": ("startdate",),
            "duration": ("duration__in_seconds_", "duration"),
            "ip": ("ipaddress",),
            "native_id": ("responseid",),
            "source_detail": ("distributionchannel",),
        },
        frozenset({
            "recipientlastname", "recipientfirstname", "recipientemail", "locationlatitude", "locationlongitude",
        }),
    ),
    Origin(
        "limesurvey",
        frozenset({"id", "submitdate", "lastpage", "startlanguage"}),
        {
            "submitted_at": ("submitdate",),
            "started_at": ("startdate",),
            "duration": ("interviewtime",),
            "ip": ("ipaddr",),
            "native_id": ("id",),
            "source_detail": ("refurl",),
        },
        frozenset({"firstname", "lastname", "email"}),
    ),
)  # fmt: skip


def origin_of(names: Sequence[str]) -> Origin | None:
    """Return the tool whose variables a file has; None where it may be any."""
    lower = {name.casefold() for name in names}
    return next((origin for origin in _ORIGINS if origin.signature <= lower), None)


def roles_of(origin: Origin | None, names: Sequence[str]) -> dict[str, int]:
    """Return role to the place of the variable that gives it."""
    if origin is None:
        return {}
    places = {name.casefold(): place for place, name in reversed(list(enumerate(names)))}
    found = {
        role: next((places[name] for name in wanted if name in places), None) for role, wanted in origin.roles.items()
    }
    return {role: place for role, place in found.items() if place is not None}

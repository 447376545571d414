"""Which responses are of one firm: from keyed hashes and a person's decisions alone, whatever the order of files.

A firm is what gave one code; of responses without a code, what gave one name together with one telephone; else a single
response. Firms are joined only where nothing is in doubt; every other likeness is a pair for a person to judge, and an
undecided pair changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations
from typing import Final

from evaltools.errors import CampaignError

_LENGTH: Final = 24
_REF: Final = 12
_COMMON: Final = 5
"""A telephone or a name that more firms give (an agent's, 无) says nothing of any of them."""

Firm = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted response, as far as it says who answered: keyed hashes, None where it does not say.

    `trace` tells a response without any of them from the others: the hash of its content, else its id.
    """

    response_id: str
    wave: str
    code: str | None
    name: str | None
    phone: str | None
    trace: str

    @property
    def firm(self) -> Firm:
        """What the response is of, before any linking."""
        if self.code is not None:
            return "code", self.code
        if self.name is not None and self.phone is not None:
            return "contact", self.name, self.phone
        return "row", self.trace


@dataclass(frozen=True, slots=True)
class Pair:
    """Two firms that may be one, each shown by one of its responses.

    Attributes
    ----------
    ref
        What a decision names: it stays the same as long as the firms give the same codes, names and telephones.
    reason
        ``codes-differ``, ``codes-several``, ``phone-same``, ``name-same`` or ``name-similar``.
    similarity
        Of the names, 0 to 100; None where they were not compared.
    """

    ref: str
    left: str
    right: str
    reason: str
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Links:
    """Pseudonym of the firm by response, None where none is known, and the pairs that were found."""

    enterprise: Mapping[str, str | None]
    pairs: tuple[Pair, ...]


@dataclass(slots=True)
class _Traits:
    entries: list[Entry] = field(default_factory=list)

    def values(self, kind: str) -> set[str]:
        return {value for one in self.entries if (value := getattr(one, kind)) is not None}

    @property
    def contacts(self) -> set[tuple[str, str]]:
        return {(one.name, one.phone) for one in self.entries if one.name is not None and one.phone is not None}


class _Groups:
    """Firms that are one, found by following links to the first of each group."""

    def __init__(self, firms: Iterable[Firm]) -> None:
        self._up = {firm: firm for firm in firms}

    def of(self, firm: Firm) -> Firm:
        while self._up[firm] != firm:
            firm = self._up[firm]
        return firm

    def join(self, one: Firm, other: Firm) -> None:
        first, second = sorted((self.of(one), self.of(other)))  # a code sorts before what has none
        self._up[second] = first


def firm_ref(firm: Firm) -> str:
    """Return what a decision calls a firm."""
    return sha256("\x1f".join(firm).encode("utf-8")).hexdigest()[:_REF]


def find_links(
    entries: Sequence[Entry],
    decisions: Mapping[str, bool],
    similar: Iterable[tuple[str, str, float]] = (),
) -> Links:
    """Link responses into firms and name the pairs that are in doubt.

    Parameters
    ----------
    decisions
        Reference of a pair to whether a person judged it to be one firm.
    similar
        Response, response, similarity of their names; see :func:`evaltools.survey.identity.names.similar_names`.

    Raises
    ------
    CampaignError
        ``review-contradiction``: two decisions make one firm of two that a third holds apart.
    """
    firms: dict[Firm, _Traits] = {}
    for entry in sorted(entries, key=lambda one: (one.wave, one.response_id)):
        firms.setdefault(entry.firm, _Traits()).entries.append(entry)
    groups = _Groups(firms)
    by_ref = {firm_ref(firm): firm for firm in firms}
    decided = {ref: same for ref, same in decisions.items() if all(part in by_ref for part in ref.split("-"))}
    apart = {frozenset(ref.split("-")) for ref, same in decided.items() if not same}
    _join_contacts(firms, groups, apart)
    for ref, same in sorted(decided.items()):
        if same:
            groups.join(*(by_ref[part] for part in ref.split("-")))
    for ref in sorted("-".join(sorted(one)) for one in apart):
        left, right = (by_ref[part] for part in ref.split("-"))
        if groups.of(left) == groups.of(right):
            raise CampaignError("review-contradiction", pair=ref)
    return Links(_enterprises(firms, groups), tuple(_pairs(firms, groups, decided, similar)))


def _join_contacts(firms: Mapping[Firm, _Traits], groups: _Groups, apart: set[frozenset[str]]) -> None:
    """Join what gave no code to the only code that ever came with the same name and telephone."""
    codes: dict[tuple[str, str], set[Firm]] = {}
    for firm, traits in firms.items():
        if firm[0] == "code":
            for contact in traits.contacts:
                codes.setdefault(contact, set()).add(firm)
    for firm in firms:
        owners = codes.get((firm[1], firm[2]), set()) if firm[0] == "contact" else set()
        if len(owners) == 1:
            [owner] = owners
            if frozenset((firm_ref(firm), firm_ref(owner))) not in apart:
                groups.join(owner, firm)


def _enterprises(firms: Mapping[Firm, _Traits], groups: _Groups) -> dict[str, str | None]:
    members: dict[Firm, list[Firm]] = {}
    for firm in firms:
        members.setdefault(groups.of(firm), []).append(firm)
    found: dict[str, str | None] = {}
    for head, group in members.items():
        pseudonym = head[1] if head[0] == "code" else None
        if pseudonym is None and (head[0] == "contact" or len(group) > 1):
            # the hashes are keyed already, so this one needs no key of its own
            pseudonym = sha256("\x1f".join(min(group)).encode("utf-8")).hexdigest()[:_LENGTH]
        for firm in group:
            found.update((entry.response_id, pseudonym) for entry in firms[firm].entries)
    return found


def _pairs(
    firms: Mapping[Firm, _Traits],
    groups: _Groups,
    decided: Mapping[str, bool],
    similar: Iterable[tuple[str, str, float]],
) -> Iterable[Pair]:
    """Yield each pair of firms once, for the strongest reason that there is."""
    scores: dict[frozenset[Firm], float] = {}
    of = {entry.response_id: firm for firm, traits in firms.items() for entry in traits.entries}
    for left, right, score in similar:
        if of[left] != of[right]:
            both = frozenset((of[left], of[right]))
            scores[both] = max(score, scores.get(both, 0.0))
    candidates = {*_sharing(firms, "name"), *_sharing(firms, "phone"), *scores}
    seen: set[frozenset[Firm]] = set()
    for one, other in sorted(sorted(pair) for pair in candidates):
        reason = _reason(firms[one], firms[other], one, other, frozenset((one, other)) in scores)
        ref = "-".join(sorted((firm_ref(one), firm_ref(other))))
        between = frozenset((groups.of(one), groups.of(other)))
        if reason is None or ((len(between) == 1 or between in seen) and ref not in decided):
            continue
        seen.add(between)
        left, right = firms[one].entries[0].response_id, firms[other].entries[0].response_id
        yield Pair(ref, left, right, reason, scores.get(frozenset((one, other))))


def _sharing(firms: Mapping[Firm, _Traits], kind: str) -> set[frozenset[Firm]]:
    """Return pairs of firms that give the same name or telephone."""
    owners: dict[str, list[Firm]] = {}
    for firm, traits in firms.items():
        for value in traits.values(kind):
            owners.setdefault(value, []).append(firm)
    few = [found for found in owners.values() if 1 < len(found) <= _COMMON]
    return {frozenset(pair) for found in few for pair in combinations(found, 2)}


def _reason(left: _Traits, right: _Traits, one: Firm, other: Firm, is_similar: bool) -> str | None:
    same_name = not left.values("name").isdisjoint(right.values("name"))
    same_phone = not left.values("phone").isdisjoint(right.values("phone"))
    same_contact = not left.contacts.isdisjoint(right.contacts)
    if one[0] == other[0] == "code":
        if same_contact:
            return "codes-differ"
        # two codes in one wave are two firms
        if not left.values("wave").isdisjoint(right.values("wave")):
            return None
    elif same_contact:
        return "codes-several"
    return "phone-same" if same_phone else "name-same" if same_name else "name-similar" if is_similar else None

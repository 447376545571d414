"""The table `crosswalk`: which item of each wave measures what, and whether it may be compared with the newest form."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from evaltools.config import CampaignConfig, Source
from evaltools.errors import CampaignError
from evaltools.store import Transaction
from evaltools.store.schemas import SCHEMAS
from evaltools.survey.instrument import Instrument, Question
from evaltools.survey.versions.comparing import ItemChange, Verdict, compare_versions, worst


@dataclass(frozen=True, slots=True)
class _Link:
    """What a source says of one item: its concept in the newest form, the verdict, and the recode of its choices."""

    concept: str
    item: str
    verdict: Verdict
    recode: Mapping[str, str] | None


def newest_form(instrument: str, config: CampaignConfig, forms: Mapping[str, Instrument]) -> Instrument:
    """Return the version that the others are compared with: that of the last source of the last wave."""
    order = list(config.waves)
    sources = [one for one in config.sources if one.instrument == instrument]
    return forms[max(enumerate(sources), key=lambda one: (order.index(one[1].wave), one[0]))[1].form]


def check_versions(config: CampaignConfig, forms: Mapping[str, Instrument]) -> None:
    """Check that the versions of an instrument can stand in one table, and what the campaign file says of them.

    Raises
    ------
    CampaignError
        ``version-same``: two forms with one version; ``version-type``: a question has answers of another kind in
        another version; ``version-rescale``: `rescale`
        names a question or a choice that is not there, or leaves out a choice of the older version.
    """
    for number, source in enumerate(config.sources, start=1):
        form, newest = forms[source.form], newest_form(source.instrument, config, forms)
        if form.version == newest.version and form.sha256 != newest.sha256:
            raise CampaignError("version-same", instrument=form.name, version=form.version)
        by_name = {one.name: one for one in newest.answered}
        for question in form.answered:
            other = by_name.get(question.name, question)
            if _kind(question) != _kind(other):
                raise CampaignError(
                    "version-type", instrument=form.name, question=question.name, version=form.version,
                    newest=newest.version, one=question.type, other=other.type,
                )  # fmt: skip
        if source.rescale:
            _check_rescale(number, source, compare_versions(form, newest))


def write_crosswalk(transaction: Transaction, config: CampaignConfig, forms: Mapping[str, Instrument]) -> None:
    """Bring the table to the state of the forms and of the campaign file, for waves of which something is stored.

    Parameters
    ----------
    forms
        By :attr:`evaltools.config.Source.form`. Rows of other instruments stay.
    """
    stored = transaction.read("files", ["instrument", "wave"]).to_pylist()
    waves = sorted({(row["instrument"], row["wave"]) for row in stored})
    known = {source.instrument for source in config.sources}
    before = transaction.read("crosswalk")
    rows = [row for row in before.to_pylist() if row["instrument"] not in known]
    for instrument, wave in waves:
        if instrument in known:
            sources = [one for one in config.sources if (one.instrument, one.wave) == (instrument, wave)]
            rows += _rows(instrument, wave, sources, config, forms)
    transaction.replace("crosswalk", pa.Table.from_pylist(rows, schema=SCHEMAS["crosswalk"]))


def _rows(
    instrument: str, wave: str, sources: Sequence[Source], config: CampaignConfig, forms: Mapping[str, Instrument]
) -> list[dict[str, Any]]:
    newest = newest_form(instrument, config, forms)
    links = [link for source in sources for link in _links(source, forms[source.form], newest)]
    if not sources:  # stored under settings that the campaign file has no more
        links = [_Link(one.concept, one.name, "same", None) for one in newest.answered]
    links.sort(key=lambda one: (one.concept, one.item))
    rows = []
    for (concept, item), group in groupby(links, key=lambda one: (one.concept, one.item)):
        several = list(group)
        recodes = [dict(one.recode) for one in several if one.recode]
        is_clear = all(one == recodes[0] for one in recodes)
        verdict = worst(one.verdict for one in several) if is_clear else "not_comparable"
        rows.append({
            "concept": concept, "wave": wave, "instrument": instrument, "item": item, "comparability": verdict,
            "recode": _recode(sources, item, recodes[0] if recodes and is_clear else None),
        })  # fmt: skip
    return rows


def _links(source: Source, form: Instrument, newest: Instrument) -> list[_Link]:
    if form.sha256 == newest.sha256:
        return [_Link(one.concept, one.name, source.comparability.get(one.name, "same"), None) for one in form.answered]
    changes = compare_versions(form, newest, source.rescale)
    return [_link(source, change, change.before) for change in changes if change.before is not None]


def _link(source: Source, change: ItemChange, before: Question) -> _Link:
    concept = before.concept if change.after is None else change.after.concept
    declared = source.comparability.get(before.name)
    # a scale of other points can be brought over by a recode alone, whatever is said of it
    is_lost = declared is not None and declared != "not_comparable" and _needs_recode(change) and not change.recode
    return _Link(concept, before.name, change.verdict if declared is None or is_lost else declared, change.recode)


def _needs_recode(change: ItemChange) -> bool:
    return not {"type", "scale-points", "scale-list", "removed"}.isdisjoint(change.respects)


def _recode(sources: Sequence[Source], item: str, choices: Mapping[str, str] | None) -> str | None:
    """Return as JSON what became of cells when they were read, and what becomes of the choices of an older version."""
    cells = {text: choice for source in sources for text, choice in source.recode.get(item, {}).items()}
    told = {name: one for name, one in (("cells", cells), ("choices", choices)) if one}
    return json.dumps(told, ensure_ascii=False, sort_keys=True) if told else None


def _kind(question: Question) -> str:
    """Return what decides the type of the column in the store."""
    if question.type in ("integer", "decimal", "date", "datetime", "select_multiple"):
        return question.type
    return "text"


def _check_rescale(number: int, source: Source, changes: Collection[ItemChange]) -> None:
    pairs = {one.before.name: (one.before, one.after) for one in changes if one.before and one.after}
    for name, recode in source.rescale.items():
        before, after = pairs.get(name, (None, None))
        old, new = ({choice.name for choice in one.choices} if one else set() for one in (before, after))
        points = {choice for choice in old if choice not in new}
        if before is None or not set(recode) <= old or not set(recode.values()) <= new or not points <= set(recode):
            fields = {"question": name, "old": sorted(old), "new": sorted(new)}
            raise CampaignError("version-rescale", number=number, **fields)

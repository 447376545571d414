"""Instruments: XLSForms, mostly written as Markdown, with what an evaluation needs to know of each question.

Beside XLSForm's own columns the `survey` sheet has `sensitivity`, `concept`, `role`, `polarity`, `unit` and `missing`;
see :class:`~evaltools.survey.instrument.model.Question` for what they say. The `settings` sheet may have `title_en` and
`missing`.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

import pandas as pd

from evaltools.content import find_content
from evaltools.errors import CampaignError
from evaltools.survey.instrument.model import (
    BilingualText,
    Instrument,
    InstrumentError,
    Question,
    Sheet,
)
from evaltools.survey.instrument.rows import read_choices, read_questions
from evaltools.survey.instrument.sheets import SUFFIXES, columns_of, read_sheets, refuse_broken, sha256_of
from evaltools.survey.values.missing_words import REASONS, inherit_words, parse_words

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}(@[A-Za-z0-9_.-]{1,64})?")


def read_instrument(name: str, *, campaign: Path | None = None) -> Instrument:
    """Read an instrument by name; one in the campaign's folder ``instruments/`` goes before the product's own.

    Parameters
    ----------
    name
        File name without suffix. The file is Markdown, .xlsx or .xls. An older version stands beside the current one as
        ``name@version``; the version of the current one may be named as well.
    campaign
        The campaign's folder.

    Raises
    ------
    CampaignError
        ``content-missing``, ``instrument-ambiguous`` where the campaign has it in two formats, and what
        :func:`read_instrument_file` raises.
    """
    if not _NAME.fullmatch(name):
        raise CampaignError("instrument-name", name=name)
    stem, _, version = name.partition("@")
    try:
        return _read_named(name, campaign)
    except CampaignError as error:
        if not version or error.code != "content-missing":
            raise
        current = _read_named(stem, campaign)
        if current.version != version:
            raise
        return current


def _read_named(name: str, campaign: Path | None) -> Instrument:
    if campaign is not None:
        found = [path for suffix in SUFFIXES if (path := campaign / "instruments" / f"{name}{suffix}").is_file()]
        if len(found) > 1:
            raise CampaignError("instrument-ambiguous", name=name, files=[path.name for path in found])
        if found:
            return read_instrument_file(found[0])
    return read_instrument_file(find_content("instruments", name, ".md", campaign=campaign))


def read_instrument_file(path: Path) -> Instrument:
    """Read a Markdown, .xlsx or .xls XLSForm.

    A form without the extra columns is read as well. Its texts then count as free text, and what looks like an
    identifier (a phone number, an address, a position, a picture) as identifying, so that neither is stored in clear.

    Raises
    ------
    InstrumentError
        All faults of its rows at once, each with sheet and row: ``instrument-type-unknown``,
        ``instrument-name-missing``, ``instrument-name-twice`` (names are unique in the whole form, also without regard
        to case), ``instrument-name-reserved``, ``instrument-label-missing``, ``instrument-choices-missing``,
        ``instrument-choice-twice``, ``instrument-choice-label``, ``instrument-sensitivity-unknown``,
        ``instrument-sensitivity-missing``, ``instrument-sensitivity-direct``, ``instrument-role-unknown``,
        ``instrument-polarity-unknown``, ``instrument-unit-unknown``, ``instrument-missing-word``.
    CampaignError
        ``instrument-too-large``, ``instrument-unreadable``, ``instrument-invalid`` (what pyxform objects to);
        ``instrument-version``: a file ``name@version`` that says another version of itself.
    """
    name, _, version = path.stem.partition("@")
    sheets = read_sheets(path)
    by_name = {sheet.name: sheet for sheet in sheets}
    settings = _settings(by_name.get("settings"))
    language = settings.get("default_language", "")
    allow_twice = settings.get("allow_choice_duplicates", "").lower() == "yes"
    choices, choice_faults = read_choices(by_name.get("choices"), language, allow_twice=allow_twice)
    questions, faults = read_questions(by_name["survey"], choices, language)
    words, wrong = parse_words(settings.get("missing", ""))
    if wrong:
        fields = {"sheet": "settings", "row": 2, "name": "missing", "value": wrong, "known": REASONS}
        faults = (*faults, CampaignError("instrument-missing-word", **fields))
    if choice_faults or faults:
        raise InstrumentError((*faults, *choice_faults))
    if version and settings.get("version", "") != version:
        raise CampaignError("instrument-version", path=path.name, version=settings.get("version", ""))
    refuse_broken(sheets, path, name)
    title = settings.get("title") or name
    return Instrument(
        name=name,
        version=settings.get("version", ""),
        title=BilingualText(title, settings.get("title_en") or title),
        questions=inherit_words(questions, words),
        sha256=sha256_of(sheets),
        sheets=sheets,
    )


def _settings(sheet: Sheet | None) -> dict[str, str]:
    if sheet is None:
        return {}
    columns = columns_of(sheet)
    return {name[0]: columns.raw(sheet.rows[0], *name) for name in columns.positions}


def items_frame(instrument: Instrument) -> pd.DataFrame:
    """Return the questions of an instrument as rows of the store's table `items`.

    Returns
    -------
    DataFrame
        ``[instrument, version, item, concept, type, scale, polarity, sensitivity, label_zh, label_en, wording_sha]``.
        `scale` holds the names of the choices, or the file that lists them; `wording_sha` changes with any word that
        the respondent reads.
    """
    rows = [
        {
            "instrument": instrument.name,
            "version": instrument.version,
            "item": question.name,
            "concept": question.concept,
            "type": question.type,
            "scale": " ".join(choice.name for choice in question.choices) or question.list_name or None,
            "polarity": question.polarity or None,
            "sensitivity": question.sensitivity,
            "label_zh": question.label.zh,
            "label_en": question.label.en,
            "wording_sha": _wording_sha(question),
        }
        for question in instrument.answered
    ]
    return pd.DataFrame(rows, dtype=object)


def _wording_sha(question: Question) -> str:
    choices = [(choice.name, choice.label.zh, choice.label.en) for choice in question.choices]
    hint = (question.hint.zh, question.hint.en) if question.hint else None
    wording = repr((question.label.zh, question.label.en, hint, choices))
    return hashlib.sha256(wording.encode("utf-8")).hexdigest()

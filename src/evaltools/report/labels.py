"""Names that readers see for the ids in the results, and the constants of the framework that sentences quote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from evaltools.config import CampaignConfig
from evaltools.errors import CampaignError
from evaltools.report.phrases import all_phrases
from evaltools.text import Lang, clean

if TYPE_CHECKING:
    from evaltools.scoring.models import Framework, Indicator, Target
    from evaltools.survey.instrument import Instrument


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Names of banks, waves, dimensions, indicators and units, from the campaign and its framework."""

    config: CampaignConfig
    framework: Framework
    folder: Path | None = None

    def bank(self, bank_id: str, lang: Lang) -> str:
        """Return a bank's name; the id where the campaign does not know it."""
        for bank in self.config.banks:
            if bank.id == bank_id:
                return _named(bank.name, lang)
        return clean(str(bank_id))

    def banks(self, ids: list[str], lang: Lang) -> list[str]:
        """Return the names of several banks in the campaign's order."""
        order = {bank: place for place, bank in enumerate(self.config.bank_ids)}
        return [self.bank(one, lang) for one in sorted(ids, key=lambda bank: (order.get(bank, len(order)), bank))]

    def region(self, lang: Lang) -> str:
        """Return the region's name."""
        return _named(self.config.region, lang)

    def title(self, lang: Lang) -> str:
        """Return the campaign's title."""
        return _named(self.config.title, lang)

    def dimension(self, dimension_id: str, lang: Lang) -> str:
        """Return a dimension's name; the id where the framework does not know it."""
        for dimension in self.framework.dimensions:
            if dimension.id == dimension_id:
                return _named(dimension.label, lang)
        return clean(str(dimension_id))

    def indicator(self, indicator_id: str, lang: Lang) -> str:
        """Return an indicator's name; the id where the framework does not know it."""
        known = self.known_indicator(indicator_id)
        return clean(str(indicator_id)) if known is None else _named(known.label, lang)

    def known_indicator(self, indicator_id: str) -> Indicator | None:
        """Return the framework's indicator of that id, if there is one."""
        return next((one for one in self.framework.indicators if one.id == indicator_id), None)

    def target(self, clause: str, indicator_id: str, statistic: str) -> Target | None:
        """Return the framework's target of that clause, indicator and statistic, if there is one."""
        wanted = (clause, indicator_id, statistic)
        return next(
            (one for one in self.framework.targets if (one.clause, one.indicator, one.statistic) == wanted), None
        )

    def unit(self, indicator_id: str, lang: Lang) -> tuple[str, str]:
        """Return an indicator's unit as its id and its name; both empty where it is not known."""
        known = self.known_indicator(indicator_id)
        if known is None:
            return "", ""
        return known.unit, _named(self.framework.units[known.unit], lang)

    def wave(self, wave: str, lang: Lang) -> str:
        """Return a wave's name: the campaign's label, else the wording's, else the key."""
        known = self.config.waves.get(wave)
        if known is not None and known.label is not None:
            return _named(known.label, lang)
        return all_phrases(lang).get(f"wave.{wave}", clean(str(wave)))

    def instrument(self, name: str, lang: Lang) -> str:
        """Return an instrument's title; its name where it cannot be read."""
        form = _form(name, self.folder)
        return clean(str(name)) if form is None else _named(form.title, lang)

    def is_free_text(self, instrument: str, item: str) -> bool:
        """Return whether a question asks for words of one's own."""
        form = _form(instrument, self.folder)
        return form is not None and any(one.name == item and one.type == "text" for one in form.questions)

    def item(self, instrument: str, item: str, lang: Lang) -> str:
        """Return a question's label; its name where there is none."""
        form = _form(instrument, self.folder)
        found = next((one for one in form.questions if one.name == item), None) if form is not None else None
        return clean(str(item)) if found is None or found.label is None else _named(found.label, lang)


def campaign_labels(config: CampaignConfig, framework: Framework, folder: Path | None = None) -> Labels:
    """Return the names for the reports of a campaign, in both languages.

    `folder` is the campaign's own, whose instruments go before the packaged ones; it is needed for questions' labels.
    """
    return Labels(config, framework, folder)


@cache
def _form(name: str, folder: Path | None) -> Instrument | None:
    """Return an instrument, or None where it is not there: its labels are a courtesy to the reader."""
    from evaltools.survey.instrument import read_instrument

    try:
        return read_instrument(name, campaign=folder)
    except CampaignError:
        return None


class _Bilingual(Protocol):
    def in_lang(self, lang: Lang) -> str: ...


def _named(text: _Bilingual, lang: Lang) -> str:
    return clean(text.in_lang(lang))

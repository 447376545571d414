"""How the values of one indicator are written: its decimals, shares as percentages, their differences as 百分点."""

from __future__ import annotations

from dataclasses import dataclass

from evaltools.report import numbers
from evaltools.report.labels import Labels
from evaltools.report.phrases import phrase
from evaltools.text import Lang

SHARES = frozenset({"share", "share_within", "none", "every"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """Writes levels and changes of one indicator for one reader, without its unit, which stands in the row head.

    `score`: values are scores of 0 to 100, cut at the ends for display.
    `share`: values are shares between 0 and 1, shown as percentages and their differences as percentage points.
    `least`, `most`: ends of the scale; an interval from few cases is shown no further than that.
    """

    lang: Lang
    share: bool = False
    decimals: int = 1
    score: bool = False
    least: float | None = None
    most: float | None = None

    def value(self, value: object) -> str:
        """Write a level: ``62.0%``, ``6.5``."""
        if self.score:
            return numbers.score(value)
        return numbers.share(value, self.decimals) if self.share else numbers.number(value, self.decimals)

    def limit(self, value: float | None) -> str:
        """Write a limit of the plan as the plan writes it: ``8``, ``90%``, without decimals that it does not have."""
        shown = _percent(value) if self.share else value
        decimals = 0 if shown is None or float(shown) == round(float(shown)) else self.decimals
        return numbers.number(shown, decimals) + ("%" if self.share else "")

    def levels(self, before: object, after: object) -> str:
        """Write baseline and endline: ``62.0%→70.5%``."""
        return f"{self.value(before)}→{self.value(after)}"

    def change(self, value: object) -> str:
        """Write a change with its sign: ``+8.5个百分点``, ``−1.2``."""
        if not self.share:
            return numbers.signed(value, self.decimals)
        if numbers.is_missing(value):
            return numbers.DASH
        return phrase("unit.points", self.lang, value=numbers.signed(_percent(value), self.decimals))

    def size(self, value: float) -> str:
        """Write how large a change is, as the framework writes it: ``0.25``, ``10个百分点``."""
        if not self.share:
            return numbers.trimmed(value)
        return phrase("unit.points", self.lang, value=numbers.trimmed(_percent(value)))

    def change_range(self, low: object, high: object) -> str:
        """Write an interval of a change with signs, no wider than the scale; empty where there is none."""
        span = None if self.least is None or self.most is None else self.most - self.least
        low, high = (_cut(one, None if span is None else -span, span) for one in (low, high))
        if self.share:
            low, high = _percent(low), _percent(high)
        return numbers.short_interval(low, high, lang=self.lang, decimals=self.decimals, signs=True)

    def limits(self, low: object, high: object) -> str:
        """Write the limits of a level, each one-sided and on the scale; a missing one is left out, both are empty."""
        low, high = (_cut(one, self.least, self.most) for one in (low, high))
        known = (not numbers.is_missing(low), not numbers.is_missing(high))
        if not any(known):
            return ""
        key = {(True, True): "both", (True, False): "low", (False, True): "high"}[known]
        return phrase(f"range.{key}", self.lang, low=self.value(low), high=self.value(high))


def score_quantity(lang: Lang) -> Quantity:
    """Return how scores between 0 and 100 are written in cells."""
    return Quantity(lang, score=True)


def quantity(labels: Labels, indicator: str, lang: Lang, *, statistic: str = "") -> Quantity:
    """Return how an indicator's values are written; `statistic` is that of a target where it differs.

    A scale of at most ten units has two decimals, a longer one has one.
    """
    known = labels.known_indicator(indicator)
    if statistic in SHARES or (known is not None and known.statistic in SHARES):
        return Quantity(lang, share=True, least=0.0, most=1.0)
    if known is None:
        return Quantity(lang)
    unit = labels.framework.units[known.unit]
    narrow = abs(known.goalposts.best - known.goalposts.worst) <= 10
    return Quantity(lang, decimals=2 if narrow else 1, least=unit.least, most=unit.most)


def _cut(value: object, least: float | None, most: float | None) -> object:
    if numbers.is_missing(value):
        return value
    kept = float(value)  # type: ignore[arg-type]
    kept = kept if least is None else max(kept, least)
    return kept if most is None else min(kept, most)


def _percent(value: object) -> float | None:
    return None if numbers.is_missing(value) else float(value) * 100  # type: ignore[arg-type]

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
    """

    lang: Lang
    share: bool = False
    decimals: int = 1
    score: bool = False

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

    def change_range(self, low: object, high: object) -> str:
        """Write an interval of a change with signs; empty where there is none.

        A share cannot change by more than 100 points either way: an interval from few cases is cut there for display.
        """
        if self.share:
            low, high = (_within(_percent(one), 100.0) for one in (low, high))
        return numbers.short_interval(low, high, lang=self.lang, decimals=self.decimals, signs=True)

    def limits(self, low: object, high: object) -> str:
        """Write the limits of a level, each one-sided; one that is missing is left out, both missing is empty."""
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
    if known is None:
        return Quantity(lang, share=statistic in SHARES)
    if statistic in SHARES or known.statistic in SHARES:
        return Quantity(lang, share=True)
    narrow = abs(known.goalposts.best - known.goalposts.worst) <= 10
    return Quantity(lang, decimals=2 if narrow else 1)


def _within(value: float | None, most: float) -> float | None:
    return None if value is None else min(max(value, -most), most)


def _percent(value: object) -> float | None:
    return None if numbers.is_missing(value) else float(value) * 100  # type: ignore[arg-type]

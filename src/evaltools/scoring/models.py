"""A framework: what is measured, how it is scaled to 0-100, which change counts, which targets hold. Frozen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evaltools.config import BankType, LocalText, Name, Text

Source = Literal["survey", "visit", "ledger", "return"]
Uncertainty = Literal["sampling", "branch", "none"]
Statistic = Literal["mean", "share", "share_within"]
TargetStatistic = Literal["mean", "share", "share_within", "p90", "change", "none", "every"]

# columns that stand beside the indicators in the frames of scoring
RESERVED = frozenset({
    "bank", "wave", "stratum", "psu", "weight", "item", "mode", "tool", "channel", "branch", "scenario", "response_id",
    "repeat_no", "event_date", "overlap_known", "composite", "mix",
})  # fmt: skip

IndicatorId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Clause = Annotated[str, Field(pattern=r"^[0-9A-Za-z.\-]{1,16}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class LongText(LocalText):
    """A definition or the wording of a clause in both languages."""

    zh: str = Field(min_length=1, max_length=600)
    en: str = Field(min_length=1, max_length=600)

    @model_validator(mode="before")
    @classmethod
    def _one_text_for_both(cls, value: object) -> object:
        return {"zh": value, "en": value} if isinstance(value, str) else value


class Unit(LocalText):
    """The unit of an indicator, and the least and greatest value that it can have at all, where there are such."""

    least: Finite | None = None
    most: Finite | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"zh": value, "en": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.least is not None and self.most is not None and self.least >= self.most:
            raise ValueError("least is not below most: give the ends of the scale, or leave them out")
        return self

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of the scale; None where it has not both."""
        return None if self.least is None or self.most is None else (self.least, self.most)


class Goalposts(_Part):
    """The values that score 0 and 100. They are constants of the framework, never taken from the data."""

    worst: Finite
    best: Finite

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.worst == self.best:
            raise ValueError("worst and best are the same: give the value that scores 0 and the one that scores 100")
        return self

    @property
    def per_unit(self) -> float:
        """Points of score for one unit of the indicator; negative where less is better."""
        return 100.0 / (self.best - self.worst)


class Dimension(_Part):
    """A group of indicators with its share of the composite."""

    id: IndicatorId
    weight: float = Field(gt=0, le=1)
    label: Text


class Indicator(_Part):
    """A measure of a provider: which item it reads, of whom, on which scale, and how uncertain it is.

    `weight` 0 keeps an indicator out of the composite: it is reported and may carry a target.
    """

    id: IndicatorId
    dimension: IndicatorId
    clause: Clause
    source: Source
    uncertainty: Uncertainty
    instrument: Name
    item: Name
    statistic: Statistic
    choices: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    points: dict[str, Finite] = {}
    bound: Finite | None = None
    where: dict[Name, tuple[str, ...]] = {}
    window: bool = False
    unit: IndicatorId
    weight: float = Field(ge=0, le=1)
    goalposts: Goalposts
    delta: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    label: Text
    definition: LongText

    @model_validator(mode="after")
    def _fits_statistic(self) -> Self:
        if self.id in RESERVED:
            raise ValueError(f"the id '{self.id}' is the name of a column of every table: choose another")
        if (self.statistic == "share") != bool(self.choices):
            raise ValueError("statistic 'share' and 'choices' (which answers count) go together: give both or neither")
        if (self.statistic == "share_within") != (self.bound is not None):
            raise ValueError("'share_within' and 'bound' (up to which value) go together: give both or neither")
        if self.points and self.statistic != "mean":
            raise ValueError("'points' (value of each choice) is for statistic 'mean'")
        if self.base and not set(self.choices) <= set(self.base):
            raise ValueError("'base' must hold all of 'choices': it lists every answer that counts in the denominator")
        return self


class Target(_Part):
    """A limit that the plan sets. The limit itself is met (以内, 以下, 以上 include the number)."""

    clause: Clause
    indicator: IndicatorId
    statistic: TargetStatistic
    bound: Finite | None = None
    at_most: Finite | None = None
    at_least: Finite | None = None
    soft: bool = False
    bank_types: tuple[BankType, ...] = ()
    text: LongText

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        limits = (self.at_most is not None) + (self.at_least is not None)
        if self.statistic in ("none", "every") and limits:
            raise ValueError(f"statistic '{self.statistic}' has no limit of its own: remove at_most and at_least")
        if self.statistic not in ("none", "every") and limits != 1:
            raise ValueError(f"statistic '{self.statistic}' needs one limit: at_most or at_least")
        if (self.statistic == "share_within") != (self.bound is not None):
            raise ValueError("'share_within' and 'bound' (up to which value) go together: give both or neither")
        if self.statistic == "p90" and self.at_most is None:
            raise ValueError("statistic 'p90' is a limit from above: give at_most")
        return self


class Gate(_Part):
    """What a provider must have in each wave before any change of it is computed."""

    source: Source
    answers: int = Field(ge=1)
    psus: int = Field(ge=2)
    weight_share: float = Field(gt=0, le=1)
    min_cell: int = Field(ge=1)
    branches: int = Field(default=2, ge=2)


class Aggregation(_Part):
    """How scores become a composite: the weighted mean, or the weighted geometric mean of scores above a floor."""

    method: Literal["arithmetic", "geometric"] = "arithmetic"
    floor: float | None = Field(default=None, gt=0, lt=100)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"method": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _floor_where_it_counts(self) -> Self:
        if (self.method == "geometric") != (self.floor is not None):
            raise ValueError(
                "'floor' belongs to method 'geometric', where a score of 0 would make the composite 0: "
                "give the score that lower ones count as, or leave it out under 'arithmetic'"
            )
        return self


class Explain(_Part):
    """What answers are explained by: no verdict rests on it, so it is no part of what is frozen.

    `outcome` is the indicator that stands for overall satisfaction; `drivers` are those held against it; none: all
    other weighted ratings of the same source.
    """

    outcome: IndicatorId
    drivers: tuple[IndicatorId, ...] = ()


class Framework(_Part):
    """Dimensions, indicators, gate, meaningful change and targets of one kind of campaign."""

    schema_version: Literal[1] = Field(alias="schema")
    id: Name
    version: Name
    title: Text
    alpha: float = Field(gt=0, lt=0.5)
    delta: float = Field(gt=0, allow_inf_nan=False)
    aggregation: Aggregation = Aggregation()
    gate: Gate
    units: dict[IndicatorId, Unit]
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    indicators: tuple[Indicator, ...] = Field(min_length=1)
    targets: tuple[Target, ...] = ()
    explain: Explain | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _once("dimension", (dimension.id for dimension in self.dimensions))
        _once("indicator", (indicator.id for indicator in self.indicators))
        _once("target", (f"{t.clause} {t.indicator} {t.statistic}" for t in self.targets))
        _known("dimension", (i.dimension for i in self.indicators), {dimension.id for dimension in self.dimensions})
        _known("unit", (i.unit for i in self.indicators), set(self.units))
        _known("indicator", (target.indicator for target in self.targets), {i.id for i in self.indicators})
        _whole("[[dimensions]]", (dimension.weight for dimension in self.dimensions))
        for dimension in self.dimensions:
            _whole(f"dimension '{dimension.id}'", (i.weight for i in self.indicators if i.dimension == dimension.id))
        self._check_sources()
        self._check_findings()
        self._check_explain()
        return self

    def _check_sources(self) -> None:
        designs = {(i.source, i.instrument, i.uncertainty) for i in self.indicators}
        for source, count in Counter(source for source, _, _ in designs).items():
            if count > 1:
                raise ValueError(f"source '{source}' names several instruments or uncertainties: one of each a source")
        for instrument, count in Counter(instrument for _, instrument, _ in designs).items():
            if count > 1:
                raise ValueError(f"instrument '{instrument}' stands under several sources: name one")
        if not any(i.source == self.gate.source and i.weight > 0 for i in self.indicators):
            raise ValueError(f"[gate] source '{self.gate.source}' has no indicator with a weight: name another source")

    def _check_findings(self) -> None:
        for target in self.targets:
            indicator = self.indicator(target.indicator)
            if target.statistic in ("none", "every"):
                if indicator.uncertainty == "sampling":
                    raise ValueError(
                        f"target {target.clause} on '{indicator.id}': '{target.statistic}' rests on verified findings; "
                        "answers of firms are judged by statistic 'share' with a limit"
                    )
                if indicator.statistic != "share":
                    raise ValueError(f"target {target.clause} on '{indicator.id}': the indicator must be a share")
            if target.statistic in ("share_within", "p90") and indicator.statistic != "mean":
                raise ValueError(f"target {target.clause} on '{indicator.id}': the indicator must be a mean")

    def _check_explain(self) -> None:
        if self.explain is None:
            return
        named = (self.explain.outcome, *self.explain.drivers)
        _known("indicator", named, {i.id for i in self.indicators})
        _once("[explain] indicator", named)
        outcome = self.indicator(self.explain.outcome)
        if outcome.uncertainty != "sampling" or outcome.statistic != "mean":
            raise ValueError(f"[explain] outcome '{outcome.id}': name a mean of what firms answered")
        if any(self.indicator(name).source != outcome.source for name in self.explain.drivers):
            raise ValueError(f"[explain] drivers must come from the answers that '{outcome.id}' comes from")
        if len(self.explain.drivers) == 1:
            raise ValueError("[explain] one driver has the whole share: name two or more, or none for all ratings")

    def is_rating(self, indicator: Indicator) -> bool:
        """Return whether an indicator is the mean of answers on a scale whose two ends are known."""
        return indicator.statistic == "mean" and self.units[indicator.unit].ends is not None

    def indicator(self, indicator_id: str) -> Indicator:
        """Return an indicator by its id.

        Raises
        ------
        KeyError
            There is no such indicator.
        """
        for indicator in self.indicators:
            if indicator.id == indicator_id:
                return indicator
        raise KeyError(indicator_id)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Sources in the order in which the indicators name them."""
        return tuple(dict.fromkeys(i.source for i in self.indicators))

    def of_source(self, source: Source) -> tuple[Indicator, ...]:
        """Return the indicators of a source, in the order of the file."""
        return tuple(i for i in self.indicators if i.source == source)

    def overall_weights(self) -> dict[str, float]:
        """Return each indicator's share of the whole composite: dimension weight times weight within it; sums to 1."""
        share = {dimension.id: dimension.weight for dimension in self.dimensions}
        return {i.id: share[i.dimension] * i.weight for i in self.indicators}


def _once(kind: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{kind} '{name}' stands {count} times: each once")


def _known(kind: str, names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{kind} '{name}' is used but not described; there are: {', '.join(sorted(known))}")


def _whole(where: str, weights: Iterable[float]) -> None:
    total = math.fsum(weights)
    if abs(total - 1) > 1e-9:
        raise ValueError(f"the weights of {where} add up to {total:.10g}: make them add up to 1")
